//! An index of packages that fails: each way is told apart, within its time, whatever a tool would say of it.

mod proxy;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stackprobe::pod::reach::{Fault, Reached, cran, index};
use stackprobe::run::index::Index;

use crate::fixture::skip;

const LIMIT: Duration = Duration::from_secs(2);

/// A server that gives every request what `answer` says of its path; an empty answer keeps the connection open.
fn server(answer: fn(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}/simple", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut request = [0; 4096];
            let length = client.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let answer = answer(request.split(' ').nth(1).unwrap_or_default());
            let _ = client.write_all(answer.as_bytes());
            if answer.is_empty() {
                open.push(client);
            }
        }
    });
    place
}

fn page(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn fault(url: &str) -> (Fault, String) {
    let begun = Instant::now();
    let found = index(url, "six", LIMIT).unwrap_err();
    assert!(begun.elapsed() < 3 * LIMIT, "{url}: {:?}", begun.elapsed());
    (found.fault, found.what)
}

#[test]
fn each_status_has_its_own_meaning() {
    for (answer, wanted) in [
        ((|_| page("401 Unauthorized", "text/plain", "")) as fn(&str) -> String, Fault::Credentials),
        (|_| page("403 Forbidden", "text/html", "<a href=\"x.whl\">x</a>"), Fault::Credentials),
        (|_| page("503 Service Unavailable", "text/html", ""), Fault::Server),
        (|_| page("404 Not Found", "text/html", ""), Fault::Incomplete),
        (|_| page("418 I'm a teapot", "text/plain", ""), Fault::Http),
    ] {
        assert_eq!(fault(&server(answer)).0, wanted);
    }
}

#[test]
fn a_login_page_is_no_index() {
    let (found, what) =
        fault(&server(|_| page("200 OK", "text/html", "<h1>Please log in</h1><a href=\"/login\">here</a>")));
    assert_eq!(found, Fault::NoIndex);
    assert!(what.contains("text/html"), "{what}");
}

#[test]
fn a_file_that_is_not_what_its_hash_says_is_named() {
    let (found, what) = fault(&server(|path| {
        if path.starts_with("/files/") {
            page("200 OK", "application/octet-stream", "not what you think")
        } else {
            let link =
                format!("<a href=\"/files/six-1.0-py3-none-any.whl#sha256={}\">six</a>", "0".repeat(64));
            page("200 OK", "text/html", &link)
        }
    }));
    assert_eq!(found, Fault::Hash);
    assert!(what.contains("six-1.0-py3-none-any.whl"), "{what}");
}

#[test]
fn silence_a_closed_door_and_rubbish_are_three_things() {
    assert_eq!(fault(&server(|_| String::new())).0, Fault::Timeout);
    assert_eq!(fault(&server(|_| "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n".into())).0, Fault::Http);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(fault(&format!("http://{free}/simple")).0, Fault::Refused);
}

#[test]
fn an_answer_that_never_ends_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/simple", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        while client.write_all(b"H").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(fault(&url).0, Fault::Timeout);
}

#[test]
fn a_name_that_nobody_knows_and_a_url_that_is_none_are_told_before_any_connection() {
    assert_eq!(fault("http://no-such-host.invalid/simple").0, Fault::Name);
    assert_eq!(fault("pypi.org/simple").0, Fault::Url);
}

#[test]
fn a_redirection_is_followed_but_not_for_ever() {
    let (found, what) = fault(&server(|path| format!("HTTP/1.1 302 Found\r\nLocation: {path}\r\n\r\n")));
    assert_eq!(found, Fault::Http);
    assert!(what.contains("redirected"), "{what}");
}

#[test]
fn https_to_a_server_without_tls_says_so() {
    let url = server(|_| page("400 Bad Request", "text/plain", "")).replace("http://", "https://");
    let (found, what) = fault(&url);
    assert_eq!(found, Fault::Tls);
    assert!(what.contains("does not speak TLS"), "{what}");
}

#[test]
fn a_certificate_that_nobody_signed_is_a_fault_of_tls() {
    if !["/usr/bin/openssl", "/usr/bin/curl"].iter().all(|tool| Path::new(tool).is_file()) {
        return skip("openssl", "this wants openssl and curl in /usr/bin");
    }
    let folder = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let mut command = Command::new("/usr/bin/openssl");
        command.args(words.split(' ')).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let made = openssl("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 1 -subj /CN=localhost")
        .status();
    assert!(made.unwrap().success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server =
        openssl(&format!("s_server -accept {port} -key key -cert cert -www")).stdin(Stdio::null()).spawn();
    let _server = Ended(server.unwrap());
    let until = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let (found, what) = fault(&format!("https://127.0.0.1:{port}/simple"));
    assert_eq!(found, Fault::Tls, "{what}");
    assert!(what.contains("certificate"), "{what}");
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn our_own_index_is_reached_all_the_way_and_is_no_cran() {
    let own = Index::serve().unwrap();
    assert_eq!(index(&own.url(), "stackprobe-pure", LIMIT), Ok(Reached::Index));
    assert_eq!(index(&own.url(), "setuptools", LIMIT), Ok(Reached::Index));
    assert_eq!(index(&own.url(), "six", LIMIT).unwrap_err().fault, Fault::Incomplete);
    assert_eq!(cran(&own.url(), LIMIT).unwrap_err().fault, Fault::Incomplete);
}

#[test]
fn a_cran_mirror_must_have_a_list_of_packages() {
    assert_eq!(cran(&server(|_| page("200 OK", "text/plain", "Package: a\n")), LIMIT), Ok(Reached::Index));
    let found = cran(&server(|_| page("200 OK", "text/html", "<html>")), LIMIT).unwrap_err();
    assert_eq!(found.fault, Fault::NoIndex);
}

#[test]
fn a_password_is_sent_and_never_told() {
    let url =
        server(|_| page("401 Unauthorized", "text/plain", "")).replace("http://", "http://user:secret@");
    let (found, what) = fault(&url);
    assert_eq!(found, Fault::Credentials);
    assert!(!what.contains("secret"), "{what}");
}
