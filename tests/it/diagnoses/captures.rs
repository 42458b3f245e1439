//! The library of captured failures: what was typed, how it ended, what it wrote, and which rows claim it.
//!
//! Facts are taken from what was typed, as `stackprobe doctor` would have measured them in that pod: the size of its
//! `/dev/shm`, the system calls that were refused. What was expected never goes into them.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "part of one test program")]

use std::path::Path;

use regex::Regex;
use stackprobe::verdict::diagnosis::Blame;
use stackprobe::verdict::evidence::{Evidence, Facts};

/// Captures that no text and no fact tells from a healthy run, or from another entry: what shows them is a check of a
/// probe (ranks that count themselves, versions that are compared, leftovers that are looked for).
pub const UNTOLD: [&str; 11] = [
    "kill-TERM-sleep-self.mpich402",
    "lib-shadowed-mpich5-by-impi",
    "lib-shadowed-ompi41-by-ompi5",
    "mod-try-load-silent",
    "oom-shm-counts.ompi41",
    "pid1-sigterm-ignored",
    "thread-multiple.impi",
    "thread-multiple.mpich402",
    "thread-multiple.mpich5",
    "thread-multiple.ompi41",
    "thread-multiple.ompi5",
];

/// Rows of the catalogue that are called otherwise here, are told by several rules, or have the very same text as
/// another row.
const CALLED: &[(&str, &[&str])] = &[
    ("shm-missing", &["shm-missing", "shm-missing-survived", "shm-missing-by-facts"]),
    ("shm-leftovers", &["shm-too-small-sigsegv"]),
    ("env-slurm-leak", &["env-slurm-leak", "env-slurm-leak-by-facts", "env-slurm-leak-hang"]),
    ("rlimit-as-intel", &["address-space-limit"]),
    ("svc-link-pmi-port", &["svc-link-pmi-port", "svc-link-pmi-port-by-facts"]),
    ("mod-dependency-missing", &["mod-unknown"]),
    ("mod-tcl-no-magic", &["mod-unknown"]),
    ("mod-cache-stale", &["mod-unknown"]),
    ("cc-component-missing", &["cc-component-missing", "cc-as-missing"]),
    ("clang-no-libstdcxx", &["clang-no-libstdcxx", "clang-no-gcc"]),
    ("net-5xx", &["net-server-error"]),
    ("rank-signal", &["rank-signal", "rank-crashed", "rank-killed", "rank-killed-intel"]),
];

/// Captures whose root the catalogue files under what it leads to, or that were filed before their facts were known.
const BETTER: &[(&str, &str, &[Blame])] = &[
    ("env-slurm-leak-slots.ompi41", "env-slurm-leak-by-facts", &[]),
    ("pip-site-unwritable", "pip-cache-unwritable", &[]),
    ("pipnew-build-fail", "header-missing", &[]),
    ("r-cmd-install-compile-fail", "header-missing", &[]),
    ("rank-bus.ompi41", "rank-bus-error", &[]),
    ("rank-bus.ompi5", "rank-bus-error", &[]),
    ("shm-65536.ompi41.coll", "shm-too-small-silent-tcp", &[Blame::Pod]),
    ("uv-python-download-offline", "net-dns", &[]),
];

