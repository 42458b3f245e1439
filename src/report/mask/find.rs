//! Where in a line secrets stand, by the names before them. Pure.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::constant::pattern;

use super::names::{Sure, fits, is_harmless};
use super::span::{Span, push};
use super::table::Table;
use super::tool;
use super::value::{bare, quoted, value};

static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)(?P<quote>\\*["'`]\]?)?(?P<before>[ \t]*)(?P<sign>=>|:=|==?|:)(?P<after>[ \t]*)"#,
    )
});
static FLAG: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?P<name>-{1,2}[A-Za-z][A-Za-z0-9_.-]*)(?:\\*["'])?(?:,[ \t]*|[ \t]+)"#));
static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:<|&lt;)(?:[A-Za-z0-9_]+:)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)(?:[ \t][^<>&]*)?(?:>|&gt;)(?:<!\[CDATA\[)?",
    )
});
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:[Kk]ey|[Nn]ame|id)\\?["']?[ \t]*[:=][ \t]*\\?["']?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\\?["']?[ \t]*,?[ \t]*\\?["']?(?:[Vv]alue|content)\\?["']?[ \t]*[:=][ \t]*"#,
    )
});
static SETENV: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?:setenv|pushenv|putenv|set-env|setx|Setenv)[ \t]*\(?[ \t]*["']?(?P<name>[A-Za-z_][A-Za-z0-9_]*)["']?(?:[ \t]*,[ \t]*|[ \t]+)"#,
    )
});
static NETRC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\b(?:login|machine)[ \t]+[^ \t].*?[ \t]|default[ \t]+|^[ \t#>|*-]*)(?:password|passwd|requirepass|masterauth)[ \t]+",
    )
});
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i-u:\b(?:password|passphrase|passwd|token|secret|api key|access key|secret key)(?: [a-z]+){0,3} (?:is|was|=>|->):?) +",
    )
});
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?:[Kk]ey|[Nn]ame|id)=\\?["'](?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\\?["'][^<>]*>"#)
});
static SCHEME: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z][A-Za-z0-9+.-]*://"));

/// Words that follow a name in a sentence.
const PROSE: [&str; 40] = [
    "is",
    "was",
    "are",
    "to",
    "or",
    "and",
    "must",
    "not",
    "for",
    "with",
    "in",
    "on",
    "of",
    "if",
    "has",
    "have",
    "can",
    "cannot",
    "may",
    "will",
    "required",
    "incorrect",
    "expired",
    "missing",
    "invalid",
    "failed",
    "prompt",
    "option",
    "flag",
    "argument",
    "authentication",
    "auth",
    "manager",
    "based",
    "file",
    "hash",
    "protected",
    "that",
    "the",
    "when",
];

/// All places of a line.
pub(super) fn find(table: &Table, line: &str, spans: &mut Vec<Span>) {
    if table.may_name(line) {
        by_name(table, line, spans);
    }
    if table.may_show(line) {
        by_shape(table, line, spans);
    }
}

fn by_name(table: &Table, line: &str, spans: &mut Vec<Span>) {
    assignments(table, line, spans);
    flags(table, line, spans);
    elements(table, line, spans);
    named(table, &PAIR, line, spans);
    named(table, &SETENV, line, spans);
    netrc(line, spans);
    userinfo(line, spans);
    sentences(line, spans);
    tool::find(table, line, spans);
}

fn by_shape(table: &Table, line: &str, spans: &mut Vec<Span>) {
    for shape in &table.shapes {
        for found in shape.pattern.captures_iter(line) {
            let group = ["v", "w", "x"].into_iter().find_map(|name| found.name(name));
            let Some(place) = group.or_else(|| found.get(0)) else { continue };
            if !shape.digits || place.as_str().bytes().any(|byte| byte.is_ascii_digit()) {
                spans.push(place.range());
            }
        }
    }
}

fn all<'l>(pattern: &'static LazyLock<Regex>, line: &'l str) -> impl Iterator<Item = Captures<'l>> {
    pattern.captures_iter(line)
}

/// The letter before a place, with dashes left out.
fn before(line: &str, at: usize) -> Option<char> {
    line[..at].trim_end_matches('-').chars().next_back()
}

