//! The exit codes of each verb, as its help and its man page have them.

/// An exit code, and what it means for this verb.
pub(super) type Code = (&'static str, &'static str);

/// Those that every verb has; a verb may word them for itself.
const USUAL: [Code; 4] = [
    ("2", "the command line, or a file that it names, is wrong"),
    ("70", "a fault in stackprobe itself"),
    ("75", "it cannot be done now; another try may succeed"),
    ("78", "it cannot be done until the pod spec or the site changes"),
];

const STOPPED: [Code; 2] = [
    ("130", "interrupted; the partial report is written"),
    ("143", "asked to stop; the partial report is written"),
];

pub(super) const RUN: &[Code] = &[
    ("0", "all that was owed passed, or was skipped with a reason"),
    ("1", "at least one check failed: the stack is wrong"),
    ("3", "nothing was tested: an empty selection is never green"),
    ("75", "nothing failed, but something could not be determined; another try may succeed"),
    ("78", "nothing failed, but something cannot be determined until the pod spec or the site changes"),
    STOPPED[0],
    STOPPED[1],
];
pub(super) const SUBMIT: &[Code] = &[
    ("0", "submitted; with --wait, all that was owed passed, or was skipped with a reason"),
    ("1", "with --wait, at least one check failed"),
    ("3", "nothing is selected, or nothing was tested"),
    ("75", "the scheduler cannot take it now, or something could not be determined; another try may succeed"),
    ("130", "interrupted; what was submitted is cancelled, and the partial report is written"),
    ("143", "asked to stop; what was submitted is cancelled, and the partial report is written"),
];
pub(super) const LIST: &[Code] = &[("0", "printed"), ("3", "nothing is selected")];
pub(super) const DISCOVER: &[Code] = &[("0", "printed"), ("3", "there is no toolchain")];
pub(super) const DOCTOR: &[Code] = &[
    ("0", "this pod is fit"),
    ("3", "nothing is selected"),
    ("75", "it is not fit now; another try may find it well"),
    ("78", "it is not fit until a spec changes"),
];
pub(super) const REPORT: &[Code] = &[
    ("0", "all that was owed passed, or was skipped with a reason"),
    ("1", "at least one check failed"),
    ("3", "nothing was tested, or the filter takes nothing"),
    ("75", "nothing failed, but something is missing or could not be determined; another try may succeed"),
    ("78", "nothing failed, but something cannot be determined until the pod spec or the site changes"),
];
pub(super) const COMPARE: &[Code] = &[
    ("0", "nothing turned red"),
    ("1", "a check newly failed"),
    ("3", "the runs have no case in common"),
    ("75", "nothing newly failed, but a check newly ended in an error, or an input could not be read"),
];
pub(super) const GATE: &[Code] = &[
    ("0", "it may go live"),
    ("1", "it must not"),
    ("3", "nothing was tested"),
    ("75", "it cannot be determined"),
];
pub(super) const HISTORY: &[Code] = &[("0", "printed"), ("3", "the history tells of no such case")];
pub(super) const PROMOTE: &[Code] = &[
    ("0", "it is live"),
    ("1", "it is not: the gate did not say yes for exactly this stack, or the smoke run failed"),
];
pub(super) const ROLLBACK: &[Code] = &[
    ("0", "the link leads to the release before"),
    ("1", "the stack of that release is not there; nothing was switched"),
    ("3", "there is nothing to go back to"),
];
pub(super) const RELEASES: &[Code] =
    &[("0", "all is well"), ("1", "a release is not as it was promoted"), ("3", "there is none")];
pub(super) const PRUNE: &[Code] = &[("0", "what may go is gone, or was printed")];
pub(super) const STACK: &[Code] = &[
    ("0", "all that was looked at agrees"),
    ("1", "something does not"),
    ("3", "nothing is installed, or nothing is called so"),
    ("75", "nothing disagrees, but something cannot be looked at; another try may succeed"),
    ("78", "nothing disagrees, but something cannot be looked at until the pod spec or the site changes"),
];
pub(super) const DIAGNOSE: &[Code] = &[("0", "printed, also where no cause is known")];
pub(super) const SHELL: &[Code] = &[
    ("N", "the exit status of the shell or the command"),
    ("1", "the modules do not load"),
    ("3", "no toolchain of the stack matches"),
];
pub(super) const MUTATE: &[Code] = &[
    ("0", "every fault that was tried was caught"),
    ("1", "one was not, or the modules do not load"),
    ("3", "no fault was tried"),
    STOPPED[0],
    STOPPED[1],
];
pub(super) const EXPLAIN: &[Code] = &[("0", "printed"), ("3", "nothing is called or worded so")];
pub(super) const PRINTED: &[Code] = &[("0", "printed")];
pub(super) const WRITTEN: &[Code] = &[("0", "printed or written")];

/// What stands below the flags of a verb: examples, then exit codes.
pub(super) fn after(examples: &str, own: &[Code]) -> String {
    let usual = USUAL.iter().filter(|(code, _)| own.iter().all(|(other, _)| other != code));
    let mut codes: Vec<&Code> = own.iter().chain(usual).collect();
    codes.sort_by_key(|(code, _)| code.parse::<u8>().unwrap_or(0));
    let lines: Vec<String> = codes.iter().map(|(code, meaning)| format!("  {code:>3}  {meaning}")).collect();
    format!("{examples}\n\nExit codes:\n{}", lines.join("\n"))
}
