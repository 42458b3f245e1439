//! What is wrong with a file, whoever loads it?

use std::path::{Path, PathBuf};

use super::finding::{Finding, FindingKind, Weight};
use super::image::{Image, Kind, Machine};
use super::integers;
use super::loader::Loader;
use super::object::{Object, Opened};
use super::policy::Policy;
use super::producers;
use super::system::standard_interpreter;
use super::tokens::split_rpath;

/// The machine that this process runs on.
pub(super) const NATIVE: Option<Machine> = if cfg!(target_arch = "x86_64") {
    Some(Machine::X86_64)
} else if cfg!(target_arch = "aarch64") {
    Some(Machine::AARCH64)
} else {
    None
};

/// How far a file can be judged on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A loader of this host would load it.
    Here,
    /// For another machine, without a loader here.
    Elsewhere,
    /// For musl, whose loader has other rules.
    Musl,
}

pub(super) fn reach(image: &Image) -> Reach {
    let musl = image.interpreter.as_deref().is_some_and(|path| path.contains("/ld-musl-"))
        || image.needed.iter().any(|name| name.starts_with("libc.musl-") || &**name == "libc.so");
    let loader = || standard_interpreter(image.machine).is_some_and(|path| Path::new(path).exists());
    if musl {
        Reach::Musl
    } else if Some(image.machine) == NATIVE || loader() {
        Reach::Here
    } else {
        Reach::Elsewhere
    }
}

/// Collects what is wrong with one file.
struct Judge<'a> {
    object: &'a Object,
    loader: &'a Loader,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn find(&mut self, kind: FindingKind, weight: Weight, detail: String) {
        self.findings.push(finding(&self.object.path, kind, weight, detail));
    }

    fn interpreter(&mut self) {
        let image = &self.object.image;
        let Some(path) = image.interpreter.as_deref() else { return };
        let detail = match self.loader.open(Path::new(path)) {
            _ if !path.starts_with('/') => format!("its loader `{path}` is not an absolute path"),
            Opened::Loadable(object) if object.image.machine == image.machine => return,
            Opened::Loadable(_) => format!("its loader `{path}` is for another machine"),
            Opened::Absent => format!("its loader `{path}` is not there"),
            Opened::Unusable(reason) => format!("its loader `{path}` cannot be used: {reason}"),
        };
        self.find(FindingKind::Interpreter, Weight::Wrong, detail);
    }

    fn search_path(&mut self, policy: &Policy) {
        let image = &self.object.image;
        let Some(system) = self.loader.system_of(image) else { return };
        let (name, path) = match (&image.rpath, &image.runpath) {
            (_, Some(path)) => ("RUNPATH", path.clone()),
            (Some(path), None) => ("RPATH", path.clone()),
            (None, None) => return,
        };
        for part in split_rpath(&path) {
            let folder = self.loader.absolute(part, &system, &self.object.path);
            if part.is_empty() {
                let detail = format!("its {name} has an empty part, which is the current directory");
                self.find(FindingKind::RelativePath, Weight::Wrong, detail);
            } else if !folder.path.is_absolute() {
                let detail = format!("its {name} has `{part}`, which depends on the current directory");
                self.find(FindingKind::RelativePath, Weight::Wrong, detail);
            } else if !part.contains("ORIGIN")
                && was_built_in(&folder.path, &self.object.path)
                && !policy.is_of_the_stack(&folder.path)
            {
                let detail = format!("its {name} has `{part}`, where something was built");
                self.find(FindingKind::BuildPath, Weight::Wrong, detail);
            } else if !folder.exists() && folder.path.parent().is_some_and(|above| !above.exists()) {
                // Spack names both `lib` and `lib64` of every dependency: one of them is seldom there.
                let detail = format!("its {name} has `{part}`, which is not there");
                self.find(FindingKind::DeadPath, Weight::Odd, detail);
            }
        }
    }

    fn cpu(&mut self) {
        let level = self.loader.cpu_level();
        let chosen_by_level = self.object.path.components().any(|part| part.as_os_str() == "glibc-hwcaps");
        if let Some(needed) = self.object.image.isa_needed
            && self.object.image.machine == Machine::X86_64
            && needed > level
            && !chosen_by_level
        {
            let detail = format!("needs a CPU of x86-64-v{needed}, this node's is x86-64-v{level}");
            self.find(FindingKind::CpuLevel, Weight::Wrong, detail);
        }
    }

    fn build(&mut self, policy: &Policy) {
        let image = &self.object.image;
        if !policy.compiled_as_expected(&image.producers) {
            let detail = format!("built by {}", image.producers.join(", "));
            self.find(FindingKind::Compiler, Weight::Wrong, detail);
        }
        if let Some(detail) = producers::mixed(&image.producers, policy.vendors()) {
            let weight = if policy.is_compiled_here() { Weight::Wrong } else { Weight::Odd };
            self.find(FindingKind::MixedCompilers, weight, detail);
        }
        if let Some(sign) = integers::wider_than_named(&self.object.path, image) {
            let detail = format!("counts with 64 bits, though its file is named for 32: {sign}");
            self.find(FindingKind::WideIntegers, Weight::Wrong, detail);
        }
        if image.exec_stack {
            self.find(FindingKind::ExecStack, Weight::Odd, "asks for an executable stack".into());
        }
        if image.text_relocations {
            let detail = "its code is patched while it is loaded (DT_TEXTREL)".into();
            self.find(FindingKind::TextRelocations, Weight::Odd, detail);
        }
    }
}

