//! The other names of a tool: whoever types one of them gets what the suites have tried.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::{Tools, answers};
use crate::constant::pattern;
use crate::native::place::{install, real};
use crate::native::{judged, unanswered};
use crate::stack::lmod::Answer;
use crate::stack::mpi_launcher::MpiLauncher;
use crate::stack::toolchain::Loaded;
use crate::suite::launch::Launch;
use crate::suite::template::Placeholder;
use crate::verdict::check::Check;

/// What a tool and its other names are asked.
struct Question {
    /// As `also` of a family calls it.
    key: &'static str,
    /// The tool of which these are names.
    tool: Placeholder,
    /// Each: what the tool is asked, and what its other names are.
    asked: &'static [[&'static [&'static str]; 2]],
}

/// What a driver would do, without doing it: bare, with flags of every kind up to the link, and with those of one step;
/// and that it fails where there is nothing to do.
macro_rules! driven {
    ($($language:literal),+) => {{
        const BARE: &[&str] = &["-###", $($language),+, "/dev/null"];
        const LINKED: &[&str] = &[
            "-###", "-O2", "-g", "-Wall", "-DSP=1", "-USQ", "-I/sp", "-L/sp", "-fPIC", "-shared", "-pthread", "-fopenmp",
            "-march=native", "-Wl,-z,now", $($language),+, "/dev/null", "-lsp",
        ];
        const STATIC: &[&str] = &["-###", "-O3", "-static", "-funroll-loops", "-m64", $($language),+, "/dev/null"];
        const COMPILED: &[&str] = &["-###", "-c", $($language),+, "/dev/null"];
        const PREPROCESSED: &[&str] = &["-###", "-E", $($language),+, "/dev/null"];
        const NOTHING: &[&str] = &["-c", super::NOTHING];
        &[
            [BARE, BARE],
            [LINKED, LINKED],
            [STATIC, STATIC],
            [COMPILED, COMPILED],
            [PREPROCESSED, PREPROCESSED],
            [NOTHING, NOTHING],
        ]
    }};
}

const COMPILERS: [Question; 5] = [
    Question { key: "cc", tool: Placeholder::Cc, asked: driven!("-std=c11", "-x", "c") },
    Question { key: "cxx", tool: Placeholder::Cxx, asked: driven!("-std=c++17", "-x", "c++") },
    Question { key: "fc", tool: Placeholder::Fc, asked: driven!("-x", "f95") },
    Question {
        key: "cpp",
        tool: Placeholder::Cc,
        asked: &[
            [&["-E", "-###", "-x", "c", "/dev/null"], &["-###", "-x", "c", "/dev/null"]],
            [
                &[
                    "-E",
                    "-###",
                    "-O2",
                    "-DSP=1",
                    "-USQ",
                    "-I/sp",
                    "-std=c11",
                    "-pthread",
                    "-x",
                    "c",
                    "/dev/null",
                ],
                &["-###", "-O2", "-DSP=1", "-USQ", "-I/sp", "-std=c11", "-pthread", "-x", "c", "/dev/null"],
            ],
        ],
    },
    // It reads no configuration file of the compiler's.
    Question { key: "cpp-kin", tool: Placeholder::Cc, asked: &[[&["-dumpversion"], &["-dumpversion"]]] },
];

const FLAGGED: &[&str] =
    &["-show", "-O2", "-g", "-Wall", "-DSP=1", "-I/sp", "-L/sp", "-pthread", "sp.c", "-lsp"];

const WRAPPED: &[[&[&str]; 2]] =
    &[[&["-show"], &["-show"]], [FLAGGED, FLAGGED], [&["-c", super::NOTHING], &["-c", super::NOTHING]]];

const WRAPPERS: [Question; 3] = [
    Question { key: "mpicc", tool: Placeholder::Mpicc, asked: WRAPPED },
    Question { key: "mpicxx", tool: Placeholder::Mpicxx, asked: WRAPPED },
    Question { key: "mpifc", tool: Placeholder::Mpifc, asked: WRAPPED },
];

/// Wrappers that need not do what `mpicc` and the like do, but are of the same install.
const KIN: [(&str, Placeholder); 3] = [
    ("mpicc-kin", Placeholder::Mpicc),
    ("mpicxx-kin", Placeholder::Mpicxx),
    ("mpifc-kin", Placeholder::Mpifc),
];

pub(super) fn of_compiler(tools: &Tools<'_>, compiler: &Loaded) -> Vec<Check> {
    COMPILERS.iter().flat_map(|question| names(tools, question, compiler)).collect()
}

pub(super) fn of_mpi(tools: &Tools<'_>, mpi: &Loaded) -> Vec<Check> {
    let mut checks: Vec<Check> = WRAPPERS.iter().flat_map(|question| names(tools, question, mpi)).collect();
    for (key, tool) in KIN {
        let Ok(program) = tools.program(tool) else { continue };
        checks.extend(others(tools, key, &program, mpi).iter().map(|name| wraps(tools, name, mpi)));
    }
    if let Ok(launcher) = &tools.subject.toolchain.launcher {
        for name in others(tools, "mpirun", &launcher.program, mpi) {
            checks.push(launches(tools, &name, launcher, mpi));
        }
    }
    checks
}

fn names(tools: &Tools<'_>, question: &Question, loaded: &Loaded) -> Vec<Check> {
    let Ok(program) = tools.program(question.tool) else { return Vec::new() };
    let others = others(tools, question.key, &program, loaded);
    if others.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<_> = question.asked.iter().map(|[words, _]| tools.ask(&program, words)).collect();
    let check = |name: String| {
        let check = format!("name {name}");
        let found = match typed(tools, &name, loaded) {
            Ok(found) => found,
            Err(fault) => return judged(check, "identity.name", vec![fault]),
        };
        let of = program.file_name().unwrap_or_default().display();
        for ([_, words], wanted) in question.asked.iter().zip(&wanted) {
            let (wanted, said) = match (wanted, tools.ask(&found, words)) {
                (Ok(wanted), Ok(said)) => (wanted, said),
                (Err(error), _) => return unanswered(check, error),
                (_, Err(error)) => return unanswered(check, &error),
            };
            if let Some((wanted, said)) = differs(&plain(wanted, &program), &plain(&said, &found)) {
                let words = words.join(" ");
                let fault = format!("`{name}` is not what `{of}` is: {words} says {said}, not {wanted}");
                return judged(check, "identity.name", vec![fault]);
            }
        }
        Check::passed(check)
    };
    others.into_iter().map(check).collect()
}

/// Whether a wrapper wraps this MPI, whichever compiler it calls.
fn wraps(tools: &Tools<'_>, name: &str, mpi: &Loaded) -> Check {
    let check = format!("name {name}");
    let found = match typed(tools, name, mpi) {
        Ok(found) => found,
        Err(fault) => return judged(check, "identity.name", vec![fault]),
    };
    let answer = match tools.ask(&found, &["-show"]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let shown = String::from_utf8_lossy(&answer.stdout).into_owned();
    let Some(meant) = answers::wrapped(&shown).filter(|_| answer.success) else {
        return judged(check, "identity.name", vec![format!("`{name} -show` does not say what it calls")]);
    };
    let own = mpi.prefix.as_ref().map(|prefix| install(prefix));
    let within = |folder: &PathBuf| own.as_ref().is_some_and(|own| real(folder).starts_with(own));
    let mut faults: Vec<String> = Vec::new();
    if !meant.folders.iter().any(within) {
        faults.push(format!("`{name}` names no folder of {}", mpi.module));
    }
    let foreign = meant.folders.iter().find(|folder| !tools.place(folder).is_ours());
    faults.extend(
        foreign.map(|folder| format!("`{name}` names {}, {}", folder.display(), tools.place(folder).words())),
    );
    judged(check, "identity.name", faults)
}

/// The other names that a tool goes by, of those that the folder of the module holds: what the family's table names,
/// the tool's own with the version behind it, and each with the machine in front that a compiler makes programs for.
fn others(tools: &Tools<'_>, key: &str, program: &Path, loaded: &Loaded) -> BTreeSet<String> {
    let Some(folder) =
        program.parent().filter(|folder| loaded.prefix.is_some() && *folder != Path::new("/usr/bin"))
    else {
        return BTreeSet::new();
    };
    let family = tools.subject.families.find(&loaded.family, loaded.module.plain_version());
    let named = family.and_then(|mut family| family.also.remove(key)).unwrap_or_default();
    let own = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let version = loaded.module.plain_version();
    let major = version.split('.').next().unwrap_or(version);
    let is_tool = !["cpp", "mpirun"].contains(&key) && !key.ends_with("-kin");
    let stems = named.iter().chain(std::iter::once(&own).filter(|_| is_tool));
    let machine = (!key.starts_with("mpi")).then(|| machine(tools, program)).flatten();
    stems
        .flat_map(|stem| [stem.clone(), format!("{stem}-{major}"), format!("{stem}-{version}")])
        .flat_map(|name| {
            let with_machine = machine.as_ref().map(|machine| format!("{machine}-{name}"));
            std::iter::once(name).chain(with_machine)
        })
        .filter(|name| *name != own && std::fs::symlink_metadata(folder.join(name)).is_ok())
        .collect()
}

/// What a compiler makes programs for, as its other names say it.
fn machine(tools: &Tools<'_>, program: &Path) -> Option<String> {
    let answer = tools.ask(program, &["-dumpmachine"]).ok().filter(|answer| answer.success)?;
    let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let is_name = !said.is_empty()
        && said.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    is_name.then_some(said)
}

/// Where this name leads who types it.
fn typed(tools: &Tools<'_>, name: &str, loaded: &Loaded) -> Result<PathBuf, String> {
    let found =
        tools.which(name).ok_or_else(|| format!("`{name}` of {} cannot be started", loaded.module))?;
    tools.foreign(&found, name, loaded).map_or(Ok(found), Err)
}

/// What is said, word by word, without what differs from call to call and from name to name.
fn plain(answer: &Answer, program: &Path) -> Vec<String> {
    static TEMPORARY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"[^ "=]*/(?:cc|null-)[A-Za-z0-9]{6}\.[a-z]+"#));
    let text =
        [&answer.stdout, &answer.stderr].map(|part| String::from_utf8_lossy(part).into_owned()).concat();
    let lines = text.lines().filter(|line| !line.starts_with("COLLECT_")).collect::<Vec<_>>().join("\n");
    let lines = TEMPORARY.replace_all(&lines, "TEMPORARY");
    let names = [program.to_path_buf(), real(program)].map(|path| path.display().to_string());
    let status = if answer.success { "success" } else { "failure" }.to_owned();
    let word = |word: &str| {
        let bare = word.trim_matches('"');
        if names.iter().any(|name| name == bare) { "PROGRAM".to_owned() } else { bare.to_owned() }
    };
    // Who complains says its name first, which need not be the one that it was called by.
    let line = |line: &str| {
        let mut words: Vec<String> = line.split_whitespace().map(word).collect();
        if let Some(first) = words.first_mut().filter(|first| first.ends_with(':')) {
            "PROGRAM:".clone_into(first);
        }
        words
    };
    std::iter::once(status).chain(lines.lines().flat_map(line)).collect()
}

/// The first words in which two answers differ.
fn differs(wanted: &[String], said: &[String]) -> Option<(String, String)> {
    let length = wanted.len().max(said.len());
    let at =
        |words: &[String], place: usize| words.get(place).map_or("nothing more", String::as_str).to_owned();
    (0..length)
        .find(|place| wanted.get(*place) != said.get(*place))
        .map(|place| (at(wanted, place), at(said, place)))
}

/// Whether another name of the launcher is the launcher, tells its version, and starts as many processes.
fn launches(tools: &Tools<'_>, name: &str, launcher: &MpiLauncher, mpi: &Loaded) -> Check {
    let (check, profile, launcher) = (format!("name {name}"), &launcher.profile, &launcher.program);
    let found = match typed(tools, name, mpi) {
        Ok(found) => found,
        Err(fault) => return judged(check, "identity.name", vec![fault]),
    };
    let same = real(&found) == real(launcher)
        || std::fs::read(&found).is_ok_and(|bytes| std::fs::read(launcher).is_ok_and(|other| bytes == other));
    if same {
        return Check::passed(check);
    }
    let of = launcher.file_name().unwrap_or_default().display();
    let mut faults = Vec::new();
    if let Some(module) = mpi.speaks_as.1.as_deref() {
        match tools.ask(&found, &["--version"]) {
            Err(error) => return unanswered(check, &error),
            Ok(answer) => match answers::version_in(&answers::said(&answer), module) {
                Some(told) if answers::agree(&told, module) => {}
                Some(told) => faults.push(format!("`{name}` says {told}, the module says {module}")),
                None => faults.push(format!("`{name} --version` tells no version")),
            },
        }
    }
    // Where the launcher itself starts nothing, the suites tell why.
    let mut environment = tools.subject.environment.clone();
    for (variable, value) in profile.variables(Launch::Profile, nix::unistd::geteuid().is_root()) {
        environment.set(variable, value);
    }
    let started = |program: &Path, command: &[&str]| {
        let mut words: Vec<&str> = profile.args.iter().map(String::as_str).collect();
        words.extend_from_slice(command);
        let answer = tools.ask_in(&environment, program, &words).ok()?;
        let lines = String::from_utf8_lossy(&answer.stdout).lines().filter(|line| *line == "started").count();
        Some((answer.success, lines))
    };
    let both = |command: &[&str]| Some((started(launcher, command)?, started(&found, command)?));
    match both(&["-n", "2", "/bin/echo", "started"]) {
        Some(((true, wanted), (_, told))) if wanted != told => {
            faults.push(format!("`{name} -n 2` starts {told} processes, `{of} -n 2` starts {wanted}"));
        }
        Some(((true, _), (false, _))) => {
            faults.push(format!("`{name} -n 2` ends with a failure, `{of} -n 2` does not"));
        }
        _ => {}
    }
    if let Some(((false, _), (true, _))) = both(&["-n", "1", "/bin/false"]) {
        faults.push(format!("`{name}` ends with success where its program failed, `{of}` does not"));
    }
    judged(check, "identity.name", faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        Answer { stdout: Vec::new(), stderr: text.as_bytes().to_vec(), success: true }
    }

    #[test]
    fn two_names_say_the_same_but_for_their_own_and_for_temporary_files() {
        let plain = |text: &str, name: &str| plain(&answer(text), Path::new(name));
        let one = plain("COLLECT_GCC=g++\n cc1plus -o /tmp/a/ccAbCdEf.s\n as -o /tmp/a/cc012345.o", "/b/g++");
        let other =
            plain("COLLECT_GCC=c++\n cc1plus -o /tmp/b/ccXyZ123.s\n as -o /tmp/b/ccabcdef.o", "/b/c++");
        assert_eq!(differs(&one, &other), None);
        let complains = |name: &str| plain(&format!("{name}: error: no input"), &format!("/b/{name}"));
        assert_eq!(complains("gfortran"), complains("gfortran-12"));
        let flagged = plain(" cc1plus -D_OLD=0 -o /tmp/b/ccXyZ123.s", "/b/c++");
        assert_eq!(differs(&one, &flagged), Some(("-o".to_owned(), "-D_OLD=0".to_owned())));
        assert_eq!(differs(&one[..1], &one).map(|(wanted, _)| wanted), Some("nothing more".to_owned()));
    }
}
