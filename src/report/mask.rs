//! What nobody may read in a report: values whose names say that they are secret. Pure.
//!
//! A report leaves the pod: it is kept by CI, mailed, shown to people who may not see the site's passwords. Names decide
//! (`PIP_INDEX_PASSWORD=…`, `--token …`, `"api_key": "…"`), and a few shapes that are secrets wherever they stand. A
//! name such as `key` alone decides nothing, because probes say `key=3` of quite harmless things.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::report::record::{CaseRecord, PlanRecord};

/// What stands in place of a secret.
pub const MASK: &str = "***";

// Classes and words of ASCII: those of Unicode would make these patterns megabytes, which every run would pay for.

/// Words and shapes without which a line holds no secret. Nearly every line is only searched for these.
static SUSPECT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)(?i:token|passw|passphrase|secret|credential|bearer|key|[_-]pass|[_-]pat\b|auth|pwd|cookie)|[a-z]Pass|gh[pousr]_|glpat-|AKIA|xox[abprs]-|eyJ|://[!-.0-?A-~]*@",
    )
    .ok()
});

static SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"(?P<shape>(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9_-]{10,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*))",
        r#"(?P<header>(?i-u:\b(?:proxy-)?authorization|\bx-api-key|\bset-cookie|\bcookie)["']?:[ \t\r\n]*)["']?[^"'\n]+"#,
        r"(?P<url>(?-u:\b)[a-zA-Z][a-zA-Z0-9+.-]*://)[^/ \t\r\n@]+@",
        // `"password": "…"`, as JSON and Python write it.
        r#"["'](?P<key>[A-Za-z0-9_.-]+)["'](?P<colon>[ \t\r\n]*:[ \t\r\n]*)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"#,
        // A quoted word `'--password=a b'`, then a bare one whose value may be quoted.
        r#"(?P<quote>['"])(?P<inner>-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=(?:[^'"\n]*)['"]"#,
        r#"(?P<name>-{0,2}[A-Za-z_][A-Za-z0-9_.-]*)=(?:"[^"\n]*"|'[^'\n]*'|[^ \t\r\n"'])+"#,
        r#"(?P<flag>--[A-Za-z][A-Za-z0-9_-]*)(?P<space>[ \t]+)(?:"[^"\n]*"|'[^'\n]*'|[^ \t\r\n"'-][^ \t\r\n"']*)"#,
    ];
    Regex::new(&shapes.join("|")).ok()
});

/// A private key, or what is left of it when the output was cut.
static BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?").ok()
});

/// The text without the secrets in it.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let Some(suspect) = SUSPECT.as_ref().filter(|suspect| suspect.is_match(text)) else {
        return Cow::Borrowed(text);
    };
    let (Some(secrets), Some(block)) = (&*SECRETS, &*BLOCK) else { return Cow::Borrowed(text) };
    let whole = block.replace_all(text, MASK);
    let lines = whole.split_inclusive('\n').map(|line| {
        if suspect.is_match(line) { secrets.replace_all(line, replaced) } else { Cow::Borrowed(line) }
    });
    Cow::Owned(lines.collect())
}

/// The bytes without the secrets in them; what is no UTF-8 stays as it is, unless a word beside it suspects a secret.
#[must_use]
pub fn bytes(text: &[u8]) -> Cow<'_, [u8]> {
    match mask(&String::from_utf8_lossy(text)) {
        Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
        Cow::Borrowed(_) => Cow::Borrowed(text),
    }
}

fn replaced(found: &Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |whole| whole.as_str());
    let named = |group: &str| found.name(group).map(|group| group.as_str());
    if named("shape").is_some() {
        return MASK.to_owned();
    }
    if let Some(header) = named("header") {
        return format!("{header}{MASK}");
    }
    if let Some(scheme) = named("url") {
        return format!("{scheme}{MASK}@");
    }
    if let (Some(key), Some(colon)) = (named("key"), named("colon")) {
        return if is_secret(key) {
            format!("\"{key}\"{colon}\"{MASK}\"")
        } else {
            nested(whole, key.len() + 2)
        };
    }
    if let (Some(quote), Some(name)) = (named("quote"), named("inner")) {
        return if is_secret(name) {
            format!("{quote}{name}={MASK}{quote}")
        } else {
            nested(whole, quote.len() + name.len() + 1)
        };
    }
    if let Some(name) = named("name") {
        return if is_secret(name) { format!("{name}={MASK}") } else { nested(whole, name.len() + 1) };
    }
    match (named("flag"), named("space")) {
        (Some(flag), Some(space)) if is_secret(flag) => format!("{flag}{space}{MASK}"),
        (Some(flag), Some(space)) => nested(whole, flag.len() + space.len()),
        _ => whole.to_owned(),
    }
}

/// A harmless name may have a value that holds a secret: `EXTRA=--token=x`, `INDEX=https://me:x@host`.
fn nested(whole: &str, before: usize) -> String {
    match (whole.get(..before), whole.get(before..)) {
        (Some(name), Some(value)) => format!("{name}{}", mask(value)),
        _ => whole.to_owned(),
    }
}

