//! A case owns every process that it starts, and nothing of it is left: shown with real processes.
mod cost;
mod death;
mod ends;
mod first;
mod harness;
mod hostile_pods;
mod kill_loop;
mod limit_flags;
mod limits;
mod mpi;
mod output;
mod pod_limits;
mod remains;
mod stall;
mod stop;
mod torture;
