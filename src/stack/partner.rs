//! To which compilers does an MPI belong that lies beside them, not below one? Pure.
//!
//! Spack puts what its core compiler built into `Core`, and other layouts have no hierarchy at all. What the MPI's module
//! loads or wants to be loaded decides; then what Spack wrote of it, what its wrapper says that it calls, and what stands
//! behind its version; where nothing tells, each compiler is tried.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::constant::pattern;
use crate::stack::bundle::Bundle;
use crate::stack::closure::Closure;
use crate::stack::family::Families;
use crate::stack::inventory::{Claim, Inventory};
use crate::stack::spider::Found;
use crate::suite::Layer;
use crate::suite::module_name::{Module, Wanted};
use path_fault::{Obstacle, PathFault, find};
use spack_db::{Packages, Record, Tool, named_paths};

/// By the modulefile of each MPI that stands under no compiler: its compilers, or why it has none.
pub type Partners = BTreeMap<PathBuf, Result<Vec<Module>, String>>;

/// What stands beside compilers, and how it belongs to them.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The compilers of MPIs.
    pub partners: Partners,
    /// Modules of nothing but others.
    pub bundles: Vec<Bundle>,
    /// Modules that are an MPI by what they bring, of families that no table knows, each with the reason.
    pub unknown: Vec<(Module, String)>,
}

/// The compilers of `mpi` among `compilers` and `bundles`, by what its module loads and wants to be loaded; `None` where
/// it says nothing of any.
#[must_use]
pub fn by_needs(
    mpi: &Module,
    compilers: &[Module],
    bundles: &[Bundle],
    closure: &Closure<'_>,
    families: &Families,
) -> Option<Result<Vec<Module>, String>> {
    let brought = closure.of(mpi);
    let loaded: Vec<Module> =
        compilers.iter().filter(|module| brought.modules.contains(module)).cloned().collect();
    if !loaded.is_empty() {
        return Some(Ok(closure.outermost(&loaded)));
    }
    if let Some(lacking) = brought.lacking.first() {
        return Some(Err(format!("it loads {lacking}, and there is no such module")));
    }
    let fits = |name: &String, module: &Module| Wanted::new(name).is_ok_and(|wanted| wanted.matches(module));
    for names in &brought.wants {
        let any = |module: &Module| names.iter().any(|name| fits(name, module));
        let all = bundles.iter().map(|bundle| &bundle.module).filter(|module| any(module));
        let found: Vec<Module> = compilers.iter().filter(|module| any(module)).chain(all).cloned().collect();
        if !found.is_empty() {
            return Some(Ok(closure.outermost(&found)));
        }
        let family = |name: &String| Module::new(name).family;
        let is_compiler = |name: &String| {
            [name, &family(name)].into_iter().any(|name| families.layer(name) == Some(Layer::Compiler))
        };
        if names.iter().any(is_compiler) {
            let names = names.join(" or ");
            return Some(Err(format!("it wants {names} to be loaded before, and there is no such module")));
        }
    }
    None
}

/// The compilers among `compilers` that what stands behind the version of `mpi` speaks of: `-GCC-12.2.0`, `-gcc12`;
/// `None` where it speaks of none.
#[must_use]
pub fn by_suffix(
    mpi: &Module,
    compilers: &[Module],
    closure: &Closure<'_>,
    families: &Families,
) -> Option<Result<Vec<Module>, String>> {
    // `openmpi/gcc-12.2.0/4.1.4` and `openmpi-gcc12/4.1.4` say it within the name.
    let all: Vec<(String, String)> = named(&format!("{}/{}", mpi.family, mpi.suffix()), families).collect();
    let first = all.first()?;
    for (name, version) in &all {
        let fits = |exactly: bool| -> Vec<Module> {
            let called = |one: &&Module| {
                one.family.eq_ignore_ascii_case(name)
                    || (!exactly && families.canonical(&one.family) == families.canonical(name))
            };
            let of_version = |one: &&Module| begins(one.plain_version(), version);
            compilers.iter().filter(called).filter(of_version).cloned().collect()
        };
        let found = [fits(true), fits(false)].into_iter().find(|found| !found.is_empty());
        if let Some(found) = found {
            return Some(Ok(closure.outermost(&found)));
        }
    }
    let named = format!("{} {}", first.0, first.1);
    Some(Err(format!("its name says {}, and no module of that compiler is there", named.trim_end())))
}