fn assignments(table: &Table, line: &str, spans: &mut Vec<Span>) {
    for found in all(&ASSIGNMENT, line) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { continue };
        let group = |key: &str| found.name(key).map_or("", |group| group.as_str());
        let (sign, key_is_quoted) = (group("sign"), found.name("quote").is_some());
        let from = whole.end();
        let rest = &line[from..];
        if sign == ":" && (rest.starts_with("//") || rest.starts_with(':')) || sign == "==" {
            continue;
        }
        let opened = before(line, name.start()).filter(|letter| "\"'`".contains(*letter) && !key_is_quoted);
        let lower = name.as_str().to_ascii_lowercase();
        if sign == ":" && table.headers.contains(&lower) {
            let found = opened.map_or_else(
                || quoted(line, from).unwrap_or(from..line.trim_end().len()),
                |quote| from..rest.find([quote, '\\']).map_or(line.len(), |end| from + end),
            );
            push(line, found, spans);
            continue;
        }
        // Docker's `"auth": "bWU6eA=="`.
        let docker = key_is_quoted && lower == "auth";
        let Some(sure) = table.names.sure(name.as_str()).or(docker.then_some(Sure::Perhaps)) else {
            continue;
        };
        let spaced = !group("before").is_empty() || !group("after").is_empty();
        let place = value(line, from, opened);
        let text = &line[place.clone()];
        let is_quoted = place.start > from;
        let taken = if docker && (text.len() < 12 || text.contains([' ', '{']))
            || lower == "pass" && name.as_str() != "PASS" && !is_mixed(text)
        {
            false
        } else if sign != ":" {
            if spaced && !is_quoted && !key_is_quoted {
                // The end of a line, or of what a shell would call a word.
                let rest = rest.trim_end().trim_end_matches(['"', '\'', ',', '\\']);
                let rest = if opened.is_some() { text } else { rest };
                rest == text.trim_end()
                    && !rest.contains(' ')
                    && !rest.contains(['(', ';', '{'])
                    && !is_harmless(rest)
                    && rest.len() > 2
            } else {
                true
            }
        } else if key_is_quoted {
            true
        } else {
            says(line, name.range(), &place, is_quoted)
        };
        if taken && fits(sure, text) {
            let alone = line[..name.start()].trim_start_matches([' ', '\t', '-', '#', '|', '>']).is_empty();
            let sentence = sign == ":" && alone && !is_quoted && !key_is_quoted && lower.starts_with("pass");
            push(line, if sentence { place.start..line.trim_end().len() } else { place }, spans);
        }
    }
}

/// Whether what stands behind `name:` in a text is a secret, and not how the sentence goes on.
fn says(line: &str, name: Range<usize>, place: &Span, is_quoted: bool) -> bool {
    let value = line[place.clone()].trim_end_matches(['.', ',', ';', ')']);
    let after = line[place.end..].trim_matches([' ', '\t', '\r', '"', '\'', ',', ';', '}', ')']);
    let start = line[..name.start].trim_start_matches([' ', '\t', '-', '#', '|', '>', '{', ',']).is_empty();
    let word = line[name].to_ascii_lowercase();
    if value.len() < 3
        || value.starts_with(['<', '(', '`', '['])
        || PROSE.contains(&value.to_ascii_lowercase().as_str())
    {
        return false;
    }
    // An assignment names its own secret.
    let is_name =
        |name: &str| name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if value.split_once('=').is_some_and(|(name, value)| is_name(name) && !value.trim_matches('=').is_empty())
    {
        return false;
    }
    // Compilers and parsers speak of tokens.
    if word == "token" || word == "secret" {
        return value.len() >= 8 && is_mixed(value)
            || start && after.is_empty() && value.len() >= 6 && !value.contains('(');
    }
    is_quoted || after.is_empty() || is_mixed(value) || start
}

/// Whether it is no word of a language.
pub(super) fn is_mixed(value: &str) -> bool {
    let digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let symbol = value.contains(['!', '@', '#', '$', '%', '^', '&', '*', '+', '=', '~']);
    let letters = value.get(1..).unwrap_or_default();
    let cases = letters.bytes().any(|byte| byte.is_ascii_uppercase())
        && value.bytes().any(|byte| byte.is_ascii_lowercase());
    digit || symbol || cases
}

