//! Private keys, whose lines are secrets only by where they stand. Pure.

use std::ops::Range;

use super::find::is_mixed;

/// Lines of something else that may stand between those of one key: another rank's, another thread's.
const FOREIGN: usize = 40;
/// What is a line of a key, and not a word, even where nothing stands around it.
const LONG: usize = 16;

/// Whether the lines that come belong to a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    inside: Option<Inside>,
}

#[derive(Clone, Debug)]
struct Inside {
    private: bool,
    /// What stands before each of its lines: `# `, `rank 3: `.
    prefix: String,
    foreign: usize,
    /// Whether the last line belonged to it.
    near: bool,
}

impl Keys {
    /// Whether a key has begun.
    pub(super) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// What of a line belongs to a private key. `line` has no end of line.
    pub(super) fn line(&mut self, line: &str) -> Option<Range<usize>> {
        if let Some((at, private)) = begin(line) {
            self.inside =
                Some(Inside { private, prefix: line[..at].to_owned(), foreign: FOREIGN, near: true });
            let end = line.get(at + 10..).and_then(end).map(|end| at + 10 + end);
            if end.is_some() {
                self.inside = None;
            }
            let last = end.unwrap_or_else(|| line.trim_end_matches(['"', '\'', ',', ' ', '\r']).len());
            return private.then_some(at..last.max(at));
        }
        let Some(inside) = &mut self.inside else { return alone(line) };
        if let Some(last) = end(line) {
            let private = inside.private;
            self.inside = None;
            let first = word_before(line, last);
            return private.then_some(first..last);
        }
        let found = body(line);
        let private = inside.private;
        match found {
            Some(word)
                if word.len() >= LONG
                    || (inside.near || is_mixed(&line[word.clone()]))
                        && line[..word.start].trim_end() == inside.prefix.trim_end() =>
            {
                inside.near = true;
                line[..word.start].clone_into(&mut inside.prefix);
                private.then_some(word)
            }
            _ => {
                inside.near = false;
                inside.foreign -= 1;
                if inside.foreign == 0 {
                    self.inside = None;
                }
                None
            }
        }
    }
}

/// Where `-----BEGIN … PRIVATE KEY-----` stands, or another `BEGIN`; and whether it is private.
fn begin(line: &str) -> Option<(usize, bool)> {
    if let Some(at) = line.find("Private-Lines: ") {
        return Some((at + "Private-Lines: ".len(), true));
    }
    let at = line.find("---- BEGIN ").or_else(|| line.find("----BEGIN "))?;
    let rest = &line[at..];
    let first = line[..at].trim_end_matches('-').len();
    Some((first, rest.contains("PRIVATE KEY")))
}

/// The end of `-----END …-----`.
fn end(line: &str) -> Option<usize> {
    let at = line.find("----END ").or_else(|| line.find("---- END "))?;
    // Behind `----END `, the shorter of the two.
    let from = at + 8;
    let close = line[from..].find("----").map_or(line.len(), |close| from + close + 4);
    Some(close + line[close..].len() - line[close..].trim_start_matches('-').len())
}

/// Where the word that holds the mark before `last` begins.
fn word_before(line: &str, last: usize) -> usize {
    let mark = line[..last].find("----END ").or_else(|| line.find("---- END ")).unwrap_or(0);
    line[..mark].trim_end_matches('-').rfind([' ', '\t', '"', '\'']).map_or_else(
        || {
            line[..mark]
                .trim_end_matches('-')
                .find(|letter: char| !letter.is_whitespace())
                .unwrap_or_else(|| line[..mark].trim_end_matches('-').len())
        },
        |at| at + 1,
    )
}

/// The last word of a line, if it is base64.
fn body(line: &str) -> Option<Range<usize>> {
    let trimmed = line.trim_end_matches(|letter: char| letter.is_whitespace() || "\"',;\\".contains(letter));
    // What a language writes for the end of a line: `MIIE…\n`.
    let trimmed = trimmed.strip_suffix("\\n").unwrap_or(trimmed);
    let first = trimmed
        .char_indices()
        .rfind(|(_, letter)| letter.is_whitespace() || "\"'|>:".contains(*letter))
        .map_or(0, |(at, letter)| at + letter.len_utf8());
    let word = &trimmed[first..];
    let base64 = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    (base64 && !word.is_empty()).then_some(first..trimmed.len())
}

/// A line of a key without a beginning: 64, 70 or 76 letters of base64 as nobody writes them otherwise.
fn alone(line: &str) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    let is = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| is(byte)).count();
        if matches!(length, 64 | 70 | 76) {
            let word = &bytes[at..at + length];
            let count = |wanted: fn(&u8) -> bool| word.iter().filter(|byte| wanted(byte)).count();
            let mixed = count(u8::is_ascii_uppercase) >= 8
                && count(u8::is_ascii_lowercase) >= 8
                && count(u8::is_ascii_digit) >= 3
                && count(|byte| *byte == b'/') <= 6;
            let borders = |byte: Option<&u8>| byte.is_none_or(|byte| !b"=_-.%&".contains(byte));
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            if mixed
                && borders(before)
                && borders(bytes.get(at + length).filter(|byte| **byte != b'=' && **byte != b'.'))
            {
                return Some(at..at + length);
            }
        }
        at += length.max(1);
    }
    None
}

/// How many of these lines, which end before an END without a beginning, belong to the key.
pub(super) fn lines_before<'l>(lines: impl DoubleEndedIterator<Item = &'l str>) -> usize {
    lines.rev().take_while(|line| body(line).is_some_and(|word| word.len() >= LONG)).count()
}

/// Whether the line ends a private key.
pub(super) fn ends_private(line: &str) -> bool {
    end(line).is_some() && line.contains("PRIVATE KEY") && begin(line).is_none()
}
