//! How Lmod is found and asked, and what its answers mean. Nothing is started here: a [`Call`] says what to start.
//!
//! One Lmod process gives the whole environment of a toolchain. Lmod's exit status proves nothing (it is 0 for modules
//! that went inactive and 1 after good loads with `LMOD_CACHED_LOADS`), so only the resulting `LOADEDMODULES` counts.
//!
//! `lmod json` exists since 8.7.33. Before that, bash evaluates what `lmod bash` prints: [`crate::stack::evaluated`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::stack::environment::Environment;
use crate::stack::evaluated;
pub use crate::stack::evaluated::{
    Answer, Call, EVALUATING, LOADING, LOCALE, Refusal, SAYS, Settings, WATCH, WITHIN, quote, refused,
};
use crate::suite::module_name::{Module, Wanted};
use crate::suite::version::{Range, Version};

/// Where Lmod usually is, below which `libexec/lmod` is looked for.
const USUAL_PLACES: [&str; 8] = [
    "/usr/share/lmod/lmod",
    "/opt/apps/lmod/lmod",
    "/usr/local/lmod/lmod",
    "/opt/lmod/lmod",
    "/apps/lmod/lmod",
    "/usr/share/lmod/8.7",
    "/opt/ohpc/admin/lmod/lmod",
    "/usr/local/share/lmod/lmod",
];

/// What [`Lmod`] is told by its environment, and modules are not.
const SETTINGS: Settings = &[
    ("LMOD_PAGER", "none"),
    ("LMOD_COLORIZE", "no"),
    // Lmod would start four processes to find out.
    ("LMOD_TERM_WIDTH", "200"),
    // What Lmod would look up in its cache must be what is on disk.
    ("LMOD_IGNORE_CACHE", "yes"),
    // Debian's and other sites' Lmod refuses uid 0 unless told.
    ("LMOD_ALLOW_ROOT_USE", "yes"),
    ("LC_ALL", LOCALE),
];

/// An Lmod that was found.
#[derive(Clone, Debug)]
pub struct Lmod {
    command: PathBuf,
    shell: PathBuf,
    /// `8.6.19`, once it has been asked.
    pub version: String,
}

impl Lmod {
    /// Where `LMOD_CMD`, the other variables of an initialised Lmod, `SPACK_ROOT`, and then the usual places say that
    /// it is: the candidates in order.
    #[must_use]
    pub fn candidates(environment: &Environment) -> Vec<PathBuf> {
        let named = environment.get("LMOD_CMD").map(PathBuf::from);
        let libexec = environment.get("LMOD_DIR").map(|dir| Path::new(dir).join("lmod"));
        let roots = ["LMOD_PKG", "MODULESHOME"].into_iter().filter_map(|name| environment.get(name));
        let roots = roots.map(PathBuf::from).chain(USUAL_PLACES.into_iter().map(PathBuf::from));
        named
            .into_iter()
            .chain(libexec)
            .chain(roots.map(|root| root.join("libexec/lmod")))
            .filter(|path| path.is_absolute())
            .collect()
    }

    /// Takes `command` as Lmod; `shell` is the bash to use where Lmod has no JSON.
    #[must_use]
    pub fn new(command: PathBuf, shell: PathBuf) -> Self {
        Self { command, shell, version: String::new() }
    }

    /// The `lmod` program.
    #[must_use]
    pub fn command(&self) -> &Path {
        &self.command
    }

    /// Keeps the version out of an answer to the question for it.
    ///
    /// # Errors
    /// An answer without a version: Lmod itself is broken.
    pub fn take_version(&mut self, answer: &Answer) -> Result<(), Refusal> {
        let words = [text(&answer.stderr), text(&answer.stdout)].concat();
        let version = words.split("Version").nth(1).and_then(|rest| rest.split_whitespace().next());
        version.map(|version| version.trim_matches(':').clone_into(&mut self.version)).ok_or_else(|| {
            Refusal {
                what: format!("`{}` does not say its version: Lmod itself is broken", self.command.display()),
                words: quote(&answer.stderr),
            }
        })
    }

    /// `lmod json` was added in 8.7.33.
    fn has_json(&self) -> bool {
        Range::parse(">= 8.7.33").is_ok_and(|range| range.holds(&Version::new(&self.version)))
    }

