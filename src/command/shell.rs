//! `stackprobe shell`: a shell inside a toolchain, or inside a case that failed, as it ran.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::cli::{Modules, Shell};
use crate::error::{Error, Kind};
use crate::exit::Exit;
use crate::plan::asked::{Asked, Unloaded};
use crate::plan::catalogue::Catalogue;
use crate::plan::request::wanted;
use crate::plan::toolchains::Stack;
use crate::pod::facts::Facts;
use crate::pod::signals::Stop;
use crate::report::console::say;
use crate::report::kept::{self, Kept};
use crate::report::text::line;
use crate::run::foreground::Foreground;
use crate::run::root::Root;
use crate::run::surroundings::{self, Place};
use crate::stack::environment::Environment;
use crate::stack::matrix::Limits;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::suite::launch::Launch;
use crate::suite::module_name::Wanted;
use crate::verdict::check::Outcome;

/// Where a shell is looked for: never on a toolchain's own `PATH`.
const SHELLS: &str = "/bin:/usr/bin:/usr/local/bin";

/// Opens it, and ends as it ends.
///
/// # Errors
/// A case that cannot be opened, a toolchain that cannot be loaded, a shell that cannot be started.
pub fn shell(flags: &Shell) -> Result<Exit, Error> {
    match &flags.case {
        Some(case) => {
            without_toolchain(&flags.modules)?;
            inside_case(flags, &kept::open(case)?)
        }
        None => inside_toolchain(flags),
    }
}

/// A case under another toolchain would be another case. What the pod's variables say is not meant for it.
fn without_toolchain(given: &Modules) -> Result<(), Error> {
    for (flag, values) in
        [("cc", &given.cc), ("mpi", &given.mpi), ("runtime", &given.runtime), ("module", &given.others)]
    {
        let of_pod = std::env::var(format!("STACKPROBE_{}", flag.to_uppercase())).unwrap_or_default();
        if !values.is_empty() && !values.iter().eq(of_pod.split(' ')) {
            return Err(Error::new(
                Kind::Usage,
                format!("a case brings its own toolchain: --{flag} has no place here"),
            )
            .hint("`stackprobe run` does a probe under another toolchain"));
        }
    }
    Ok(())
}

fn inside_case(flags: &Shell, kept: &Kept) -> Result<Exit, Error> {
    let bash = which::which_in("bash", Some(SHELLS), "/").map_err(|_| {
        Error::new(Kind::Unfit, "there is no bash, which the script of a case needs")
            .hint(format!("looked for it in {SHELLS}"))
    })?;
    let root = Root::new(flags.keep)?;
    let here = current_folder()?;
    let script = here.join(&kept.script);
    let mut arguments: Vec<OsString> = vec![script.into(), "--shell".into(), root.path().join("case").into()];
    arguments.extend(flags.command.iter().cloned());
    if flags.command.is_empty() {
        tell_case(kept);
        tell_folder(flags, &root);
    }
    let environment = Environment::inherited();
    Foreground {
        program: &bash,
        name: "bash".as_ref(),
        arguments: &arguments,
        environment: &environment,
        dir: &here,
    }
    .run()
}

/// What became of the case, and why.
fn tell_case(kept: &Kept) {
    let record = &kept.record;
    let owed = &record.owed;
    let ranks = owed.ranks.map(|ranks| format!(" n={ranks}")).unwrap_or_default();
    say(&format!("{}/{}{ranks} [{}]: {}", owed.suite, owed.probe, owed.toolchain, record.outcome()));
    for check in record.checks.iter().filter(|check| check.outcome > Outcome::Skipped).take(5) {
        say(&format!("  {}: {}", check.name, line(&check.reason, 300)));
    }
    if let Some(why) = record.diagnosis() {
        say(&format!("  {} ({}, fault: {})\n  fix: {}", why.cause, why.id, why.fault, why.fix));
        for line in why.spec.lines() {
            say(&format!("    {line}"));
        }
    }
}

fn inside_toolchain(flags: &Shell) -> Result<Exit, Error> {
    let mut catalogue = Catalogue::load(&[], flags.site.as_ref())?;
    let stop = Stop::unheard()?;
    let root = Root::new(flags.keep)?;
    if let Some(told) = catalogue.stand_in_allocation(flags.launcher.as_deref(), root.path())? {
        say(&told);
    }
    let (wanted, extra) = wanted(&flags.modules, false)?;
    if wanted.is_empty() && extra.is_empty() {
        return Err(Error::new(Kind::Usage, "no toolchain and no case was asked for")
            .hint("give --cc, --mpi, --runtime or --module, or the path of a case: RESULTS/cases/ID"));
    }
    let stack = Stack::open(&catalogue, root.path(), &stop, false)?;
    let asked = one(&stack, &wanted)?;
    let toolchain = stack.load(&asked, &extra).as_ref().map_err(|unloaded| match unloaded {
        Unloaded::Refused(refusal) => Error::new(Kind::Stack, refusal.what.clone())
            .hint(format!("Lmod says: {}", line(&refusal.words, 400))),
        Unloaded::Absent(what) | Unloaded::Untested(what) => Error::new(Kind::Stack, what.clone()),
        Unloaded::Unknown(error) => error.clone(),
    })?;
    let facts = Facts::gather();
    let (home, tmp) = (root.path().join("h"), root.path().join("t"));
    for folder in [&home, &tmp] {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(Kind::Pod, "make", folder, &error))?;
    }
    let dir = current_folder()?;
    let place = Place {
        home: &home,
        tmp: &tmp,
        dir: &dir,
        ranks: 1,
        cpus: facts.cpus,
        launched: Some(Launch::Profile),
        root: facts.uid == 0,
        toolboxes: &catalogue.site.toolboxes,
        job: catalogue.launchers.allocation(),
    };
    let mut environment = surroundings::environment(toolchain, &place);
    let (program, name, arguments) = if let Some((name, arguments)) = flags.command.split_first() {
        (program(name, &environment, &dir)?, name.clone(), arguments.to_vec())
    } else {
        tell_toolchain(toolchain);
        tell_folder(flags, &root);
        interactive(&mut environment, &toolchain.label)?
    };
    Foreground { program: &program, name: &name, arguments: &arguments, environment: &environment, dir: &dir }
        .run()
}

