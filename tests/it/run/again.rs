//! What was found before, and who else is finding: `--resume` takes nothing old for new, and two runs never mix.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::{Answer, call, tree};

const SUITE: &str = "name = \"site\"\nsummary = \"small probes\"\ntoolchain = [\"compiler\"]\n\
    [[probe]]\nname = \"one\"\nsummary = \"passes\"\nsources = [\"one.sh\"]\nrun = \"sh one.sh\"\n\
    [[probe]]\nname = \"two\"\nsummary = \"passes\"\nrun = \"gcc\"\n\
    [[probe]]\nname = \"known\"\nsummary = \"fails, and the site knows\"\nrun = \"false\"\n";
const SITE: &str =
    "[[known]]\nmatch = { suite = \"site\", probe = \"known\" }\nreason = \"broken\"\nref = \"T-1\"\n";

/// A compiler that is a script, a suite of three probes, and one results directory.
pub(super) struct Place {
    folder: tempfile::TempDir,
    binary: PathBuf,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module =
            "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", \"{root}/opt/gcc-12/bin\")\n";
        tree(
            folder.path(),
            &[
                ("Core/gcc/12.lua", module),
                ("opt/gcc-12/bin/gcc", "#!/bin/sh\nexit 0\n"),
                ("suites/site/suite.toml", SUITE),
                ("suites/site/one.sh", "exit 0\n"),
                ("site.toml", SITE),
            ],
        );
        let place = Self { folder, binary: env!("CARGO_BIN_EXE_stackprobe").into() };
        place.make_executable("opt/gcc-12/bin/gcc");
        place
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn make_executable(&self, name: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(["run", "site", "--cc", "gcc/12"])
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("MODULEPATH", self.at("Core"))
            .env("STACKPROBE_SITE", self.at("site.toml"))
            .env("STACKPROBE_SUITES", self.at("suites"))
            .env("STACKPROBE_RESULTS", self.at("results"));
        command
    }

