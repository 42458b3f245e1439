//! `stackprobe explain`: names are listed, found, and explained.

use crate::fixture::call;

fn said(words: &[&str]) -> String {
    call(&[&["explain"], words].concat()).run().exits(0).stdout
}

#[test]
fn without_a_word_every_suite_and_every_diagnosis_is_listed() {
    let text = said(&[]);
    let (suites, ids) = text.split_once("\nDiagnoses:\n").unwrap();
    assert!(suites.lines().any(|line| line.starts_with("  mpi ")), "{suites}");
    let documented = include_str!("../../docs/diagnoses.md");
    for line in ids.lines() {
        let id = line.split_whitespace().next().unwrap();
        assert!(documented.contains(&format!("`{id}`")), "{id} stands in no document");
    }
    assert!(ids.lines().count() > 100, "{ids}");
}

#[test]
fn a_word_finds_diagnoses_and_probes() {
    let text = said(&["shm"]);
    assert!(text.starts_with("Diagnoses:\n") && text.contains("\nProbes:\n"), "{text}");
    assert!(text.contains("  shm-too-small-by-facts  "), "{text}");
    // By what they are about, whatever the case; of several words, all must fit.
    let both = said(&["SHM", "small"]);
    assert!(both.lines().count() < text.lines().count() && both.contains("shm-too-small"), "{both}");
    let glob = said(&["shm-too-small*"]);
    assert!(glob.lines().skip(1).all(|line| line.starts_with("  shm-too-small")), "{glob}");
    // What is listed is explained.
    for line in glob.lines().skip(1) {
        let id = line.split_whitespace().next().unwrap();
        assert!(said(&[id]).contains("  fix    "), "{id}");
    }
}

#[test]
fn what_nothing_is_called_has_the_nearest_name() {
    let answer = call(&["explain", "rank-bus-eror"]).run().exits(3);
    let wanted = "no suite, probe or diagnosis is called or worded like `rank-bus-eror`";
    assert!(answer.stderr.contains(wanted), "{}", answer.stderr);
    assert!(answer.stderr.contains("is `rank-bus-error` meant?"), "{}", answer.stderr);
    let answer = call(&["explain", "mpi/colectives"]).run().exits(3);
    assert!(answer.stderr.contains("is `mpi/collectives` meant?"), "{}", answer.stderr);
}

#[test]
fn a_sites_own_diagnosis_is_explained() {
    let rule = "[[diagnosis]]\nid = \"our-licence\"\nfault = \"site\"\nlayer = \"runtime\"\ncause = \"the licence of ours\"\n\
         fix = \"mail us\"\npattern = [\"OURS-17\"]\nsample = [\"OURS-17\"]\n";
    let call = call(&["explain", "our", "licence", "--site", "site.toml"]).file("site.toml", rule);
    let text = call.run().exits(0).stdout;
    assert!(text.contains("  our-licence  the licence of ours"), "{text}");
}
