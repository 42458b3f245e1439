//! `stackprobe discover`: every toolchain of the stack, as the stack itself tells it.

use std::sync::Arc;

use anstream::println;
use serde_json::json;

use crate::cli::{Discover, Format, Select};
use crate::command::catalogue::Catalogue;
use crate::command::list::stop;
use crate::command::toolchains::{Stack, limits};
use crate::error::Error;
use crate::exit::Exit;
use crate::run::stage::Root;

/// Prints the matrix.
///
/// # Errors
/// No Lmod, a spider that fails.
pub fn discover(flags: &Discover) -> Result<Exit, Error> {
    let catalogue = Catalogue::load(&[], flags.site.as_ref())?;
    let (cc, mpi, runtime) = (flags.cc.clone(), flags.mpi.clone(), flags.runtime.clone());
    let limits = limits(&Select { cc, mpi, runtime, all: true, ..Select::default() })?;
    let stop = Arc::new(stop()?);
    let root = Root::new(false)?;
    let stack = Stack::open(&catalogue, root.path(), &stop)?;
    let matrix = stack.matrix()?;
    let mut seen = Vec::new();
    for chain in matrix.select(&limits) {
        match flags.format {
            Format::Json => {
                let modules: Vec<_> = chain
                    .modules
                    .iter()
                    .map(|(layer, module)| json!({"layer": format!("{layer:?}").to_lowercase(), "module": module.to_string()}))
                    .collect();
                seen.push(json!({"toolchain": chain.label(), "modules": modules}));
            }
            Format::Text => println!("{}", chain.label()),
        }
    }
    if flags.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(&seen).unwrap_or_default());
    }
    Ok(Exit::Passed)
}