/// Failures that no row claims: what they are, and whose fault may be named.
const JUDGED: &[(&str, &str, &[Blame])] = &[
    ("bind-socket-ppr.ompi41", "cpu-not-enough-slots", &[Blame::Pod]),
    ("bind-socket-ppr.ompi5", "cpu-not-enough-slots", &[Blame::Pod]),
    ("bind-user.mpich5", "cpu-bind-outside-cpuset", &[]),
    ("cpuset-cpulist.ompi41", "cpu-bind-outside-cpuset", &[]),
    ("env-slurm-leak-nosrun.impi", "env-slurm-leak", &[Blame::Pod]),
    ("mod-not-found-exit", "mod-unknown", &[]),
    ("pip-index-401", "py-index-empty", &[]),
    ("pip-index-404", "py-index-empty", &[]),
    ("pip-index-500", "py-index-empty", &[]),
    ("pip-proxy-bad", "py-index-empty", &[]),
    ("pip-v-403", "py-index-empty", &[]),
    ("pip-v-503", "py-index-empty", &[]),
    ("pip-v-dns", "py-index-empty", &[]),
    ("pip-v-refused", "py-index-empty", &[]),
    ("pipnew-index-403", "py-index-empty", &[]),
    ("pipnew-index-503", "py-index-empty", &[]),
    ("pipnew-offline-dns", "py-index-empty", &[]),
    ("rank-bus.impi", "rank-bus-error", &[]),
    ("rank-bus.mpich402", "rank-bus-error", &[]),
    ("rank-bus.mpich5", "rank-bus-error", &[]),
    ("rank-abort.impi", "rank-signal", &[]),
    ("rank-abort.mpich402", "rank-signal", &[]),
    ("rank-abort.mpich5", "rank-signal", &[]),
    ("rank-abort.ompi41", "rank-signal", &[]),
    ("rank-abort.ompi5", "rank-signal", &[]),
    ("rank-mpiabort0.impi", "mpi-abort", &[]),
    ("rank-mpiabort0.ompi5", "mpi-abort", &[]),
    ("shm-1048576.impi.coll", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-1048576.mpich402.coll", "shm-too-small-ucx", &[Blame::Pod]),
    ("shm-1048576.mpich402.hello", "shm-too-small-ucx", &[Blame::Pod]),
    ("shm-1048576.mpich5.coll", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-1048576.mpich5.hello", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-64m-win96m.mpich5", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-65536.impi.coll", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-65536.mpich5.coll", "shm-too-small-sigbus", &[Blame::Pod]),
    ("shm-noperm.mpich402.coll", "shm-not-writable", &[Blame::Pod]),
    ("shm-noperm.mpich5.hello", "shm-not-writable", &[Blame::Pod]),
    ("shm-ro.mpich5.hello", "shm-readonly", &[Blame::Pod]),
    ("wrong-launcher.mpich402-runs-ompi41", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.mpich402-runs-ompi5", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.mpich5-runs-ompi41", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.mpich5-runs-ompi5", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.ompi41-runs-impi", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.ompi5-runs-impi", "wrong-launcher-singletons", &[]),
    ("wrong-launcher.ompi5-runs-mpich402", "wrong-launcher-singletons", &[]),
    ("singleton-pathless.ompi41", "no-ssh-ompi4", &[Blame::Pod]),
];

/// One capture.
pub struct Capture {
    pub name: String,
    /// The diagnoses that are right; empty where nothing is expected of it.
    pub expected: Vec<String>,
    /// Whose fault may be named. Nobody's is always right.
    pub may_blame: Vec<Blame>,
    /// A run that went well.
    pub healthy: bool,
    output: String,
    exit: Option<i32>,
    signal: Option<i32>,
    timed_out: bool,
    launched: bool,
    ranks: Option<u32>,
    mpi: Option<(&'static str, &'static str)>,
    facts: Facts,
}

impl Capture {
    pub fn evidence<T>(&self, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        look(&Evidence {
            exit: self.exit,
            signal: self.signal,
            timed_out: self.timed_out,
            launched: self.launched,
            ranks: self.ranks,
            mpi: self.mpi,
            ..Evidence::new(self.output.as_bytes(), &self.facts)
        })
    }
}

/// All captures of runs; `None` where the library is not at hand.
pub fn load() -> Option<Vec<Capture>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let folder = if folder.is_dir() {
        folder
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference")
    };
    let rows: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("failures.json")).ok()?).ok()?;
    let rows = rows.as_array()?;
    let mut captures = Vec::new();
    for entry in std::fs::read_dir(folder.join("captures")).ok()? {
        let path = entry.ok()?.path();
        let name = path.file_stem()?.to_str()?.to_owned();
        let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
        if UNTOLD.contains(&name.as_str()) {
            continue;
        }
        captures.extend(capture(name, &text, rows));
    }
    captures.sort_by(|left, right| left.name.cmp(&right.name));
    Some(captures)
}

fn capture(name: String, text: &str, rows: &[serde_json::Value]) -> Option<Capture> {
    // What was typed may have several lines; measurement tables have no `exit:` and are no runs.
    let (typed, rest) = text.split_once("\nexit: ")?;
    let (ending, output) = rest.split_once('\n')?;
    let output = output.replace("--- stderr ---\n", "").replace("--- stdout ---\n", "");
    let names = |row: &serde_json::Value, key: &str| {
        let file = format!("{name}.txt");
        row[key].as_array().is_some_and(|names| names.iter().any(|known| known == &file))
    };
    let claims: Vec<_> = rows.iter().filter(|row| names(row, "captures")).collect();
    let mut expected: Vec<String> = Vec::new();
    for row in &claims {
        expected.extend(called(row["id"].as_str().unwrap_or_default()));
    }
    let mut may_blame: Vec<Blame> = claims.iter().flat_map(|row| blames(row["side"].as_str())).collect();
    for (_, id, blames) in BETTER.iter().chain(JUDGED).filter(|(known, ..)| *known == name) {
        expected.extend(called(id));
        may_blame.extend(*blames);
    }
    let exit: Option<i32> = ending.split_whitespace().next().and_then(|word| word.parse().ok());
    let warned = rows.iter().any(|row| names(row, "regex_hits"));
    let healthy = exit == Some(0)
        && expected.is_empty()
        && !warned
        && !name.starts_with("mod-")
        && !text.contains("r=$?");
    let launched = ["$RUN", "mpirun", "mpiexec"].iter().any(|word| typed.contains(word));
    let ranks = number(typed, r"-n (\d+)")
        .or_else(|| number(&output, r"hello n=(\d+)"))
        .and_then(|ranks| u32::try_from(ranks).ok());
    Some(Capture {
        expected,
        may_blame,
        healthy,
        exit,
        signal: ending.strip_prefix("signal ").and_then(|rest| rest.split_whitespace().next()?.parse().ok()),
        timed_out: ending.starts_with("TIMEOUT"),
        launched: launched || typed.contains("/bin/bash -c 'mpirun"),
        ranks,
        mpi: mpi(&name),
        facts: facts(&name, typed, &output, ranks),
        output,
        name,
    })
}

