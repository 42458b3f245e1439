//! An MPI library: its wrappers, the compiler behind them, its launcher.

use super::{Tools, answers, compiler, counts_otherwise, names, variables};
use crate::native::place::{install, real};
use crate::native::{judged, judged_or_hidden, skipped, unanswered};
use crate::stack::toolchain::Loaded;
use crate::suite::template::Placeholder;
use crate::verdict::check::Check;
use path_fault::{PathFault, is_folder};

const WRAPPERS: [(&str, Placeholder, Placeholder); 3] = [
    ("mpicc", Placeholder::Mpicc, Placeholder::Cc),
    ("mpicxx", Placeholder::Mpicxx, Placeholder::Cxx),
    ("mpifc", Placeholder::Mpifc, Placeholder::Fc),
];

pub(super) fn look(tools: &Tools<'_>, mpi: &Loaded, compiler: &Loaded) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, wrapper, language) in WRAPPERS {
        checks.push(tools.path(&format!("{name}-path"), wrapper, mpi));
        checks.extend(wrapped(tools, name, wrapper, language, compiler));
        checks.extend(tools.refuses(&format!("{name}-status"), wrapper));
    }
    checks.extend(launcher(tools, mpi));
    checks.extend(names::of_mpi(tools, mpi));
    checks.push(compiler::build_wrappers(mpi));
    checks.extend(variables::followed(tools));
    checks
}

/// What the wrapper calls, and with which folders.
fn wrapped(
    tools: &Tools<'_>,
    name: &str,
    wrapper: Placeholder,
    language: Placeholder,
    compiler: &Loaded,
) -> [Check; 2] {
    let names = [format!("{name}-compiler"), format!("{name}-folders")];
    let program = match tools.program(wrapper) {
        Ok(program) => program,
        Err(why) => return names.map(|name| skipped(name, why.clone())),
    };
    let answer = match tools.ask(&program, &["-show"]) {
        Ok(answer) => answer,
        Err(error) => return names.map(|name| unanswered(name, &error)),
    };
    let shown = String::from_utf8_lossy(&answer.stdout).into_owned();
    let Some(meant) = answers::wrapped(&shown).filter(|_| answer.success) else {
        let words = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        let fault = format!("{} -show does not say what it calls", program.display());
        return names.map(|name| judged(name, "identity.wrapper", vec![fault.clone(), words.clone()]));
    };
    let calls = program.file_name().unwrap_or_default().display();
    let called = match tools.which(&meant.program) {
        None => Some(format!("{calls} calls `{}`, which cannot be started", meant.program)),
        Some(found) => tools
            .foreign(&found, &meant.program, compiler)
            .or_else(|| {
                let own = tools.program(language).ok()?;
                let same = real(&own) == real(&found);
                (!same).then(|| format!("`{}` is {}, not {}", meant.program, found.display(), own.display()))
            })
            .map(|foreign| format!("{calls} calls another compiler: {foreign}")),
    };
    let folders = meant.folders.iter().filter_map(|folder| {
        match is_folder(folder) {
            Ok(true) => {}
            Ok(false) => {
                return Some(Ok(format!("{calls} names {}, which does not exist", folder.display())));
            }
            Err(fault) => return Some(Err(fault)),
        }
        let place = tools.place(folder);
        match place.hidden() {
            Some(fault) => Some(Err(fault.clone())),
            None => (!place.is_ours())
                .then(|| Ok(format!("{calls} names {}, {}", folder.display(), place.words()))),
        }
    });
    let folders: Vec<Result<String, PathFault>> = folders.collect();
    let [compiler_check, folder_check] = names;
    let shown = |check: Check| if check.reason.is_empty() { check } else { with_shown(check, &shown) };
    [
        shown(judged(compiler_check, "identity.wrapper", Vec::from_iter(called))),
        shown(judged_or_hidden(folder_check, "identity.folders", folders)),
    ]
}

fn with_shown(check: Check, shown: &str) -> Check {
    let detail = if check.detail.is_empty() { String::new() } else { format!("{}\n", check.detail) };
    check.detail(format!("{detail}-show: {}", shown.trim()))
}

/// The launcher is of the same install as the wrapper, and of the module's version.
fn launcher(tools: &Tools<'_>, mpi: &Loaded) -> [Check; 3] {
    let names = ["launcher-path", "launcher-install", "launcher-version"];
    let launcher = match &tools.subject.toolchain.launcher {
        Ok(launcher) => launcher,
        Err(why) => {
            return names.map(|name| judged(name, "identity.launcher", vec![why.clone()]));
        }
    };
    let program = &launcher.program;
    let typed = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found = tools.which(&typed).unwrap_or_else(|| program.clone());
    let path = tools.foreign(&found, &typed, mpi);
    let install = match tools.program(Placeholder::Mpicc) {
        Ok(mpicc) => {
            let (ours, theirs) = (install(&real(&mpicc)), install(&real(program)));
            // Outside of any install of Spack, what counts is the folder above `bin`.
            let same = ours == theirs || ours.ancestors().nth(2) == theirs.ancestors().nth(2);
            let fault = (!same).then(|| {
                format!(
                    "the launcher is {}, the wrapper {}: two installs",
                    program.display(),
                    mpicc.display()
                )
            });
            judged(names[1], "identity.launcher", Vec::from_iter(fault))
        }
        Err(why) => skipped(names[1], why),
    };
    [judged(names[0], "identity.launcher", Vec::from_iter(path)), install, version(tools, names[2], mpi)]
}

fn version(tools: &Tools<'_>, check: &str, mpi: &Loaded) -> Check {
    let Ok(launcher) = &tools.subject.toolchain.launcher else {
        return skipped(check, "there is no launcher");
    };
    if let Some(other) = tools.counted_as(mpi) {
        return skipped(check, format!("its tools tell a version of {other}, {} has its own", mpi.module));
    }
    let Some(module) = mpi.speaks_as.1.as_deref() else { return skipped(check, counts_otherwise(mpi)) };
    let answer = match tools.ask(&launcher.program, &["--version"]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let said = answers::said(&answer);
    let fault = match answers::version_in(&said, module) {
        Some(found) if answers::agree(&found, module) => None,
        Some(found) => Some(format!("{} says {found}, the module says {module}", launcher.program.display())),
        None => Some(format!("{} --version tells no version", launcher.program.display())),
    };
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
    let checked = judged(check, "identity.version", Vec::from_iter(fault));
    if checked.reason.is_empty() { checked } else { checked.detail(first) }
}
