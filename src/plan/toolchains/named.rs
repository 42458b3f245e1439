//! The toolchains that a site file names by hand: what each of them is made of, which only loading it tells.

use super::Stack;
use super::load::members;
use crate::plan::asked::Asked;
use crate::stack::matrix::{Chain, Named};
use crate::suite::Layer;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::named_toolchain::NamedToolchain;

impl Stack<'_> {
    /// The toolchain; or, where there is nothing in it that suites are for, its name and why.
    pub(super) fn named(&self, named: &NamedToolchain) -> Result<Chain, (Module, String)> {
        let label = named.label();
        let chain = |modules: Vec<(Layer, Module)>| Chain {
            modules,
            apart: true,
            named: Some(Named {
                label: label.clone(),
                load: named.modules.iter().map(Wanted::text).map(str::to_owned).collect(),
            }),
        };
        let module = |wanted: &Wanted| Module::new(wanted.text());
        let (Some(first), Some(last)) = (named.modules.first(), named.modules.last()) else {
            return Err((Module::new(&label), "it names no module".to_owned()));
        };
        let Ok(came) = self.come(&named.modules) else {
            // It is owed what a compiler and an MPI are owed, and each of these cases says why it does not load.
            let compiler = named.cc.as_ref().unwrap_or(first);
            let mpi = named.mpi.as_ref().unwrap_or(last);
            return Ok(chain(vec![(Layer::Compiler, module(compiler)), (Layer::Mpi, module(mpi))]));
        };
        let own: Vec<(Wanted, Module)> = named.modules.iter().cloned().zip(came.found).collect();
        let of = |layer, wanted: Option<&Wanted>| {
            let wanted = wanted.unwrap_or(last).clone();
            let asked = Asked::new(vec![(layer, wanted)], &[]);
            let found = members(&asked, &own, &came.loaded, self.catalogue);
            let known = |module: &Module| self.catalogue.layer(module) == Some(layer);
            found.into_iter().find(|(_, module)| asked.modules[0].1.matches(module) || known(module))
        };
        let given = |layer, wanted: Option<&Wanted>| {
            let inside = || {
                let last = |(module, _): &&(Module, _)| self.catalogue.layer(module) == Some(layer);
                came.loaded.iter().rev().find(last).map(|(module, _)| (layer, module.clone()))
            };
            if wanted.is_some() { of(layer, wanted) } else { inside() }
        };
        let compiler = given(Layer::Compiler, named.cc.as_ref());
        let mpi = given(Layer::Mpi, named.mpi.as_ref());
        let runtime = given(Layer::Runtime, None).filter(|_| mpi.is_none());
        let modules: Vec<(Layer, Module)> = compiler.into_iter().chain(mpi).chain(runtime).collect();
        if matches!(modules.first(), None | Some((Layer::Mpi, _))) {
            let all: Vec<String> = came.loaded.iter().map(|(module, _)| module.to_string()).collect();
            let why = format!(
                "it loads {}, and no table says that one of these is a compiler: cc = \"…\" in its [[toolchain]] may",
                all.join(", ")
            );
            return Err((Module::new(&label), why));
        }
        Ok(chain(modules))
    }
}
