//! Names that suites may speak of and that only tables know: capabilities, and tools that have no placeholder of their own.

use std::collections::BTreeSet;

use crate::document::nearest;
use crate::error::Fault;
use crate::suite::capability::{Capabilities, no_capability};
use crate::suite::template::{Placeholder, Template};
use crate::suite::tool_name::ToolName;

/// Those names.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// What `requires` may name.
    pub capabilities: Capabilities,
    /// What `{tool:NAME}` may name; `None` where the tables that would say it could not be read.
    pub tools: Option<BTreeSet<ToolName>>,
}

impl Vocabulary {
    /// The fault of naming this capability, if no table has it.
    pub(super) fn fault_of_capability(&self, name: &str) -> Option<Fault> {
        (!self.capabilities.contains(name)).then(|| no_capability(name, &self.capabilities))
    }

    /// A fault for each tool in `command` that no family has.
    pub(super) fn faults_of_tools(&self, command: &Template) -> Vec<Fault> {
        let Some(tools) = &self.tools else { return Vec::new() };
        let unknown = |placeholder| match placeholder {
            Placeholder::Tool(name) if !tools.contains(&name) => Some(name),
            _ => None,
        };
        let fault = |name: ToolName| {
            let fault = Fault::new(format!("no family names a tool `{name}`"));
            let known = Placeholder::ALL.iter().map(|(known, ..)| *known).filter(|known| {
                Placeholder::tool(known).is_some_and(|tool| !matches!(tool, Placeholder::Tool(_)))
            });
            match nearest(name.as_str(), tools.iter().map(|tool| tool.as_str()).chain(known)) {
                Some(near) => fault.hint(format!("did you mean {{tool:{near}}}?")),
                None => fault.hint(format!(
                    "a site file may name it: [[family]], with tools = {{ {name} = [\"…\"] }}"
                )),
            }
        };
        command.placeholders().filter_map(unknown).map(fault).collect()
    }
}
