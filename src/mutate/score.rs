//! What became of the mutants that were tried, as lines of text and as sums.

use std::collections::BTreeMap;
use std::fmt;

use super::mutant::Mutant;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A check that is green with the healthy library failed, and said what.
    Caught,
    /// The program crashed, hung or ended early: red, but no check names the function.
    Ended,
    /// Everything stayed green.
    Survived,
    /// No probe calls the function.
    Uncalled,
}

impl Verdict {
    /// All, by their words.
    const ALL: [(&'static str, Self); 4] = [
        ("caught", Self::Caught),
        ("ended", Self::Ended),
        ("survived", Self::Survived),
        ("uncalled", Self::Uncalled),
    ];

    /// Whether a run would be red.
    #[must_use]
    pub fn is_red(self) -> bool {
        matches!(self, Self::Caught | Self::Ended)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(_, verdict)| verdict == self).map_or("", |(word, _)| word))
    }
}

/// A mutant that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Which.
    pub mutant: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The probe and the check that saw it, and what that said.
    pub by: String,
}

impl Trial {
    /// One line: `MUTANT<tab>VERDICT<tab>BY`.
    #[must_use]
    pub fn line(&self) -> String {
        let by: String =
            self.by.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        format!("{}\t{}\t{by}\n", self.mutant, self.verdict)
    }

    /// Reads such a line; none where it was cut short.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let mut parts = line.strip_suffix('\n')?.split('\t');
        let (mutant, verdict, by) = (parts.next()?, parts.next()?, parts.next()?);
        let (_, verdict) = Verdict::ALL.iter().find(|(word, _)| *word == verdict)?;
        Some(Self { mutant: mutant.to_owned(), verdict: *verdict, by: by.to_owned() })
    }
}

/// Red ones of all that were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Red.
    pub red: usize,
    /// Red by a check of their own.
    pub named: usize,
    /// All.
    pub all: usize,
}

impl Sum {
    fn add(&mut self, verdict: Verdict) {
        self.all += 1;
        self.red += usize::from(verdict.is_red());
        self.named += usize::from(verdict == Verdict::Caught);
    }
}

/// The sums of many trials.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Of all.
    pub whole: Sum,
    /// By operator, the parameter left out; those of Fortran by their binding.
    pub operators: BTreeMap<String, Sum>,
    /// By function and operator.
    pub cells: BTreeMap<(String, String), Sum>,
}

impl Score {
    /// Adds up.
    #[must_use]
    pub fn new<'t>(trials: impl IntoIterator<Item = (&'t Mutant, Verdict)>) -> Self {
        let mut score = Self::default();
        for (mutant, verdict) in trials {
            let operator = mutant.operator.split('(').next().unwrap_or_default();
            let operator = match mutant.binding {
                super::Binding::C => operator.to_owned(),
                binding => format!("{} {operator}", binding.word()),
            };
            score.whole.add(verdict);
            score.operators.entry(operator.clone()).or_default().add(verdict);
            score.cells.entry((mutant.function.clone(), operator)).or_default().add(verdict);
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutate::Binding;

    #[test]
    fn a_line_comes_back_as_it_was_written_and_half_a_line_does_not() {
        let trial = Trial {
            mutant: "MPI_Bcast flip count>=64".into(),
            verdict: Verdict::Caught,
            by: "mpi/x: y\tz".into(),
        };
        let line = trial.line();
        assert_eq!(Trial::read(&line), Some(Trial { by: "mpi/x: y z".into(), ..trial }));
        for end in 0..line.len() {
            assert_eq!(Trial::read(&line[..end]), None);
        }
    }

    #[test]
    fn sums_are_by_operator_and_function() {
        let mutant = |operator: &str, binding| Mutant {
            binding,
            function: "MPI_X".into(),
            operator: operator.into(),
            gate: String::new(),
        };
        let mutants =
            [mutant("lie(a)", Binding::C), mutant("lie(b)", Binding::C), mutant("nothing", Binding::Mpi)];
        let verdicts = [Verdict::Caught, Verdict::Survived, Verdict::Ended];
        let score = Score::new(mutants.iter().zip(verdicts));
        assert_eq!(score.whole, Sum { red: 2, named: 1, all: 3 });
        assert_eq!(score.operators["lie"], Sum { red: 1, named: 1, all: 2 });
        assert_eq!(score.operators["mpi nothing"], Sum { red: 1, named: 0, all: 1 });
    }
}
