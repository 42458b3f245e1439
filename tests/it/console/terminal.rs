//! A real terminal (`script` of util-linux opens one), and what a person would see on it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::fixture::Call;

/// A run on a terminal.
pub(crate) struct Terminal {
    call: Call,
    child: Child,
    shown: Arc<Mutex<Shown>>,
    reader: JoinHandle<()>,
    device: PathBuf,
}

struct Shown {
    raw: String,
    screen: Screen,
}

impl Terminal {
    /// Starts the call on a terminal of this size, with these variables beside its own.
    pub(crate) fn open(mut call: Call, columns: usize, rows: usize, set: &[(&str, &str)]) -> Self {
        let command = call.command();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line = shell_words::join(words.map(|word| word.to_string_lossy().into_owned()));
        let mut script = Command::new("script");
        script.env_clear().env("TERM", "xterm");
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.envs(set.iter().copied()).current_dir(call.folder());
        let line = format!("tty > device; stty cols {columns} rows {rows}; exec {line}");
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(Shown { raw: String::new(), screen: Screen::new(columns, rows) }));
        let theirs = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                let mut shown = theirs.lock().unwrap();
                shown.raw.push_str(&text);
                shown.screen.feed(&text);
            }
        });
        let device = call.folder().join("device");
        Self { call, child, shown, reader, device }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.call.folder()
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn until(&self, what: &str, is: impl Fn(&[String]) -> bool) {
        let begun = Instant::now();
        loop {
            let lines = self.shown.lock().unwrap().screen.lines();
            if is(&lines) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}\n{}", lines.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Changes its size, as a window does.
    pub(crate) fn resize(&self, columns: usize, rows: usize) {
        self.shown.lock().unwrap().screen.resize(columns, rows);
        let device = std::fs::read_to_string(&self.device).unwrap();
        let size = format!("cols {columns} rows {rows}");
        let done = Command::new("stty").args(["-F", device.trim()]).args(size.split(' ')).status().unwrap();
        assert!(done.success());
    }

    pub(crate) fn type_in(&self, text: &str) {
        self.child.stdin.as_ref().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Every sequence that does more than move the cursor, take text away or colour it.
    pub(crate) fn modes(&self) -> Vec<String> {
        let shown = self.shown.lock().unwrap();
        let sequences = shown.raw.split('\u{1b}').skip(1);
        let harmless = |text: &&str| {
            let end = text.find(|letter: char| letter.is_ascii_alphabetic());
            text.starts_with('[')
                && !text.starts_with("[?")
                && end.is_some_and(|end| "AJKm".contains(&text[end..=end]))
        };
        sequences.filter(|text| !harmless(text)).map(str::to_owned).collect()
    }

    /// Waits for its end: the exit status, and all lines that are left, those above the screen, too.
    pub(crate) fn end(self) -> (i32, Vec<String>) {
        let (status, shown) = self.over();
        let shown = shown.lock().unwrap();
        (status, shown.screen.history.iter().cloned().chain(shown.screen.lines()).collect())
    }

    pub(crate) fn raw_at_end(self) -> String {
        self.over().1.lock().unwrap().raw.clone()
    }

    fn over(mut self) -> (i32, Arc<Mutex<Shown>>) {
        let status = self.child.wait().unwrap();
        self.reader.join().unwrap();
        (status.code().unwrap(), self.shown)
    }
}

/// As much of a terminal as is used: text, CR, LF, cursor up, erase to the end, colours.
struct Screen {
    columns: usize,
    rows: usize,
    cells: Vec<Vec<char>>,
    row: usize,
    column: usize,
    history: Vec<String>,
    sequence: Option<String>,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Self {
        let cells = vec![Vec::new(); rows];
        Self { columns, rows, cells, row: 0, column: 0, history: Vec::new(), sequence: None }
    }

    /// Lines are cut and not wrapped anew, as xterm does it; the last rows stay.
    fn resize(&mut self, columns: usize, rows: usize) {
        self.columns = columns;
        while self.cells.len() > rows {
            if self.row + 1 < self.cells.len() {
                self.cells.pop();
            } else {
                self.scroll();
                self.cells.pop();
                self.row -= 1;
            }
        }
        self.rows = rows;
        self.cells.resize(rows, Vec::new());
        for line in &mut self.cells {
            line.truncate(columns);
        }
        self.column = self.column.min(columns - 1);
    }

    fn lines(&self) -> Vec<String> {
        self.cells.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect()
    }

    fn scroll(&mut self) {
        let line = self.cells.remove(0);
        self.history.push(line.iter().collect::<String>().trim_end().to_owned());
        self.cells.push(Vec::new());
    }

    fn down(&mut self) {
        if self.row + 1 == self.rows { self.scroll() } else { self.row += 1 }
    }

    fn feed(&mut self, text: &str) {
        for letter in text.chars() {
            if let Some(sequence) = &mut self.sequence {
                sequence.push(letter);
                if letter.is_ascii_alphabetic() {
                    let sequence = self.sequence.take().unwrap();
                    self.obey(&sequence);
                }
                continue;
            }
            match letter {
                '\u{1b}' => self.sequence = Some(String::new()),
                '\r' => self.column = 0,
                '\n' => self.down(),
                letter if letter.is_control() => {}
                letter => {
                    if self.column == self.columns {
                        self.column = 0;
                        self.down();
                    }
                    let line = &mut self.cells[self.row];
                    line.resize(line.len().max(self.column + 1), ' ');
                    line[self.column] = letter;
                    self.column += 1;
                }
            }
        }
    }

    fn obey(&mut self, sequence: &str) {
        match sequence {
            "[J" => {
                self.cells[self.row].truncate(self.column);
                self.cells.iter_mut().skip(self.row + 1).for_each(Vec::clear);
            }
            up if up.ends_with('A') => {
                let count: usize = up[1..up.len() - 1].parse().unwrap();
                self.row = self.row.saturating_sub(count);
            }
            colour => assert!(colour.starts_with('[') && colour.ends_with('m'), "unknown: {colour:?}"),
        }
    }
}
