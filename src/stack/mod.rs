//! What is installed: the files of a stack and what they say of themselves.
pub mod elf;
pub mod spack;
