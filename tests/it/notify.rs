//! `--notify`: a receiver is told when the verdict is another one, never learns or shows a secret, and may be dead.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::fixture::{Answer, call, skip};

/// What somebody sent: the head, and the body as JSON.
struct Told {
    head: String,
    body: Value,
}

/// A receiver that answers each request with the next of these statuses, then with the last.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks/s3cr3t-pa7h", listener.local_addr().unwrap());
    let (send, told) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            let (head, length) = loop {
                let count = stream.read(&mut buffer).unwrap();
                bytes.extend(&buffer[..count]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, _)) = text.split_once("\r\n\r\n") {
                    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                    break (head.to_owned(), length.unwrap().parse::<usize>().unwrap());
                }
            };
            while bytes.len() < head.len() + 4 + length {
                let count = stream.read(&mut buffer).unwrap();
                bytes.extend(&buffer[..count]);
            }
            let body = serde_json::from_slice(&bytes[head.len() + 4..]).unwrap();
            let status = statuses.get(count).or(statuses.last()).unwrap();
            let _ = write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = send.send(Told { head, body });
        }
    });
    (url, told)
}

fn next(told: &Receiver<Told>) -> Option<Told> {
    told.recv_timeout(Duration::from_millis(300)).ok()
}

/// A run of one probe that ends with this status, in this folder.
fn run(folder: &Path, status: u8, flags: &[&str], set: &[(&str, &str)]) -> Answer {
    let suite = format!(
        "name = \"mine\"\nsummary = \"x\"\ntoolchain = [\"compiler\"]\n\
         [[probe]]\nname = \"p\"\nsummary = \"y\"\nrun = \"sh -c 'env; exit {status}'\"\n"
    );
    std::fs::create_dir_all(folder.join("s/mine")).unwrap();
    std::fs::write(folder.join("s/mine/suite.toml"), suite).unwrap();
    let mut call = call(&[&["run", "mine", "--cc", "gcc/12", "--suites", "s"], flags].concat());
    for (name, value) in set {
        call = call.env(name, value);
    }
    call.command().current_dir(folder);
    call.run()
}

macro_rules! need_curl {
    () => {
        if !Path::new("/usr/bin/curl").is_file() {
            return skip("curl", "no curl is installed");
        }
    };
}

#[test]
fn a_receiver_is_told_when_the_verdict_is_another_one() {
    need_curl!();
    let here = tempfile::tempdir().unwrap();
    let (url, told) = receiver(&[200]);
    let set = [("STACKPROBE_NOTIFY", url.as_str())];
    run(here.path(), 0, &[], &set).exits(0);
    let first = next(&told).unwrap().body;
    assert_eq!(
        (&first["of"], &first["verdict"], &first["before"]),
        (&"run".into(), &"passed".into(), &Value::Null)
    );
    assert_eq!(first["exit"], 0);
    run(here.path(), 0, &[], &set).exits(0);
    assert!(next(&told).is_none(), "told although nothing has changed");
    run(here.path(), 5, &[], &set).exits(1);
    let red = next(&told).unwrap().body;
    assert_eq!((&red["verdict"], &red["before"]), (&"failed".into(), &"passed".into()));
    assert!(red["reasons"][0].as_str().unwrap().contains("mine/p [gcc/12.2.0]"), "{red}");
    run(here.path(), 5, &["--notify-always"], &set).exits(1);
    assert_eq!(next(&told).unwrap().body["before"], "failed");
    // `report` of the same results is the same verdict.
    let mut report = call(&["report", "results"]).env("STACKPROBE_NOTIFY", &url);
    report.command().current_dir(here.path());
    report.run().exits(1);
    assert!(next(&told).is_none());
}

