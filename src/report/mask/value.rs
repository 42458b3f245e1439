//! How far a value goes that begins at a place of a line. Pure.

use std::ops::Range;

/// The value that begins at `from`: what stands in quotes, up to the quote that was opened before its name, or a word.
pub(super) fn value(line: &str, from: usize, opened: Option<char>) -> Range<usize> {
    if let Some(quote) = opened {
        let end = line[from..].find(quote).map_or(line.len(), |end| from + end);
        let inner = quoted(line, from).filter(|inner| inner.end <= end);
        return inner.unwrap_or(from..end);
    }
    if let Some(place) = quoted(line, from) {
        return place;
    }
    // A list of them.
    if line[from..].starts_with(['[', '(']) {
        let end = line[from..].find([']', ')']).map_or(line.len(), |end| from + end);
        return from + 1..end.max(from + 1);
    }
    bare(line, from, false)
}

/// What stands between quotes that begin at `from`: plain, escaped, or with a letter before them.
pub(super) fn quoted(line: &str, from: usize) -> Option<Range<usize>> {
    let rest = &line[from..];
    let letter = rest.len() - rest.trim_start_matches(['b', 'u', 'r', 'f', '$']).len();
    let rest = if letter <= 2 { &rest[letter..] } else { rest };
    let from = line.len() - rest.len();
    for quote in ["\\\"", "\\'", "&quot;", "&#34;", "&#39;"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            let start = from + quote.len();
            return Some(start..inner.find(quote).map_or(line.len(), |end| start + end));
        }
    }
    let quote = rest.chars().next().filter(|letter| "\"'`".contains(*letter))?;
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && quote != '\'' {
            letters.next();
        } else if letter == quote {
            // `'it'\''s'`: a shell goes on behind it.
            let joint = ["'\\''", "'\"'\"'"].into_iter().find(|joint| rest[at..].starts_with(joint));
            let Some(joint) = joint else { return Some(from + 1..from + at) };
            letters.nth(joint.len() - 2);
        }
    }
    Some(from + 1..line.trim_end().len().max(from + 1))
}

/// A word: to the next blank, with what stands in quotes within it. `alone`: a quote ends it.
pub(super) fn bare(line: &str, from: usize, alone: bool) -> Range<usize> {
    let rest = &line[from..];
    let mut inside = None;
    let mut end = rest.len();
    // Within quotes that were opened before, the next one closes them.
    let open = |quote: char| !line[..from].matches(quote).count().is_multiple_of(2);
    for (at, letter) in rest.char_indices() {
        match inside {
            Some(quote) if letter == quote => inside = None,
            None if "\"'".contains(letter) => {
                // The end of what the whole word stands in, unless it closes here again.
                if alone || open(letter) || !rest[at + 1..].contains(letter) {
                    end = at;
                    break;
                }
                inside = Some(letter);
            }
            None if letter.is_whitespace() || "<>".contains(letter) => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let word = &rest[..end];
    // What follows in a list, an address or a sentence.
    let word = word.find('&').filter(|_| line[..from].contains('?')).map_or(word, |at| &word[..at]);
    let word = word.strip_suffix(['}', ')', ']']).unwrap_or(word);
    let word = word.strip_suffix([',', ';']).unwrap_or(word);
    from..from + word.len()
}
