//! What a rule may ask about the evidence, beside its text: `shm-free < 8MiB per rank`, `mpi openmpi < 5`.
//!
//! | condition | holds when |
//! |---|---|
//! | `shm-writable`, `not shm-writable`, `launched`, `timed-out` … | a yes-or-no fact is known to be so |
//! | `shm-free < shm-needed`, `cpus >= 4`, `exit = 243`, `ranks > cpus` … | both numbers are known and so related |
//! | `shm-free < 6MiB per rank` | the same, times the number of ranks |
//! | `denied clone3`, `allowed clone3` | the system call was tried, and was refused or worked |
//! | `leaked PMI_PORT`, `leaked SLURM_*` | such a variable of the pod reached the process |
//! | `[not] mpi openmpi >= 5`, `[not] compiler llvm` | the loaded module is known, and is (not) of that range |
//!
//! What is not known makes no condition hold, not even a negated one.

use crate::document::{Table, nearest};
use crate::suite::requirement::{module_is, size};
use crate::suite::version::Range;
use crate::verdict::evidence::{Evidence, FLAGS, NUMBERS};

/// One condition, read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    text: String,
    not: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// An index of [`FLAGS`].
    Flag(usize),
    /// An index of [`NUMBERS`], and what it is compared with.
    Number(usize, Relation, Operand),
    Denied(String),
    Allowed(String),
    Leaked(String),
    Mpi(String, Range),
    Compiler(String, Range),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    Amount(u64),
    PerRank(u64),
    Number(usize),
}

impl Condition {
    /// Reads one condition.
    ///
    /// # Errors
    /// One line on what was wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all: Vec<&str> = text.split_whitespace().collect();
        let (not, asked) = match all.as_slice() {
            ["not", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let question = match asked {
            ["denied", call] if !not => Test::Denied((*call).to_owned()),
            ["allowed", call] if !not => Test::Allowed((*call).to_owned()),
            ["leaked", name] if !not => Test::Leaked((*name).to_owned()),
            ["mpi", family, range @ ..] => Test::Mpi((*family).to_owned(), Range::parse(&range.join(" "))?),
            ["compiler", family, range @ ..] => {
                Test::Compiler((*family).to_owned(), Range::parse(&range.join(" "))?)
            }
            [name] => Test::Flag(flag(name)?),
            [name, relation, operand @ ..] if !not => {
                let number = number(name).ok_or_else(|| unknown(name))?;
                Test::Number(number, Relation::parse(relation)?, Operand::parse(operand)?)
            }
            _ => return Err(format!("cannot read the condition `{text}`")),
        };
        Ok(Self { text: words_of(text), not, test: question })
    }

    /// Reads several conditions, joined by `and`.
    ///
    /// # Errors
    /// One line on the first that cannot be read.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        text.split(" and ").map(Self::parse).collect()
    }

    /// Whether this is known to be so.
    #[must_use]
    pub fn holds(&self, evidence: &Evidence<'_>) -> bool {
        self.truth(evidence).is_some_and(|truth| truth != self.not)
    }

    fn truth(&self, evidence: &Evidence<'_>) -> Option<bool> {
        let facts = evidence.facts;
        Some(match &self.test {
            Test::Flag(index) => FLAGS[*index].1(evidence)?,
            Test::Number(index, relation, operand) => {
                relation.holds(NUMBERS[*index].1(evidence)?, operand.value(evidence)?)
            }
            Test::Denied(call) => facts.denied.contains(call),
            Test::Allowed(call) => facts.allowed.contains(call),
            Test::Leaked(pattern) => {
                facts.leaked.as_ref()?.iter().any(|name| match pattern.strip_suffix('*') {
                    Some(prefix) => name.starts_with(prefix),
                    None => name == pattern,
                })
            }
            Test::Mpi(family, range) => is(evidence.mpi?, family, range)?,
            Test::Compiler(family, range) => is(evidence.compiler?, family, range)?,
        })
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Relation {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            "=" => Self::Equal,
            ">=" => Self::GreaterOrEqual,
            ">" => Self::Greater,
            _ => return Err(format!("`{text}` must be one of < <= = >= >")),
        })
    }

    fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::GreaterOrEqual => left >= right,
            Self::Greater => left > right,
        }
    }
}

impl Operand {
    fn parse(words: &[&str]) -> Result<Self, String> {
        let wanted = |word: &str| {
            format!("`{word}` is neither a number, nor a size such as 64MiB, nor a fact that is counted")
        };
        match words {
            [amount, "per", "rank"] => size(amount).map(Self::PerRank).ok_or_else(|| wanted(amount)),
            [word] => match (number(word), size(word)) {
                (Some(index), _) => Ok(Self::Number(index)),
                (None, Some(amount)) => Ok(Self::Amount(amount)),
                (None, None) => Err(wanted(word)),
            },
            _ => Err(wanted(&words.join(" "))),
        }
    }

