//! An answer that only a shell understands: bash evaluates it, and this same binary, started by that bash, writes the
//! resulting environment NUL-separated. Module names are arguments, never shell text. And the calls and answers themselves.

use std::ffi::OsString;
use std::path::Path;

use crate::stack::environment::Environment;

/// The hidden first argument of this binary for a program that must end soon: `run::within`.
pub const WITHIN: &str = "__within";
/// What every line begins with that this binary adds to what such a program says.
pub const SAYS: &str = "stackprobe: ";
/// The hidden first argument of this binary for who ends what a shell evaluates too long: `run::watch`.
pub const WATCH: &str = "__watch";
/// How long a shell may evaluate what Lmod answered, in seconds: what takes longer loops or waits.
pub const EVALUATING: &str = "20";
/// How long Lmod may take to load a toolchain, in seconds.
pub const LOADING: &str = "120";

/// The locale that a module system is called in.
pub const LOCALE: &str = "C.UTF-8";

/// A process to start, with its whole environment.
#[derive(Clone, Debug)]
pub struct Call {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Nothing else is inherited.
    pub environment: Environment,
}

impl Call {
    /// Starts `argv` with what `known` says and the module system's own `settings`.
    #[must_use]
    pub fn new(argv: impl IntoIterator<Item = OsString>, known: Environment, settings: Settings) -> Self {
        let mut environment = known;
        for (name, value) in settings {
            environment.set(name, value);
        }
        Self { argv: argv.into_iter().collect(), environment }
    }
}

/// What a module system is told by its environment, and modules are not.
pub type Settings = &'static [(&'static str, &'static str)];

/// What a [`Call`] answered.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether it ended with 0.
    pub success: bool,
    /// Its stdout.
    pub stdout: Vec<u8>,
    /// Its stderr.
    pub stderr: Vec<u8>,
}

/// Why a module system did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One line.
    pub what: String,
    /// Its own words, without its trailing advice.
    pub words: String,
}

/// What starts `command VERB WORDS…` and has `shell` evaluate what it answers; `own` is this binary.
#[must_use]
pub fn argv(
    shell: &Path,
    own: &Path,
    command: &Path,
    words: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let script = format!(
        "_sp=$(\"$@\"); \"$0\" {WATCH} {EVALUATING} >/dev/null </dev/null & _sp_watch=$!; disown; \
         eval \"$_sp\" || exit 77; builtin kill $_sp_watch; exec \"$0\" __environment"
    );
    let head = ["--norc".into(), "--noprofile".into(), "-c".into(), OsString::from(script)];
    let own = own.as_os_str();
    let within = [own.to_owned(), own.to_owned(), WITHIN.into(), LOADING.into()];
    let tail = within.into_iter().chain([command.as_os_str().to_owned(), "bash".into()]);
    std::iter::once(shell.as_os_str().to_owned()).chain(head).chain(tail).chain(words).collect()
}

/// Whether what was called, or the shell that evaluated its answer, did not come to its end.
///
/// # Errors
/// Which did not.
pub fn ended(answer: &Answer, system: &str) -> Result<(), Refusal> {
    let said = String::from_utf8_lossy(&answer.stderr);
    // What it did before it was killed is not an answer.
    let Some((whose, how)) = said.lines().find_map(|line| line.strip_prefix(SAYS)?.split_once("did not end"))
    else {
        return Ok(());
    };
    let whose = if whose == "it " { format!("{system} ") } else { whose.to_owned() };
    let what = format!("{whose}did not end{how}: a modulefile loops or waits");
    Err(Refusal { what, words: quote(&answer.stderr) })
}

/// Reads the environment out of the answer to [`argv`], without what only `settings` told the module system.
///
/// # Errors
/// The module system's own words, where it gave no environment.
pub fn read(
    answer: &Answer,
    base: &Environment,
    settings: Settings,
    system: &str,
) -> Result<Environment, Refusal> {
    if !answer.success {
        return Err(refused(answer, system));
    }
    let mut environment = Environment::from_nul_separated(&answer.stdout);
    // The shell's own, not the modules'.
    for name in ["_", "SHLVL", "PWD", "OLDPWD"] {
        environment.unset(name);
    }
    environment.unset_where(|name, _| name.starts_with("BASH_FUNC_"));
    for (name, _) in settings {
        if *name == "LC_ALL" && environment.text(name).is_none_or(|value| value != LOCALE) {
            continue;
        }
        match base.get(name) {
            Some(value) => environment.set(name, value),
            None => environment.unset(name),
        }
    }
    Ok(environment)
}

/// What the module system said when it loaded nothing: that is the reason.
#[must_use]
pub fn refused(answer: &Answer, system: &str) -> Refusal {
    let words = quote(&answer.stderr);
    let what =
        if words.is_empty() { format!("{system} loaded nothing and did not say why") } else { words.clone() };
    Refusal { what, words }
}

/// Lmod's message in one paragraph: without its heading and without the advice that it always adds.
#[must_use]
pub fn quote(stderr: &[u8]) -> String {
    let words = String::from_utf8_lossy(stderr).into_owned();
    let words = words.split("Please check the spelling").next().unwrap_or_default();
    let words = words.split("While processing the following module").next().unwrap_or_default();
    let words = words.replace("Lmod has detected the following error:", "");
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut line = words.join(" ");
    if line.len() > 600 {
        let end = (0..=600).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}
