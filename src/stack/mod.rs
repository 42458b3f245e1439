//! WHAT is installed: Lmod, the hierarchy that it shows, and the toolchains in it. Starts nothing itself.

pub mod bundle;
pub mod closure;
pub mod environment;
pub mod environment_modules;
pub mod evaluated;
pub mod family;
pub mod inherited;
pub mod inventory;
pub mod launcher;
pub mod layouts;
pub mod lmod;
pub mod lmod_command;
pub mod matrix;
pub mod modulefiles;
pub mod modulepath;
pub mod modulerc;
pub mod parents;
pub mod partner;
pub mod root;
pub mod shown;
pub mod spider;
pub mod system;
pub mod system_command;
pub mod toolchain;
pub mod uncommented;
pub mod walk;
