//! What the command line says of itself: help that can be learned from, completions, man pages.

use std::process::Command;

use crate::fixture::call;
use clap::{CommandFactory, Parser};
use stackprobe::cli::Cli;

/// The verbs that a person may type.
fn verbs() -> Vec<String> {
    let verbs = Cli::command();
    verbs.get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
}

/// What stands before a shell's `)`, `>` or `|`.
fn command(line: &str) -> &str {
    let mut quoted = false;
    let end = line.find(|letter| {
        quoted ^= letter == '\'';
        !quoted && [')', '>', '|'].contains(&letter)
    });
    &line[..end.unwrap_or(line.len())]
}

#[test]
fn every_verb_has_examples_and_every_example_is_understood() {
    let mut understood = 0;
    for verb in verbs() {
        let help = call(&[&verb, "--help"]).run().exits(0).stdout;
        let (_, examples) =
            help.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb} has no examples"));
        for line in examples.lines() {
            // Before two blanks stands the command, behind them what it is for.
            let Some(start) = line.find("stackprobe ").filter(|_| !line.contains('`')) else { continue };
            let typed = command(line[start..].split("  ").next().unwrap());
            let words = shell_words::split(typed).unwrap();
            assert!(
                Cli::try_parse_from(&words).is_ok(),
                "{verb}: {typed}: {:?}",
                Cli::try_parse_from(&words).err()
            );
            understood += 1;
        }
        assert!(help.lines().all(|line| line.chars().count() <= 112), "{verb}: {help}");
    }
    assert!(understood >= 25, "only {understood} examples were found");
}

#[test]
fn a_shell_completes_verbs_and_flags() {
    let script = call(&["completions", "bash"]).run().exits(0).stdout;
    let complete = |words: &str| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _stackprobe stackprobe \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n\
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("stackprobe sh"), "shell");
    assert_eq!(complete("stackprobe run --debug"), "--debug-pause");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(call(&["completions", shell]).run().exits(0).stdout.contains("debug-pause"), "{shell}");
    }
    assert!(call(&["completions", "tcsh"]).run().exits(2).stderr.contains("possible values: bash"));
}

#[test]
fn every_verb_has_a_man_page() {
    let answer = call(&["man", "pages"]).run().exits(0);
    for verb in verbs() {
        let page = answer.folder.path().join(format!("pages/stackprobe-{verb}.1"));
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(text.contains(".TH STACKPROBE-") && text.contains(&format!("stackprobe\\-{verb}")), "{text}");
        assert!(text.contains("Examples:"), "{verb} has no examples");
    }
    let whole = call(&["man"]).run().exits(0).stdout;
    assert!(whole.contains(".SH SUBCOMMANDS") && whole.contains("stackprobe\\-shell(1)"), "{whole}");
    let answer = call(&["man", "file/pages"]).file("file", "").run().exits(78);
    assert!(answer.stderr.contains("cannot write `file/pages`: not a directory"), "{}", answer.stderr);
}
