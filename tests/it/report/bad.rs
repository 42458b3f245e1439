//! Inputs that are broken, too large or of somebody else: named and skipped, the rest is done.

use std::path::Path;

use super::results::{Report, Site, case, check, owed, plan};

/// Reports `bad` beside a sound pod: the sound one is done, the bad one is named with `why` and is never green.
fn named(site: &Site, bad: &Path, why: &str) -> Report {
    let sound = site.sound("sound", "a");
    let report = site.report(&[&sound, bad]);
    assert_eq!(report.code, 75, "{}", report.told);
    assert!(report.junit.contains("works"), "the sound pod is not in the report");
    let name = bad.file_name().unwrap().to_str().unwrap();
    for text in [&report.told, &report.page, &report.junit] {
        assert!(text.contains(why), "`{why}` is not told of {name}:\n{}", report.told);
    }
    report.assert_well_formed();
    report
}

#[test]
fn a_plan_that_was_cut_short() {
    let site = Site::new();
    let text = plan("x", &[owed("b", "gcc/12")]).to_string();
    site.write("bad/plan.json", &text[..text.len() / 2]);
    named(&site, &site.path("bad"), "it is cut short: it ends in line 1");
}

#[test]
fn cases_without_a_plan() {
    let site = Site::new();
    site.write("bad/cases/b.json", "{}");
    named(&site, &site.path("bad"), "holds cases but no plan.json");
}

#[test]
fn a_folder_and_a_file_that_are_not_there_or_hold_nothing() {
    let site = Site::new();
    named(&site, &site.path("gone"), "no such file or directory");
    std::fs::create_dir(site.path("empty")).unwrap();
    named(&site, &site.path("empty"), "it holds no results");
    named(&site, Path::new("/dev/zero"), "neither a folder nor a regular file");
}

#[test]
fn results_of_another_version() {
    let site = Site::new();
    let mut of_another = plan("x", &[owed("b", "gcc/12")]);
    of_another["format"] = 2.into();
    of_another["stackprobe"] = "9.1.0".into();
    of_another["cases"] = "quite different".into();
    let bad = site.pod("bad", &of_another, &[]);
    let report = named(&site, &bad, "it is of format 2, wanted 1");
    assert!(report.told.contains("stackprobe 9.1.0 wrote it"));
}

#[test]
fn a_case_that_was_cut_short_or_belongs_elsewhere_is_an_error_of_its_own() {
    let site = Site::new();
    let (b, c, d) = (owed("b", "gcc/12"), owed("c", "gcc/12"), owed("d", "gcc/12"));
    let bad = site.pod("bad", &plan("x", &[b.clone(), c.clone(), d.clone()]), &[]);
    let text = case(&b, &[check("x", "passed", "")]).to_string();
    site.write("bad/cases/b.json", &text[..text.len() - 9]);
    let elsewhere = case(&owed("c", "gcc/13"), &[check("x", "passed", "")]);
    site.write("bad/cases/c.json", elsewhere.to_string());
    let mut later = case(&d, &[check("x", "passed", "")]);
    later["format"] = 7.into();
    site.write("bad/cases/d.json", later.to_string());
    let report = named(&site, &bad, "its record cannot be read");
    assert!(report.page.contains("its record is of another case"));
    assert!(report.page.contains("its record is of format 7"));
    assert_eq!(report.total("errors"), 3);
}

#[test]
fn two_plans_in_one_folder() {
    let site = Site::new();
    let b = owed("b", "gcc/12");
    let stray = case(&owed("of-another", "gcc/12"), &[check("x", "passed", "")]);
    let bad = site.pod(
        "bad",
        &plan("x", std::slice::from_ref(&b)),
        &[case(&b, &[check("x", "passed", "")]), stray],
    );
    named(&site, &bad, "two runs wrote into this directory");
}

#[test]
fn a_pipe_and_a_link_in_place_of_a_record_are_not_opened() {
    let site = Site::new();
    let (b, c) = (owed("b", "gcc/12"), owed("c", "gcc/12"));
    let bad = site.pod("bad", &plan("x", &[b, c]), &[]);
    std::fs::create_dir_all(bad.join("cases")).unwrap();
    nix::unistd::mkfifo(&bad.join("cases/b.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", bad.join("cases/c.json")).unwrap();
    let report = named(&site, &bad, "not a regular file");
    assert_eq!(report.total("errors"), 2);
    assert!(!report.page.contains("root:"));
}

#[test]
fn foreign_xml_with_entities_is_refused() {
    let site = Site::new();
    let secret = site.write("secret.txt", "the content of a file");
    let text = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE t [<!ENTITY x SYSTEM \"file://{}\">]><testsuites><testsuite name=\"s\">\
         <testcase name=\"a\"><failure message=\"&x;\">&x;</failure></testcase></testsuite></testsuites>",
        secret.display()
    );
    let bad = site.write("bad.xml", text);
    let report = named(&site, &bad, "it declares a document type");
    assert!(!report.page.contains("the content of a file"));
}

#[test]
fn a_gigabyte_of_foreign_xml_is_not_read() {
    let site = Site::new();
    let bad = site.write("bad.xml", "<testsuites>");
    std::fs::File::options().write(true).open(&bad).unwrap().set_len(1 << 30).unwrap();
    let begun = std::time::Instant::now();
    named(&site, &bad, "it has 1024 MiB, at most 32 are read");
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn xml_that_is_no_junit_and_junit_that_is_no_xml() {
    let site = Site::new();
    let page = site.write("page.xml", "<html><body/></html>");
    named(&site, &page, "it is not JUnit");
    let broken = site.write("broken.xml", "no XML at all <<<");
    named(&site, &broken, "XML");
}
