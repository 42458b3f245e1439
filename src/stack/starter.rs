//! What starts the ranks of a loaded MPI in an allocation, where its own launcher is not all there is.

use std::path::PathBuf;

use crate::stack::launcher::{Launchers, Profile};
use crate::stack::method::Method;

/// How ranks are started in an allocation of a scheduler.
#[derive(Clone, Debug)]
pub struct Starter {
    /// The scheduler's program; none where the MPI's own launcher starts them.
    pub program: Option<PathBuf>,
    /// How.
    pub method: Method,
    /// Why ranks of this MPI do not find each other by it, and what to use.
    pub unsuited: Option<String>,
}

impl Starter {
    /// The one for an MPI of this profile here; none outside an allocation.
    ///
    /// # Errors
    /// A scheduler whose program is not there.
    pub fn of(profile: &Profile, launchers: &Launchers) -> Result<Option<Self>, String> {
        let Some(method) = launchers.method(profile) else { return Ok(None) };
        let find = |name: &String| {
            which::which(name).map_err(|_| format!("--launcher {}: there is no {name} on PATH", method.name))
        };
        let program = method.command.as_ref().map(find).transpose()?;
        let suits = program.is_none() || profile.methods.contains(&method.name);
        let unsuited =
            (!suits).then(|| format!("{}; {}", method.unsuited(&profile.title), launchers.advice(profile)));
        Ok(Some(Self { program, method: method.clone(), unsuited }))
    }
}
