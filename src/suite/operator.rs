//! What a shell would take for its own in a command that no shell will ever see: operators, redirections, expansions.
//!
//! Left alone they would become arguments without a word, and `make | tee log` would pass by what `make` says to `|`.
//! What is quoted or escaped as a shell wants it is an argument, and stays one. Pure.

use std::ops::Range;

/// Something that only a shell understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Where in the command, in bytes.
    pub span: Range<usize>,
    /// What a shell would do with it.
    pub meaning: &'static str,
}

/// Every operator of `command` outside of quotes, and every expansion that double quotes do not keep from happening.
#[must_use]
pub fn operators(command: &str) -> Vec<Operator> {
    let mut scan = Scan { text: command, at: 0, word: 0, found: Vec::new() };
    scan.assignment();
    scan.whole();
    scan.found
}

struct Scan<'c> {
    text: &'c str,
    at: usize,
    /// Where the word began that is being read.
    word: usize,
    found: Vec<Operator>,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// `NAME=value command`.
    fn assignment(&mut self) {
        let start = self.text.len() - self.text.trim_start().len();
        let word = self.text[start..].split_whitespace().next().unwrap_or_default();
        let Some((name, _)) = word.split_once('=') else { return };
        let mut letters = name.chars();
        let first = letters.next().is_some_and(|letter| letter == '_' || letter.is_ascii_alphabetic());
        if first && letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric()) {
            let span = start..start + name.len() + 1;
            self.found.push(Operator { span, meaning: "would set a variable" });
        }
    }

    fn whole(&mut self) {
        while let Some(letter) = self.next() {
            let size = letter.len_utf8();
            match letter {
                '\\' => {
                    self.at += size;
                    self.at += self.next().map_or(0, char::len_utf8);
                }
                '\'' => {
                    self.at += size;
                    self.at += self.rest().find('\'').map_or(self.rest().len(), |end| end + 1);
                }
                '"' => self.double_quoted(),
                // What is left of the line is dropped, by us as by a shell.
                '#' if self.at == self.word => {
                    let end = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.take(end, "would begin a comment");
                }
                '\n' => {
                    let goes_on = !self.text[..self.at].trim().is_empty() && !self.rest().trim().is_empty();
                    let length = self.rest().len() - self.rest().trim_start().len();
                    if goes_on {
                        self.take(1, "would end the command");
                        self.at += length - 1;
                    } else {
                        self.at += length;
                    }
                    self.word = self.at;
                }
                letter if letter.is_whitespace() => {
                    self.at += size;
                    self.word = self.at;
                }
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => self.operator(),
                '$' => self.expansion(),
                '`' => self.backtick(),
                '*' | '?' => self.take(size, "would match names of files"),
                '~' if self.at == self.word && ends(self.rest().chars().nth(1)) => {
                    self.take(size, "would stand for HOME");
                }
                _ => self.at += size,
            }
        }
    }

    fn take(&mut self, length: usize, meaning: &'static str) {
        self.found.push(Operator { span: self.at..self.at + length, meaning });
        self.at += length;
    }

    fn double_quoted(&mut self) {
        self.at += 1;
        while let Some(letter) = self.next() {
            match letter {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    self.at += self.next().map_or(0, char::len_utf8);
                }
                '$' => self.expansion(),
                '`' => self.backtick(),
                _ => self.at += letter.len_utf8(),
            }
        }
    }

    /// `$NAME`, `${…`, `$(…`, `$1`, `$?`. A dollar before anything else is a dollar.
    fn expansion(&mut self) {
        let rest = &self.rest()[1..];
        let name = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
        let closed = |with: char| rest.find(with).map_or(1, |end| end + 1);
        let length = match rest.chars().next() {
            Some('(') => closed(')'),
            Some('{') => closed('}'),
            Some('@' | '*' | '#' | '?' | '$' | '!' | '-') => 1,
            Some(digit) if digit.is_ascii_digit() => 1,
            Some(letter) if letter == '_' || letter.is_ascii_alphabetic() => name.unwrap_or(rest.len()),
            _ => {
                self.at += 1;
                return;
            }
        };
        self.take(1 + length, "would be expanded");
    }

    fn backtick(&mut self) {
        let end = self.rest()[1..].find('`').map_or(1, |end| end + 2);
        self.take(end, "would be run as a command");
    }

    fn operator(&mut self) {
        let rest = self.rest();
        let run = |letters: &[char]| rest.find(|letter| !letters.contains(&letter)).unwrap_or(rest.len());
        let first = rest.chars().next();
        if matches!(first, Some('<' | '>')) || rest.starts_with("&>") {
            // The descriptor before it and the one behind it belong to it: `2>&1`.
            let digits = self.text[self.word..self.at].bytes().all(|byte| byte.is_ascii_digit());
            let start = if digits { self.word } else { self.at };
            let mut end = self.at + run(&['<', '>', '&', '|']);
            if self.text[..end].ends_with('&') {
                end += self.text[end..]
                    .find(|letter: char| !letter.is_ascii_digit() && letter != '-')
                    .unwrap_or(0);
                if self.text[end..].chars().all(|letter| letter.is_ascii_digit()) {
                    end = self.text.len();
                }
            }
            self.found.push(Operator { span: start..end, meaning: "would redirect" });
            self.at = end;
            return;
        }
        let (length, meaning) = match first {
            Some('|') => (run(&['|', '&']), "would start another command"),
            Some('&') => (run(&['&']), "would start another command"),
            Some(';') => (run(&[';']), "would start another command"),
            _ => (1, "would start another shell"),
        };
        self.take(length, meaning);
    }
}

