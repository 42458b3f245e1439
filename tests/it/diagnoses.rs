//! Why things fail: every shipped rule against its samples, facts against facts alone, and all of them against a
//! library of captured failures.
//!
//! `cargo test --test it diagnoses::captured -- --nocapture` prints the table of captures against diagnoses.

mod captures;
mod texts;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stackprobe::error::Source;
use stackprobe::verdict::diagnosis::Diagnosis;
use stackprobe::verdict::evidence::{Evidence, Facts};
use stackprobe::verdict::rules::{Rules, shipped};
use stackprobe::verdict::stall::Stall;
use stackprobe::verdict::terms::{Blame, Weight};

fn rules() -> Rules {
    Rules::parse(&shipped()).unwrap_or_else(|error| panic!("{error}"))
}

fn ids(diagnoses: &[Diagnosis]) -> Vec<&str> {
    diagnoses.iter().map(|diagnosis| diagnosis.id.as_str()).collect()
}

#[test]
fn every_shipped_rule_recognises_its_samples() {
    let rules = rules();
    assert!(rules.iter().count() > 150, "the rules are not embedded");
    rules.prove().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_file_overrides_a_diagnosis_of_another() {
    let sources = shipped();
    let alone =
        sources.iter().map(|source| Rules::parse(std::slice::from_ref(source)).unwrap().iter().count());
    assert_eq!(alone.sum::<usize>(), rules().iter().count(), "an id stands in two files");
}

#[test]
fn every_sample_is_answered_by_its_own_rule_alone() {
    let rules = rules();
    let facts = Facts::default();
    for rule in rules.iter().filter(|rule| rule.when.is_empty()) {
        for sample in &rule.samples {
            let found = rules.diagnose(&Evidence::new(sample.as_bytes(), &facts));
            assert_eq!(ids(&found).first(), Some(&rule.id.as_str()), "{sample}: {:?}", ids(&found));
            let first = &found[0];
            assert_eq!(first.noise, rule.weight == Weight::Noise);
            assert!(
                !first.cause.contains('?') && !first.cause.contains('{'),
                "{}: {}",
                first.id,
                first.cause
            );
            assert!(first.matched.as_deref().is_some_and(|line| !line.is_empty()), "{sample}");
        }
    }
}

#[test]
fn causes_and_fixes_are_one_line_each_and_not_too_long() {
    for rule in rules().iter() {
        for text in [&rule.cause, &rule.fix] {
            assert!(text.len() < 220 && !text.ends_with('.'), "{}: {text}", rule.id);
        }
    }
}

#[test]
fn a_library_that_lost_what_it_needs_is_told_only_where_the_link_failed_for_it() {
    let (rules, facts) = (rules(), Facts::default());
    let first = |text: &str| {
        let found = rules.diagnose(&Evidence { exit: Some(1), ..Evidence::new(text.as_bytes(), &facts) });
        found.into_iter().next().map(|found| (found.id, found.fault, found.cause))
    };
    let lost = |library: &str, user: &str| {
        format!(
            "/usr/bin/ld: warning: {library}, needed by {user}, not found (try using -rpath or -rpath-link)\n"
        )
    };
    let hwloc = lost("libhwloc.so.15", "/opt/openmpi/lib/libmpi.so");
    let undefined = "/usr/bin/ld: /opt/openmpi/lib/libmpi.so: undefined reference to `hwloc_topology_init'\ncollect2: error\n";
    let other = lost("libz.so.1", "/opt/hdf5/lib/libhdf5.so.310");
    let (id, fault, cause) = first(&format!("{hwloc}{other}{undefined}")).unwrap();
    assert_eq!((id.as_str(), fault), ("link-dependency-missing", Some(Blame::Stack)));
    assert!(cause.starts_with("/opt/openmpi/lib/libmpi.so needs libhwloc.so.15"), "{cause}");
    for foreign in [
        lost("libibverbs.so.1", "/opt/ucx/lib/libuct.so"),
        lost("libb.so.2", "/usr/lib/x86_64-linux-gnu/liba.so"),
    ] {
        let (id, fault, _) = first(&format!("{foreign}{undefined}")).unwrap();
        assert_eq!((id.as_str(), fault), ("link-dependency-foreign", None));
    }
    assert_eq!(first(&hwloc), None, "a link that only warns has worked");
    let alone = first(undefined).unwrap();
    assert_eq!((alone.0.as_str(), alone.1), ("link-undefined", None));
}

/// What facts decide: the same text, another fault.
#[test]
fn facts_decide_whose_fault_a_signal_is() {
    let rules = rules();
    let bus = b"YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Bus error (signal 7)\n";
    let first = |facts: &Facts| {
        let found = rules.diagnose(&Evidence { launched: true, ranks: Some(4), ..Evidence::new(bus, facts) });
        (found[0].id.clone(), found[0].fault)
    };
    let unknown = Facts::default();
    assert_eq!(first(&unknown), ("rank-bus-error".into(), None));
    let small = Facts { shm_free: Some(1 << 20), shm_needed: Some(64 << 20), ..Facts::default() };
    assert_eq!(first(&small), ("shm-too-small-sigbus".into(), Some(Blame::Pod)));
    let ample =
        Facts { shm_free: Some(1 << 30), shm_needed: Some(64 << 20), oom_kills: Some(0), ..Facts::default() };
    assert_eq!(first(&ample), ("rank-bus-error".into(), Some(Blame::Stack)));
}

#[test]
fn facts_alone_can_decide() {
    let rules = rules();
    let best = |evidence: &Evidence<'_>| {
        rules.diagnose(evidence).first().map(|found| (found.id.clone(), found.fault))
    };
    let oom = Facts { oom_kills: Some(1), ..Facts::default() };
    let killed = Evidence { signal: Some(9), ..Evidence::new(b"", &oom) };
    assert_eq!(best(&killed), Some(("oom-by-facts".into(), Some(Blame::Pod))));
    assert_eq!(best(&Evidence { timed_out: true, ..killed }), None, "we killed it ourselves");
    let shell = Evidence { exit: Some(137), signal: None, ..killed };
    assert_eq!(best(&shell), Some(("oom-by-facts".into(), Some(Blame::Pod))));
    let mpich =
        Evidence { launched: true, mpi: Some(("mpich", "5.0.2")), exit: Some(9), signal: None, ..killed };
    assert_eq!(best(&mpich), None, "9 from MPICH may be exit(9)");

    let spent = Facts { cpu_used: Some(61), cpu_limit: Some(60), oom_kills: Some(0), ..Facts::default() };
    let killed = Evidence { signal: Some(9), ..Evidence::new(b"", &spent) };
    assert_eq!(best(&killed), Some(("cpu-time-killed".into(), Some(Blame::Pod))));
    assert_eq!(
        best(&Evidence { signal: Some(24), ..killed }),
        Some(("cpu-time-warned".into(), Some(Blame::Pod)))
    );
    let compiler = b"g++: fatal error: Killed signal terminated program cc1plus";
    let cut = Evidence { exit: Some(1), ..Evidence::new(compiler, &spent) };
    assert_eq!(best(&cut), Some(("cpu-time-limit".into(), Some(Blame::Pod))));
    for limit in [u64::MAX, 62] {
        let free = Facts { cpu_limit: Some(limit), ..spent.clone() };
        assert_eq!(best(&Evidence { facts: &free, ..cut }), Some(("cc-oom".into(), Some(Blame::Pod))));
        let other = best(&Evidence { facts: &free, ..killed });
        assert_eq!(other, Some(("killed-by-status".into(), None)), "{limit}");
    }

    let slurm = Facts { leaked: Some(vec!["SLURM_JOB_ID".into()]), ..Facts::default() };
    let (stands, spins) = (Some(Stall { busy: 0, wanting: 0 }), Some(Stall { busy: 100, wanting: 8 }));
    let hung = Evidence { timed_out: true, launched: true, stall: stands, ..Evidence::new(b"", &slurm) };
    assert_eq!(best(&hung), Some(("env-slurm-leak-hang".into(), Some(Blame::Pod))));

    let few = Facts { cpus: Some(1), ..Facts::default() };
    let slow = Evidence {
        timed_out: true,
        launched: true,
        ranks: Some(8),
        mpi: Some(("mpich", "4.0.2")),
        ..Evidence::new(b"", &few)
    };
    assert_eq!(best(&slow), None, "more ranks than CPUs prove nothing");
    let spinning = Evidence { stall: spins, ..slow };
    assert_eq!(best(&spinning), Some(("cpu-oversubscribed-spin".into(), Some(Blame::Pod))));
    assert_eq!(best(&Evidence { stall: stands, ..slow }), Some(("hang-idle".into(), None)));
    let alone = Evidence { stall: Some(Stall { busy: 100, wanting: 1 }), ..slow };
    assert_eq!(best(&alone), Some(("hang-busy".into(), None)), "one that spins has its CPU");
    assert_eq!(best(&Evidence { facts: &slurm, ..spinning }), Some(("hang-busy".into(), None)));
    let server =
        b"still running after 8 s: hung, no CPU used: cat blocked in the kernel in rpc_wait_bit_killable";
    let dead = Evidence { output: server, stall: stands, ..slow };
    assert_eq!(best(&dead), Some(("hang-file-server".into(), Some(Blame::Site))));

    let none = Facts::default();
    let says = |words: &'static [u8], mpi: &'static str| {
        best(&Evidence { launched: true, mpi: Some((mpi, "1")), ..Evidence::new(words, &none) })
    };
    let root = b"mpirun has detected an attempt to run as root.";
    assert_eq!(says(root, "openmpi"), Some(("root-refused".into(), Some(Blame::Pod))));
    for foreign in ["mpich", "intel-oneapi-mpi", "mvapich2"] {
        assert_eq!(says(root, foreign), Some(("foreign-launcher-openmpi".into(), Some(Blame::Stack))));
    }
    let hydra = b"[mpiexec@node1] match_arg (lib/utils/args.c:166): unrecognized argument pmixmca";
    assert_eq!(says(hydra, "openmpi"), Some(("foreign-launcher-hydra".into(), Some(Blame::Stack))));
    assert!(says(hydra, "mpich").is_none_or(|(id, _)| id != "foreign-launcher-hydra"));
    assert_eq!(best(&Evidence { timed_out: true, launched: true, ..Evidence::new(b"", &none) }), None);
}

