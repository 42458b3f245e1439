//! Our resolution against the dynamic loader's own answer: on files of this machine, and on small cases that a compiler
//! makes, one for each rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ldwalk::{Kind, Loader, Machine, cpu_level};

use super::bench::{Bench, INTERPRETER, MAIN, NEW, OLD};
use crate::fixture::skip;

/// Name → path; `None` for a library that was not found.
type Answer = BTreeMap<String, Option<PathBuf>>;

/// What the loader itself says; `None` if it refuses the file.
fn theirs(file: &Path, library_path: &str) -> Option<Answer> {
    let output = Command::new(INTERPRETER)
        .arg(file)
        .env_clear()
        // What `ldd` does: unlike `--list`, it goes on after a library that is missing.
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .env("LD_LIBRARY_PATH", library_path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut answer = Answer::new();
    for line in text.lines().map(str::trim) {
        let Some((name, path)) = line.split_once(" => ") else { continue };
        let path = path.split(" (0x").next().unwrap();
        answer.insert(name.to_owned(), (path != "not found").then(|| path.into()));
    }
    (output.status.success() || !answer.is_empty() || text.contains("statically linked")).then_some(answer)
}

/// What we say, in the same words: the loader lists each file under the name by which it was first asked for.
fn ours(loader: &Loader, file: &Path) -> Answer {
    let closure = loader.closure(file).expect("a loadable file of a known machine");
    let mut answer = Answer::new();
    for member in &closure.members[1..] {
        let Some(by) = member.by else { continue };
        let asker = &closure.members[by].object;
        let name = asker.image.needed.iter().find(|name| {
            member.object.image.soname.as_deref() == Some(name)
                || member.object.path.file_name().is_some_and(|last| last == &***name)
                || Path::new(&***name) == member.object.path
        });
        let name = name.map_or_else(|| member.object.path.display().to_string(), ToString::to_string);
        answer.insert(name, Some(member.object.path.clone()));
    }
    for missing in &closure.missing {
        answer.insert(missing.name.to_string(), None);
    }
    answer
}

/// The two answers differ only in what is worth a look: paths of the same file are equal, and the loader itself and
/// names given as paths are listed in another form.
fn differences(ours: &Answer, theirs: &Answer) -> Vec<String> {
    let same = |a: &Path, b: &Path| a == b || fs::canonicalize(a).ok() == fs::canonicalize(b).ok();
    let mut differences = Vec::new();
    for (name, path) in theirs {
        if name.starts_with('/') || name.starts_with("ld-linux") {
            continue;
        }
        match (path, ours.get(name)) {
            (Some(theirs), Some(Some(ours))) if same(ours, theirs) => {}
            (None, Some(None)) => {}
            (_, found) => differences.push(format!("{name}: the loader says {path:?}, we say {found:?}")),
        }
    }
    for (name, path) in ours {
        if !theirs.contains_key(name) && !name.starts_with('/') && !name.starts_with("ld-linux") {
            differences.push(format!("{name}: the loader does not list it, we say {path:?}"));
        }
    }
    differences
}

fn elf_files(loader: &Loader, folder: &Path, deep: bool, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() && deep {
            elf_files(loader, &path, deep, into);
        } else if kind.is_file() && loadable_here(loader, &path) {
            into.push(path);
        }
    }
}

fn loadable_here(loader: &Loader, path: &Path) -> bool {
    use std::io::Read as _;
    let mut head = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == *b"\x7fELF"
        && loader.object(path).is_some_and(|object| {
            object.image.machine == Machine::X86_64
                && matches!(object.image.kind, Kind::Program | Kind::Library)
                && (!object.image.needed.is_empty() || object.image.interpreter.is_some())
        })
}

