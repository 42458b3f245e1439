//! Names and outputs that want more than to be read.

use serde_json::json;

use super::results::{Report, Site, case, check, owed, plan};

const TAG: &str = "</script></pre><img src=x onerror=alert(1)><script>alert(2)</script>\"' onload='x";

/// A pod in which every text is hostile.
pub(super) fn hostile(site: &Site) -> Report {
    let mut b = owed("b", &format!("gcc/12 {TAG}"));
    b["suite"] = TAG.into();
    b["probe"] = TAG.into();
    b["file"] = TAG.into();
    let mut checks = [check(TAG, "failed", TAG), check(&format!("{TAG}2"), "skipped", TAG)];
    checks[0]["detail"] = TAG.into();
    checks[0]["kind"] = TAG.into();
    let mut red = case(&b, &checks);
    red["output"] = json!(format!("\u{0}\u{1b}[31m]]>\u{202e}dessap\u{ffff} {TAG}"));
    red["log"] = "../../../etc/passwd".into();
    red["commands"][0]["command"] = format!("./a '--password=correct horse' {TAG}").into();
    red["properties"] = json!({TAG: TAG, "API_TOKEN": "battery"});
    red["environment"] = json!({"SITE_PASSWORD": "staple", TAG: TAG, "GONE": null});
    red["checks"][0]["diagnosis"] = json!({"id": TAG, "fault": TAG, "cause": TAG, "fix": TAG});
    red["earlier"] = json!([check(TAG, "error", TAG)]);
    let mut plan = plan(TAG, &[b]);
    plan["command"] = json!(["stackprobe", "run", "--token", "margarine", "--site", "/etc/site.toml"]);
    plan["pod"]["node"] = TAG.into();
    plan["pod"]["image"] = TAG.into();
    let pod = site.pod("pod", &plan, &[red]);
    let other = site.sound("other", "a");
    site.report(&[&pod, &other])
}

#[test]
fn nothing_hostile_becomes_an_element() {
    let site = Site::new();
    let report = hostile(&site);
    assert_eq!(report.code, 1, "{}", report.told);
    report.assert_well_formed();
    for hostile in ["<img", "<script>alert", "\"' onload", "onerror=alert(1)>", "\u{202e}", "\u{0}"] {
        assert!(!report.page.contains(hostile), "{hostile}");
    }
    assert_eq!(report.page.matches("<script").count(), 1);
    assert!(report.page.contains("&lt;img src=x"));
}

#[test]
fn no_secret_is_in_any_report() {
    let site = Site::new();
    let report = hostile(&site);
    for secret in ["correct horse", "battery", "staple", "margarine"] {
        for text in [&report.page, &report.junit, &report.told] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    assert!(report.page.contains("--password=***"));
    assert!(report.page.contains("SITE_PASSWORD"));
}

/// Ids and logs that lead out of the results directory are neither read, written nor linked.
#[test]
fn nothing_leaves_the_folders() {
    let site = Site::new();
    site.write(
        "outside.json",
        case(&owed("../../outside", "gcc/12"), &[check("x", "passed", "")]).to_string(),
    );
    let bad = owed("../../outside", "gcc/12");
    let mut linked = case(&owed("c", "gcc/12"), &[check("x", "failed", "no")]);
    linked["log"] = "../../secret.log".into();
    let pod = site.path("out/pod");
    site.pod("out/pod", &plan("x", &[bad, owed("c", "gcc/12")]), &[linked]);
    let report = site.report(&[&pod]);
    assert!(report.page.contains("an id that no file can have"), "{}", report.told);
    assert!(!report.page.contains("href=\"./pod/../"));
    let mut left: Vec<String> = std::fs::read_dir(site.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["out", "outside.json"]);
    let mut left: Vec<String> = std::fs::read_dir(site.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["junit.xml", "pod", "report.html"]);
}

#[test]
fn a_log_in_the_output_folder_is_linked_and_one_outside_is_named() {
    let site = Site::new();
    let c = owed("c", "gcc/12");
    let mut red = case(&c, &[check("x", "failed", "no")]);
    red["log"] = "logs/c d.log".into();
    let inside = site.pod("out/pod 1", &plan("x", std::slice::from_ref(&c)), &[red.clone()]);
    assert!(site.report(&[&inside]).page.contains("href=\"./pod%201/logs/c%20d.log\""));
    let outside = site.pod("pod", &plan("x", &[c]), &[red]);
    let report = site.report(&[&outside]);
    assert!(report.page.contains("log: logs/c d.log"));
    assert!(!report.page.contains("c%20d.log"));
}

#[test]
fn the_page_loads_nothing() {
    let site = Site::new();
    let page = hostile(&site).page;
    let head = page.split("</head>").next().unwrap();
    assert!(head.contains("default-src &#39;none&#39;") || head.contains("default-src 'none'"));
    let style = head.split("<style>").nth(1).unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    for element in ["<link", "<iframe", "<object", "<embed", "<base", "<form", "<img", "<video", "<audio"] {
        assert!(!page.contains(element), "{element}");
    }
    for attribute in
        [" src=\"", " action=\"", " srcset=\"", " href=\"//", " href=\"http", " href=\"javascript"]
    {
        assert!(!page.contains(attribute), "{attribute}");
    }
}
