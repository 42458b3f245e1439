//! Promote, roll back, list and prune: no link ever leads to half a release.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fixture::Answer;
use crate::gate::Site;

/// A stack that its gate has let go, and a folder of releases beside it.
struct Live {
    site: Site,
    releases: PathBuf,
}

const SMOKE: &str = "site --all --tag smoke";

impl Live {
    fn new() -> Self {
        let site = Site::sound();
        site.gate(&["--out", "verdict.json"]).exits(0);
        let releases = site.at("live");
        Self { site, releases }
    }

    /// `--into` the releases.
    fn call(&self, words: &[&str]) -> Answer {
        let into = ["--into", self.releases.to_str().unwrap()];
        self.site.call(&[words, &into].concat())
    }

    fn promote(&self, words: &[&str]) -> Answer {
        let candidate = self.site.at("");
        let always =
            ["promote", candidate.to_str().unwrap(), "--gate", "verdict.json", "--plan", "plan.json"];
        self.call(&[&always, words].concat())
    }

    fn leads(&self, ring: &str) -> String {
        let target = fs::read_link(self.releases.join(ring)).unwrap_or_default();
        target.to_str().unwrap().trim_start_matches("releases/").to_owned()
    }

    fn listed(&self) -> Vec<Value> {
        let answer = self.call(&["releases", "--format", "json", "--verify"]);
        serde_json::from_str::<Value>(&answer.stdout).unwrap().as_array().unwrap().clone()
    }
}

#[test]
fn a_stack_goes_live_by_a_link_is_smoked_through_it_and_comes_back() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", SMOKE]).exits(0);
    assert_eq!(live.leads("current"), "one");
    // The smoke run saw the stack behind the link.
    let plan: Value =
        serde_json::from_slice(&fs::read(live.releases.join("smoke/one/plan.json")).unwrap()).unwrap();
    assert!(
        plan["modulepath"].as_str().unwrap().ends_with("live/current/stack/Core"),
        "{}",
        plan["modulepath"]
    );
    assert_eq!(plan["cases"].as_array().unwrap().len(), 2);
    live.promote(&["--id", "two", "--smoke", SMOKE]).exits(0);
    live.promote(&["--id", "three", "--smoke", "", "--ring", "canary"]).exits(0);
    assert_eq!((live.leads("current"), live.leads("canary")), ("two".into(), "three".into()));
    let told = live.listed();
    let rings: Vec<(&str, String)> =
        told.iter().map(|one| (one["id"].as_str().unwrap(), one["rings"].to_string())).collect();
    assert_eq!(
        rings,
        [("one", "[]".into()), ("two", "[\"current\"]".into()), ("three", "[\"canary\"]".into())]
    );
    assert_eq!(told[1]["manifest"]["previous"], "one");
    assert!(told.iter().all(|one| one["faults"] == json!([])), "{told:#?}");
    live.call(&["rollback"]).exits(0);
    assert_eq!(live.leads("current"), "one");
    assert!(live.call(&["rollback"]).exits(3).stderr.contains("before one there was nothing"));
    // Nothing that is led to goes.
    let told = live.call(&["prune", "--keep", "0"]).exits(0).stdout;
    assert!(told.contains("two is gone; its stack stays: "), "{told}");
    assert!(live.releases.join("releases/one").is_dir() && live.releases.join("releases/three").is_dir());
    assert!(!live.releases.join("releases/two").exists() && live.site.at("Core/gcc/12.lua").is_file());
    let log = fs::read_to_string(live.releases.join("log.jsonl")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains("\"promoted\"")).count(), 3);
}

