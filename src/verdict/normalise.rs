//! Output as the rules read it: one line of plain text, however a program wrapped, coloured or quoted it.
//!
//! Lmod and Open MPI break lines in the middle of sentences, Open MPI 5 ends its help blocks with NUL, R quotes with
//! curly marks, progress bars draw with escape sequences: none of that may hide a message. Where each line began is
//! kept, so that the line which told can be shown.

/// Output without its dress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// All words, with one blank between any two. What was not UTF-8 is gone.
    pub text: String,
    /// Where each line begins in `text`.
    lines: Vec<usize>,
}

/// The longest line that is shown, in bytes.
const SHOWN: usize = 240;

impl Plain {
    /// Undresses `output`.
    #[must_use]
    pub fn new(output: &[u8]) -> Self {
        let mut writer = Writer::default();
        for chunk in output.utf8_chunks() {
            writer.add(chunk.valid());
        }
        writer.end_line();
        Self { text: writer.text, lines: writer.lines }
    }

    /// Its lines, without blanks around them.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let ends = self.lines.iter().skip(1).copied().chain(std::iter::once(self.text.len()));
        self.lines.iter().zip(ends).filter_map(|(begin, end)| Some(self.text.get(*begin..end)?.trim()))
    }

    /// The lines that the bytes `start..end` of the text stand in, joined, and cut where they are long.
    #[must_use]
    pub fn lines_around(&self, start: usize, end: usize) -> String {
        let line = self.lines.partition_point(|&begin| begin <= start);
        let begin = line.checked_sub(1).map_or(0, |line| self.lines[line]);
        let next = self.lines.partition_point(|&begin| begin < end);
        let finish = self.lines.get(next).copied().unwrap_or(self.text.len());
        let whole = self.text.get(begin..finish).unwrap_or_default().trim();
        if whole.len() <= SHOWN {
            return whole.to_owned();
        }
        let begin = if start - begin > SHOWN / 3 { self.boundary(start - SHOWN / 3) } else { begin };
        let finish = self.boundary(finish.min(begin + SHOWN));
        let cut = self.text.get(begin..finish).unwrap_or_default().trim();
        let before = if self.lines.binary_search(&begin).is_ok() { "" } else { "… " };
        let after = if self.lines.binary_search(&finish).is_ok() { "" } else { " …" };
        format!("{before}{cut}{after}")
    }

    fn boundary(&self, mut offset: usize) -> usize {
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    lines: Vec<usize>,
    line: usize,
    blank: bool,
}

impl Writer {
    fn add(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            match letter {
                '\n' => self.end_line(),
                '\u{1b}' => rest = after_escape(rest),
                '\0' | '\u{8}' => {}
                letter if letter.is_ascii_graphic() => self.write(letter),
                '\u{2018}' | '\u{2019}' => self.write('\''),
                '\u{201c}' | '\u{201d}' => self.write('"'),
                // Frames, arrows, spinners and crosses are drawn around text by uv, poetry and R.
                '\u{d7}' | '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}' => self.blank = true,
                letter if letter.is_whitespace() || letter.is_control() => self.blank = true,
                letter => self.write(letter),
            }
        }
    }

    fn write(&mut self, letter: char) {
        if self.text.len() == self.line {
            self.lines.push(self.line);
        } else if self.blank {
            self.text.push(' ');
        }
        self.blank = false;
        self.text.push(letter);
    }

    /// Ends the line, and drops it where it is the same as the two before: some compilers say one thing 500 times,
    /// but that two ranks say the same may be what matters.
    fn end_line(&mut self) {
        self.blank = false;
        if self.text.len() == self.line {
            return;
        }
        if let [.., first, second, this] = self.lines[..]
            && self.text[second..this].trim_end() == &self.text[this..]
            && self.text[first..second] == self.text[second..this]
        {
            self.text.truncate(this);
            self.lines.pop();
            return;
        }
        self.text.push(' ');
        self.line = self.text.len();
    }
}

/// What follows an escape sequence whose ESC has been read: colours and cursor moves (`ESC [ … letter`), titles and
/// links (`ESC ] … BEL` or `ESC \`), or two characters.
fn after_escape(rest: &str) -> &str {
    let bytes = rest.as_bytes();
    let end = match bytes.first() {
        Some(b'[') => {
            let body = bytes[1..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
            1 + body + usize::from(bytes.get(1 + body).is_some_and(u8::is_ascii_graphic))
        }
        Some(b']') => {
            let body = bytes.iter().take_while(|byte| !matches!(byte, 0x07 | 0x1b | b'\n')).count();
            match bytes.get(body) {
                Some(0x07) => body + 1,
                Some(0x1b) if bytes.get(body + 1) == Some(&b'\\') => body + 2,
                _ => body,
            }
        }
        Some(byte) if byte.is_ascii_graphic() => 1,
        _ => 0,
    };
    rest.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_coloured_and_quoted_text_reads_as_one_sentence() {
        let plain = Plain::new(
            b"\x1b[31mLmod\x1b[0m has\0 detected\r\n  the  following\t\xe2\x80\x98x\xe2\x80\x99\n",
        );
        assert_eq!(plain.text, "Lmod has detected the following 'x' ");
    }

    #[test]
    fn the_line_that_told_can_be_shown() {
        let plain = Plain::new(b"one\n\ntwo and\n  three\nfour\n");
        let start = plain.text.find("and").unwrap();
        assert_eq!(plain.lines_around(start, start + 3), "two and");
        assert_eq!(plain.lines_around(start, start + 9), "two and three");
        assert_eq!(plain.lines_around(0, 3), "one");
        let start = plain.text.find("four").unwrap();
        assert_eq!(plain.lines_around(start, start + 4), "four");
    }

    #[test]
    fn a_line_that_is_said_500_times_is_kept_twice() {
        assert_eq!(Plain::new("bad character\n".repeat(500).as_bytes()).text, "bad character bad character ");
        assert_eq!(Plain::new(b"a\nb\na\na\nb\n").text, "a b a a b ");
    }

    #[test]
    fn a_long_line_is_cut_around_what_told() {
        let output = format!("{}é needle é{}", "x".repeat(5000), "y".repeat(5000));
        let plain = Plain::new(output.as_bytes());
        let start = plain.text.find("needle").unwrap();
        let shown = plain.lines_around(start, start + 6);
        assert!(shown.contains("needle") && shown.len() < 300, "{shown}");
        assert!(shown.starts_with("… ") && shown.ends_with(" …"), "{shown}");
    }

    #[test]
    fn hostile_bytes_are_no_panic() {
        for output in
            [&b"\xff\xfe\x1b"[..], b"\x1b[", b"\x1b]0;title", b"\x1b]8;;\x1b\\x", b"\x1b[999\xc3", b""]
        {
            let plain = Plain::new(output);
            let _ = plain.lines_around(0, plain.text.len());
        }
        assert_eq!(Plain::new(b"a\x1b]8;;http://x\x07link\x1b]8;;\x07b").text, "alinkb ");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_undressed(output: Vec<u8>, start: usize, length: usize) {
            let plain = Plain::new(&output);
            let start = start % (plain.text.len() + 1);
            let end = (start + length % 400).min(plain.text.len());
            let _ = plain.lines_around(start, end);
            assert!(!plain.text.contains("  ") && !plain.text.contains('\n'));
        }
    }
}
