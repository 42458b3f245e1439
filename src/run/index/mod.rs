//! A Python package index of our own on loopback, for as long as runtime probes run: the network is then no part of the
//! question whether a runtime works. It speaks the simple API (PEP 503, and PEP 691 to those who ask) with hashes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::{Error, Kind, reason};

pub mod catalogue;
mod page;

/// How many connections are served at once; more wait in the listener's queue.
const WORKERS: usize = 4;
/// The longest request that is read.
const LONGEST: usize = 16 << 10;
/// How long a client may take to send its request or to take the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// An index that serves until it is dropped.
#[derive(Debug)]
pub struct Index {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl Index {
    /// Serves the embedded packages on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The pod has no loopback interface that is up, or no free port; or the embedded packages are malformed.
    pub fn serve() -> Result<Self, Error> {
        let releases = Arc::new(catalogue::catalogue().map_err(|what| Error::new(Kind::Internal, what))?);
        let refused = |error: std::io::Error| {
            let what = format!("cannot serve a package index on 127.0.0.1: {}", reason(&error));
            Error::new(Kind::Unfit, what).hint("the loopback interface of the pod must be up")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let mut index = Self { address, stop: Arc::default(), workers: Vec::new() };
        for _ in 0..WORKERS {
            let (listener, releases) = (listener.try_clone().map_err(refused)?, Arc::clone(&releases));
            let stop = Arc::clone(&index.stop);
            let worker = move || {
                while let Ok((client, _)) = listener.accept() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    // A client that went away or sends rubbish is its own loss: the tool will say so itself.
                    let _ = converse(client, &releases);
                }
            };
            index
                .workers
                .push(std::thread::Builder::new().name("index".into()).spawn(worker).map_err(refused)?);
        }
        Ok(index)
    }

    /// The URL that tools are given: `http://127.0.0.1:PORT/simple/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/simple/", self.address)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Each worker waits for a client. One of these goes to each of them, whichever it is, and it looks at `stop`.
        for _ in &self.workers {
            let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
        }
        for worker in self.workers.drain(..) {
            // It has no answer to give.
            let _ = worker.join();
        }
    }
}

fn converse(mut client: TcpStream, releases: &[catalogue::Release]) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let mut part = [0; 2048];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < LONGEST {
        match client.read(&mut part)? {
            0 => return Ok(()),
            length => request.extend(&part[..length]),
        }
    }
    match page::answer(releases, &String::from_utf8_lossy(&request)) {
        Some(answer) => client.write_all(&answer),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_ends_when_it_is_dropped_whoever_connected() {
        let begun = std::time::Instant::now();
        for _ in 0..50 {
            let index = Index::serve().unwrap();
            drop(TcpStream::connect(index.address).unwrap());
        }
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
    }

    #[test]
    fn it_serves_what_it_lists() {
        let index = Index::serve().unwrap();
        let get = |path: &str| {
            let mut client = TcpStream::connect(index.address).unwrap();
            client.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        let page = get("/simple/stackprobe-native/");
        let file = page.split("href=\"").nth(1).unwrap().split('#').next().unwrap();
        assert!(get(file).starts_with("HTTP/1.1 200 OK"), "{page}");
    }
}