#[test]
fn a_smoke_run_that_fails_takes_the_switch_back() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", ""]).exits(0);
    // Everything is as it was judged, and yet it does not work here.
    let told = live.promote(&["--id", "two", "--smoke", "site --all --tag no-such-tag"]).exits(1).stderr;
    assert!(told.contains("current leads to one again"), "{told}");
    assert_eq!(live.leads("current"), "one");
    assert!(!live.releases.join("switch.json").exists());
    let first = Live::new();
    first.promote(&["--smoke", "site --all --tag no-such-tag"]).exits(1);
    assert!(fs::symlink_metadata(first.releases.join("current")).is_err());
}

#[test]
fn only_what_the_gate_let_go_and_nothing_else_goes() {
    let live = Live::new();
    let refused = |words: &[&str], wanted: &str| {
        let answer = live.promote(&[words, &["--smoke", ""]].concat()).exits(1);
        assert!(
            answer.stderr.contains(wanted) && answer.stderr.contains("hint:"),
            "{wanted}\n{}",
            answer.stderr
        );
        assert!(!live.releases.join("current").exists());
    };
    let candidate = live.site.at("");
    let bare = live.call(&["promote", candidate.to_str().unwrap(), "--smoke", ""]).exits(1).stderr;
    assert!(bare.contains("no gate has let this stack go") && bare.contains("no plan was given"), "{bare}");
    // The gate said no.
    let verdict = fs::read_to_string(live.site.at("verdict.json")).unwrap();
    fs::write(live.site.at("verdict.json"), verdict.replace("\"may-go\"", "\"no\"")).unwrap();
    refused(&[], "the gate said no");
    fs::write(live.site.at("verdict.json"), &verdict).unwrap();
    // The verdict of another plan.
    let plan = fs::read_to_string(live.site.at("plan.json")).unwrap();
    fs::write(live.site.at("plan.json"), plan.replacen("\"one\"", "\"another\"", 1)).unwrap();
    refused(&[], "is the verdict of another plan");
    fs::write(live.site.at("plan.json"), &plan).unwrap();
    // A modulefile that was changed, taken away or added after the gate.
    let file = live.site.at("Core/gcc/12.lua");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("opt/gcc-12", "opt/gcc-13")).unwrap();
    refused(&[], "of the stack not as they were judged");
    fs::remove_file(&file).unwrap();
    refused(&[], "of the stack not as they were judged");
    fs::write(&file, &text).unwrap();
    fs::create_dir(live.site.at("Core/new")).unwrap();
    fs::write(live.site.at("Core/new/1.lua"), "").unwrap();
    refused(&[], "modulefiles that nobody judged");
    fs::remove_dir_all(live.site.at("Core/new")).unwrap();
    // Another stack.
    let other = Site::bare();
    let path = other.at("");
    let words =
        ["promote", path.to_str().unwrap(), "--gate", "verdict.json", "--plan", "plan.json", "--smoke", ""];
    let told = live.call(&words).exits(1).stderr;
    assert!(told.contains("the plan is of another stack"), "{told}");
    // Names that can be none, all at once.
    let told =
        live.promote(&["--id", "../x", "--ring", ".hidden", "--force", " ", "--smoke", "'"]).exits(2).stderr;
    for wanted in
        ["`../x` can be no id", "`.hidden` can be no ring", "--force wants a reason", "words of --smoke"]
    {
        assert!(told.contains(wanted), "{told}");
    }
    // Whoever must, may: it is written down.
    fs::write(live.site.at("verdict.json"), verdict.replace("\"may-go\"", "\"no\"")).unwrap();
    live.promote(&["--id", "forced", "--force", "T-17", "--smoke", ""]).exits(0);
    assert_eq!(live.listed()[0]["manifest"]["forced"], "T-17");
    let told = live.promote(&["--id", "forced", "--force", "T-18", "--smoke", ""]).exits(2).stderr;
    assert!(told.contains("there is a release `forced` already"), "{told}");
}

