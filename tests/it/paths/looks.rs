//! "Could not look" is never "not there": whatever a path is asked for, what is said of it when it cannot be looked at
//! names what stands between.

use crate::doctor::emulated::{devices, pod};

/// Once closed to the user of the pod, once behind links that lead in a circle.
struct Look {
    of: &'static str,
    /// Makes what is looked at: `$HERE` is the path that is closed or turned into a circle, its last part a folder that
    /// is there.
    here: &'static str,
    env: &'static [(&'static str, &'static str)],
    args: &'static [&'static str],
    /// What must not be said, for nobody knows it.
    never: &'static [&'static str],
}

/// A suite whose source lies in a folder of its own, and results of a run of it.
const SETUP: &str = "mkdir -p \"$FOLDER/own/src\" \"$FOLDER/spack/share/spack/lmod/linux/Core\" \"$FOLDER/results/cases/c\"; \
    printf 'int main(void) { return 0; }\\n' > \"$FOLDER/own/src/a.c\"; \
    printf 'name = \"own\"\\nsummary = \"s\"\\ntoolchain = [\"any\"]\\n[[probe]]\\nname = \"p\"\\nsummary = \"s\"\\nsources = [\"src/a.c\"]\\nrun = \"true\"\\n' \
        > \"$FOLDER/own/suite.toml\"; \
    printf '{}' > \"$FOLDER/results/plan.json\"; printf 'all: x' > \"$FOLDER/log\"; ";

const LOOKS: &[Look] = &[
    Look {
        of: "a source of a suite",
        here: "own/src",
        env: &[],
        args: &["list", "own", "--suites", "own"],
        never: &["there is no file"],
    },
    Look {
        of: "the folder of suites",
        here: "own",
        env: &[],
        args: &["list", "own", "--suites", "own"],
        never: &["no suite", "there is no"],
    },
    Look {
        of: "SPACK_ROOT",
        here: "spack",
        env: &[("MODULEPATH", ""), ("SPACK_ROOT", "spack")],
        args: &["discover"],
        never: &["which is not there", "there is no module tree"],
    },
    Look {
        of: "the module tree of SPACK_ROOT",
        here: "spack/share/spack/lmod",
        env: &[("MODULEPATH", ""), ("SPACK_ROOT", "spack")],
        args: &["discover"],
        never: &["there is no module tree", "refresh"],
    },
    Look {
        of: "the module tree of SPACK_ROOT, for doctor",
        here: "spack/share/spack/lmod",
        env: &[("MODULEPATH", ""), ("SPACK_ROOT", "spack")],
        args: &["doctor"],
        never: &["no such file"],
    },
    Look {
        of: "MODULEPATH",
        here: "spack/share",
        env: &[("MODULEPATH", "spack/share/spack/lmod/linux/Core")],
        args: &["discover"],
        never: &["no such file", "is empty"],
    },
    Look {
        of: "HOME",
        here: "spack",
        env: &[("HOME", "spack/share")],
        args: &["doctor"],
        never: &["does not exist"],
    },
    Look {
        of: "TMPDIR",
        here: "spack",
        env: &[("TMPDIR", "spack/share")],
        args: &["doctor"],
        never: &["does not exist"],
    },
    Look {
        of: "results, for shell",
        here: "results",
        env: &[],
        args: &["shell", "results"],
        never: &["is not a case", "left anything"],
    },
    Look {
        of: "the cases of results, for shell",
        here: "results/cases",
        env: &[],
        args: &["shell", "results"],
        never: &["left anything"],
    },
    Look {
        of: "a case, for shell",
        here: "results/cases",
        env: &[],
        args: &["shell", "results/cases/c"],
        never: &["there is no case"],
    },
    Look {
        of: "results, for report",
        here: "results",
        env: &[],
        args: &["report", "results", "--out", "merged"],
        never: &["holds no results", "does not exist"],
    },
    Look {
        of: "results, for compare",
        here: "results",
        env: &[],
        args: &["compare", "results", "results"],
        never: &["holds no results", "does not exist"],
    },
    Look {
        of: "a log",
        here: "spack",
        env: &[],
        args: &["diagnose", "spack/share/log"],
        never: &["no such file"],
    },
    Look {
        of: "the site file",
        here: "spack",
        env: &[],
        args: &["list", "--site", "spack/share/site.toml"],
        never: &["no such file"],
    },
];

fn said(look: &Look, closed: bool) -> String {
    let spoil = if closed {
        format!("chown 0:0 \"$FOLDER/{0}\"; chmod 700 \"$FOLDER/{0}\"", look.here)
    } else {
        format!(
            "rm -rf \"$FOLDER/{0}\"; ln -sfn turn \"$FOLDER/{0}\"; ln -sfn \"$FOLDER/{0}\" \"$(dirname \"$FOLDER/{0}\")/turn\"",
            look.here
        )
    };
    let mut pod = pod(&format!("{SETUP}chmod 755 \"$FOLDER\"; {spoil}"));
    for (name, value) in look.env {
        pod = if value.is_empty() { pod.without(name) } else { pod.env_below(name, value) };
    }
    let pod = if closed { pod.user(1234).expect("this test wants root") } else { pod };
    let answer = pod.call(look.args);
    format!("{}{}", answer.stdout, answer.stderr)
}

