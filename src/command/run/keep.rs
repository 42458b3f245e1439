//! What is kept of a case: its record, its output, and a script that does it again.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use super::case::{Built, Execution, Group};
use super::session::Session;
use crate::plan::cases::Case;
use crate::report::mask::mask;
use crate::report::record::{CaseRecord, CommandRecord};
use crate::report::repro::Repro;
use crate::report::results::write_repro;
use crate::report::text::{clean, head_and_tail};
use crate::run::output::Captured;
use crate::run::stage::base;
use crate::stack::toolchain::Toolchain;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::judge::{self, Step};

/// What of an output goes into a case's record.
const KEPT: usize = 24 << 10;
/// What of a stream is shown.
const SHOWN: usize = 64 << 10;

impl Group<'_> {
    /// Records a case.
    pub(super) fn close(
        &self,
        case: &Case,
        checks: Vec<Check>,
        steps: &[&Step],
        seconds: f64,
        earlier: Vec<Check>,
        observed: BTreeMap<String, String>,
    ) {
        let mut record = self.session.record(case, checks);
        record.seconds = seconds;
        record.earlier = earlier;
        record.observed = observed;
        record.commands = steps.iter().map(|step| command_record(step)).collect();
        Session::describe(&mut record, self.toolchain);
        keep_output(&mut record, steps);
        if matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
            record.environment = changes(self.toolchain);
        }
        if !steps.is_empty() {
            record.log = format!("logs/{}.log", case.id);
        }
        let said = if self.session.flags.verbose { said(steps) } else { String::new() };
        self.session.finish(record, said);
    }
}

/// The commands and what each of them said, for whoever wants to see it as it comes.
fn said(steps: &[&Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let executed = &step.executed;
        let _ = writeln!(text, "$ {}", step.command);
        for captured in [&executed.stdout, &executed.stderr] {
            let output = shown(captured);
            text.push_str(&head_and_tail(&clean(&output), SHOWN / 4, SHOWN / 4 * 3));
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        let _ = writeln!(text, "{}, {:.2} s", judge::ended(&executed.ended), executed.wall.as_secs_f64());
    }
    text
}

impl Built<'_> {
    /// Leaves a script that does the case again without stackprobe. That it cannot be written is no verdict.
    pub(super) fn keep_repro(&self, case: &Case, checks: &[Check], done: &[&Execution]) {
        let (Some(last), group) = (done.last(), &self.group) else { return };
        let (suite, probe, toolchain) = (group.suite(), group.probe(), group.toolchain);
        let files: Vec<&String> = probe.sources.iter().chain(&probe.files).collect();
        let read = |file: &&String| Some((base(file).to_owned(), suite.folder.read(file).ok()?.into_owned()));
        let reason = checks.iter().find(|check| check.outcome > Outcome::Skipped);
        let repro = Repro {
            title: format!("{}/{} [{}]", suite.name, probe.name, toolchain.label),
            reason: reason.map(|check| format!("{}: {}", check.name, check.reason)).unwrap_or_default(),
            modules: toolchain.loaded.iter().map(|loaded| loaded.module.to_string()).collect(),
            lmod: group.session.stack.lmod(),
            base: &toolchain.base,
            loaded: &toolchain.environment,
            case: &last.environment,
            files: files.iter().filter_map(read).collect(),
            stage: self.stage.path(),
            folders: [&last.folders[0], &last.folders[1]],
            commands: done.iter().map(|done| done.words.clone()).collect(),
            aslr: probe.aslr,
            limit: group.session.flags.timeout.unwrap_or(probe.timeout),
        };
        // A help for people: the results are whole without it.
        let _ = write_repro(&group.session.flags.select.results, &case.id, &repro.script());
    }
}

fn command_record(step: &Step) -> CommandRecord {
    let executed = &step.executed;
    CommandRecord {
        command: step.command.clone(),
        ended: judge::ended(&executed.ended),
        seconds: executed.wall.as_secs_f64(),
        cpu: (executed.user + executed.system).as_secs_f64(),
        peak_memory: executed.peak_memory,
    }
}

/// What the modules did to the environment, for whoever has to do the same by hand.
fn changes(toolchain: &Toolchain) -> BTreeMap<String, Option<String>> {
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let changes = toolchain.environment.since(&toolchain.base);
    changes.map(|(name, value)| (text(name), value.map(text))).collect()
}

/// Head and tail as people may see them: masked before they are cut to fit, and without the halves of lines at the gap,
/// which may be halves of secrets.
fn shown(captured: &Captured) -> String {
    let missing = captured.missing();
    if missing == 0 {
        return mask(&captured.text()).into_owned();
    }
    let end =
        captured.head.iter().rposition(|byte| *byte == b'\n').map_or(captured.head.len(), |end| end + 1);
    let begin = captured.tail.iter().position(|byte| *byte == b'\n').map_or(0, |begin| begin + 1);
    let left_out = missing + (captured.head.len() - end + begin) as u64;
    let (head, tail) = (&captured.head[..end], &captured.tail[begin..]);
    let text = |bytes: &[u8]| mask(&String::from_utf8_lossy(bytes)).into_owned();
    format!("{}\n[{left_out} bytes omitted]\n{}", text(head), text(tail))
}

/// A case that did not pass keeps the head and tail of what its commands said.
fn keep_output(record: &mut CaseRecord, steps: &[&Step]) {
    if !matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
        return;
    }
    let mut output = String::new();
    for step in steps.iter().rev().take(2).rev() {
        for captured in [&step.executed.stdout, &step.executed.stderr] {
            output.push_str(&shown(captured));
            if !output.is_empty() && !output.ends_with('\n') {
                output.push('\n');
            }
        }
        for process in &step.executed.hang {
            let _ = writeln!(output, "still running: {process}");
        }
        for process in &step.executed.leaked {
            let _ = writeln!(output, "left running: {process}");
        }
    }
    record.output = head_and_tail(&clean(&output), KEPT / 3, KEPT * 2 / 3);
}
