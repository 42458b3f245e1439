//! One report of many pods: nothing that was owed is forgotten, nothing that is hostile gets through.
mod bad;
mod browser;
mod compare;
mod fidelity;
mod foreign;
mod hostile;
mod many;
mod page;
mod results;
