//! What a module does to everybody who loads it, beyond what it is for: variables that change what tools do, and
//! folders of modules that are not there. Each is told with the file and line that do it.

use std::path::{Path, PathBuf};

use super::sight::Sight;
use crate::native::{judged, judged_or_hidden, skipped};
use crate::stack::environment::Environment;
use crate::stack::lmod::loaded;
use crate::stack::spider::Found;
use crate::suite::module_name::Module;
use crate::suite::variables::Variables;
use crate::verdict::check::Check;
use path_fault::find;

/// Whether it sets variables that are not its own to set.
pub(super) fn variables(found: &Found, before: &Environment, with: &Environment, known: &Variables) -> Check {
    let files = files(found, before, with);
    let module = found.module.to_string();
    let set = with.since(before).filter_map(|(name, value)| Some((name.to_string_lossy(), value?)));
    let faults: Vec<String> = set
        .filter_map(|(name, value)| {
            let by = by(&files, &name);
            let setter = by.as_ref().map_or(module.as_str(), |(module, _)| module.as_str());
            let changes = known.changed(&name, setter)?;
            let place =
                by.as_ref().map_or_else(|| found.file.display().to_string(), |(_, place)| place.clone());
            Some(format!(
                "{setter} sets {name} to `{}`, which changes {changes}: {place}",
                value.to_string_lossy()
            ))
        })
        .collect();
    let name = format!("{module} variables");
    let check = judged(name, "module.variables", faults);
    if check.reason.is_empty() {
        return check;
    }
    let more = "take it out of the modulefile, or say why it is right: [[variable]] in the site file, with `allowed`";
    let detail = [check.detail.as_str(), more]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    check.detail(detail)
}

/// Whether the folders that it adds to MODULEPATH are there. Spack names the folder of the next level in advance: where
/// nothing has been installed below a module yet, there is none.
pub(super) fn modulepath(found: &Found, before: &Environment, with: &Environment) -> Option<Check> {
    let name = format!("{} modulepath", found.module);
    let (old, files) = (before.paths("MODULEPATH"), files(found, before, with));
    let added: Vec<PathBuf> =
        with.paths("MODULEPATH").into_iter().filter(|folder| !old.contains(folder)).collect();
    if added.is_empty() {
        return None;
    }
    let mut faults = Vec::new();
    let mut ahead = None;
    for folder in &added {
        let (why, next) = match find(folder) {
            Ok(Some(meta)) if meta.is_dir() => continue,
            Ok(Some(_)) => ("it is not a folder", false),
            Ok(None) => ("there is no such folder", is_next_level(folder, &found.module, &files)),
            // What is in it, and whether it is there at all, is not for the stack to answer.
            Err(fault) => {
                faults.push(Err(fault));
                continue;
            }
        };
        let text = folder.to_string_lossy();
        let place = by(&files, &text).or_else(|| by(&files, "MODULEPATH"));
        let place = place.map_or_else(|| found.file.display().to_string(), |(_, place)| place);
        let what = format!("MODULEPATH gets {text}, which cannot be entered ({why}): {place}");
        if next {
            ahead = ahead.or(Some(what));
        } else {
            faults.push(Ok(what));
        }
    }
    Some(match ahead {
        Some(what) if faults.is_empty() => {
            skipped(name, format!("{what}; Spack names the next level's folder before anything is in it"))
        }
        _ => judged_or_hidden(name, "module.modulepath", faults),
    })
}

/// Whether Spack would call the folder of what is built with this module so: `ROOT/NAME/VERSION…`, where the modulefile
/// lies below the same ROOT.
fn is_next_level(folder: &Path, module: &Module, files: &[(Module, PathBuf)]) -> bool {
    let plain =
        Module { family: module.family.clone(), version: module.unhashed_version().to_owned() }.to_string();
    files.first().is_some_and(|(_, file)| {
        file.ancestors().skip(1).any(|root| {
            let Ok(inside) = folder.strip_prefix(root) else { return false };
            let inside = inside.to_string_lossy();
            inside.strip_prefix(plain.as_str()).is_some_and(|rest| {
                let hash = rest.strip_prefix('-').map(|rest| rest.split('/').next().unwrap_or_default());
                rest.is_empty()
                    || rest.starts_with('/')
                    || hash.is_some_and(|hash| hash.len() >= 5 && !hash.contains('.'))
            })
        })
    })
}

