//! What compilers, wrappers and launchers answer about themselves. Pure.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;
use crate::stack::lmod::Answer;

/// Whether two versions are one, told with more or fewer parts: `12.2` and `12.2.0`, `2021.18.1-3` and `2021.18.1`.
pub(super) fn agree(said: &str, module: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split(['.', '-', '_', '+']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let (said, module) = (parts(said), parts(module));
    let common = said.len().min(module.len());
    common > 0 && said[..common] == module[..common]
}

/// What a program says when it is asked for its version: stderr counts only where stdout is silent, since a loader's
/// warnings go there.
pub(super) fn said(answer: &Answer) -> String {
    let words = if answer.stdout.trim_ascii().is_empty() { &answer.stderr } else { &answer.stdout };
    String::from_utf8_lossy(words).into_owned()
}

/// The first version in `text` that agrees with `module`, or else the first there is.
pub(super) fn version_in(text: &str, module: &str) -> Option<String> {
    static VERSION: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+(?:[._]\d+)+"));
    let found: Vec<&str> = VERSION.find_iter(text).map(|found| found.as_str()).collect();
    let best = found.iter().find(|version| agree(version, module)).or(found.first());
    best.map(|version| (*version).to_owned())
}

/// The version that the one group of `pattern` finds, with dots between its parts.
pub(super) fn version_by(text: &str, pattern: &Regex) -> Option<String> {
    pattern.captures(text).map(|found| found[1].replace('_', "."))
}

/// The folders that a preprocessor searches, from what it says under `-E -v`.
pub(super) fn search_list(stderr: &str) -> Vec<PathBuf> {
    stderr
        .lines()
        .skip_while(|line| !line.starts_with("#include \"...\""))
        .take_while(|line| !line.starts_with("End of search list"))
        .filter(|line| line.starts_with(' '))
        .map(|line| PathBuf::from(line.trim().trim_end_matches(" (framework directory)")))
        .collect()
}

/// What a compiler wrapper would call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrapped {
    /// The compiler.
    pub(crate) program: String,
    /// Folders of headers, modules and libraries.
    pub(crate) folders: Vec<PathBuf>,
}

/// Reads what a wrapper shows. It is shell text: quoted paths, and flags for the linker in three spellings.
pub(crate) fn wrapped(shown: &str) -> Option<Wrapped> {
    let line = shown.lines().find(|line| !line.trim().is_empty())?;
    let words = shell_words::split(line).ok()?;
    let assignment = |word: &String| word.contains('=') && !word.starts_with(['-', '/']);
    let mut words = words.into_iter().skip_while(assignment);
    let mut wrapped = Wrapped { program: words.next()?, ..Wrapped::default() };
    let mut next_is_folder = false;
    for word in words {
        let folder = if let Some(linker) = word.strip_prefix("-Wl,") {
            let parts: Vec<&str> = linker.split(',').collect();
            match parts.as_slice() {
                [one] if next_is_folder => Some((*one).to_owned()),
                ["-rpath" | "--rpath" | "-L", folder] => Some((*folder).to_owned()),
                ["-rpath" | "--rpath"] => {
                    next_is_folder = true;
                    continue;
                }
                [one] => one.strip_prefix("-rpath=").or(one.strip_prefix("--rpath=")).map(str::to_owned),
                _ => None,
            }
        } else if word == "-Xlinker" {
            continue;
        } else if matches!(word.as_str(), "-rpath" | "-I" | "-L" | "-isystem" | "-J") {
            next_is_folder = true;
            continue;
        } else if next_is_folder {
            Some(word)
        } else {
            word.strip_prefix("-I").or_else(|| word.strip_prefix("-L")).map(str::to_owned)
        };
        next_is_folder = false;
        wrapped.folders.extend(folder.map(PathBuf::from));
    }
    wrapped.folders.dedup();
    Some(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree_as_far_as_both_tell() {
        assert!(agree("12.2.0", "12.2.0") && agree("12", "12.2.0") && agree("2021.18.1", "2021.18"));
        assert!(!agree("12.2.0", "12.20") && !agree("11.3.0", "12.2.0") && !agree("", "12"));
    }

    #[test]
    fn the_version_that_agrees_is_found_among_others() {
        assert_eq!(version_in("icx 2025.0.4 (2025.0.4.20241205)", "2025.0.4").unwrap(), "2025.0.4");
        assert_eq!(version_in("mpirun (Open MPI) 4.1.4", "5.0.11").unwrap(), "4.1.4");
        assert_eq!(version_in("no number", "1"), None);
        let aocc = "AMD clang version 17.0.6 (CLANG: AOCC_5.0.0-Build#1377 2024_09_24)";
        let pattern = Regex::new(r"AOCC_(\d+[._]\d+[._]\d+)").unwrap();
        assert_eq!(version_by(aocc, &pattern).unwrap(), "5.0.0");
    }

    #[test]
    fn the_search_list_is_what_stands_between_its_two_marks() {
        let said = "ignoring x\n#include \"...\" search starts here:\n#include <...> search starts here:\n \
                    /g/include\n /usr/include\nEnd of search list.\n /no\n";
        assert_eq!(search_list(said), [PathBuf::from("/g/include"), PathBuf::from("/usr/include")]);
    }

    #[test]
    fn a_wrapper_names_its_folders_in_every_spelling() {
        let shown = "LD_RUN_PATH=/x /g/bin/gcc -I\"/m/inc lude\" -pthread -L/m/lib -Wl,-rpath -Wl,/m/a -Wl,-rpath,/m/b \
                     -Wl,-rpath=/m/c -Xlinker -rpath -Xlinker \"/m/d\" -Wl,-z,now -I /m/e -lmpi\n";
        let wrapped = wrapped(shown).unwrap();
        assert_eq!(wrapped.program, "/g/bin/gcc");
        let folders: Vec<String> =
            wrapped.folders.iter().map(|folder| folder.display().to_string()).collect();
        assert_eq!(folders, ["/m/inc lude", "/m/lib", "/m/a", "/m/b", "/m/c", "/m/d", "/m/e"]);
    }
}
