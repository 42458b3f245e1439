//! Secrets that a known command takes by a flag whose name says nothing: `curl -u me:x`, `mysql -px`. Pure.

use super::names::Sure;
use super::names::fits;
use super::span::{Span, push};
use super::table::{Table, Tool};

/// Words with their places, as a shell would part them.
fn words(line: &str) -> Vec<Span> {
    let mut words = Vec::new();
    let mut start = None;
    let mut inside = None;
    for (at, letter) in line.char_indices() {
        match inside {
            Some(quote) if letter == quote => inside = None,
            Some(_) => {}
            None if letter.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
            }
            None => {
                if "\"'".contains(letter) {
                    inside = Some(letter);
                }
                start.get_or_insert(at);
            }
        }
    }
    words.extend(start.map(|start| start..line.len()));
    words
}

/// A word without the quotes around it.
fn inner(line: &str, word: &Span) -> Span {
    let text = &line[word.clone()];
    let begin = text.len() - text.trim_start_matches(['"', '\'', '[', '(', '{']).len();
    let end = text.trim_end_matches(['"', '\'', ',', ';', ']', ')', '}']).len().max(begin);
    word.start + begin..word.start + end
}

pub(super) fn find(table: &Table, line: &str, spans: &mut Vec<Span>) {
    if !table.tools.iter().flat_map(|tool| &tool.names).any(|name| line.contains(name.as_str())) {
        return;
    }
    let words: Vec<Span> = words(line).iter().map(|word| inner(line, word)).collect();
    // `sh -c 'curl -u me:x'`, `echo 'curl …'`.
    for word in words.iter().filter(|word| word.len() < line.len() && line[(*word).clone()].contains(' ')) {
        let mut within = Vec::new();
        find(table, &line[word.clone()], &mut within);
        spans.extend(within.into_iter().map(|span| word.start + span.start..word.start + span.end));
    }
    let mut tool: Option<&Tool> = None;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let text = &line[word.clone()];
        if ["|", ";", "&&", "||", "&"].contains(&text) {
            tool = None;
            continue;
        }
        let name = text.rsplit(['/', '(', '`']).next().unwrap_or(text);
        if let Some(found) = table.tools.iter().find(|tool| tool.names.iter().any(|known| known == name)) {
            tool = Some(found);
            continue;
        }
        let Some(tool) = tool else { continue };
        let next = words.get(at);
        if let Some(taken) = secret(line, tool, word, text, next) {
            push(line, taken, spans);
        }
    }
}

fn secret(line: &str, tool: &Tool, word: &Span, text: &str, next: Option<&Span>) -> Option<Span> {
    let is = |list: &[String]| list.iter().any(|flag| flag == text);
    if is(&tool.pairs) || is(&tool.percent) {
        return after(line, next?.clone(), if is(&tool.pairs) { ':' } else { '%' });
    }
    if is(&tool.words) {
        let place = next?.clone();
        let value = &line[place.clone()];
        let port = value.bytes().all(|byte| byte.is_ascii_digit() || b".:/-".contains(&byte))
            || value.ends_with("/tcp")
            || value.ends_with("/udp");
        return (!port && !value.starts_with(['-', '/', '.']) && fits(Sure::Yes, value)).then_some(place);
    }
    for flag in &tool.pairs {
        let long = flag.starts_with("--").then(|| format!("{flag}="));
        if let Some(rest) = text.strip_prefix(long.as_deref().unwrap_or(flag)).filter(|rest| !rest.is_empty())
        {
            return after(line, word.end - rest.len()..word.end, ':');
        }
    }
    for flag in tool.attached.iter().chain(&tool.words) {
        let rest = text.strip_prefix(flag.as_str()).filter(|rest| rest.len() > 2 && !rest.starts_with('='));
        if let Some(rest) =
            rest.filter(|rest| !rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'))
        {
            return Some(word.end - rest.len()..word.end);
        }
    }
    None
}

/// The secret of `user:secret`. Two numbers are a user and a group.
fn after(line: &str, place: Span, mark: char) -> Option<Span> {
    let text = &line[place.clone()];
    let (user, secret) = text.split_once(mark)?;
    let numbers = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let path = mark == ':' && (secret.starts_with("//") || user.is_empty());
    (!secret.is_empty() && !numbers && !path).then(|| place.end - secret.len()..place.end)
}
