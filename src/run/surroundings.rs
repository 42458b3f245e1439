//! What a command finds around it: its environment, complete. Pure.

use std::path::Path;

use crate::stack::allocation::Allocation;
use crate::stack::environment::Environment;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::launch::Launch;
use crate::suite::template::Placeholder;

/// What differs from case to case, or between a case and a shell.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// `HOME`: private, writable.
    pub home: &'p Path,
    /// `TMPDIR`: private, writable.
    pub tmp: &'p Path,
    /// The current directory.
    pub dir: &'p Path,
    /// How many MPI ranks.
    pub ranks: u32,
    /// The CPUs of this pod.
    pub cpus: u32,
    /// Whether the MPI's launcher is called, and with what.
    pub launched: Option<Launch>,
    /// Whether we are root, for whom some launchers need more.
    pub root: bool,
    /// The site's MATLAB toolboxes.
    pub toolboxes: &'p [String],
    /// The scheduler's job that this is part of.
    pub job: Option<&'p Allocation>,
}

/// The environment of the toolchain, and what it is told about itself and where it is.
#[must_use]
pub fn environment(toolchain: &Toolchain, place: &Place<'_>) -> Environment {
    let mut environment = toolchain.environment.clone();
    environment.set("LC_ALL", "C.UTF-8");
    environment.set("HOME", place.home);
    environment.set("TMPDIR", place.tmp);
    environment.set("PWD", place.dir);
    environment.set("STACKPROBE_RANKS", place.ranks.to_string());
    environment.set("STACKPROBE_CPUS", place.cpus.to_string());
    for (layer, name) in [(Layer::Compiler, "CC"), (Layer::Mpi, "MPI"), (Layer::Runtime, "RUNTIME")] {
        let Some(loaded) = toolchain.of(layer) else { continue };
        let prefix = loaded.prefix.as_deref().map(Path::to_string_lossy).unwrap_or_default();
        for (what, value) in [
            ("FAMILY", loaded.speaks_as.0.as_str()),
            ("VERSION", loaded.speaks_as.1.as_deref().unwrap_or_default()),
            ("PREFIX", prefix.as_ref()),
        ] {
            environment.set(format!("STACKPROBE_{name}_{what}"), value);
        }
    }
    for (tool, name) in [(Placeholder::Cc, "CC"), (Placeholder::Cxx, "CXX"), (Placeholder::Fc, "FC")] {
        if let Some(Ok(words)) = toolchain.tools.get(&tool) {
            environment.set(format!("STACKPROBE_{name}_COMMAND"), shell_words::join(words));
        }
    }
    if !place.toolboxes.is_empty() {
        environment.set("STACKPROBE_MATLAB_TOOLBOXES", place.toolboxes.join(" "));
    }
    if let Some(launch) = place.launched
        && let Ok(launcher) = &toolchain.launcher
    {
        for (name, value) in launcher.profile.variables(launch, place.root) {
            environment.set(name, value);
        }
        // What the scheduler says of the job is for its launcher; other commands do not see it.
        if let (Some(starter), Some(job)) = (&launcher.starter, place.job) {
            let kept = job.environment.iter();
            for (name, value) in kept.filter(|(name, _)| starter.method.keeps(&name.to_string_lossy())) {
                environment.set(name, value);
            }
        }
    }
    environment
}
