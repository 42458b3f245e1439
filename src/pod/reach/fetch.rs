//! One page over the network, and at which stage it failed: name, connection, TLS or HTTP.
//!
//! A name is resolved by `getent`, never in this process: a static program that asks glibc to resolve a name loads NSS
//! libraries of the image under test. TLS is spoken by `curl` where the image has one; without it only the first words
//! of a handshake are exchanged, which tells whether anybody speaks TLS there but not whether its certificate is good.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::url::Url;
use super::{Fault, Unreachable};
use crate::error::reason;

/// The most of a page that is read.
const LONGEST: u64 = 8 << 20;
/// How often a page may send its reader elsewhere.
const REDIRECTIONS: usize = 4;

/// What a server has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Where it was found in the end.
    pub url: Url,
    /// The status of HTTP.
    pub status: u16,
    /// Its media type, in lower case; empty if none was said.
    pub kind: String,
    /// What it holds.
    pub body: Vec<u8>,
}

/// Gets `url` within `limit`, following redirections. `None`: the server speaks TLS, and nobody here can.
///
/// # Errors
/// At which stage it failed.
pub(super) fn fetch(url: &Url, limit: Duration) -> Result<Option<Page>, Unreachable> {
    let until = Instant::now() + limit;
    let mut url = url.clone();
    for _ in 0..=REDIRECTIONS {
        let mut stream = connect(&url, until)?;
        let answer = if url.tls {
            greet(&mut stream, &url)?;
            drop(stream);
            let Some(answer) = curl(&url, until)? else { return Ok(None) };
            answer
        } else {
            talk(&mut stream, &url, until).map_err(|error| silence(&url, &error))?
        };
        let Some((status, head, body)) = split(&answer) else {
            let what = format!("{} answers, but no HTTP", url.place());
            return Err(Unreachable::new(Fault::Http, what));
        };
        let header = |name: &str| {
            let value = head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            });
            value.unwrap_or_default().to_owned()
        };
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            url = url.join(&header("location")).map_err(|what| Unreachable::new(Fault::Http, what))?;
            continue;
        }
        let kind = header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        return Ok(Some(Page { status, kind, body: body.to_vec(), url }));
    }
    Err(Unreachable::new(Fault::Http, format!("{url}: redirected more than {REDIRECTIONS} times")))
}

fn left(until: Instant) -> Duration {
    // Zero would mean "no limit" to a socket.
    until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

fn connect(url: &Url, until: Instant) -> Result<TcpStream, Unreachable> {
    let addresses = match url.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolve(&url.host, until)?,
    };
    let mut last = None;
    for address in addresses.into_iter().take(4) {
        match TcpStream::connect_timeout(&SocketAddr::new(address, url.port), left(until)) {
            Ok(stream) => {
                let timed = stream
                    .set_read_timeout(Some(left(until)))
                    .and_then(|()| stream.set_write_timeout(Some(left(until))));
                return timed.map(|()| stream).map_err(|error| silence(url, &error));
            }
            Err(error) => last = Some((address, error)),
        }
    }
    let Some((address, error)) = last else {
        return Err(Unreachable::new(Fault::Name, format!("`{}` has no address", url.host)));
    };
    let fault = match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Timeout,
        _ => Fault::Route,
    };
    let reason = reason(&error);
    Err(Unreachable::new(fault, format!("cannot connect to {} ({address}): {reason}", url.place())))
}

fn resolve(host: &str, until: Instant) -> Result<Vec<IpAddr>, Unreachable> {
    let mut command = Command::new("getent");
    command.args(["ahosts", "--", host]);
    let output = within(command, "", until).map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::TimedOut => format!("`{host}` was not resolved in time"),
            _ => format!("cannot run getent to resolve `{host}`: {}", reason(&error)),
        };
        Unreachable::new(Fault::Name, what)
    })?;
    let mut addresses: Vec<IpAddr> = String::from_utf8_lossy(&output.1)
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(Unreachable::new(
            Fault::Name,
            format!("the name `{host}` is not known to this pod's resolver"),
        ));
    }
    Ok(addresses)
}

/// HTTP/1.0, so that the answer ends with the connection and comes in one piece.
fn talk(stream: &mut TcpStream, url: &Url, until: Instant) -> io::Result<Vec<u8>> {
    let mut request = format!(
        "GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: stackprobe\r\nAccept: {}\r\n",
        url.path,
        url.place(),
        super::ACCEPT
    );
    if let Some(credentials) = &url.credentials {
        request += "Authorization: Basic ";
        request += &crate::digest::base64(credentials.as_bytes());
        request += "\r\n";
    }
    request += "\r\n";
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut part = vec![0; 64 << 10];
    while (answer.len() as u64) < LONGEST {
        // One limit for all of it: a server that sends a byte now and then would otherwise never be done.
        if until <= Instant::now() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left(until)))?;
        match stream.read(&mut part)? {
            0 => break,
            length => answer.extend(&part[..length]),
        }
    }
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

