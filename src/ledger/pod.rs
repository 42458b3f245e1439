//! What of the pod a result depends on.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::digest::{Parts, sha256_of};
use crate::pod::facts::Facts;
use crate::stack::environment::Environment;
use crate::stack::inherited::Inherited;

/// What stands for the operating system under the stack: its C library and the lists of its packages.
const HOST: [&str; 9] = [
    "/etc/os-release",
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
];

/// The operating system, the kernel, the CPU, and whether all is allowed.
pub(super) fn digest(facts: &Facts) -> [u8; 32] {
    of(facts, |path| std::fs::File::open(path).and_then(sha256_of).map(|digest| digest.to_vec()))
}

/// The same, told by the sizes and times of its files.
pub(super) fn state(facts: &Facts) -> [u8; 32] {
    of(facts, |path| {
        let meta = std::fs::metadata(path)?;
        Ok(format!("{} {} {}", meta.size(), meta.mtime(), meta.mtime_nsec()).into_bytes())
    })
}

fn of(facts: &Facts, file: impl Fn(&Path) -> io::Result<Vec<u8>>) -> [u8; 32] {
    let mut parts = Parts::new("pod");
    for path in HOST {
        if let Ok(found) = file(Path::new(path)) {
            parts.add(path, &found);
        }
    }
    parts.add("image", facts.image.as_deref().unwrap_or_default().as_bytes());
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // A kernel's third number is corrections; nodes of one cluster differ in it.
    let version: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    parts.add("kernel", version.join(".").as_bytes());
    parts.add(
        "cpu",
        facts.found.as_ref().map(|found| found.cpus.features.join(" ")).unwrap_or_default().as_bytes(),
    );
    parts.add("root", &[u8::from(facts.uid == 0)]);
    parts.digest()
}

/// How much of everything there is. Shared memory by its power of two: what is free of it changes all the time.
pub(super) fn size(facts: &Facts) -> [u8; 32] {
    let mut parts = Parts::new("size");
    let shm = facts.shm.and_then(u64::checked_ilog2);
    parts.add("amounts", format!("{} {:?} {shm:?} {}", facts.cpus, facts.memory, facts.uid).as_bytes());
    parts.digest()
}

/// The inherited variables that change what a stack does.
pub(super) fn steering(base: &Environment, inherited: &Inherited) -> BTreeMap<String, String> {
    let all = base
        .iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    all.filter(|(name, _)| inherited.changes_results(name)).collect()
}