    /// Goes on: the exit code, and what is said of it.
    fn resume(&self) -> (i32, String) {
        let output = self.command(&["--resume"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said.lines().find(|line| line.contains("resum")).unwrap_or(&said).to_owned();
        (output.status.code().unwrap(), line)
    }

    pub(super) fn change(&self, name: &str, text: &str) {
        // As a package manager does: another file under the same name.
        let new = self.at("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.at(name)).unwrap();
    }
}

#[test]
fn what_depends_on_something_that_has_changed_is_run_again_and_the_reason_is_told() {
    let mut place = Place::new();
    assert_eq!(place.command(&[]).status().unwrap().code(), Some(0));
    let (code, said) = place.resume();
    assert_eq!((code, said.as_str()), (0, "note: resume: 3 cases kept"));

    place.change("opt/gcc-12/bin/gcc", "#!/bin/sh\nexit 1\n");
    place.make_executable("opt/gcc-12/bin/gcc");
    let (code, said) = place.resume();
    assert!(
        code == 1 && said.contains("0 cases kept; 3 run again: other than it was: the installs"),
        "{code} {said}"
    );
    place.change("opt/gcc-12/bin/gcc", "#!/bin/sh\nexit 0\n");
    place.make_executable("opt/gcc-12/bin/gcc");
    assert_eq!(place.resume().0, 0);

    place.change("suites/site/one.sh", "exit 3\n");
    let (code, said) = place.resume();
    assert!(
        code == 1 && said.contains("2 cases kept; 1 run again: other than it was: the probe"),
        "{code} {said}"
    );
    place.change("suites/site/one.sh", "exit 0\n");
    assert_eq!(place.resume().0, 0);

    let module = fs::read_to_string(place.at("Core/gcc/12.lua")).unwrap();
    place.change("Core/gcc/12.lua", &(module + "setenv(\"X\", \"1\")\n"));
    let (code, said) = place.resume();
    assert!(code == 0 && said.contains("3 run again: other than it was: the modules"), "{code} {said}");

    place.change("site.toml", "");
    let (code, said) = place.resume();
    assert!(code == 1 && said.contains("3 run again: other than it was: the site file"), "{code} {said}");
    place.change("site.toml", SITE);
    assert_eq!(place.resume().0, 0);

    // Another binary, which judges as this one does.
    let binary = place.at("stackprobe");
    let mut bytes = fs::read(&place.binary).unwrap();
    bytes.push(0);
    fs::write(&binary, bytes).unwrap();
    place.binary = binary;
    place.make_executable("stackprobe");
    let (code, said) = place.resume();
    assert!(code == 0 && said.contains("3 run again: other than it was: stackprobe"), "{code} {said}");
}

#[test]
fn results_without_inputs_and_issues_that_have_run_out_are_run_again() {
    let place = Place::new();
    assert_eq!(place.command(&[]).status().unwrap().code(), Some(0));
    for entry in fs::read_dir(place.at("results/cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let mut case: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            case.as_object_mut().unwrap().remove("inputs");
            fs::write(&path, case.to_string()).unwrap();
        }
    }
    let (code, said) = place.resume();
    assert!(code == 0 && said.contains("3 run again: what they depended on was not written down"), "{said}");
    fs::remove_file(place.at("results/cases/site.one.gcc-12.json")).unwrap();
    let (code, said) = place.resume();
    assert!(code == 0 && said.contains("2 cases kept; 1 run again: not done yet"), "{said}");
    fs::remove_dir_all(place.at("results")).unwrap();
    let (code, said) = place.resume();
    assert!(code == 0 && said.contains("nothing to resume") && said.contains("everything is run"), "{said}");
}

fn waits_for(path: &Path) {
    for _ in 0..600 {
        if path.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{} does not come", path.display());
}

#[test]
fn a_second_run_into_one_directory_is_refused_and_a_report_of_it_is_not() {
    let place = Place::new();
    place.change(
        "suites/site/one.sh",
        "touch \"$BEGUN\"; while [ ! -e \"$GO\" ]; do sleep 0.05; done; exit 4\n",
    );
    let (begun, go) = (place.at("begun"), place.at("go"));
    let mut first = place.command(&[]);
    first.env("BEGUN", &begun).env("GO", &go).stderr(Stdio::null()).stdout(Stdio::null());
    let mut first = first.spawn().unwrap();
    waits_for(&begun);
    let plan = fs::read(place.at("results/plan.json")).unwrap();

    let second = place.command(&["--resume"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(75), "{said}");
    assert!(
        said.contains(&format!("another run writes into `{}`: process ", place.at("results").display())),
        "{said}"
    );
    assert!(
        said.contains(&first.id().to_string()) && said.contains(" since 20") && said.contains("hint:"),
        "{said}"
    );
    assert_eq!(fs::read(place.at("results/plan.json")).unwrap(), plan, "the second run has written");

    let results = place.at("results");
    let report: Answer = call(&["report", results.to_str().unwrap()]).run();
    assert!(report.code == 75 && report.stdout.contains("1 error"), "{} {}", report.stdout, report.stderr);

    fs::write(&go, "").unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(1));
    // Who was killed holds nothing.
    fs::remove_file(&begun).unwrap();
    fs::remove_file(&go).unwrap();
    let mut killed = place.command(&[]);
    killed.env("BEGUN", &begun).env("GO", &go).stderr(Stdio::null()).stdout(Stdio::null());
    let mut killed = killed.spawn().unwrap();
    waits_for(&begun);
    killed.kill().unwrap();
    killed.wait().unwrap();
    fs::write(&go, "").unwrap();
    let next = place.command(&["--resume"]).env("BEGUN", &begun).env("GO", &go).output().unwrap();
    assert_eq!(next.status.code(), Some(1), "{}", String::from_utf8_lossy(&next.stderr));
}
