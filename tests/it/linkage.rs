//! Are libraries found where the dynamic loader finds them, and is what is wrong with them seen?
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod bench;
mod findings;
mod hostile;
mod resolution;
