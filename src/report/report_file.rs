//! A report that is one file. Every report is a file that implements this, and a line in [`super::order::ALL`].

use std::io;

use crate::report::account::Account;

/// A report that is one file.
pub trait ReportFile: Sync {
    /// The word that asks for it on the command line.
    fn name(&self) -> &'static str;

    /// What it is called in a folder of results.
    fn file(&self) -> &'static str;

    /// Whether it is written unasked.
    fn is_usual(&self) -> bool {
        false
    }

    /// All of the file. `strict` keeps to the format's schema where that has fewer words than we use.
    ///
    /// # Errors
    /// Those of a writer.
    fn render(&self, account: &Account, strict: bool) -> io::Result<Vec<u8>>;
}
