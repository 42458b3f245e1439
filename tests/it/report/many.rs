//! Many pods, one account.

use std::collections::BTreeMap;

use stackprobe::report::order::{Further, ReportOrder};
use stackprobe::report::record::{CaseRecord, PlanRecord};
use stackprobe::report::results::{Results, read};

use super::results::{Site, case, check, owed, plan};

#[test]
fn each_pod_is_counted_and_what_nobody_answered_for_is_an_error() {
    let site = Site::new();
    let (a, b, c) = (owed("a", "gcc/12"), owed("b", "gcc/12 mpich/4"), owed("c", "gcc/12 mpich/4"));
    let one =
        site.pod("one", &plan("one", std::slice::from_ref(&a)), &[case(&a, &[check("x", "passed", "")])]);
    let red = case(&b, &[check("x", "passed", ""), check("y", "failed", "wanted 1, found 2")]);
    let two = site.pod("two", &plan("two", &[b, c]), &[red]);
    let report = site.report(&[&one, &two]);
    assert_eq!(report.code, 1);
    assert_eq!(["tests", "failures", "errors"].map(|name| report.total(name)), [4, 1, 1], "{}", report.told);
    assert!(report.junit.contains("type=\"lost\""));
    assert!(report.page.contains("1 check failed, 1 could not be determined"));
    assert!(report.page.contains("no result: the run ended before this case could be written"));
    assert!(
        report.told.contains("1 failed, 1 error, 2 passed in 3 cases under 2 toolchains"),
        "{}",
        report.told
    );
    report.assert_well_formed();
}

#[test]
fn a_folder_of_pods_is_searched_and_the_report_in_it_is_not_read_as_an_input() {
    let site = Site::new();
    site.sound("pods/one/results", "a");
    site.sound("pods/two/results", "b");
    std::os::unix::fs::symlink(site.path("pods/two"), site.path("pods/latest")).unwrap();
    for _ in 0..2 {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_stackprobe"))
            .arg("report")
            .arg(site.path("pods"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.contains("2 passed in 2 cases"), "{told}");
    }
    assert!(site.path("pods/report.html").exists());
}

#[test]
fn several_inputs_need_an_output_folder() {
    let site = Site::new();
    let (one, two) = (site.sound("one", "a"), site.sound("two", "b"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_stackprobe"))
        .arg("report")
        .args([one, two])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--out is missing"));
}

#[test]
fn a_pod_that_left_nothing_is_missed_by_the_plan() {
    let site = Site::new();
    let one = site.sound("one", "a");
    let wanted =
        site.write("wanted.json", plan("", &[owed("a", "gcc/12.2.0"), owed("z", "gcc/13")]).to_string());
    let report = site.report_with(&[&one], &["--plan", wanted.to_str().unwrap()]);
    assert_eq!(report.code, 75);
    assert_eq!(["tests", "errors"].map(|name| report.total(name)), [2, 1]);
    assert!(report.told.contains("no pod has answered for this case"));
}

#[test]
fn one_cause_of_many_reds_is_one_entry() {
    let site = Site::new();
    let cases: Vec<_> =
        (0..40).map(|place| owed(&format!("p{place}"), &format!("gcc/12 mpich/{}", place % 4))).collect();
    let records: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(place, owed)| {
            case(owed, &[check("x", "failed", &format!("rank {place}: wanted {place}, found 0"))])
        })
        .collect();
    let pod = site.pod("one", &plan("one", &cases), &records);
    let report = site.report(&[&pod]);
    assert!(report.page.contains(">1 cause<"), "no single cause");
    assert!(report.page.contains("40 cases"));
    assert_eq!(report.told.matches("wanted").count(), 1, "{}", report.told);
}

/// A run into the directory of an earlier one, cut short at once: what the earlier one passed is no result of this one.
#[test]
fn the_cases_of_an_earlier_run_do_not_count() {
    let site = Site::new();
    let folder = site.sound("results", "a");
    let (plan, done, strays): (PlanRecord, BTreeMap<String, CaseRecord>, Vec<String>) =
        read(&folder).unwrap();
    assert_eq!((done.len(), strays.len()), (1, 0));
    let mut record = done["a"].clone();
    let mut results = Results::begin(&folder, &plan, Vec::new(), ReportOrder::default()).unwrap();
    assert_eq!(read(&folder).unwrap().1.len(), 0);
    results.finish(&mut record);
    results.end().unwrap();
    assert_eq!(read(&folder).unwrap().1.len(), 1);
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("1 check passed"));
}

#[test]
fn a_further_report_is_written_where_it_is_asked_for_and_nowhere_else() {
    let site = Site::new();
    let pod = site.sound("one", "a");
    let metrics = site.path("out").join("metrics.prom");
    site.report(&[&pod]);
    assert!(!metrics.exists());
    let report = site.report_with(&[&pod], &["--report", "metrics"]);
    assert!(report.code == 0 && report.page.contains("1 check passed") && report.total("tests") == 1);
    let text = std::fs::read_to_string(&metrics).unwrap();
    assert!(text.contains("outcome=\"passed\"} 1\n") && text.contains("stackprobe_exit_code 0\n"), "{text}");
    // A collector's folder is another one, and reads only what ends in .prom.
    let node = site.path("node");
    std::fs::create_dir(&node).unwrap();
    let flag = node.join("stack.prom").display().to_string();
    site.report_with(&[&pod], &["--metrics", &flag]);
    assert_eq!(std::fs::read_to_string(&flag).unwrap(), text);
    assert_eq!(std::fs::read_dir(&node).unwrap().count(), 1, "a temporary file is left");
    // A run writes the same at its end.
    let (plan, done, _): (PlanRecord, BTreeMap<String, CaseRecord>, Vec<String>) = read(&pod).unwrap();
    let further = vec![Further::new("metrics", None).unwrap()];
    let order = ReportOrder { strict: false, further };
    Results::begin(&pod, &plan, done.into_values().collect(), order).unwrap().end().unwrap();
    assert_eq!(std::fs::read_to_string(pod.join("metrics.prom")).unwrap(), text);
}

#[test]
fn a_report_that_is_none_or_goes_nowhere_is_refused_at_once() {
    let site = Site::new();
    let pod = site.sound("one", "a");
    let report = site.report_with(&[&pod], &["--report", "word"]);
    assert!(report.code == 2 && report.told.contains("there are junit, html, metrics"), "{}", report.told);
    let nowhere = site.path("nowhere/stack.prom").display().to_string();
    let report = site.report_with(&[&pod], &["--metrics", &nowhere]);
    assert!(![0, 1].contains(&report.code), "{}", report.code);
    assert!(report.told.contains("nowhere") && !site.path("out/junit.xml").exists(), "{}", report.told);
}
