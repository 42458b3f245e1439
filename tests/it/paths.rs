//! An install that is there and cannot be looked at: never "does not exist", and never the stack's fault.

mod looks;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::doctor::emulated::{Pod, Refusal, pod};
use stackprobe::verdict::rules::{Rules, shipped};

const MODULE: &str = "whatis(\"g\")\nfamily(\"compiler\")\n\
    prepend_path(\"PATH\", os.getenv(\"FOLDER\") .. \"/opt/gcc-13/bin\")\n";

const SUITE: &str = "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n\
    [[probe]]\nname = \"compiles\"\nsummary = \"s\"\nrun = \"{cc} --version\"\n\
    [[probe]]\nname = \"wants\"\nsummary = \"s\"\nrequires = [\"tool gcc-13-tool\"]\nrun = \"gcc-13-tool --version\"\n";

/// An install in `$FOLDER/store`, where `opt` leads, after what `setup` makes of it.
const INSTALL: &str = "mkdir -p \"$FOLDER/store/gcc-13/bin\"; \
    for name in gcc g++ gcc-13-tool; do printf '#!/bin/sh\\nexit 0\\n' > \"$FOLDER/store/gcc-13/bin/$name\"; done; \
    chmod 755 \"$FOLDER/store/gcc-13/bin\"/*; chmod 755 \"$FOLDER\"; chown -R 0:0 \"$FOLDER/store\"; ";

fn stack(setup: &str) -> Pod {
    let pod = pod(&format!("{INSTALL}{setup}")).env_below("MODULEPATH", "Core");
    pod.file("Core/gcc/13.lua", MODULE).file("own/suite.toml", SUITE);
    pod
}

/// A program that mounts a FUSE file system at its first argument, whose daemon then dies, and becomes the rest.
fn dead_fuse() -> &'static PathBuf {
    static PROGRAM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("fuse.c");
        let text = r#"
            #include <fcntl.h>
            #include <stdio.h>
            #include <sys/mount.h>
            #include <unistd.h>
            int main(int argc, char **argv) {
                char options[99];
                int fuse = open("/dev/fuse", O_RDWR);
                snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
                if (fuse < 0 || mount("server:/stack", argv[1], "fuse", 0, options)) { perror("fuse"); return 1; }
                return close(fuse);
            }"#;
        std::fs::write(&source, text).unwrap();
        let program = folder.path().join("fuse");
        assert!(Command::new("cc").arg(&source).arg("-o").arg(&program).status().unwrap().success());
        (folder, program)
    });
    program
}

/// What each probe and the walk over modules say in this pod: always the same diagnosis, and an error.
fn is_told(pod: &Pod, id: &str, words: &[&str]) {
    let rules = Rules::parse(&shipped()).unwrap();
    let rule = rules.explain(id).unwrap();
    let blame = rule.blame().unwrap();
    let code = if rule.retry(Some(blame)) { 75 } else { 78 };
    for what in ["own", "modules"] {
        let answer = pod.call(&["run", what, "--cc", "gcc/13", "--suites", "own"]);
        assert_eq!(answer.code, code, "{what} {id}: {}{}", answer.stdout, answer.stderr);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        assert!(!said.contains("does not exist") && !said.contains("brings no"), "{what}: {said}");
        let junit = pod.junit();
        assert_eq!(junit.count("failure"), 0, "{junit:?}");
        let errors: Vec<_> = junit.cases.iter().filter(|case| case.outcome == "error").collect();
        assert!(errors.len() >= if what == "own" { 2 } else { 1 }, "{junit:?}");
        for case in errors {
            let text = format!("{}\n{}", case.message, case.text);
            assert!(text.contains(id) && text.contains(&format!("fault: {}", blame.word())), "{case:?}");
            for word in words {
                assert!(text.contains(word), "`{word}` in {case:?}");
            }
        }
    }
}

#[test]
fn an_install_that_is_there_passes_and_one_that_is_not_is_the_stacks_fault() {
    let there =
        stack("ln -sfn store \"$FOLDER/opt\"").call(&["run", "own", "--cc", "gcc/13", "--suites", "own"]);
    assert_eq!(there.code, 0, "{}{}", there.stdout, there.stderr);
    let gone = stack("true").call(&["run", "own", "--cc", "gcc/13", "--suites", "own"]);
    assert_eq!(gone.code, 1, "{}{}", gone.stdout, gone.stderr);
    assert!(gone.stderr.contains("brings no gcc"), "{}", gone.stderr);
}

#[test]
fn what_is_closed_to_the_user_of_the_pod_names_owner_mode_and_user() {
    for closed in ["store", "store/gcc-13", "store/gcc-13/bin", "store/gcc-13/bin/*"] {
        let setup = format!("chmod 700 \"$FOLDER\"/{closed}; ln -sfn store \"$FOLDER/opt\"");
        let pod = stack(&setup).user(1234).expect("this test wants root");
        // A program that only its owner may run keeps nobody from seeing that its folder exists.
        if closed.ends_with('*') {
            let answer = pod.call(&["run", "own", "--cc", "gcc/13", "--suites", "own"]);
            assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
            assert!(pod.junit().cases.iter().all(|case| case.text.contains("path-closed")));
        } else if closed == "store/gcc-13/bin" {
            let answer = pod.call(&["run", "own", "--cc", "gcc/13", "--suites", "own"]);
            assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
        } else {
            is_told(&pod, "path-closed", &["belongs to uid 0 gid 0, mode 0700", "we are uid 1234 gid 1234"]);
        }
    }
}

#[test]
fn what_lies_behind_a_circle_of_links_shows_the_circle() {
    let pod = stack("ln -sfn turn \"$FOLDER/opt\"; ln -sfn opt \"$FOLDER/turn\"");
    is_told(&pod, "path-loop", &["lead in a circle", "/opt -> ", "/turn -> "]);
}

#[test]
fn a_dead_file_system_is_named_and_is_the_sites() {
    let setup = format!("mkdir -p \"$FOLDER/opt\"; {} \"$FOLDER/opt\"", dead_fuse().display());
    is_told(&stack(&setup), "path-file-system", &["not connected", "fuse at ", "server:/stack"]);
}

#[test]
fn where_there_are_no_locks_our_own_files_are_written_all_the_same() {
    for errno in [libc::ENOSYS, libc::ENOLCK, libc::EOPNOTSUPP, libc::EPERM, 524] {
        let pod = stack("ln -sfn store \"$FOLDER/opt\"").refuse(libc::SYS_flock, Refusal::Error(errno));
        let args = ["run", "own/compiles", "--cc", "gcc/13", "--suites", "own", "--since", "ledger.json"];
        let first = pod.call(&args);
        assert_eq!(first.code, 0, "{errno}: {}{}", first.stdout, first.stderr);
        let again = pod.call(&args);
        assert!(again.stderr.contains("unchanged since"), "{errno}: {}{}", again.stdout, again.stderr);
    }
}

#[test]
fn an_r_whose_temporary_folder_lets_nothing_run_is_the_pods_fault() {
    let pod =
        pod("mkdir \"$FOLDER/t\" && mount -t tmpfs -o noexec tmpfs \"$FOLDER/t\"").env_below("TMPDIR", "t");
    let answer = pod.call(&["run", "r/install", "--runtime", "r"]);
    assert_eq!(answer.code, 78, "{}{}", answer.stdout, answer.stderr);
    let junit = pod.junit();
    let case = junit.case("r.install", "install");
    assert_eq!(case.outcome, "error", "{case:?}");
    assert!(case.text.contains("failed to map segment") && case.text.contains("fault: pod"), "{case:?}");
}
