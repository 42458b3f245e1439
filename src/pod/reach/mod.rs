//! Whether an index of packages can be reached, asked by ourselves: pip, Poetry, PDM and R say the same of a name that
//! does not resolve, a refused connection, a bad certificate, a 401 and a 503.

mod fetch;
mod proxy;
mod unreachable;
pub mod url;

use std::time::Duration;

use fetch::{Ask, Page};
pub use proxy::Client;
pub use unreachable::{Fault, Unreachable};
use url::Url;

use crate::digest::{hex, sha256};

/// The largest file that is fetched to see whether it is the one that its hash says.
const SMALL: usize = 1 << 20;

/// How far an index was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// All the way: it is an index, and a file of it is the one that its hash says.
    Index,
    /// Somebody speaks TLS there; the image has no curl to go further.
    Tls,
}

/// Tries a simple index of Python packages by asking it for `project`, all within about three times `limit`.
///
/// # Errors
/// Where it ended.
pub fn index(url: &str, project: &str, limit: Duration) -> Result<Reached, Unreachable> {
    index_with(url, project, limit, &inherited)
}

/// A variable of this process.
fn inherited(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The same with the variables of another environment, which say what proxy there is.
///
/// # Errors
/// Where it ended.
pub fn index_with(
    url: &str,
    project: &str,
    limit: Duration,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Reached, Unreachable> {
    let ask = Ask { client: Client::Python, variable, limit };
    let url = Url::parse(url).map_err(|what| Unreachable::new(Fault::Url, what))?;
    let page = url.below(&format!("{project}/"));
    let Some(page) = ask.fetch(&page)? else { return Ok(Reached::Tls) };
    judge(&page, &format!("the project `{project}`"))?;
    let links =
        if page.kind == "application/vnd.pypi.simple.v1+json" { of_json(&page) } else { of_html(&page) };
    if links.is_empty() {
        let what = format!("{} answers {} that is not a page of an index", page.url, shown(&page));
        return Err(Unreachable::new(Fault::NoIndex, what));
    }
    let wheel = |link: &str| link.rsplit_once('.').is_some_and(|(_, kind)| kind.eq_ignore_ascii_case("whl"));
    let Some((link, wanted)) = links.into_iter().rev().find(|(link, hash)| hash.is_some() && wheel(link))
    else {
        return Ok(Reached::Index);
    };
    let file = page.url.join(&link).map_err(|what| Unreachable::new(Fault::NoIndex, what))?;
    let Some(file) = ask.fetch(&file)? else { return Ok(Reached::Tls) };
    judge(&file, "a file that it lists")?;
    let found = hex(&sha256(&file.body));
    if file.body.len() <= SMALL && wanted.as_deref() != Some(found.as_str()) {
        let wanted = wanted.unwrap_or_default();
        let what =
            format!("{} is not the file that the index lists: SHA-256 {found}, wanted {wanted}", file.url);
        return Err(Unreachable::new(Fault::Hash, what));
    }
    Ok(Reached::Index)
}

/// Tries a CRAN-like repository by asking it for its list of source packages.
///
/// # Errors
/// Where it ended.
pub fn cran(url: &str, limit: Duration) -> Result<Reached, Unreachable> {
    cran_with(url, limit, &inherited)
}

/// The same with the variables of another environment, which say what proxy there is.
///
/// # Errors
/// Where it ended.
pub fn cran_with(
    url: &str,
    limit: Duration,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Reached, Unreachable> {
    let ask = Ask { client: Client::Curl, variable, limit };
    let url = Url::parse(url).map_err(|what| Unreachable::new(Fault::Url, what))?;
    let Some(page) = ask.fetch(&url.below("src/contrib/PACKAGES"))? else { return Ok(Reached::Tls) };
    judge(&page, "a list of source packages")?;
    if !page.body.starts_with(b"Package:") {
        let what = format!("{} answers {} that is not a list of packages", page.url, shown(&page));
        return Err(Unreachable::new(Fault::NoIndex, what));
    }
    Ok(Reached::Index)
}

fn judge(page: &Page, what: &str) -> Result<(), Unreachable> {
    let fault = match page.status {
        200 => return Ok(()),
        401 | 403 | 407 => Fault::Credentials,
        404 | 410 => Fault::Incomplete,
        500..=599 => Fault::Server,
        _ => Fault::Http,
    };
    Err(Unreachable::new(fault, format!("{} answers {} for {what}", page.url, page.status)))
}

/// Files of a project's page in JSON, each with its SHA-256.
fn of_json(page: &Page) -> Vec<(String, Option<String>)> {
    let Ok(page) = serde_json::from_slice::<serde_json::Value>(&page.body) else { return Vec::new() };
    let files = page["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    files.iter().filter_map(|file| Some((text(&file["url"])?, text(&file["hashes"]["sha256"])))).collect()
}

/// Files of a project's page in HTML, each with the SHA-256 of its fragment.
fn of_html(page: &Page) -> Vec<(String, Option<String>)> {
    let page = String::from_utf8_lossy(&page.body);
    let links = page.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    links
        .filter_map(|link| {
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let is_package =
                [".whl", ".tar.gz", ".zip", ".egg", ".tar.bz2"].iter().any(|end| file.ends_with(end));
            is_package.then(|| (file.to_owned(), fragment.strip_prefix("sha256=").map(str::to_owned)))
        })
        .collect()
}

fn shown(page: &Page) -> String {
    let kind = if page.kind.is_empty() { "something" } else { &page.kind };
    format!("{kind} of {} bytes", page.body.len())
}
