//! Loads toolchains, and says what the stack does offer where one does not load.

use std::path::{Path, PathBuf};

use super::Stack;
use crate::document::nearest;
use crate::error::{Error, Kind};
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::bare::not_mounted;
use crate::plan::catalogue::Catalogue;
use crate::plan::spied;
use crate::stack::environment::Environment;
use crate::stack::lmod::{Refusal, loaded, resolve};
use crate::stack::modulepath::{misplaced, nothing_visible};
use crate::stack::toolchain::Toolchain;
use crate::suite::alternatives::Alternatives;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::{Layer, Suite};
use path_fault::PathFault;

/// What came of loading: the environment, what is loaded in it, and which module answers each request.
pub(super) struct Came {
    environment: Environment,
    pub(super) loaded: Vec<(Module, PathBuf)>,
    pub(super) found: Vec<Module>,
}

impl Stack<'_> {
    /// Loads a toolchain, once.
    pub fn load<'a>(&self, asked: &'a Asked, extra: &[Wanted]) -> &'a Result<Toolchain, Unloaded> {
        asked.loaded.get_or_init(|| self.load_anew(asked, extra))
    }

    /// Loads a toolchain with the further modules that a suite names, once for all suites that name the same.
    pub fn load_for<'a>(
        &self,
        suite: &Suite,
        asked: &'a Asked,
        extra: &[Wanted],
    ) -> &'a Result<Toolchain, Unloaded> {
        let plain = self.load(asked, extra);
        let (Ok(toolchain), Some(loaded)) = (plain, asked.beside.get(&suite.modules)) else { return plain };
        loaded.get_or_init(|| {
            let choose = |entry: &Alternatives| {
                let mut wanted = entry.wanted();
                let offered = || wanted.iter().position(|one| self.offers(toolchain, one));
                let place = if wanted.len() > 1 { offered().unwrap_or(0) } else { 0 };
                wanted.swap_remove(place)
            };
            let named: Vec<Wanted> = suite.modules.iter().map(choose).collect();
            let all: Vec<Wanted> = extra.iter().chain(&named).cloned().collect();
            self.load_anew(asked, &all).map_err(|unloaded| {
                // Only now: what spider found may come from a cache that is older than the module.
                let absent = || {
                    let mut pairs = suite.modules.iter().zip(&named);
                    pairs.find(|(_, wanted)| !self.offers(toolchain, wanted)).map(|(entry, _)| entry)
                };
                match unloaded {
                    Unloaded::Refused(refusal) => absent().map_or(Unloaded::Refused(refusal), |absent| {
                        Unloaded::Absent(format!("{} offers no {absent}", toolchain.label))
                    }),
                    unloaded => unloaded,
                }
            })
        })
    }

    /// Whether a module is visible once the toolchain is loaded: its file lies below its `MODULEPATH`.
    fn offers(&self, toolchain: &Toolchain, wanted: &Wanted) -> bool {
        let folders = toolchain.environment.paths("MODULEPATH");
        // A hierarchy that cannot be read hides nothing: then Lmod's refusal stands.
        self.found().map_or(true, |found| {
            found.iter().any(|entry| {
                wanted.matches(&entry.module) && folders.iter().any(|folder| entry.file.starts_with(folder))
            })
        })
    }

    fn load_anew(&self, asked: &Asked, extra: &[Wanted]) -> Result<Toolchain, Unloaded> {
        let wanted: Vec<Wanted> = asked.load.iter().chain(extra).cloned().collect();
        let Came { environment, loaded, found } = self.come(&wanted)?;
        let own: Vec<(Wanted, Module)> = wanted.into_iter().zip(found).take(asked.load.len()).collect();
        let requested = members(asked, &own, &loaded, self.catalogue);
        let label = if asked.named { asked.label.clone() } else { names(&own) };
        let Catalogue { families, launchers, .. } = self.catalogue;
        let base = self.base.clone();
        let mut toolchain = Toolchain::new(label, &requested, loaded, base, environment, families, launchers);
        toolchain.asked = own.into_iter().map(|(_, module)| module).collect();
        Ok(toolchain)
    }

    /// Loads these modules.
    pub(super) fn come(&self, wanted: &[Wanted]) -> Result<Came, Unloaded> {
        let question = self.system.ask_load(wanted, &self.base, &self.own);
        let answer = self.call(&question).map_err(Unloaded::Unknown)?;
        let came = self.system.read_environment(&answer, &self.base).and_then(|environment| {
            let loaded = loaded(&environment);
            let found = resolve(wanted, &loaded, &answer, self.system.name())?;
            Ok(Came { environment, loaded, found })
        });
        came.map_err(|refusal| self.explain(refusal, wanted))
    }

    /// What keeps us from a part of the module tree in which one of these may be.
    fn hides(&self, wanted: &[Wanted]) -> Option<&PathFault> {
        let named = |path: &Path, wanted: &Wanted| {
            let family = wanted.text().split('/').next().unwrap_or_default();
            path.iter().any(|part| part == family)
        };
        let own = |path: &Path| wanted.iter().any(|wanted| named(path, wanted));
        // Of several the last asked for is most often what is missing.
        let mut hidden = self.hidden().iter();
        let last = wanted.last();
        hidden
            .clone()
            .find(|(path, _)| last.is_some_and(|last| named(path, last)))
            .or_else(|| hidden.find(|(path, _)| own(path)))
            .map(|(_, fault)| fault)
    }

    /// Adds what the stack does offer, or that the stack is not there at all.
    fn explain(&self, refusal: Refusal, wanted: &[Wanted]) -> Unloaded {
        // A volume may go while a run goes on.
        if let Some(why) = nothing_visible(&self.base.paths("MODULEPATH")) {
            return Unloaded::Unknown(not_mounted(format!("no module is visible by MODULEPATH: {why}")));
        }
        if let Some(what) = spied::unreadable(&refusal, &self.roots(), self.system.version()) {
            return Unloaded::Refused(Refusal { what, ..refusal });
        }
        if let Err(error) = self.sound() {
            return Unloaded::Unknown(error);
        }
        if let Some(fault) = self.hides(wanted) {
            return Unloaded::Unknown(Error::hidden("a part of the module tree cannot be looked at", fault));
        }
        let found = match self.found() {
            Ok(found) => found,
            Err(error) if error.id.is_some() => return Unloaded::Unknown(error),
            Err(_) => return Unloaded::Refused(refusal),
        };
        if refusal.what.contains("did not end") {
            let asked =
                found.iter().filter(|entry| wanted.iter().any(|wanted| wanted.matches(&entry.module)));
            let files: Vec<String> = asked.map(|entry| entry.file.display().to_string()).collect();
            let what = format!("{}: look at {}", refusal.what, files.join(", "));
            return Unloaded::Refused(Refusal { what, ..refusal });
        }
        let offered = |wanted: &Wanted| found.iter().any(|entry| wanted.matches(&entry.module));
        if let Some((root, core)) = misplaced(&self.roots()).filter(|_| !wanted.iter().all(offered)) {
            let what = format!(
                "MODULEPATH names `{}`, and the modules that are visible first lie in `{}`",
                root.display(),
                core.display()
            );
            return Unloaded::Unknown(
                Error::new(Kind::Unfit, what).hint(format!("set MODULEPATH to {}", core.display())),
            );
        }
        let names: Vec<String> = found.iter().map(|entry| entry.module.to_string()).collect();
        let mut hints = Vec::new();
        for request in
            wanted.iter().filter(|request| !found.iter().any(|entry| request.matches(&entry.module)))
        {
            let family = request.text().split('/').next().unwrap_or_default();
            let mut same: Vec<&str> = found
                .iter()
                .filter(|entry| entry.module.family.eq_ignore_ascii_case(family))
                .map(|entry| entry.module.version.as_str())
                .collect();
            same.sort_unstable();
            same.dedup();
            if same.is_empty() {
                let near = nearest(request.text(), names.iter().map(String::as_str))
                    .or_else(|| nearest(family, found.iter().map(|entry| entry.module.family.as_str())));
                hints.extend(near.map(|near| format!("there is no {request}; the nearest is {near}")));
            } else {
                hints.push(format!("there is no {request}; {family} is offered as {}", same.join(", ")));
            }
        }
        let what = if hints.is_empty() { refusal.what } else { hints.join("; ") };
        Unloaded::Refused(Refusal { what, ..refusal })
    }
}

