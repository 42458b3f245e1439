//! Many calls of Lmod in one bash, with the environment seen after each. Pure: builds the script, reads its answer.
//!
//! The script holds no module names, only the places of its arguments, so a name is never shell text.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use crate::stack::environment::Environment;
use crate::stack::lmod::{EVALUATING, SAYS, WATCH, loaded};
use crate::suite::module_name::Module;

/// `lm` calls Lmod and takes over what it answers; `frame` writes down the shell and its environment. Bash reports times
/// in microseconds.
///
/// What the answer has the shell run is ended when it takes too long, so that the other modules are looked at.
///
/// A module may change the shell that all this runs in. So the shell is looked at by builtins alone, before anything is
/// started; files are made before its umask can be changed; and what would end the script early is undone after that.
const HEAD: &str = r#"_sp_own=$0 _sp_lmod=$1 _sp_in=$2 _sp_limit=$3 _sp_took=0 _sp_ended=0 _sp_watching="$4 $5"; shift 5; a=("$@")
: >"$_sp_in/answer"; : >"$_sp_in/said"; : >"$_sp_in/shown"; : >"$_sp_in/complained"
lm() { local begun=${EPOCHREALTIME/[.,]/}
LC_ALL=C.UTF-8 "$_sp_own" __within "$_sp_limit" "$_sp_lmod" bash "$@" >"$_sp_in/answer" 2>"$_sp_in/said" </dev/null; _sp_ended=$?
_sp_took=$(( (${EPOCHREALTIME/[.,]/} - begun) / 1000 ))
"$_sp_own" $_sp_watching >/dev/null 2>>"$_sp_in/said" </dev/null & _sp_watch=$!; builtin disown
builtin . "$_sp_in/answer" >"$_sp_in/shown" 2>"$_sp_in/complained" </dev/null || :; builtin kill "$_sp_watch" 2>/dev/null; }
_sp_file() { local text=; IFS= builtin read -r -d '' text <"$_sp_in/$2"; builtin printf '\2%s\0%s\0' "$1" "${text:0:4000000}"; }
_sp_rest() { local _sp_all=$LOADEDMODULES: _sp_one _sp_rest=(); while [[ $_sp_all == *:* ]]; do
_sp_one=${_sp_all%%:*} _sp_all=${_sp_all#*:}; [[ -z $_sp_one || :$_sp_kept: == *":$_sp_one:"* ]] || _sp_rest=("$_sp_one" "${_sp_rest[@]}"); done
[[ ${#_sp_rest[@]} == 0 ]] || lm unload "${_sp_rest[@]}"; }
frame() { builtin printf '\1%s %s %s\0' "$1" "$_sp_took" "$_sp_ended"
builtin printf '\2umask\0'; builtin umask; builtin printf '\0\2limits\0'; builtin ulimit -Sa
builtin printf '\0\2options\0'; builtin set +o; builtin shopt -p; builtin set +efux
builtin printf '\0\2functions\0'; builtin declare -F; builtin printf '\0\2aliases\0'; builtin alias -p
builtin printf '\0\2traps\0'; builtin trap -p; builtin printf '\0\2jobs\0'; builtin jobs -p
builtin printf '\0\2folder\0'; builtin pwd; builtin printf '\0'
_sp_file shown shown; _sp_file complained complained
builtin printf '\2env\0'; "$_sp_own" __environment; _sp_file said said; }
"#;

/// How long one call of Lmod may take, in seconds: what takes longer loops or waits.
const LIMIT: &str = "60";

/// A place in the script at which the environment is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(usize);

/// A script that grows.
#[derive(Debug, Default)]
pub(super) struct Script {
    text: String,
    words: Vec<OsString>,
    frames: usize,
}

/// What was seen at one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The environment.
    pub(super) environment: Environment,
    /// What the last call of Lmod said.
    pub(super) said: String,
    /// How long that took, in milliseconds.
    pub(super) millis: u64,
    /// Its exit status.
    pub(super) ended: u8,
    /// What the shell printed when it evaluated Lmod's answer.
    pub(super) shown: String,
    /// What it said on stderr then.
    pub(super) complained: String,
    /// The shell itself: its umask, limits, options, functions, aliases, traps, jobs and folder, each as a builtin
    /// prints it.
    pub(super) shell: BTreeMap<String, String>,
}

impl Script {
    /// Calls Lmod.
    pub(super) fn lmod<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> &mut Self {
        self.text.push_str("lm");
        for word in words {
            let _ = write!(self.text, " \"${{a[{}]}}\"", self.words.len());
            self.words.push(word.into());
        }
        self.text.push('\n');
        self
    }

    /// Remembers which modules are loaded.
    pub(super) fn keep(&mut self) {
        self.text.push_str("_sp_kept=$LOADEDMODULES\n");
    }

    /// Unloads what is loaded beyond what was remembered: many modules leave those behind that they loaded, the last first.
    pub(super) fn unload_rest(&mut self) {
        self.text.push_str("_sp_rest\n");
    }

    /// Calls Lmod with its cache in use, as it is for people.
    pub(super) fn cached<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> &mut Self {
        self.text.push_str("unset LMOD_IGNORE_CACHE; ");
        self.lmod(words)
    }

    /// What `steps` do is done only where the last call said something, and we nothing.
    pub(super) fn where_loud<T>(&mut self, steps: impl FnOnce(&mut Self) -> T) -> T {
        let _ = writeln!(self.text, "case \"$(<\"$_sp_in/said\")\" in ''|*\"{SAYS}\"*) ;; *)");
        let result = steps(self);
        self.text.push_str(";; esac\n");
        result
    }

    /// Writes down what there is now.
    pub(super) fn see(&mut self) -> At {
        let at = At(self.frames);
        self.frames += 1;
        let _ = writeln!(self.text, "frame {}", at.0);
        at
    }

    /// What `steps` do is forgotten after them.
    pub(super) fn aside<T>(&mut self, steps: impl FnOnce(&mut Self) -> T) -> T {
        self.text.push_str("(\n");
        let result = steps(self);
        self.text.push_str(")\n");
        result
    }

    /// The script and its arguments; what is said goes through files in `folder`.
    pub(super) fn parts(&self, folder: &Path) -> (String, Vec<OsString>) {
        let own = [folder.into(), LIMIT.into(), WATCH.into(), EVALUATING.into()];
        let words = own.into_iter().chain(self.words.iter().cloned());
        (format!("{HEAD}{}", self.text), words.collect())
    }
}

/// Reads what the script wrote. A frame that was cut short is none.
pub(super) fn read(stdout: &[u8]) -> BTreeMap<At, Seen> {
    let mut seen = BTreeMap::new();
    let mut now: Option<(At, Seen, Vec<u8>)> = None;
    let mut of = String::new();
    for entry in stdout.split(|byte| *byte == 0) {
        let text = || String::from_utf8_lossy(entry).into_owned();
        if let Some(head) = entry.strip_prefix(b"\x01") {
            let head = String::from_utf8_lossy(head);
            let mut words = head.split(' ');
            let at = words.next().and_then(|word| word.parse().ok()).map(At);
            let millis = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
            let ended = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
            now = at.map(|at| (at, Seen { millis, ended, ..Seen::default() }, Vec::new()));
            of.clear();
        } else if let Some(name) = entry.strip_prefix(b"\x02") {
            of = String::from_utf8_lossy(name).into_owned();
        } else if of == "said" {
            if let Some((at, mut one, environment)) = now.take() {
                one.environment = Environment::from_nul_separated(&environment);
                one.said = text();
                seen.insert(at, one);
            }
        } else if let Some((_, one, environment)) = &mut now {
            match of.as_str() {
                "env" => {
                    environment.extend_from_slice(entry);
                    environment.push(0);
                }
                "shown" => one.shown = text(),
                "complained" => one.complained = text(),
                _ => {
                    one.shell.insert(of.clone(), text());
                }
            }
        }
    }
    seen
}

impl Seen {
    /// Whether `module` is loaded here.
    pub(super) fn has(&self, module: &Module) -> bool {
        loaded(&self.environment).iter().any(|(one, _)| one == module)
    }

    /// What is loaded here, in one line.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> = loaded(&self.environment).iter().map(|(one, _)| one.to_string()).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }

    /// The names that a terse list of Lmod shows.
    pub(super) fn listed(&self) -> Vec<Module> {
        let lines = self.said.lines().map(str::trim);
        let names = lines
            .filter(|line| !line.is_empty() && !line.ends_with([':', '/']) && !line.starts_with(SAYS.trim()));
        names.map(|name| Module::new(name.split(['(', ' ', '<']).next().unwrap_or(name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_beside_the_script_and_never_in_it() {
        let mut script = Script::default();
        script.aside(|aside| aside.lmod(["load", "gcc/$(reboot)"]).see());
        let (text, words) = script.parts(Path::new("/tmp"));
        assert!(
            !text.contains("reboot") && text.ends_with("(\nlm \"${a[0]}\" \"${a[1]}\"\nframe 0\n)\n"),
            "{text}"
        );
        assert_eq!(words, ["/tmp", LIMIT, WATCH, EVALUATING, "load", "gcc/$(reboot)"]);
    }

    #[test]
    fn every_frame_is_read_with_what_was_said() {
        let text = "\x010 12 124\0\x02umask\0\x30022\n\0\x02shown\0hello\0\x02env\0A=1\0LOADEDMODULES=gcc/12\0\x02said\0hi\nyou\0\
                    \x011 3 0\0\x02env\0B=\n2\0\x02said\0\0";
        let seen = read(text.as_bytes());
        assert_eq!((seen[&At(0)].ended, seen[&At(0)].shown.as_str()), (124, "hello"));
        assert_eq!(seen[&At(0)].shell["umask"], "0022\n");
        assert_eq!(seen[&At(0)].said, "hi\nyou");
        assert_eq!(seen[&At(0)].millis, 12);
        assert!(seen[&At(0)].has(&Module::new("gcc/12")));
        assert_eq!(seen[&At(1)].environment.text("B").unwrap(), "\n2");
        assert!(read(b"\x010 1 0\0\x02env\0A=1\0").is_empty(), "a frame cut short is none");
    }

    #[test]
    fn a_terse_list_is_names_without_folders() {
        let seen =
            Seen { said: "/m/Core:\ngcc/\ngcc/12.2.0\nfoo/1(default) <aL>\n".into(), ..Seen::default() };
        assert_eq!(seen.listed(), [Module::new("gcc/12.2.0"), Module::new("foo/1")]);
    }
}
