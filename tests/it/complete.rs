//! What a shell offers where a word is completed: asked by bash itself, by the script that it is given.

use std::path::Path;
use std::process::Command;

use crate::fixture::{call, core};

/// What bash offers behind these words, of which the last is completed.
fn offered(folder: &Path, line: &str) -> Vec<String> {
    let script = call(&["completions", "bash"]).run().exits(0).stdout;
    let folder_of_binary =
        Path::new(env!("CARGO_BIN_EXE_stackprobe")).parent().unwrap().display().to_string();
    let ask = format!(
        "PATH={folder_of_binary}:$PATH\n{script}\nwords=({line})\n\
         [[ '{line}' == *' ' ]] && words+=('')\nCOMP_WORDS=(\"${{words[@]}}\"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         COMP_TYPE=9; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n\
         function_of=$(complete -p stackprobe | grep -o '_clap[a-z_]*')\n\
         $function_of stackprobe \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\" 2>&1\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .env("MODULEPATH", core())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors: Vec<&str> = std::str::from_utf8(&output.stderr)
        .unwrap()
        .lines()
        .filter(|line| !line.contains("compopt"))
        .collect();
    assert!(errors.is_empty(), "{line}: {errors:?}");
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_shell_completes_verbs_flags_and_what_the_suites_and_the_stack_have() {
    let here = tempfile::tempdir().unwrap();
    let offered = |line: &str| offered(here.path(), line);
    assert_eq!(offered("stackprobe sh"), ["shell"]);
    assert_eq!(offered("stackprobe run --debug"), ["--debug-pause"]);
    assert_eq!(offered("stackprobe run comp"), ["compiler"]);
    let probes = offered("stackprobe run mpi/hel");
    assert!(probes.contains(&"mpi/hello".to_owned()), "{probes:?}");
    assert_eq!(offered("stackprobe list --exclude mpi/spaw"), ["mpi/spawn"]);
    assert!(offered("stackprobe run --tag ").contains(&"smoke".to_owned()));
    // Of this stack, in its layer, also where MPIs stand below compilers.
    assert_eq!(offered("stackprobe run --cc gcc/"), ["gcc/11.3.0", "gcc/12.2.0"]);
    assert_eq!(offered("stackprobe shell --mpi openmpi/"), ["openmpi/4.1.4", "openmpi/5.0.11"]);
    assert_eq!(offered("stackprobe discover --runtime py"), ["python/3.11.2"]);
    let ids = offered("stackprobe explain shm-too-small-by");
    assert_eq!(ids, ["shm-too-small-by-facts"]);
    assert!(offered("stackprobe explain mp").contains(&"mpi".to_owned()));
}

#[test]
fn results_directories_are_offered_where_results_are_wanted() {
    let here = tempfile::tempdir().unwrap();
    for name in ["yesterday", "pods/1"] {
        std::fs::create_dir_all(here.path().join(name).join("cases/mpi.hello.n4")).unwrap();
        std::fs::write(here.path().join(name).join("plan.json"), "{}").unwrap();
    }
    std::fs::write(here.path().join("notes.txt"), "").unwrap();
    let offered = |line: &str| offered(here.path(), line);
    for verb in ["report", "compare", "gate"] {
        // Behind a blank there may also be a flag.
        let mut words = offered(&format!("stackprobe {verb} "));
        words.retain(|word| !word.starts_with('-'));
        assert_eq!(words, ["pods/", "yesterday"], "{verb}");
    }
    assert_eq!(offered("stackprobe report pods/"), ["pods/1"]);
    assert_eq!(offered("stackprobe shell yes"), ["yesterday", "yesterday/cases/"]);
    assert_eq!(offered("stackprobe shell yesterday/cases/"), ["yesterday/cases/mpi.hello.n4"]);
}

#[test]
fn suites_of_ones_own_are_offered_and_faults_are_silence() {
    let here = tempfile::tempdir().unwrap();
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n\
         [[probe]]\nname = \"own\"\nsummary = \"y\"\nrun = \"true\"\ntags = [\"blue\"]\n";
    std::fs::create_dir_all(here.path().join("s/mine")).unwrap();
    std::fs::write(here.path().join("s/mine/suite.toml"), suite).unwrap();
    let offered = |line: &str| offered(here.path(), line);
    assert_eq!(offered("stackprobe run --suites s mine/"), ["mine/own"]);
    assert_eq!(offered("stackprobe run --suites s --tag bl"), ["blue"]);
    std::fs::write(here.path().join("s/mine/suite.toml"), "name = 7").unwrap();
    assert_eq!(offered("stackprobe run --suites s mine/"), [""; 0]);
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = call(&["completions", shell]).run().exits(0).stdout;
        assert!(script.contains("STACKPROBE_COMPLETE") && script.contains("stackprobe"), "{shell}: {script}");
    }
    assert!(call(&["completions", "tcsh"]).run().exits(2).stderr.contains("possible values: bash"));
}
