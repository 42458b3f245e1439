//! The list of all reports that are files, and which of them are written where.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::report::html::Html;
use crate::report::junit::Junit;
use crate::report::metrics::Metrics;
use crate::report::report_file::ReportFile;

/// Every report.
pub const ALL: [&dyn ReportFile; 3] = [&Junit, &Html, &Metrics];

/// A report that is asked for beside the usual ones.
#[derive(Clone)]
pub struct Further {
    report: &'static dyn ReportFile,
    /// Where it goes; where it does not say, beside the others.
    path: Option<PathBuf>,
}

/// Which reports are written, and how.
#[derive(Clone, Debug, Default)]
pub struct ReportOrder {
    /// Whether they keep to the schemas of their formats.
    pub strict: bool,
    /// Beside the usual ones.
    pub further: Vec<Further>,
}

impl Further {
    /// The report of this name at this place.
    ///
    /// # Errors
    /// A name that is none.
    pub fn new(name: &str, path: Option<PathBuf>) -> Result<Self, String> {
        let found = ALL.into_iter().find(|report| report.name() == name);
        found.map(|report| Self { report, path }).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|report| report.name()).collect();
            format!("no report is called `{name}`: there are {}", names.join(", "))
        })
    }

    fn path(&self, folder: &Path) -> PathBuf {
        self.path.clone().unwrap_or_else(|| folder.join(self.report.file()))
    }
}

impl std::fmt::Debug for Further {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={:?}", self.report.name(), self.path)
    }
}

impl ReportOrder {
    /// Every report that is to be written, with its place; `folder` is that of the usual ones.
    pub fn files(&self, folder: &Path) -> impl Iterator<Item = (&'static dyn ReportFile, PathBuf)> {
        let usual = ALL.into_iter().filter(|report| report.is_usual());
        let usual = usual.map(|report| (report, folder.join(report.file())));
        usual.chain(self.further.iter().map(|further| (further.report, further.path(folder))))
    }

    /// The reports that have a place of their own.
    #[must_use]
    pub fn elsewhere(&self) -> Vec<(&'static dyn ReportFile, PathBuf)> {
        self.further.iter().filter_map(|further| Some((further.report, further.path.clone()?))).collect()
    }

    /// Whether the folders are there into which further reports go: better now than after an hour.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), Error> {
        for path in self.further.iter().filter_map(|further| further.path.as_deref()) {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::read_dir(folder).map_err(|error| Error::place("write into", folder, &error))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_has_a_name_and_a_file_of_its_own() {
        for (place, report) in ALL.iter().enumerate() {
            for other in &ALL[place + 1..] {
                assert!(report.name() != other.name() && report.file() != other.file());
            }
        }
    }

    #[test]
    fn a_further_report_lies_beside_the_usual_ones_or_where_it_is_wanted() {
        let further = ["metrics", "junit"].map(|name| Further::new(name, None).unwrap());
        let elsewhere = Further::new("metrics", Some("/node/stack.prom".into())).unwrap();
        let order = ReportOrder { strict: false, further: further.into_iter().chain([elsewhere]).collect() };
        let paths: Vec<String> =
            order.files(Path::new("r")).map(|(_, path)| path.display().to_string()).collect();
        assert_eq!(
            paths,
            ["r/junit.xml", "r/report.html", "r/metrics.prom", "r/junit.xml", "/node/stack.prom"]
        );
        assert!(Further::new("word", None).unwrap_err().contains("there are junit, html, metrics"));
    }
}