/// The modulefiles that were read: its own, then those that it loads itself.
fn files(found: &Found, before: &Environment, with: &Environment) -> Vec<(Module, PathBuf)> {
    let old = loaded(before);
    let own = std::iter::once((found.module.clone(), found.file.clone()));
    let others = loaded(with).into_iter().filter(|one| one.0 != found.module && !old.contains(one));
    own.chain(others).collect()
}

/// Which of these speaks of `needle`, as a word of its own, and where.
fn by(files: &[(Module, PathBuf)], needle: &str) -> Option<(String, String)> {
    files.iter().find_map(|(module, file)| {
        let text = std::fs::read(file).ok()?;
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().position(|line| speaks_of(line, needle))?;
        Some((module.to_string(), format!("{}:{}", file.display(), line + 1)))
    })
}

fn speaks_of(line: &str, needle: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let comment = line.trim_start().starts_with("--") || line.trim_start().starts_with('#');
    !comment
        && line
            .match_indices(needle)
            .any(|(at, _)| !line[..at].ends_with(word) && !line[at + needle.len()..].starts_with(word))
}

/// All of it.
pub(super) fn judge(found: &Found, sight: &Sight<'_>, known: &Variables) -> Vec<Check> {
    let (Some(before), Some(with)) = (sight.before, sight.with) else { return Vec::new() };
    let (before, with) = (&before.environment, &with.environment);
    std::iter::once(variables(found, before, with, known)).chain(modulepath(found, before, with)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;
    use crate::verdict::check::Outcome;

    fn found(folder: &Path, text: &str) -> Found {
        let file = folder.join("lmod/Core/gcc/12.lua");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        Found::bare(Module::new("gcc/12"), file)
    }

    fn environment(text: &str) -> Environment {
        Environment::from_nul_separated(text.as_bytes())
    }

    #[test]
    fn a_variable_is_told_with_its_line_and_what_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let found = found(
            folder.path(),
            "-- OMP_NUM_THREADS\nsetenv(\"CC\", \"x\")\nsetenv(\"OMP_NUM_THREADS\", \"1\")\n",
        );
        let known = Variables::parse(&embedded::table("variables.toml")).unwrap();
        let with = environment("CC=x\0OMP_NUM_THREADS=1\0");
        let check = variables(&found, &environment(""), &with, &known);
        assert!(
            check.reason.starts_with("gcc/12 sets OMP_NUM_THREADS to `1`, which changes how"),
            "{}",
            check.reason
        );
        assert!(check.reason.ends_with("gcc/12.lua:3"), "{}", check.reason);
        assert_eq!(variables(&found, &with, &with, &known).outcome, Outcome::Passed, "the pod had set it");
        assert_eq!(
            variables(&found, &environment(""), &environment("CC=x\0"), &known).outcome,
            Outcome::Passed
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_and_spacks_next_level_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lmod").display().to_string();
        let look = |entry: &str| {
            let found = found(folder.path(), &format!("\nprepend_path(\"MODULEPATH\", \"{entry}\")\n"));
            let (before, with) =
                (environment("MODULEPATH=/core\0"), environment(&format!("MODULEPATH={entry}:/core\0")));
            modulepath(&found, &before, &with).unwrap()
        };
        for entry in [
            "/nowhere/modules",
            &format!("{root}/gcc/12.9"),
            &format!("{root}/gcc/13"),
            &format!("{root}/Core/gcc/12.lua"),
        ] {
            let check = look(entry);
            assert_eq!(check.outcome, Outcome::Failed, "{entry}");
            assert!(
                check.reason.contains(entry) && check.reason.ends_with("gcc/12.lua:2"),
                "{}",
                check.reason
            );
        }
        for entry in [format!("{root}/gcc/12"), format!("{root}/gcc/12-abcdefg/llvm/16")] {
            let check = look(&entry);
            assert_eq!(check.outcome, Outcome::Skipped, "{entry}");
            assert!(check.reason.contains(&entry), "{}", check.reason);
        }
        std::fs::create_dir_all(format!("{root}/gcc/12")).unwrap();
        assert_eq!(look(&format!("{root}/gcc/12")).outcome, Outcome::Passed);
    }
}
