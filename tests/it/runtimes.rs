//! Python, R and a stand-in for MATLAB, as `fixtures/stack-runtimes/build` has put them into the fixture stack: what is
//! right is green, also without a network, a home and a writable root; and every way of being wrong is red.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::{Answer, Junit, call, core, skip, stack};

/// The suite's folder in this repository, copied into a call's `s/` beside what suites share, with `more` at the end of
/// one probe.
fn suite_with(call: crate::fixture::Call, suite: &str, probe: &str, more: &str) -> crate::fixture::Call {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-suites").join(suite);
    let to = call.folder().join("s").join(suite);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let shared = from.with_file_name("shared");
    assert!(
        Command::new("cp")
            .arg("-r")
            .args([&from, &shared])
            .arg(call.folder().join("s"))
            .status()
            .unwrap()
            .success()
    );
    let text = fs::read_to_string(to.join("suite.toml")).unwrap();
    let head = format!("[[probe]]\nname = \"{probe}\"\n");
    assert!(text.contains(&head), "no probe {probe} in {suite}");
    fs::write(to.join("suite.toml"), text.replace(&head, &format!("{head}{more}\n"))).unwrap();
    call
}

#[test]
fn a_module_that_works_wrongly_is_red_where_assertions_are_taken_out() {
    let more = "env = { PYTHONOPTIMIZE = \"1\" }";
    let call = suite_with(
        call(&["run", "python/broken-module", "--runtime", "python/3", "--suites", "s"]),
        "python",
        "broken-module",
        more,
    );
    let wrong = "class Base:\n    def execute(self, *given):\n        return self\n    executemany = execute\n\
        \u{20}   def fetchone(self):\n        return (46, 2)\ndef connect(name):\n    return Base()\n";
    fs::remove_file(call.folder().join("s/python/broken/sqlite3.py")).unwrap();
    fs::write(call.folder().join("s/python/broken/sqlite3.py"), wrong).unwrap();
    let suite = call.folder().join("s/python/suite.toml");
    let text = fs::read_to_string(&suite)
        .unwrap()
        .replace("message: .*seeded", "message: .*does not hold: must.base.execute");
    fs::write(&suite, text).unwrap();
    call.run().exits(0);
}

