//! What a case is given: a meaning for every placeholder, and an environment.

use std::path::{Path, PathBuf};

use super::by_scheduler::step_name;
use super::case::Group;
use crate::plan::cases::Case;
use crate::run::stage::{Attempt, Stage, base};
use crate::run::surroundings::{Place, environment};
use crate::stack::environment::Environment;
use crate::stack::root::{libdir, module_of, root};
use crate::suite::Probe;
use crate::suite::template::Placeholder;
use crate::suite::tool_name::ToolName;

/// What SLURM calls the node on which this process runs.
fn node() -> Option<String> {
    std::env::var("SLURMD_NODENAME").ok().filter(|node| !node.is_empty())
}

impl Group<'_> {
    pub(super) fn fill(
        &self,
        placeholder: Placeholder,
        case: &Case,
        stage: &Stage,
        attempt: &Attempt,
    ) -> Vec<String> {
        let path = |path: &Path| vec![path.to_string_lossy().into_owned()];
        match placeholder {
            Placeholder::Sources => self.probe().sources.iter().map(|file| base(file).to_owned()).collect(),
            Placeholder::Exe => path(&stage.exe()),
            Placeholder::Stage => path(stage.path()),
            Placeholder::Tmp => path(&attempt.tmp),
            Placeholder::Ranks => vec![case.ranks.unwrap_or(1).to_string()],
            Placeholder::Cpus => vec![self.session.facts.cpus.to_string()],
            Placeholder::Mpirun => match &self.toolchain.launcher {
                Ok(launcher) => launcher.words(&step_name(case), node().as_deref()),
                Err(_) => Vec::new(),
            },
            Placeholder::Prefix(name) => self.place(name).iter().flat_map(|root| path(root)).collect(),
            Placeholder::Libdir(name) => {
                self.place(name).iter().flat_map(|root| path(&libdir(root))).collect()
            }
            tool => self.toolchain.tools.get(&tool).and_then(|found| found.clone().ok()).unwrap_or_default(),
        }
    }

    /// The prefix of the module that answers an entry of the suite's `modules`.
    fn place(&self, name: ToolName) -> Option<PathBuf> {
        let entry = self.suite().modules.iter().find(|entry| entry.has(name.as_str()))?;
        root(module_of(self.toolchain, entry)?, &self.toolchain.environment)
    }

    pub(super) fn environment(
        &self,
        probe: &Probe,
        case: &Case,
        stage: &Stage,
        attempt: &Attempt,
        launched: bool,
    ) -> Environment {
        let place = Place {
            home: &attempt.home,
            tmp: &attempt.tmp,
            dir: stage.path(),
            ranks: case.ranks.unwrap_or(1),
            cpus: self.session.facts.cpus,
            launched: launched.then_some(probe.launch),
            root: self.session.facts.uid == 0,
            toolboxes: &self.session.catalogue.site.toolboxes,
            job: self.session.catalogue.launchers.allocation(),
        };
        let mut environment = environment(self.toolchain, &place);
        for service in &probe.services {
            for (name, value) in self.session.services.environment(*service).unwrap_or_default() {
                environment.set(name, value);
            }
        }
        for (name, value) in &probe.env {
            environment.set(name, value);
        }
        environment
    }
}
