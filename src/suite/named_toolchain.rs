//! `[[toolchain]]` of a site file: a toolchain that is named by hand, where modules do not say what belongs together.

use crate::document::{Table, Written};
use crate::suite::module_name::Wanted;

/// Modules that are loaded together, in this order.
#[derive(Clone, Debug)]
pub struct NamedToolchain {
    /// What reports call it.
    name: Option<String>,
    /// What is loaded.
    pub modules: Vec<Wanted>,
    /// Which of the modules that are loaded then is the compiler.
    pub cc: Option<Wanted>,
    /// Which of them is the MPI.
    pub mpi: Option<Wanted>,
}

impl NamedToolchain {
    /// Reads one.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let name = table.string("name").and_then(|name| named(name, table));
        let list = table.strings("modules");
        if list.as_ref().is_none_or(Vec::is_empty) {
            table.fault_with_hint("`modules` is missing", table.span(), "such as modules = [\"foss/2023a\"]");
        }
        let mut wanted = |text: Written<String>| match Wanted::new(&text.value) {
            Ok(wanted) if !wanted.is_glob() => Some(wanted),
            Ok(_) => {
                table.fault(format!("`{}` is a pattern, not a module", text.value), text.span);
                None
            }
            Err(fault) => {
                table.fault(fault, text.span);
                None
            }
        };
        let modules: Vec<Wanted> = list.unwrap_or_default().into_iter().filter_map(&mut wanted).collect();
        let (cc, mpi) = (table.string("cc"), table.string("mpi"));
        let mut wanted = |text: Written<String>| {
            Wanted::new(&text.value).map_err(|fault| table.fault(fault, text.span)).ok()
        };
        let (cc, mpi) = (cc.and_then(&mut wanted), mpi.and_then(&mut wanted));
        (!modules.is_empty()).then_some(Self { name, modules, cc, mpi })
    }

    /// What reports call it: its name, or its modules.
    #[must_use]
    pub fn label(&self) -> String {
        let modules = || self.modules.iter().map(Wanted::text).collect::<Vec<_>>().join(" ");
        self.name.clone().unwrap_or_else(modules)
    }
}

fn named(name: Written<String>, table: &mut Table<'_>) -> Option<String> {
    let is_fit = !name.value.trim().is_empty() && !name.value.chars().any(char::is_control);
    if !is_fit {
        table.fault(format!("`{}` is no name for a toolchain", name.value.escape_debug()), name.span);
    }
    is_fit.then_some(name.value)
}
