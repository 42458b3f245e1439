//! From what the commands of a case did to the outcome of every check.

use nix::sys::signal::Signal;

use crate::run::outcome::{Ended, Executed, Limit};
use crate::suite::requirement::size_in_words;
use crate::suite::{End, Expect, Probe, Protocol};
use crate::verdict::check::{BUILD, CONTROL, Check, Outcome, RUN};
use crate::verdict::control::never_ran;
use crate::verdict::{stall, tap};

/// One command that was carried out.
#[derive(Clone, Debug)]
pub struct Step {
    /// The command, as a person would type it.
    pub command: String,
    /// What became of it.
    pub executed: Executed,
}

/// A TAP stream, for protocol `tap`.
pub type Tap = Option<tap::Stream>;

/// Judges a build. `None` if all commands were well.
#[must_use]
pub fn build<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Option<Check> {
    steps.into_iter().find_map(|step| {
        let (outcome, kind, reason) = fault_of_end(&step.executed, &End::AsUsual)?;
        let command = format!("{}: {}", self::ended(&step.executed.ended), step.command);
        Some(Check::not_passed(BUILD, outcome, &format!("build.{kind}"), reason).of(command))
    })
}

/// Judges a run.
#[must_use]
pub fn run(probe: &Probe, step: &Step, tap: Tap) -> Vec<Check> {
    let executed = &step.executed;
    let mut faults: Vec<(Outcome, String, String)> = Vec::new();
    let mut checks = Vec::new();
    let mut skipped = None;
    let failing_checks = match &tap {
        Some(stream) => stream.checks.iter().any(|check| check.outcome == Outcome::Failed),
        None => false,
    };
    // A TAP probe says by its exit status, too, that a check failed: that is told once, by the check.
    // How a control ends is judged by `control`: here any failure is one.
    let wanted = if probe.control { &End::AsUsual } else { &probe.expect.end };
    let end = match (wanted, probe.protocol) {
        (End::AsUsual, Protocol::Tap) if failing_checks && executed.ended == Ended::Exit(1) => None,
        (end, _) => fault_of_end(executed, end),
    };
    faults.extend(end.map(|(outcome, kind, reason)| (outcome, kind.to_owned(), reason)));
    let told = faults.iter().any(|(_, kind, _)| kind != "exit");
    if let Some(stream) = tap {
        checks = stream.checks;
        skipped = stream.skipped;
        // A probe that says why it gives up says more than its exit status or its abort.
        let died = faults.iter().all(|(_, kind, _)| kind == "exit" || kind == "signal");
        if let Some(why) = stream.bailed.filter(|_| died) {
            faults.insert(0, (Outcome::Failed, "tap.bail-out".to_owned(), why));
        }
        if !told {
            faults.extend(stream.faults.into_iter().map(|fault| (Outcome::Failed, "tap".to_owned(), fault)));
        }
    }
    if !told {
        faults.extend(unexpected(&probe.expect, executed));
        faults.extend(left_behind(executed));
    }
    // A program that asked nothing has proved nothing, however well it ended.
    if skipped.is_none() && !checks.is_empty() && checks.iter().all(|check| check.outcome == Outcome::Skipped)
    {
        skipped = Some("every check of it was skipped".to_owned());
    }
    let run = if let Some((outcome, kind, reason)) = faults.first() {
        let more: Vec<&str> = faults.iter().skip(1).map(|(_, _, reason)| reason.as_str()).collect();
        let check = Check::not_passed(RUN, *outcome, kind, reason.clone()).detail(more.join("\n"));
        let ended_badly = executed.ended != Ended::Exit(0);
        if ended_badly {
            check.of(format!("{}: {}", self::ended(&executed.ended), step.command))
        } else {
            check
        }
    } else if let Some(why) = skipped {
        Check::not_passed(RUN, Outcome::Skipped, "probe.skip", why)
    } else {
        Check::passed(RUN)
    };
    checks.insert(0, run);
    checks
}

/// Turns the checks of a control round: it passes where they fail, and only if the failure is the seeded one.
///
/// A control that could not be determined (a timeout, a full disk) stays an error; one that never ran has proved nothing.
#[must_use]
pub fn control(probe: &Probe, checks: &[Check], output: Option<&Executed>) -> Check {
    if let Some(error) = checks.iter().find(|check| check.outcome == Outcome::Error) {
        return Check { name: CONTROL.to_owned(), ..error.clone() };
    }
    let failed: Vec<&Check> = checks.iter().filter(|check| check.outcome == Outcome::Failed).collect();
    // That its output is not the seeded one says nothing of whether it failed.
    if failed.iter().all(|check| check.kind.starts_with("expect.")) {
        let reason = "the control passed: this probe cannot go red";
        return Check::not_passed(CONTROL, Outcome::Failed, "control.passed", reason);
    }
    let missed = output.and_then(|executed| {
        if let Some(why) = never_ran(probe, &failed, executed) {
            return Some((Outcome::Failed, String::new(), why));
        }
        let end = match &probe.expect.end {
            End::AsUsual => None,
            end => {
                fault_of_end(executed, end).map(|(outcome, kind, reason)| (outcome, kind.to_owned(), reason))
            }
        };
        end.or_else(|| unexpected(&probe.expect, executed).into_iter().next())
    });
    match missed {
        Some((_, _, reason)) => {
            let reason = format!("the control failed for another reason than the seeded one: {reason}");
            Check::not_passed(CONTROL, Outcome::Failed, "control.reason", reason).detail(told(&failed))
        }
        None => Check::passed(CONTROL).detail(told(&failed)),
    }
}