/// The one toolchain that is meant: all that was asked for, together.
fn one(stack: &Stack<'_>, wanted: &Limits) -> Result<Asked, Error> {
    let Limits { compilers, mpis, runtimes } = wanted;
    let layers = [
        (Layer::Compiler, "--cc", compilers),
        (Layer::Mpi, "--mpi", mpis),
        (Layer::Runtime, "--runtime", runtimes),
    ];
    if let Some((_, flag, _)) = layers.iter().find(|(_, _, names)| names.len() > 1) {
        return Err(Error::new(
            Kind::Usage,
            format!("{flag} was given more than once: a shell has one toolchain"),
        ));
    }
    let modules: Vec<(Layer, Wanted)> =
        layers.iter().flat_map(|(layer, _, names)| names.iter().map(|name| (*layer, name.clone()))).collect();
    if !modules.iter().any(|(_, name)| name.is_glob()) {
        return Ok(Asked::new(modules, &[]));
    }
    let mut matching: Vec<Asked> = stack.ask(wanted, false)?;
    matching.retain(|asked| asked.modules.len() == modules.len());
    if matching.len() > 1 {
        let labels: Vec<&str> = matching.iter().take(8).map(|asked| asked.label.as_str()).collect();
        let what = format!("{} toolchains match, a shell has one", matching.len());
        return Err(Error::new(Kind::Usage, what).hint(format!("such as {}", labels.join(", "))));
    }
    matching.pop().ok_or_else(|| {
        Error::new(Kind::Nothing, "no toolchain of the stack matches")
            .hint("`stackprobe discover` prints them all")
    })
}

/// The program as the toolchain finds it.
fn program(name: &OsStr, environment: &Environment, dir: &Path) -> Result<PathBuf, Error> {
    which::which_in(name, environment.get("PATH"), dir).map_err(|_| {
        let what = format!("cannot find `{}` on the PATH of the toolchain", Path::new(name).display());
        Error::new(Kind::Usage, what)
    })
}

/// The user's shell, reading no start-up file: those would change what a case gets. bash, or whatever `sh` is.
fn interactive(
    environment: &mut Environment,
    label: &str,
) -> Result<(PathBuf, OsString, Vec<OsString>), Error> {
    if let Ok(bash) = which::which_in("bash", Some(SHELLS), "/") {
        // bash reads it before its first prompt: no variable of ours is left for the commands that are typed.
        let prompt: String = label.chars().filter(|letter| !"'\\$`\"!".contains(*letter)).collect();
        environment.set("PROMPT_COMMAND", format!("unset PS1 PROMPT_COMMAND; PS1='({prompt}) \\w \\$ '"));
        return Ok((bash, "bash".into(), ["--norc", "--noprofile", "-i"].map(OsString::from).to_vec()));
    }
    let sh = which::which_in("sh", Some(SHELLS), "/").map_err(|_| {
        Error::new(Kind::Unfit, "there is no shell in this image")
            .hint(format!("looked for bash and sh in {SHELLS}; `-- COMMAND` needs neither"))
    })?;
    environment.unset("ENV");
    Ok((sh, "sh".into(), vec!["-i".into()]))
}

/// What is loaded and what it brings.
fn tell_toolchain(toolchain: &Toolchain) {
    let modules: Vec<String> = toolchain.loaded.iter().map(|loaded| loaded.module.to_string()).collect();
    say(&format!("loaded: {}", modules.join(" ")));
    for (tool, found) in &toolchain.tools {
        match found {
            Ok(words) if words.is_empty() => {}
            Ok(words) => say(&format!("  {:8} {}", tool.to_string(), shell_words::join(words))),
            Err(why) => say(&format!("  {:8} {why}", tool.to_string())),
        }
    }
    match &toolchain.launcher {
        Ok(launcher) => {
            let words = launcher.words("shell", std::env::var("SLURMD_NODENAME").ok().as_deref());
            say(&format!("  {:8} {}", "{mpirun}", shell_words::join(words)));
        }
        Err(why) if toolchain.of(Layer::Mpi).is_some() => say(&format!("  {:8} {why}", "{mpirun}")),
        Err(_) => {}
    }
}

/// Whoever works there should know that it goes.
fn tell_folder(flags: &Shell, root: &Root) {
    let what = if flags.keep { "is kept" } else { "goes when this shell ends, --keep keeps it" };
    say(&format!("HOME and TMPDIR are below {}, which {what}", root.path().display()));
    if !std::io::stdin().is_terminal() {
        say("standard input is not a terminal: commands are read from it (in a pod: kubectl exec -it)");
    }
}

fn current_folder() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|error| Error::io(Kind::Pod, "enter", Path::new("."), &error))
}
