//! Whether the pod's own name means something to programs that ask for it.

use std::time::Duration;

use crate::pod::signals::Stop;
use crate::run::call::call;
use crate::stack::environment::Environment;
use crate::stack::lmod::Call;

/// A resolver tries two servers twice, five seconds each; nobody waits for all of that.
const PATIENCE: Duration = Duration::from_secs(6);

/// Whether `host` resolves, by the words of `getent`: in this process that would load libraries of the image under test.
/// None: it is not known.
pub(super) fn resolves(host: &str) -> Option<bool> {
    let getent = which::which_in("getent", Some("/usr/bin:/bin"), "/").ok()?;
    let stop = Stop::unheard().ok()?;
    let argv = vec![getent.into_os_string(), "hosts".into(), host.into()];
    let question = Call { argv, environment: Environment::inherited() };
    // One that does not come back in time does not resolve either.
    let Ok(answer) = call(&question, PATIENCE, &std::env::temp_dir(), &stop) else { return Some(false) };
    Some(answer.success)
}
