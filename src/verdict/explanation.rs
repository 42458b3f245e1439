//! A rule in words, for `stackprobe explain`.

use std::fmt;

use crate::verdict::normalise::Plain;
use crate::verdict::rule::{Judgement, Rule};
use crate::verdict::terms::{Blame, Weight};

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.blame.map_or("unknown", Blame::word))?;
        for (index, condition) in self.when.iter().enumerate() {
            write!(f, " {} {condition}", if index == 0 { "if" } else { "and" })?;
        }
        Ok(())
    }
}

/// Whether another try may help, in words; by whose fault it is, where that differs.
fn retry(faults: &[Option<Blame>], may: impl Fn(Option<Blame>) -> bool) -> &'static str {
    let (yes, no) = (faults.iter().any(|fault| may(*fault)), faults.iter().any(|fault| !may(*fault)));
    match (yes, no) {
        (true, true) => "may help, but not where the pod is at fault",
        (true, false) => "may help (75)",
        (false, _) => "does not help: the pod spec or the site must change (78)",
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (layer: {}, weight: {})", self.id, self.layer.word(), self.weight.word())?;
        writeln!(f, "  cause  {}", self.cause)?;
        writeln!(f, "  fix    {}", self.fix)?;
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        let faults = if faults.is_empty() { "nobody's".to_owned() } else { faults.join(", else ") };
        writeln!(f, "  fault  {faults}")?;
        if self.weight != Weight::Noise {
            let blames = self.faults.iter().map(|judgement| judgement.blame).chain([None]);
            let faults: Vec<Option<Blame>> = blames.take(self.faults.len().max(1)).collect();
            writeln!(f, "  retry  {}", retry(&faults, |fault| self.retry(fault)))?;
        }
        for condition in &self.when {
            writeln!(f, "  only if {condition}")?;
        }
        if self.preflight {
            writeln!(f, "  found by `stackprobe doctor`, and by `run` before it starts a case")?;
        }
        for line in self.spec.iter().flat_map(|spec| spec.lines()) {
            writeln!(f, "    {line}")?;
        }
        for sample in &self.samples {
            writeln!(f, "  such as: {}", Plain::new(sample.as_bytes()).text.trim_end())?;
        }
        writeln!(f, "  {}:{}", self.source.path.display(), self.source.position(self.span.start).0)
    }
}
