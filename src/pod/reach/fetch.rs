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

use super::proxy::{Client, Proxy};
use super::unreachable::{Fault, Unreachable};
use super::url::Url;
use crate::error::reason;

/// The most of a page that is read.
const LONGEST: u64 = 8 << 20;
/// What is asked for: the simple API in JSON (PEP 691) or HTML (PEP 503), or any file.
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01";
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

/// How a page is asked for.
pub(super) struct Ask<'a> {
    /// Whose rules about proxies hold.
    pub(super) client: Client,
    /// What a variable says.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// How long one page may take.
    pub(super) limit: Duration,
}

impl Ask<'_> {
    /// Gets `url` in time, following redirections, through the proxy that the tools would take. `None`: it takes TLS or
    /// a proxy of a kind that nobody here speaks.
    ///
    /// # Errors
    /// At which stage it failed.
    pub(super) fn fetch(&self, url: &Url) -> Result<Option<Page>, Unreachable> {
        let until = Instant::now() + self.limit;
        let mut url = url.clone();
        for _ in 0..=REDIRECTIONS {
            let proxy = Proxy::of(&url, self.client, self.variable)
                .map_err(|what| Unreachable::new(Fault::Url, what))?;
            let Some(answer) = answer(&url, proxy.as_ref(), until)? else { return Ok(None) };
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
            let kind =
                header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            return Ok(Some(Page { status, kind, body: body.to_vec(), url }));
        }
        Err(Unreachable::new(Fault::Http, format!("{url}: redirected more than {REDIRECTIONS} times")))
    }
}

/// What is answered for one URL: head and body.
fn answer(url: &Url, proxy: Option<&Proxy>, until: Instant) -> Result<Option<Vec<u8>>, Unreachable> {
    if proxy.is_some_and(|proxy| proxy.scheme != "http") {
        return curl(url, proxy, until);
    }
    let through = proxy.map(|proxy| format!(" through the proxy {}", proxy.place())).unwrap_or_default();
    let place = format!("{}{through}", url.place());
    let mut stream = match proxy {
        Some(proxy) => connect(&proxy.host, proxy.port, &format!("the proxy {}", proxy.place()), until)?,
        None => connect(&url.host, url.port, &url.place(), until)?,
    };
    if !url.tls {
        return talk(&mut stream, url, proxy, until).map(Some).map_err(|error| silence(&place, &error));
    }
    if let Some(proxy) = proxy {
        tunnel(&mut stream, url, proxy, until)?;
    }
    greet(&mut stream, url, &place)?;
    drop(stream);
    curl(url, proxy, until)
}

