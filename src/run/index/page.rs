//! What the index answers: a request's first lines in, a whole response out. No I/O.

use std::fmt::Write as _;

use crate::run::index::catalogue::{Release, normalised};

/// The content type of a project's page in JSON (PEP 691).
const JSON: &str = "application/vnd.pypi.simple.v1+json";

/// The response to a request, or `None` when the request is no HTTP at all.
pub(super) fn answer(releases: &[Release], request: &str) -> Option<Vec<u8>> {
    let mut words = request.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    if method != "GET" && method != "HEAD" {
        return Some(response("405 Method Not Allowed", "text/plain", b"only GET and HEAD\n", method));
    }
    let path = target.split(['?', '#']).next().unwrap_or(target);
    let json = header(request, "accept").is_some_and(|accept| accept.contains(JSON));
    let (status, kind, body) = page(releases, path, json);
    Some(response(status, kind, &body, method))
}

fn page(releases: &[Release], path: &str, json: bool) -> (&'static str, &'static str, Vec<u8>) {
    if let Some(file) = path.strip_prefix("/files/") {
        if let Some(release) = releases.iter().find(|release| release.file == file) {
            return ("200 OK", "application/octet-stream", release.bytes.to_vec());
        }
    } else if let Some(project) = path.strip_prefix("/simple/") {
        let project = normalised(project.trim_end_matches('/'));
        let files: Vec<_> = releases.iter().filter(|release| release.project == project).collect();
        if project.is_empty() {
            return ("200 OK", "text/html; charset=utf-8", root(releases).into_bytes());
        }
        if !files.is_empty() && json {
            return ("200 OK", JSON, project_json(&project, &files).into_bytes());
        }
        if !files.is_empty() {
            return ("200 OK", "text/html; charset=utf-8", project_html(&project, &files).into_bytes());
        }
    }
    ("404 Not Found", "text/plain", b"not in this index\n".to_vec())
}

fn root(releases: &[Release]) -> String {
    let mut names: Vec<_> = releases.iter().map(|release| release.project.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let links = names
        .iter()
        .fold(String::new(), |links, name| links + &format!("<a href=\"/simple/{name}/\">{name}</a>\n"));
    format!("<!DOCTYPE html>\n<html><head><title>Simple index</title></head><body>\n{links}</body></html>\n")
}

fn project_html(project: &str, files: &[&Release]) -> String {
    let mut links = String::new();
    for release in files {
        let requires = release.requires_python.replace('>', "&gt;").replace('<', "&lt;");
        let Release { file, sha256, .. } = release;
        let link = format!(
            "<a href=\"/files/{file}#sha256={sha256}\" data-requires-python=\"{requires}\">{file}</a>\n"
        );
        links.push_str(&link);
    }
    format!("<!DOCTYPE html>\n<html><head><title>{project}</title></head><body>\n{links}</body></html>\n")
}

fn project_json(project: &str, files: &[&Release]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|release| {
            serde_json::json!({
                "filename": release.file,
                "url": format!("/files/{}", release.file),
                "hashes": { "sha256": release.sha256 },
                "requires-python": release.requires_python,
            })
        })
        .collect();
    serde_json::json!({ "meta": { "api-version": "1.0" }, "name": project, "files": files }).to_string()
}

/// One answer for each connection: the few tools that talk to this index would keep a worker waiting otherwise.
fn response(status: &str, kind: &str, body: &[u8], method: &str) -> Vec<u8> {
    let mut head = String::new();
    let length = body.len();
    // As the Python Package Index does: uv builds a source package again when it may not keep the file it has.
    let keep =
        if kind == "application/octet-stream" { "max-age=365000000, immutable" } else { "max-age=600" };
    // Writing to a String cannot fail.
    let _ = write!(
        head,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: {keep}\r\nConnection: close\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    if method != "HEAD" {
        bytes.extend(body);
    }
    bytes
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::index::catalogue::catalogue;

    fn get(request: &str) -> String {
        let bytes = answer(&catalogue().unwrap(), request).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn a_project_has_a_page_with_a_hash_for_each_file() {
        let page = get("GET /simple/Stackprobe_Pure/ HTTP/1.1\r\n\r\n");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(page.contains("stackprobe_pure-1.0.0-py3-none-any.whl#sha256="), "{page}");
        assert!(page.contains("data-requires-python=\"&gt;=3.9\""), "{page}");
    }

    #[test]
    fn a_client_that_asks_for_json_gets_it() {
        let request = format!("GET /simple/setuptools/ HTTP/1.1\r\nAccept: {JSON}, text/html;q=0.1\r\n\r\n");
        let page = get(&request);
        let (_, body) = page.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["files"][0]["hashes"]["sha256"].as_str().unwrap().len(), 64);
    }

    #[test]
    fn what_is_not_offered_is_404_and_what_is_no_http_gets_nothing() {
        for path in ["/simple/absent/", "/files/absent.whl", "/", "/files/../Cargo.toml"] {
            assert!(get(&format!("GET {path} HTTP/1.1\r\n\r\n")).starts_with("HTTP/1.1 404"), "{path}");
        }
        assert!(get("POST /simple/ HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        for request in ["", "\r\n", "GET", "GET /", "GET / SSH-2.0"] {
            assert_eq!(answer(&[], request), None, "{request}");
        }
    }

    #[test]
    fn a_head_request_gets_the_length_and_no_body() {
        let page = get("HEAD /files/stackprobe_pure-1.0.0-py3-none-any.whl HTTP/1.1\r\n\r\n");
        assert!(page.ends_with("\r\n\r\n") && !page.contains("Content-Length: 0"), "{page}");
    }
}