#[test]
fn a_warning_is_no_excuse_for_a_program_that_reached_its_end() {
    let rules = rules();
    let facts = Facts::default();
    let output = b"It appears as if there is not enough space for /dev/shm/sm_segment.0 (the shared-memory backing\nfile).\nnot ok 1 - sum\n1..1\n";
    let died = rules.diagnose(&Evidence::new(output, &facts));
    assert_eq!((died[0].fault, died[0].noise), (Some(Blame::Pod), false));
    let told = rules.diagnose(&Evidence { finished: true, ..Evidence::new(output, &facts) });
    assert!(told[0].noise);
}

#[test]
fn endings_are_told_in_words_of_the_launcher() {
    let rules = rules();
    let facts = Facts::default();
    let base = Evidence::new(b"", &facts);
    let told = |family, version, exit| {
        let evidence = Evidence { launched: true, mpi: Some((family, version)), exit: Some(exit), ..base };
        (rules.statuses.ending(&evidence).unwrap(), rules.statuses.signal(&evidence))
    };
    assert_eq!(
        told("openmpi", "5.0.11", 139),
        ("exit status 139: a rank was killed by SEGV".into(), Some(11))
    );
    assert_eq!(told("openmpi", "4.1.4", 132).1, None, "SIGILL, or executable not found");
    assert_eq!(told("openmpi", "5.0.11", 132).1, Some(4));
    assert_eq!(told("mpich", "4.0.2", 11).1, None, "or exit(11)");
    assert!(told("mpich", "5.0.2", 143).0.contains("no SIGTERM"));
    assert_eq!(told("intel-oneapi-mpi", "2021.18.1", 255).1, None);
    assert_eq!(told("openmpi", "5.0.11", 3).0, "exit status 3");
    assert_eq!(
        rules.statuses.ending(&Evidence { exit: Some(134), ..base }).unwrap(),
        "exit status 134: killed by ABRT"
    );
    assert_eq!(rules.statuses.ending(&Evidence { signal: Some(11), ..base }).unwrap(), "killed by SEGV");
    assert_eq!(
        rules.statuses.ending(&Evidence { timed_out: true, ..base }).unwrap(),
        "killed at its time limit"
    );
    assert_eq!(rules.statuses.ending(&Evidence { exit: Some(0), ..base }), None);
    assert_eq!(rules.statuses.ending(&base), None);
}