#[test]
fn forms_and_templates_are_those_of_the_receivers() {
    need_curl!();
    let here = tempfile::tempdir().unwrap();
    let (url, told) = receiver(&[200]);
    let set = [("STACKPROBE_NOTIFY", url.as_str())];
    let body = |flags: &[&str]| {
        run(here.path(), 5, &[&["--notify-always"], flags].concat(), &set).exits(1);
        next(&told).unwrap().body
    };
    for form in ["slack", "mattermost"] {
        let body = body(&["--notify-form", form]);
        assert!(body["text"].as_str().unwrap().contains("stackprobe run"), "{form}: {body}");
    }
    let card = body(&["--notify-form", "teams"]);
    assert_eq!(card["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    std::fs::write(here.path().join("t.json"), r#"{"msg": "{verdict}: {summary}"}"#).unwrap();
    let own = body(&["--notify-template", "t.json"]);
    assert!(own["msg"].as_str().unwrap().starts_with("failed: 1 failed"), "{own}");
    let answer = run(here.path(), 0, &["--notify", "ftp://x/y"], &[]).exits(2);
    assert!(answer.stderr.contains("begins with http:// or https://"), "{}", answer.stderr);
}

#[test]
fn a_dead_receiver_changes_no_exit_code_and_is_told_the_next_time() {
    need_curl!();
    let here = tempfile::tempdir().unwrap();
    // One that is asked again tells: 503 is worth another try, 404 is none.
    let (url, told) = receiver(&[404, 503, 200]);
    let set = [("STACKPROBE_NOTIFY", url.as_str())];
    let answer = run(here.path(), 5, &[], &set).exits(1);
    assert!(answer.stderr.contains("note: nobody was notified: curl: ("), "{}", answer.stderr);
    assert!(next(&told).is_some());
    let answer = run(here.path(), 5, &[], &set).exits(1);
    assert!(!answer.stderr.contains("nobody was notified"), "{}", answer.stderr);
    assert!(next(&told).is_some() && next(&told).is_some());
    let nobody = "http://127.0.0.1:9/hooks/s3cr3t-pa7h";
    let answer = run(here.path(), 0, &[], &[("STACKPROBE_NOTIFY", nobody)]).exits(0);
    assert!(answer.stderr.contains("nobody was notified"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("s3cr3t"), "{}", answer.stderr);
}

#[test]
fn secrets_are_in_no_report_and_no_command_line() {
    need_curl!();
    let here = tempfile::tempdir().unwrap();
    let (url, told) = receiver(&[200]);
    std::fs::write(here.path().join("url"), format!("{url}\n")).unwrap();
    std::fs::write(here.path().join("token"), "t0k3n-of-ours\n").unwrap();
    let answer = run(here.path(), 5, &["--notify", "@url", "--notify-token", "token"], &[]).exits(1);
    let head = next(&told).unwrap().head;
    assert!(head.contains("Authorization: Bearer t0k3n-of-ours"), "{head}");
    // Also where somebody types it, against advice, and where the probe prints its environment.
    let typed = run(here.path(), 5, &["--notify", &url], &[("STACKPROBE_NOTIFY", &url)]).exits(1);
    let mut looked = 0;
    let mut folders = vec![here.path().join("results")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
            for secret in ["s3cr3t-pa7h", "t0k3n-of-ours"] {
                assert!(!text.contains(secret), "{secret} is in {}", entry.path().display());
            }
            looked += 1;
        }
    }
    assert!(looked > 5);
    for said in [answer.stderr, answer.stdout, typed.stderr, typed.stdout] {
        assert!(!said.contains("s3cr3t-pa7h") && !said.contains("t0k3n"), "{said}");
    }
    // And the help does not show what the variable holds.
    let help = call(&["run", "--help"]).env("STACKPROBE_NOTIFY", &url).run().exits(0).stdout;
    assert!(!help.contains("s3cr3t"), "{help}");
}

#[test]
fn a_gate_tells_its_ruling() {
    need_curl!();
    let here = tempfile::tempdir().unwrap();
    let (url, told) = receiver(&[200]);
    run(here.path(), 5, &[], &[]).exits(1);
    for _ in 0..2 {
        let words = ["gate", "results", "--plan", "results/plan.json", "--out", "verdict.json"];
        let mut gate = call(&words).env("STACKPROBE_NOTIFY", &url);
        gate.command().current_dir(here.path());
        gate.run().exits(1);
    }
    let first = next(&told).unwrap().body;
    assert_eq!((&first["of"], &first["verdict"]), (&"gate".into(), &"no".into()));
    assert!(!first["reasons"].as_array().unwrap().is_empty(), "{first}");
    assert!(next(&told).is_none(), "told twice");
}