/// Asks a proxy for a connection to the server of `url`.
fn tunnel(stream: &mut TcpStream, url: &Url, proxy: &Proxy, until: Instant) -> Result<(), Unreachable> {
    let place = url.place();
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: stackprobe\r\n");
    request += &authorization("Proxy-Authorization", proxy.credentials.as_deref());
    request += "\r\n";
    let mut head = Vec::new();
    let read = stream.write_all(request.as_bytes()).and_then(|()| {
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && head.len() < 64 << 10 {
            stream.set_read_timeout(Some(left(until)))?;
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        Ok(())
    });
    let through = format!("the proxy {}", proxy.place());
    read.map_err(|error| silence(&through, &error))?;
    let fault = match split(&head).map(|(status, ..)| status) {
        Some(200..=299) => return Ok(()),
        Some(status @ (401 | 403 | 407)) => (Fault::Credentials, format!("answers {status}")),
        Some(status @ 500..=599) => (Fault::Server, format!("answers {status}")),
        Some(status) => (Fault::Http, format!("answers {status}")),
        None => (Fault::Http, "answers, but no HTTP".to_owned()),
    };
    Err(Unreachable::new(fault.0, format!("{through} {} for a connection to {place}", fault.1)))
}

/// A header with credentials, if there are any. A name alone is one with an empty password.
fn authorization(header: &str, credentials: Option<&str>) -> String {
    let Some(credentials) = credentials else { return String::new() };
    let colon = if credentials.contains(':') { "" } else { ":" };
    let pair = crate::digest::base64(format!("{credentials}{colon}").as_bytes());
    format!("{header}: Basic {pair}\r\n")
}

fn left(until: Instant) -> Duration {
    // Zero would mean "no limit" to a socket.
    until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

fn connect(host: &str, port: u16, place: &str, until: Instant) -> Result<TcpStream, Unreachable> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolve(host, until)?,
    };
    let mut last = None;
    for address in addresses.into_iter().take(4) {
        match TcpStream::connect_timeout(&SocketAddr::new(address, port), left(until)) {
            Ok(stream) => {
                let timed = stream
                    .set_read_timeout(Some(left(until)))
                    .and_then(|()| stream.set_write_timeout(Some(left(until))));
                return timed.map(|()| stream).map_err(|error| silence(place, &error));
            }
            Err(error) => last = Some((address, error)),
        }
    }
    let Some((address, error)) = last else {
        return Err(Unreachable::new(Fault::Name, format!("`{host}` has no address")));
    };
    let fault = match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Fault::Timeout,
        _ => Fault::Route,
    };
    let reason = reason(&error);
    Err(Unreachable::new(fault, format!("cannot connect to {place} ({address}): {reason}")))
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
fn talk(stream: &mut TcpStream, url: &Url, proxy: Option<&Proxy>, until: Instant) -> io::Result<Vec<u8>> {
    // A proxy is given the whole URL.
    let target = if proxy.is_some() { url.to_string() } else { url.path.clone() };
    let mut request = format!(
        "GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: stackprobe\r\nAccept: {}\r\n",
        target,
        url.place(),
        ACCEPT
    );
    request += &authorization("Authorization", url.credentials.as_deref());
    request += &authorization("Proxy-Authorization", proxy.and_then(|proxy| proxy.credentials.as_deref()));
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

fn silence(place: &str, error: &io::Error) -> Unreachable {
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
fn greet(stream: &mut TcpStream, url: &Url, place: &str) -> Result<(), Unreachable> {
    let mut first = [0; 7];
    let said = stream.write_all(&hello(&url.host)).and_then(|()| stream.read_exact(&mut first));
    said.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silence(place, &error),
        _ => Unreachable::new(Fault::Tls, format!("{place} ends the TLS handshake: {}", reason(&error))),
    })?;
    match first[0] {
        22 => Ok(()),
        21 => {
            let what = format!("{place} refuses the TLS handshake with alert {}", first[6]);
            Err(Unreachable::new(Fault::Tls, what))
        }
        _ => Err(Unreachable::new(Fault::Tls, format!("{place} does not speak TLS: is it http://?"))),
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
fn curl(url: &Url, proxy: Option<&Proxy>, until: Instant) -> Result<Option<Vec<u8>>, Unreachable> {
    let found = ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl"].map(PathBuf::from);
    let Some(curl) = found.into_iter().find(|path| path.is_file()) else { return Ok(None) };
    let mut command = Command::new(curl);
    // First: no file of a user's changes what is asked. What the proxy says of its tunnel is not an answer.
    command.args([
        "--disable",
        "--silent",
        "--show-error",
        "--include",
        "--suppress-connect-headers",
        "--http1.1",
    ]);
    command.arg("--header");
    command.arg(format!("Accept: {ACCEPT}")).arg("--max-time").arg(left(until).as_secs().max(1).to_string());
    command.args(["--config", "-"]).arg("--").arg(url.to_string());
    // On the command line every process of the pod could read them.
    let quoted = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
        format!("\"{text}\"")
    };
    let mut config = String::new();
    for (option, pair) in [
        ("user", url.credentials.as_deref()),
        ("proxy-user", proxy.and_then(|proxy| proxy.credentials.as_deref())),
    ] {
        let pair = pair.map(|pair| if pair.contains(':') { pair.to_owned() } else { format!("{pair}:") });
        config.extend(pair.map(|pair| format!("{option} = {}\n", quoted(&pair))));
    }
    // Which proxy, is decided already, by the rules of those who will ask after us.
    let route = match proxy {
        Some(proxy) => {
            format!("proxy = {}\nnoproxy = \"\"\n", quoted(&format!("{}://{}", proxy.scheme, proxy.place())))
        }
        None => "noproxy = \"*\"\n".to_owned(),
    };
    config.push_str(&route);
    let place = match proxy {
        Some(proxy) => format!("{} through the proxy {}", url.place(), proxy.place()),
        None => url.place(),
    };
    let (status, answer, complaint) = within(command, &config, until + Duration::from_secs(1))
        .map_err(|error| Unreachable::new(Fault::Timeout, format!("{place}: curl: {}", reason(&error))))?;
    let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
    // https://curl.se/libcurl/c/libcurl-errors.html
    let fault = match status {
        0 => return Ok(Some(answer)),
        5 | 6 => Fault::Name,
        7 => Fault::Refused,
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
        // Nobody waits any more once time is up.
        let _ = done.send(both);
    });
    let both = finished.recv_timeout(left(until));
    if both.is_err() {
        child.kill()?;
    }
    let status = child.wait()?;
    let (out, err) = both.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    // What it read is here; a panic of it would have ended everything.
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