fn told(checks: &[&Check]) -> String {
    let lines: Vec<String> = checks.iter().map(|check| format!("{}: {}", check.name, check.reason)).collect();
    lines.join("\n")
}

fn fault_of_end(executed: &Executed, wanted: &End) -> Option<(Outcome, &'static str, String)> {
    let error = |kind, reason| Some((Outcome::Error, kind, reason));
    match (&executed.ended, wanted) {
        (Ended::Timeout, _) => {
            let seconds = executed.wall.as_secs_f64();
            let doing = stall::doing(&executed.hang).map(|doing| format!(": {doing}")).unwrap_or_default();
            error("timeout", format!("still running after {seconds:.0} s{doing}"))
        }
        (Ended::Interrupted, _) => error("interrupted", "interrupted".to_owned()),
        (Ended::Lost(why), _) => error("lost", why.clone()),
        (Ended::NotStarted { what, pod: true, .. }, _) => error("start", what.clone()),
        (Ended::NotStarted { what, .. }, _) => Some((Outcome::Failed, "start", what.clone())),
        (Ended::Limit(limit), _) => {
            let (kind, limit) = named(*limit);
            error(kind, format!("ran into its limit on {limit}"))
        }
        (Ended::Signal(9), _) if executed.oom_kills > 0 => {
            error("memory", "killed by the kernel: the pod's memory was used up".to_owned())
        }
        (Ended::Exit(0), End::AsUsual) | (Ended::Exit(1..) | Ended::Signal(_), End::NonZero) => None,
        (Ended::Exit(code), End::Exit(wanted)) if code == wanted => None,
        (Ended::Signal(signal), End::Signal(wanted)) if signal == wanted => None,
        // A launcher or shell reports the signal of its child as 128 + N.
        (Ended::Exit(code), End::Signal(wanted)) if *code == 128 + wanted => None,
        (ended, wanted) => {
            let seen = self::ended(ended);
            let kind = if matches!(ended, Ended::Signal(_)) { "signal" } else { "exit" };
            Some((
                Outcome::Failed,
                kind,
                match wanted {
                    End::AsUsual => seen,
                    End::Exit(code) => format!("{seen}, wanted exit status {code}"),
                    End::NonZero => format!("{seen}, wanted a failure"),
                    End::Signal(signal) => format!("{seen}, wanted {}", name(*signal)),
                },
            ))
        }
    }
}

/// How a command ended, in words.
#[must_use]
pub fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Exit(code) => format!("exit status {code}"),
        Ended::Signal(signal) => format!("killed by {}", name(*signal)),
        Ended::Timeout => "timeout".to_owned(),
        Ended::Limit(limit) => format!("limit on {}", named(*limit).1),
        Ended::Interrupted => "interrupted".to_owned(),
        Ended::NotStarted { .. } => "not started".to_owned(),
        Ended::Lost(_) => "lost".to_owned(),
    }
}

/// The kind of a limit, and what it is on.
fn named(limit: Limit) -> (&'static str, String) {
    match limit {
        Limit::Cpu(time) => ("limit.cpu", format!("CPU time: {} s in one process", time.as_secs_f64())),
        Limit::FileSize(bytes) => {
            ("limit.file-size", format!("the size of a file: {}", size_in_words(bytes)))
        }
        Limit::Memory(bytes) => ("limit.memory", format!("memory: {} in all", size_in_words(bytes))),
        Limit::AddressSpace(bytes) => {
            ("limit.memory", format!("address space: {} in one process", size_in_words(bytes)))
        }
    }
}

fn name(signal: i32) -> String {
    Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string())
}

fn unexpected(expect: &Expect, executed: &Executed) -> Vec<(Outcome, String, String)> {
    let mut faults = Vec::new();
    for (stream, regex, captured) in
        [("stdout", &expect.stdout, &executed.stdout), ("stderr", &expect.stderr, &executed.stderr)]
    {
        if let Some(regex) = regex
            // By a copy: the pattern would else keep what it came to know in each thread that has run its probe.
            && !regex.clone().is_match(&captured.text())
        {
            faults.push((
                Outcome::Failed,
                format!("expect.{stream}"),
                format!("{stream} does not match `{regex}`"),
            ));
        }
    }
    faults
}