fn silence(url: &Url, error: &io::Error) -> Unreachable {
    let place = url.place();
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unreachable::new(
            Fault::Timeout,
            format!("{place} accepts connections and gives no answer in time"),
        ),
        io::ErrorKind::UnexpectedEof => {
            Unreachable::new(Fault::Http, format!("{place} closes the connection without an answer"))
        }
        _ => Unreachable::new(Fault::Http, format!("{place}: {}", reason(error))),
    }
}

/// The first words of a handshake (RFC 8446): is there anybody who speaks TLS?
fn greet(stream: &mut TcpStream, url: &Url) -> Result<(), Unreachable> {
    let mut first = [0; 7];
    let said = stream.write_all(&hello(&url.host)).and_then(|()| stream.read_exact(&mut first));
    said.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silence(url, &error),
        _ => Unreachable::new(
            Fault::Tls,
            format!("{} ends the TLS handshake: {}", url.place(), reason(&error)),
        ),
    })?;
    match first[0] {
        22 => Ok(()),
        21 => {
            let what = format!("{} refuses the TLS handshake with alert {}", url.place(), first[6]);
            Err(Unreachable::new(Fault::Tls, what))
        }
        _ => Err(Unreachable::new(Fault::Tls, format!("{} does not speak TLS: is it http://?", url.place()))),
    }
}

/// A `ClientHello` that offers TLS 1.2 and 1.3 and what every server has.
fn hello(host: &str) -> Vec<u8> {
    fn sized(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes()[..], bytes].concat()
    }
    let extension = |number: u16, body: &[u8]| [&number.to_be_bytes()[..], &sized(body)].concat();
    let mut extensions = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        extensions.extend(extension(0, &sized(&[&[0], &sized(host.as_bytes())[..]].concat())));
    }
    extensions.extend(extension(10, &sized(&[0, 29, 0, 23, 0, 24])));
    extensions.extend(extension(13, &sized(&[4, 3, 8, 4, 4, 1, 8, 5, 5, 1, 8, 6, 6, 1])));
    extensions.extend(extension(43, &[4, 3, 4, 3, 3]));
    // No key is offered for TLS 1.3: the server then asks for one, and has answered.
    extensions.extend(extension(51, &sized(&[])));
    let mut body = vec![3, 3];
    body.extend([0x5a; 32]);
    body.push(0);
    body.extend(sized(&[0x13, 1, 0x13, 2, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0, 0x9c, 0, 0x2f]));
    body.extend([1, 0]);
    body.extend(sized(&extensions));
    let message = [&[1, 0][..], &sized(&body)].concat();
    [&[22, 3, 1][..], &sized(&message)].concat()
}

/// The same request by the image's `curl`, which judges the certificate. `None`: there is no curl.
fn curl(url: &Url, until: Instant) -> Result<Option<Vec<u8>>, Unreachable> {
    let found = ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl"].map(PathBuf::from);
    let Some(curl) = found.into_iter().find(|path| path.is_file()) else { return Ok(None) };
    let mut command = Command::new(curl);
    command.args(["--silent", "--show-error", "--include", "--http1.1", "--header"]);
    command
        .arg(format!("Accept: {}", super::ACCEPT))
        .arg("--max-time")
        .arg(left(until).as_secs().max(1).to_string());
    command.args(["--config", "-"]).arg("--").arg(url.to_string());
    // On the command line every process of the pod could read them.
    let escaped = |text: &String| text.replace('\\', "\\\\").replace('"', "\\\"");
    let config = url.credentials.as_ref().map(|pair| format!("user = \"{}\"\n", escaped(pair)));
    let place = url.place();
    let (status, answer, complaint) =
        within(command, &config.unwrap_or_default(), until + Duration::from_secs(1)).map_err(|error| {
            Unreachable::new(Fault::Timeout, format!("{place}: curl: {}", reason(&error)))
        })?;
    let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
    // https://curl.se/libcurl/c/libcurl-errors.html
    let fault = match status {
        0 => return Ok(Some(answer)),
        28 => Fault::Timeout,
        35 | 51 | 53 | 54 | 58 | 59 | 60 | 66 | 77 | 80 | 83 | 90 | 91 => Fault::Tls,
        _ => Fault::Http,
    };
    Err(Unreachable::new(fault, format!("{place}: {complaint}")))
}

/// Exit status, stdout and stderr of a command that is killed when its time is over.
fn within(mut command: Command, input: &str, until: Instant) -> io::Result<(i32, Vec<u8>, Vec<u8>)> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read it will say why.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (done, finished) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut both = (Vec::new(), Vec::new());
        // What cannot be read is missing from the answer, and the exit status tells the rest.
        let _ = out.map(|out| out.take(LONGEST).read_to_end(&mut both.0));
        let _ = err.map(|err| err.take(LONGEST).read_to_end(&mut both.1));
        let _ = done.send(both);
    });
    let both = finished.recv_timeout(left(until));
    if both.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    let (out, err) = both.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    let _ = reader.join();
    Ok((status.code().unwrap_or(-1), out, err))
}

/// Status, head and body of an answer.
fn split(answer: &[u8]) -> Option<(u16, String, &[u8])> {
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, head, &answer[end + 4..]))
}
