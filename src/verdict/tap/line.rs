//! One line of a TAP document, by the words of TAP 14. Pure.

/// What a line is. Everything that is none of these is no TAP, and no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `TAP version 14`.
    Version(u64),
    /// `1..N # reason`.
    Plan { count: usize, reason: String },
    /// `ok` or `not ok`.
    Point(Point),
    /// `Bail out! reason`.
    Bail(String),
    /// `# Subtest: name`, at the indentation of its parent.
    Subtest(String),
    /// `# observed NAME: VALUE`, a word of ours: what the probe saw and does not judge.
    Observed(String, String),
    /// A comment, a pragma or a blank line: means nothing here, and parts nothing.
    Aside,
    /// No TAP.
    Other,
}

/// A test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) ok: bool,
    pub(super) number: Option<usize>,
    pub(super) description: String,
    pub(super) directive: Option<Directive>,
}

/// What stands behind the `#` of a test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) todo: bool,
    pub(super) reason: String,
}

impl Line {
    /// Reads a line without its end and without the indentation of its document.
    pub(super) fn read(line: &str) -> Self {
        if let Some(rest) = after_word(line, "ok") {
            return Self::Point(point(true, rest));
        }
        if let Some(rest) = line.strip_prefix("not ok").filter(|rest| !rest.starts_with(is_of_a_word)) {
            // A failure is heard even where what follows it is not written by the rules.
            return Self::Point(point(false, rest));
        }
        if let Some(plan) = line.strip_prefix("1..").and_then(plan) {
            return plan;
        }
        if let Some(version) = line.strip_prefix("TAP version ") {
            return version.trim_end().parse().map_or(Self::Other, Self::Version);
        }
        if line.get(..BAIL.len()).is_some_and(|start| start.eq_ignore_ascii_case(BAIL)) {
            return Self::Bail(unescaped(line[BAIL.len()..].trim()));
        }
        if line == "# Subtest" {
            return Self::Subtest(String::new());
        }
        if let Some(name) = line.strip_prefix("# Subtest: ") {
            return Self::Subtest(unescaped(name.trim()));
        }
        if let Some((name, value)) = line.strip_prefix("# observed ").and_then(observed) {
            return Self::Observed(name, value);
        }
        let blank = line.trim_matches([' ', '\t']);
        if blank.is_empty() || blank.starts_with('#') || is_pragma(line) { Self::Aside } else { Self::Other }
    }
}

const BAIL: &str = "Bail out!";

/// A name is some words of small letters; a value is some words. What is neither is a comment like any other.
fn observed(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(": ")?;
    let value = value.trim();
    let fits = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
    let named = !name.is_empty() && name.len() <= 40 && name.trim() == name && fits(name);
    let said = !value.is_empty() && value.len() <= 200 && !value.contains(char::is_control);
    (named && said).then(|| (name.to_owned(), value.to_owned()))
}

fn is_of_a_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

/// What follows `word`, if blank or nothing parts it.
fn after_word<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_pragma(line: &str) -> bool {
    let key = line.strip_prefix("pragma ").and_then(|key| key.strip_prefix(['+', '-']));
    key.is_some_and(|key| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}

fn plan(rest: &str) -> Option<Line> {
    let digits = digits(rest);
    let (count, rest) = rest.split_at(digits);
    let rest = rest.trim();
    let reason = if rest.is_empty() { "" } else { rest.strip_prefix('#')?.trim() };
    let reason = directive(reason).map_or_else(|| unescaped(reason), |skip| skip.reason);
    // More than can be counted is more than there are.
    (digits > 0).then(|| Line::Plan { count: count.parse().unwrap_or(usize::MAX), reason })
}

fn digits(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len())
}

fn point(ok: bool, rest: &str) -> Point {
    let mut rest = rest.trim_start_matches([' ', '\t']);
    let length = digits(rest);
    let mut number = None;
    if length > 0 && rest[length..].chars().next().is_none_or(char::is_whitespace) {
        number = Some(rest[..length].parse().unwrap_or(usize::MAX));
        rest = rest[length..].trim_start_matches([' ', '\t']);
    }
    let rest = after_word(rest, "-").unwrap_or(rest);
    let (description, directive) = parted(rest);
    Point { ok, number, description: unescaped(description.trim()), directive }
}

/// Parts a description from its directive: at the first `#` that is not escaped, has a blank before it and a blank or a
/// directive behind it. One that is no directive we know is a part of the description, and so is all that follows.
fn parted(text: &str) -> (&str, Option<Directive>) {
    let mut escaped = false;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        if letter == '#' && !escaped && (before.is_whitespace() || before == '\\') {
            let behind = &text[at + 1..];
            let found = directive(behind.trim_start());
            if found.is_some() || behind.starts_with([' ', '\t']) {
                return found.map_or((text, None), |found| (&text[..at], Some(found)));
            }
        }
        escaped = letter == '\\' && !escaped;
        before = letter;
    }
    (text, None)
}

/// `SKIP why`, `todo`, `Skipped: why`.
fn directive(text: &str) -> Option<Directive> {
    let word = text.get(..4)?;
    let todo = word.eq_ignore_ascii_case("todo");
    if !todo && !word.eq_ignore_ascii_case("skip") {
        return None;
    }
    let reason = text.split_once([' ', '\t']).map_or("", |(_, reason)| reason.trim());
    Some(Directive { todo, reason: unescaped(reason) })
}

/// `\#` and `\\` stand for what follows the backslash; before anything else it stands for itself.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next @ ('#' | '\\')) if letter == '\\' => {
                plain.push(*next);
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}
