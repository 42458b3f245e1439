//! System calls made so that they change nothing, in a child that may be killed for them.
//!
//! Everything here runs between `fork` and `_exit`: it neither allocates nor takes a lock.

use nix::errno::Errno;
use nix::unistd::Pid;

use super::answer::Answer;

/// A call to try.
pub(super) struct Call {
    pub(super) name: &'static str,
    /// Makes it: 0, or the error number.
    pub(super) make: fn() -> i32,
    /// `ENOSYS` is as good: C libraries do without the call, but only where it answers so.
    pub(super) absent_is_well: bool,
    /// Another error that only an allowed call gives.
    pub(super) also_well: i32,
}

impl Call {
    pub(super) fn judge(&self, errno: i32) -> Answer {
        let well = errno == 0 || errno == self.also_well || (self.absent_is_well && errno == libc::ENOSYS);
        if well { Answer::Allowed } else { Answer::Refused(errno) }
    }
}

const fn call(name: &'static str, make: fn() -> i32) -> Call {
    Call { name, make, absent_is_well: false, also_well: 0 }
}

/// Every call, with who needs it. `ptrace` is last: a traced process that is killed only stops.
pub(super) const CALLS: [Call; 9] = [
    // glibc 2.34 and later start threads by it, and fall back only where it is absent.
    Call { absent_is_well: true, also_well: libc::EINVAL, ..call("clone3", clone3) },
    // glibc 2.33 and later, and so `test -r` of shells and `which`.
    Call { absent_is_well: true, ..call("faccessat2", faccessat2) },
    // Every `stat` of a new C library on some architectures, and of coreutils.
    Call { absent_is_well: true, ..call("statx", statx) },
    // Binding of ranks and threads.
    call("sched_setaffinity", sched_setaffinity),
    // Memory policies of numactl and hwloc; a kernel without NUMA has none.
    Call { absent_is_well: true, ..call("set_mempolicy", set_mempolicy) },
    // Address-space randomisation off, for sanitizers.
    call("personality", personality),
    // System V shared memory: UCX's sysv transport, PostgreSQL-like programs.
    call("shmget", shmget),
    // Message-passing without copies inside libfabric and UCX: a file without a name.
    Call { absent_is_well: true, ..call("memfd_create", memfd_create) },
    // Debuggers, LeakSanitizer.
    call("ptrace", ptrace),
];

/// Keeps this child from leaving a core file, and from waiting for ever.
pub(super) fn prepare(patience: u32) {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both only change this process; the structure outlives the call.
    #[allow(unsafe_code)]
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::signal(libc::SIGSYS, libc::SIG_DFL);
        libc::alarm(patience);
    }
}

fn errno(result: i64) -> i32 {
    if result < 0 { Errno::last_raw() } else { 0 }
}

fn clone3() -> i32 {
    // SAFETY: a size of 0 is refused before the structure is looked at.
    #[allow(unsafe_code)]
    errno(unsafe { libc::syscall(libc::SYS_clone3, std::ptr::null_mut::<u8>(), 0_usize) })
}

fn faccessat2() -> i32 {
    // SAFETY: the path is a string that ends in NUL.
    #[allow(unsafe_code)]
    errno(unsafe { libc::syscall(libc::SYS_faccessat2, libc::AT_FDCWD, c"/".as_ptr(), libc::F_OK, 0) })
}

fn statx() -> i32 {
    let mut found = std::mem::MaybeUninit::<libc::statx>::uninit();
    // SAFETY: the path ends in NUL, and the kernel writes one structure to where there is room for it.
    #[allow(unsafe_code)]
    errno(unsafe {
        libc::syscall(libc::SYS_statx, libc::AT_FDCWD, c"/".as_ptr(), 0, libc::STATX_MODE, found.as_mut_ptr())
    })
}

fn sched_setaffinity() -> i32 {
    let this = Pid::from_raw(0);
    let own = nix::sched::sched_getaffinity(this);
    own.and_then(|own| nix::sched::sched_setaffinity(this, &own)).err().map_or(0, |error| error as i32)
}

fn set_mempolicy() -> i32 {
    // SAFETY: the default policy takes no list of nodes.
    #[allow(unsafe_code)]
    errno(unsafe { libc::syscall(libc::SYS_set_mempolicy, libc::MPOL_DEFAULT, std::ptr::null::<u64>(), 0) })
}

fn personality() -> i32 {
    use nix::sys::personality::{Persona, get, set};
    let off = get().and_then(|own| set(own | Persona::ADDR_NO_RANDOMIZE));
    off.err().map_or(0, |error| error as i32)
}

fn shmget() -> i32 {
    // SAFETY: a segment of its own is made, attached nowhere, and removed.
    #[allow(unsafe_code)]
    unsafe {
        let id = libc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600);
        let result = errno(i64::from(id));
        if result == 0 {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
        result
    }
}

fn memfd_create() -> i32 {
    // SAFETY: the name ends in NUL; the descriptor goes with this process.
    #[allow(unsafe_code)]
    errno(unsafe { libc::syscall(libc::SYS_memfd_create, c"stackprobe".as_ptr(), 0) })
}

fn ptrace() -> i32 {
    // SAFETY: this process asks to be traced by its parent, which only waits for its end.
    #[allow(unsafe_code)]
    errno(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) })
}

/// Reads what another process has at the place of `here`: 0 if it is the same, or the error number.
pub(super) fn read_memory(other: Pid, here: &[u8; 8]) -> i32 {
    let mut found = [0_u8; 8];
    let local = libc::iovec { iov_base: found.as_mut_ptr().cast(), iov_len: found.len() };
    let remote = libc::iovec { iov_base: here.as_ptr().cast_mut().cast(), iov_len: here.len() };
    // SAFETY: the kernel writes at most 8 bytes to `found`, which lives on; the other address is only ever looked at
    // in the other process, by the kernel.
    #[allow(unsafe_code)]
    let read =
        unsafe { libc::process_vm_readv(other.as_raw(), &raw const local, 1, &raw const remote, 1, 0) };
    match read {
        8 if found == *here => 0,
        0.. => libc::EIO,
        _ => Errno::last_raw(),
    }
}
