//! A compiler: its files, its version, the tools, headers and libraries that it would use.

use std::path::{Path, PathBuf};

use super::{Tools, answers, counts_otherwise, names, shown, variables};
use crate::native::place::{Place, install, real};
use crate::native::{judged, judged_or_hidden, skipped, unanswered};
use crate::stack::family::usual_links;
use crate::stack::toolchain::Loaded;
use crate::suite::template::Placeholder;
use crate::verdict::check::Check;
use path_fault::{PathFault, entries, find};

const LANGUAGES: [(&str, Placeholder); 3] =
    [("cc", Placeholder::Cc), ("cxx", Placeholder::Cxx), ("fc", Placeholder::Fc)];

pub(super) fn look(tools: &Tools<'_>, compiler: &Loaded) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, tool) in LANGUAGES {
        checks.push(tools.path(&format!("{name}-path"), tool, compiler));
        checks.push(version(tools, &format!("{name}-version"), tool, compiler));
        checks.extend(tools.refuses(&format!("{name}-status"), tool));
    }
    for (variable, tool) in variables::NAMES {
        checks.push(variables::compiler(tools, variable, tool, compiler));
    }
    checks.push(part(tools, "assembler", "as", &["GNU assembler", "LLVM", "clang"]));
    checks.push(part(tools, "linker", "ld", &["GNU ld", "GNU gold", "LLD", "mold"]));
    checks.push(headers(tools, "c-headers", Placeholder::Cc, "c"));
    checks.push(headers(tools, "cxx-headers", Placeholder::Cxx, "c++"));
    checks.extend(fixed_headers(tools, compiler));
    checks.push(local_headers());
    for (tool, library) in tools.subject.families.links() {
        checks.push(runtime(tools, tool, &library, compiler));
    }
    checks.extend(names::of_compiler(tools, compiler));
    checks.push(build_wrappers(compiler));
    checks.extend(variables::followed(tools));
    checks
}

