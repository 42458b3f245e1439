//! URLs as far as an index has them: scheme, credentials, host, port, path.

use std::fmt;

/// An `http` or `https` URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub tls: bool,
    /// `user:password`, with what the URL escapes (`%40`) decoded: so the tools send it.
    pub credentials: Option<String>,
    /// Name or literal address, without the brackets of IPv6.
    pub host: String,
    /// From 1 to 65535.
    pub port: u16,
    /// Begins with `/`.
    pub path: String,
}

impl Url {
    /// Reads `text`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("`{}` is no URL of an index: {what}", hidden(text)));
        let (tls, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else {
            return wrong("wanted http:// or https://");
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(decoded(credentials)), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let port = match port.map(str::parse) {
            None => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(Ok(port)) if port > 0 => port,
            Some(_) => return wrong("the port must be a number from 1 to 65535"),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        if host.is_empty() || !host.bytes().all(fits) {
            return wrong("it has no host");
        }
        if text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return wrong("it holds a space or a control character");
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { tls, credentials, host: host.to_owned(), port, path: path.to_owned() })
    }

    /// This URL with `name` below its path: `http://h/simple` and `six/` are `http://h/simple/six/`.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { path: format!("{}/{name}", self.path.trim_end_matches('/')), ..self.clone() }
    }

    /// What a link on a page of this URL leads to.
    ///
    /// # Errors
    /// A link to what is no http.
    pub fn join(&self, link: &str) -> Result<Self, String> {
        if link.contains("://") {
            return Self::parse(link).map(|url| Self {
                // Credentials go to where they were given for, and nowhere else.
                credentials: self
                    .credentials
                    .clone()
                    .filter(|_| url.host == self.host && url.port == self.port),
                ..url
            });
        }
        let mut parts: Vec<&str> = if link.starts_with('/') {
            Vec::new()
        } else {
            self.path.trim_start_matches('/').split('/').collect()
        };
        parts.pop();
        for part in link.trim_start_matches('/').split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Ok(Self { path: format!("/{}", parts.join("/")), ..self.clone() })
    }

    /// Host and port as a URL has them.
    #[must_use]
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Without credentials: it goes into reports.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.place(), self.path)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `user:password` with `%40` and the like as the bytes that they stand for. What is no escape, or makes no text, stays.
pub(super) fn decoded(credentials: &str) -> String {
    let bytes = credentials.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let digits = credentials.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| credentials.to_owned())
}

/// A URL that could not be read, without what may be a password.
fn hidden(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_reads_into_its_parts() {
        let url = Url::parse("https://user:p@ss@index.example:8443/simple").unwrap();
        assert_eq!((url.tls, url.host.as_str(), url.port), (true, "index.example", 8443));
        assert_eq!(url.credentials.as_deref(), Some("user:p@ss"));
        assert_eq!(url.to_string(), "https://index.example:8443/simple");
        assert_eq!(url.below("six/").path, "/simple/six/");
        let url = Url::parse("http://[::1]/").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.place().as_str()), ("::1", 80, "[::1]:80"));
    }

    #[test]
    fn credentials_are_sent_as_they_are_meant() {
        for (written, meant) in [
            ("user:p%40ss", "user:p@ss"),
            ("me%40site.org:a%3Ab%2F%25", "me@site.org:a:b/%"),
            ("user:100%", "user:100%"),
            ("user:%zz%4", "user:%zz%4"),
            ("user:p%C3%A9", "user:pé"),
            ("user:%ff", "user:%ff"),
            ("user:+", "user:+"),
            ("token", "token"),
        ] {
            let url = Url::parse(&format!("https://{written}@h/simple")).unwrap();
            assert_eq!((url.credentials.as_deref(), url.host.as_str()), (Some(meant), "h"), "{written}");
        }
    }

    #[test]
    fn what_is_no_url_says_why_and_keeps_the_password() {
        for text in [
            "",
            "pypi.org",
            "ftp://x/",
            "http://",
            "http://:80/",
            "http://h:0/",
            "http://h:x/",
            "http://h/a b",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
        assert!(!Url::parse("ftp://user:secret@host/").unwrap_err().contains("secret"));
    }

    #[test]
    fn links_lead_where_a_browser_would_go() {
        let page = Url::parse("http://u:p@h/simple/six/").unwrap();
        for (link, path) in
            [("/files/a.whl", "/files/a.whl"), ("a.whl", "/simple/six/a.whl"), ("../../p/a.whl", "/p/a.whl")]
        {
            assert_eq!(page.join(link).unwrap().path, path);
        }
        let other = page.join("https://files.example/a.whl").unwrap();
        assert_eq!((other.tls, other.credentials), (true, None));
    }
}
