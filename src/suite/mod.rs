//! WHAT is to be checked: suites and their probes, as checked models.
//!
//! A suite is a folder with a `suite.toml` and the sources of its probes. [`mod@file`] turns what a person wrote into the
//! types of this module and reports every fault at its place; nothing here can hold a suite that is half right.

pub mod alternatives;
pub mod budget;
pub mod capability;
mod command;
pub mod embedded;
mod expect;
pub mod file;
pub mod filter;
pub mod folder;
pub mod launch;
pub mod limits;
pub mod load;
pub mod module_name;
pub mod named_toolchain;
pub mod operator;
pub mod requirement;
pub mod select;
pub mod site;
pub mod template;
pub mod tool_name;
pub mod variables;
pub mod version;
pub mod vocabulary;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Source;
use alternatives::Alternatives;
pub use expect::{End, Expect};
use folder::Folder;
use requirement::Requirement;
use template::{Placeholder, Template};

/// Which modules must be loaded for a suite, besides those that it names itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// A compiler.
    Compiler,
    /// An MPI library.
    Mpi,
    /// A language runtime such as Python, R or MATLAB.
    Runtime,
}

/// A folder of probes.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Unique among all suites; the folder's name.
    pub name: String,
    /// One line for `list`.
    pub summary: String,
    /// What must be loaded; empty where the suite is for every toolchain.
    pub toolchain: Vec<Layer>,
    /// The family that the runtime must be of, where the suite is about one (`python`).
    pub runtime: Option<String>,
    /// Further modules to load: of each entry the first that the toolchain offers.
    pub modules: Vec<Alternatives>,
    /// The folder, to read sources from.
    pub folder: Folder,
    /// `suite.toml` as it was read.
    pub source: Source,
    /// In the order of the file.
    pub probes: Vec<Probe>,
}

/// One thing that is built and run.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Unique within the suite.
    pub name: String,
    /// One line for `list`.
    pub summary: String,
    /// Which defect this catches, for `explain`.
    pub why: String,
    /// For selection, with those of the suite.
    pub tags: Vec<String>,
    /// Staged, and named by `{sources}`; relative to the suite's folder.
    pub sources: Vec<String>,
    /// Staged, but not named.
    pub files: Vec<String>,
    /// Commands that build the program, in order.
    pub build: Vec<Template>,
    /// What is done when it is built.
    pub action: Action,
    /// One case for each entry; empty: one case that knows no ranks.
    pub ranks: Vec<u32>,
    /// How the output is read.
    pub protocol: Protocol,
    /// What must be seen.
    pub expect: Expect,
    /// Limit of each command, by the wall clock.
    pub timeout: Duration,
    /// What else each command may use.
    pub limits: limits::Limits,
    /// CPU slots of one case, if not its ranks.
    pub slots: Option<u32>,
    /// How often a case may be tried again that failed or could not be determined; `--retries` may allow less.
    pub retries: u32,
    /// What must be there.
    pub requires: Vec<Requirement>,
    /// Set over the toolchain's environment.
    pub env: Vec<(String, String)>,
    /// Must fail.
    pub control: bool,
    /// What the launcher is given beside what the modules leave.
    pub launch: launch::Launch,
    /// False: run with address-space randomisation off.
    pub aslr: bool,
    /// Served by the harness while the probe runs.
    pub services: Vec<Service>,
    /// Where the probe stands in `suite.toml`, counted from 1.
    pub line: usize,
}

/// What a case does once it is built.
#[derive(Clone, Debug)]
pub enum Action {
    /// Nothing: building was the point.
    Build,
    /// Runs a command.
    Run(Template),
    /// Looks itself, in this process.
    Native(Native),
}

/// Probes that need no program: stackprobe itself looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native {
    /// Every name resolves to the module's own file and version.
    Identity,
    /// Every module loads, unloads and points at what exists.
    Modules,
    /// Every ELF file of the loaded prefixes finds its libraries.
    Linkage,
    /// What Spack installed and what the modules show are the same.
    Spack,
}

impl Native {
    /// All, by the name that a suite uses.
    pub const ALL: [(&'static str, Self); 4] = [
        ("identity", Self::Identity),
        ("modules", Self::Modules),
        ("linkage", Self::Linkage),
        ("spack", Self::Spack),
    ];
}

/// What the harness serves for a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A Python package index on loopback.
    Index,
    /// A CRAN-like repository.
    Cran,
}

impl Service {
    /// All, by the key that a suite uses.
    pub const ALL: [(&'static str, Self); 2] = [("index", Self::Index), ("cran", Self::Cran)];
}

/// How a probe says what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Its exit status, and [`Expect`]: one check.
    Exit,
    /// TAP 14 on stdout: many checks.
    Tap,
}

impl Probe {
    /// Every command, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Template> {
        let run = match &self.action {
            Action::Run(run) => Some(run),
            Action::Build | Action::Native(_) => None,
        };
        self.build.iter().chain(run)
    }

    /// Whether any of its commands uses `placeholder`.
    #[must_use]
    pub fn uses(&self, placeholder: Placeholder) -> bool {
        self.commands().any(|command| command.placeholders().any(|used| used == placeholder))
    }
}