/// Whether a `~` before this stands for a home.
fn ends(letter: Option<char>) -> bool {
    letter.is_none_or(|letter| letter == '/' || letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::operators;
    use proptest::prelude::*;

    fn seen(command: &str) -> Vec<&str> {
        operators(command).into_iter().map(|operator| &command[operator.span]).collect()
    }

    #[test]
    fn what_only_a_shell_understands_is_seen_where_it_stands() {
        for (command, wanted) in [
            ("a | b", vec!["|"]),
            ("a|b", vec!["|"]),
            ("a |& b", vec!["|&"]),
            ("a || b && c; d", vec!["||", "&&", ";"]),
            ("a &", vec!["&"]),
            ("a > log 2>&1", vec![">", "2>&1"]),
            ("a >>log <in 2>/dev/null", vec![">>", "<", "2>"]),
            ("a &>log", vec!["&>"]),
            ("a <<EOF", vec!["<<"]),
            ("a >&2", vec![">&2"]),
            ("pip install numpy>=1.26", vec![">"]),
            ("a `hostname` b", vec!["`hostname`"]),
            ("a $HOME ${HOME} $(id) $1 $? \"$X y\"", vec!["$HOME", "${HOME}", "$(id)", "$1", "$?", "$X"]),
            ("a \"`id`\"", vec!["`id`"]),
            ("(a)", vec!["(", ")"]),
            ("cc *.c x?.c", vec!["*", "?"]),
            ("ls ~ ~/x", vec!["~", "~"]),
            ("a # why", vec!["# why"]),
            ("OMP_NUM_THREADS=2 a", vec!["OMP_NUM_THREADS="]),
            ("a\nb", vec!["\n"]),
        ] {
            assert_eq!(seen(command), wanted, "{command}");
        }
    }

    #[test]
    fn what_is_quoted_or_means_nothing_to_a_shell_is_an_argument() {
        for command in [
            "a '|' '2>&1' '$HOME' '`id`' '*' \";\" \"<>&|()*?~#\"",
            "a \\| \\$HOME \\* \\; \\~",
            "{cc} -O2 {sources} -o {exe} -Wl,-rpath,{stage}",
            "a --x=y=z b~ c#d 100$ $ a=b {{}} [x] !x ^x %x @x",
            "\"{python}\" -c 'import sys; print(sys.path)'",
            "sh -c 'make | tee log && test -s log'",
            "a \"\\$HOME\" \"\\`\"",
            "a\n",
            "\na b\n  ",
        ] {
            assert_eq!(seen(command), Vec::<&str>::new(), "{command}");
        }
    }

    proptest! {
        #[test]
        fn no_command_panics(command in ".{0,40}", signs in "[|&;<>()$`*?~#\"'\\\\ \n0-9a&{]{0,20}") {
            for text in [&command, &signs, &format!("{command}{signs}")] {
                for operator in operators(text) {
                    prop_assert!(text.get(operator.span).is_some());
                }
            }
        }
    }
}
