//! Many calls of Lmod in one bash, with the environment seen after each. Pure: builds the script, reads its answer.
//!
//! The script holds no module names, only the places of its arguments, so a name is never shell text.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;

use crate::stack::environment::Environment;
use crate::stack::lmod::loaded;
use crate::stack::module::Module;

/// `lm` calls Lmod and takes over what it answers; `frame` writes the environment. Bash reports times in microseconds.
const HEAD: &str = r#"own=$0 lmod=$1 said=$TMPDIR/said took=0; shift; a=("$@")
lm() { local begun=${EPOCHREALTIME/[.,]/} out; out=$("$lmod" bash "$@" 2>"$said"); took=$(( (${EPOCHREALTIME/[.,]/} - begun) / 1000 )); eval "$out"; }
frame() { printf '\1%s %s\0' "$1" "$took"; "$own" __environment; printf '\1said\0%s\0' "$(<"$said")"; }
: >"$said"
"#;

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

    /// Calls Lmod with its cache in use, as it is for people.
    pub(super) fn cached<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> &mut Self {
        self.text.push_str("unset LMOD_IGNORE_CACHE; ");
        self.lmod(words)
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

    /// The script and its arguments.
    pub(super) fn parts(&self) -> (String, Vec<OsString>) {
        (format!("{HEAD}{}", self.text), self.words.clone())
    }
}

/// Reads what the script wrote.
pub(super) fn read(stdout: &[u8]) -> BTreeMap<At, Seen> {
    let mut seen = BTreeMap::new();
    let mut now: Option<(At, Seen, Vec<u8>)> = None;
    let mut said = false;
    for entry in stdout.split(|byte| *byte == 0) {
        if entry == b"\x01said" {
            said = true;
        } else if let Some(head) = entry.strip_prefix(b"\x01") {
            let head = String::from_utf8_lossy(head);
            let mut words = head.split(' ');
            let at = words.next().and_then(|word| word.parse().ok()).map(At);
            let millis = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
            now = at.map(|at| (at, Seen { millis, ..Seen::default() }, Vec::new()));
        } else if said {
            said = false;
            if let Some((at, mut one, environment)) = now.take() {
                one.environment = Environment::from_nul_separated(&environment);
                one.said = String::from_utf8_lossy(entry).into_owned();
                seen.insert(at, one);
            }
        } else if let Some((_, _, environment)) = &mut now {
            environment.extend_from_slice(entry);
            environment.push(0);
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
        let names = lines.filter(|line| !line.is_empty() && !line.ends_with([':', '/']));
        names
            .map(|name| Module::new(name.split('(').next().unwrap_or(name).trim_end_matches("<H>")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_beside_the_script_and_never_in_it() {
        let mut script = Script::default();
        script.aside(|aside| aside.lmod(["load", "gcc/$(reboot)"]).see());
        let (text, words) = script.parts();
        assert!(
            !text.contains("reboot") && text.ends_with("(\nlm \"${a[0]}\" \"${a[1]}\"\nframe 0\n)\n"),
            "{text}"
        );
        assert_eq!(words, ["load", "gcc/$(reboot)"]);
    }

    #[test]
    fn every_frame_is_read_with_what_was_said() {
        let seen =
            read(b"\x010 12\0A=1\0LOADEDMODULES=gcc/12\0\x01said\0hi\nyou\0\x011 3\0B=\n2\0\x01said\0\0");
        assert_eq!(seen[&At(0)].said, "hi\nyou");
        assert_eq!(seen[&At(0)].millis, 12);
        assert!(seen[&At(0)].has(&Module::new("gcc/12")));
        assert_eq!(seen[&At(1)].environment.text("B").unwrap(), "\n2");
        assert!(read(b"\x010 1\0A=1\0").is_empty(), "a frame cut short is none");
    }

    #[test]
    fn a_terse_list_is_names_without_folders() {
        let seen = Seen { said: "/m/Core:\ngcc/\ngcc/12.2.0\nfoo/1(default)\n".into(), ..Seen::default() };
        assert_eq!(seen.listed(), [Module::new("gcc/12.2.0"), Module::new("foo/1")]);
    }
}
