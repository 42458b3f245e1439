//! `stackprobe rollback`: what was live before is live again.

use serde_json::json;

use crate::cli::Rollback;
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::release::{Manifest, Releases};
use crate::report::console::note;
use crate::report::print::print;
use crate::report::record::now;

/// Switches a ring back.
///
/// # Errors
/// No release to go back to, one that is not whole, a folder that cannot be changed.
pub fn rollback(flags: &Rollback) -> Result<Exit, Error> {
    Releases::look(&flags.releases)?;
    let (releases, told) = Releases::take(&flags.releases)?;
    if let Some(told) = told {
        note(&told);
    }
    let ring = &flags.ring;
    let from = releases.leads(ring)?;
    if from.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("{ring} leads to no release"))
            .hint("`stackprobe releases` lists them"));
    }
    let to = match &flags.to {
        Some(to) => to.clone(),
        None => Manifest::read(&releases.folder(&from), &from)?.previous,
    };
    if to.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("before {from} there was nothing that {ring} led to"))
            .hint("--to names another release; `stackprobe releases` lists them"));
    }
    let known = releases.all()?.into_iter().find(|(id, _)| *id == to);
    let Some((_, manifest)) = known else {
        return Err(Error::new(Kind::Usage, format!("there is no release `{}`", to.escape_debug()))
            .hint("`stackprobe releases` lists them"));
    };
    let manifest = manifest?;
    if !releases.folder(&to).join("stack").is_dir() {
        let what = format!("the stack of {to} is not there: {}", manifest.stack.display());
        return Err(Error::new(Kind::Stack, what).hint("is the volume mounted? Nothing was switched"));
    }
    releases.may_log()?;
    releases.switch(ring, &to)?;
    releases.proved()?;
    releases.log(&json!({"at": now(), "what": "rolled back", "ring": ring, "id": to, "from": from}));
    print(&format!("{ring} leads to {to}, after {from}\n"))?;
    Ok(Exit::Passed)
}
