//! An index that is reached only through a proxy, as the tools reach it: a real proxy on this machine, which writes down
//! what it is asked.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stackprobe::pod::reach::{Fault, Reached, Unreachable, cran_with, index_with};
use stackprobe::run::index::Index;

use crate::fixture::call;

const LIMIT: Duration = Duration::from_secs(5);

/// A proxy that knows where `index.invalid` is, and wants these credentials if any.
struct Proxy {
    place: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn begin(index: &str, credentials: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (index, log) = (index.to_owned(), Arc::clone(&asked));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (index, log) = (index.clone(), Arc::clone(&log));
                std::thread::spawn(move || serve(client.unwrap(), &index, credentials, &log));
            }
        });
        Self { place, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, index: &str, credentials: Option<&str>, log: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    log.lock().unwrap().push(head.clone());
    let line = head.lines().next().unwrap();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let wanted = credentials
        .map(|pair| format!("Proxy-Authorization: Basic {}", stackprobe::digest::base64(pair.as_bytes())));
    if wanted.is_some_and(|wanted| !head.contains(&wanted)) {
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").unwrap();
        return;
    }
    if method == "CONNECT" {
        let mut server = TcpStream::connect(target.replace("index.invalid", "127.0.0.1")).unwrap();
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let up = std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
        let _ = std::io::copy(&mut server, &mut client);
        let _ = client.shutdown(std::net::Shutdown::Both);
        up.join().unwrap();
        return;
    }
    let path = target.strip_prefix("http://index.invalid:80").unwrap_or_else(|| panic!("{target}"));
    let mut server = TcpStream::connect(index).unwrap();
    let rest = head.split_once("\r\n").unwrap().1;
    server.write_all(format!("GET {path} HTTP/1.0\r\n{rest}").as_bytes()).unwrap();
    let _ = std::io::copy(&mut server, &mut client);
}

/// Our own index, and its host and port.
fn index() -> (Index, String) {
    let index = Index::serve().unwrap();
    let place = index.url().split('/').nth(2).unwrap().to_owned();
    (index, place)
}

fn ask(url: &str, variables: &[(&str, &str)]) -> Result<Reached, Unreachable> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    index_with(url, "stackprobe-pure", LIMIT, &|name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn an_index_that_only_the_proxy_reaches_is_reached() {
    let (index, place) = index();
    let proxy = Proxy::begin(&place, None);
    let url = index.url().replace(&place, "index.invalid");
    assert_eq!(ask(&url, &[]).unwrap_err().fault, Fault::Name);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        for value in
            [proxy.place.clone(), format!("http://{}", proxy.place), format!("http://{}/", proxy.place)]
        {
            assert_eq!(ask(&url, &[(name, &value)]), Ok(Reached::Index), "{name}={value}");
        }
    }
    // The page and a file of it, both as a proxy is asked.
    let asked = proxy.asked();
    assert!(asked.iter().all(|head| head.starts_with("GET http://index.invalid:80/")), "{asked:?}");
    // R goes by libcurl, which takes no HTTP_PROXY in capitals.
    let curl = |name: &str| {
        let found = cran_with(&url, LIMIT, &|asked| (asked == name).then(|| proxy.place.clone()));
        found.unwrap_err().fault
    };
    assert_eq!((curl("http_proxy"), curl("HTTP_PROXY")), (Fault::Incomplete, Fault::Name));
}

#[test]
fn what_no_proxy_names_is_fetched_directly() {
    let (index, place) = index();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let told = ask(&index.url(), &[("http_proxy", &dead)]).unwrap_err();
    assert_eq!(told.fault, Fault::Refused);
    assert!(told.what.contains(&format!("the proxy {dead}")), "{}", told.what);
    for spared in ["127.0.0.1", "127.0.0.0/8", "*", &place, "10.0.0.1,127.0.0.1"] {
        for name in ["no_proxy", "NO_PROXY"] {
            let found = ask(&index.url(), &[("http_proxy", &dead), (name, spared)]);
            assert_eq!(found, Ok(Reached::Index), "{name}={spared}");
        }
    }
    assert_eq!(
        ask(&index.url(), &[("http_proxy", &dead), ("no_proxy", "10.0.0.0/8")]).unwrap_err().fault,
        Fault::Refused
    );
}