#[test]
fn files_of_this_machine_resolve_as_the_loader_resolves_them() {
    if !Path::new(INTERPRETER).exists() {
        return skip("glibc", &format!("there is no {INTERPRETER} here"));
    }
    let most: usize = std::env::var("STACKPROBE_LINKAGE_SAMPLE").map_or(250, |text| text.parse().unwrap());
    let loader = Loader::new("");
    let mut files = Vec::new();
    for (folder, deep) in
        [("/usr/bin", false), ("/usr/sbin", false), ("/usr/lib", true), ("/usr/lib64", true)]
    {
        elf_files(&loader, Path::new(folder), deep, &mut files);
    }
    for folder in std::env::var("STACKPROBE_LINKAGE_FOLDERS").unwrap_or_default().split_terminator(':') {
        elf_files(&loader, Path::new(folder), true, &mut files);
    }
    files.sort();
    let step = files.len().div_ceil(most).max(1);
    let mut judged = 0;
    let mut wrong = Vec::new();
    for file in files.iter().step_by(step) {
        let Some(theirs) = theirs(file, "") else { continue };
        judged += 1;
        for difference in differences(&ours(&loader, file), &theirs) {
            wrong.push(format!("{}: {difference}", file.display()));
        }
    }
    assert!(judged > 20, "only {judged} files to compare");
    assert!(wrong.is_empty(), "{} of {judged} files:\n{}", wrong.len(), wrong.join("\n"));
}

/// Compares both answers, and returns ours.
fn agree(bench: &Bench, file: &Path, library_path: &str) -> Answer {
    let library_path = library_path.replace("{}", bench.root());
    let theirs = theirs(file, &library_path).expect("the loader takes the file");
    let ours = ours(&Loader::new(&library_path), file);
    let differences = differences(&ours, &theirs);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    ours
}

#[test]
fn an_rpath_is_inherited_and_a_runpath_is_not() {
    let bench = Bench::new();
    bench.library("deep/libb.so", &[]);
    bench.library("near/liba.so", &["{}/deep/libb.so"]);
    for (tags, found) in [(OLD, true), (NEW, false)] {
        let main = bench.cc("main", MAIN, &[tags, "-Wl,-rpath,{}/near:{}/deep", "{}/near/liba.so"]);
        let answer = agree(&bench, &main, "");
        assert_eq!(answer["libb.so"].is_some(), found, "{tags}");
    }
}

#[test]
fn a_runpath_of_the_asking_library_switches_inheritance_off() {
    let bench = Bench::new();
    bench.library("deep/libb.so", &[]);
    bench.library("near/liba.so", &[NEW, "-Wl,-rpath,{}/nowhere", "{}/deep/libb.so"]);
    let main = bench.cc("main", MAIN, &[OLD, "-Wl,-rpath,{}/near:{}/deep", "{}/near/liba.so"]);
    assert_eq!(agree(&bench, &main, "")["libb.so"], None);
}

#[test]
fn the_library_path_comes_after_an_rpath_and_before_a_runpath() {
    let bench = Bench::new();
    bench.library("one/liba.so", &[]);
    bench.library("two/liba.so", &[]);
    for (tags, wins) in [(OLD, "one"), (NEW, "two")] {
        let main = bench.cc("main", MAIN, &[tags, "-Wl,-rpath,{}/one", "{}/one/liba.so"]);
        let answer = agree(&bench, &main, "{}/nowhere:{}/two");
        assert_eq!(answer["liba.so"].as_deref(), Some(&*bench.path(wins).join("liba.so")));
    }
}

#[test]
fn tokens_are_those_of_the_file_that_holds_them() {
    let bench = Bench::new();
    bench.library("lib/x/libb.so", &[]);
    bench.library("lib/liba.so", &[NEW, "-Wl,-rpath,${ORIGIN}/x", "{}/lib/x/libb.so"]);
    bench.library("$ORIGINAL/libc2.so", &[]);
    let main = bench.cc(
        "bin/main",
        MAIN,
        &[
            NEW,
            "-Wl,-rpath,$ORIGIN/../lib:{}/$ORIGINAL:$ORIGIN/$LIB/$PLATFORM",
            "{}/lib/liba.so",
            "{}/$ORIGINAL/libc2.so",
        ],
    );
    let answer = agree(&bench, &main, "");
    assert!(answer.values().all(Option::is_some), "{answer:?}");
    let through = bench.path("elsewhere");
    std::os::unix::fs::symlink(bench.path("bin"), &through).unwrap();
    agree(&bench, &through.join("main"), "");
}

