//! Which proxy a URL is fetched through, by the variables that the tools themselves go by.
//!
//! pip and uv (requests, reqwest) and R (libcurl) agree but for two things: libcurl ignores `HTTP_PROXY` in capitals,
//! and takes port 1080 where a proxy names none. So it matters who is going to ask.

use std::net::IpAddr;

use super::url::{Url, decoded};

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// pip, uv, Poetry, PDM.
    Python,
    /// R.
    Curl,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    /// `http`, or what only curl speaks: `https`, `socks5` and the like.
    pub(super) scheme: String,
    /// Name or literal address, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// `user:password`.
    pub(super) credentials: Option<String>,
}

impl Proxy {
    /// The proxy for `url`; none where it is fetched directly.
    ///
    /// # Errors
    /// A variable that names no proxy.
    pub(super) fn of(
        url: &Url,
        client: Client,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, String> {
        let scheme = if url.tls { "https" } else { "http" };
        let own = set(&format!("{scheme}_proxy"), client, variable);
        let Some((name, value)) = own.or_else(|| set("all_proxy", client, variable)) else { return Ok(None) };
        let spared = set("no_proxy", client, variable).map(|(_, list)| list).unwrap_or_default();
        if is_spared(url, &spared) {
            return Ok(None);
        }
        Self::parse(&value, client).map(Some).ok_or_else(|| format!("{name} does not name a proxy"))
    }

    fn parse(text: &str, client: Client) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://").unwrap_or(("http", text.trim()));
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split('/').next()?;
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(decoded(credentials)), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match (port.filter(|port| !port.is_empty()), scheme.as_str(), client) {
            (Some(port), ..) => port.parse().ok().filter(|port| *port > 0)?,
            (None, "https", _) => 443,
            (None, "http", Client::Python) => 80,
            (None, ..) => 1080,
        };
        let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&scheme.as_str());
        (known && !host.is_empty()).then(|| Self { scheme, host: host.to_owned(), port, credentials })
    }

    /// Where it is, without credentials.
    pub(super) fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The variable of this name that holds, with its value. Small letters go before capitals.
fn set(name: &str, client: Client, variable: &dyn Fn(&str) -> Option<String>) -> Option<(String, String)> {
    if let Some(value) = variable(name) {
        if !value.trim().is_empty() {
            return Some((name.to_owned(), value));
        }
        // To Python, an empty one takes the proxy away; to curl it is not there.
        if client == Client::Python {
            return None;
        }
    }
    // In a CGI program HTTP_PROXY is what the client of the server says: a header named Proxy.
    let of_header = client == Client::Curl || variable("REQUEST_METHOD").is_some();
    if name == "http_proxy" && of_header {
        return None;
    }
    let capitals = name.to_uppercase();
    variable(&capitals).filter(|value| !value.trim().is_empty()).map(|value| (capitals, value))
}

/// Whether `no_proxy` takes `url` out: `*`, a name and all below it, an address, a network, each with a port if only
/// that is meant.
fn is_spared(url: &Url, list: &str) -> bool {
    list.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let (entry, port) = with_port(entry);
        port.is_none_or(|port| port == url.port) && names(entry, &url.host)
    })
}

/// An entry and the port that it ends in. The colons of an IPv6 address begin none.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((inside, rest)) = entry.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (inside, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port.parse().unwrap_or(0))),
        _ => (entry, None),
    }
}

fn names(entry: &str, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return match entry.split_once('/') {
            Some((network, bits)) => network
                .parse()
                .ok()
                .zip(bits.parse().ok())
                .is_some_and(|(network, bits)| within(address, network, bits)),
            None => entry.parse() == Ok(address),
        };
    }
    let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    let (entry, host) = (plain(entry.trim_start_matches("*.").trim_start_matches('.')), plain(host));
    !entry.is_empty() && (host == entry || host.strip_suffix(&entry).is_some_and(|rest| rest.ends_with('.')))
}

fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |left: u128, right: u128, width: u32| {
        bits <= width && (bits == 0 || (left ^ right) >> (width - bits) == 0)
    };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            same(u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => same(address.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, client: Client, set: &[(&str, &str)]) -> Option<String> {
        let variable =
            |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        let proxy = Proxy::of(&Url::parse(url).unwrap(), client, &variable).unwrap()?;
        Some(format!("{}://{}", proxy.scheme, proxy.place()))
    }

    #[test]
    fn each_client_goes_by_its_own_variables() {
        use Client::{Curl, Python};
        let both = |url: &str, set: &[(&str, &str)]| [proxy(url, Python, set), proxy(url, Curl, set)];
        let some = |text: &str| Some(text.to_owned());
        for (url, set, wanted) in [
            ("http://h/", &[("http_proxy", "http://p:1")] as &[_], [some("http://p:1"), some("http://p:1")]),
            ("http://h/", &[("http_proxy", "p:1")], [some("http://p:1"), some("http://p:1")]),
            ("http://h/", &[("http_proxy", "http://p/")], [some("http://p:80"), some("http://p:1080")]),
            ("http://h/", &[("HTTP_PROXY", "p:1")], [some("http://p:1"), None]),
            ("http://h/", &[("HTTP_PROXY", "p:1"), ("REQUEST_METHOD", "GET")], [None, None]),
            ("http://h/", &[("https_proxy", "p:1")], [None, None]),
            ("https://h/", &[("HTTPS_PROXY", "p:1")], [some("http://p:1"), some("http://p:1")]),
            (
                "https://h/",
                &[("https_proxy", "a:1"), ("HTTPS_PROXY", "b:1")],
                [some("http://a:1"), some("http://a:1")],
            ),
            ("https://h/", &[("https_proxy", ""), ("HTTPS_PROXY", "b:1")], [None, some("http://b:1")]),
            ("http://h/", &[("ALL_PROXY", "socks5h://p:9")], [some("socks5h://p:9"), some("socks5h://p:9")]),
            (
                "https://h/",
                &[("all_proxy", "a:1"), ("https_proxy", "b:1")],
                [some("http://b:1"), some("http://b:1")],
            ),
            (
                "http://h/",
                &[("http_proxy", "http://[::1]:3128")],
                [some("http://[::1]:3128"), some("http://[::1]:3128")],
            ),
            ("http://h/", &[], [None, None]),
        ] {
            assert_eq!(both(url, set), wanted, "{url} {set:?}");
        }
    }

    #[test]
    fn no_proxy_names_domains_addresses_networks_ports_and_everything() {
        for (host, list, spared) in [
            ("index.example.org", "*", true),
            ("index.example.org", "example.org", true),
            ("index.example.org", ".example.org", true),
            ("index.example.org", "*.example.org", true),
            ("index.example.org", "Index.Example.ORG", true),
            ("index.example.org", "other.org, example.org", true),
            ("index.example.org", "other.org example.org", true),
            ("index.example.org", "ample.org", false),
            ("example.org", ".example.org", true),
            ("example.org", "index.example.org", false),
            ("index.example.org", "org.", true),
            ("index.example.org:8080", "example.org:8080", true),
            ("index.example.org:8080", "example.org:80", false),
            ("index.example.org", "example.org:80", true),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3/32", true),
            ("10.1.2.3", "10.1.2.0/30", true),
            ("10.1.2.4", "10.1.2.0/30", false),
            ("10.1.2.3", "11.0.0.0/8", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("10.1.2.3", "10.0.0.0/99", false),
            ("10.1.2.3", "1.2.3", false),
            ("[fd00::5]", "fd00::/8", true),
            ("[fd00::5]", "fd00::5", true),
            ("[fd00::5]:8080", "[fd00::5]:8080", true),
            ("[fd00::5]:8080", "[fd00::5]:80", false),
            ("index.example.org", "", false),
            ("index.example.org", ",, ,", false),
        ] {
            let found =
                proxy(&format!("http://{host}/"), Client::Curl, &[("http_proxy", "p:1"), ("no_proxy", list)]);
            assert_eq!(found.is_none(), spared, "{host} {list}");
            let found = proxy(
                &format!("http://{host}/"),
                Client::Python,
                &[("http_proxy", "p:1"), ("NO_PROXY", list)],
            );
            assert_eq!(found.is_none(), spared, "{host} {list}");
        }
    }

    #[test]
    fn what_names_no_proxy_is_told_without_its_password() {
        for value in ["ftp://user:secret@p:1", "http://:1", "http://p:x", "http://user:secret@p:0"] {
            let variable = |name: &str| (name == "http_proxy").then(|| value.to_owned());
            let told = Proxy::of(&Url::parse("http://h/").unwrap(), Client::Python, &variable).unwrap_err();
            assert!(told.contains("http_proxy") && !told.contains("secret"), "{told}");
        }
        let variable = |name: &str| (name == "http_proxy").then(|| "http://u:p%40ss@h:1".to_owned());
        let proxy = Proxy::of(&Url::parse("http://h/").unwrap(), Client::Python, &variable).unwrap().unwrap();
        assert_eq!(proxy.credentials.as_deref(), Some("u:p@ss"));
    }
}
