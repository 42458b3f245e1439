//! `requires = [...]`: what must be there before a probe can tell anything.
//!
//! What the *pod* lacks makes an error (the pod is too small to know); what the *toolchain* simply does not offer
//! makes a skip. Which of the two a requirement is follows from its kind, never from the suite.

use std::fmt;

use crate::suite::alternatives::Alternatives;
use crate::suite::version::{Range, Version};

/// Something of the pod that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Bytes of `/dev/shm` that are free.
    Shm,
    /// Bytes of memory that this pod may use.
    Memory,
    /// CPUs that this pod may use.
    Cpus,
    /// Bytes free where cases are staged.
    Disk,
}

/// Which of the loaded modules a requirement speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The compiler.
    Compiler,
    /// The MPI library.
    Mpi,
}

/// One entry of `requires`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// As it was written.
    pub text: String,
    /// What it means.
    pub need: Need,
}

/// What a requirement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// At least so much of a resource of the pod.
    Pod {
        /// Of what.
        resource: Resource,
        /// Bytes, or a count.
        at_least: u64,
    },
    /// A program on the toolchain's `PATH`.
    Tool(String),
    /// The loaded compiler or MPI is (or, with `not`, is not) of this family and range.
    Module {
        /// Compiler or MPI.
        part: Part,
        /// True for `not compiler …`.
        not: bool,
        /// The family.
        family: String,
        /// Its versions.
        range: Range,
    },
    /// The loaded module was (or, with `not`, was not) built so, as Spack's record of its install says.
    Spack {
        /// True for `not spack …`.
        not: bool,
        /// Names of the module: the alternatives of the suite that the one written is among.
        names: Vec<String>,
        /// `+fortran`, `~mpi`, `threads=openmp`: each must hold.
        variants: Vec<String>,
    },
    /// A CPU feature as `/proc/cpuinfo` names it.
    Cpu(String),
    /// A named capability of the compiler or MPI, looked up in the capability table.
    Capability(String),
}

