//! A message on its way, by the image's `curl`: it speaks TLS, knows proxies, and judges certificates.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, reason};
use crate::report::mask;

/// Seconds that one try may take.
const LIMIT: &str = "10";
/// Tries after the first, and the seconds that all of them may take.
const TRIES: &str = "3";
const ALL: &str = "45";
/// Larger than any address or token.
const LONGEST: usize = 16 << 10;

/// An address, and what proves that we may write there.
#[derive(Clone)]
pub struct Receiver {
    url: String,
    token: Option<String>,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receiver")
    }
}

impl Receiver {
    /// From an address, or `@FILE` that holds one, and the file of a token. Both are secret from now on.
    ///
    /// # Errors
    /// A file that cannot be read; an address that is none.
    pub fn new(url: &str, token: Option<&Path>) -> Result<Self, Error> {
        let url = match url.strip_prefix('@') {
            Some(path) => secret(Path::new(path))?,
            None => url.trim().to_owned(),
        };
        let token = token.map(secret).transpose()?;
        let known = |name: &'static str, value: &str| (name, value.to_owned());
        let secrets = std::iter::once(known("NOTIFY_TOKEN", &url))
            .chain(token.iter().map(|token| known("NOTIFY_TOKEN", token)));
        let secrets: Vec<(&str, String)> = secrets.collect();
        mask::learn(secrets.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
        let is_address = ["http://", "https://"].iter().any(|scheme| {
            url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        });
        if !is_address || url.contains(char::is_whitespace) || url.contains(char::is_control) {
            return Err(Error::new(
                Kind::Usage,
                "--notify wants an address that begins with http:// or https://",
            )
            .hint("@FILE is a file that holds it"));
        }
        Ok(Self { url, token })
    }

    /// What tells this receiver from others without saying where it is.
    #[must_use]
    pub fn mark(&self) -> String {
        hex(&sha256(self.url.as_bytes()))[..16].to_owned()
    }

    /// Sends a message, with a limit of time and tries.
    ///
    /// # Errors
    /// In one line, why it did not get there.
    pub fn send(&self, body: &str) -> Result<(), String> {
        let found = ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl"].map(PathBuf::from);
        let curl = found.into_iter().find(|path| path.is_file()).ok_or("there is no curl here")?;
        let mut command = Command::new(curl);
        command.args(["--disable", "--silent", "--show-error", "--fail", "--output", "/dev/null"]);
        command.args(["--max-time", LIMIT, "--retry", TRIES, "--retry-max-time", ALL, "--retry-connrefused"]);
        command.args(["--config", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("curl: {}", reason(&error)))?;
        if let Some(mut stdin) = child.stdin.take() {
            // On the command line every process of the pod could read it.
            let _ = stdin.write_all(self.config(body).as_bytes());
        }
        let output = child.wait_with_output().map_err(|error| format!("curl: {}", reason(&error)))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| line.starts_with("curl: ")).unwrap_or("curl failed");
        // The path of an address is what lets one write there; its host is no secret, and its reader wants it.
        Err(last.replace(&self.url, "the receiver"))
    }

    fn config(&self, body: &str) -> String {
        let quoted = |text: &str| {
            let text =
                text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
            format!("\"{text}\"")
        };
        let mut config =
            format!("url = {}\nheader = \"Content-Type: application/json\"\n", quoted(&self.url));
        if let Some(token) = &self.token {
            let _ = writeln!(config, "header = {}", quoted(&format!("Authorization: Bearer {token}")));
        }
        let _ = writeln!(config, "data-raw = {}", quoted(body));
        config
    }
}

/// The one line of a file that holds a secret.
fn secret(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST || text.lines().count() > 1 {
        return Err(Error::new(Kind::Usage, format!("`{}` must hold one line", path.display())));
    }
    Ok(text.to_owned())
}
