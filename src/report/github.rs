//! What GitHub Actions shows beside its log: annotations, and a page for the step. Pure.
//!
//! A step shows ten annotations of a kind and drops the rest without a word, so one annotation stands for one cause, and
//! the last one says how many there are beyond it. A step's page may have 1 MiB; what is larger is dropped whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::report::account::Account;
use crate::report::cause::{Cause, causes};
use crate::report::counts::Counts;
use crate::report::text::{clean, head_and_tail, line, many, no_command};
use crate::verdict::check::Outcome;

/// Annotations of one kind that a step shows.
const SHOWN: usize = 10;
/// Causes that the page tells of, and toolchains in its table.
const TOLD: usize = 50;
const ROWS: usize = 200;
/// Bytes of the output of one case on the page.
const OUTPUT: usize = 8 << 10;

/// An annotation for every cause, the stack's failures first, as the log lines that make them.
///
/// Whether a suite's file is part of the checked-out repository is asked of `is_here`.
#[must_use]
pub fn annotations(account: &Account, is_here: &dyn Fn(&Path) -> bool) -> String {
    let causes = causes(account);
    let told = if causes.len() > SHOWN { SHOWN - 1 } else { causes.len() };
    let mut text = String::new();
    for cause in &causes[..told] {
        let title = line(&title(cause), 200);
        let _ = writeln!(
            text,
            "::{} {}title={}::{}",
            level(cause.outcome),
            place(cause, is_here),
            property(&title),
            data(&message(cause))
        );
    }
    if let Some(next) = causes.get(told) {
        let more = causes.len() - told;
        let checks: usize = causes[told..].iter().map(|cause| cause.reds.len()).sum();
        let _ = writeln!(
            text,
            "::{} title=stackprobe::and {more} other causes of {checks} checks that did not pass: see the report",
            level(next.outcome)
        );
    }
    text
}

/// What is wrong is an error; what could not be determined is a warning.
fn level(outcome: Outcome) -> &'static str {
    if outcome == Outcome::Failed { "error" } else { "warning" }
}

fn title(cause: &Cause<'_>) -> String {
    let first = cause.reds.first().map_or_else(String::new, |red| {
        let owed = &red.told.case.owed;
        format!("{}/{} {} [{}]", owed.suite, owed.probe, red.check.name, owed.toolchain)
    });
    match cause.reds.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

/// The cause, whose fault it is, what to do.
fn message(cause: &Cause<'_>) -> String {
    let mut text = cause.title.clone();
    if let Some(said) = said(cause) {
        let _ = write!(text, "\n{said}");
    }
    if let Some(diagnosis) = cause.diagnosis {
        let _ = write!(text, "\n{}, fault: {}\nfix: {}", diagnosis.id, diagnosis.fault, diagnosis.fix);
    }
    for scope in &cause.scope {
        let _ = write!(text, "\n{scope}");
    }
    text
}

/// What the first check said, where the title is the diagnosis, and the command that said it.
fn said(cause: &Cause<'_>) -> Option<String> {
    let first = cause.reds.first()?.check;
    let told = if cause.diagnosis.is_some() { first.told() } else { first.command.clone() };
    (!told.is_empty()).then(|| line(&told, 600))
}

/// Where the probe is written, if that is a file of the repository: then a change of it carries the annotation.
fn place(cause: &Cause<'_>, is_here: &dyn Fn(&Path) -> bool) -> String {
    let Some(owed) = cause.reds.first().map(|red| &red.told.case.owed) else { return String::new() };
    if owed.file.is_empty() || !is_here(Path::new(&owed.file)) {
        return String::new();
    }
    format!("file={},line={},", property(&owed.file), owed.line)
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    no_command(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which a colon or a comma would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The step's page, in Markdown.
#[must_use]
pub fn page(account: &Account) -> String {
    let total = Counts::of(account.cases());
    let mut text = format!("### stackprobe: {} in {}\n\n", total.words(), many(account.told.len(), "case"));
    table(&mut text, account);
    let causes = causes(account);
    for cause in causes.iter().take(TOLD) {
        let _ = write!(
            text,
            "\n**{}**: {}\n\n{}\n",
            cause.outcome,
            markdown(&title(cause)),
            markdown(&cause.title)
        );
        if let Some(said) = said(cause) {
            let _ = write!(text, "\n{}\n", markdown(&said));
        }
        if let Some(diagnosis) = cause.diagnosis {
            let _ = write!(
                text,
                "\n`{}`, fault: {}. Fix: {}\n",
                diagnosis.id,
                markdown(&diagnosis.fault),
                markdown(&diagnosis.fix)
            );
            if !diagnosis.spec.is_empty() {
                let spec = clean(&diagnosis.spec);
                let fence = fence(&spec);
                let _ = write!(text, "\n{fence}yaml\n{spec}\n{fence}\n");
            }
        }
        if !cause.scope.is_empty() {
            let _ = write!(text, "\n{}\n", markdown(&cause.scope.join("; ")));
        }
        let output = cause.reds.first().map(|red| clean(&red.told.case.output)).unwrap_or_default();
        if !output.trim().is_empty() {
            let output = head_and_tail(&output, OUTPUT / 4, OUTPUT / 4 * 3);
            let fence = fence(&output);
            let _ = write!(
                text,
                "\n<details><summary>output</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
                output.trim_end()
            );
        }
    }
    if causes.len() > TOLD {
        let _ = write!(text, "\nand {} other causes: see the report\n", causes.len() - TOLD);
    }
    for note in account.notes.iter().take(TOLD) {
        let _ = write!(text, "\n> {}\n", markdown(note));
    }
    text
}

/// Toolchains by suites.
fn table(text: &mut String, account: &Account) {
    let mut suites: Vec<&str> = Vec::new();
    let mut rows: BTreeMap<&str, BTreeMap<&str, Counts>> = BTreeMap::new();
    for case in account.cases() {
        let owed = &case.owed;
        if !suites.contains(&owed.suite.as_str()) {
            suites.push(&owed.suite);
        }
        rows.entry(&owed.toolchain).or_default().entry(&owed.suite).or_default().add(case);
    }
    let names: Vec<String> = suites.iter().map(|suite| markdown(suite)).collect();
    let _ = writeln!(text, "| toolchain | {} |\n|---|{}", names.join(" | "), "---|".repeat(suites.len()));
    for (toolchain, row) in rows.iter().take(ROWS) {
        let _ = write!(text, "| {} |", markdown(toolchain));
        for suite in &suites {
            let words = row.get(suite).map(|counts| {
                let bold = if counts.worst() > Outcome::Skipped { "**" } else { "" };
                format!("{bold}{}{bold}", counts.words())
            });
            let _ = write!(text, " {} |", words.unwrap_or_default());
        }
        text.push('\n');
    }
    if rows.len() > ROWS {
        let _ = write!(text, "\nand {} other toolchains\n", rows.len() - ROWS);
    }
}

/// One line in which nothing is marked up, linked or mentioned.
fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for letter in line(text, 1000).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// More backticks than the text has in a row.
fn fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        assert_eq!(data("50% of a:b,c\r\n::error::x"), "50%25 of a:b,c%0D%0A::error::x");
        assert_eq!(property("50%, at 12:00\n"), "50%25%2C at 12%3A00%0A");
    }

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        assert_eq!(markdown("<b>|`x`_y_ @me [l](u)"), "&lt;b&gt;\\|\\`x\\`\\_y\\_ &#64;me \\[l\\](u)");
        assert_eq!(fence("a ```` b"), "`````");
        assert_eq!(fence("a"), "```");
    }
}
