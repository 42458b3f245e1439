//! What is kept of a case: its record, its output, and a script that does it again.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use super::case::{Built, Done, Group};
use super::session::Session;
use crate::report::record::{CaseRecord, CommandRecord};
use crate::report::repro::Repro;
use crate::report::results::write_repro;
use crate::report::text::{clean, head_and_tail};
use crate::run::plan::Case;
use crate::run::stage::base;
use crate::stack::toolchain::Toolchain;
use crate::verdict::check::{Check, Outcome};
use crate::verdict::judge::{self, Step};

/// What of an output goes into a case's record.
const KEPT: usize = 24 << 10;

impl Group<'_> {
    /// Records a case.
    pub(super) fn close(
        &self,
        case: &Case,
        checks: Vec<Check>,
        steps: &[&Step],
        seconds: f64,
        earlier: Vec<Check>,
    ) {
        let mut record = self.session.record(case, checks);
        record.seconds = seconds;
        record.earlier = earlier;
        record.commands = steps.iter().map(|step| command_record(step)).collect();
        Session::describe(&mut record, self.toolchain);
        keep_output(&mut record, steps);
        if matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
            record.environment = changes(self.toolchain);
        }
        if !steps.is_empty() {
            record.log = format!("logs/{}.log", case.id);
        }
        self.session.finish(record);
    }
}

impl Built<'_> {
    /// Leaves a script that does the case again without stackprobe. That it cannot be written is no verdict.
    pub(super) fn keep_repro(&self, case: &Case, checks: &[Check], done: &[&Done]) {
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
        let _ = write_repro(&group.session.flags.results, &case.id, &repro.script());
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

/// A case that did not pass keeps the head and tail of what its commands said.
fn keep_output(record: &mut CaseRecord, steps: &[&Step]) {
    if !matches!(record.outcome(), Outcome::Failed | Outcome::Error) {
        return;
    }
    let mut output = String::new();
    for step in steps.iter().rev().take(2).rev() {
        for captured in [&step.executed.stdout, &step.executed.stderr] {
            output.push_str(&judge::text(captured));
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