#[test]
fn a_modulefile_that_leads_through_the_link_is_refused_even_with_force() {
    let live = Live::new();
    let link = live.releases.join("current/stack/opt");
    live.site.replace("Core/gcc/12.lua", "whatis(\"g\")", &format!("setenv(\"G\", \"{}\")", link.display()));
    let told = live.promote(&["--force", "T-1", "--smoke", ""]).exits(1).stderr;
    assert!(
        told.contains("lead through a link that is switched") && told.contains("Core/gcc/12.lua"),
        "{told}"
    );
    // What only begins alike does not.
    live.site.replace("Core/gcc/12.lua", "live/current/stack", "live/currently/stack");
    live.promote(&["--force", "T-1", "--smoke", ""]).exits(0);
}

#[test]
fn links_and_manifests_that_were_touched_are_told_and_nothing_is_switched() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", ""]).exits(0);
    live.promote(&["--id", "two", "--smoke", ""]).exits(0);
    let manifest = live.releases.join("releases/one/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    for (edited, wanted) in [
        (text.replace("\"gate\": \"2", "\"gate\": \"3"), "it is not as it was written"),
        (text.replace("\"id\": \"one\"", "\"id\": \"uno\""), "it is of the release `uno`"),
        (text[..text.len() / 2].to_owned(), "cannot use `"),
        (String::new(), "cannot use `"),
    ] {
        fs::write(&manifest, edited).unwrap();
        let told = live.call(&["rollback"]).exits(2).stderr;
        assert!(told.contains(wanted) && told.contains("hint:"), "{wanted}: {told}");
        assert_eq!(live.leads("current"), "two");
        assert!(live.call(&["releases"]).exits(1).stdout.contains("not as it was promoted"));
        let told = live.call(&["prune", "--keep", "0"]).exits(0).stdout;
        assert!(live.releases.join("releases/one").is_dir(), "{told}");
    }
    fs::write(&manifest, &text).unwrap();
    for target in
        ["/tmp", "..", "releases", "releases/none", "releases/../releases/one", "releases/one/stack"]
    {
        fs::remove_file(live.releases.join("current")).unwrap();
        symlink(target, live.releases.join("current")).unwrap();
        for words in [&["rollback"][..], &["prune", "--keep", "1"], &["releases"]] {
            let told = live.call(words).exits(78).stderr;
            assert!(told.contains("which is no release of this folder"), "{target} {words:?}: {told}");
        }
        live.promote(&["--id", "three", "--smoke", ""]).exits(78);
        assert!(!live.releases.join("releases/three").exists());
    }
    fs::remove_file(live.releases.join("current")).unwrap();
    fs::create_dir(live.releases.join("current")).unwrap();
    let told = live.promote(&["--id", "three", "--smoke", ""]).exits(78).stderr;
    assert!(told.contains("is no link: it is not ours to replace"), "{told}");
}

#[test]
fn the_second_promoter_waits_and_is_told() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", ""]).exits(0);
    let lock = fs::File::options().read(true).write(true).open(live.releases.join(".lock")).unwrap();
    lock.lock().unwrap();
    let told = live.promote(&["--id", "two", "--smoke", ""]).exits(75).stderr;
    assert!(told.contains("somebody else is changing") && told.contains("hint:"), "{told}");
    // Looking needs no lock.
    live.call(&["releases"]).exits(0);
    lock.unlock().unwrap();
    live.promote(&["--id", "two", "--smoke", ""]).exits(0);
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let live = Live::new();
    for id in ["one", "two"] {
        live.promote(&["--id", id, "--smoke", ""]).exits(0);
    }
    let log = live.releases.join("log.jsonl");
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let three: &[&str] = &["--id", "three", "--smoke", ""];
    let ways: [&dyn Fn() -> Answer; 3] =
        [&|| live.promote(three), &|| live.call(&["rollback"]), &|| live.call(&["prune", "--keep", "0"])];
    // One after the other: what one switched, the next might switch back.
    for way in ways {
        let told = way().exits(78).stderr;
        assert!(told.contains("log.jsonl") && told.lines().count() == 1, "{told}");
        assert_eq!(live.leads("current"), "two");
        assert!(
            !live.releases.join("releases/three").exists() && live.releases.join("releases/one").is_dir()
        );
    }
    fs::remove_dir(&log).unwrap();
    live.promote(three).exits(0);
}

