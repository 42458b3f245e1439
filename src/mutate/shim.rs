//! The C source of the shim: every function of the library that is attacked, with every operator that it can have.

use std::fmt::Write as _;

use super::catalogue::{Catalogue, Operator};
use super::mutant::{Binding, applied};
use super::prototype::Prototype;
use crate::suite::embedded::SUITES;

/// The variable that chooses the mutant.
pub const CHOICE: &str = "STACKPROBE_MUTANT";

/// Words that a Fortran function of the shim hands on: what `FORTRAN_PARAMETERS` declares.
const WORDS: usize = 16;

/// The whole source.
#[must_use]
pub fn source(catalogue: &Catalogue, prototypes: &[Prototype]) -> String {
    let attacked: Vec<&Prototype> =
        prototypes.iter().filter(|prototype| catalogue.why_left_out(&prototype.name).is_none()).collect();
    let mut operators: Vec<String> = Vec::new();
    let mut bodies = String::new();
    for (number, prototype) in attacked.iter().enumerate() {
        function(&mut bodies, catalogue, number, prototype, &mut operators);
        if prototype.returns == "int" && prototype.parameters.len() < WORDS {
            fortran(&mut bodies, catalogue, number, prototype, &mut operators);
        }
    }
    let list = |names: &mut dyn Iterator<Item = &str>| {
        names.fold(String::new(), |text, name| text + "    \"" + name + "\",\n")
    };
    format!(
        "{}\nstatic const char *const function_names[] = {{\n{}    0}};\n\
         static const char *const operator_names[] = {{\n{}    0}};\n\n{bodies}",
        SUITES.text("mutants/shim.h").unwrap_or_default(),
        list(&mut attacked.iter().map(|prototype| prototype.name.as_str())),
        list(&mut operators.iter().map(String::as_str)),
    )
}

fn number(operators: &mut Vec<String>, name: String) -> usize {
    operators.iter().position(|taken| *taken == name).unwrap_or_else(|| {
        operators.push(name);
        operators.len() - 1
    })
}

fn function(
    out: &mut String,
    catalogue: &Catalogue,
    place: usize,
    prototype: &Prototype,
    operators: &mut Vec<String>,
) {
    let declared: Vec<&str> = prototype.parameters.iter().map(|it| it.declared.as_str()).collect();
    let declared = if declared.is_empty() { "void".to_owned() } else { declared.join(", ") };
    let names: Vec<&str> = prototype.parameters.iter().map(|it| it.name.as_str()).collect();
    let call = format!("P{}({})", prototype.name, names.join(", "));
    let _ = writeln!(out, "{} {}({declared})\n{{", prototype.returns, prototype.name);
    let mut cases = String::new();
    for (name, each, operator) in applied(catalogue, &catalogue.operators, prototype) {
        let case = number(operators, name);
        let fill = |text: &str| {
            fill(text, |role| match role {
                "call" => Some(call.clone()),
                "it" => each.map(|place| names[place].to_owned()),
                "wait" => Some(match first(catalogue, "request", prototype) {
                    Some(place) => format!("PMPI_Wait({}, MPI_STATUS_IGNORE); ", names[place]),
                    None => String::new(),
                }),
                role => first(catalogue, role, prototype).map(|place| names[place].to_owned()),
            })
        };
        let _ = write!(cases, "        case {case}: {{ ");
        if operator.instead.is_empty() {
            let after = match operator.after.as_str() {
                "" => String::new(),
                after => format!(" if (rc == MPI_SUCCESS) {{ {} }}", fill(after)),
            };
            let _ = writeln!(cases, "{} int rc = {call};{after} return rc; }}", fill(&operator.before));
        } else {
            let _ = writeln!(cases, "{} }}", fill(&operator.instead));
        }
    }
    let or = |role, otherwise: &str| {
        first(catalogue, role, prototype).map_or(otherwise.to_owned(), |place| names[place].to_owned())
    };
    let (count, kind) = (or("gate_count", "-1"), or("gate_type", "MPI_DATATYPE_NULL"));
    let comm = or("comm", "MPI_COMM_NULL");
    if !cases.is_empty() {
        let _ = writeln!(
            out,
            "    if (active_function == {place} && !active_binding && gate({count}, {kind}, {comm}))\n        \
             switch (active_operator) {{\n{cases}        }}"
        );
    }
    let _ = writeln!(out, "    return {call};\n}}\n");
}

