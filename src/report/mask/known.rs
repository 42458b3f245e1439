//! Secrets by their values: what was secret in the environment is masked wherever it appears, however it is written.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use regex::{Regex, RegexBuilder};

use crate::constant::packed;

use super::names::{Sure, is_harmless, is_version};
use super::span::MASK;

/// Shorter values are words that may stand anywhere.
const SHORTEST: usize = 6;
/// From here on a value is masked within other words, too.
const LONG: usize = 12;
/// A line of a longer value that is masked by itself.
const LINE: usize = 16;
/// More than this is data, not a secret.
const LONGEST: usize = 16 << 10;

/// Bytes that the pattern of all values may take.
const LARGEST: usize = 1 << 30;

/// What is known to be secret.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    values: BTreeSet<String>,
    /// Forms that count wherever they stand, and those that count as whole words only.
    anywhere: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Pieces of base64, around which more of it may stand.
    pieces: BTreeSet<String>,
    pattern: Option<Regex>,
}

impl Known {
    /// Adds a value; whether it was new and is long enough to be told from other text.
    pub(super) fn add(&mut self, sure: Sure, value: &str) -> bool {
        let value = value.trim();
        if value.len() > LONGEST || !can_be_told(sure, value) || !self.values.insert(value.to_owned()) {
            return false;
        }
        for form in forms(value) {
            let plain = form.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if plain && (form.len() < LONG || form.bytes().all(|byte| byte.is_ascii_alphabetic())) {
                self.words.insert(form);
            } else {
                self.anywhere.insert(form);
            }
        }
        for line in value.lines().map(str::trim).filter(|line| line.len() >= LINE && line.len() < value.len())
        {
            if !line.starts_with("-----") {
                self.anywhere.extend(forms(line));
            }
        }
        self.pieces.extend(pieces(value.as_bytes()));
        true
    }

    /// To be called once all is added.
    pub(super) fn compile(&mut self) {
        let quoted = |all: &BTreeSet<String>| {
            // The longest first: a part must not be found where the whole stands.
            let mut all: Vec<&String> = all.iter().collect();
            all.sort_by_key(|form| std::cmp::Reverse(form.len()));
            all.into_iter().map(|form| regex::escape(form)).collect::<Vec<_>>().join("|")
        };
        let mut parts = Vec::new();
        if !self.anywhere.is_empty() {
            parts.push(quoted(&self.anywhere));
        }
        if !self.pieces.is_empty() {
            parts.push(format!("[A-Za-z0-9+/_-]{{0,4}}(?:{})[A-Za-z0-9+/_-]{{0,4}}=*", quoted(&self.pieces)));
        }
        if !self.words.is_empty() {
            parts.push(format!(r"(?-u:\b)(?:{})(?-u:\b)", quoted(&self.words)));
        }
        // A pod may have kilobytes of secrets, each in many forms: what cannot be looked for would be shown.
        let build = || RegexBuilder::new(&parts.join("|")).size_limit(LARGEST).build().ok();
        self.pattern = (!parts.is_empty()).then(|| packed(build(), "a pattern of all secrets of this pod"));
    }

    /// Where known values stand in a text.
    pub(super) fn find<'t>(&self, text: &'t str) -> impl Iterator<Item = Range<usize>> + use<'_, 't> {
        self.pattern.iter().flat_map(move |pattern| pattern.find_iter(text)).map(|found| found.range())
    }
}

