//! What the command line says of itself: help that can be learned from, man pages.

use crate::fixture::call;
use clap::{CommandFactory, Parser};
use stackprobe::cli::Cli;
use stackprobe::exit::TABLE;

/// The verbs that a person may type, and `config show`.
fn verbs() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, above: &[String], found: &mut Vec<Vec<String>>) {
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let words: Vec<String> = above.iter().cloned().chain([verb.get_name().to_owned()]).collect();
            below(verb, &words, found);
            found.push(words);
        }
    }
    let mut found = Vec::new();
    below(&Cli::command(), &[], &mut found);
    found
}

/// The codes that a help text or a man page says.
fn codes(text: &str) -> Vec<&str> {
    let (_, codes) = text.split_once("Exit codes:").unwrap_or_else(|| panic!("no exit codes: {text}"));
    codes
        .lines()
        .filter(|line| !line.starts_with(".br"))
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty() && !line.starts_with(".SH"))
        .filter_map(|line| line.split_once("  ").map(|(code, _)| code))
        .filter(|code| *code == "N" || code.parse::<u8>().is_ok())
        .collect()
}

/// What stands before a shell's `)`, `>`, `|` or `&`.
fn command(line: &str) -> &str {
    let mut quoted = false;
    let end = line.find(|letter| {
        quoted ^= letter == '\'';
        !quoted && [')', '>', '|', '&'].contains(&letter)
    });
    &line[..end.unwrap_or(line.len())]
}

#[test]
fn every_verb_has_three_examples_and_every_example_is_understood() {
    for words in verbs() {
        let verb = words.join(" ");
        let mut understood = 0;
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let help = call(&words).run().exits(0).stdout;
        let (_, examples) =
            help.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb} has no examples"));
        let examples = examples.split("\nExit codes:").next().unwrap();
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
        assert!(understood >= 3, "{verb} has {understood} examples");
        assert!(help.lines().all(|line| line.chars().count() <= 112), "{verb}: {help}");
    }
}

/// A code may be given with another meaning, never one that no table has.
#[test]
fn every_verb_says_its_exit_codes_in_its_help_and_in_its_man_page() {
    let known: Vec<String> = TABLE.iter().map(|(exit, ..)| exit.code().to_string()).collect();
    let pages = call(&["man", "pages"]).run().exits(0);
    for words in verbs() {
        let name = words.join(" ");
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let help = call(&words).run().exits(0).stdout;
        let told = codes(&help);
        for code in &told {
            assert!(*code == "N" || known.iter().any(|known| known == code), "{name}: {code}");
        }
        for code in ["2", "70", "75", "78"] {
            assert!(told.contains(&code), "{name} does not tell of {code}: {help}");
        }
        assert!(told.contains(&"0") || told.contains(&"N"), "{name}: {help}");
        assert!(told.is_sorted_by_key(|code| code.parse::<u8>().unwrap_or(0)), "{name}: {told:?}");
        let page = pages.folder.path().join(format!("pages/stackprobe-{}.1", name.replace(' ', "-")));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(codes(&page), told, "{name}: {page}");
    }
    let run = call(&["run", "--help"]).run().exits(0).stdout;
    for (exit, meaning, _) in TABLE {
        let (code, words) = (exit.code(), run.split_whitespace().collect::<Vec<_>>().join(" "));
        let meaning = meaning.split(';').next().unwrap();
        // What every verb has is worded for every verb.
        assert!(code == 2 || words.contains(meaning), "{code} {meaning}: {run}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_for_every_verb() {
    for words in verbs() {
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--no-such-flag"]).collect();
        // What follows `config show` is a command line of its own.
        let answer = call(&words).run().exits(2);
        assert!(answer.stderr.contains("--no-such-flag"), "{words:?}: {}", answer.stderr);
    }
}

#[test]
fn every_verb_has_a_man_page() {
    let answer = call(&["man", "pages"]).run().exits(0);
    for verb in verbs().into_iter().map(|words| words.join("-")) {
        let page = answer.folder.path().join(format!("pages/stackprobe-{verb}.1"));
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(
            text.contains(".TH STACKPROBE-")
                && text.contains(&format!("stackprobe\\-{}", verb.replace('-', "\\-"))),
            "{text}"
        );
        assert!(text.contains("Examples:"), "{verb} has no examples");
    }
    let whole = call(&["man"]).run().exits(0).stdout;
    assert!(whole.contains(".SH SUBCOMMANDS") && whole.contains("stackprobe\\-shell(1)"), "{whole}");
    let answer = call(&["man", "file/pages"]).file("file", "").run().exits(78);
    assert!(answer.stderr.contains("cannot write `file/pages`: not a directory"), "{}", answer.stderr);
}
