//! Numbers, marks and names as the page writes them.

use maud::{Markup, html};

use crate::report::record::CaseRecord;
use crate::verdict::check::Outcome;

/// The class that gives an outcome its colour.
#[must_use]
pub fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Skipped => "skipped",
        Outcome::Error => "error",
        Outcome::Failed => "failed",
    }
}

/// The sign of an outcome: it must be told apart without colours.
#[must_use]
pub fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✓",
        Outcome::Skipped => "–",
        Outcome::Error => "!",
        Outcome::Failed => "✗",
    }
}

/// The sign, read aloud as its word.
#[must_use]
pub fn mark(outcome: Outcome) -> Markup {
    html! {
        span.mark.(class(outcome)) { span aria-hidden="true" { (sign(outcome)) } span.aloud { (outcome) " " } }
    }
}

/// `30,000`
#[must_use]
pub fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 check`, `30,000 checks`
#[must_use]
pub fn many(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// `0.04 s`, `12 s`, `3 min 5 s`, `2 h 4 min`
#[must_use]
pub fn seconds(value: f64) -> String {
    let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
    let whole = std::time::Duration::try_from_secs_f64(value.round()).unwrap_or_default().as_secs();
    match value {
        ..0.0095 => format!("{:.0} ms", value * 1000.0),
        ..9.995 => format!("{value:.2} s"),
        ..99.95 => format!("{value:.1} s"),
        ..3599.5 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `512 MiB`, `23.5 GiB`
#[must_use]
pub fn bytes(count: u64) -> String {
    let mut unit = 0;
    let mut rest = count;
    while rest >= 10_240 && unit < 4 {
        rest /= 1024;
        unit += 1;
    }
    if rest >= 1024 && unit < 4 {
        return format!("{}.{} {}", rest / 1024, rest % 1024 * 10 / 1024, UNITS[unit + 1]);
    }
    format!("{rest} {}", UNITS[unit])
}

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// `rma n=4`
#[must_use]
pub fn probe(case: &CaseRecord) -> String {
    let ranks = case.owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    format!("{}{ranks}", case.owed.probe)
}

/// The toolchain, or that there is none.
#[must_use]
pub fn toolchain(name: &str) -> &str {
    if name.is_empty() { "no toolchain" } else { name }
}

/// `22 Nov 2026, 08:04 UTC` of an RFC 3339 time; what is none is shown as it is.
#[must_use]
pub fn moment(text: &str) -> String {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    use time::macros::{format_description, offset};
    let format = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(|time| time.to_offset(offset!(UTC)).format(&format).ok())
        .unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.0, 0.0012, 0.0411, 9.994, 12.34, 185.0, 7470.0, f64::NAN].map(seconds),
            ["0 ms", "1 ms", "0.04 s", "9.99 s", "12.3 s", "3 min 5 s", "2 h 4 min", "0 ms"]
        );
        assert_eq!(
            [900, 2048, 23_003_136, 25_276_502_016].map(bytes),
            ["900 B", "2.0 KiB", "21 MiB", "23 GiB"]
        );
        assert_eq!(moment("2026-11-22T09:04:16+01:00"), "22 Nov 2026, 08:04 UTC");
        assert_eq!(moment("<b>"), "<b>");
    }
}