#[test]
fn credentials_of_proxy_and_index_are_decoded_sent_and_never_told() {
    let (index, place) = index();
    let proxy = Proxy::begin(&place, Some("me@site:p:w"));
    let url = index.url().replace(&place, "robot%40site:se%3Acret%2F@index.invalid");
    let variable = format!("http://me%40site:p%3Aw@{}", proxy.place);
    assert_eq!(ask(&url, &[("http_proxy", &variable)]), Ok(Reached::Index));
    let pair = stackprobe::digest::base64(b"robot@site:se:cret/");
    let asked = proxy.asked();
    assert!(asked[0].contains(&format!("\r\nAuthorization: Basic {pair}\r\n")), "{asked:?}");
    assert!(!asked[0].contains("se%3Acret"), "{asked:?}");
    let refused = ask(&url, &[("http_proxy", &format!("http://me:wrong@{}", proxy.place))]).unwrap_err();
    assert_eq!(refused.fault, Fault::Credentials);
    assert!(!refused.what.contains("wrong") && !refused.what.contains("cret"), "{}", refused.what);
}

#[test]
fn https_goes_through_a_tunnel_and_what_is_wrong_behind_it_is_told() {
    // The server behind the tunnel speaks no TLS.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let proxy = Proxy::begin(&place, Some("u:p"));
    let url = format!("https://{place}/simple");
    let told = ask(&url, &[("https_proxy", &format!("http://u:p@{}", proxy.place))]).unwrap_err();
    assert_eq!(told.fault, Fault::Tls, "{}", told.what);
    assert!(
        told.what.contains("does not speak TLS") && told.what.contains("through the proxy"),
        "{}",
        told.what
    );
    assert!(proxy.asked()[0].starts_with(&format!("CONNECT {place} HTTP/1.1\r\n")), "{:?}", proxy.asked());
    let told = ask(&url, &[("https_proxy", &proxy.place)]).unwrap_err();
    assert_eq!(told.fault, Fault::Credentials, "{}", told.what);
    assert!(told.what.contains("407"), "{}", told.what);
}

#[test]
fn a_variable_that_names_no_proxy_is_told() {
    let told = ask("http://index.invalid/simple", &[("http_proxy", "ftp://me:secret@h:1")]).unwrap_err();
    assert_eq!(told.fault, Fault::Url);
    assert!(told.what.contains("http_proxy") && !told.what.contains("secret"), "{}", told.what);
}

const SUITE: &str = "name = \"own\"\nsummary = \"s\"\ntoolchain = [\"compiler\"]\n\
                     [[probe]]\nname = \"one\"\nsummary = \"s\"\nindex = true\nrun = \"true\"\n";

#[test]
fn a_run_asks_for_its_index_as_pip_would() {
    let (index, place) = index();
    // What every index has is not in ours: a page of it stands for the rest.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 4096]);
            let page = "<a href=\"six-1.0.tar.gz\">six</a>";
            let _ = write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
                page.len()
            );
        }
    });
    drop((index, place));
    let run = |name: &str| {
        call(&[
            "run",
            "own",
            "--cc",
            "gcc/12",
            "--suites",
            "own",
            "--index-url",
            "http://index.invalid/simple",
        ])
        .file("own/suite.toml", SUITE)
        .env(name, &proxy)
        .run()
    };
    run("http_proxy").exits(0);
    let without = run("UNRELATED").exits(75);
    assert!(without.stdout.contains("net-dns"), "{}", without.stdout);
}