    /// Asks for the environment in which `modules` are loaded, in this order, on top of `base`. `own` is this binary.
    #[must_use]
    pub fn ask_load(&self, modules: &[Wanted], base: &Environment, own: &Path) -> Call {
        self.ask("load", modules.iter().map(|module| module.text().into()), base, own)
    }

    /// Asks for `base` without any loaded module.
    #[must_use]
    pub fn ask_purge(&self, base: &Environment, own: &Path) -> Call {
        self.ask("purge", std::iter::once("--force".into()), base, own)
    }

    fn ask(&self, verb: &str, words: impl Iterator<Item = OsString>, base: &Environment, own: &Path) -> Call {
        if self.has_json() {
            let within = [own.as_os_str().to_owned(), WITHIN.into(), LOADING.into()];
            let argv = [self.command.as_os_str().to_owned(), "json".into(), verb.into()];
            return self.call(within.into_iter().chain(argv).chain(words), base);
        }
        let words = std::iter::once(verb.into()).chain(words);
        self.call(evaluated::argv(&self.shell, own, &self.command, words), base)
    }

    /// The bash to use where Lmod has no JSON.
    #[must_use]
    pub fn shell(&self) -> &Path {
        &self.shell
    }

    /// `base`, with what a login shell would know of this Lmod: scripts of a case may want to call it.
    #[must_use]
    pub fn known_in(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        environment.set("LMOD_CMD", &self.command);
        if let Some(libexec) = self.command.parent() {
            environment.set("LMOD_DIR", libexec);
            environment.set("LMOD_PKG", libexec.parent().unwrap_or(libexec));
        }
        environment
    }

    /// A process with its whole environment.
    #[must_use]
    pub fn call(&self, argv: impl IntoIterator<Item = OsString>, base: &Environment) -> Call {
        Call::new(argv, self.known_in(base), SETTINGS)
    }

    /// Reads the environment out of an answer to [`Lmod::ask_load`] or [`Lmod::ask_purge`].
    ///
    /// # Errors
    /// Lmod's own words, where it gave no environment.
    pub fn read_environment(&self, answer: &Answer, base: &Environment) -> Result<Environment, Refusal> {
        evaluated::ended(answer, "Lmod")?;
        let refusal = |what: &str| Refusal { what: what.to_owned(), words: quote(&answer.stderr) };
        if self.has_json() {
            let change: Change =
                serde_json::from_slice(&answer.stdout).map_err(|_| refusal("Lmod's answer is no JSON"))?;
            if !change.status {
                return Err(refused(answer, "Lmod"));
            }
            return Ok(change.apply(&self.known_in(base)));
        }
        evaluated::read(answer, base, SETTINGS, "Lmod")
    }
}

/// The modules that `environment` has loaded, with their files, in the order of loading.
#[must_use]
pub fn loaded(environment: &Environment) -> Vec<(Module, PathBuf)> {
    let files = environment.words("_LMFILES_").into_iter().map(PathBuf::from);
    let files = files.chain(std::iter::repeat(PathBuf::new()));
    environment.words("LOADEDMODULES").iter().map(|name| Module::new(name)).zip(files).collect()
}

/// Which loaded module answers each request.
///
/// # Errors
/// The requests that nothing loaded answers: unknown, inactive or replaced, whatever Lmod's exit status was.
pub fn resolve(
    wanted: &[Wanted],
    loaded: &[(Module, PathBuf)],
    answer: &Answer,
    system: &str,
) -> Result<Vec<Module>, Refusal> {
    let mut found = Vec::new();
    let mut absent = Vec::new();
    for request in wanted {
        match loaded.iter().find(|(module, _)| request.matches(module)) {
            Some((module, _)) => found.push(module.clone()),
            None => absent.push(format!("`{request}`")),
        }
    }
    if absent.is_empty() {
        return Ok(found);
    }
    let names: Vec<String> = loaded.iter().map(|(module, _)| module.to_string()).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    Err(Refusal {
        what: format!("asked for {}, but {system} has loaded {names}", absent.join(" and ")),
        words: quote(&answer.stderr),
    })
}