impl Requirement {
    /// Reads one requirement.
    ///
    /// # Errors
    /// One line on what was wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (not, words) = match words.as_slice() {
            ["not", rest @ ..] => (true, rest),
            all => (false, all),
        };
        let need = match words {
            [name @ ("shm" | "memory" | "cpus" | "disk"), ">=", amount] if !not => {
                let (resource, bytes) = match *name {
                    "shm" => (Resource::Shm, true),
                    "memory" => (Resource::Memory, true),
                    "disk" => (Resource::Disk, true),
                    _ => (Resource::Cpus, false),
                };
                let at_least = if bytes { size(amount) } else { amount.parse().ok() };
                let wanted = if bytes { "a size such as 64MiB" } else { "a whole number" };
                Need::Pod {
                    resource,
                    at_least: at_least.ok_or_else(|| format!("`{amount}` is not {wanted}"))?,
                }
            }
            ["tool", name] if !not => Need::Tool((*name).to_owned()),
            ["cpu", feature] if !not => Need::Cpu((*feature).to_owned()),
            ["capability", name] if !not => Need::Capability((*name).to_owned()),
            [part @ ("compiler" | "mpi"), family, range @ ..] => Need::Module {
                part: if *part == "mpi" { Part::Mpi } else { Part::Compiler },
                not,
                family: (*family).to_owned(),
                range: Range::parse(&range.join(" "))?,
            },
            ["spack", name, variants @ ..] if !variants.is_empty() => {
                if let Some(wrong) = variants.iter().find(|variant| !is_variant(variant)) {
                    return Err(format!(
                        "`{wrong}` is not a variant such as +mpi, ~fortran or threads=openmp"
                    ));
                }
                let variants = variants.iter().map(|variant| (*variant).to_owned()).collect();
                Need::Spack { not, names: vec![(*name).to_owned()], variants }
            }
            _ => {
                return Err(format!(
                    "cannot read `{text}`: wanted `shm >= 64MiB`, `memory >= 2GiB`, `disk >= 1GiB`, `cpus >= 4`, \
                     `tool NAME`, `cpu FEATURE`, `capability NAME`, `[not] compiler FAMILY [RANGE]`, \
                     `[not] mpi FAMILY [RANGE]` or `[not] spack MODULE VARIANT...`"
                ));
            }
        };
        Ok(Self { text: text.to_owned(), need })
    }

    /// A module that is one of several alternatives of its suite stands for whichever of them is loaded.
    pub fn take_alternatives(&mut self, modules: &[Alternatives]) {
        if let Need::Spack { names, .. } = &mut self.need
            && let Some(entry) = modules.iter().find(|entry| names.iter().any(|name| entry.has(name)))
        {
            *names = entry.families().map(str::to_owned).collect();
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_variant(text: &str) -> bool {
    let name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match text.strip_prefix(['+', '~']) {
        Some(rest) => name(rest),
        None => text.split_once('=').is_some_and(|(left, right)| name(left) && !right.is_empty()),
    }
}

/// Whether a module of `family` and `version` is within `wanted` and `range`.
#[must_use]
pub fn module_is(family: &str, version: &str, wanted: &str, range: &Range) -> bool {
    family == wanted && range.holds(&Version::new(version))
}

/// A size in bytes: `64MiB`, `2GiB`, `512KiB`, or a plain number.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let units = [("KiB", 1_u64 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
    let (digits, unit) = units
        .into_iter()
        .find_map(|(name, unit)| text.strip_suffix(name).map(|digits| (digits, unit)))
        .unwrap_or((text, 1));
    digits.trim().parse::<u64>().ok()?.checked_mul(unit)
}

/// Exactly this many bytes as a person would write them: `512 MiB`, `1000 bytes`.
#[must_use]
pub fn size_in_words(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let fits = units.into_iter().find(|(_, bits)| bytes >= 1 << bits && bytes.trailing_zeros() >= *bits);
    fits.map_or_else(|| format!("{bytes} bytes"), |(unit, bits)| format!("{} {unit}", bytes >> bits))
}

/// An amount of `resource` as a person writes it: `64 MiB`, `2 CPUs`. [`u64::MAX`] is no limit.
#[must_use]
pub fn amount(resource: Resource, amount: u64) -> String {
    match resource {
        _ if amount == u64::MAX => "no limit".to_owned(),
        Resource::Cpus if amount == 1 => "1 CPU".to_owned(),
        Resource::Cpus => format!("{amount} CPUs"),
        _ if amount >= 10 << 30 => format!("{} GiB", amount >> 30),
        _ if amount >= 10 << 20 => format!("{} MiB", amount >> 20),
        _ => format!("{} KiB", amount >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_in_words_is_exact() {
        let words = [0, 1000, 1 << 10, 1536, 512 << 20, 1 << 30, 3 << 40].map(size_in_words);
        assert_eq!(words, ["0 bytes", "1000 bytes", "1 KiB", "1536 bytes", "512 MiB", "1 GiB", "3 TiB"]);
    }

    #[test]
    fn requirements_read_as_a_person_writes_them() {
        assert_eq!(
            Requirement::parse("shm >= 64MiB").unwrap().need,
            Need::Pod { resource: Resource::Shm, at_least: 64 << 20 }
        );
        assert_eq!(
            Requirement::parse("not compiler llvm").unwrap().need,
            Need::Module { part: Part::Compiler, not: true, family: "llvm".into(), range: Range::default() }
        );
        assert!(matches!(
            Requirement::parse("mpi openmpi >= 5, < 6").unwrap().need,
            Need::Module { part: Part::Mpi, not: false, .. }
        ));
    }

    #[test]
    fn a_variant_is_asked_of_whichever_alternative_is_loaded() {
        let mut requirement = Requirement::parse("not spack openblas +ilp64 threads=openmp").unwrap();
        requirement.take_alternatives(&[
            Alternatives::parse("hdf5").unwrap(),
            Alternatives::parse("openblas | amdblis/4").unwrap(),
        ]);
        assert_eq!(
            requirement.need,
            Need::Spack {
                not: true,
                names: vec!["openblas".into(), "amdblis".into()],
                variants: vec!["+ilp64".into(), "threads=openmp".into()]
            }
        );
    }

    #[test]
    fn a_wrong_requirement_says_what_was_wanted() {
        assert_eq!(Requirement::parse("shm >= 64MB").unwrap_err(), "`64MB` is not a size such as 64MiB");
        assert!(Requirement::parse("shm 64MiB").unwrap_err().starts_with("cannot read `shm 64MiB`: wanted "));
        assert!(Requirement::parse("not tool gdb").is_err());
        assert!(Requirement::parse("spack hdf5").unwrap_err().starts_with("cannot read `spack hdf5`"));
        assert!(
            Requirement::parse("spack hdf5 fortran").unwrap_err().starts_with("`fortran` is not a variant")
        );
    }

    #[test]
    fn a_size_too_large_to_count_is_no_panic() {
        assert_eq!(size("99999999999999GiB"), None);
    }
}
