//! Who tells of finished cases: one thread, so that nobody who runs cases waits for a disk or a terminal.
//!
//! A case is written down before a line of it is printed: what a person has seen is in the report.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use crate::error::{Error, Kind, reason};
use crate::report::console::Console;
use crate::report::record::CaseRecord;
use crate::report::results::Results;

/// Finished cases that may wait for the disk; then whoever finishes one waits, too.
const WAITING: usize = 64;

/// What there is to tell.
enum News {
    /// A finished case, and what its commands said, if that is to be shown.
    Case(Box<CaseRecord>, String),
    /// Something for the person who is looking.
    Text(String),
}

/// The thread, and the way to it.
pub(super) struct Teller {
    finished: SyncSender<News>,
    unwritable: Arc<OnceLock<String>>,
    thread: JoinHandle<Results>,
}

impl Teller {
    /// Starts the thread.
    ///
    /// # Errors
    /// The pod has no thread left.
    pub(super) fn start(mut results: Results, mut console: Console) -> Result<Self, Error> {
        let unwritable = Arc::new(OnceLock::new());
        let told = Arc::clone(&unwritable);
        let (finished, news): (_, Receiver<News>) = sync_channel(WAITING);
        let work = move || {
            for news in news {
                match news {
                    News::Case(mut record, said) => {
                        results.finish(&mut record);
                        if let Some(error) = results.broken() {
                            told.get_or_init(|| error.what());
                        }
                        console.case(&record, &said);
                    }
                    News::Text(text) => console.say(&text),
                }
            }
            results
        };
        let thread = std::thread::Builder::new().name("teller".into()).spawn(work).map_err(|error| {
            Error::new(Kind::Pod, format!("cannot start a thread: {}", reason(&error)))
                .hint("is the limit on processes (pids) high enough?")
        })?;
        Ok(Self { finished, unwritable, thread })
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
