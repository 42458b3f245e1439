//! WHERE we are: what the pod has, and what it means to be its first process.

pub mod calls;
pub mod cgroup;
pub mod counter;
pub mod cpus;
pub mod devices;
pub mod facts;
pub mod folder;
pub mod init;
pub mod kernel;
pub mod limits;
pub mod network;
pub mod place;
pub mod reach;
pub(crate) mod reap;
pub mod shm;
pub mod signals;
pub mod survive;
pub mod user;
pub(crate) mod wake;