/// Promotes onto a disk of which ever more is free, but never enough at first.
const FULL: &str = r#"
mount -t tmpfs -o size=1m full "$live" || exit 99
promote() {
    "$stackprobe" promote "$site" --gate verdict.json --plan plan.json --into "$live" --smoke "" --id "$1" 2>&1
}
promote one > told || exit 98
for pages in 0 1 2 3 4 5 6 9; do
    cat /dev/zero > "$live/filler" 2> /dev/null
    truncate --size="-$((pages * 4096))" "$live/filler"
    before=$(readlink "$live/current")
    promote "try-$pages" > told; code=$?
    tr '\n' ' ' < told > line
    half=$(ls -A "$live" "$live/releases" | grep -c '[.]part$')
    rm "$live/filler"
    whole=$("$stackprobe" releases --into "$live" --verify > /dev/null; echo $?)
    echo "$pages|$code|$before|$(readlink "$live/current")|$half|$whole|$(cat line)"
    promote "after-$pages" > told || { cat told; exit 97; }
done
"#;

#[test]
fn a_disk_that_is_full_in_the_middle_switches_nothing_and_loses_nothing() {
    let live = Live::new();
    fs::create_dir(&live.releases).unwrap();
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", FULL]).current_dir(live.site.at(""));
    for (name, value) in [
        ("stackprobe", PathBuf::from(env!("CARGO_BIN_EXE_stackprobe"))),
        ("live", live.releases.clone()),
        ("site", live.site.at("")),
        ("MODULEPATH", live.site.at("Core")),
        ("STACKPROBE_SITE", live.site.at("site.toml")),
        ("STACKPROBE_SUITES", live.site.at("suites")),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", output.status);
    let (mut failed, mut done) = (0, 0);
    for line in told.lines() {
        let [pages, code, before, now, half, whole, said] = line.splitn(7, '|').collect::<Vec<_>>()[..]
        else {
            panic!("{line}: {told}");
        };
        assert_eq!((half, whole), ("0", "0"), "{line}");
        if code == "0" {
            done += 1;
            assert_eq!(now, format!("releases/try-{pages}"), "{line}");
        } else {
            failed += 1;
            assert_eq!((code, now), ("75", before), "{line}");
            assert!(said.matches("error: ").count() == 1 && said.contains("no space left"), "{line}");
        }
    }
    assert!(failed > 1 && done > 1, "{told}");
}

#[test]
fn who_uses_a_release_keeps_it() {
    let live = Live::new();
    for id in ["one", "two", "three"] {
        live.promote(&["--id", id, "--smoke", ""]).exits(0);
    }
    let mut job =
        Command::new("sleep").arg("60").current_dir(live.releases.join("releases/one")).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let told = live.call(&["prune", "--keep", "0"]).exits(0).stdout;
    job.kill().unwrap();
    job.wait().unwrap();
    assert!(told.contains("one stays: in use by process") && told.contains("(sleep)"), "{told}");
    assert!(told.contains("what runs on other nodes is not seen"), "{told}");
    let told = live.call(&["prune", "--keep", "0", "--dry-run"]).exits(0).stdout;
    assert!(told.contains("one would go") && live.releases.join("releases/one").is_dir(), "{told}");
}

/// What a script of sh says in which `$LIVE` is a file system of its own; `promote ID SMOKE` promotes.
fn with_a_disk_of_its_own(live: &Live, script: &str) -> String {
    fs::create_dir_all(&live.releases).unwrap();
    let promote = "promote() { id=$1; smoke=$2; \"$SP\" promote \"$SITE\" --into \"$LIVE\" --gate verdict.json --plan plan.json \
        --results results --id \"$id\" --smoke \"$smoke\" 2>&1; }; ";
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let output = command
        .args(["--mount", "sh", "-c", &format!("{promote}{script}")])
        .env("SP", env!("CARGO_BIN_EXE_stackprobe"))
        .env("SITE", live.site.at(""))
        .env("LIVE", &live.releases)
        .env("MODULEPATH", live.site.at("Core"))
        .env("STACKPROBE_SUITES", live.site.at("suites"))
        .env("STACKPROBE_SITE", live.site.at("site.toml"))
        .env("NO_COLOR", "1")
        .current_dir(live.site.at(""))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

/// A disk that is full after so many pages more: a promotion with its smoke run finds out at another place each time.
#[test]
fn a_disk_that_is_full_during_the_smoke_run_takes_the_switch_back() {
    let live = Live::new();
    let mut refused = 0;
    for (free, smoke) in
        [(0, ""), (4, SMOKE), (16, SMOKE), (26, SMOKE), (32, SMOKE), (40, SMOKE), (60, SMOKE)]
    {
        let script = format!(
            "set -e; mount -t tmpfs -o size=4m tmpfs \"$LIVE\"; promote one '' > /dev/null; \
             cat /dev/zero > \"$LIVE/fill\" 2> /dev/null || true; \
             size=$(stat -c %s \"$LIVE/fill\"); truncate -s $((size - {free} * 4096)) \"$LIVE/fill\"; \
             code=0; told=$(promote two '{smoke}') || code=$?; \
             echo \"$code $(readlink \"$LIVE/current\") $(ls \"$LIVE/releases\" | tr '\\n' ' ')\"; echo \"$told\"; echo ---; \
             \"$SP\" releases --into \"$LIVE\" --verify; rm \"$LIVE/fill\"; echo ---; \
             promote three ''; readlink \"$LIVE/current\"; ls -A \"$LIVE\" \"$LIVE/releases\""
        );
        let text = with_a_disk_of_its_own(&live, &script);
        let mut parts = text.split("---\n");
        let told = parts.next().unwrap();
        let (first, said) = told.split_once('\n').unwrap();
        let mut words = first.split(' ');
        let (code, current) = (words.next().unwrap(), words.next().unwrap());
        match code {
            "0" => assert_eq!(current, "releases/two", "{free} {smoke}: {text}"),
            code => {
                refused += 1;
                assert_eq!(current, "releases/one", "{free} {smoke}: {text}");
                assert!(code == "75" || (code == "1" && smoke == SMOKE), "{free} {smoke}: {text}");
                let full = said.contains("no space left on device")
                    || said.contains("the smoke run through current");
                assert!(full && said.contains("hint:") && !said.contains("panic"), "{free} {smoke}: {text}");
            }
        }
        let listed = parts.next().unwrap();
        assert!(!listed.contains("not as it was"), "{free} {smoke}: {text}");
        // With room again the next one goes, and nothing half made is left.
        let after = parts.next().unwrap();
        assert!(after.contains("\nreleases/three\n"), "{free} {smoke}: {text}");
        assert!(!after.contains(".part") && !after.contains("switch.json"), "{free} {smoke}: {text}");
    }
    assert!(refused > 2, "{refused} were refused: the disk was never full");
}

#[test]
fn a_view_for_reading_only_is_listed_and_nothing_else() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", ""]).exits(0);
    live.promote(&["--id", "two", "--smoke", ""]).exits(0);
    let script = "mount --bind \"$LIVE\" \"$LIVE\" && mount -o remount,bind,ro \"$LIVE\" && cd /; \
        for words in 'releases --verify' rollback 'prune --keep 0'; do \
        \"$SP\" $words --into \"$LIVE\" 2>&1; echo \"= $?\"; done; cd \"$SITE\"; promote three ''; echo \"= $?\"; readlink \"$LIVE/current\"";
    let text = with_a_disk_of_its_own(&live, script);
    let codes: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("= ")).collect();
    assert_eq!(codes, ["0", "78", "78", "78"], "{text}");
    assert_eq!(text.matches("read-only file system").count(), 3, "{text}");
    assert!(text.matches("hint:").count() >= 3 && text.ends_with("releases/two\n"), "{text}");
}

