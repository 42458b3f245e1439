//! A module of a family that no table knows: nothing of it can be tested until somebody says what its tools are called.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::plan::catalogue::Catalogue;
use crate::stack::toolchain::{Loaded, Toolchain, tools_of};
use crate::suite::template::{Placeholder, Template};
use crate::suite::tool_name::ToolName;
use crate::suite::{Layer, Probe};
use crate::verdict::check::{Check, Diagnosed, Outcome};

/// The error of a case that needs a tool or a launcher of such a module.
pub(super) fn unknown(probe: &Probe, toolchain: &Toolchain, catalogue: &Catalogue) -> Option<Check> {
    let Catalogue { families, launchers, .. } = catalogue;
    for layer in [Layer::Compiler, Layer::Mpi, Layer::Runtime] {
        let Some(loaded) = toolchain.of(layer) else { continue };
        let (family, version) = (loaded.family.as_str(), loaded.module.plain_version());
        let used = |tool: &Placeholder| probe.uses(*tool) && !toolchain.tools.contains_key(tool);
        let named = probe.commands().flat_map(Template::placeholders);
        let named: BTreeSet<ToolName> = named
            .filter_map(|tool| if let Placeholder::Tool(name) = tool { Some(name) } else { None })
            .filter(|name| layer == Layer::Runtime && used(&Placeholder::Tool(*name)))
            .collect();
        let tools = families.find(family, version).is_none()
            && (!named.is_empty() || tools_of(layer).any(|(_, tool, _)| used(&tool)));
        let launcher = layer == Layer::Mpi
            && probe.uses(Placeholder::Mpirun)
            && launchers.find(&families.kin(family, version)).is_none();
        if tools || launcher {
            return Some(check(layer, loaded, &named, tools, launcher));
        }
    }
    None
}

fn check(layer: Layer, loaded: &Loaded, named: &BTreeSet<ToolName>, tools: bool, launcher: bool) -> Check {
    let (module, family) = (&loaded.module, &loaded.family);
    let variables: Vec<&str> =
        tools_of(layer).filter_map(|(_, _, variables)| variables.first().copied()).collect();
    let lacks = match (tools, variables.is_empty()) {
        (true, false) => format!("what its tools are called, and it sets no {}", variables.join(", ")),
        (true, true) => "what its tools are called".to_owned(),
        (false, _) => "how its programs are launched".to_owned(),
    };
    let what = format!("{module} is of a family that no table knows ({family}): none says {lacks}");
    let mut lines = String::new();
    if tools {
        let word = format!("{layer:?}").to_lowercase();
        lines = format!("[[family]]\nname = \"{family}\"\nlayer = \"{word}\"\n");
        if named.is_empty() {
            for (key, _, _) in tools_of(layer) {
                let _ = writeln!(lines, "{key} = [\"…\"]");
            }
        } else {
            let named: Vec<String> = named.iter().map(|name| format!("{name} = [\"…\"]")).collect();
            let _ = writeln!(lines, "tools = {{ {} }}", named.join(", "));
        }
    }
    if launcher {
        let _ = writeln!(lines, "[[launcher]]\nfamily = \"{family}\"\ncommand = [\"mpirun\"]");
    }
    let diagnosis = Diagnosed {
        id: "family-unknown".to_owned(),
        fault: "site".to_owned(),
        cause: what.clone(),
        fix: "add these lines to the site file (--site FILE), with the names of its tools".to_owned(),
        retry: false,
        spec: lines.trim_end().to_owned(),
    };
    let check = Check::not_passed("requires", Outcome::Error, "requires.family", what);
    Check { diagnosis: Some(Box::new(diagnosis)), ..check }
}