/// Names of the checks of a probe that have this outcome.
fn checks(junit: &Junit, classname: &str, outcome: &str) -> Vec<String> {
    let cases = junit.cases.iter().filter(|case| case.classname == classname && case.outcome == outcome);
    cases.map(|case| case.name.split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// The first diagnosis that a record of the results holds.
fn diagnosis(answer: &Answer) -> (String, String) {
    let records = fs::read_dir(answer.results().join("cases")).unwrap();
    let found = records.filter_map(|record| {
        let path = record.unwrap().path();
        let record: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        let found = record["checks"].as_array()?.iter().find(|check| check["diagnosis"].is_object())?;
        let word = |key: &str| found["diagnosis"][key].as_str().map(str::to_owned);
        Some((word("id")?, word("fault")?))
    });
    found.last().unwrap_or_default()
}

/// A URL at which nobody listens.
fn nobody() -> String {
    format!("http://{}/simple", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

#[test]
fn every_python_lives_its_whole_life_with_every_tool_that_it_offers() {
    let answer = call(&["run", "python", "--runtime", "python/3", "--cc", "gcc/12"]).run().exits(0);
    let junit = answer.junit();
    for tool in ["pip", "uv", "poetry", "pdm"] {
        let passed = checks(&junit, &format!("python.{tool}"), "passed");
        for step in [
            "create",
            "add-wheel",
            "add-source",
            "result",
            "compiler",
            "lock",
            "install",
            "run",
            "build",
            "missing",
        ] {
            assert!(passed.iter().any(|name| name == step), "{tool} {step}: {passed:?}");
        }
    }
    assert!(checks(&junit, "python.stdlib", "passed").len() >= 20);
}

#[test]
fn r_installs_with_the_compiler_that_is_loaded() {
    for compiler in ["gcc/12", "llvm/16"] {
        let answer = call(&["run", "r", "--runtime", "r", "--cc", compiler]).run().exits(0);
        let passed = checks(&answer.junit(), "r.install", "passed");
        for check in [
            "compiler-c",
            "compiler-cxx17",
            "compiler-fortran",
            "result-makevars",
            "broken-is-red",
            "missing-dependency-is-red",
        ] {
            assert!(passed.iter().any(|name| name == check), "{compiler} {check}: {passed:?}");
        }
    }
}

#[test]
fn an_extension_of_another_compiler_is_red_and_nothing_else() {
    let other = "env = { STACKPROBE_CC_VERSION = \"99.1.0\" }";
    let run = call(&["run", "python/uv", "--runtime", "python/3", "--cc", "gcc/12", "--suites", "s"]);
    let junit = suite_with(run, "python", "uv", other).run().exits(1).junit();
    assert_eq!(checks(&junit, "python.uv", "failure"), ["compiler"]);
    let run = call(&["run", "r/install", "--runtime", "r", "--cc", "gcc/12", "--suites", "s"]);
    let junit = suite_with(run, "r", "install", other).run().exits(1).junit();
    assert_eq!(checks(&junit, "r.install", "failure"), ["compiler-c", "compiler-cxx17"]);
}

#[test]
fn a_tool_that_says_yes_to_everything_is_red() {
    let run = call(&[
        "run",
        "python/uv",
        "python/poetry",
        "python/pdm",
        "--runtime",
        "python/3",
        "--module",
        "yes",
    ]);
    let bin = run.folder().join("yes/bin");
    fs::create_dir_all(&bin).unwrap();
    for tool in ["uv", "poetry", "pdm"] {
        fs::write(bin.join(tool), "#!/bin/sh\n[ \"$1\" != --version ] || echo 'uv Poetry PDM 9'\n").unwrap();
        fs::set_permissions(bin.join(tool), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let module = format!("prepend_path(\"PATH\", \"{}\")\n", bin.display());
    let path = format!("{}:{}", core().display(), run.folder().join("m").display());
    let junit = run.file("m/yes/1.0.lua", module).env("MODULEPATH", path).run().exits(1).junit();
    for tool in ["uv", "poetry", "pdm"] {
        assert_eq!(checks(&junit, &format!("python.{tool}"), "failure"), ["create"], "{tool}");
    }
}

#[test]
fn a_tool_that_is_not_offered_is_skipped_with_that_reason() {
    let run = call(&["run", "python/uv", "python/poetry", "python/pdm", "--runtime", "python/bare"]);
    let python = fs::read_dir(stack().join("opt")).unwrap().map(|entry| entry.unwrap().path());
    let python = python.filter(|path| path.join("bin/python3").exists()).min().unwrap();
    let bin = run.folder().join("bare/bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(python.join("bin/python3").canonicalize().unwrap(), bin.join("python3"))
        .unwrap();
    let module = format!("prepend_path(\"PATH\", \"{}\")\n", bin.display());
    let path = run.folder().join("m");
    let answer = run.file("m/python/bare.lua", module).env("MODULEPATH", path).run().exits(3);
    let junit = answer.junit();
    assert_eq!(junit.count("skipped"), 3);
    for case in &junit.cases {
        assert!(case.message.contains("is not offered"), "{case:?}");
    }
}

#[test]
fn an_index_that_cannot_be_had_is_the_sites_fault() {
    let url = nobody();
    let answer = call(&["run", "python/uv", "python/pip", "--runtime", "python/3", "--index-url", &url])
        .run()
        .exits(75);
    assert_eq!(diagnosis(&answer), ("net-refused".into(), "site".into()));
    assert_eq!(answer.junit().count("error"), 2);
    let answer =
        call(&["run", "python/uv", "--runtime", "python/3"]).env("PIP_INDEX_URL", &url).run().exits(75);
    assert_eq!(diagnosis(&answer), ("net-refused".into(), "site".into()));
    let answer = call(&["run", "r/install", "--runtime", "r", "--cran", "ftp://cran"]).run().exits(78);
    assert_eq!(diagnosis(&answer), ("index-url".into(), "site".into()));
}

#[test]
fn an_index_of_somebody_else_serves_the_same_life() {
    let run =
        call(&["run", "python/pip", "python/uv", "python/poetry", "python/pdm", "--runtime", "python/3"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut server = Command::new("python3")
        .arg(root.join("tests/it/runtimes/index.py"))
        .args([run.folder().join("index"), root.join("fixtures/python-index/wheels")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let url = format!("http://127.0.0.1:{}/simple/", port.trim());
    let answer = run.env("STACKPROBE_INDEX_URL", &url).run();
    server.kill().unwrap();
    server.wait().unwrap();
    let junit = answer.exits(0).junit();
    for tool in ["pip", "uv", "poetry", "pdm"] {
        let passed = checks(&junit, &format!("python.{tool}"), "passed");
        assert!(passed.contains(&"install".to_owned()), "{tool}: {passed:?}");
    }
}

/// A server that answers every request alike, for as long as the test lasts.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/simple", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn an_index_that_answers_the_wrong_thing_is_an_error_that_says_which() {
    for (answer, id, words, code) in [
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "net-auth", "401", 78),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "net-server-error", "503", 75),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Log in</h1>",
            "index-no-index",
            "text/html",
            75,
        ),
    ] {
        let url = answering(answer);
        let answer =
            call(&["run", "python/uv", "--runtime", "python/3", "--index-url", &url]).run().exits(code);
        let case = &answer.junit().cases[0];
        assert_eq!((case.outcome.as_str(), case.kind.as_str()), ("error", id), "{case:?}");
        assert!(case.text.contains(words), "{case:?}");
    }
}

/// Runs `flags` with this folder for temporary files, in a mount namespace of its own.
fn with_tmp(mount: &str, flags: &[&str]) -> (Option<i32>, String) {
    let tmp = tempfile::tempdir_in("/var/tmp").unwrap();
    let script =
        format!("mount --make-rprivate / && mount -t tmpfs -o {mount} tmpfs \"$1\" && shift && exec \"$@\"");
    let results = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script, "sh"]).arg(tmp.path());
    command.arg(env!("CARGO_BIN_EXE_stackprobe")).args(flags).arg("--results").arg(results.path());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("MODULEPATH", core()).env("TMPDIR", tmp.path());
    let output = command.output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.code(), said)
}

#[test]
fn a_work_folder_that_is_full_or_read_only_is_named() {
    if !nix::unistd::Uid::effective().is_root() {
        return skip("root", "only root can mount");
    }
    let (code, said) = with_tmp("size=60m", &["run", "python/pip", "--runtime", "python/3"]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("disk: there is 59 MiB, 128 MiB needed"), "{said}");
    // It fills up on the way, and the tool that meets it says something else.
    let suites = tempfile::tempdir().unwrap();
    let script = "head -c 8m /dev/zero > $TMPDIR/x 2>/dev/null; echo cannot install; exit 1";
    let suite = "name = \"full\"\nsummary = \"x\"\ntoolchain = [\"any\"]\n[[probe]]\nname = \"p\"\nsummary = \"y\"\n\
                 sources = [\"p.sh\"]\nrun = \"sh {sources}\"\n";
    crate::fixture::tree(suites.path(), &[("full/suite.toml", suite), ("full/p.sh", script)]);
    let folder = suites.path().to_str().unwrap();
    let (code, said) = with_tmp("size=4m", &["run", "full", "--runtime", "python/3", "--suites", folder]);
    assert_eq!(code, Some(75), "{said}");
    assert!(said.contains("tmp-used-up"), "{said}");
    let (code, said) = with_tmp("ro", &["run", "python/pip", "--runtime", "python/3"]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("mounted read-only"), "{said}");
}

#[test]
fn no_network_no_home_no_user_and_a_root_that_cannot_be_written_are_enough() {
    let wanted = ["/usr/bin/unshare", "/usr/bin/setpriv", "/usr/sbin/ip"];
    if !nix::unistd::Uid::effective().is_root() || wanted.iter().any(|tool| !Path::new(tool).is_file()) {
        return skip("root", "this wants root, unshare, setpriv and ip");
    }
    let tmp = tempfile::tempdir_in("/var/tmp").unwrap();
    // A network of loopback alone, and only one folder that can be written.
    let script = "ip link set lo up && mount --make-rprivate / && mount -t tmpfs -o mode=1777 tmpfs \"$1\" \
         && mount -o remount,bind,ro / && mkdir \"$1/x\" && chmod 777 \"$1/x\" && cd \"$1/x\" \
         && shift && ! touch /probe 2>/dev/null && exec setpriv --reuid 123456 --regid 0 --clear-groups \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "sh", "-c", script, "sh"]).arg(tmp.path());
    command.arg(env!("CARGO_BIN_EXE_stackprobe")).args([
        "run",
        "python/uv",
        "python/pip",
        "python/prefix",
        "r/install",
    ]);
    command.args(["matlab/core", "--runtime", "python/3", "--runtime", "r", "--runtime", "matlab/R2024a"]);
    command.args(["--cc", "gcc/12", "--results", "results"]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/bin").env("MODULEPATH", core());
    command.env("TMPDIR", tmp.path().join("x"));
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    assert!(stdout.contains("  python: ") && stdout.contains("  r: "), "{stdout}");
}

#[test]
fn a_version_that_the_stack_does_not_offer_lists_those_that_it_does() {
    let answer = call(&["run", "python/prefix", "--runtime", "python/9.9"]).run().exits(1);
    let said = answer.stdout.clone() + &answer.stderr;
    assert!(said.contains("python is offered as 3."), "{said}");
}

#[test]
fn the_names_that_pods_use_run_these_suites() {
    let answer = call(&["run", "test-spack-rt-python", "3", "--tag", "smoke"]).run().exits(0);
    assert!(answer.junit().cases.iter().all(|case| case.classname.starts_with("python.")));
    let answer = call(&["run", "test-spack-rt-matlab", "R2024a", "--tag", "smoke"]).run().exits(0);
    assert!(answer.junit().cases.iter().all(|case| case.classname.starts_with("matlab.")));
}

/// Runs probes of the matlab suite with a stand-in that misbehaves.
fn matlab(fault: &str, flags: &[&str]) -> Answer {
    let name = fault.split(':').next().unwrap();
    let runtime = format!("matlab/R2024a-{name}");
    let run = call(&[&["run", "--runtime", &runtime][..], flags].concat());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stack-runtimes/matlab");
    let into: PathBuf = run.folder().join("stack");
    fs::create_dir(&into).unwrap();
    assert!(Command::new(script).arg(&into).arg(fault).status().unwrap().success());
    let core = into.join("share/spack/lmod/linux-debian12-x86_64/Core");
    run.file("site.toml", "[matlab]\ntoolboxes = [\"Distrib_Computing_Toolbox\"]\n")
        .env("MODULEPATH", core)
        .run()
}

const WANTED: [&str; 2] = ["--site", "site.toml"];

#[test]
fn a_matlab_without_a_licence_is_an_error_of_the_site() {
    // A licence server may answer the next time; nobody types an account into a pod.
    for (fault, code) in [("licence", 75), ("signin", 78)] {
        let answer =
            matlab(fault, &["matlab/start", "matlab/core", "matlab/licences", "matlab/error-status"])
                .exits(code);
        assert_eq!(answer.junit().count("failure"), 0, "{fault}");
        assert_eq!(diagnosis(&answer).1, "site", "{fault}");
    }
}

#[test]
fn a_matlab_that_hangs_or_starts_too_slowly_ends_in_time() {
    for fault in ["hang", "slow:60"] {
        let begun = std::time::Instant::now();
        let answer = matlab(fault, &["matlab/start", "--timeout", "2s"]);
        assert_ne!(answer.code, 0, "{fault}");
        assert!(begun.elapsed().as_secs() < 30, "{fault}");
        let cases = answer.junit().cases;
        assert!(cases[0].message.starts_with("still running after 2 s"), "{fault}: {cases:?}");
    }
}

#[test]
fn a_matlab_that_crashes_or_runs_nothing_is_red() {
    let junit = matlab("crash", &["matlab/start", "matlab/core"]).exits(1).junit();
    assert!(junit.cases.iter().all(|case| case.outcome == "failure"), "{:?}", junit.cases);
    let junit = matlab("silent", &["matlab/start", "matlab/core", "matlab/exit-status"]).exits(1).junit();
    assert!(junit.cases.iter().all(|case| case.outcome == "failure"), "{:?}", junit.cases);
}

#[test]
fn a_matlab_that_loses_the_exit_status_is_red() {
    let junit =
        matlab("status", &["matlab/start", "matlab/error-status", "matlab/exit-status"]).exits(1).junit();
    assert_eq!((junit.count("failure"), junit.count("passed")), (2, 1), "{:?}", junit.cases);
}

#[test]
fn a_matlab_of_another_release_is_red() {
    let junit = matlab("release", &["matlab/core"]).exits(1).junit();
    assert_eq!(checks(&junit, "matlab.core", "failure"), ["release"]);
}

#[test]
fn a_matlab_that_computes_zeros_is_red() {
    let junit = matlab("zero", &["matlab/core"]).exits(1).junit();
    assert_eq!(checks(&junit, "matlab.core", "failure"), ["linear-algebra", "fft"]);
}

#[test]
fn a_parallel_toolbox_that_the_site_wants_and_matlab_lacks_is_no_green() {
    let answer = matlab("toolbox", &[&["matlab/pool", "matlab/licences"][..], &WANTED].concat());
    assert_ne!(answer.code, 0);
    let junit = answer.junit();
    let bad: Vec<_> =
        junit.cases.iter().filter(|case| matches!(case.outcome.as_str(), "failure" | "error")).collect();
    let names: Vec<_> = bad.iter().map(|case| case.name.split(' ').next().unwrap()).collect();
    for name in ["toolbox", "pool", "distrib-computing-toolbox"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let junit = matlab("toolbox", &["matlab/pool"]).exits(3).junit();
    assert_eq!(checks(&junit, "matlab.pool", "passed"), [] as [&str; 0]);
    let reason = &junit.case("matlab.pool", "pool").message;
    assert!(reason.contains("not installed"), "{reason}");
}

#[test]
fn what_only_matlab_can_show_is_said_and_not_pretended() {
    let junit = call(&["run", "matlab/pool", "--runtime", "matlab/R2024a"]).run().exits(0).junit();
    let spmd = junit.case("matlab.pool", "spmd");
    assert_eq!(spmd.outcome, "skipped");
    assert!(spmd.message.contains("only MATLAB can show it"), "{}", spmd.message);
}

#[test]
fn the_stacks_mpi4py_has_exact_ranks_and_one_of_another_mpi_is_red() {
    let pair = ["--cc", "gcc/12", "--mpi", "openmpi/5"];
    let junit = call(&[&["run", "py-mpi"][..], &pair].concat()).run().exits(0).junit();
    let passed = checks(&junit, "py-mpi.ranks", "passed");
    for check in ["ranks", "library", "mapped", "buffers", "window"] {
        assert_eq!(passed.iter().filter(|name| *name == check).count(), 2, "{check}: {passed:?}");
    }
    let junit = call(&["run", "py-mpi", "--cc", "gcc/12", "--mpi", "mpich/4"]).run().exits(3).junit();
    assert_eq!((junit.count("skipped"), junit.cases.len()), (2, 2), "{:?}", junit.cases);
    assert_eq!(junit.cases[0].message, "gcc/12.2.0 mpich/4.0.2 offers no py-mpi4py");

    // The same mpi4py with the launcher of another MPI: every process is alone, and its exit status is 0.
    let share = stack().join("share");
    let found = Command::new("find").arg(&share).args(["-path", "*/py-mpi4py/*.lua"]).output().unwrap();
    let module = String::from_utf8(found.stdout).unwrap();
    let module = fs::read_to_string(module.lines().next().unwrap()).unwrap();
    let run = call(&["run", "py-mpi", "--cc", "gcc/12", "--mpi", "mpich/4"]);
    let path = format!("{}:{}", core().display(), run.folder().join("m").display());
    let junit = run.file("m/py-mpi4py/1.0.lua", module).env("MODULEPATH", path).run().exits(1).junit();
    let red = checks(&junit, "py-mpi.ranks", "failure");
    // Every process that is alone says so.
    assert_eq!(red.iter().filter(|name| *name == "ranks").count(), 2 + 4, "{red:?}");
}
