//! At which stage an index could not be reached, and what to do about it.

/// Where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The URL itself.
    Url,
    /// The name does not resolve.
    Name,
    /// Nobody listens.
    Refused,
    /// No way there.
    Route,
    /// No answer in time.
    Timeout,
    /// No TLS, or a certificate that is not believed.
    Tls,
    /// An answer that is no HTTP, or of a status that means no page.
    Http,
    /// 401, 403, 407.
    Credentials,
    /// 5xx: it may be better soon.
    Server,
    /// A page that is not an index.
    NoIndex,
    /// The index is one and lacks what every index has.
    Incomplete,
    /// A file that is not the one that its hash says.
    Hash,
}

impl Fault {
    /// The id of the diagnosis.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Url => "index-url",
            Self::Name => "net-dns",
            Self::Refused => "net-refused",
            Self::Route => "net-unreachable",
            Self::Timeout => "net-timeout",
            Self::Tls => "net-tls",
            Self::Http => "net-http",
            Self::Credentials => "net-auth",
            Self::Server => "net-server-error",
            Self::NoIndex => "index-no-index",
            Self::Incomplete => "index-incomplete",
            Self::Hash => "index-hash",
        }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Url => {
                "give the URL of a simple index, such as https://HOST/simple/, and of a proxy, such as http://HOST:3128"
            }
            Self::Name => "the pod's DNS or its egress policy; or the name is wrong",
            Self::Refused => "the index or its proxy (http_proxy, https_proxy) is down, or the port is wrong",
            Self::Route | Self::Timeout => "the egress policy of the pod, a firewall, or an index that hangs",
            Self::Tls => "mount the site's CA (SSL_CERT_FILE, PIP_CERT), or correct the host name",
            Self::Http => "is this the URL of the index, and not of a page before it?",
            Self::Credentials => {
                "put credentials into the URL of the index or proxy, or into a netrc that the pod mounts"
            }
            Self::Server => "the index is overloaded or broken: try again later",
            Self::NoIndex => "a login page or a captive portal answers in place of the index",
            Self::Incomplete => "the mirror does not hold this project: synchronise it",
            Self::Hash => "a proxy or a mirror changes files, or serves stale ones",
        }
    }
}

/// Why an index cannot be used. The fault of the site, never of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// At which stage.
    pub fault: Fault,
    /// What was found, with the place and without credentials.
    pub what: String,
}

impl Unreachable {
    pub(super) fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self { fault, what: what.into() }
    }
}
