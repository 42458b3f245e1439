//! One report of many pods: nothing that was owed is forgotten, nothing that is hostile gets through.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails and says why")]

mod report {
    mod bad;
    mod browser;
    mod foreign;
    mod hostile;
    mod many;
    mod results;
}
