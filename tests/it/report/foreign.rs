//! JUnit of other harnesses, counted with ours.

use super::results::{Site, case, check, owed, plan};

/// As `spack test run --log-format junit` writes it.
const SPACK: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- This file has been modeled after the basic specifications -->
<testsuites>
    <testsuite name="zlib@1.2.13%gcc@12.2.0" errors="1" tests="4" failures="1" time="3.5" timestamp="Sun, 22 Nov 2026">
        <properties>
            <property name="architecture" value="linux-debian12-x86_64" />
            <property name="compiler" value="gcc@=12.2.0" />
        </properties>
        <testcase classname="zlib" name="abcdef" time="1.25"/>
        <testcase classname="hdf5" name="bcdefa" time="0.5">
            <failure message="TestFailure: 1 test failed">
h5dump &lt;file&gt; exited with 1 &#38; no more
            </failure>
            <system-out>FFFF &amp; token: API_TOKEN=hunter2hunter2</system-out>
        </testcase>
        <testcase classname="numactl" name="cdefab" time="0.1"><skipped /></testcase>
        <testcase classname="fftw" name="defabc"><error message="no such file"/></testcase>
    </testsuite>
</testsuites>"#;

#[test]
fn specs_that_spack_tested_are_checks_like_any_other() {
    let site = Site::new();
    let sound = site.sound("sound", "a");
    let spack = site.write("spack-test.xml", SPACK);
    let report = site.report(&[&sound, &spack]);
    assert_eq!(report.code, 1);
    assert_eq!(
        ["tests", "failures", "errors", "skipped"].map(|name| report.total(name)),
        [5, 1, 1, 1],
        "{}",
        report.told
    );
    assert!(report.junit.contains("<testsuite id=\"1\" name=\"spack-test gcc/12.2.0\""), "{}", report.junit);
    assert!(report.page.contains("h5dump &lt;file&gt; exited with 1 &amp; no more"));
    assert!(!report.page.contains("hunter2hunter2") && report.page.contains("API_TOKEN=***"));
    report.assert_well_formed();
}

#[test]
fn what_a_file_that_ends_in_the_middle_tells_is_kept_and_the_rest_is_an_error() {
    let site = Site::new();
    let sound = site.sound("sound", "a");
    let cut = site.write("cut.xml", SPACK.split("<testcase classname=\"numactl\"").next().unwrap());
    let report = site.report(&[&sound, &cut]);
    assert_eq!(report.code, 1);
    assert_eq!(["tests", "failures", "errors"].map(|name| report.total(name)), [4, 1, 1], "{}", report.told);
    assert!(report.told.contains("it ends in the middle"));
}

#[test]
fn a_suite_that_promised_more_than_it_holds_is_not_green() {
    let site = Site::new();
    let text = "<testsuite name=\"s\" tests=\"3\"><testcase name=\"a\"/></testsuite>";
    let report = site.report(&[&site.write("few.xml", text)]);
    assert_eq!(report.code, 75);
    assert!(report.told.contains("3 test cases promised, 1 seen"));
}

#[test]
fn our_own_junit_gives_the_same_numbers_where_only_that_was_kept() {
    let site = Site::new();
    let mut b = owed("b", "gcc/12 mpich/4");
    b["ranks"] = 4.into();
    let red = case(
        &b,
        &[
            check("x", "passed", ""),
            check("y z", "failed", "wanted <1>, found 2"),
            check("s", "skipped", "no"),
        ],
    );
    let pod = site.pod("pod", &plan("pod", &[b]), &[red]);
    let first = site.report(&[&pod]);
    let kept = site.write("kept.xml", &first.junit);
    let second = site.report(&[&kept]);
    for name in ["tests", "failures", "errors", "skipped"] {
        assert_eq!(first.total(name), second.total(name), "{name}");
    }
    for text in ["classname=\"mpi.b\"", "name=\"y z n=4 [gcc/12 mpich/4]\"", "name=\"mpi gcc/12 mpich/4\""] {
        assert!(first.junit.contains(text), "{text}");
        assert!(second.junit.contains(text), "{text}: {}", second.junit);
    }
}
