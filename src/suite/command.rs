//! One command of a suite as it is written: its faults, each at its place in the file.

use crate::document::{Table, Written};
use crate::suite::alternatives::Alternatives;
use crate::suite::operator::{Operator, operators};
use crate::suite::template::{Placeholder, Template};
use crate::suite::vocabulary::Vocabulary;

/// What a command of a suite may name.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) vocabulary: &'k Vocabulary,
    /// The further modules that the suite asks for.
    pub(super) modules: &'k [Alternatives],
}

pub(super) fn template(
    table: &mut Table<'_>,
    command: &Written<String>,
    Known { vocabulary, modules }: Known<'_>,
) -> Option<Template> {
    // The command stands in the file as it is, but for escapes of TOML.
    let written = table.source().text.get(command.span.clone()).unwrap_or_default();
    let start = written.find(&command.value).map(|at| command.span.start + at);
    for Operator { span, meaning } in operators(&command.value) {
        let sign = &command.value[span.clone()];
        let place = start.map_or(command.span.clone(), |start| start + span.start..start + span.end);
        let (sign, other) = match sign {
            "\n" => ("a line end".to_owned(), String::new()),
            sign => (format!("`{sign}`"), format!(", or '{sign}' where it is an argument")),
        };
        let hint = format!("no shell runs this: write sh -c '…'{other}");
        table.fault_with_hint(format!("{sign} {meaning} in a shell"), place, hint);
    }
    match Template::parse(&command.value) {
        Ok(template) => {
            for fault in vocabulary.faults_of_tools(&template) {
                table.leave_fault(fault, command.span.clone());
            }
            for used in template.placeholders() {
                if let Placeholder::Prefix(name) | Placeholder::Libdir(name) = used
                    && !modules.iter().any(|entry| entry.has(name.as_str()))
                {
                    let hint = format!("modules = [\"{name}\"], before the first [[probe]]");
                    table.fault_with_hint(
                        format!("{used} is of a module that the suite does not load"),
                        command.span.clone(),
                        &hint,
                    );
                }
            }
            Some(template)
        }
        Err(faults) => {
            for fault in faults {
                table.fault(fault, command.span.clone());
            }
            None
        }
    }
}
