//! What a script takes from whoever calls it.

use super::*;
use std::process::Command;

#[test]
fn what_is_left_out_comes_from_the_environment_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = Environment::from_nul_separated(b"PATH=/usr/bin:/bin\0");
    let base = case.clone();
    case.set("DB_PASSWORD", "xk8 Lq'2Zr");
    let source = "echo \"$DB_PASSWORD\" \"$1\" \"$2\" \"$3\" 'token=fromfile99'\n";
    let words =
        ["sh", "p.sh", "--password", "xk8 Lq'2Zr", "https://me:in&url@h/"].map(str::to_owned).to_vec();
    let repro = Repro {
        title: "mine/p [gcc/12]".into(),
        reason: "token=inreason9".into(),
        modules: Vec::new(),
        lmod: Path::new("/nowhere/lmod"),
        base: &base,
        loaded: &base,
        case: &case,
        files: vec![("p.sh".into(), source.into())],
        stage: Path::new("/stage"),
        folders: [Path::new("/stage.t/t"), Path::new("/stage.t/h")],
        commands: vec![words],
        aslr: true,
        limit: Duration::from_secs(10),
    };
    let text = repro.script();
    for secret in ["xk8", "2Zr", "in&url", "fromfile99", "inreason9"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let script = folder.path().join("repro.sh");
    std::fs::write(&script, text).unwrap();
    let run = |set: &[(&str, &str)]| {
        let mut again = Command::new("bash");
        again.arg(&script).envs(set.iter().copied());
        let output = again.output().unwrap();
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let set = [
        ("DB_PASSWORD", "xk8 Lq'2Zr"),
        ("STACKPROBE_SECRET_1", "fromfile99"),
        ("STACKPROBE_SECRET_2", "me:in&url"),
    ];
    let [said, told] = run(&set);
    assert!(
        said.contains("xk8 Lq'2Zr --password xk8 Lq'2Zr https://me:in&url@h/ token=fromfile99"),
        "{said} {told}"
    );
    assert!(!told.contains("left out"), "{told}");
    let [said, told] = run(&set[..1]);
    assert!(said.contains("--password xk8 Lq'2Zr https://@h/"), "{said}");
    assert!(told.contains("call it: STACKPROBE_SECRET_1 STACKPROBE_SECRET_2"), "{told}");
}
