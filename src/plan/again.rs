//! `--failed`: what was not green in an earlier run, to be asked again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind};
use crate::report::earlier::latest;
use crate::report::record::{CaseRecord, INTERRUPTED, Owed};
use crate::report::results::read;
use crate::report::text::many;
use crate::suite::Layer;
use crate::suite::module_name::Wanted;
use crate::verdict::check::Outcome;

/// What is asked again.
#[derive(Clone, Debug)]
pub struct Again {
    /// The results that say so.
    pub from: PathBuf,
    /// The cases by their ids.
    pub cases: BTreeMap<String, Owed>,
    /// Their toolchains, by what reports call them.
    pub toolchains: Vec<(String, Vec<(Layer, Wanted)>)>,
    /// The further modules that were loaded into every one.
    pub modules: Vec<String>,
}

impl Again {
    /// Reads what was not green: failed, could not be determined, or was not run at all.
    ///
    /// # Errors
    /// No results, results that cannot be read, and results all of which are green.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let from = latest(folder).unwrap_or_else(|| folder.to_path_buf());
        let (plan, done, _) =
            read(&from).map_err(|error| error.hint("--failed=DIR names the results of a run"))?;
        let all = plan.cases.len();
        // What stands for a name that has no case is no case either.
        let cases = plan.cases.into_iter().filter(|owed| !owed.toolchain.is_empty());
        let cases: BTreeMap<String, Owed> = cases
            .filter(|owed| done.get(&owed.id).is_none_or(is_to_be_asked))
            .map(|owed| (owed.id.clone(), owed))
            .collect();
        if cases.is_empty() {
            let what =
                format!("nothing to run: `{}` is green, all {} of it", from.display(), many(all, "case"));
            return Err(Error::new(Kind::Nothing, what)
                .hint("--failed=DIR names other results; without --failed everything is run"));
        }
        let mut toolchains = Vec::new();
        for (label, layers) in &plan.selected.toolchains {
            if cases.values().any(|owed| owed.toolchain == *label) {
                let modules = layers.iter().map(|(layer, name)| Ok((*layer, Wanted::new(name)?)));
                let modules = modules.collect::<Result<Vec<_>, String>>().map_err(|what| {
                    Error::new(
                        Kind::Data,
                        format!("cannot read `{}`: {what}", from.join("plan.json").display()),
                    )
                })?;
                toolchains.push((label.clone(), modules));
            }
        }
        if toolchains.is_empty() {
            let what = format!(
                "`{}` does not say of which modules its toolchains are",
                from.join("plan.json").display()
            );
            return Err(Error::new(Kind::Data, what).hint(
                "an older stackprobe wrote it; give --all, or --cc and the like, and name the probes",
            ));
        }
        Ok(Self { from, cases, toolchains, modules: plan.selected.modules })
    }
}

fn is_to_be_asked(case: &CaseRecord) -> bool {
    case.outcome() > Outcome::Skipped || case.checks.iter().any(|check| check.kind == INTERRUPTED)
}
