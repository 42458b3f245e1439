//! Every module of the stack by one call of spider, and round those modulefiles that keep it from ending.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::pod::signals::Stop;
use crate::run::call::bounded;
use crate::stack::environment::Environment;
use crate::stack::lmod::{Answer, Lmod, Refusal, quote};
use crate::stack::spider::{self, Found};
use crate::suite::module_name::Module;

/// Spider took 3.2 s at most in 3,636 modulefiles without a cache; a stack on a cold network mount may take long.
const LIMIT: Duration = Duration::from_mins(2);
/// It takes 2.3 s of CPU time for 10,000 modules: what takes so long loops.
const CPU: Duration = Duration::from_secs(10);
/// What it may take where what loops is left out.
const CPU_AROUND: Duration = Duration::from_mins(1);
/// No modulefile is read then.
const EMPTY: Duration = Duration::from_secs(30);
/// By the second time everything is in the node's memory.
const AGAIN: Duration = Duration::from_secs(40);
/// So many modulefiles are left out at most. A stack with more of them that loop has other worries.
const MOST: usize = 12;

/// Asks spider for every module.
pub(super) fn spider(
    lmod: &Lmod,
    base: &Environment,
    roots: &str,
    tmp: &Path,
    stop: &Stop,
) -> Result<Vec<Found>, Error> {
    let answer = bounded(&spider::ask(lmod, base, roots), LIMIT, Some(CPU), tmp, stop);
    match answer.and_then(|answer| read(&answer)) {
        Ok(found) => Ok(found),
        Err(error) if stop.requested().is_some() => Err(error),
        // Where there is no modulefile, none can be at fault.
        Err(error) => match sound(lmod, base, tmp, stop) {
            Err(broken) => Err(broken),
            Ok(()) => around(lmod, base, roots, tmp, stop).ok_or(error),
        },
    }
}

/// Asks spider for what is in an empty folder. An Lmod of which only the version can be asked is broken.
///
/// # Errors
/// No answer, or none that can be read.
pub(super) fn sound(lmod: &Lmod, base: &Environment, tmp: &Path, stop: &Stop) -> Result<(), Error> {
    let folder =
        tempfile::tempdir_in(tmp).map_err(|error| Error::io(Kind::Pod, "make a folder in", tmp, &error))?;
    let question = spider::ask(lmod, base, &folder.path().to_string_lossy());
    let answer = bounded(&question, EMPTY, None, tmp, stop);
    let what = match answer {
        Ok(answer) => match spider::read(&answer.stdout) {
            Ok(found) if found.is_empty() => return Ok(()),
            Ok(found) => format!("it finds {} in an empty folder", found[0].module),
            Err(fault) => [fault, said(&answer)].join(": "),
        },
        Err(error) if stop.requested().is_some() => return Err(error),
        Err(error) => error.what(),
    };
    let spider = lmod.command().with_file_name("spider");
    let what = format!(
        "the Lmod of `{}` does not do what it is for: asked for the modules of an empty folder, `{}` fails: {what}",
        lmod.command().display(),
        spider.display()
    );
    Err(broken(what))
}

/// The first telling words of an answer.
fn said(answer: &Answer) -> String {
    let words = [quote(&answer.stderr), quote(&answer.stdout)];
    let words = words.into_iter().find(|words| !words.is_empty());
    words.map_or_else(|| "it says nothing".to_owned(), |words| format!("it says `{words}`"))
}

/// An Lmod that is there and does not do what it is for.
pub(super) fn broken(what: String) -> Error {
    Error::diagnosed("lmod-broken", false, what)
        .hint("run what LMOD_CMD names in this pod and see what it says; its Lua, or a library of it, may be missing")
}

fn read(answer: &Answer) -> Result<Vec<Found>, Error> {
    spider::read(&answer.stdout).map_err(|fault| Error::new(Kind::Stack, fault).hint(quote(&answer.stderr)))
}

/// Leaves out the file that was opened last, again and again, until spider comes to its end. None where it never does:
/// then it was none of them.
fn around(lmod: &Lmod, base: &Environment, roots: &str, tmp: &Path, stop: &Stop) -> Option<Vec<Found>> {
    let folder = tempfile::tempdir_in(tmp).ok()?;
    let (left_out, opened) = (folder.path().join("left-out"), folder.path().join("opened"));
    let without = |culprits: &[&PathBuf], cpu| {
        let mut list = std::fs::File::create(&left_out).ok()?;
        for culprit in culprits {
            list.write_all(&[culprit.as_os_str().as_bytes(), b"\n"].concat()).ok()?;
        }
        std::fs::write(&opened, "").ok()?;
        let question = spider::ask_around(lmod, base, roots, &left_out, &opened);
        Some(bounded(&question, AGAIN, Some(cpu), tmp, stop).and_then(|answer| read(&answer)))
    };
    let mut culprits: Vec<PathBuf> = Vec::new();
    while culprits.len() <= MOST && stop.requested().is_none() {
        if let Ok(mut found) = without(&culprits.iter().collect::<Vec<_>>(), CPU_AROUND)? {
            // The last one decided it. Of the others each may have been the last word before another one's silence.
            let (mut guilty, mut left): (Vec<PathBuf>, _) =
                (culprits.split_off(culprits.len().saturating_sub(1)), culprits);
            while let Some(suspect) = left.pop() {
                let others: Vec<&PathBuf> = guilty.iter().chain(&left).collect();
                match without(&others, CPU)? {
                    Ok(more) => found = more,
                    Err(_) => guilty.push(suspect),
                }
            }
            for culprit in guilty {
                leave(&mut found, culprit, &base.paths("MODULEPATH"));
            }
            return Some(found);
        }
        let culprit = last(&std::fs::read(&opened).ok()?)?;
        if culprits.contains(&culprit) {
            return None;
        }
        culprits.push(culprit);
    }
    None
}

