//! The events of a run on standard output, for a program that follows it.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;

use crate::error::{Error, Kind, reason};
use crate::report::event::Event;
use crate::report::mask::record::one_line;

/// What a run prints on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// The summary, when it has ended
    #[default]
    Text,
    /// Each event as it happens, one JSON object a line, in place of the summary
    Json,
}

/// Where events go, if anywhere.
#[derive(Debug, Default)]
pub struct Messages {
    wanted: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    broken: Option<String>,
    /// Whether the last event is out.
    over: bool,
}

impl Messages {
    /// Those of this format.
    #[must_use]
    pub fn new(format: MessageFormat) -> Self {
        Self { wanted: format == MessageFormat::Json, state: Mutex::default() }
    }

    /// Whether somebody reads them.
    #[must_use]
    pub fn are_wanted(&self) -> bool {
        self.wanted
    }

    /// Prints an event. After the first that does not get out there are no more: half a stream is not mended by its rest.
    pub fn tell(&self, event: &Event<'_>) {
        let mut state = self.state();
        if !self.wanted || state.over || state.broken.is_some() {
            return;
        }
        state.over = matches!(event, Event::RunEnded { .. });
        let written = serde_json::to_value(event).map_err(io::Error::from).and_then(|value| {
            let mut out = io::stdout().lock();
            writeln!(out, "{}", one_line(value)).and_then(|()| out.flush())
        });
        state.broken = written.err().map(|error| reason(&error));
    }

    /// Whether all got out.
    ///
    /// # Errors
    /// What kept one of them.
    pub fn end(&self) -> Result<(), Error> {
        match self.state().broken.as_deref() {
            None => Ok(()),
            Some(why) => Err(Error::new(Kind::Pod, format!("cannot write events to standard output: {why}"))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
