//! What loaded modules put into the environment that compilers, linkers and loaders silently follow.

use std::path::Path;

use super::Tools;
use crate::native::place::{Place, real};
use crate::native::{judged, judged_or_hidden};
use crate::stack::toolchain::Loaded;
use crate::suite::template::Placeholder;
use crate::verdict::check::Check;
use path_fault::{PathFault, find};

/// Each is followed without a word by some tool, and each names folders or files.
const FOLLOWED: [&str; 11] = [
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "LD_LIBRARY_PATH",
    "LD_RUN_PATH",
    "LD_PRELOAD",
    "LD_AUDIT",
    "PATH",
];

/// The variables by which modules name a compiler.
pub(super) const NAMES: [(&str, Placeholder); 4] =
    [("CC", Placeholder::Cc), ("CXX", Placeholder::Cxx), ("FC", Placeholder::Fc), ("F77", Placeholder::Fc)];

/// One check for each variable: what the modules add to it exists and is of the stack.
pub(super) fn followed(tools: &Tools<'_>) -> Vec<Check> {
    FOLLOWED.iter().map(|name| variable(tools, name)).collect()
}

fn variable(tools: &Tools<'_>, name: &str) -> Check {
    let toolchain = tools.subject.toolchain;
    let entries = |value: Option<String>| -> Vec<String> {
        let separators: &[char] = if name == "LD_PRELOAD" { &[':', ' '] } else { &[':'] };
        value
            .into_iter()
            .flat_map(|value| value.split(separators).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    let before = entries(toolchain.base.text(name));
    let added = entries(toolchain.environment.text(name)).into_iter().filter(|entry| !before.contains(entry));
    let faults = added.filter_map(|entry| fault(tools, name, &entry)).collect();
    judged_or_hidden(format!("variable {}", name.to_lowercase()), "identity.variable", faults)
}

fn fault(tools: &Tools<'_>, name: &str, entry: &str) -> Option<Result<String, PathFault>> {
    let path = Path::new(entry);
    if entry.is_empty() || path.is_relative() {
        // glibc's loader looks a bare name of LD_PRELOAD up as it would a library.
        return Some(Ok(format!("{name} has `{entry}`, which means another folder wherever it is read")));
    }
    match find(path) {
        Ok(Some(_)) => {}
        Ok(None) => return Some(Ok(format!("{name} has {entry}, which does not exist"))),
        Err(fault) => return Some(Err(fault)),
    }
    match tools.place(path) {
        // A host's folder behind those of the stack is what PATH always ends with.
        Place::Host if name == "PATH" => None,
        place if place.is_ours() => None,
        Place::Hidden(fault) => Some(Err(fault)),
        place => Some(Ok(format!("{name} has {entry}, {}", place.words()))),
    }
}

/// Whether `CC` and its like, where the modules set them, lead to the file that the name on `PATH` leads to.
pub(super) fn compiler(tools: &Tools<'_>, variable: &str, tool: Placeholder, loaded: &Loaded) -> Check {
    let check = format!("{}-variable", variable.to_lowercase());
    let toolchain = tools.subject.toolchain;
    let value = toolchain.environment.text(variable).filter(|value| !value.trim().is_empty());
    let Some(value) = value else {
        return match sibling(tools, variable, tool) {
            Some(other) => judged(
                check,
                "identity.variable",
                vec![format!("the modules set {other}, and not {variable}")],
            ),
            None => crate::native::skipped(check, format!("no loaded module sets {variable}")),
        };
    };
    let faults = misled(tools, variable, &value, tool, loaded);
    judged(check, "identity.variable", Vec::from_iter(faults))
}

/// A variable of another language that the modules set, where they leave out that of a language that they bring: what
/// make, `CMake` and configure then build mixes two compilers. Nobody misses `F77` who has `FC`.
fn sibling(tools: &Tools<'_>, variable: &str, tool: Placeholder) -> Option<&'static str> {
    let is_set = |name: &str| {
        let toolchain = tools.subject.toolchain;
        let (before, now) = (toolchain.base.text(name), toolchain.environment.text(name));
        now != before && now.is_some_and(|value| !value.trim().is_empty())
    };
    if tools.program(tool).is_err() || (variable == "F77" && is_set("FC")) {
        return None;
    }
    NAMES.iter().map(|(name, _)| *name).find(|name| is_set(name))
}

fn misled(
    tools: &Tools<'_>,
    variable: &str,
    value: &str,
    tool: Placeholder,
    loaded: &Loaded,
) -> Option<String> {
    // Build systems take CC for a command: `gcc -m64` is one.
    let program =
        shell_words::split(value).ok().and_then(|words| words.into_iter().next()).unwrap_or_default();
    let Some(found) = tools.which(&program) else {
        return Some(format!("{variable} is `{value}`, which is not a program that can be started"));
    };
    if let Some(foreign) = tools.foreign(&found, &program, loaded) {
        return Some(format!("{variable} is `{value}`: {foreign}"));
    }
    if tools.is_external(&found, loaded) {
        return None;
    }
    let names = tools.names(tool, loaded);
    let expected = names.iter().find_map(|name| tools.which(name))?;
    let same_file = real(&found) == real(&expected);
    // clang and clang++ are one file that goes by the name it is called by.
    let called = found.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let others =
        [Placeholder::Cc, Placeholder::Cxx, Placeholder::Fc].into_iter().filter(|other| *other != tool);
    let other_language = !names.contains(&called)
        && others.into_iter().any(|other| tools.names(other, loaded).contains(&called));
    (!same_file || other_language).then(|| {
        format!("{variable} is `{value}`, but `{}` on PATH is {}", names.join(" or "), expected.display())
    })
}