/// What `lmod json` answers.
#[derive(Deserialize)]
struct Change {
    #[serde(rename = "_mlstatus", default)]
    status: bool,
    // Lua cannot tell an empty table from an empty list: both are written `[]`.
    #[serde(default)]
    env: Value,
    #[serde(default)]
    unset: Value,
}

impl Change {
    fn apply(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        let none = Map::new();
        for (name, value) in self.env.as_object().unwrap_or(&none) {
            match value {
                Value::String(text) => environment.set(name, text),
                Value::Null => environment.unset(name),
                other => environment.set(name, other.to_string()),
            }
        }
        let names: Vec<&str> = match &self.unset {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            Value::Object(names) => names.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        for name in names {
            environment.unset(name);
        }
        environment
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str]) -> Vec<Wanted> {
        names.iter().map(|name| Wanted::new(name).unwrap()).collect()
    }

    fn lmod(version: &str) -> Lmod {
        let mut lmod = Lmod::new("/l/libexec/lmod".into(), "/bin/bash".into());
        let stderr = format!("\nModules based on Lua: Version {version}  2022-04-16\n").into_bytes();
        lmod.take_version(&Answer { success: true, stderr, ..Answer::default() }).unwrap();
        lmod
    }

    #[test]
    fn a_module_name_is_never_shell_text() {
        let call = lmod("8.6.19").ask_load(
            &wanted(&["gcc/$(touch${IFS}x)"]),
            &Environment::default(),
            "/own".as_ref(),
        );
        assert_eq!(call.argv.last().unwrap(), "gcc/$(touch${IFS}x)");
        assert!(!call.argv[4].to_string_lossy().contains("touch"));
    }

    #[test]
    fn json_is_used_from_the_version_that_has_it() {
        for (version, json) in [("8.6.19", false), ("8.7.32", false), ("8.7.33", true), ("9.0", true)] {
            let call = lmod(version).ask_load(&wanted(&["gcc"]), &Environment::default(), "/own".as_ref());
            assert_eq!(call.argv[4] == "json", json, "{version}");
        }
    }

    #[test]
    fn json_sets_changes_and_unsets() {
        let base = Environment::from_nul_separated(b"KEEP=1\0GO=2\0PATH=/bin\0");
        let stdout = br#"{"_mlstatus":true,"env":{"PATH":"/g:/bin","N":"a\nb"},"unset":["GO"],"alias":[]}"#;
        let answer = Answer { success: true, stdout: stdout.to_vec(), stderr: Vec::new() };
        let read = |answer: &Answer| lmod("8.7.60").read_environment(answer, &base);
        let place = b"LMOD_CMD=/l/libexec/lmod\0LMOD_DIR=/l/libexec\0LMOD_PKG=/l\0";
        let with_place = |rest: &[u8]| Environment::from_nul_separated(&[rest, place].concat());
        assert_eq!(read(&answer).unwrap(), with_place(b"KEEP=1\0PATH=/g:/bin\0N=a\nb\0"));
        let empty =
            Answer { stdout: br#"{"_mlstatus":true,"env":[],"unset":[]}"#.to_vec(), ..answer.clone() };
        assert_eq!(read(&empty).unwrap(), with_place(b"KEEP=1\0GO=2\0PATH=/bin\0"));
        let refused = Answer { stdout: br#"{"_mlstatus":false,"env":[]}"#.to_vec(), ..answer };
        assert!(read(&refused).is_err());
    }

    #[test]
    fn what_went_inactive_is_a_refusal_although_lmod_said_success() {
        let environment =
            Environment::from_nul_separated(b"LOADEDMODULES=llvm/16.0.6\0_LMFILES_=/m/llvm/16.0.6.lua\0");
        let answer = Answer {
            success: true,
            stderr: b"Inactive Modules:\n  1) openmpi\n".to_vec(),
            ..Answer::default()
        };
        let refusal =
            resolve(&wanted(&["llvm", "openmpi/5"]), &loaded(&environment), &answer, "Lmod").unwrap_err();
        assert_eq!(refusal.what, "asked for `openmpi/5`, but Lmod has loaded llvm/16.0.6");
        assert_eq!(refusal.words, "Inactive Modules: 1) openmpi");
    }
}
