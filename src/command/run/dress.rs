//! What a case is given: a meaning for every placeholder, and an environment.

use std::path::Path;

use super::case::Group;
use crate::run::plan::Case;
use crate::run::stage::{Attempt, Stage, base};
use crate::stack::environment::Environment;
use crate::suite::template::Placeholder;
use crate::suite::{Layer, Probe};

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
                Ok(launcher) => {
                    let mut words = path(&launcher.program);
                    words.extend(launcher.profile.args.iter().cloned());
                    words
                }
                Err(_) => Vec::new(),
            },
            tool => self.toolchain.tools.get(&tool).and_then(|found| found.clone().ok()).unwrap_or_default(),
        }
    }

    pub(super) fn environment(
        &self,
        probe: &Probe,
        case: &Case,
        stage: &Stage,
        attempt: &Attempt,
        launched: bool,
    ) -> Environment {
        let mut environment = self.toolchain.environment.clone();
        environment.set("LC_ALL", "C.UTF-8");
        environment.set("HOME", &attempt.home);
        environment.set("TMPDIR", &attempt.tmp);
        environment.set("PWD", stage.path());
        environment.set("STACKPROBE_RANKS", case.ranks.unwrap_or(1).to_string());
        environment.set("STACKPROBE_CPUS", self.session.facts.cpus.to_string());
        for (layer, name) in [(Layer::Compiler, "CC"), (Layer::Mpi, "MPI"), (Layer::Runtime, "RUNTIME")] {
            let loaded = self.toolchain.of(layer);
            let set = |environment: &mut Environment, what: &str, value: String| {
                environment.set(format!("STACKPROBE_{name}_{what}"), value);
            };
            let Some(loaded) = loaded else { continue };
            set(&mut environment, "FAMILY", loaded.family.clone());
            set(&mut environment, "VERSION", loaded.module.plain_version().to_owned());
            let prefix = loaded.prefix.as_deref().map(Path::to_string_lossy).unwrap_or_default();
            set(&mut environment, "PREFIX", prefix.into_owned());
        }
        for (tool, name) in [(Placeholder::Cc, "CC"), (Placeholder::Cxx, "CXX"), (Placeholder::Fc, "FC")] {
            if let Some(Ok(words)) = self.toolchain.tools.get(&tool) {
                environment.set(format!("STACKPROBE_{name}_COMMAND"), shell_words::join(words));
            }
        }
        let toolboxes = &self.session.catalogue.site.toolboxes;
        if !toolboxes.is_empty() {
            environment.set("STACKPROBE_MATLAB_TOOLBOXES", toolboxes.join(" "));
        }
        for service in &probe.services {
            for (name, value) in self.session.services.environment(*service).unwrap_or_default() {
                environment.set(name, value);
            }
        }
        if launched && let Ok(launcher) = &self.toolchain.launcher {
            let root = self.session.facts.uid == 0;
            let root_env = launcher.profile.root_env.iter().filter(|_| root);
            for (name, value) in launcher.profile.env.iter().chain(root_env) {
                environment.set(name, value);
            }
        }
        for (name, value) in &probe.env {
            environment.set(name, value);
        }
        environment
    }
}