/// The modules that were loaded, by their full names.
fn names(own: &[(Wanted, Module)]) -> String {
    own.iter().map(|(_, module)| module.to_string()).collect::<Vec<_>>().join(" ")
}

/// The module of each layer: the one that was asked for, or, of one that only loads others, the last one loaded: that is
/// the one that loads the others.
pub(super) fn members(
    asked: &Asked,
    own: &[(Wanted, Module)],
    loaded: &[(Module, PathBuf)],
    catalogue: &Catalogue,
) -> Vec<(Layer, Module)> {
    let layouts = &catalogue.layouts;
    let member = |(layer, wanted): &(Layer, Wanted)| {
        let answers =
            |(request, module): &&(Wanted, Module)| request.text() == wanted.text() || wanted.matches(module);
        let own = own.iter().find(answers).map(|(_, module)| module);
        let bundle = own.is_some_and(|module| layouts.may_be_bundle(&module.family));
        let others = || {
            let mut others = loaded.iter().rev().map(|(module, _)| module);
            others.find(|module| catalogue.layer(module) == Some(*layer) && Some(*module) != own)
        };
        let inside = || loaded.iter().map(|(module, _)| module).find(|module| wanted.matches(module));
        let found = if bundle { others().or(own) } else { own.or_else(inside).or_else(others) };
        found.map(|module| (*layer, module.clone()))
    };
    asked.modules.iter().filter_map(member).collect()
}
