//! WHO is told elsewhere: a message to a webhook when a verdict is another one than the last.
//!
//! A receiver that is dead never changes what a verb ends with: what could not be sent is a note, and is tried again by the
//! next run, because the verdict that was told last is written down only once it is told. An address is a secret: it
//! stands in no report, no note and no command line of ours.

mod message;
mod send;
mod state;

use std::path::{Path, PathBuf};

pub use message::{Message, Shape};
pub use send::Receiver;

use crate::report::console::note;
use crate::report::mask::mask;

/// Where the last verdict that was told is written down, if nothing else is said: beside the reports.
pub const STATE: &str = "notified.json";

/// What is told, to whom, and when.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Who.
    pub receiver: Receiver,
    /// In which form.
    pub shape: Shape,
    /// Also if the verdict is as it was.
    pub always: bool,
    /// Where the last one is written down; none: nothing is known of it.
    pub state: Option<PathBuf>,
}

impl Notify {
    /// Tells it, unless it was told last time.
    pub fn tell(&self, message: &Message) {
        let before = self.state.as_deref().and_then(|path| state::read(path, &self.receiver));
        if !self.always && before.as_deref() == Some(message.verdict.as_str()) {
            return;
        }
        let sent = message.render(&self.shape, before.as_deref()).and_then(|body| self.receiver.send(&body));
        if let Err(why) = sent {
            note(&format!("nobody was notified: {}", mask(&why)));
            return;
        }
        if let Some(path) = &self.state
            && let Err(why) = state::write(path, &self.receiver, &message.verdict)
        {
            note(&format!("that somebody was notified is not written down: {why}"));
        }
    }
}

/// The state beside these reports.
#[must_use]
pub fn beside(folder: &Path) -> PathBuf {
    folder.join(STATE)
}
