//! A pod that is emulated: a mount namespace with what a script makes of it, and the limits, user and seccomp filter
//! that are asked for.

use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use tempfile::TempDir;

use crate::fixture::{Junit, core, skip};

/// What a filter answers to a call.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    Error(i32),
    Kill,
}

pub(crate) struct Pod {
    setup: String,
    variables: Vec<(String, Option<String>)>,
    user: Option<u32>,
    alone: bool,
    refused: Option<(i64, Refusal)>,
    folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A pod after `setup`, a script of sh that is given a `$FOLDER` of its own.
pub(crate) fn pod(setup: &str) -> Pod {
    let folder = tempfile::tempdir().unwrap();
    let mut pod = Pod {
        setup: setup.to_owned(),
        variables: Vec::new(),
        user: None,
        alone: false,
        refused: None,
        folder,
    };
    let path = pod.folder.path().to_str().unwrap().to_owned();
    for (name, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", &path),
        ("FOLDER", &path),
        ("NO_COLOR", "1"),
        ("MODULEPATH", core().to_str().unwrap()),
    ] {
        pod = pod.env(name, value);
    }
    pod
}

/// A setup in which `/dev` has these devices and nothing else.
pub(crate) fn devices(names: &[&str]) -> String {
    let mut script = "mkdir \"$FOLDER/dev\" && mount -t tmpfs tmpfs \"$FOLDER/dev\"".to_owned();
    for name in names {
        let _ = write!(
            script,
            " && touch \"$FOLDER/dev/{name}\" && mount --bind /dev/{name} \"$FOLDER/dev/{name}\""
        );
    }
    script.push_str(" && mount --rbind \"$FOLDER/dev\" /dev");
    script
}

impl Pod {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// A variable that names something below the pod's own folder.
    pub(crate) fn env_below(self, name: &str, below: &str) -> Self {
        let value = self.folder.path().join(below).to_str().unwrap().to_owned();
        self.env(name, &value)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.push((name.to_owned(), None));
        self
    }

    /// Runs as this user; none where only root of a user namespace can be had.
    pub(crate) fn user(mut self, id: u32) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            skip("root", "only root can become another user");
            return None;
        }
        std::os::unix::fs::chown(self.folder.path(), Some(id), Some(id)).unwrap();
        self.user = Some(id);
        Some(self)
    }

    /// Gives it a network namespace, in which not even the loopback is up.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Writes a file into its folder, in which it is called.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn refuse(mut self, call: i64, refusal: Refusal) -> Self {
        self.refused = Some((call, refusal));
        self
    }

    pub(crate) fn call(&self, args: &[&str]) -> Answer {
        // The folder is set up anew for each call: mounts go with their namespace, folders stay.
        let setup = self.setup.replace("mkdir ", "mkdir -p ");
        let user = self
            .user
            .map(|id| format!("setpriv --reuid={id} --regid={id} --clear-groups -- "))
            .unwrap_or_default();
        // The filter is for stackprobe, not for what sets its pod up.
        let script = format!("{{ {setup}; }} || exit 99; cd \"$FOLDER\"; exec {user}\"$@\"");
        let mut command = Command::new("unshare");
        if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.arg("--mount");
        if self.alone {
            command.arg("--net");
        }
        command.args(["sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_stackprobe")]).args(args).env_clear();
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some((call, refusal)) = self.refused {
            let program = filter(call, refusal);
            // SAFETY: between fork and exec only two system calls are made, on memory that was filled before.
            #[allow(unsafe_code)]
            unsafe {
                command.pre_exec(move || install(&program));
            }
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let answer = Answer {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert_ne!(answer.code, 99, "the pod could not be set up: {}", answer.stderr);
        answer
    }

    /// Where its runs leave what came of them.
    pub(crate) fn results(&self) -> std::path::PathBuf {
        self.folder.path().join("results")
    }

    pub(crate) fn junit(&self) -> Junit {
        Junit::read(&self.folder.path().join("results/junit.xml"))
    }
}

/// A filter that answers one call so and allows all others.
fn filter(call: i64, refusal: Refusal) -> Vec<libc::sock_filter> {
    let wanted = u32::try_from(call).unwrap();
    let answer = match refusal {
        Refusal::Error(errno) => libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap(),
        Refusal::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    let statement = |code: u32, k| libc::sock_filter { code: u16::try_from(code).unwrap(), jt: 0, jf: 0, k };
    vec![
        // The number of the call is the first field of what a filter is given.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter { jf: 1, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, wanted) },
        statement(libc::BPF_RET | libc::BPF_K, answer),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ]
}

fn install(program: &[libc::sock_filter]) -> std::io::Result<()> {
    let program =
        libc::sock_fprog { len: u16::try_from(program.len()).unwrap(), filter: program.as_ptr().cast_mut() };
    // SAFETY: the program outlives the call, which copies it.
    #[allow(unsafe_code)]
    let result = unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 {
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
        } else {
            -1
        }
    };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