fn left_behind(executed: &Executed) -> Option<(Outcome, String, String)> {
    let first = executed.leaked.first()?;
    let count = executed.leaked.len();
    let noun = if count == 1 { "process" } else { "processes" };
    Some((Outcome::Failed, "leak".to_owned(), format!("left {count} {noun} running: {}", first.command)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::output::Captured;
    use std::time::Duration;

    use crate::suite::Action;
    use crate::suite::template::Template;

    fn executed(ended: Ended, stdout: &str) -> Executed {
        Executed {
            ended,
            wall: Duration::from_secs(1),
            user: Duration::ZERO,
            system: Duration::ZERO,
            peak_memory: 0,
            stdout: Captured { head: stdout.into(), tail: Vec::new(), bytes: stdout.len() as u64 },
            stderr: Captured::default(),
            log: crate::run::output::Logged::default(),
            leaked: Vec::new(),
            remains: Vec::new(),
            hang: Vec::new(),
            oom_kills: 0,
        }
    }

    fn probe(protocol: Protocol, expect: Expect) -> Probe {
        Probe {
            name: "p".into(),
            summary: String::new(),
            why: String::new(),
            tags: Vec::new(),
            sources: Vec::new(),
            files: Vec::new(),
            build: Vec::new(),
            action: Action::Run(Template::parse("{exe}").unwrap()),
            ranks: Vec::new(),
            protocol,
            expect,
            timeout: Duration::from_secs(1),
            limits: crate::suite::limits::Limits::default(),
            slots: None,
            retries: 0,
            requires: Vec::new(),
            env: Vec::new(),
            control: false,
            launch: crate::suite::launch::Launch::Profile,
            aslr: true,
            services: Vec::new(),
            line: 1,
        }
    }

    fn judged(protocol: Protocol, expect: Expect, ended: Ended, stdout: &str) -> Vec<Check> {
        let step = Step { command: "x".into(), executed: executed(ended, stdout) };
        let tap = (protocol == Protocol::Tap).then(|| {
            let mut reader = tap::Reader::default();
            reader.add(stdout.as_bytes());
            reader.finish()
        });
        run(&probe(protocol, expect), &step, tap)
    }

    fn outcomes(checks: &[Check]) -> Vec<Outcome> {
        checks.iter().map(|check| check.outcome).collect()
    }

    #[test]
    fn the_exit_status_always_counts() {
        use Outcome::{Error, Failed, Passed};
        let exit = |code| Ended::Exit(code);
        for (end, ended, wanted) in [
            (End::AsUsual, exit(0), Passed),
            (End::AsUsual, exit(3), Failed),
            (End::AsUsual, Ended::Signal(11), Failed),
            (End::Exit(3), exit(3), Passed),
            (End::Exit(3), exit(0), Failed),
            (End::NonZero, exit(0), Failed),
            (End::NonZero, Ended::Signal(6), Passed),
            (End::Signal(11), exit(139), Passed),
            (End::Signal(11), exit(1), Failed),
            (End::NonZero, Ended::Timeout, Error),
        ] {
            let expect = Expect { end: end.clone(), ..Expect::default() };
            let checks = judged(Protocol::Exit, expect, ended.clone(), "OK\n");
            assert_eq!(outcomes(&checks), [wanted], "{end:?} {ended:?}");
        }
    }

    #[test]
    fn a_clean_stream_with_a_bad_end_is_red() {
        let checks = judged(Protocol::Tap, Expect::default(), Ended::Signal(11), "1..1\nok 1 - a\n");
        assert_eq!(outcomes(&checks), [Outcome::Failed, Outcome::Passed]);
        assert_eq!(checks[0].reason, "killed by SIGSEGV");
    }

    #[test]
    fn a_failed_check_is_told_once() {
        let checks = judged(Protocol::Tap, Expect::default(), Ended::Exit(1), "1..1\nnot ok 1 - a\n");
        assert_eq!(outcomes(&checks), [Outcome::Passed, Outcome::Failed]);
    }

    #[test]
    fn a_control_passes_only_by_the_seeded_failure() {
        let expect = Expect { stdout: Some(regex::Regex::new("seeded").unwrap()), ..Expect::default() };
        let probe = probe(Protocol::Tap, expect);
        let verdict = |stdout: &str, ended: Ended| {
            let step = Step { command: "x".into(), executed: executed(ended, stdout) };
            let mut reader = tap::Reader::default();
            reader.add(stdout.as_bytes());
            let checks = run(&probe, &step, Some(reader.finish()));
            control(&probe, &checks, Some(&step.executed))
        };
        assert_eq!(verdict("1..1\nnot ok 1 - seeded\n", Ended::Exit(1)).outcome, Outcome::Passed);
        assert_eq!(verdict("1..1\nnot ok 1 - other\n", Ended::Exit(1)).kind, "control.reason");
        assert_eq!(verdict("1..1\nok 1 - seeded\n", Ended::Exit(0)).kind, "control.passed");
        assert_eq!(verdict("1..1\nnot ok 1 - seeded\n", Ended::Timeout).outcome, Outcome::Error);
    }
}
