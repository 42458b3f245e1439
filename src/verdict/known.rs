//! Failures that the site knows of: skipped with their reason while they last, red once they are over.

use time::Date;

use crate::suite::site::{ExcusedCheck, Known};
use crate::verdict::check::{Check, Outcome};

/// The kind of a check that the site excuses.
pub const KNOWN: &str = "known";

/// Applies the site's known issues to the checks of one case.
///
/// An issue whose day is over excuses nothing. An issue that matches checks of this case, none of which failed, is
/// itself a failure: it hides nothing any more and must go.
pub fn excuse(known: &[Known], case: ExcusedCheck<'_>, checks: &mut [Check], today: Date) {
    for issue in known {
        let matching = |check: &Check| issue.matches(ExcusedCheck { check: &check.name, ..case });
        let failing = |check: &Check| matches!(check.outcome, Outcome::Failed | Outcome::Error);
        let excused = checks.iter().any(|check| matching(check) && failing(check));
        let passed = checks.iter().any(|check| matching(check) && check.outcome == Outcome::Passed);
        for check in checks.iter_mut().filter(|check| matching(check)) {
            if excused && failing(check) {
                if issue.is_over(today) {
                    check.reason = format!("{} (known until {}: {})", check.reason, day(issue), issue.reason);
                } else {
                    let detail = format!("{}\n{}", check.told(), check.detail);
                    detail.trim_end().clone_into(&mut check.detail);
                    check.command.clear();
                    check.reason = format!("known issue: {} ({})", issue.reason, issue.reference);
                    check.outcome = Outcome::Skipped;
                    KNOWN.clone_into(&mut check.kind);
                }
            } else if !excused && passed && check.outcome == Outcome::Passed {
                check.outcome = Outcome::Failed;
                "known.passes".clone_into(&mut check.kind);
                check.reason = format!(
                    "passes now, so take this known issue away: {} ({})",
                    issue.reason, issue.reference
                );
                break;
            }
        }
    }
}

fn day(issue: &Known) -> String {
    issue.until.map_or_else(|| "for ever".to_owned(), |until| until.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Source;
    use crate::suite::site::Site;
    use time::macros::date;

    fn excused(checks: &mut [Check], today: Date) {
        let text = "[[known]]\nmatch = { suite = \"mpi\", check = \"ca*\" }\nreason = \"broken\"\nref = \"T-1\"\n\
                    until = \"2026-12-31\"\n";
        let site = Site::parse(&Source::new("s", text)).unwrap();
        let case = ExcusedCheck { suite: "mpi", probe: "rma", check: "", toolchain: "gcc/12 openmpi/4" };
        excuse(&site.known, case, checks, today);
    }

    fn failed(name: &str) -> Check {
        Check::not_passed(name, Outcome::Failed, "tap.not-ok", "wrong sum")
    }

    #[test]
    fn a_known_failure_is_skipped_with_its_reason_and_nothing_else_is() {
        let mut checks = [failed("cas"), failed("put")];
        excused(&mut checks, date!(2026 - 11 - 22));
        assert_eq!(checks[0].outcome, Outcome::Skipped);
        assert_eq!(checks[0].reason, "known issue: broken (T-1)");
        assert_eq!(checks[1].outcome, Outcome::Failed);
    }

    #[test]
    fn it_is_red_again_once_its_day_is_over_or_it_passes() {
        let mut checks = [failed("cas")];
        excused(&mut checks, date!(2027 - 01 - 01));
        assert_eq!(checks[0].outcome, Outcome::Failed);
        let mut checks = [Check::passed("cas"), Check::passed("cas2")];
        excused(&mut checks, date!(2026 - 11 - 22));
        assert_eq!(checks[0].kind, "known.passes");
        assert_eq!(checks[1].outcome, Outcome::Passed);
    }
}