/// Whether a variable, a flag or a key of this name holds something that nobody may read.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let parts = parts(name);
    let Some(last) = parts.last() else { return false };
    let whole = parts.concat();
    let secret = |part: &str| {
        [
            "token",
            "password",
            "passwd",
            "passphrase",
            "secret",
            "apikey",
            "accesskey",
            "secretkey",
            "privatekey",
        ]
        .iter()
        .any(|word| part.ends_with(word))
            || matches!(part, "secrets" | "credential" | "credentials" | "bearer")
    };
    let joined = ["apikey", "accesskey", "secretkey", "privatekey"].iter().any(|word| whole.contains(word));
    let several =
        parts.len() > 1 && matches!(last.as_str(), "key" | "keys" | "pass" | "pat" | "auth" | "pwd");
    let pwd = matches!(name, "PWD" | "OLDPWD");
    !pwd && (joined || several || parts.iter().any(|part| secret(part)))
}

/// `npm_authToken` → npm, auth, token.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut lower = false;
    for letter in name.chars() {
        let begins = letter.is_uppercase() && lower;
        if (begins || !letter.is_alphanumeric()) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        lower = letter.is_lowercase();
        if letter.is_alphanumeric() {
            part.extend(letter.to_lowercase());
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

fn hide(text: &mut String) {
    if let Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
}

/// Masks everything that a case says.
pub fn case(record: &mut CaseRecord) {
    for check in record.checks.iter_mut().chain(&mut record.earlier) {
        for text in [&mut check.name, &mut check.reason, &mut check.detail, &mut check.command] {
            hide(text);
        }
        if let Some(diagnosis) = &mut check.diagnosis {
            hide(&mut diagnosis.cause);
            hide(&mut diagnosis.fix);
            hide(&mut diagnosis.spec);
        }
    }
    for command in &mut record.commands {
        hide(&mut command.command);
    }
    hide(&mut record.output);
    for (name, value) in &mut record.properties {
        if is_secret(name) { MASK.clone_into(value) } else { hide(value) }
    }
    for (name, value) in &mut record.environment {
        if let Some(value) = value {
            if is_secret(name) { MASK.clone_into(value) } else { hide(value) }
        }
    }
}

/// Masks the command line of a plan, also where a flag and its value are two words.
pub fn plan(record: &mut PlanRecord) {
    let mut secret = false;
    for word in &mut record.command {
        if secret && !word.starts_with('-') {
            MASK.clone_into(word);
        } else {
            hide(word);
        }
        secret = word.starts_with("--") && !word.contains('=') && is_secret(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_named_like_a_secret_goes_and_its_name_stays() {
        for (text, masked) in [
            ("PIP_PASSWORD=hunter2 pip install x", "PIP_PASSWORD=*** pip install x"),
            ("curl --token=abc --verbose", "curl --token=*** --verbose"),
            ("curl --api-key abc --verbose", "curl --api-key *** --verbose"),
            ("run '--db-pass=a b' x", "run '--db-pass=***' x"),
            ("export AWS_SECRET_ACCESS_KEY='a b' go", "export AWS_SECRET_ACCESS_KEY=*** go"),
            ("{\"npm_authToken\": \"x\\\"y\", \"n\": 1}", "{\"npm_authToken\": \"***\", \"n\": 1}"),
            ("{'license_token': 'x'}", "{\"license_token\": \"***\"}"),
            ("Authorization: Bearer abc.def\nnext", "Authorization: ***\nnext"),
            ("curl -H 'X-Api-Key: abc' u", "curl -H 'X-Api-Key: ***' u"),
            ("https://me:pw@index.site/simple", "https://***@index.site/simple"),
            ("PIP_INDEX_URL=https://me:pw@index.site/", "PIP_INDEX_URL=https://***@index.site/"),
            ("EXTRA=--password=x", "EXTRA=--password=***"),
            ("'EXTRA=https://a:b@c/'", "'EXTRA=https://***@c/'"),
            ("saw ghp_0123456789abcdefghijABCDEFGHIJ012345", "saw ***"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nok", "***\nok"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn evidence_stays() {
        for text in [
            "MPI_Comm_split color=1 key=3: wanted 0, found 1",
            "error: expected token: found `;`",
            "PWD=/tmp/stage OLDPWD=/tmp",
            "pass=12 fail=0 tokens=3 author=me",
            "gcc '-std=c11' -DKEYS=4 -O2 hello.c -o /tmp/probe.exe",
            "--mca pml ob1 --mca btl self,sm",
            "rank 1 of 4: put[0]: wanted 0, found 1",
            "git clone git@host:repo.git",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn a_flag_and_its_value_may_be_two_words() {
        let mut plan: PlanRecord = serde_json::from_str(
            r#"{"format":1,"stackprobe":"0","started":"","pod":{"host":"h","node":null,"image":null,"cpus":1,
                "memory":null,"shm":null,"uid":0},"cases":[],"command":["x","--token","abc","--cc","gcc/12"]}"#,
        )
        .unwrap();
        super::plan(&mut plan);
        assert_eq!(plan.command, ["x", "--token", MASK, "--cc", "gcc/12"]);
    }

    proptest! {
        #[test]
        fn no_value_of_a_secret_survives(value in "[a-zA-Z0-9.+/]{6,30}") {
            for text in [format!("API_TOKEN={value}"), format!("--password {value}"), format!("'--secret={value}'")] {
                prop_assert!(!mask(&text).contains(&value), "{}", mask(&text));
            }
        }
    }
}