/// What is wrong with a file that can be loaded.
pub(super) fn judge(object: &Object, mode: u32, loader: &Loader, policy: &Policy) -> Vec<Finding> {
    let mut judge = Judge { object, loader, findings: Vec::new() };
    let image = &object.image;
    if image.sections_lost {
        let detail = "its section headers lie beyond its end: cut short, or rewritten by a tool".into();
        judge.find(FindingKind::Damaged, Weight::Odd, detail);
    }
    if mode & 0o002 != 0 {
        judge.find(FindingKind::Writable, Weight::Odd, format!("may be replaced by anybody (mode {mode:o})"));
    }
    match reach(image) {
        Reach::Elsewhere => {
            let detail =
                format!("for machine {} (e_machine), which has no loader here", image.machine.number);
            judge.find(FindingKind::Machine, Weight::Odd, detail);
        }
        Reach::Musl => {
            let detail = "for musl, whose loader has rules of its own: its libraries are not judged".into();
            judge.find(FindingKind::Interpreter, Weight::Odd, detail);
        }
        Reach::Here => {
            if image.kind == Kind::Program {
                judge.interpreter();
            }
            judge.search_path(policy);
            judge.cpu();
            judge.build(policy);
        }
    }
    judge.findings
}

/// A finding that concerns only one file.
pub(super) fn finding(file: &Path, kind: FindingKind, weight: Weight, detail: String) -> Finding {
    Finding { weight, kind, file: file.to_owned(), detail, chain: vec![file.to_owned()], others: 0 }
}

/// Folders in which Debian, Fedora, Spack and people at a terminal build. Of a file that is installed below such a root
/// itself, the root tells nothing.
fn was_built_in(folder: &Path, file: &Path) -> bool {
    let roots = ["/tmp", "/var/tmp", "/build", "/builddir", "/dev/shm"];
    roots.iter().any(|root| folder.starts_with(root) && !file.starts_with(root))
        || folder.components().any(|part| {
            part.as_os_str().to_str().is_some_and(|part| {
                matches!(part, "spack-stage" | "spack_stage") || part.starts_with("spack-stage-")
            })
        })
}

/// Parts of `LD_LIBRARY_PATH` that depend on the current directory.
pub(super) fn library_path(loader: &Loader) -> Vec<Finding> {
    let name = PathBuf::from("LD_LIBRARY_PATH");
    let relative = |part: &&String| !part.starts_with('/') && !part.starts_with('$');
    let say = |part: &String| match part.as_str() {
        "" => "has an empty part, which is the current directory".to_owned(),
        part => format!("has `{part}`, which depends on the current directory"),
    };
    let parts = loader.library_path().iter().filter(relative).map(say);
    parts.map(|detail| finding(&name, FindingKind::RelativePath, Weight::Wrong, detail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_folder_is_known_by_its_place_or_its_name() {
        for folder in
            ["/tmp/x/lib", "/build/openmpi-4.1/debian/tmp", "/scratch/me/spack-stage/spack-stage-zlib-1/x"]
        {
            assert!(was_built_in(Path::new(folder), Path::new("/opt/lib/a.so")), "{folder}");
        }
        for folder in ["/opt/spack/lib", "/tmpfs/lib", "/buildings/lib", "/opt/spack-stages"] {
            assert!(!was_built_in(Path::new(folder), Path::new("/opt/lib/a.so")), "{folder}");
        }
        assert!(!was_built_in(Path::new("/tmp/stack/zlib/lib"), Path::new("/tmp/copy/bin/gcov")));
    }
}
