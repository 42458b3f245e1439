#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

//! A case owns every process that it starts, and nothing of it is left: shown with real processes.

mod process {
    mod cost;
    mod ends;
    mod harness;
    mod mpi;
}
