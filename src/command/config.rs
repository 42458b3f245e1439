//! `stackprobe config`: every setting, and where it came from.

use std::ffi::OsString;
use std::fmt::Write as _;

use serde_json::json;

use crate::cli::{About, Config, Format};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::report::print::{print, print_json};
use crate::settings::{Settings, Shown};

/// Prints the settings.
///
/// # Errors
/// A file of settings or a command line that is wrong.
pub fn config(flags: &Config) -> Result<Exit, Error> {
    let About::Show(flags) = &flags.what;
    let settings = Settings::find(&std::env::args_os().collect::<Vec<_>>())?;
    let mut words: Vec<OsString> = vec!["stackprobe".into()];
    if flags.words.is_empty() {
        words.push("run".into());
    }
    words.extend(flags.words.iter().cloned());
    let all = settings.shown(words).map_err(|error| {
        let text = error.to_string();
        let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Error::new(Kind::Usage, what).hint("such as: stackprobe config show run --cc gcc/12")
    })?;
    match flags.format {
        Format::Json => print_json(&json!({
            "file": settings.file, "profile": settings.profile, "values": all,
        }))?,
        Format::Text => print(&text(&settings, &all))?,
    }
    Ok(Exit::Passed)
}

fn text(settings: &Settings, all: &[Shown]) -> String {
    let mut text = match (&settings.file, &settings.profile) {
        (Some(file), Some(profile)) => format!("{}, profile {profile}\n", file.display()),
        (Some(file), None) => format!("{}\n", file.display()),
        (None, _) => "no file of settings\n".to_owned(),
    };
    let values = |shown: &Shown| if shown.from == "unset" { "-".to_owned() } else { shown.values.join(", ") };
    let width = |of: &dyn Fn(&Shown) -> usize| all.iter().map(of).max().unwrap_or_default();
    let (names, longest) =
        (width(&|shown| shown.name.len()), width(&|shown| values(shown).chars().count()).min(40));
    for shown in all {
        let place = if shown.place.is_empty() { String::new() } else { format!(": {}", shown.place) };
        let _ = writeln!(text, "{:names$}  {:longest$}  {}{place}", shown.name, values(shown), shown.from);
    }
    text
}