#[test]
fn healthy_output_has_no_diagnosis() {
    let rules = rules();
    let facts = Facts::default();
    for output in [
        "",
        "TAP version 14\n1..3\nok 1 - allreduce int64\nok 2 - abort # SKIP needs a second job\nok 3 - rank 0 of 4\n",
        "hello rank 0 of 4 on pod-7f\nhello rank 1 of 4 on pod-7f\n",
        "running bdist_wheel\nSuccessfully installed six-1.17.0\n",
        "* installing *source* package 'okpkg' ...\n** testing if installed package can be loaded\n* DONE (okpkg)\n",
        "Currently Loaded Modules:\n  1) gcc/12.2.0   2) openmpi/5.0.11\n",
        "ok 1 - MPI_Abort is not called # exit status 0\n",
    ] {
        let found = rules.diagnose(&Evidence { exit: Some(0), ..Evidence::new(output.as_bytes(), &facts) });
        assert!(found.is_empty(), "{output}: {:?}", ids(&found));
    }
}

#[test]
fn faults_of_a_rule_file_are_told_all_at_once_with_line_and_caret() {
    let text = r#"[[diagnosis]]
id = "Bad Id"
layer = "cellar"
wieght = "cause"
fault = "pod if shm-fre < 1MiB"
pattern = "x"
cause = "c"
fix = "f"

[[diagnosis]]
id = "a"
layer = "pod"
fault = "nobody"
cause = "c"
fix = "f"
"#;
    let error = Rules::parse(&[Source::new("rules.toml", text)]).unwrap_err().to_string();
    for wanted in [
        "`id` must be of small letters, digits and dashes",
        "`layer` must be one of pod, module,",
        "unknown key `wieght`",
        "did you mean `weight`?",
        "no fact is called `shm-fre`: did you mean `shm-free`?",
        "a `pattern` needs a `sample`",
        "`nobody` must be stack, pod, site, harness or unknown",
        "a diagnosis needs a `pattern`, or a `when`, or both",
        "rules.toml:5:9",
        "5 | fault = \"pod if shm-fre < 1MiB\"\n  |         ^^^^^^^",
    ] {
        assert!(error.contains(wanted), "no `{wanted}` in:\n{error}");
    }
}