/// The last file that was opened, or that the last command reads.
fn last(opened: &[u8]) -> Option<PathBuf> {
    let line = opened.split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty())?;
    let text = std::ffi::OsStr::from_bytes(line);
    if Path::new(text).is_file() {
        return Some(text.into());
    }
    let words = shell_words::split(&text.to_string_lossy()).ok()?;
    // The last argument of the translator of Tcl is the modulefile.
    words.into_iter().rev().map(PathBuf::from).find(|path| path.is_absolute() && path.is_file())
}

/// Puts a finding in the place of a modulefile that was left out.
fn leave(found: &mut Vec<Found>, file: PathBuf, roots: &[PathBuf]) {
    let known: BTreeSet<PathBuf> = found.iter().map(Found::folder).chain(roots.iter().cloned()).collect();
    let below = known
        .into_iter()
        .filter(|root| file.starts_with(root))
        .max_by_key(|root| root.as_os_str().len())
        .unwrap_or_else(|| file.ancestors().nth(2).unwrap_or(&file).to_path_buf());
    let name = file.strip_prefix(&below).unwrap_or(&file);
    let name =
        if name.extension().is_some_and(|end| end == "lua") { name.with_extension("") } else { name.into() };
    let parents = found.iter().find(|entry| entry.folder() == below).map(|entry| entry.parents.clone());
    found.retain(|entry| entry.file != file);
    let fault = "spider does not get through it, so `module spider` and `module avail` hang or fail: it loops, waits or \
                 ends Lmod";
    found.push(Found {
        parents: parents.unwrap_or_default(),
        fault: Some(fault.to_owned()),
        ..Found::bare(Module::new(&name.to_string_lossy()), file)
    });
    found.sort_by(|left, right| (&left.module, &left.file).cmp(&(&right.module, &right.file)));
}

/// The most digits of a number that fit into 64 bits.
const DIGITS: usize = 18;
/// Spack's layout has five levels.
const DEEPEST: usize = 10;

/// The modulefile below `roots` whose version an older Lmod cannot read, where that is why it refused: it then blames
/// the module that makes the other visible, and spider shows none of that branch.
pub(super) fn unreadable(refusal: &Refusal, roots: &[PathBuf], lmod: &str) -> Option<String> {
    if !refusal.words.contains("no integer representation") {
        return None;
    }
    let trees = roots.iter().map(|root| match root.parent() {
        Some(parent) if root.ends_with("Core") => parent,
        _ => root,
    });
    let (file, digits) = trees.into_iter().find_map(|tree| long_number(tree, DEEPEST))?;
    Some(format!(
        "Lmod {lmod} cannot read the version of {}, a number of {digits} digits, and so nothing that makes it visible loads",
        file.display()
    ))
}

fn long_number(folder: &Path, deep: usize) -> Option<(PathBuf, usize)> {
    let longest = |text: &str| {
        text.split(|letter: char| !letter.is_ascii_digit())
            .map(str::len)
            .max()
            .filter(|length| *length > DIGITS)
    };
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return deep.checked_sub(1).and_then(|deep| long_number(&path, deep));
        }
        let digits = longest(&path.file_name()?.to_string_lossy())?;
        Some((path, digits))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_file_is_the_one_that_was_opened_or_translated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1");
        std::fs::write(&file, "").unwrap();
        let shown = file.display().to_string();
        for log in [
            format!("/etc/passwd\n{shown}\n"),
            format!("/etc/passwd\ntclsh /no/tcl2lua.tcl -f b/1 -m load \"{shown}\"\n"),
        ] {
            assert_eq!(last(log.as_bytes()), Some(file.clone()), "{log}");
        }
        assert_eq!(last(b"\n"), None);
        assert_eq!(last(b"echo nothing\n"), None);
    }

    #[test]
    fn a_file_that_was_left_out_stands_where_its_neighbours_do() {
        let gcc = Module::new("gcc/12");
        let neighbour = Found {
            parents: vec![vec![gcc.clone()]],
            ..Found::bare(Module::new("zlib/1"), "/m/gcc/12/zlib/1.lua".into())
        };
        let mut found = vec![neighbour];
        leave(&mut found, "/m/gcc/12/a/b/2.0".into(), &["/m/Core".into()]);
        leave(&mut found, "/m/Core/x/1.lua".into(), &["/m/Core".into()]);
        let names: Vec<String> = found.iter().map(|entry| entry.module.to_string()).collect();
        assert_eq!(names, ["a/b/2.0", "x/1", "zlib/1"]);
        assert_eq!((found[0].parents.clone(), found[1].parents.len()), (vec![vec![gcc]], 0));
    }
}