#[test]
fn what_cannot_be_looked_at_is_never_said_to_be_missing() {
    let mut faults = Vec::new();
    for look in LOOKS {
        for (closed, words) in
            [(true, &["is closed to us", "belongs to uid 0"][..]), (false, &["in a circle"])]
        {
            let said = said(look, closed);
            let kind = if closed { "closed" } else { "circle" };
            if !words.iter().any(|word| said.contains(word)) {
                faults.push(format!("{} ({kind}): none of {words:?} in\n{said}", look.of));
            }
            for never in look.never {
                if said.contains(never) {
                    faults.push(format!("{} ({kind}): says `{never}`:\n{said}", look.of));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n---\n"));
}

/// A module that adds a folder to MODULEPATH, as Spack names the one of the next level.
#[test]
fn a_folder_of_modules_that_cannot_be_looked_at_is_no_folder_that_is_empty_yet() {
    for (spoil, id, words) in [
        ("chown 0:0 \"$FOLDER/tree/gcc\"; chmod 700 \"$FOLDER/tree/gcc\"", "path-closed", "mode 0700"),
        ("rm -rf \"$FOLDER/tree/gcc\"; ln -sfn gcc \"$FOLDER/tree/gcc\"", "path-loop", "in a circle"),
    ] {
        let pod = pod(&format!(
            "mkdir -p \"$FOLDER/opt/bin\" \"$FOLDER/tree/gcc\"; chmod 755 \"$FOLDER\"; \
             for name in gcc g++; do printf '#!/bin/sh\\nexit 0\\n' > \"$FOLDER/opt/bin/$name\"; done; chmod 755 \"$FOLDER/opt/bin\"/*; \
             {spoil}"
        ));
        let pod = pod.env_below("MODULEPATH", "tree/Core").user(1234).expect("this test wants root");
        pod.file(
            "tree/Core/gcc/13.lua",
            "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", os.getenv(\"FOLDER\") .. \"/opt/bin\")\n\
             prepend_path(\"MODULEPATH\", os.getenv(\"FOLDER\") .. \"/tree/gcc/13\")\n",
        );
        let answer = pod.call(&["run", "modules", "--cc", "gcc/13"]);
        let said = format!("{}{}", answer.stdout, answer.stderr);
        assert_eq!(answer.code, 78, "{id}: {said}");
        let junit = pod.junit();
        let case = junit.cases.iter().find(|case| case.name.contains(" modulepath"));
        let case = case.unwrap_or_else(|| panic!("{id}: {junit:?}"));
        assert_eq!(case.outcome, "error", "{case:?}");
        let text = format!("{}\n{}", case.message, case.text);
        assert!(text.contains(id) && text.contains(words), "{case:?}");
    }
}

#[test]
fn shared_memory_and_users_that_cannot_be_looked_at_are_not_called_missing() {
    let circle = format!(
        "{} && ln -sfn other /dev/shm && ln -sfn shm /dev/other",
        devices(&["null", "zero", "urandom"])
    );
    let answer = pod(&circle).call(&["doctor", "mpi"]);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    assert!(said.contains("in a circle") && said.contains("shm            cannot be looked at"), "{said}");
    assert!(!said.contains("no /dev/shm"), "{said}");
    let closed = "touch \"$FOLDER/passwd\" && chmod 000 \"$FOLDER/passwd\" && mount --bind \"$FOLDER/passwd\" /etc/passwd; chmod 755 \"$FOLDER\"";
    let pod = pod(closed).user(1234).expect("this test wants root");
    let answer = pod.call(&["doctor"]);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    assert!(!said.contains("without a name") && !said.contains("no name in /etc/passwd"), "{said}");
}

/// What the run says of itself is excused by a known issue as any case is.
#[test]
fn a_known_issue_speaks_of_the_records_of_the_run_itself() {
    let pod = pod("mkdir -p \"$FOLDER/opt/bin\" \"$FOLDER/tree/Core/closed\"; chmod 755 \"$FOLDER\"; \
         for name in gcc g++; do printf '#!/bin/sh\\nexit 0\\n' > \"$FOLDER/opt/bin/$name\"; done; chmod 755 \"$FOLDER/opt/bin\"/*; \
         chown 0:0 \"$FOLDER/tree/Core/closed\"; chmod 700 \"$FOLDER/tree/Core/closed\"");
    let pod = pod.env_below("MODULEPATH", "tree/Core").user(1234).expect("this test wants root");
    pod.file(
        "tree/Core/gcc/13.lua",
        "whatis(\"g\")\nfamily(\"compiler\")\nprepend_path(\"PATH\", os.getenv(\"FOLDER\") .. \"/opt/bin\")\n",
    );
    pod.file(
        "own/suite.toml",
        "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\nsummary = \"s\"\nrun = \"{cc}\"\n",
    );
    let known = |probe: &str| {
        format!(
            "[[known]]\nmatch = {{ suite = \"run\", probe = \"{probe}\" }}\nreason = \"closed on purpose\"\nref = \"T-1\"\n"
        )
    };
    let args = ["run", "own", "--all", "--suites", "own", "--site", "site.toml"];
    for (probe, code, outcome) in [("other", 78, "error"), ("modulefiles", 0, "skipped")] {
        pod.file("site.toml", &known(probe));
        let answer = pod.call(&args);
        assert_eq!(answer.code, code, "{}{}", answer.stdout, answer.stderr);
        let junit = pod.junit();
        let case = junit.cases.iter().find(|case| case.name == "modulefiles");
        assert_eq!(case.map(|case| case.outcome.as_str()), Some(outcome), "{junit:?}");
    }
}
