//! What loading a module does to the shell beside its environment: all of it reaches users, and none of it is undone
//! by the end of a command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::script::Seen;

/// Every change from `before` to `with`, one line each.
pub(super) fn changes(before: &Seen, with: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let of = |seen: &Seen, what: &str| seen.shell.get(what).cloned().unwrap_or_default();
    let both = |what: &str| (of(before, what), of(with, what));
    let new = |what: &str| new(&of(before, what), &of(with, what)).into_iter();
    let (was, is) = both("umask");
    if was != is {
        let (was, is) = (was.trim(), is.trim());
        faults.push(format!("it sets the shell's umask to {is}; it was {was}"));
    }
    let (was, is) = both("limits");
    let old = limits(&was);
    faults.extend(
        limits(&is)
            .into_iter()
            .filter(|(flag, (_, value))| old.get(flag).is_none_or(|(_, old)| old != value))
            .map(|(flag, (name, value))| {
                let was = old.get(&flag).map_or("unknown", |(_, old)| old.as_str());
                format!("it sets the shell's limit `ulimit {flag}` ({name}) to {value}; it was {was}")
            }),
    );
    faults.extend(new("options").map(|line| format!("it runs `{line}` in the shell")));
    let functions = new("functions").filter_map(|line| line.rsplit(' ').next().map(str::to_owned));
    let aliases = new("aliases");
    let aliases = aliases.filter_map(|line| {
        Some(line.strip_prefix("alias ")?.split_once('=')?.0.trim_start_matches("-- ").to_owned())
    });
    for (kind, names) in [("function", functions.collect::<Vec<_>>()), ("alias", aliases.collect())] {
        faults.extend(names.iter().filter_map(|name| {
            let hidden = hidden(name, with)?;
            Some(format!("it makes a shell {kind} `{name}`, which hides {hidden}"))
        }));
    }
    faults.extend(new("traps").map(|line| format!("it sets a trap in the shell: `{line}`")));
    let jobs = new("jobs").count();
    if jobs > 0 {
        faults.push(format!("it leaves {jobs} running in the background of the shell"));
    }
    let (was, is) = both("folder");
    if was != is {
        faults.push(format!("it takes the shell to {}; it was in {}", is.trim_end(), was.trim_end()));
    }
    // Our own file says nothing to anybody.
    let complained = with.complained.lines().map(|line| match line.split_once("/answer: line ") {
        Some((_, rest)) => rest.split_once(": ").map_or(rest, |(_, what)| what),
        None => line,
    });
    if let Some(line) = first(&complained.collect::<Vec<_>>().join("\n")) {
        faults.push(format!("the shell cannot evaluate what it writes: {line}"));
    }
    if let Some(line) = first(&with.shown) {
        faults.push(format!("it prints to stdout, which scp, rsync and $(…) read: {line}"));
    }
    faults
}

/// The first line that says something, cut.
pub(super) fn first(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(format!("`{}`", line.chars().filter(|letter| !letter.is_control()).take(160).collect::<String>()))
}

/// The lines of the second text that are not in the first.
fn new(was: &str, is: &str) -> Vec<String> {
    is.lines().filter(|line| !was.lines().any(|old| old == *line)).map(str::to_owned).collect()
}

/// `ulimit -a` by flag: what each limits, and its value. A line is `open files   (-n) 1024`.
fn limits(text: &str) -> BTreeMap<String, (String, String)> {
    let line = |line: &str| {
        let (name, rest) = line.split_once('(')?;
        let (unit, value) = rest.rsplit_once(')')?;
        let flag = unit.rsplit([' ', ',']).next()?;
        Some((flag.to_owned(), (name.trim().to_owned(), value.trim().to_owned())))
    };
    text.lines().filter_map(line).collect()
}

/// What a user would get by this name without the function or the alias.
fn hidden(name: &str, with: &Seen) -> Option<String> {
    const BUILTINS: [&str; 14] = [
        "cd", "exit", "export", "source", "eval", "exec", "set", "test", "echo", "printf", "read", "ulimit",
        "umask", "command",
    ];
    if name.starts_with("_sp_") || ["lm", "frame"].contains(&name) {
        return None;
    }
    if BUILTINS.contains(&name) {
        return Some("the shell's own".to_owned());
    }
    let file = |folder: PathBuf| Some(folder.join(name)).filter(|path| is_program(path));
    with.environment.paths("PATH").into_iter().find_map(file).map(|path| path.display().to_string())
}

fn is_program(path: &Path) -> bool {
    which::which(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::environment::Environment;

    fn seen(shell: &[(&str, &str)]) -> Seen {
        let shell = shell.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Seen { shell, environment: Environment::from_nul_separated(b"PATH=/bin\0"), ..Seen::default() }
    }

    #[test]
    fn every_change_of_the_shell_is_told_and_an_addition_is_none() {
        let before = seen(&[
            ("umask", "0022\n"),
            (
                "limits",
                "stack size                  (kbytes, -s) 8192\nopen files                          (-n) 1024\n",
            ),
            ("options", "set +o errexit\nshopt -u extglob\n"),
            ("functions", "declare -f frame\n"),
        ]);
        assert!(changes(&before, &before).is_empty());
        let mut with = seen(&[
            ("umask", "0777\n"),
            (
                "limits",
                "stack size                  (kbytes, -s) 64\nopen files                          (-n) 1024\n",
            ),
            ("options", "set -o errexit\nshopt -u extglob\n"),
            ("functions", "declare -f conda_own\ndeclare -f frame\ndeclare -f sh\n"),
            ("aliases", "alias ll='ls -l'\nalias sh='x'\n"),
            ("jobs", "17\n"),
        ]);
        with.complained = "\nbash: line 1: hello: command not found\n".into();
        let faults = changes(&before, &with);
        for (fault, words) in faults.iter().zip([
            "umask to 0777; it was 0022",
            "`ulimit -s` (stack size) to 64; it was 8192",
            "`set -o errexit`",
            "function `sh`, which hides /bin/sh",
            "alias `sh`",
            "leaves 1 running",
            "hello: command not found",
        ]) {
            assert!(fault.contains(words), "{fault} / {words}");
        }
        assert_eq!(faults.len(), 7, "{faults:#?}");
    }
}
