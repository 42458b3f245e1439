//! What of a place changes how a program behaves there.

use std::collections::BTreeMap;

use crate::pod::calls::tried;
use crate::pod::facts::{Facts, Found};
use crate::pod::folder::Folder;
use crate::pod::shm::SharedMemory;
use crate::report::html::words::bytes;
use crate::verdict::fitness;

/// `/dev/shm`, by the name that it has here.
pub(super) const SHM: &str = "/dev/shm";
/// What kind of place it is.
pub(super) const KIND: &str = "the kind of place";
/// How many CPUs there are to use.
pub(super) const CPUS: &str = "CPUs that may be used";
/// Whether root.
pub(super) const USER: &str = "the user";
/// Who may look into whom.
pub(super) const PTRACE: &str = "Yama's ptrace_scope";
/// Bytes that there are to use.
pub(super) const MEMORY: &str = "memory that may be used";
/// The largest file that may be written.
pub(super) const FILE_SIZE: &str = "limit on the size of a file";

/// The system call of this name.
pub(super) fn call(name: &str) -> String {
    format!("system call {name}")
}

/// Everything that is known of it, in words. What was not looked at is not there.
pub(super) fn traits(facts: &Facts) -> BTreeMap<String, String> {
    let Some(found) = &facts.found else { return BTreeMap::new() };
    let mut traits = BTreeMap::new();
    let mut add = |name: &str, value: Option<String>| {
        traits.extend(value.map(|value| (name.to_owned(), value)));
    };
    add(KIND, Some(found.place.clone()).filter(|place| !place.is_empty()));
    add(SHM, Some(shared_memory(&found.shm)));
    add(CPUS, Some(found.cpus.usable().to_string()));
    add(MEMORY, found.limits.usable_memory().map(amount));
    add(USER, Some(if found.user.id == 0 { "root".to_owned() } else { format!("uid {}", found.user.id) }));
    add(PTRACE, found.kernel.ptrace_scope.map(|scope| scope.to_string()));
    add("the kernel", found.kernel.release.clone());
    add("the temporary folder", Some(folder(&found.tmp)));
    add("HOME", Some(found.user.home.as_ref().map_or_else(|| "not set".to_owned(), folder)));
    add("the root of the file system", Some(folder(&found.root)));
    add(
        "127.0.0.1",
        found.network.loopback.map(|works| if works { "works" } else { "does not work" }.to_owned()),
    );
    limits(found, &mut add);
    for name in tried() {
        add(&call(name), found.calls.answer(name).map(fitness::told));
    }
    traits
}

fn limits(found: &Found, add: &mut impl FnMut(&str, Option<String>)) {
    let limits = &found.limits;
    add(FILE_SIZE, limits.file_size.map(amount));
    add("limit on processes", limits.processes.map(count));
    add("limit on processes of the user", limits.user_processes.map(count));
    add("limit on open files", limits.open_files.map(count));
    add("limit on address space", limits.address_space.map(amount));
    add("limit on data", limits.data.map(amount));
    add("limit on the stack", limits.stack.map(amount));
    add("limit on CPU time", limits.cpu_time.map(count));
}

fn shared_memory(shm: &SharedMemory) -> String {
    if shm.barred.is_some() {
        return "cannot be looked at".to_owned();
    }
    if !shm.exists {
        return "missing".to_owned();
    }
    let mut said = vec![amount(shm.total)];
    said.extend((!shm.tmpfs).then(|| "no tmpfs".to_owned()));
    said.extend(shm.read_only.then(|| "read-only".to_owned()));
    said.extend((!shm.writable && !shm.read_only).then(|| "not writable".to_owned()));
    said.join(", ")
}

fn folder(folder: &Folder) -> String {
    let said = match (folder.exists, folder.writable, folder.executable) {
        (false, ..) => "missing",
        (_, Some(false), _) if folder.read_only => "read-only",
        (_, Some(false), _) => "not writable",
        (_, _, Some(false)) => "no program in it can be run",
        (_, Some(true), _) => "writable",
        _ => "there",
    };
    said.to_owned()
}

fn amount(number: u64) -> String {
    if number == u64::MAX { "unlimited".to_owned() } else { bytes(number) }
}

fn count(number: u64) -> String {
    if number == u64::MAX { "unlimited".to_owned() } else { number.to_string() }
}
