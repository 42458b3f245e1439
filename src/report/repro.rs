//! `repro.sh`: a case that did not pass, to be run by hand on a machine without stackprobe. Pure.
//!
//! It begins in the environment that the pod had, loads the modules by Lmod (or, where there is none, sets what they had
//! set), writes the sources into a folder of its own and gives the same commands, or opens a shell before the first.
//! Secrets are not in it: it takes them from the environment of whoever calls it, and says which are not set.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crate::report::mask::{is_secret, mask, spans, words};
use crate::report::text::line;
use crate::stack::environment::Environment;

/// What a script needs to know.
#[derive(Debug)]
pub struct Repro<'r> {
    /// `mpi/hello n=4 [gcc/12.2.0 openmpi/5.0.11]`.
    pub title: String,
    /// Why it did not pass.
    pub reason: String,
    /// Full names, in the order of loading.
    pub modules: Vec<String>,
    /// Lmod's program.
    pub lmod: &'r Path,
    /// The environment before the modules.
    pub base: &'r Environment,
    /// The environment with the modules.
    pub loaded: &'r Environment,
    /// The environment of the case.
    pub case: &'r Environment,
    /// Names and contents of the staged files.
    pub files: Vec<(String, Vec<u8>)>,
    /// The folder in which the case was staged.
    pub stage: &'r Path,
    /// The case's temporary folder and its home.
    pub folders: [&'r Path; 2],
    /// The commands, as words.
    pub commands: Vec<Vec<String>>,
    /// Whether address-space randomisation was on.
    pub aslr: bool,
    /// Wall-clock limit of each command.
    pub limit: Duration,
}

/// The variables from which a script takes what was left out of it, with the values that stood there.
#[derive(Default)]
struct LeftOut(RefCell<Vec<(String, String)>>);

impl LeftOut {
    /// The variable for this secret: the case's own where it has one of this value, else one of ours.
    fn variable(&self, case: &Environment, secret: &str) -> String {
        let mut known = self.0.borrow_mut();
        if let Some((name, _)) = known.iter().find(|(_, value)| value == secret) {
            return name.clone();
        }
        let own = case.iter().find(|(name, value)| is_shell_name(name) && *value == secret);
        let count = known.iter().filter(|(name, _)| name.starts_with(OURS)).count();
        let name = own
            .map_or_else(|| format!("{OURS}{}", count + 1), |(name, _)| name.to_string_lossy().into_owned());
        known.push((name.clone(), secret.to_owned()));
        name
    }

    fn names(&self) -> Vec<String> {
        self.0.borrow().iter().map(|(name, _)| name.clone()).collect()
    }
}

/// How the variables begin that stand for secrets that were in none.
const OURS: &str = "STACKPROBE_SECRET_";

