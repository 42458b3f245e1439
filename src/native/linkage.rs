//! Linkage: every ELF file of the prefix that a toolchain is about finds its libraries, and finds the right ones.
//!
//! Nothing is executed: what the loader would do is worked out from the files. A check for each kind of fault, so that a
//! report says which rule is broken; what is only odd is told in the detail of a check that passes.

use std::path::{Path, PathBuf};

use crate::native::{judged, place, skipped, unanswered};
use crate::stack::elf::{FindingKind, Loader, Policy, Weight, scan};
use crate::stack::environment::Environment;
use crate::stack::spack::read_spec;
use crate::stack::toolchain::Toolchain;
use crate::suite::Layer;
use crate::verdict::check::Check;

/// How many files are named for one kind.
const TOLD: usize = 40;

/// Reads the prefix of the toolchain's last layer, with the libraries that the loaded modules bring.
#[must_use]
pub fn look(toolchain: &Toolchain, environment: &Environment) -> Vec<Check> {
    let about =
        [Layer::Runtime, Layer::Mpi, Layer::Compiler].into_iter().find_map(|layer| toolchain.of(layer));
    let Some(prefix) = about.and_then(|loaded| loaded.prefix.clone()) else {
        return vec![skipped(
            "prefix",
            "the modulefile puts no folder named bin on PATH, so its prefix is not known",
        )];
    };
    let trees: Vec<PathBuf> =
        toolchain.loaded.iter().filter_map(|loaded| loaded.prefix.as_deref()).map(tree).collect();
    let policy = match Policy::new(&trees, &[], &[]) {
        Ok(policy) => policy,
        Err(error) => return vec![unanswered("prefix", &error)],
    };
    // Spack names no compiler for what it only unpacks.
    let unpacked = read_spec(&place::install(&prefix)).is_ok_and(|(record, _)| record.compiler.is_none());
    let policy = if unpacked { policy.of_a_vendor() } else { policy };
    let loader = Loader::new(&environment.text("LD_LIBRARY_PATH").unwrap_or_default());
    let scan = scan(&[prefix], &loader, &policy);
    let mut checks =
        vec![Check::passed("prefix").detail(format!("{} ELF files of {}", scan.elf, scan.files))];
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
fn tree(prefix: &Path) -> PathBuf {
    let spack = prefix.join(".spack").is_dir();
    prefix.parent().filter(|_| spack).unwrap_or(prefix).to_path_buf()
}
