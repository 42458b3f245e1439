//! From green to production, on two copies of the real stack's modulefiles: one is broken, judged, mended, promoted,
//! smoked, taken back and pruned.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fixture::{Answer, call, stack};

/// What is asked of each copy: enough to see a broken MPI.
const ASKED: [&str; 3] = ["compiler/c-identity", "mpi/hello", "--all"];

/// What of the real stack each copy has: all of it is judged, as a gate wants it.
const COPIED: [&str; 2] = ["Core/gcc/12.2.0.lua", "gcc/12.2.0/openmpi/5.0.11.lua"];

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The modulefiles of the real stack below `name`, which lead to each other there and to the real installs.
    fn copy(&self, name: &str) -> PathBuf {
        let from = stack().join("share/spack/lmod");
        let to = self.at(name);
        for name in COPIED {
            let name = Path::new("linux-debian12-x86_64").join(name);
            let text = fs::read_to_string(from.join(&name)).unwrap();
            let text = text.replace(&from.display().to_string(), &to.display().to_string());
            fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
            fs::write(to.join(&name), text).unwrap();
        }
        to
    }

    fn call(&self, tree: &Path, words: &[&str]) -> Answer {
        let mut call = call(words).env("MODULEPATH", tree.join("linux-debian12-x86_64/Core"));
        call.command().current_dir(self.folder.path());
        call.run()
    }

    /// Plans, runs and judges a copy; the exit codes of the run and of the gate.
    fn judged(&self, name: &str, tree: &Path, more: &[&str]) -> (i32, Answer) {
        let (plan, results, verdict) =
            (format!("{name}.plan.json"), format!("{name}.results"), format!("{name}.verdict.json"));
        self.call(tree, &[&["list"], &ASKED[..], &["--format", "json", "--out", &plan]].concat()).exits(0);
        let run = self.call(tree, &[&["run"], &ASKED[..], &["--quiet", "--results", &results]].concat());
        let gate = [&["gate", &results, "--plan", &plan, "--out", &verdict], more].concat();
        (run.code, self.call(tree, &gate))
    }

    fn promote(&self, name: &str, tree: &Path) -> Answer {
        let (plan, results, verdict) =
            (format!("{name}.plan.json"), format!("{name}.results"), format!("{name}.verdict.json"));
        let smoke = "mpi/hello --cc gcc/12 --mpi openmpi/5";
        let words =
            ["promote", tree.to_str().unwrap(), "--into", "live", "--gate", &verdict, "--plan", &plan];
        self.call(tree, &[&words[..], &["--results", &results, "--id", name, "--smoke", smoke]].concat())
    }

    fn current(&self) -> String {
        let target = fs::read_link(self.at("live/current")).unwrap();
        target.file_name().unwrap().to_str().unwrap().to_owned()
    }
}

#[test]
fn a_broken_copy_is_named_and_kept_out_and_the_mended_one_goes_live_and_comes_back() {
    let site = Site { folder: tempfile::tempdir().unwrap() };
    let (blue, green) = (site.copy("blue"), site.copy("green"));
    fs::create_dir(site.at("live")).unwrap();

    // The first is sound and goes live.
    let (run, gate) = site.judged("blue", &blue, &[]);
    assert_eq!(run, 0);
    gate.exits(0);
    site.promote("blue", &blue).exits(0);
    assert_eq!(site.current(), "blue");

    // The second has a module that leads to nothing: the gate says no, and names it.
    let module = green.join("linux-debian12-x86_64").join(COPIED[1]);
    let sound = fs::read_to_string(&module).unwrap();
    fs::write(&module, sound.replace("/bin\"", "/gone\"")).unwrap();
    assert_ne!(fs::read_to_string(&module).unwrap(), sound);
    let (run, gate) = site.judged("green", &green, &["--baseline", "live/current"]);
    assert_eq!(run, 1);
    let told = gate.exits(1).stdout;
    assert!(told.contains("openmpi/5.0.11") && told.contains("[failed]"), "{told}");
    let refused = site.promote("green", &green).exits(1);
    assert!(refused.stderr.contains("the gate said no"), "{}", refused.stderr);
    assert_eq!(site.current(), "blue");

    // Mended, but not judged anew, it still does not go; judged against what is live, it does.
    fs::write(&module, &sound).unwrap();
    site.promote("green", &green).exits(1);
    fs::remove_dir_all(site.at("green.results")).unwrap();
    let (run, gate) = site.judged("green", &green, &["--baseline", "live/current"]);
    assert_eq!(run, 0);
    let told = gate.exits(0).stdout;
    assert!(!told.contains("no baseline"), "{told}");
    site.promote("green", &green).exits(0);
    assert_eq!(site.current(), "green");
    // The smoke run went through the link.
    let smoked = fs::read_to_string(site.at("live/smoke/green/plan.json")).unwrap();
    assert!(smoked.contains("live/current/stack"), "{smoked}");

    // And back, and away.
    site.call(&blue, &["rollback", "--into", "live"]).exits(0);
    assert_eq!(site.current(), "blue");
    let pruned = site.call(&blue, &["prune", "--into", "live", "--keep", "0"]).exits(0);
    assert!(pruned.stdout.contains("green is gone; its stack stays"), "{}", pruned.stdout);
    assert!(green.is_dir() && site.at("live/releases/blue/manifest.json").is_file());
    site.call(&blue, &["releases", "--into", "live", "--verify"]).exits(0);
}

#[test]
fn a_release_without_results_is_no_baseline_and_foreign_results_do_not_go_into_one() {
    let site = Site { folder: tempfile::tempdir().unwrap() };
    let tree = site.copy("blue");
    fs::create_dir(site.at("live")).unwrap();
    site.judged("blue", &tree, &[]).1.exits(0);
    let words =
        ["promote", "blue", "--into", "live", "--gate", "blue.verdict.json", "--plan", "blue.plan.json"];
    let words = [&words[..], &["--smoke", ""]].concat();
    site.call(&tree, &[&words[..], &["--id", "bare"]].concat()).exits(0);
    let gate = ["gate", "blue.results", "--plan", "blue.plan.json", "--baseline", "live/current"];
    let answer = site.call(&tree, &gate).exits(2);
    assert!(answer.stderr.contains("keeps no results to compare with"), "{}", answer.stderr);
    let run = [&["run"], &ASKED[..], &["--quiet", "--results", "other"]].concat();
    site.call(&tree, &run).exits(0);
    let answer = site.call(&tree, &[&words[..], &["--id", "other", "--results", "other"]].concat()).exits(1);
    assert!(answer.stderr.contains("are not those that the gate judged"), "{}", answer.stderr);
}