impl Repro<'_> {
    /// The script.
    #[must_use]
    pub fn script(&self) -> String {
        let left_out = LeftOut::default();
        for (name, value) in
            self.case.iter().filter(|(name, value)| is_shell_name(name) && hidden(name, value))
        {
            left_out
                .0
                .borrow_mut()
                .push((name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        }
        let (mut files, mut steps) = (String::new(), String::new());
        for (name, bytes) in &self.files {
            here_document(&mut files, name, bytes, |secret| left_out.variable(self.case, secret));
        }
        self.steps(&mut steps, &left_out);
        let mut text = String::from("#!/usr/bin/env bash\n");
        let _ = writeln!(text, "# {}", line(&mask(&self.title), 200));
        let _ = writeln!(text, "# {}", line(&mask(&self.reason), 400));
        text.push_str(
            "# Usage: bash repro.sh [DIR]                          do it again in DIR (default: a new folder)\n\
             #        bash repro.sh --shell [DIR [COMMAND...]]     a shell, or COMMAND, where all is ready\nset -u\n\n",
        );
        self.begin_clean(&mut text, &left_out.names());
        self.load(&mut text);
        text.push_str("shell=\nif [ \"${1:-}\" = --shell ]; then shell=yes; shift; fi\n");
        text.push_str("stage=${1:-$(mktemp -d)}\ntmp=$stage/t home=$stage/h\n[ $# = 0 ] || shift\n");
        text.push_str("mkdir -p \"$stage\" \"$tmp\" \"$home\" && cd \"$stage\" || exit 1\n\n");
        for (name, value) in self.case.since(self.loaded) {
            self.set(&mut text, name, value);
        }
        text.push('\n');
        if !left_out.0.borrow().is_empty() {
            let _ = writeln!(text, "secrets='{}'", left_out.names().join(" "));
            text.push_str(FILL);
        }
        text.push_str(&files);
        text.push_str(&steps);
        text.push_str(OPEN);
        text.push_str("steps again\n");
        text.push_str(END);
        text
    }

    /// The commands, each given to whoever `$1` names.
    fn steps(&self, text: &mut String, left_out: &LeftOut) {
        let seconds = self.limit.as_secs().max(1);
        let _ = writeln!(
            text,
            "limited() {{\n  if command -v timeout >/dev/null; then timeout -k 5 {seconds} \"$@\"; else \"$@\"; fi\n}}\n\
             show() {{ printf '$'; printf ' %q' \"$@\"; echo; }}\n\
             again() {{ show \"$@\"; limited \"$@\"; status=$?; echo \"exit status $status\"; return \"$status\"; }}\n\
             steps() {{"
        );
        for (index, command) in self.commands.iter().enumerate() {
            let words: Vec<String> = command
                .iter()
                .zip(words(command))
                .map(|(word, hidden)| self.open_word(word, &hidden, left_out))
                .collect();
            let randomised = if self.aslr { "" } else { "setarch -R " };
            let last = if index + 1 == self.commands.len() { "" } else { " || return" };
            let _ = writeln!(text, "  \"$1\" {randomised}{}{last}", words.join(" "));
        }
        text.push_str("}\n\n");
    }

    /// Nothing of whoever calls it may change what happens, but for secrets, which only they have.
    fn begin_clean(&self, text: &mut String, left_out: &[String]) {
        let path = self.base.text("PATH").unwrap_or_default();
        let modulepath = self.base.text("MODULEPATH").unwrap_or_default();
        let mut secrets = String::new();
        for name in left_out {
            let _ = writeln!(secrets, "    ${{{name}+\"{name}=${name}\"}} \\");
        }
        let _ = writeln!(
            text,
            "if [ -z \"${{STACKPROBE_REPRO:-}}\" ]; then\n  exec env -i STACKPROBE_REPRO=1 HOME=\"${{HOME:-/}}\" \
             TERM=\"${{TERM:-dumb}}\" \\\n    PATH={} \\\n    MODULEPATH={} \\\n{secrets}    \
             \"$BASH\" \"$0\" \"$@\"\nfi\nunset STACKPROBE_REPRO\n",
            quote(&path),
            quote(&modulepath)
        );
        for (name, value) in self.base.iter() {
            if name != "PATH" && name != "MODULEPATH" && name != "TERM" && name != "HOME" {
                self.set(text, name, Some(value));
            }
        }
        text.push('\n');
    }

    fn load(&self, text: &mut String) {
        let modules: Vec<String> = self.modules.iter().map(|name| quote(name)).collect();
        let _ = writeln!(text, "lmod={}", quote(&self.lmod.to_string_lossy()));
        text.push_str("if [ -x \"$lmod\" ]; then\n  export LMOD_CMD=$lmod LMOD_ALLOW_ROOT_USE=yes LMOD_IGNORE_CACHE=yes\n");
        let _ = writeln!(text, "  eval \"$(\"$lmod\" bash load {})\" || exit 1\nelse", modules.join(" "));
        text.push_str("  echo 'no module system here: setting what the modules had set' >&2\n");
        for (name, value) in self.loaded.since(self.base) {
            let name_text = name.to_string_lossy();
            if !name_text.starts_with("_ModuleTable") && !name_text.starts_with("__LMOD") {
                text.push_str("  ");
                self.set(text, name, value);
            }
        }
        text.push_str("fi\n");
        // What was set to call Lmod is none of the case's.
        for name in ["LMOD_ALLOW_ROOT_USE", "LMOD_IGNORE_CACHE", "LMOD_CMD", "LMOD_DIR", "LMOD_PKG"] {
            self.set(text, name.as_ref(), self.loaded.get(name));
        }
        text.push('\n');
    }

    fn set(&self, text: &mut String, name: &OsStr, value: Option<&OsStr>) {
        if !is_shell_name(name) {
            return;
        }
        let secret = value.is_some_and(|value| hidden(name, value));
        let name = name.to_string_lossy();
        // Writing to a text cannot fail.
        let _ = match value {
            Some(_) if secret => writeln!(text, "# {name} is a secret: set it before you call this"),
            Some(value) => writeln!(text, "export {name}={}", self.word(&value.to_string_lossy())),
            None => writeln!(text, "unset {name}"),
        };
    }

    /// A word of a command, with variables in the place of secrets.
    fn open_word(&self, word: &str, hidden: &[Range<usize>], left_out: &LeftOut) -> String {
        let (mut open, mut at) = (String::new(), 0);
        for span in hidden {
            if span.start > at {
                open.push_str(&self.word(&word[at..span.start]));
            }
            let _ = write!(open, "\"${{{}-}}\"", left_out.variable(self.case, &word[span.clone()]));
            at = span.end;
        }
        if at < word.len() || hidden.is_empty() {
            open.push_str(&self.word(&word[at..]));
        }
        open
    }

    /// A word quoted for a shell, with the case's folders in it as variables.
    fn word(&self, word: &str) -> String {
        let mut quoted = quote(word);
        for (path, variable) in
            [(self.folders[0], "$tmp"), (self.folders[1], "$home"), (self.stage, "$stage")]
        {
            let path = path.to_string_lossy();
            if !path.is_empty() && quoted.contains(path.as_ref()) {
                // Inside quotes they are left for the variable, outside they are begun and ended around nothing.
                let closed = if quoted.starts_with('\'') {
                    format!("'\"{variable}\"'")
                } else {
                    format!("\"{variable}\"")
                };
                quoted = quoted.replace(path.as_ref(), &closed);
            }
        }
        quoted
    }
}

/// The end of a script that is whole and knows `--shell`.
pub const END: &str = "exit # the end: nothing of this script is missing\n";

/// A command has the case's environment to the last variable; a shell has its prompt in none that it hands on.
const OPEN: &str = r#"if [ -n "$shell" ]; then
  unset OLDPWD
  if [ $# -gt 0 ]; then exec env -u SHLVL "$@"; fi
  { echo "in $stage:"; steps show; } >&2
  export PROMPT_COMMAND='unset PS1 PROMPT_COMMAND; PS1="(case) \w \$ "'
  exec "$BASH" --norc --noprofile -i
fi
"#;

/// What was left out comes from the environment, or is told.
const FILL: &str = r#"missing=
for name in $secrets; do [ -n "${!name-}" ] || missing="$missing $name"; done
[ -z "$missing" ] || echo "secrets are left out of this script, set them before you call it:$missing" >&2
for name in $secrets; do case $name in STACKPROBE_SECRET_*) export -n "$name";; esac; done
fill() {
  text=$(cat "$1"; echo .); text=${text%.}
  for name in $secrets; do [ -z "${!name-}" ] || text=${text//"@$name@"/"${!name}"}; done
  printf %s "$text" > "$1"
}

"#;

/// Whether a shell can set it, and does not itself.
fn is_shell_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let own =
        ["_", "PWD", "OLDPWD", "SHLVL", "UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "STACKPROBE_REPRO"];
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && !own.contains(&name.as_ref())
}

fn hidden(name: &OsStr, value: &OsStr) -> bool {
    is_secret(&name.to_string_lossy(), &value.to_string_lossy())
}

fn quote(word: &str) -> String {
    shell_words::quote(word).into_owned()
}

/// Writes a file; in the place of each secret in it stands the name of a variable, which `fill` replaces.
fn here_document(text: &mut String, name: &str, bytes: &[u8], variable: impl Fn(&str) -> String) {
    let whole = String::from_utf8_lossy(bytes);
    let hidden = spans(&whole);
    let (mut content, mut at) = (String::new(), 0);
    for span in &hidden {
        let _ = write!(content, "{}@{}@", &whole[at..span.start], variable(&whole[span.clone()]));
        at = span.end;
    }
    content.push_str(&whole[at..]);
    let mut end = "END_OF_FILE".to_owned();
    while content.contains(&end) {
        end.push('_');
    }
    let name = quote(name);
    let _ = writeln!(text, "rm -f {name}; cat > {name} <<'{end}'");
    text.push_str(&content);
    if !content.ends_with('\n') {
        text.push('\n');
    }
    let fill = if hidden.is_empty() { String::new() } else { format!("fill {name}; ") };
    let _ = writeln!(text, "{end}\n{fill}chmod 555 {name}\n");
}

#[cfg(test)]
mod secrets;

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_script_runs_without_lmod_and_survives_hostile_values() {
        let folder = tempfile::tempdir().unwrap();
        let base = Environment::from_nul_separated(b"PATH=/usr/bin:/bin\0");
        let mut loaded = base.clone();
        loaded.set("FROM_MODULE", "a 'b' $(c) `d` \"e\"");
        let mut case = loaded.clone();
        case.set("OUT", "/stage/x y/out");
        let words = |text: &str| -> Vec<String> { text.split('|').map(str::to_owned).collect() };
        let repro = Repro {
            title: "mine/p [gcc/12]".into(),
            reason: "exit status 3\n; rm -rf /".into(),
            modules: vec!["gcc/12".into()],
            lmod: Path::new("/nowhere/lmod"),
            base: &base,
            loaded: &loaded,
            case: &case,
            files: vec![(
                "p.sh".into(),
                b"printf '%s' \"$FROM_MODULE\" > \"$OUT\"\nEND_OF_FILE\nexit 3".to_vec(),
            )],
            stage: Path::new("/stage/x y"),
            folders: [Path::new("/stage/x y.t/t"), Path::new("/stage/x y.t/h")],
            commands: vec![words("true|it's"), words("sh|/stage/x y/p.sh")],
            aslr: true,
            limit: Duration::from_secs(10),
        };
        let script = folder.path().join("repro.sh");
        std::fs::write(&script, repro.script()).unwrap();
        let output = Command::new("bash")
            .arg(&script)
            .arg(folder.path().join("a b"))
            .env("FROM_MODULE", "x")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        let written = std::fs::read_to_string(folder.path().join("a b/out")).unwrap();
        assert_eq!(written, "a 'b' $(c) `d` \"e\"");
    }
}