/// Whether masking it everywhere would hide nothing else.
fn can_be_told(sure: Sure, value: &str) -> bool {
    let least = if sure == Sure::Yes { SHORTEST } else { SHORTEST + 2 };
    let common = ["password", "secret", "token", "changeme", "default", "example", "localhost", "unknown"];
    let kinds = [
        value.bytes().any(|byte| byte.is_ascii_lowercase()),
        value.bytes().any(|byte| byte.is_ascii_uppercase()),
        value.bytes().any(|byte| byte.is_ascii_digit()),
        value.bytes().any(|byte| !byte.is_ascii_alphanumeric()),
    ];
    let random = kinds[2] && (kinds[0] || kinds[1]) || kinds[0] && kinds[1] && kinds[3];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let wordy = kinds == 1 && value.len() < 8 || sure == Sure::Perhaps && !random;
    let same = value.chars().all(|letter| value.starts_with(letter));
    value.len() >= least
        && !wordy
        && !same
        && !is_harmless(value)
        && !is_version(value)
        && !common.contains(&value.to_ascii_lowercase().as_str())
        && !value.contains(MASK)
}

/// The ways in which a value is written.
fn forms(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([value.to_owned()]);
    let percent = |keep: &str, space: &str, upper: bool| -> String {
        value
            .bytes()
            .map(|byte| match byte {
                b' ' => space.to_owned(),
                byte if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) => {
                    char::from(byte).to_string()
                }
                byte if upper => format!("%{byte:02X}"),
                byte => format!("%{byte:02x}"),
            })
            .collect()
    };
    for keep in ["-_.~", "-_.~/", "-_.!~*'()", "-_.*", "-_.~!$&'()*+,;=", "-_.~!$&'()*+,;=:@/"] {
        for upper in [true, false] {
            forms.insert(percent(keep, "%20", upper));
            forms.insert(percent(keep, "+", upper));
        }
    }
    if let Ok(json) = serde_json::to_string(value) {
        let json = json[1..json.len() - 1].to_owned();
        forms.insert(json.replace('/', "\\/"));
        forms.insert(json.replace('\\', "\\\\").replace('"', "\\\""));
        forms.insert(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"));
        forms.insert(json);
    }
    let xml = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for (double, single) in [
        ("\"", "'"),
        ("&quot;", "'"),
        ("&quot;", "&apos;"),
        ("&quot;", "&#39;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&#x27;"),
    ] {
        let form = xml.replace('"', double).replace('\'', single);
        forms.insert(form.replace("&gt;", ">"));
        forms.insert(form);
    }
    forms.insert(value.replace('\'', r"'\''"));
    forms.insert(value.replace('\'', "'\"'\"'"));
    forms.insert(value.replace('\\', r"\\").replace('\'', r"\'"));
    let escaped = |special: &str| -> String {
        value
            .chars()
            .flat_map(|letter| special.contains(letter).then_some('\\').into_iter().chain([letter]))
            .collect()
    };
    forms.insert(escaped("\\\"$`"));
    forms.insert(escaped(" \t!\"#$&'()*,;<>?[\\]^`{|}~"));
    forms.insert(escaped(" \t!\"#$&'()*;<>?[\\]^`{|}"));
    for text in [hex(value, false), hex(value, true)] {
        forms.insert(text);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn hex(value: &str, upper: bool) -> String {
    value.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
}

/// What base64 makes of a value, wherever in the encoded bytes it begins.
fn pieces(value: &[u8]) -> Vec<String> {
    let mut pieces = Vec::new();
    for skip in 0..3_usize {
        let mut bytes = vec![0; skip];
        bytes.extend_from_slice(value);
        // Only whole groups are the same whatever follows.
        let from = if skip == 0 { 0 } else { 4 };
        let whole = bytes.len() / 3 * 3;
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&bytes[..whole]);
            let piece = text.get(from..).unwrap_or_default();
            if piece.len() >= 8 {
                pieces.push(piece.to_owned());
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_and_long_secrets_are_all_masked() {
        let secret = |number: usize| format!("{number:03}{}", "s3cret".repeat(LONGEST / 6));
        let mut known = Known { anywhere: (0..60).map(secret).collect(), ..Known::default() };
        let all = known.anywhere.iter().cloned().collect::<Vec<_>>().join("|");
        assert!(Regex::new(&all).is_err(), "more than a pattern may usually take");
        known.compile();
        assert_eq!(known.find(&format!("a {} b", secret(59))).count(), 1);
    }
}