    fn value(&self, evidence: &Evidence<'_>) -> Option<u64> {
        match self {
            Self::Amount(amount) => Some(*amount),
            Self::PerRank(amount) => amount.checked_mul(u64::from(evidence.ranks?)),
            Self::Number(index) => NUMBERS[*index].1(evidence),
        }
    }
}

/// Whether a module is of a family and range; a module without a version may be of any.
fn is(module: (&str, &str), family: &str, range: &Range) -> Option<bool> {
    let (name, version) = module;
    if name == family && version.is_empty() && *range != Range::default() {
        return None;
    }
    Some(module_is(name, version, family, range))
}

fn flag(name: &str) -> Result<usize, String> {
    FLAGS.iter().position(|(known, _)| *known == name).ok_or_else(|| unknown(name))
}

fn number(name: &str) -> Option<usize> {
    NUMBERS.iter().position(|(known, _)| *known == name)
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> =
        FLAGS.iter().map(|(name, _)| *name).chain(NUMBERS.iter().map(|(name, _)| *name)).collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("no fact is called `{name}`: did you mean `{near}`?"),
        None => format!("no fact is called `{name}`: facts are {}", known.join(", ")),
    }
}

fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The conditions of a table's `when`.
pub(super) fn conditions(table: &mut Table<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for text in table.one_or_more_strings("when").unwrap_or_default() {
        match Condition::parse_all(&text.value) {
            Ok(more) => conditions.extend(more),
            Err(fault) => table.fault(fault, text.span),
        }
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::evidence::Facts;

    fn holds(text: &str, evidence: &Evidence<'_>) -> bool {
        Condition::parse(text).unwrap().holds(evidence)
    }

    #[test]
    fn what_is_not_known_makes_no_condition_hold() {
        let facts = Facts::default();
        let evidence = Evidence::new(b"", &facts);
        for text in [
            "shm-writable",
            "not shm-writable",
            "shm-free < shm-needed",
            "shm-free >= shm-needed",
            "leaked SLURM_*",
            "denied clone3",
            "allowed clone3",
            "mpi openmpi",
            "not mpi openmpi",
            "ranks > cpus",
            "exit = 0",
        ] {
            assert!(!holds(text, &evidence), "{text}");
        }
    }

    #[test]
    fn what_is_known_decides() {
        let facts = Facts {
            shm_writable: Some(false),
            shm_free: Some(40 << 20),
            shm_needed: Some(64 << 20),
            cpus: Some(2),
            denied: vec!["clone3".into()],
            leaked: Some(vec!["SLURM_JOB_ID".into()]),
            ..Facts::default()
        };
        let evidence = Evidence {
            ranks: Some(8),
            exit: Some(243),
            mpi: Some(("openmpi", "4.1.4")),
            launched: true,
            ..Evidence::new(b"", &facts)
        };
        for text in [
            "not shm-writable",
            "shm-free < shm-needed",
            "shm-free < 6MiB per rank",
            "shm-free = 40MiB",
            "ranks > cpus",
            "leaked SLURM_*",
            "denied clone3",
            "mpi openmpi < 5",
            "not mpi mpich",
            "not mpi openmpi >= 5",
            "exit = 243",
            "launched",
            "not timed-out",
            "silent",
        ] {
            assert!(holds(text, &evidence), "{text}");
        }
        let nameless = Evidence { mpi: Some(("openmpi", "")), ..evidence };
        assert!(holds("mpi openmpi", &nameless) && !holds("mpi openmpi < 5", &nameless));
        for text in
            ["shm-writable", "shm-free < 4MiB per rank", "leaked PMI_*", "allowed clone3", "mpi openmpi >= 5"]
        {
            assert!(!holds(text, &evidence), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_was_wanted() {
        let told = |text| Condition::parse(text).unwrap_err();
        assert_eq!(told("shm-fre < 1MiB"), "no fact is called `shm-fre`: did you mean `shm-free`?");
        assert!(told("weather").starts_with("no fact is called `weather`: facts are shm-exists, "));
        assert_eq!(told("shm-free ~ 1MiB"), "`~` must be one of < <= = >= >");
        assert!(told("shm-free < 1MB").starts_with("`1MB` is neither a number"));
        assert!(told("not shm-free < 1MiB").starts_with("cannot read the condition"));
        assert!(told("").starts_with("cannot read the condition"));
        assert!(told("mpi openmpi 5").contains("must begin with one of"));
    }
}