#[test]
fn what_only_compiling_shows_is_told_by_prove() {
    let rule = |pattern: &str, sample: &str, cause: &str| {
        let text = format!(
            "[[diagnosis]]\nid = \"a\"\nlayer = \"pod\"\nfault = \"pod\"\npattern = '{pattern}'\nsample = \"{sample}\"\ncause = \"{cause}\"\nfix = \"f\"\n"
        );
        let rules = Rules::parse(&[Source::new("site.toml", text)]).unwrap();
        let facts = Facts::default();
        let found = rules.diagnose(&Evidence::new(b"abc", &facts)).len();
        (rules.prove().map_err(|error| error.to_string()), found)
    };
    assert_eq!(rule("abc", "abc", "c"), (Ok(()), 1));
    let (told, found) = rule("(abc", "abc", "c");
    assert!(told.unwrap_err().contains("cannot read the pattern: unclosed group"));
    assert_eq!(found, 0, "a broken pattern matches nothing");
    assert!(rule("abc", "xyz", "c").0.unwrap_err().contains("no sample of `a` is matched by this pattern"));
    assert!(rule("abc", "abc", "{file}").0.unwrap_err().contains("write the group as (?<file>…)"));
}

#[test]
fn a_site_overrides_a_rule_by_its_id_and_adds_its_own() {
    let mut sources = shipped();
    sources.push(Source::new(
        "site.toml",
        "[[known]]\nreason = \"x\"\n[[diagnosis]]\nid = \"disk-full\"\nlayer = \"pod\"\nfault = \"site\"\npattern = 'No space left on device'\nsample = \"No space left on device\"\ncause = \"scratch is full\"\nfix = \"mail hpc@example.org\"\n",
    ));
    let rules = Rules::parse(&sources).unwrap();
    let facts = Facts::default();
    let found = rules.diagnose(&Evidence::new(b"ld: No space left on device", &facts));
    assert_eq!((found[0].cause.as_str(), found[0].fault), ("scratch is full", Some(Blame::Site)));
    assert_eq!(found.len(), 1);
    assert_eq!(rules.explain("disk-full").unwrap().fix, "mail hpc@example.org");
}

