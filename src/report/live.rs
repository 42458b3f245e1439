//! The last lines of a terminal while a run works: a line for every running case, and the count.
//!
//! The cursor rests where the block begins, so taking it away is one sequence, whatever the terminal did with lines that
//! became too long for it. No mode of the terminal is changed, so none has to be restored, however we end.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anstyle::Style;

use crate::report::estimate::Estimate;
use crate::report::mask::mask;
use crate::report::record::CaseRecord;
use crate::report::text::line;
use crate::verdict::check::Outcome;

/// Seconds pass on the screen even if nothing happens.
const TICK: Duration = Duration::from_millis(500);
/// However many cases end at once.
const LEAST: Duration = Duration::from_millis(100);
/// A terminal that does not say its size.
const UNKNOWN: (usize, usize) = (80, 24);

/// A terminal that is drawn on until this is dropped.
#[derive(Debug)]
pub struct Live {
    shared: Arc<Shared>,
    painter: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    scene: Mutex<Scene>,
    changed: Condvar,
}

/// What is to be seen.
#[derive(Debug)]
struct Scene {
    begun: Instant,
    running: Vec<Running>,
    estimate: Estimate,
    counts: Vec<(Outcome, usize)>,
    done: usize,
    total: usize,
    coloured: bool,
    fresh: bool,
    over: bool,
}

#[derive(Debug)]
struct Running {
    id: String,
    label: String,
    since: Instant,
}

/// Whether standard error is a terminal that can be drawn on.
#[must_use]
pub fn is_possible() -> bool {
    let able = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    able && io::stderr().is_terminal()
}

