//! The mutants that one library can have, and in which order they are tried.

use std::collections::BTreeMap;
use std::fmt;

use super::catalogue::{Catalogue, Operator};
use super::prototype::Prototype;
use crate::digest::fnv;

/// Through which language binding a function is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// C and C++.
    C,
    /// `include 'mpif.h'`.
    Mpifh,
    /// `use mpi`.
    Mpi,
    /// `use mpi_f08`.
    MpiF08,
}

impl Binding {
    /// All, with the word that stands before a function.
    pub const ALL: [(&'static str, Self); 4] =
        [("c", Self::C), ("mpif.h", Self::Mpifh), ("mpi", Self::Mpi), ("mpi_f08", Self::MpiF08)];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, binding)| *binding == self).map_or("", |(word, _)| word)
    }

    /// The symbols that a program of this binding may call for a function.
    #[must_use]
    pub fn symbols(self, function: &str) -> Vec<String> {
        let lower = function.to_lowercase();
        match self {
            Self::C => vec![function.to_owned()],
            Self::Mpifh | Self::Mpi => vec![format!("{lower}_")],
            Self::MpiF08 => vec![format!("{lower}_f08_"), format!("{lower}_f08ts_")],
        }
    }
}

/// One seeded fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mutant {
    /// In which language.
    pub binding: Binding,
    /// `MPI_Bcast`.
    pub function: String,
    /// `flip`, or `lie(size)` where a parameter is meant.
    pub operator: String,
    /// `type=MPI_DOUBLE,count>=64`; empty: always.
    pub gate: String,
}

impl Mutant {
    /// What the shim is given to choose this one.
    #[must_use]
    pub fn choice(&self) -> String {
        let fortran = if self.binding == Binding::C { "" } else { "fortran:" };
        format!("{fortran}{} {} {}", self.function, self.operator, self.gate).trim_end().to_owned()
    }
}

/// `MPI_Bcast flip count>=64`, `mpi_f08 MPI_Bcast nothing`.
impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.binding != Binding::C {
            write!(f, "{} ", self.binding.word())?;
        }
        write!(f, "{} {}", self.function, self.operator)?;
        if self.gate.is_empty() { Ok(()) } else { write!(f, " {}", self.gate) }
    }
}

/// What is known of a library beside its prototypes.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Its preprocessed header, to see which types it names.
    pub header: String,
    /// Its Fortran symbols.
    pub fortran: Vec<String>,
    /// Whether it has Fortran's datatypes.
    pub fortran_types: bool,
}

/// An operator as it is for one function: its name, and the place of the parameter where it is for each of a role.
pub(super) fn applied<'c>(
    catalogue: &Catalogue,
    operators: &'c [Operator],
    prototype: &Prototype,
) -> Vec<(String, Option<usize>, &'c Operator)> {
    let mut found: Vec<(String, Option<usize>, &Operator)> = Vec::new();
    for operator in operators {
        let fits = operator.functions.take(&prototype.name)
            && operator.returns.as_ref().is_none_or(|returns| *returns == prototype.returns)
            && (operator.returns.is_some() || prototype.returns == "int")
            && operator.with.iter().all(|role| !catalogue.places(role, prototype).is_empty());
        if !fits {
            continue;
        }
        let named: Vec<(String, Option<usize>)> = match &operator.each {
            None => vec![(operator.name.clone(), None)],
            Some(role) => {
                let places = catalogue.places(role, prototype).into_iter();
                let name = |place: usize| format!("{}({})", operator.name, prototype.parameters[place].name);
                places.map(|place| (name(place), Some(place))).collect()
            }
        };
        for (name, place) in named {
            if !found.iter().any(|(taken, ..)| *taken == name) {
                found.push((name, place, operator));
            }
        }
    }
    found
}

/// Every mutant that this library can have.
#[must_use]
pub fn all(catalogue: &Catalogue, prototypes: &[Prototype], library: &Library) -> Vec<Mutant> {
    let types = types(catalogue, library);
    let mut mutants = Vec::new();
    let attacked = prototypes.iter().filter(|prototype| catalogue.why_left_out(&prototype.name).is_none());
    for prototype in attacked {
        for (operator, _, entry) in applied(catalogue, &catalogue.operators, prototype) {
            let gates = entry
                .gates
                .iter()
                .flat_map(|name| catalogue.gates.iter().filter(move |gates| gates.name == *name));
            let gates = gates.filter(|gates| gates.functions.take(&prototype.name));
            let gates = gates.flat_map(|gates| gates.when.iter().flat_map(|gate| spread(gate, &types)));
            let rankless = catalogue.places("comm", prototype).is_empty();
            let gates = gates.filter(|gate| !(rankless && gate.contains("ranks=")));
            let uncounted = catalogue.places("gate_count", prototype).is_empty();
            let gates =
                gates.filter(|gate| !(uncounted && (gate.contains("count") || gate.contains("bytes"))));
            mutants.extend(std::iter::once(String::new()).chain(gates).map(|gate| Mutant {
                binding: Binding::C,
                function: prototype.name.clone(),
                operator: operator.clone(),
                gate,
            }));
        }
        for (operator, ..) in applied(catalogue, &catalogue.fortran, prototype) {
            for (_, binding) in Binding::ALL.into_iter().filter(|(_, binding)| *binding != Binding::C) {
                let has = |symbol: &String| library.fortran.binary_search(symbol).is_ok();
                if binding.symbols(&prototype.name).iter().any(has) {
                    let (function, operator) = (prototype.name.clone(), operator.clone());
                    mutants.push(Mutant { binding, function, operator, gate: String::new() });
                }
            }
        }
    }
    mutants
}