#[test]
fn the_answer_is_quick() {
    let text: String = rules().iter().flat_map(|rule| rule.samples.clone()).collect::<Vec<_>>().join("\n");
    let filler = "[vm:00003] some ordinary line of output with numbers 12345 and /paths/to/files\n";
    let mut output = String::new();
    for (index, line) in text.lines().enumerate() {
        output.push_str(&filler.replace("12345", &index.to_string()));
        if index % 40 == 0 {
            output.push_str(line);
            output.push('\n');
        }
    }
    while output.len() < 64 << 10 {
        output.push_str(&filler.replace("12345", &output.len().to_string()));
    }
    output.truncate(64 << 10);
    let facts = Facts::default();
    let half = Evidence::new(&output.as_bytes()[..output.len() / 2], &facts);
    let evidence = Evidence::new(output.as_bytes(), &facts);
    let cold = Instant::now();
    let rules = rules();
    let parsed = cold.elapsed();
    let one = b"./hello: error while loading shared libraries: libx.so.1: cannot open shared object file: No such file or directory\n";
    assert_eq!(rules.diagnose(&Evidence::new(one, &facts)).len(), 1);
    let first = cold.elapsed();
    assert!(!rules.diagnose(&evidence).is_empty());
    let warm = |evidence: &Evidence<'_>| {
        let measure = || {
            let start = Instant::now();
            assert!(!rules.diagnose(evidence).is_empty());
            start.elapsed()
        };
        (0..5).map(|_| measure()).min().unwrap()
    };
    let (half, warm) = (warm(&half), warm(&evidence));
    println!(
        "64 KiB against {} rules: {warm:?}, half {half:?}; reading {parsed:?}, first answer {first:?}",
        rules.iter().count()
    );
    // How long that is depends on the machine; that twice as much does not take four times as long does not.
    assert!(warm < 4 * half + Duration::from_millis(20), "{half:?} for the half, {warm:?} for all");
}

#[test]
fn captured_failures_are_recognised_and_nobody_is_blamed_wrongly() {
    let (library, untold) = (captures::failures(), captures::untold());
    let rules = rules();
    let mut table: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut blamed = Vec::new();
    for capture in &library {
        let found = capture.evidence(|evidence| rules.diagnose(evidence));
        let best = found.first();
        let row = table.entry(capture.expected[0].as_str()).or_default();
        row[0] += 1;
        if best.is_some_and(|best| capture.expected.contains(&best.id)) {
            row[1] += 1;
        } else {
            wrong.push(format!("{}: wanted {:?}, found {:?}", capture.name, capture.expected, ids(&found)));
        }
        match best.and_then(|best| best.fault) {
            None => row[3] += 1,
            Some(fault) if capture.may_blame(fault) => row[2] += 1,
            Some(fault) => blamed.push(format!("{}: {}", capture.name, fault.word())),
        }
    }
    let total = table.values().fold([0; 4], |sum, row| [0, 1, 2, 3].map(|column| sum[column] + row[column]));
    println!(
        "{:30} {:>8} {:>8} {:>11} {:>13}",
        "diagnosis", "captures", "right id", "right fault", "fault unknown"
    );
    for (id, row) in &table {
        println!("{id:30} {:>8} {:>8} {:>11} {:>13}", row[0], row[1], row[2], row[3]);
    }
    println!("{:30} {:>8} {:>8} {:>11} {:>13}", "all", total[0], total[1], total[2], total[3]);
    let all = total[0] + untold.len();
    println!(
        "{} of {all} captured failures get the right diagnosis ({} %), {} a wrong fault; {} cannot be determined by any text or fact",
        total[1],
        total[1] * 100 / all,
        blamed.len(),
        untold.len()
    );
    for line in &wrong {
        println!("  {line}");
    }
    for capture in &untold {
        let found = capture.evidence(|evidence| rules.diagnose(evidence));
        blamed.extend(found.iter().filter_map(|found| {
            found.fault.filter(|_| !found.noise).map(|fault| format!("{}: {}", capture.name, fault.word()))
        }));
    }
    assert!(blamed.is_empty(), "{blamed:#?}");
    assert!(total[1] * 100 >= all * 95, "{} of {all}", total[1]);
}

#[test]
fn captured_healthy_runs_have_no_diagnosis() {
    let library = captures::healthy();
    let rules = rules();
    for capture in &library {
        let found = capture.evidence(|evidence| rules.diagnose(&Evidence { finished: true, ..*evidence }));
        let told: Vec<_> = found.iter().filter(|diagnosis| !diagnosis.noise).collect();
        assert!(told.is_empty(), "{}: {told:#?}", capture.name);
    }
    println!("{} healthy captures, none with a diagnosis", library.len());
    assert!(library.len() > 100);
}

/// `tests/it/diagnoses/lines.toml`: what tools write when they give up, and the line that says why.
#[test]
fn the_line_that_says_why_is_found_in_what_tools_write() {
    let rules = rules();
    let cases: toml::Table = include_str!("diagnoses/lines.toml").parse().unwrap();
    let cases = cases["case"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let told = rules.tellings.first(text("output").as_bytes()).unwrap_or_default();
        if told != text("told") {
            wrong.push(format!("{}:\n  wanted {}\n  found  {told}", text("of"), text("told")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
