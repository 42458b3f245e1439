//! Bytes of probes made fit for readers: XML parsers, terminals, people.

/// Makes any bytes into text that every XML 1.0 parser takes and that reads as the program meant it.
///
/// Escape sequences for colours and titles go (never more than to the end of their line); CR and CRLF become LF, tabs
/// stay; what XML forbids becomes U+FFFD. One illegal character would lose the whole report in Jenkins and GitLab.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => match letters.peek() {
                Some('[') => {
                    letters.next();
                    // Parameters and intermediates, then one final letter (ECMA-48, 5.4).
                    while letters.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                    letters.next_if(|c| matches!(c, '@'..='~'));
                }
                Some(']') => {
                    while letters.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
                    if letters.next_if_eq(&'\u{1b}').is_some() {
                        letters.next_if_eq(&'\\');
                    } else {
                        letters.next_if_eq(&'\u{7}');
                    }
                }
                _ => {
                    letters.next_if(|c| matches!(c, '@'..='Z' | '\\'..='_' | '(' | ')'));
                }
            },
            '\r' => {
                letters.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\t' | '\n' => cleaned.push(letter),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => cleaned.push('\u{fffd}'),
            _ => cleaned.push(letter),
        }
    }
    cleaned
}

/// Cleans a text and takes the letters out that turn its direction: with them a failure can be made to look passed.
pub fn without_overrides(text: &mut String) {
    let harmless = |letter: char| match letter {
        '\t' | '\n' | ' '..='\u{7e}' => true,
        '\0'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
            false
        }
        _ => true,
    };
    if !text.chars().all(harmless) {
        *text = clean(text).replace(|letter| !harmless(letter), "\u{fffd}");
    }
}

/// `1 case`, `2 cases`.
#[must_use]
pub fn many(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Behind a mark or a name no text of a tool is taken for a command by GitHub, but for its old form anywhere in a line.
#[must_use]
pub fn no_command(text: &str) -> String {
    text.replace("##[", "## [")
}

/// One line of at most `most` characters.
#[must_use]
pub fn line(text: &str, most: usize) -> String {
    let words = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= most {
        return words;
    }
    let mut cut: String = words.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The first and last bytes of a text, whole lines where possible, and how much is left out between them.
#[must_use]
pub fn head_and_tail(text: &str, head: usize, tail: usize) -> String {
    if text.len() <= head + tail {
        return text.to_owned();
    }
    let mut first = head;
    while !text.is_char_boundary(first) {
        first -= 1;
    }
    let first = text[..first].rfind('\n').map_or(first, |newline| newline + 1);
    let mut last = text.len() - tail;
    while !text.is_char_boundary(last) {
        last += 1;
    }
    let last = text[last..].find('\n').map_or(last, |newline| last + newline + 1);
    format!("{}[{} bytes omitted]\n{}", &text[..first], last - first, &text[last..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_program_means_stays() {
        assert_eq!(clean("a\tb\r\n10%\r20%\n"), "a\tb\n10%\n20%\n");
        assert_eq!(clean("\u{1b}[1;31merror\u{1b}[0m: x\u{1b}]0;title\u{7}y"), "error: xy");
        assert_eq!(clean("\u{1b}]0;never ended\nnext"), "\nnext");
        assert_eq!(clean("]]> \u{0}\u{fffe}"), "]]> \u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn nothing_that_xml_forbids_remains(text in "\\PC*|[\\x00-\\xff]{0,200}") {
            let cleaned = clean(&text);
            let legal = |c: char| match c {
                '\t' | '\n' => true,
                _ => !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'),
            };
            prop_assert!(cleaned.chars().all(legal));
            prop_assert!(cleaned.len() <= 3 * text.len());
        }

        #[test]
        fn head_and_tail_are_short(text in "(\\PC|\n){0,400}", head in 0_usize..60, tail in 0_usize..60) {
            prop_assert!(head_and_tail(&text, head, tail).len() <= head + tail + 40);
        }
    }
}