fn flags(table: &Table, line: &str, spans: &mut Vec<Span>) {
    for found in all(&FLAG, line) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { continue };
        let ahead = line[..name.start()].chars().next_back();
        if ahead.is_some_and(|letter| !letter.is_whitespace() && !"\"'`=([,{".contains(letter)) {
            continue;
        }
        let Some(sure) = table.names.sure(name.as_str()) else { continue };
        if !name.as_str().starts_with("--") && sure < Sure::Yes {
            continue;
        }
        let rest = &line[whole.end()..];
        if rest.starts_with(['-', '<', '[', '|', '(']) {
            continue;
        }
        let place = quoted(line, whole.end()).unwrap_or_else(|| bare(line, whole.end(), true));
        let text = &line[place.clone()];
        let goes_on = !line[place.end..].trim().is_empty();
        let is_prose = goes_on && PROSE.contains(&text.to_ascii_lowercase().as_str());
        if !is_prose && fits(sure, text) {
            push(line, place, spans);
        }
    }
}

/// `the password is x`.
fn sentences(line: &str, spans: &mut Vec<Span>) {
    for found in all(&SENTENCE, line) {
        let Some(whole) = found.get(0) else { continue };
        let place = value(line, whole.end(), None);
        let text = line[place.clone()].trim_end_matches(['.', ',']);
        if text.len() >= 6 && is_mixed(text) && fits(Sure::Perhaps, text) {
            push(line, place.start..place.start + text.len(), spans);
        }
    }
}

fn elements(table: &Table, line: &str, spans: &mut Vec<Span>) {
    for found in all(&ELEMENT, line).chain(all(&ATTRIBUTE, line)) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { continue };
        let Some(sure) = table.names.sure(name.as_str()) else { continue };
        let rest = &line[whole.end()..];
        let end = ["]]>", "<", "&lt;"].iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
        let place = whole.end()..whole.end() + end;
        if !whole.as_str().ends_with("/>") && fits(sure, &line[place.clone()]) {
            push(line, place, spans);
        }
    }
}

fn named(table: &Table, pattern: &'static LazyLock<Regex>, line: &str, spans: &mut Vec<Span>) {
    for found in all(pattern, line) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { continue };
        let Some(sure) = table.names.sure(name.as_str()) else { continue };
        let place = value(line, whole.end(), None);
        if fits(sure, &line[place.clone()]) {
            push(line, place, spans);
        }
    }
}

fn netrc(line: &str, spans: &mut Vec<Span>) {
    for found in all(&NETRC, line) {
        let Some(whole) = found.get(0) else { continue };
        let place = value(line, whole.end(), None);
        let text = &line[place.clone()];
        let word = text.trim_end_matches(['.', ',', ':']).to_ascii_lowercase();
        let only = whole.as_str().contains("login")
            || whole.as_str().contains("machine")
            || line[place.end..].trim().is_empty();
        if only && !PROSE.contains(&word.as_str()) && fits(Sure::Yes, text) && !text.starts_with(['=', ':']) {
            push(line, place, spans);
        }
    }
}

/// `https://user:secret@host`: all before the `@`.
fn userinfo(line: &str, spans: &mut Vec<Span>) {
    for found in all(&SCHEME, line) {
        let Some(scheme) = found.get(0) else { continue };
        let rest = &line[scheme.end()..];
        let end = rest.find(|letter: char| letter.is_whitespace() || "\"'<>`\\|".contains(letter));
        let rest = &rest[..end.unwrap_or(rest.len())];
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let raw = authority.split_once(':').is_some_and(|(_, after)| !port(after) && !after.starts_with(']'));
        let at = authority.rfind('@').or_else(|| if raw { rest.rfind('@') } else { None });
        let Some(at) = at.filter(|at| *at > 0) else { continue };
        let scheme_name = scheme.as_str().trim_end_matches("://").to_ascii_lowercase();
        let login =
            ["ssh", "git", "git+ssh", "sftp", "rsync", "svn+ssh", "scp"].contains(&scheme_name.as_str());
        if login && !rest[..at].contains(':') {
            continue;
        }
        push(line, scheme.end()..scheme.end() + at, spans);
    }
}
