//! What modulefiles do, by the module system's own `show`: evaluated, and never loaded. One call shows many.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;

/// What one modulefile does, as far as it tells to which other modules it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What it loads, and cannot be loaded without.
    pub loads: Vec<String>,
    /// What it loads where that is there.
    pub tries: Vec<String>,
    /// What must be loaded before it: of each list one.
    pub wants: Vec<Vec<String>>,
    /// What must not be loaded with it.
    pub conflicts: Vec<String>,
    /// The folders that it puts on `PATH`.
    pub paths: Vec<PathBuf>,
}

impl Shown {
    /// Takes one command of a modulefile with its arguments; what says nothing of other modules is passed over.
    pub fn take(&mut self, command: &str, words: Vec<String>) {
        match command {
            "load" | "always_load" | "depends_on" | "depends-on" => self.loads.extend(words),
            "try_load" | "try-load" => self.tries.extend(words),
            "conflict" => self.conflicts.extend(words),
            "prereq" | "prereq-all" => self.wants.extend(words.into_iter().map(|word| vec![word])),
            "prereq_any" | "prereq-any" | "load_any" | "load-any" | "depends_on_any" | "depends-on-any" => {
                self.wants.push(words);
            }
            "prepend_path" | "append_path" | "prepend-path" | "append-path" => {
                let mut words = words.into_iter();
                if words.next().is_some_and(|name| name == "PATH") {
                    let folders = words.next().unwrap_or_default();
                    self.paths.extend(folders.split(':').filter(|one| !one.is_empty()).map(PathBuf::from));
                }
            }
            _ => {}
        }
    }
}

/// Reads what `lmod show` answers: each file between two rules, then its calls as Lua, whatever it is written in.
#[must_use]
pub fn of_lmod(answer: &str) -> BTreeMap<PathBuf, Shown> {
    static CALL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([a-z_]+)\((.*)\)$"));
    static RANGE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?:atleast|atmost|between|latest)\(("[^"]*")[^)]*\)"#));
    static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r#""([^"]*)""#));
    let mut all = BTreeMap::new();
    let mut current: Option<&mut Shown> = None;
    let lines: Vec<&str> = answer.lines().collect();
    let is_rule =
        |line: Option<&&str>| line.is_some_and(|line| line.len() > 20 && line.trim_matches('-').is_empty());
    for (at, line) in lines.iter().enumerate() {
        let file = line.trim_end().strip_suffix(':').map(str::trim).filter(|file| file.starts_with('/'));
        if let Some(file) =
            file.filter(|_| at > 0 && is_rule(lines.get(at - 1)) && is_rule(lines.get(at + 1)))
        {
            current = Some(all.entry(PathBuf::from(file)).or_default());
        } else if let (Some(shown), Some(found)) = (current.as_deref_mut(), CALL.captures(line.trim_end())) {
            let arguments = RANGE.replace_all(&found[2], "$1");
            shown.take(&found[1], WORD.captures_iter(&arguments).map(|one| one[1].to_owned()).collect());
        }
    }
    all
}

/// Reads what `modulecmd.tcl show` answers: each file below a rule, then its commands with their words.
#[must_use]
pub fn of_tcl(answer: &str) -> BTreeMap<PathBuf, Shown> {
    let mut all = BTreeMap::new();
    let mut current: Option<&mut Shown> = None;
    let mut after_rule = false;
    for line in answer.lines() {
        let is_rule = line.len() > 20 && line.trim_matches('-').is_empty();
        let file = line.trim_end().strip_suffix(':').filter(|file| after_rule && file.starts_with('/'));
        after_rule = is_rule;
        if is_rule {
            current = None;
        } else if let Some(file) = file {
            current = Some(all.entry(PathBuf::from(file)).or_default());
        } else if let (Some(shown), Some((command, rest))) =
            (current.as_deref_mut(), line.split_once(char::is_whitespace))
        {
            let mut words: Vec<String> = shell_words::split(&rest.replace(['{', '}'], "'"))
                .unwrap_or_default()
                .into_iter()
                .filter(|word| !word.starts_with("--"))
                .collect();
            match (command, words.first().map(String::as_str)) {
                ("module", Some("load" | "add" | "try-load")) => {
                    let verb = words.remove(0);
                    shown.take(if verb == "try-load" { "try-load" } else { "load" }, words);
                }
                // Of its words one is enough.
                ("prereq", Some(_)) => shown.take("prereq-any", words),
                _ => shown.take(command, words),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lmod_shows_many_files_by_one_answer() {
        let rule = "-".repeat(76);
        let answer = format!(
            "{rule}\n   /m/OpenMPI/4.1.lua:\n{rule}\nhelp([[\nload(\"a word of the help\")x\n]])\nload(\"GCC/12.2.0\")\n\
             depends_on(\"zlib/1\",\"hwloc/2\")\nprepend_path(\"PATH\",\"/o/bin\")\nprepend_path(\"MANPATH\",\"/o/man\")\n\n\
             {rule}\n   /m/mpich/5:\n{rule}\nprereq_any(\"gcc/12.2.0\",\"gcc/12.3.0\")\nprereq(\"a\",\"b\")\n\
             depends_on(atleast(\"hdf5\",\"1.10\"))\nappend_path{{\"PATH\"}}\ntry_load(\"x\")\n"
        );
        let shown = of_lmod(&answer);
        let one = &shown[&PathBuf::from("/m/OpenMPI/4.1.lua")];
        assert_eq!(one.loads, ["GCC/12.2.0", "zlib/1", "hwloc/2"]);
        assert_eq!(one.paths, [PathBuf::from("/o/bin")]);
        let other = &shown[&PathBuf::from("/m/mpich/5")];
        assert_eq!(other.wants, [vec!["gcc/12.2.0", "gcc/12.3.0"], vec!["a"], vec!["b"]]);
        assert_eq!(
            (other.loads.clone(), other.tries.clone()),
            (vec!["hdf5".to_owned()], vec!["x".to_owned()])
        );
        assert!(of_lmod("Lmod Warning: no such module\nload(\"x\")\n").is_empty());
    }

    #[test]
    fn environment_modules_shows_many_files_by_one_answer() {
        let rule = "-".repeat(67);
        let answer = format!(
            "{rule}\n/m/openmpi/4:\n\nmodule-whatis\t{{Open MPI}}\nconflict\topenmpi\nprereq\t\tgcc/12.2.0 gcc/12.3.0\n\
             prepend-path\tPATH /o/bin\nprepend-path\t--delim : MANPATH /o/man\nmodule\t\tload zlib/1\n{rule}\n\
             /m/foss/1:\n\nmodule\t\tload --auto gcc/12.2.0 openmpi/4\nmodule\t\ttry-load x\nprereq-all\ta b\n{rule}\n"
        );
        let shown = of_tcl(&answer);
        let one = &shown[&PathBuf::from("/m/openmpi/4")];
        assert_eq!(one.wants, [["gcc/12.2.0", "gcc/12.3.0"]]);
        assert_eq!(
            (one.paths.clone(), one.loads.clone()),
            (vec![PathBuf::from("/o/bin")], vec!["zlib/1".to_owned()])
        );
        let other = &shown[&PathBuf::from("/m/foss/1")];
        assert_eq!((other.loads.len(), other.tries.len(), other.wants.len()), (2, 1, 2));
    }
}