impl Live {
    /// Draws from now on. `done` of `total` cases are over already.
    ///
    /// # Errors
    /// If no thread can be started; then there is no live view, and nothing else is lost.
    pub fn begin(done: usize, total: usize, estimate: Estimate) -> io::Result<Self> {
        let coloured = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        let counts = [Outcome::Failed, Outcome::Error, Outcome::Passed, Outcome::Skipped];
        let scene = Scene {
            begun: Instant::now(),
            running: Vec::new(),
            estimate,
            counts: counts.map(|outcome| (outcome, 0)).to_vec(),
            done,
            total,
            coloured,
            fresh: true,
            over: false,
        };
        let shared = Arc::new(Shared { scene: Mutex::new(scene), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let painter = std::thread::Builder::new().name("live".into()).spawn(move || theirs.paint())?;
        Ok(Self { shared, painter: Some(painter) })
    }

    /// Somebody works on a case: `mpi/hello n=4 [gcc/12.2.0 openmpi/5.0.11]`.
    pub fn begun(&self, id: &str, label: &str) {
        let running = Running { id: id.to_owned(), label: line(&mask(label), 500), since: Instant::now() };
        self.change(|scene| scene.running.push(running));
    }

    /// Nobody works on it for now.
    pub fn left(&self, id: &str) {
        self.change(|scene| scene.running.retain(|running| running.id != id));
    }

    /// It is over.
    pub fn ended(&self, record: &CaseRecord) {
        self.change(|scene| {
            scene.running.retain(|running| running.id != record.owed.id);
            scene.estimate.finish(&record.owed, record.seconds);
            scene.done += 1;
            let outcome = record.outcome();
            for (_, count) in scene.counts.iter_mut().filter(|(of, _)| *of == outcome) {
                *count += 1;
            }
        });
    }

    /// Prints lines above, which stay.
    pub fn print(&self, text: &str) {
        let scene = self.shared.lock();
        let mut painted = String::from("\r\u{1b}[J");
        let text = if scene.coloured { text.to_owned() } else { strip_str(text).to_string() };
        for line in text.lines() {
            painted.push_str(line);
            painted.push_str("\r\n");
        }
        painted.push_str(&scene.block(size()));
        write(&painted);
    }

    fn change(&self, change: impl FnOnce(&mut Scene)) {
        let mut scene = self.shared.lock();
        change(&mut scene);
        scene.fresh = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.change(|scene| scene.over = true);
        if let Some(painter) = self.painter.take() {
            // The picture is wiped in any case.
            let _ = painter.join();
        }
        write("\r\u{1b}[J");
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Repaints when something has changed, and when time has passed.
    fn paint(&self) {
        let mut scene = self.lock();
        while !scene.over {
            scene.fresh = false;
            write(&format!("\r\u{1b}[J{}", scene.block(size())));
            scene = self.wait(scene, LEAST, |scene| !scene.over);
            scene = self.wait(scene, TICK, |scene| !scene.fresh && !scene.over);
        }
    }

    fn wait<'g>(
        &self,
        scene: MutexGuard<'g, Scene>,
        time: Duration,
        idle: impl Fn(&Scene) -> bool,
    ) -> MutexGuard<'g, Scene> {
        let waited = self.changed.wait_timeout_while(scene, time, |scene| idle(scene));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Scene {
    /// The lines, and the cursor back where they begin.
    fn block(&self, (columns, rows): (usize, usize)) -> String {
        let style = |style: Style, text: &str| {
            if self.coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
        };
        // The last column stays free: some terminals begin a new line once it is written.
        let width = columns.saturating_sub(1);
        let room = rows.saturating_sub(2).max(1);
        let shown = if self.running.len() > room { room.saturating_sub(1) } else { self.running.len() };
        let mut lines = Vec::new();
        for running in &self.running[..shown] {
            lines.push(cut(&format!("{:>7} {}", span(running.since.elapsed()), running.label), width));
        }
        if shown < self.running.len() {
            lines.push(cut(&format!("{:>7} and {} more", "", self.running.len() - shown), width));
        }
        lines.push(style(Style::new().bold(), &cut(&self.count(), width)));
        let mut text = lines.join("\r\n");
        if lines.len() > 1 {
            let _ = write!(text, "\u{1b}[{}A", lines.len() - 1);
        }
        text.push('\r');
        text
    }

    /// `12/120 cases: 1 failed, 11 passed; 34 s so far, about 5 min left`.
    fn count(&self) -> String {
        let counts: Vec<String> = self
            .counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        let elapsed = self.begun.elapsed();
        let running: Vec<(&str, Duration)> =
            self.running.iter().map(|running| (running.id.as_str(), running.since.elapsed())).collect();
        let left = self.estimate.left(elapsed, &running);
        let left = left.map(|left| format!(", about {} left", span(left))).unwrap_or_default();
        format!("{}/{} cases{counts}; {} so far{left}", self.done, self.total, span(elapsed))
    }
}

/// `9 s`, `12 min`, `1 h 05 min`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// As much as fits into so many columns.
fn cut(text: &str, columns: usize) -> String {
    // East Asian letters and emoji take two columns; whoever is taken for one of them is cut too early, not too late.
    let width = |letter: char| if letter < '\u{1100}' { 1 } else { 2 };
    let mut used = 0;
    text.chars()
        .take_while(|letter| {
            used += width(*letter);
            used <= columns
        })
        .collect()
}

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    terminal_size::terminal_size_of(io::stderr())
        .map(|(columns, rows)| (usize::from(columns.0), usize::from(rows.0)))
        .filter(|(columns, rows)| *columns > 0 && *rows > 0)
        .unwrap_or(UNKNOWN)
}

/// In one call: what is seen is never half of it.
fn write(text: &str) {
    let mut terminal = io::stderr().lock();
    // A terminal that is gone is nobody's loss.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(running: usize) -> Scene {
        let running = (0..running).map(|index| Running {
            id: index.to_string(),
            label: format!("mpi/probe-{index} [gcc/12.2.0 openmpi/5.0.11]"),
            since: Instant::now(),
        });
        Scene {
            begun: Instant::now(),
            running: running.collect(),
            estimate: Estimate::default(),
            counts: vec![(Outcome::Failed, 1), (Outcome::Passed, 0)],
            done: 1,
            total: 9,
            coloured: false,
            fresh: true,
            over: false,
        }
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal_and_the_block_leaves_room() {
        for (columns, rows) in [(80, 24), (20, 5), (3, 2), (1, 1)] {
            let block = scene(30).block((columns, rows));
            let lines: Vec<&str> = block.split("\r\n").collect();
            assert!(lines.len() <= rows.max(2), "{columns}×{rows}: {block:?}");
            for line in &lines {
                let line = line.split('\u{1b}').next().unwrap().trim_end_matches('\r');
                assert!(line.chars().count() < columns.max(2), "{columns}×{rows}: {line:?}");
            }
        }
    }

    #[test]
    fn the_cursor_returns_to_where_the_block_begins() {
        assert_eq!(
            scene(1).block((80, 24)),
            "    0 s mpi/probe-0 [gcc/12.2.0 openmpi/5.0.11]\r\n1/9 cases: 1 failed; 0 s so far\u{1b}[1A\r"
        );
        assert_eq!(scene(0).block((80, 24)), "1/9 cases: 1 failed; 0 s so far\r");
    }

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(cut("a漢字b", 4), "a漢");
    }
}