/// A release that was made before the clock went back looks younger than all that follow it.
#[test]
fn a_clock_that_went_back_is_told_and_costs_no_release() {
    let live = Live::new();
    live.promote(&["--id", "one", "--smoke", ""]).exits(0);
    let path = live.releases.join("releases/one/manifest.json");
    let mut manifest = stackprobe::release::Manifest::read(path.parent().unwrap(), "one").unwrap();
    manifest.at = "2999-01-01T00:00:00Z".to_owned();
    let manifest = manifest.sealed().unwrap();
    fs::write(&path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    let told = live.promote(&["--id", "two", "--smoke", ""]).exits(0).stderr;
    assert!(told.contains("the clock went back: one went live at 2999-01-01T00:00:00Z"), "{told}");
    assert_eq!(live.leads("current"), "two");
    live.call(&["prune", "--keep", "1"]).exits(0);
    assert!(["one", "two"].iter().all(|id| live.releases.join("releases").join(id).is_dir()));
    live.call(&["rollback"]).exits(0);
    assert_eq!(live.leads("current"), "one");
}

/// Shot at random instants: each link always leads to one whole release, and the next call goes on.
///
/// `STACKPROBE_KILLS` says how often.
#[test]
fn kill_loop() {
    let kills: u64 = std::env::var("STACKPROBE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let live = Live::new();
    live.promote(&["--id", "first", "--smoke", ""]).exits(0);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let (mut ended, mut undone) = (0, 0);
    for number in 0..kills {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let id = format!("r{number}");
        // With every third a smoke run, which takes longer.
        let smoke = if number % 3 == 0 { SMOKE } else { "" };
        let within = if number % 3 == 0 { 900 } else { 150 };
        let mut child = Command::new(env!("CARGO_BIN_EXE_stackprobe"))
            .args([
                "promote",
                live.site.at("").to_str().unwrap(),
                "--gate",
                "verdict.json",
                "--plan",
                "plan.json",
            ])
            .args(["--into", live.releases.to_str().unwrap(), "--id", &id, "--smoke", smoke])
            .args(["--results", "results"])
            .current_dir(live.site.at(""))
            .env("STACKPROBE_SUITES", live.site.at("suites"))
            .env("STACKPROBE_SITE", live.site.at("site.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(state % (within * 1000)));
        child.kill().unwrap();
        ended += u64::from(child.wait().unwrap().success());
        // Whatever it was doing: a reader finds a whole release.
        let release = live.releases.join("current");
        let manifest: Value =
            serde_json::from_slice(&fs::read(release.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["id"].as_str().unwrap(), live.leads("current"));
        assert!(release.join("stack/Core/gcc/12.lua").is_file() && release.join("plan.json").is_file());
        // And the next call undoes what was not proved.
        let unproved = live.releases.join("switch.json").exists();
        let told = live.call(&["prune", "--keep", "1000"]).exits(0).stderr;
        undone += u64::from(told.contains("was cut short before it was proved"));
        assert!(!unproved || !live.releases.join("switch.json").exists());
        assert_half_made_is_gone(&live.releases);
        assert!(live.listed().iter().all(|one| one["faults"] == json!([])));
    }
    println!(
        "{kills} kills: {ended} promotions had ended, {undone} switches were undone, none left half a release"
    );
    live.promote(&["--id", "last", "--smoke", ""]).exits(0);
    assert_eq!(live.leads("current"), "last");
}

fn assert_half_made_is_gone(releases: &Path) {
    for folder in [releases.to_path_buf(), releases.join("releases")] {
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(!name.contains(".part"), "{name}");
        }
    }
}