#[test]
fn lib_and_platform_are_the_loaders_own() {
    let bench = Bench::new();
    let main = bench.cc("main", MAIN, &["-Wl,-rpath,/$LIB:/usr/$LIB:{}/$PLATFORM", "-lm"]);
    agree(&bench, &main, "");
    for platform in ["x86_64", "haswell", "xeon_phi"] {
        bench.library(&format!("{platform}/liba.so"), &[]);
    }
    let main = bench.cc("main", MAIN, &[NEW, "-Wl,-rpath,{}/$PLATFORM", "{}/x86_64/liba.so"]);
    assert!(agree(&bench, &main, "")["liba.so"].is_some());
    agree(&bench, &main, "{}/$ORIGIN:$ORIGIN/x86_64");
}

#[test]
fn a_name_that_is_loaded_already_satisfies_whoever_asks_next() {
    let bench = Bench::new();
    bench.library("one/libb.so", &[]);
    bench.library("two/libb.so", &[]);
    bench.library("liba.so", &[OLD, "-Wl,-rpath,{}/two", "{}/two/libb.so"]);
    let main = bench.cc("main", MAIN, &[NEW, "-Wl,-rpath,{}:{}/one", "{}/liba.so", "{}/one/libb.so"]);
    assert_eq!(agree(&bench, &main, "")["libb.so"], Some(bench.path("one/libb.so")));
}

#[test]
fn a_file_of_another_machine_is_passed_over() {
    let bench = Bench::new();
    let good = bench.library("good/liba.so", &[]);
    fs::create_dir(bench.path("bad")).unwrap();
    let mut bytes = fs::read(&good).unwrap();
    bytes[18] = 183;
    fs::write(bench.path("bad/liba.so"), &bytes).unwrap();
    let main = bench.cc("main", MAIN, &[NEW, "-Wl,-rpath,{}/bad:{}/good", "{}/good/liba.so"]);
    assert_eq!(agree(&bench, &main, "")["liba.so"], Some(good));
}

#[test]
fn a_path_that_is_needed_is_not_searched_for() {
    let bench = Bench::new();
    let library = bench.cc("liba.so", "int a;", &["-shared", "-fPIC"]);
    let main = bench.cc("main", MAIN, &["{}/liba.so"]);
    agree(&bench, &main, "");
    fs::remove_file(&library).unwrap();
    let closure = Loader::new("").closure(&main).unwrap();
    assert_eq!(*closure.missing[0].name, *library.to_str().unwrap());
}

#[test]
fn folders_of_cpu_levels_come_first() {
    let bench = Bench::new();
    bench.library("liba.so", &[]);
    for level in ["x86-64-v2", "x86-64-v3", "x86-64-v4"] {
        bench.library(&format!("glibc-hwcaps/{level}/liba.so"), &[]);
        let main = bench.cc("main", MAIN, &[NEW, "-Wl,-rpath,{}", "{}/liba.so"]);
        agree(&bench, &main, "");
        agree(&bench, &main, "{}");
    }
    let main = bench.path("main");
    let on = |level| ours(&Loader::on_cpu("", level), &main)["liba.so"].clone().unwrap();
    assert_eq!(on(1), bench.path("liba.so"));
    assert_eq!(on(3), bench.path("glibc-hwcaps/x86-64-v3/liba.so"));
}

#[test]
fn empty_parts_mean_the_current_directory() {
    let bench = Bench::new();
    bench.library("liba.so", &[]);
    let main = bench.cc("main", MAIN, &[NEW, "-Wl,-rpath,/nowhere:", "{}/liba.so"]);
    let answer = agree(&bench, &main, "");
    assert_eq!(answer["liba.so"], None, "the tests do not run in that folder");
}

#[test]
fn default_directories_can_be_forbidden() {
    let bench = Bench::new();
    let main = bench.cc("main", MAIN, &["-Wl,-z,nodefaultlib", "-lm"]);
    let answer = agree(&bench, &main, "");
    assert_eq!(answer["libm.so.6"], None);
}

#[test]
fn the_level_of_this_cpu_is_the_one_that_the_loader_sees() {
    let output = Command::new(INTERPRETER).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    if !help.contains("x86-64-v2 (") && !help.contains("x86-64-v2\n") {
        return skip("glibc", "the loader of this machine is older than glibc 2.33");
    }
    let theirs = (2..=4).rev().find(|level| help.contains(&format!("x86-64-v{level} (supported")));
    assert_eq!(cpu_level(), theirs.unwrap_or(1));
}
