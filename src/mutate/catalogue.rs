//! `test-suites/mutants/mpi.toml`: what a parameter is, what can go wrong, and when.

use regex::Regex;

use super::prototype::Prototype;
use crate::document::{self, Table};
use crate::error::{Fault, Source};

/// The whole table.
#[derive(Clone, Debug)]
pub struct Catalogue {
    roles: Vec<(String, Vec<Regex>)>,
    /// What can go wrong with the functions of C.
    pub operators: Vec<Operator>,
    /// What can go wrong with those of Fortran.
    pub fortran: Vec<Operator>,
    /// When it goes wrong.
    pub gates: Vec<Gates>,
    /// Datatypes that a gate may name: those of C, those of Fortran.
    pub types: [Vec<String>; 2],
    /// Functions that are not attacked, and why.
    pub left_out: Vec<(Regex, String)>,
    /// Mutants that nothing can tell from the healthy library, and why.
    pub equal: Vec<(Regex, String)>,
}

/// One thing that can go wrong.
#[derive(Clone, Debug)]
pub struct Operator {
    /// `flip`.
    pub name: String,
    /// In a few words.
    pub summary: String,
    /// Which functions it is for.
    pub functions: Functions,
    /// The return type that they must have.
    pub returns: Option<String>,
    /// Roles that they must have.
    pub with: Vec<String>,
    /// A role of which each parameter gives a mutant of its own.
    pub each: Option<String>,
    /// C before the call.
    pub before: String,
    /// C in place of the call.
    pub instead: String,
    /// C after a call that succeeded.
    pub after: String,
    /// Names of groups of gates.
    pub gates: Vec<String>,
}

/// A set of functions.
#[derive(Clone, Debug)]
pub struct Functions {
    which: Option<Regex>,
    except: Option<Regex>,
}

/// A group of conditions.
#[derive(Clone, Debug)]
pub struct Gates {
    /// As operators name it.
    pub name: String,
    /// For which functions it makes sense.
    pub functions: Functions,
    /// The conditions; `type=*` stands for every type.
    pub when: Vec<String>,
}

impl Functions {
    /// Whether this one is among them.
    #[must_use]
    pub fn take(&self, name: &str) -> bool {
        self.which.as_ref().is_none_or(|which| which.is_match(name))
            && !self.except.as_ref().is_some_and(|except| except.is_match(name))
    }
}

impl Catalogue {
    /// Reads the table.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let roles = root.table("role", |table| {
                table.any_key();
                let keys: Vec<String> = table.keys().map(|key| key.value).collect();
                keys.into_iter().map(|key| (key.clone(), patterns(table, &key))).collect()
            });
            let gates = root.table("gate", |table| {
                table.any_key();
                let keys: Vec<String> = table.keys().map(|key| key.value).collect();
                keys.into_iter()
                    .filter_map(|key| table.named_table(&key, |inner| gates(&key, inner)))
                    .collect()
            });
            let types = root.table("types", |table| [strings(table, "c"), strings(table, "fortran")]);
            let operators = root.tables("operator", operator);
            let fortran = root.tables("fortran", operator);
            Self {
                roles: roles.unwrap_or_default(),
                operators,
                fortran,
                gates: gates.unwrap_or_default(),
                types: types.unwrap_or_default(),
                left_out: root
                    .tables("left-out", |table| reason(table, "functions"))
                    .into_iter()
                    .flatten()
                    .collect(),
                equal: root.tables("equal", |table| reason(table, "mutants")).into_iter().flatten().collect(),
            }
        })
    }

    /// Why a function is not attacked, if it is not.
    #[must_use]
    pub fn why_left_out(&self, function: &str) -> Option<&str> {
        self.left_out.iter().find(|(which, _)| which.is_match(function)).map(|(_, why)| why.as_str())
    }

    /// The places of all parameters of this role, the most fitting pattern deciding.
    #[must_use]
    pub fn places(&self, role: &str, prototype: &Prototype) -> Vec<usize> {
        let patterns = self.roles.iter().find(|(name, _)| name == role).map_or(&[][..], |(_, all)| all);
        let fitting = |pattern: &Regex| -> Vec<usize> {
            let parameters = prototype.parameters.iter().enumerate();
            parameters.filter(|(_, it)| pattern.is_match(&it.declared)).map(|(place, _)| place).collect()
        };
        patterns.iter().map(fitting).find(|places| !places.is_empty()).unwrap_or_default()
    }
}

fn strings(table: &mut Table<'_>, key: &'static str) -> Vec<String> {
    table.strings(key).unwrap_or_default().into_iter().map(|written| written.value).collect()
}

fn pattern(table: &mut Table<'_>, key: &'static str) -> Option<Regex> {
    let written = table.string(key)?;
    Regex::new(&written.value)
        .map_err(|error| table.fault(format!("`{key}` is not a regular expression: {error}"), written.span))
        .ok()
}

fn patterns(table: &mut Table<'_>, key: &str) -> Vec<Regex> {
    let written = table.named_strings(key);
    let mut found = Vec::new();
    for pattern in written {
        match Regex::new(&pattern.value) {
            Ok(regex) => found.push(regex),
            Err(error) => table.fault(format!("this is not a regular expression: {error}"), pattern.span),
        }
    }
    found
}

fn functions(table: &mut Table<'_>) -> Functions {
    Functions { which: pattern(table, "functions"), except: pattern(table, "except") }
}

fn gates(name: &str, table: &mut Table<'_>) -> Gates {
    Gates { name: name.to_owned(), functions: functions(table), when: strings(table, "when") }
}

fn operator(table: &mut Table<'_>) -> Operator {
    let text = |written: Option<document::Written<String>>| written.map(|it| it.value).unwrap_or_default();
    Operator {
        name: text(table.needed_string("name")),
        summary: text(table.needed_string("summary")),
        functions: functions(table),
        returns: table.string("returns").map(|it| it.value),
        with: strings(table, "with"),
        each: table.string("each").map(|it| it.value),
        before: text(table.string("before")),
        instead: text(table.string("instead")),
        after: text(table.string("after")),
        gates: strings(table, "gates"),
    }
}

fn reason(table: &mut Table<'_>, key: &'static str) -> Option<(Regex, String)> {
    let which = pattern(table, key);
    let why = table.needed_string("reason").map(|it| it.value);
    which.zip(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded::table;

    #[test]
    fn our_own_table_is_read_and_names_only_what_it_has() {
        let catalogue = Catalogue::parse(&table("mutants/mpi.toml")).unwrap();
        assert!(catalogue.operators.len() > 20 && !catalogue.types[0].is_empty());
        for operator in catalogue.operators.iter().chain(&catalogue.fortran) {
            for role in operator.with.iter().chain(&operator.each) {
                assert!(catalogue.roles.iter().any(|(name, _)| name == role), "{}: {role}", operator.name);
            }
            for gate in &operator.gates {
                assert!(catalogue.gates.iter().any(|gates| gates.name == *gate), "{}: {gate}", operator.name);
            }
        }
    }

    #[test]
    fn every_fault_of_a_table_is_told() {
        let text = "[role]\na = ['(']\n[[operator]]\nname = 'x'\nfunctions = '['\n[[equal]]\nmutants = 'a'\n";
        let faults = Catalogue::parse(&Source::new("m.toml", text)).unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