/// Every compiler that `text` names, with the version behind it.
fn named(text: &str, families: &Families) -> impl Iterator<Item = (String, String)> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z]+|[0-9][0-9.]*"));
    let tokens: Vec<(usize, &str)> =
        TOKEN.find_iter(text).map(|found| (found.start(), found.as_str())).collect();
    let is_word = |at: usize| tokens.get(at).is_some_and(|(_, token)| token.starts_with(char::is_alphabetic));
    // The letters of a word must begin it: `my2gcc` and hashes name nothing.
    let begins = |at: usize| {
        let before = text[..tokens[at].0].chars().next_back();
        is_word(at) && !before.is_some_and(|letter| letter.is_ascii_alphanumeric())
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let longest = (1..=LONGEST_NAME).rev().filter(|count| begins(at) && (at..at + count).all(is_word));
        let name = longest.map(|count| (count, tokens[at..at + count].iter().map(|(_, word)| *word)));
        let name = name.map(|(count, words)| (count, words.collect::<Vec<_>>().join("-")));
        let Some((count, name)) =
            name.into_iter().find(|(_, name)| families.layer(name) == Some(Layer::Compiler))
        else {
            at += 1;
            continue;
        };
        at += count;
        let number = tokens.get(at).filter(|_| !is_word(at)).map(|(_, number)| number.trim_end_matches('.'));
        found.push((name, number.unwrap_or_default().to_owned()));
    }
    found.into_iter()
}

/// `intel-oneapi-compilers` has the most words.
const LONGEST_NAME: usize = 3;

/// Whether `version` begins as `said` does, which may leave out the dots: `12`, `12.2`, `122`.
fn begins(version: &str, said: &str) -> bool {
    let compact: String = version.chars().filter(char::is_ascii_digit).collect();
    let part = version.strip_prefix(said).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    said.is_empty() || part || (!said.contains('.') && said.len() > 1 && compact.starts_with(said))
}

/// The compilers of `mpi` among `compilers`, by what Spack wrote; `None` where it wrote nothing.
#[must_use]
pub fn by_record(
    mpi: &Found,
    compilers: &[&Found],
    inventory: &Inventory,
) -> Option<Result<Vec<Module>, String>> {
    let Claim::Of(record) = inventory.claim(&mpi.file) else { return None };
    let tool = record.compiler.as_ref()?;
    let is_it = |entry: &&&Found| matches!(inventory.claim(&entry.file), Claim::Of(record) if is(tool, record, &inventory.books.packages));
    let found: Vec<Module> = compilers.iter().filter(is_it).map(|entry| entry.module.clone()).collect();
    let Tool { name, version, .. } = tool;
    Some(if found.is_empty() {
        Err(format!("Spack built it with {name} {version}, which has no module"))
    } else {
        Ok(found)
    })
}

fn is(tool: &Tool, compiler: &Record, packages: &Packages) -> bool {
    match &tool.hash {
        Some(hash) => *hash == compiler.hash,
        // Before Spack 1.0 a compiler is a name and a version.
        None => packages.are_one(&tool.name, &compiler.name) && tool.version == compiler.version,
    }
}