fn fortran(
    out: &mut String,
    catalogue: &Catalogue,
    place: usize,
    prototype: &Prototype,
    operators: &mut Vec<String>,
) {
    let mut cases = String::new();
    for (name, _, operator) in applied(catalogue, &catalogue.fortran, prototype) {
        let case = number(operators, name);
        let fill = |operator: &Operator, text: &str| {
            fill(text, |role| match role {
                "ierror" => Some(format!("a{}", prototype.parameters.len())),
                // A handle that is not set is no failure of the function but a crash of the program.
                "request" => Some(first(catalogue, "request", prototype).map_or_else(String::new, |place| {
                    format!("*(MPI_Fint *)a{place} = PMPI_Request_c2f(MPI_REQUEST_NULL); ")
                })),
                role if operator.with.iter().any(|with| with == role) => {
                    first(catalogue, role, prototype).map(|place| format!("a{place}"))
                }
                _ => None,
            })
        };
        let (before, instead) = (fill(operator, &operator.before), fill(operator, &operator.instead));
        let after = fill(operator, &operator.after);
        // Writing to a text cannot fail.
        let _ = if instead.is_empty() {
            writeln!(cases, "        case {case}: {{ {before} real(FORTRAN_ARGUMENTS); {after} return; }}")
        } else {
            writeln!(cases, "        case {case}: {{ {instead} }}")
        };
    }
    for symbol in [Binding::Mpi, Binding::MpiF08].into_iter().flat_map(|it| it.symbols(&prototype.name)) {
        let _ = writeln!(
            out,
            "void {symbol}(FORTRAN_PARAMETERS)\n{{\n    static fortran_function *real;\n    \
             if (!real)\n        real = next(\"{symbol}\");\n    \
             if (active_function == {place} && active_binding)\n        switch (active_operator) {{\n{cases}        }}\n    \
             real(FORTRAN_ARGUMENTS);\n}}\n"
        );
    }
}

fn first(catalogue: &Catalogue, role: &str, prototype: &Prototype) -> Option<usize> {
    catalogue.places(role, prototype).first().copied()
}

/// Fills `{role}` and `{role|otherwise}`; other braces are C's own.
fn fill(text: &str, meaning: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let end = after.find('}').filter(|end| {
            after[..*end].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_|-".contains(&byte))
        });
        let Some(end) = end.filter(|end| *end > 0) else {
            filled.push('{');
            rest = after;
            continue;
        };
        let (role, otherwise) = after[..end].split_once('|').unwrap_or((&after[..end], ""));
        filled.push_str(&meaning(role).unwrap_or_else(|| otherwise.to_owned()));
        rest = &after[end + 1..];
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutate::prototype::read;
    use crate::suite::embedded::table;

    #[test]
    fn roles_are_filled_and_braces_of_c_stay() {
        let meaning = |role: &str| (role == "count").then(|| "n".to_owned());
        assert_eq!(fill("if (x) { {count}--; } f({root|-3})", meaning), "if (x) { n--; } f(-3)");
    }

    #[test]
    fn a_function_is_wrapped_with_its_operators() {
        let catalogue = Catalogue::parse(&table("mutants/mpi.toml")).unwrap();
        let header = "int MPI_Bcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm);
            int PMPI_Bcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm);";
        let text = source(&catalogue, &read(header));
        assert!(text.contains("gate(count, datatype, comm)"), "{text}");
        assert!(text.contains(
            "root = other_root(root, comm); int rc = PMPI_Bcast(buffer, count, datatype, root, comm);"
        ));
        assert!(text.contains("void mpi_bcast_f08ts_(FORTRAN_PARAMETERS)"));
        assert!(!text.contains("{root") && !text.contains("{comm"));
    }
}
