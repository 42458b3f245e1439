//! What an MPI's launcher is given beside what the modules leave: a probe's `launch`.

use crate::document::Table;
use crate::suite::Action;
use crate::suite::template::{Placeholder, Template};

/// How a probe has its ranks started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// By the whole launch profile: shared memory alone, nothing to fall back to.
    Profile,
    /// With only what a launch in one container needs to start at all: what users get.
    AsLeft,
}

const ALL: [(&str, Launch); 2] = [("profile", Launch::Profile), ("as-left", Launch::AsLeft)];

pub(super) fn read(table: &mut Table<'_>, build: &[Template], action: &Action) -> Launch {
    let Some(written) = table.string("launch") else { return Launch::Profile };
    let run = if let Action::Run(run) = action { Some(run) } else { None };
    let mut placeholders = build.iter().chain(run).flat_map(Template::placeholders);
    if !placeholders.any(|used| used == Placeholder::Mpirun) {
        table.fault("`launch` is for a probe that calls {mpirun}", written.span);
        return Launch::Profile;
    }
    if let Some((_, launch)) = ALL.iter().find(|(name, _)| *name == written.value) {
        return *launch;
    }
    let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    table.fault(format!("`launch` must be {}, found `{}`", known.join(" or "), written.value), written.span);
    Launch::Profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Source;
    use crate::suite::file;
    use crate::suite::folder::Folder;
    use crate::suite::vocabulary::Vocabulary;

    fn launch(run: &str, launch: &str) -> Result<Launch, String> {
        let text = format!(
            "name = \"s\"\nsummary = \"x\"\ntoolchain = [\"mpi\"]\n[[probe]]\nname = \"p\"\nsummary = \"y\"\n\
             run = \"{run}\"\n{launch}\n"
        );
        let folder = Folder::Disk(std::env::temp_dir());
        file::parse(&Source::new("suite.toml", text), &folder, &Vocabulary::default())
            .map(|suite| suite.probes[0].launch)
            .map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn a_launch_is_by_the_profile_or_as_the_module_leaves_it() {
        assert_eq!(launch("{mpirun} -n 2 true", ""), Ok(Launch::Profile));
        assert_eq!(launch("{mpirun} -n 2 true", "launch = \"as-left\""), Ok(Launch::AsLeft));
        let fault = launch("{mpirun} -n 2 true", "launch = \"bare\"").unwrap_err();
        assert!(fault.contains("suite.toml:8") && fault.contains("must be profile or as-left"), "{fault}");
        let fault = launch("true", "launch = \"as-left\"").unwrap_err();
        assert!(fault.contains("is for a probe that calls {mpirun}"), "{fault}");
    }
}