fn version(tools: &Tools<'_>, check: &str, tool: Placeholder, compiler: &Loaded) -> Check {
    let program = match tools.program(tool) {
        Ok(program) => program,
        Err(why) => return skipped(check, why),
    };
    if let Some(other) = tools.counted_as(compiler) {
        return skipped(
            check,
            format!("its tools tell a version of {other}, {} has its own", compiler.module),
        );
    }
    let Some(module) = compiler.speaks_as.1.as_deref() else {
        return skipped(check, counts_otherwise(compiler));
    };
    let family = tools.family(compiler);
    let question = family.as_ref().and_then(|family| family.version_query.as_deref()).unwrap_or("--version");
    let answer = match tools.ask(&program, &[question]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let said = answers::said(&answer);
    let found = match family.as_ref().and_then(|family| family.version_pattern.as_ref()) {
        Some(pattern) => answers::version_by(&said, pattern),
        None => answers::version_in(&said, module),
    };
    let fault = match found {
        Some(found) if answers::agree(&found, module) => None,
        Some(found) if !found.is_empty() && answer.success => {
            Some(format!("{} says {found}, the module says {module}", program.display()))
        }
        _ => Some(format!("{} {question} tells no version", program.display())),
    };
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
    let checked = judged(check, "identity.version", Vec::from_iter(fault));
    if checked.reason.is_empty() { checked } else { checked.detail(first) }
}

/// The assembler or linker that the compiler would start: gcc looks a bare name up on `PATH`, so any folder that a
/// module puts there may plant one.
fn part(tools: &Tools<'_>, check: &str, name: &str, known: &[&str]) -> Check {
    let program = match tools.program(Placeholder::Cc) {
        Ok(program) => program,
        Err(why) => return skipped(check, why),
    };
    let answer = match tools.ask(&program, &[&format!("-print-prog-name={name}")]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let said = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if !answer.success || said.is_empty() {
        return skipped(check, format!("{} does not say which `{name}` it uses", program.display()));
    }
    let Some(found) = tools.which(&said) else {
        return judged(check, "identity.part", vec![format!("`{said}` is not on the toolchain's PATH")]);
    };
    let file = real(&found);
    let place = tools.place(&file);
    if let Some(hidden) = place.hidden() {
        return judged_or_hidden(check, "identity.part", vec![Err(hidden.clone())]);
    }
    if !place.is_ours() && place != Place::Host {
        let fault = format!("`{name}` is {}, {}", shown(&found, &file), place.words());
        return judged(check, "identity.part", vec![fault]);
    }
    let said = match tools.ask(&found, &["--version"]) {
        Ok(answer) => String::from_utf8_lossy(&answer.stdout).into_owned(),
        Err(error) => return unanswered(check, &error),
    };
    let fault = (!known.iter().any(|word| said.contains(word))).then(|| {
        let first = said.lines().next().unwrap_or_default();
        format!(
            "`{name}` is {}, which does not say that it is {}: it says `{first}`",
            shown(&found, &file),
            known.join(" or ")
        )
    });
    judged(check, "identity.part", Vec::from_iter(fault))
}

/// Every folder that headers are searched in is the stack's, or glibc's.
fn headers(tools: &Tools<'_>, check: &str, tool: Placeholder, language: &str) -> Check {
    let program = match tools.program(tool) {
        Ok(program) => program,
        Err(why) => return skipped(check, why),
    };
    let answer = match tools.ask(&program, &["-E", "-v", "-x", language, "/dev/null"]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let folders = answers::search_list(&String::from_utf8_lossy(&answer.stderr));
    if folders.is_empty() {
        return skipped(check, format!("{} does not say where it searches", program.display()));
    }
    let foreign = |folder: &PathBuf| {
        let real = real(folder);
        let place = tools.place(&real);
        let system = real.starts_with("/usr/include") && !real.starts_with("/usr/include/c++");
        let ours = place.is_ours() || system || real == Path::new("/usr/local/include");
        match place.hidden() {
            Some(hidden) if !ours => Some(Err(hidden.clone())),
            _ => (!ours)
                .then(|| Ok(format!("headers are searched in {}, {}", folder.display(), place.words()))),
        }
    };
    judged_or_hidden(check, "identity.headers", folders.iter().filter_map(foreign).collect())
}

/// What a compiler needs of its own in front of the C library's headers. Everything else there is a header of the
/// machine that it was built on, mended there: of another C library than this image's it breaks what includes it.
fn fixed_headers(tools: &Tools<'_>, compiler: &Loaded) -> Option<Check> {
    const CHECK: &str = "fixed-headers";
    let fixed = tools.family(compiler)?.fixed_headers?;
    let program = match tools.program(Placeholder::Cc) {
        Ok(program) => program,
        Err(why) => return Some(skipped(CHECK, why)),
    };
    let answer = match tools.ask(&program, &[&format!("-print-file-name={}", fixed.folder)]) {
        Ok(answer) => answer,
        Err(error) => return Some(unanswered(CHECK, &error)),
    };
    let folder = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    // A folder that is not found is answered by its bare name: then there is nothing in front.
    let found =
        if folder.is_absolute() { strange_in(&folder, &folder, &fixed.needed, 0) } else { Vec::new() };
    let fault = |file| {
        format!(
            "{} holds {file}, a header of the C library that {} was built with",
            folder.display(),
            compiler.family
        )
    };
    let faults = found.into_iter().map(|file| file.map(fault)).collect();
    let check = judged_or_hidden(CHECK, "identity.fixed-headers", faults);
    let hint = format!(
        "remove what is none of {}, or run {}'s mkheaders in this image",
        fixed.needed.join(", "),
        compiler.family
    );
    Some(if check.reason.is_empty() { check } else { appended(check, &hint) })
}

fn appended(check: Check, line: &str) -> Check {
    let detail = if check.detail.is_empty() { line.to_owned() } else { format!("{}\n{line}", check.detail) };
    check.detail(detail)
}

/// The headers below `folder` that the compiler does not need, by their place in `root`.
fn strange_in(folder: &Path, root: &Path, needed: &[String], depth: usize) -> Vec<Result<String, PathFault>> {
    const DEEPEST: usize = 4;
    let mut strange = Vec::new();
    let mut listed = match entries(folder) {
        Ok(listed) => listed,
        Err(hidden) => return vec![Err(hidden)],
    };
    listed.sort_by_key(std::fs::DirEntry::file_name);
    for entry in listed {
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth < DEEPEST {
                strange.extend(strange_in(&path, root, needed, depth + 1));
            }
        } else if !needed.contains(&name) {
            strange.push(Ok(name));
        }
    }
    strange
}

/// Every compiler searches it before the host's headers, so what an image leaves there is seen by every compile.
fn local_headers() -> Check {
    let folder = Path::new("/usr/local/include");
    let listed = match entries(folder) {
        Ok(listed) => listed,
        Err(hidden) => return judged_or_hidden("local-headers", "identity.pod", vec![Err(hidden)]),
    };
    match listed.first() {
        None => Check::passed("local-headers"),
        Some(entry) => Check::not_passed(
            "local-headers",
            crate::verdict::check::Outcome::Error,
            "identity.pod",
            format!(
                "{} has {}: every compile sees it",
                folder.display(),
                entry.file_name().to_string_lossy()
            ),
        )
        .detail("keep the tester image's /usr/local/include empty"),
    }
}

/// Where the linker would find a run-time library.
fn runtime(tools: &Tools<'_>, tool: Placeholder, library: &str, compiler: &Loaded) -> Check {
    let check = &check_of(library);
    let program = match tools.program(tool) {
        Ok(program) => program,
        Err(why) => return skipped(check, why),
    };
    let links = tools.family(compiler).map_or_else(usual_links, |family| family.links);
    if !links.get(&tool).is_some_and(|own| own.iter().any(|own| own == library)) {
        return skipped(check, format!("{} need not use {library}", compiler.family));
    }
    let answer = match tools.ask(&program, &[&format!("-print-file-name={library}")]) {
        Ok(answer) => answer,
        Err(error) => return unanswered(check, &error),
    };
    let said = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    if said.as_os_str().is_empty() || !answer.success {
        return skipped(check, format!("{} does not say where it finds {library}", program.display()));
    }
    // A library that is not found is answered by its bare name.
    let there = if said.is_relative() { Ok(None) } else { find(&said) };
    if !matches!(there, Ok(Some(_))) {
        let fault = there.map(|_| format!("{} finds no {library}", program.display()));
        return judged_or_hidden(check, "identity.runtime", vec![fault]);
    }
    let file = real(&said);
    let place = tools.place(&file);
    let fault = match place.hidden() {
        Some(hidden) => Some(Err(hidden.clone())),
        None => (!place.is_ours()).then(|| {
            Ok(format!("{} links with {}, {}", program.display(), shown(&said, &file), place.words()))
        }),
    };
    judged_or_hidden(check, "identity.runtime", Vec::from_iter(fault))
}

/// `libgcc` for `libgcc_s.so.1`, `libstdcxx` for `libstdc++.so`.
fn check_of(library: &str) -> String {
    let stem = library.split(".so").next().unwrap_or(library);
    stem.strip_suffix("_s").unwrap_or(stem).replace('+', "x")
}

/// What Spack's build environment calls the compiler must not stay behind in what was installed.
pub(super) fn build_wrappers(loaded: &Loaded) -> Check {
    let check = "build-wrapper";
    let Some(prefix) = &loaded.prefix else {
        return skipped(check, format!("{} names no prefix", loaded.module));
    };
    let home = install(prefix);
    let mut faults = Vec::new();
    if let Err(hidden) = find(&home) {
        return judged_or_hidden(check, "identity.build-wrapper", vec![Err(hidden)]);
    }
    for folder in ["bin", "etc", "lib/pkgconfig", "lib64/pkgconfig", "share/openmpi", "lib/gcc"] {
        search(&home.join(folder), 0, &mut faults);
    }
    judged_or_hidden(check, "identity.build-wrapper", faults)
}

fn search(folder: &Path, depth: usize, faults: &mut Vec<Result<String, PathFault>>) {
    /// Wrappers, specs and configuration are small.
    const LARGEST: u64 = 256 << 10;
    const DEEPEST: usize = 3;
    let listed = match entries(folder) {
        Ok(listed) => listed,
        Err(hidden) => return faults.push(Err(hidden)),
    };
    for entry in listed {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < DEEPEST {
            search(&path, depth + 1, faults);
        } else if kind.is_file() && entry.metadata().is_ok_and(|meta| meta.len() <= LARGEST) {
            match std::fs::read(&path) {
                Ok(bytes) => faults.extend(baked_in(&path, &bytes).map(Ok)),
                Err(error) => faults.push(Err(PathFault::new(&path, &error))),
            }
        }
    }
}

/// Spack up to 0.23 has its compiler wrappers in `lib/spack/env`, 1.0 in a package of their own.
fn baked_in(path: &Path, bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"!<arch>") {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let marks = ["/lib/spack/env/", "/libexec/spack/gcc/", "/libexec/spack/cc", "/compiler-wrapper-"];
    let line = text.lines().find(|line| marks.iter().any(|mark| line.contains(mark)))?;
    let shown: String = line.trim().chars().take(160).collect();
    Some(format!(
        "{} calls Spack's compiler wrapper, which exists only while Spack builds: {shown}",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_gcc_needs_may_stand_in_front_of_the_librarys_headers() {
        let folder = tempfile::tempdir().unwrap();
        let needed = ["limits.h", "syslimits.h", "README"].map(str::to_owned);
        for name in ["limits.h", "syslimits.h", "README"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(strange_in(folder.path(), folder.path(), &needed, 0), []);
        std::fs::create_dir(folder.path().join("bits")).unwrap();
        std::fs::write(folder.path().join("bits/statx.h"), "").unwrap();
        std::fs::write(folder.path().join("pthread.h"), "").unwrap();
        let strange = ["bits/statx.h", "pthread.h"].map(|name| Ok(name.to_owned()));
        assert_eq!(strange_in(folder.path(), folder.path(), &needed, 0), strange);
    }

    #[test]
    fn a_check_of_a_library_is_called_after_it() {
        let names = ["libgcc_s.so.1", "libgomp.so", "libstdc++.so", "libgfortran.so"].map(check_of);
        assert_eq!(names, ["libgcc", "libgomp", "libstdcxx", "libgfortran"]);
    }
}
