//! Nothing secret leaves: not in the console, not in any file of the results, however it was said.

use std::path::Path;

use crate::fixture::call;

const VALUE: &str = "Xk8-Lq2/Zr'9";

/// A probe that prints secrets in every way that its author could think of, and fails.
const SCRIPT: &str = r#"
echo "alone: $SITE_CRYPT"
echo "$SITE_CRYPT" | base64
echo 'curl -u me:inCommand77 https://me:inAddress77@host/'
echo '<password>inElement77</password>' >&2
echo 'machine h login u password inNetrc77'
echo 'aws_secret_access_key = inIni77/x'
head -c 70000 /dev/zero | tr '\0' x; echo " $SITE_CRYPT "
cat <<'KEY'
-----BEGIN RSA PRIVATE KEY-----
inKey77v+mFyQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY3ODkw/GFi
inKey77v+mFyQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY3ODkw/GFi
inKey77=
-----END RSA PRIVATE KEY-----
KEY
echo "not ok 1 - token=inCheck77"
echo "  ---"
echo "  message: password is inDetail77"
echo "  ..."
echo 1..1
exit 1
"#;

fn files(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            all.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn nothing_secret_is_in_any_output_of_a_run() {
    let suite = "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n[[probe]]\nname = \"p\"\nsummary = \"y\"\n\
                 sources = [\"p.sh\"]\nprotocol = \"tap\"\n\
                 run = \"sh {sources} --password inFlag77 --token=inToken77 https://me:inUrl77@host/\"\n\
                 env = { DB_PASS = \"inSuite77\" }\n";
    let more = "[secrets]\nnames = [\"ACME_*\"]\npatterns = [\"acme-[0-9]{6}\"]\n";
    let words = [
        "run",
        "mine",
        "--cc",
        "gcc/12",
        "--suites",
        "s",
        "--site",
        "site.toml",
        "--verbose",
        "--index-url",
        "https://me:inArgument77@127.0.0.1:9/",
    ];
    let script =
        format!("{SCRIPT}echo ACME_ONE=inSite77 acme-123456 $DB_PASS\n").replace("exit 1\n", "") + "exit 1\n";
    let call = call(&words)
        .file("s/mine/suite.toml", suite)
        .file("s/mine/p.sh", script)
        .file("site.toml", more)
        .file("termination", "")
        .env("SITE_CRYPT", VALUE)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .env("STACKPROBE_TERMINATION_LOG", "termination");
    let answer = call.run().exits(1);
    let mut all =
        vec![("stdout".to_owned(), answer.stdout.clone()), ("stderr".to_owned(), answer.stderr.clone())];
    files(&answer.results(), &mut all);
    for name in ["summary.md", "termination"] {
        all.push((name.to_owned(), std::fs::read_to_string(answer.folder.path().join(name)).unwrap()));
    }
    assert!(all.len() > 8 && all.iter().any(|(name, _)| name.ends_with("repro.sh")), "{all:?}");
    for (name, text) in &all {
        for secret in [
            "Xk8-Lq2",
            "WGs4LUxxMi",
            "inCommand77",
            "inAddress77",
            "inElement77",
            "inNetrc77",
            "inIni77",
            "inKey77",
            "inCheck77",
            "inDetail77",
            "inFlag77",
            "inToken77",
            "inUrl77",
            "inSuite77",
            "inArgument77",
            "inSite77",
            "acme-123456",
        ] {
            let line = text.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} in {name}: {line:?}");
        }
    }
    assert!(answer.stderr.contains("alone: ***"), "{}", answer.stderr);
    // The same case by hand, with what was left out.
    let script = answer.results().join("cases/mine.p.gcc-12.2.0/repro.sh");
    let bash = |set: &[(&str, &str)]| {
        let mut bash = std::process::Command::new("bash");
        bash.arg(&script).env_clear().env("PATH", "/usr/bin:/bin").envs(set.iter().copied());
        let output = bash.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = bash(&[]);
    assert!(
        status == Some(1) && said.contains("secrets are left out") && said.contains("SITE_CRYPT"),
        "{said}"
    );
}

#[test]
fn nothing_secret_is_in_what_the_other_commands_print() {
    let log = format!("token=inLog77 {VALUE} curl -u me:inCurl77 x\nld: No space left on device {VALUE}\n");
    let program = ["--", "/no/such", "--token=inWord77", VALUE];
    let address = "https://me:inArgument77@h/";
    for (words, code) in [
        (vec!["doctor", "python", "--runtime", "python/3.11"], None),
        (vec!["doctor", "python", "--runtime", "python/3.11", "--format", "json"], None),
        (vec!["discover"], Some(0)),
        (vec!["discover", "--format", "json"], Some(0)),
        (vec!["discover", "--out", "discovered", "--format", "json"], Some(0)),
        (vec!["list", "compiler", "--all", "--format", "json"], Some(0)),
        (vec!["diagnose", "log"], None),
        (vec!["diagnose", "log", "--format", "json"], None),
        ([&["shell", "--cc", "gcc/12"][..], &program].concat(), Some(2)),
        (vec!["shell", "--cc", "gcc/999"], Some(1)),
        (vec!["shell", address], Some(2)),
        (vec!["doctor", "--all", "--suites", address], Some(2)),
        (vec!["discover", "--site", address], Some(2)),
        (vec!["report", address], Some(2)),
    ] {
        let call = call(&words)
            .file("log", &log)
            .env("SITE_CRYPT", VALUE)
            .env("http_proxy", "http://me:inProxy77@127.0.0.1:9/")
            .env("PIP_INDEX_URL", "https://me:inIndex77@127.0.0.1:9/simple")
            .env("SLURM_SERVER", "http://me:inServer77@h/")
            .env("OMPI_MCA_password", "inParameter77");
        let answer = call.run();
        assert!(code.is_none_or(|code| answer.code == code), "{words:?}: {}{}", answer.stdout, answer.stderr);
        let out = std::fs::read_to_string(answer.folder.path().join("discovered")).unwrap_or_default();
        let all = format!("{}{}{out}", answer.stdout, answer.stderr);
        assert!(!all.is_empty(), "{words:?}");
        for secret in [
            "Xk8-Lq2",
            "inLog77",
            "inCurl77",
            "inWord77",
            "inArgument77",
            "inProxy77",
            "inIndex77",
            "inServer77",
            "inParameter77",
        ] {
            let line = all.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} in {words:?}: {line:?}");
        }
    }
}

#[test]
fn a_site_that_would_hide_everything_is_told_so() {
    let more = "[secrets]\nnames = [\"*\"]\npatterns = [\"(\", \"x*\"]\n";
    let words = ["run", "compiler", "--cc", "gcc/12", "--site", "site.toml"];
    let answer = call(&words).file("site.toml", more).run().exits(2);
    assert_eq!(answer.stderr.matches("error:").count(), 3, "{}", answer.stderr);
}
