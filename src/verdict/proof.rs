//! Whether every rule recognises its own samples. Only compiling every pattern can show it.

use crate::error::{Error, Fault, Kind};
use crate::verdict::normalise::Plain;
use crate::verdict::rule::{Pattern, build, placeholders};
use crate::verdict::rules::Rules;

impl Rules {
    /// Compiles every pattern and tries every sample.
    ///
    /// # Errors
    /// Patterns that cannot be compiled, samples that no pattern matches, patterns that match no sample, and
    /// `{names}` that a pattern does not capture.
    pub fn prove(&self) -> Result<(), Error> {
        let mut faults: Vec<Fault> = self.tellings.unreadable().collect();
        for rule in self.iter() {
            let samples: Vec<Plain> =
                rule.samples.iter().map(|sample| Plain::new(sample.as_bytes())).collect();
            for pattern in &rule.patterns {
                let fault = |what: String| Fault::new(what).at(&rule.source, pattern.span.clone());
                let regex = match build(&pattern.text) {
                    Ok(regex) => regex,
                    Err(error) => {
                        faults.push(fault(format!(
                            "cannot read the pattern: {}",
                            last_line(&error.to_string())
                        )));
                        continue;
                    }
                };
                for name in placeholders(&rule.cause).chain(placeholders(&rule.fix)) {
                    if !regex.capture_names().flatten().any(|known| known == name) {
                        faults.push(
                            fault(format!(
                                "`{}` speaks of `{{{name}}}`, which this pattern does not capture",
                                rule.id
                            ))
                            .hint(format!("write the group as (?<{name}>…)")),
                        );
                    }
                }
                if !samples.iter().any(|sample| regex.is_match(sample.text.as_bytes())) {
                    faults.push(fault(format!("no sample of `{}` is matched by this pattern", rule.id)));
                }
            }
            let matched = |sample: &Plain| {
                rule.patterns
                    .iter()
                    .filter_map(Pattern::regex)
                    .any(|regex| regex.is_match(sample.text.as_bytes()))
            };
            for (text, _) in rule.samples.iter().zip(&samples).filter(|(_, sample)| !matched(sample)) {
                faults.push(
                    Fault::new(format!("no pattern of `{}` matches its sample `{text}`", rule.id))
                        .at(&rule.source, rule.span.clone()),
                );
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::of(Kind::Data, faults)) }
    }
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ")
}
