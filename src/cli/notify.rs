//! The flags that say who is told of a verdict, for every verb that has one.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::{Error, Kind};
use crate::notify::{Notify, Receiver, Shape};

/// Who is told of a verdict.
#[derive(Args, Debug, Clone, Default)]
pub struct Notices {
    /// Tell this webhook when the verdict is another one than it was told last; @FILE holds its address
    ///
    /// The address is a secret: give it by @FILE or by the environment. A receiver that is dead changes nothing.
    #[arg(long, value_name = "URL|@FILE", env = "STACKPROBE_NOTIFY", hide_env_values = true)]
    pub notify: Option<String>,
    /// In which form: json, slack, mattermost or teams [default: json]
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        env = "STACKPROBE_NOTIFY_FORM",
        hide_possible_values = true
    )]
    pub notify_form: Option<Form>,
    /// In the form of this file: JSON in which {verdict}, {before}, {summary}, {reasons}, {text} and others are filled in
    #[arg(long, value_name = "FILE", env = "STACKPROBE_NOTIFY_TEMPLATE", conflicts_with = "notify_form")]
    pub notify_template: Option<PathBuf>,
    /// A file with the token that is sent as `Authorization: Bearer`
    #[arg(long, value_name = "FILE", env = "STACKPROBE_NOTIFY_TOKEN_FILE")]
    pub notify_token: Option<PathBuf>,
    /// Tell also a verdict that is as it was
    #[arg(long, env = "STACKPROBE_NOTIFY_ALWAYS")]
    pub notify_always: bool,
    /// Where the verdict that was told last is written down [default: notified.json beside the reports or the verdict]
    #[arg(long, value_name = "FILE", env = "STACKPROBE_NOTIFY_STATE")]
    pub notify_state: Option<PathBuf>,
}

/// What a receiver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// All fields
    Json,
    /// Slack's
    Slack,
    /// Mattermost's
    Mattermost,
    /// That of Teams
    Teams,
}

impl Notices {
    /// What they ask for; `folder` is where the state lies if nothing else is said.
    ///
    /// # Errors
    /// An address that is none, files that cannot be read.
    pub fn read(&self, folder: Option<&Path>) -> Result<Option<Notify>, Error> {
        let Some(url) = self.notify.as_deref().filter(|url| !url.trim().is_empty()) else { return Ok(None) };
        let receiver = Receiver::new(url, self.notify_token.as_deref())?;
        let shape = match (&self.notify_template, self.notify_form) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path);
                Shape::Template(text.map_err(|error| Error::io(Kind::Usage, "read", path, &error))?)
            }
            (None, Some(Form::Slack | Form::Mattermost)) => Shape::Text,
            (None, Some(Form::Teams)) => Shape::Teams,
            (None, Some(Form::Json) | None) => Shape::Json,
        };
        let state = self.notify_state.clone().or_else(|| folder.map(crate::notify::beside));
        Ok(Some(Notify { receiver, shape, always: self.notify_always, state }))
    }
}