/// The compilers among `compilers` that bring `program`, which the wrapper of an MPI calls: a path, or a bare name that
/// means whichever is loaded.
///
/// # Errors
/// In one line, that none does.
pub fn by_wrapper(program: &str, compilers: &[&Found]) -> Result<Vec<Module>, String> {
    let path = Path::new(program);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let name = path.file_name().unwrap_or_default();
    let hidden = RefCell::new(None::<PathFault>);
    let brings = |entry: &&&Found| {
        let mut own = entry.paths.iter().map(|folder| folder.join(name));
        let look = |own: &Path| match find(own) {
            Ok(found) => found.is_some(),
            Err(fault) => {
                hidden.borrow_mut().get_or_insert(fault);
                false
            }
        };
        if !path.is_absolute() {
            return own.any(|own| look(&own));
        }
        // One in `/usr` is named by its module's variables only.
        let text = std::fs::read(&entry.file).unwrap_or_else(|error| {
            // One that is gone names nothing.
            if Obstacle::of(&error) != Obstacle::Missing {
                hidden.borrow_mut().get_or_insert(PathFault::new(&entry.file, &error));
            }
            Vec::new()
        });
        own.any(|own| look(&own) && real(&own) == real(path))
            || named_paths(&String::from_utf8_lossy(&text)).any(|named| Path::new(named) == path)
    };
    let found: Vec<Module> = compilers.iter().filter(brings).map(|entry| entry.module.clone()).collect();
    if found.is_empty() {
        Err(match hidden.into_inner() {
            Some(fault) => {
                format!("its wrapper calls `{program}`, and not every compiler can be looked at: {fault}")
            }
            None => format!("its wrapper calls `{program}`, which no compiler's module brings"),
        })
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::shown::Shown;
    use crate::suite::embedded;

    #[test]
    fn what_stands_behind_a_version_names_a_compiler() {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let compilers = ["gcc/12.2.0", "gcc/11.3.0", "GCC/13.2.0", "llvm/16.0.6", "intel/2023.1.0"];
        let compilers = compilers.map(Module::new);
        let closure = Closure::new(&[]);
        let of = |name: &str| by_suffix(&Module::new(name), &compilers, &closure, &families);
        for (mpi, compiler) in [
            ("OpenMPI/4.1.4-GCC-12.2.0", "gcc/12.2.0"),
            ("openmpi/4.1.4-gcc12", "gcc/12.2.0"),
            ("openmpi/4.1.4-gcc-11", "gcc/11.3.0"),
            ("openmpi/4.1.4_gcc1320", "GCC/13.2.0"),
            ("openmpi/gcc-11.3.0/4.1.4", "gcc/11.3.0"),
            ("openmpi-gcc12/4.1.4", "gcc/12.2.0"),
            ("mpich/5.0.2-clang-16.0.6", "llvm/16.0.6"),
            ("mpich/5.0.2-intel", "intel/2023.1.0"),
            ("mpich/5.0.2-ofi-gcc12-cuda11", "gcc/12.2.0"),
        ] {
            assert_eq!(of(mpi), Some(Ok(vec![Module::new(compiler)])), "{mpi}");
        }
        assert_eq!(of("mpich/5.0.2-gcc").unwrap().unwrap().len(), 3);
        let told = of("mpich/5.0.2-gcc-10.2.0").unwrap().unwrap_err();
        assert_eq!(told, "its name says gcc 10.2.0, and no module of that compiler is there");
        for silent in ["mpich/5.0.2", "mpich/5.0.2-ofi", "mpich/12.2.0", "mpich/5-mygcc12", "mpich/5-gccfoo"]
        {
            assert_eq!(of(silent), None, "{silent}");
        }
    }

    #[test]
    fn what_a_module_loads_or_wants_decides() {
        let families = Families::parse(&embedded::table("toolchains.toml")).unwrap();
        let names = ["a/1", "b/1", "c/1", "d/1", "e/1", "gcc/12.2.0", "gcc/11.3.0", "PrgEnv-gnu/8"];
        let found = names.map(|name| Found::bare(Module::new(name), format!("/m/{name}").into()));
        let mut closure = Closure::new(&found);
        let list = |words: &[&str]| words.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let shown = |loads: &[&str], wants: &[&str]| {
            let wants = if wants.is_empty() { Vec::new() } else { vec![list(wants)] };
            Shown { loads: list(loads), wants, ..Shown::default() }
        };
        let all = [
            ("a/1", shown(&["gcc/11.3.0"], &[])),
            ("b/1", shown(&[], &["gcc/12", "gcc/13"])),
            ("c/1", shown(&["gcc/9.1.0"], &[])),
            ("d/1", shown(&[], &["gcc/9.1.0"])),
            ("e/1", shown(&[], &["PrgEnv-gnu"])),
        ];
        closure.take(all.into_iter().map(|(name, shown)| (format!("/m/{name}").into(), shown)).collect());
        let compilers = ["gcc/12.2.0", "gcc/11.3.0"].map(Module::new);
        let (module, compiler) = (Module::new("PrgEnv-gnu/8"), compilers[0].clone());
        let bundles = [Bundle { module, compiler, mpi: None }];
        let of = |name: &str| by_needs(&Module::new(name), &compilers, &bundles, &closure, &families);
        assert_eq!(of("a/1"), Some(Ok(vec![compilers[1].clone()])));
        assert_eq!(of("b/1"), Some(Ok(vec![compilers[0].clone()])));
        assert!(of("c/1").unwrap().unwrap_err().contains("it loads gcc/9.1.0, and there is no"));
        assert!(of("d/1").unwrap().unwrap_err().contains("it wants gcc/9.1.0 to be loaded before"));
        assert_eq!(of("e/1"), Some(Ok(vec![bundles[0].module.clone()])));
        assert_eq!(of("gcc/12.2.0"), None);
    }

    #[test]
    fn a_wrapper_names_its_compiler_by_a_path_or_leaves_it_open() {
        let folder = tempfile::tempdir().unwrap();
        let compiler = |version: &str| {
            let bin = folder.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("gcc"), version).unwrap();
            Found { paths: vec![bin], ..Found::bare(Module::new(&format!("gcc/{version}")), "/m".into()) }
        };
        let (old, new) = (compiler("11"), compiler("12"));
        let of = |program: &str| by_wrapper(program, &[&old, &new]);
        assert_eq!(of(&folder.path().join("12/bin/gcc").to_string_lossy()).unwrap(), [Module::new("gcc/12")]);
        std::os::unix::fs::symlink(folder.path().join("11/bin/gcc"), folder.path().join("gcc")).unwrap();
        assert_eq!(of(&folder.path().join("gcc").to_string_lossy()).unwrap(), [Module::new("gcc/11")]);
        assert_eq!(of("gcc").unwrap().len(), 2);
        std::os::unix::fs::symlink("turn", folder.path().join("turn")).unwrap();
        let mut turning = compiler("12");
        turning.paths = vec![folder.path().join("turn/bin")];
        let why = by_wrapper("gcc", &[&turning]).unwrap_err();
        assert!(why.contains("cannot be reached, its links lead in a circle"), "{why}");
        assert!(
            of("/usr/bin/icx").unwrap_err().contains("`/usr/bin/icx`, which no compiler's module brings")
        );
    }
}
