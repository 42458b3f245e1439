//! Linkage: every ELF file of the prefix that a toolchain is about finds its libraries, and finds the right ones.
//!
//! Nothing is executed: what the loader would do is worked out from the files. A check for each kind of fault, so that a
//! report says which rule is broken; what is only odd is told in the detail of a check that passes.

use std::path::{Path, PathBuf};

use crate::native::{judged, judged_or_hidden, place, skipped};
use crate::stack::environment::Environment;
use crate::stack::root::{module_of, root};
use crate::stack::toolchain::{Loaded, Toolchain};
use crate::suite::Layer;
use crate::suite::alternatives::Alternatives;
use crate::verdict::check::{Check, Outcome};
use ldwalk::{FindingKind, Loader, Policy, Vendors, Weight, scan};
use path_fault::{PathFault, is_folder};
use spack_db::{Packages, behind, read_spec};

/// How many files are named for one kind.
const TOLD: usize = 40;

/// Reads the prefix of the first module that the suite names, or else of the toolchain's last layer, with the libraries
/// that the loaded modules bring.
#[must_use]
pub fn look(
    toolchain: &Toolchain,
    wanted: &[Alternatives],
    environment: &Environment,
    vendors: Vendors,
) -> Vec<Check> {
    let last =
        || [Layer::Runtime, Layer::Mpi, Layer::Compiler].into_iter().find_map(|layer| toolchain.of(layer));
    let about = wanted.first().map_or_else(last, |entry| module_of(toolchain, entry));
    let prefix = |loaded: &Loaded| match wanted {
        [] => loaded.prefix.clone(),
        _ => root(loaded, &toolchain.environment),
    };
    let Some(about) = about.filter(|about| prefix(about).is_some()) else {
        return vec![skipped(
            "prefix",
            "the modulefile shows no prefix: it puts no folder named bin on PATH",
        )];
    };
    let homes = |loaded: &Loaded| -> Vec<PathBuf> {
        let Some(prefix) = prefix(loaded) else { return Vec::new() };
        let installs = behind(&prefix, place::package(loaded));
        if installs.is_empty() { vec![prefix] } else { installs }
    };
    // A view is all links, so what it leads to is read.
    let roots = homes(about);
    let trees: Result<Vec<PathBuf>, PathFault> =
        toolchain.loaded.iter().flat_map(homes).map(|prefix| tree(&prefix)).collect();
    let trees = match trees {
        Ok(trees) => trees,
        Err(hidden) => return vec![judged_or_hidden("prefix", "linkage.nothing", vec![Err(hidden)])],
    };
    let policy = match Policy::new(&trees, &[], &[]) {
        Ok(policy) => policy.with_vendors(vendors),
        Err(error) => {
            let what = error.to_string();
            return vec![Check::not_passed("prefix", Outcome::Error, "native.unanswered", what)];
        }
    };
    // Spack names no compiler for what it only unpacks.
    let unpacked = read_spec(&place::install(&roots[0]), &Packages::default())
        .is_ok_and(|(record, _)| record.compiler.is_none());
    let policy = if unpacked { policy.of_a_vendor() } else { policy };
    let loader = Loader::new(&environment.text("LD_LIBRARY_PATH").unwrap_or_default());
    let scan = scan(&roots, &loader, &policy);
    let names = roots.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(", ");
    // Of what was not read nothing is known.
    let unread = scan
        .findings
        .iter()
        .any(|found| matches!(found.kind, FindingKind::DanglingLink | FindingKind::Unreadable));
    if scan.elf == 0 && (scan.files == 0 || unread) {
        let reason = format!("no ELF file was read below {names}");
        let odd: Vec<String> = scan.findings.iter().take(TOLD).map(ToString::to_string).collect();
        let check = Check::not_passed("prefix", Outcome::Error, "linkage.nothing", reason);
        return vec![check.detail(odd.join("\n"))];
    }
    if scan.elf == 0 {
        return vec![skipped("prefix", format!("none of {} files below {names} is an ELF file", scan.files))];
    }
    let read = format!("{} ELF files of {} below {names}", scan.elf, scan.files);
    let mut checks = vec![Check::passed("prefix").detail(read)];
    for kind in FindingKind::ALL {
        let of = |weight| {
            let found =
                scan.findings.iter().filter(move |found| found.kind == kind && found.weight == weight);
            found.take(TOLD).map(ToString::to_string)
        };
        let mut check = judged(kind.name(), &format!("linkage.{}", kind.name()), of(Weight::Wrong).collect());
        let odd: Vec<String> = of(Weight::Odd).map(|found| format!("odd: {found}")).collect();
        let hint = if check.detail.is_empty() && check.reason.is_empty() { "" } else { kind.hint() };
        let parts = [check.detail.as_str(), &odd.join("\n"), hint];
        let detail: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        check.detail = detail.join("\n");
        checks.push(check);
    }
    checks
}

/// What counts as the stack: the whole install tree of a prefix that Spack made, else the prefix alone.
fn tree(prefix: &Path) -> Result<PathBuf, PathFault> {
    let spack = is_folder(&prefix.join(".spack"))?;
    Ok(prefix.parent().filter(|_| spack).unwrap_or(prefix).to_path_buf())
}