fn called(id: &str) -> Vec<String> {
    match CALLED.iter().find(|(known, _)| *known == id) {
        Some((_, names)) => names.iter().map(ToString::to_string).collect(),
        None => vec![id.to_owned()],
    }
}

fn blames(side: Option<&str>) -> Vec<Blame> {
    let side = side.unwrap_or_default();
    let mut blames = Vec::new();
    if side.contains("environment") {
        blames.extend([Blame::Pod, Blame::Site]);
    }
    if side.contains("stack") {
        blames.push(Blame::Stack);
    }
    if side.contains("test") {
        blames.push(Blame::Harness);
    }
    blames
}

fn mpi(name: &str) -> Option<(&'static str, &'static str)> {
    // `wrong-launcher.A-runs-B`: A is the launcher's, which is what the exit status is of.
    let name = name.split("-runs-").next().unwrap_or(name);
    let known = [
        ("ompi41", ("openmpi", "4.1.4")),
        ("ompi5", ("openmpi", "5.0.11")),
        ("mpich402", ("mpich", "4.0.2")),
        ("mpich5", ("mpich", "5.0.2")),
        ("impi", ("intel-oneapi-mpi", "2021.18.1")),
    ];
    known.into_iter().find(|(word, _)| name.split(['.', '-']).any(|part| part == *word)).map(|(_, mpi)| mpi)
}

fn number(text: &str, pattern: &str) -> Option<u64> {
    Regex::new(pattern).unwrap().captures_iter(text).last()?[1].parse().ok()
}

fn facts(name: &str, typed: &str, output: &str, ranks: Option<u32>) -> Facts {
    let mut facts = Facts::default();
    if let Some(size) = number(typed, r"pod .*-s (\d+)") {
        let filled = number(typed, r"fallocate -l (\d+)K").unwrap_or(0) << 10;
        facts.shm_total = Some(size);
        facts.shm_free = Some(size - filled);
        facts.shm_exists = Some(true);
        facts.shm_writable = Some(true);
    }
    facts.shm_exists = if typed.contains("-s none") { Some(false) } else { facts.shm_exists };
    if typed.contains("-s ro") || typed.contains("-s noperm") {
        facts.shm_writable = Some(false);
    }
    // 43 MiB of leftovers, 8 ranks: the capture prints what it measured.
    if let Some(used) = number(output, r"used (\d+) KiB") {
        facts.shm_free = facts.shm_total.map(|total| total - (used << 10));
    }
    let ranks = u64::from(ranks.unwrap_or(1));
    facts.shm_needed = Some(match number(typed, r"/win (\d+)") {
        Some(window) => window * ranks,
        None => (64 << 20).max((8 << 20) * ranks),
    });
    facts.oom_kills = number(output, r"oom_kill (\d+)");
    facts.open_files = number(typed, r"ulimit -n (\d+)");
    facts.address_space = number(typed, r"ulimit -v (\d+)").map(|kib| kib << 10);
    if typed.contains("-t ro") {
        facts.tmp_writable = Some(false);
    }
    facts.cpus = Some(if name.contains("cgroup1") || name.contains("taskset1") { 1 } else { 2 });
    let calls = [
        ("203", "sched_setaffinity"),
        ("238", "set_mempolicy"),
        ("310", "process_vm_readv"),
        ("435", "clone3"),
        ("439", "faccessat2"),
    ];
    if let Some(found) = Regex::new(r"deny \d+ ([\d,]+)").unwrap().captures(typed) {
        let denied = calls.iter().filter(|(number, _)| found[1].split(',').any(|denied| denied == *number));
        facts.denied = denied.map(|(_, call)| (*call).to_owned()).collect();
    }
    let leaks = Regex::new(r"\b((?:SLURM|PMI|OPAL|OMPI_MCA|I_MPI|UCX|FI|PYTHON)_?\w*)=").unwrap();
    let leaked: Vec<String> = leaks.captures_iter(typed).map(|found| found[1].to_owned()).collect();
    facts.leaked = (!leaked.is_empty()).then_some(leaked);
    facts
}
