//! Who tells of cases: one thread, so that nobody who runs cases waits for a disk or a terminal.
//!
//! A case is written down before a line of it is printed: what a person has seen is in the report.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Error, Kind, reason};
use crate::report::console::Console;
use crate::report::event::{Doing, Event, Which};
use crate::report::messages::Messages;
use crate::report::record::{CaseRecord, Owed, now};
use crate::report::results::Results;

/// Finished cases that may wait for the disk; then whoever finishes one waits, too.
const WAITING: usize = 64;

/// What there is to tell.
enum News {
    /// Work on a case begins.
    Begun(Begun),
    /// It rests: its program is built and waits for its turn.
    Left(String),
    /// A finished case, and what its commands said, if that is to be shown.
    Case(Box<CaseRecord>, String),
    /// Something for the person who is looking.
    Text(String),
}

/// A case that is worked on.
pub(super) struct Begun {
    pub(super) owed: Owed,
    pub(super) label: String,
    pub(super) doing: Doing,
}

/// The thread, and the way to it.
pub(super) struct Teller {
    finished: SyncSender<News>,
    unwritable: Arc<OnceLock<String>>,
    thread: JoinHandle<Results>,
}

/// What the thread knows.
struct Desk {
    results: Results,
    console: Console,
    messages: Arc<Messages>,
    slow_after: Duration,
    unwritable: Arc<OnceLock<String>>,
    running: Vec<Running>,
}

struct Running {
    begun: Begun,
    since: Instant,
    /// How long it may still take until it is named, from its beginning.
    next: Duration,
}

impl Teller {
    /// Starts the thread. A case that takes longer than `slow_after` is named.
    ///
    /// # Errors
    /// The pod has no thread left.
    pub(super) fn start(
        results: Results,
        console: Console,
        messages: Arc<Messages>,
        slow_after: Duration,
    ) -> Result<Self, Error> {
        let unwritable = Arc::new(OnceLock::new());
        let theirs = Arc::clone(&unwritable);
        let (finished, news) = sync_channel(WAITING);
        let desk = Desk { results, console, messages, slow_after, unwritable: theirs, running: Vec::new() };
        let work = move || desk.serve(&news);
        let thread = std::thread::Builder::new().name("teller".into()).spawn(work).map_err(|error| {
            Error::new(Kind::Pod, format!("cannot start a thread: {}", reason(&error)))
                .hint("is the limit on processes (pids) high enough?")
        })?;
        Ok(Self { finished, unwritable, thread })
    }

    /// Tells that a case is worked on.
    pub(super) fn begun(&self, begun: Begun) {
        let _ = self.finished.send(News::Begun(begun));
    }

    /// Tells that it rests.
    pub(super) fn left(&self, id: &str) {
        let _ = self.finished.send(News::Left(id.to_owned()));
    }

    /// Tells of a case.
    pub(super) fn tell(&self, record: CaseRecord, said: String) {
        let _ = self.finished.send(News::Case(Box::new(record), said));
    }

    /// Prints a text, after all cases that were told of before.
    pub(super) fn say(&self, text: String) {
        let _ = self.finished.send(News::Text(text));
    }

    /// Why results can no longer be written, if so.
    pub(super) fn unwritable(&self) -> Option<&str> {
        self.unwritable.get().map(String::as_str)
    }

    /// Waits until all is told.
    pub(super) fn end(self) -> Results {
        drop(self.finished);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Desk {
    fn serve(mut self, news: &Receiver<News>) -> Results {
        loop {
            let next = match self.next() {
                Some(wait) => news.recv_timeout(wait),
                None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(news) => self.tell(news),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.results,
            }
            self.name_slow();
        }
    }

    fn tell(&mut self, news: News) {
        match news {
            News::Begun(begun) => {
                let case = Which::of(&begun.owed);
                self.messages.tell(&Event::CaseBegun { time: now(), case, doing: begun.doing });
                self.running.push(Running { begun, since: Instant::now(), next: self.slow_after });
            }
            News::Left(id) => self.running.retain(|running| running.begun.owed.id != id),
            News::Case(mut record, said) => {
                let is_it = |running: &&Running| running.begun.owed.id == record.owed.id;
                let slow = self.running.iter().find(is_it).is_some_and(|it| it.next > self.slow_after);
                self.running.retain(|running| running.begun.owed.id != record.owed.id);
                self.results.finish(&mut record);
                if let Some(error) = self.results.broken() {
                    self.unwritable.get_or_init(|| error.what());
                }
                self.console.case(&record, &said, slow);
                self.messages.tell(&Event::ended(&record));
            }
            News::Text(text) => self.console.say(&text),
        }
    }

    /// How long there is nothing to say of a slow case.
    fn next(&self) -> Option<Duration> {
        self.running.iter().map(|running| running.next.saturating_sub(running.since.elapsed())).min()
    }

    fn name_slow(&mut self) {
        for running in &mut self.running {
            let taken = running.since.elapsed();
            if taken < running.next {
                continue;
            }
            running.next = taken.max(running.next) * 2;
            let begun = &running.begun;
            let (case, seconds) = (Which::of(&begun.owed), taken.as_secs_f64());
            self.messages.tell(&Event::CaseSlow { time: now(), case, doing: begun.doing, seconds });
            self.console.slow(&begun.label, seconds);
        }
    }
}