/// The types that the header names; those that gates may be about.
fn types<'c>(catalogue: &'c Catalogue, library: &Library) -> Vec<&'c str> {
    let [c, fortran] = &catalogue.types;
    let fortran = fortran.iter().filter(|_| library.fortran_types);
    let named = |name: &&String| {
        let at = |(place, _): (usize, &str)| {
            let bytes = library.header.as_bytes();
            let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            !(bytes.get(place + name.len()).is_some_and(part) || place > 0 && part(&bytes[place - 1]))
        };
        library.header.match_indices(name.as_str()).any(at)
    };
    c.iter().chain(fortran).filter(named).map(String::as_str).collect()
}

fn spread(gate: &str, types: &[&str]) -> Vec<String> {
    if gate.contains("type=*") {
        types.iter().map(|name| gate.replace("type=*", &format!("type={name}"))).collect()
    } else {
        vec![gate.to_owned()]
    }
}

/// In the order in which they are tried: by the seed, and so that any beginning of it holds of every operator of every
/// function about as many as of any other.
#[must_use]
pub fn in_order(mutants: Vec<Mutant>, seed: u64) -> Vec<Mutant> {
    let drawn = |mutant: &Mutant| fnv(format!("{seed} {mutant}").as_bytes());
    let mut strata: BTreeMap<(Binding, String, String), Vec<Mutant>> = BTreeMap::new();
    for mutant in mutants {
        let operator = mutant.operator.split('(').next().unwrap_or_default().to_owned();
        strata.entry((mutant.binding, mutant.function.clone(), operator)).or_default().push(mutant);
    }
    let mut placed: Vec<(usize, u64, Mutant)> = Vec::new();
    for mut stratum in strata.into_values() {
        stratum.sort_by_cached_key(drawn);
        placed.extend(stratum.into_iter().enumerate().map(|(round, mutant)| (round, drawn(&mutant), mutant)));
    }
    placed.sort_by_key(|(round, drawn, _)| (*round, *drawn));
    placed.into_iter().map(|(.., mutant)| mutant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutate::prototype::read;
    use crate::suite::embedded::table;

    const HEADER: &str = "
        int MPI_Allreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op, MPI_Comm comm);
        int PMPI_Allreduce(const void *sendbuf, void *recvbuf, int count, MPI_Datatype datatype, MPI_Op op, MPI_Comm comm);
        int MPI_Comm_size(MPI_Comm comm, int *size); int PMPI_Comm_size(MPI_Comm comm, int *size);
        int MPI_T_cvar_get_num(int *num_cvar); int PMPI_T_cvar_get_num(int *num_cvar);
        double MPI_Wtime(void); double PMPI_Wtime(void);
        enum { MPI_DOUBLE, MPI_INT8_T, MPI_INTEGER };";

    fn mutants(fortran: bool) -> Vec<Mutant> {
        let catalogue = Catalogue::parse(&table("mutants/mpi.toml")).unwrap();
        let library = Library {
            header: HEADER.to_owned(),
            fortran: if fortran {
                vec!["mpi_comm_size_".into(), "mpi_comm_size_f08_".into()]
            } else {
                Vec::new()
            },
            fortran_types: fortran,
        };
        all(&catalogue, &read(HEADER), &library)
    }

    #[test]
    fn a_library_has_the_mutants_of_its_functions_types_and_bindings() {
        let told: Vec<String> = mutants(true).iter().map(Mutant::to_string).collect();
        for wanted in [
            "MPI_Allreduce nothing",
            "MPI_Allreduce last type=MPI_INT8_T,count>=32",
            "MPI_Allreduce flip type=MPI_INTEGER",
            "MPI_Allreduce in-place class=float",
            "MPI_Allreduce flip ranks=3",
            "MPI_Comm_size lie(size)",
            "MPI_Wtime thousandfold",
            "mpif.h MPI_Comm_size nothing",
            "mpi_f08 MPI_Comm_size lie",
        ] {
            assert!(told.iter().any(|id| id == wanted), "{wanted}: {told:#?}");
        }
        assert!(!told.iter().any(|id| id.contains("MPI_T_") || id.contains("MPI_DOUBLE_INT")));
        let without: Vec<String> = mutants(false).iter().map(Mutant::to_string).collect();
        assert!(!without.iter().any(|id| id.contains("MPI_INTEGER") || id.starts_with("mpi")));
    }

    #[test]
    fn any_beginning_is_a_fair_sample_and_the_seed_decides_which() {
        let (one, same, other) =
            (in_order(mutants(true), 1), in_order(mutants(true), 1), in_order(mutants(true), 2));
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_eq!(one.len(), mutants(true).len());
        let strata: std::collections::BTreeSet<_> = mutants(true)
            .iter()
            .map(|it| (it.binding, it.function.clone(), it.operator.split('(').next().unwrap().to_owned()))
            .collect();
        let first: std::collections::BTreeSet<_> = one[..strata.len()]
            .iter()
            .map(|it| (it.binding, it.function.clone(), it.operator.split('(').next().unwrap().to_owned()))
            .collect();
        assert_eq!(first, strata);
    }
}
