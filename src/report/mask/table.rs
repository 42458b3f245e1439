//! What makes a secret, as the table `secrets.toml` and the site say it.

use std::collections::BTreeSet;

use regex::Regex;

use crate::constant::packed;

/// Names, by their parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) ends: Vec<String>,
    pub(super) mild: Vec<String>,
    pub(super) joined: Vec<String>,
    pub(super) parts: Vec<String>,
    pub(super) last: Vec<String>,
    pub(super) first: Vec<String>,
    pub(super) whole: Vec<String>,
    pub(super) passes: Vec<String>,
    pub(super) about: Vec<String>,
    pub(super) despite: Vec<String>,
    pub(super) harmless: Vec<String>,
    pub(super) site: Vec<String>,
}

/// A command that takes a secret by a short flag.
#[derive(Clone, Debug, Default)]
pub(super) struct Tool {
    pub(super) names: Vec<String>,
    /// Flags that are followed by `user:secret`.
    pub(super) pairs: Vec<String>,
    /// Flags that are followed by a secret.
    pub(super) words: Vec<String>,
    /// Flags with the secret in the same word.
    pub(super) attached: Vec<String>,
    /// Flags that are followed by `user%secret`.
    pub(super) percent: Vec<String>,
}

/// A shape that is secret wherever it stands.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) pattern: Regex,
    /// Whether the secret must have a digit.
    pub(super) digits: bool,
}

/// The table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) names: Names,
    pub(super) headers: BTreeSet<String>,
    pub(super) tools: Vec<Tool>,
    pub(super) shapes: Vec<Shape>,
    /// Without one of these words no name in a line is secret.
    pub(super) named: Option<Regex>,
    /// Without one of these beginnings nothing in it has the shape of a secret.
    pub(super) shaped: Option<Regex>,
}

/// Without these no name is secret: patterns of whatever case, chosen so that what every log says (`passed`, `author`,
/// `mapping`) is not one of them.
const NAMED: &str = r"pass(?:[!-@\[-`a-df-z{-~ \t]|$)|pw\b|pwd|pswd|token|secret|key(?:[!-@\[-`{-~ \t]|s|$)|cred|auth(?:[!-@\[-`a-np-z{-~ \t]|oriz|$)|cookie|session|bearer|private|[_.-]crypt|webhook|psk|jwt|otp\b|[_.-]pat\b|[_.-](?:salt|sas|dsn)|://[!-~]*@|login|machine |jdbc:|digest |basic ";

impl Table {
    /// Reads the table, and what a site adds to it.
    pub(super) fn new(text: &str, names: &[String], patterns: &[String]) -> Self {
        let root: toml::Table = packed(text.parse().ok(), "secrets.toml");
        let list = |table: Option<&toml::Value>, key: &str| -> Vec<String> {
            let found = table.and_then(|table| table.get(key)).and_then(toml::Value::as_array);
            found.into_iter().flatten().filter_map(|word| Some(word.as_str()?.to_owned())).collect()
        };
        let tables = |key: &str| root.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let of = |key: &str| list(root.get("names"), key);
        let tools: Vec<Tool> = tables("tool")
            .iter()
            .map(|tool| Tool {
                names: list(Some(tool), "names"),
                pairs: list(Some(tool), "pairs"),
                words: list(Some(tool), "words"),
                attached: list(Some(tool), "attached"),
                percent: list(Some(tool), "percent"),
            })
            .collect();
        let mut begins = Vec::new();
        let mut kinds = Vec::new();
        for shape in tables("shape") {
            let pattern = shape.get("pattern").and_then(toml::Value::as_str).and_then(compiled);
            let digits = shape.get("digits").and_then(toml::Value::as_bool).unwrap_or(false);
            begins.extend(list(Some(&shape), "begins"));
            kinds.extend(pattern.map(|pattern| Shape { pattern, digits }));
        }
        let site = patterns.iter().filter_map(|text| compiled(text));
        kinds.extend(site.map(|pattern| Shape { pattern, digits: false }));
        let quoted = |word: &str| regex::escape(word);
        let mut words = vec![NAMED.to_owned()];
        words.extend(names.iter().flat_map(|glob| glob.split('*')).filter(|part| part.len() > 1).map(quoted));
        words.extend(
            tools
                .iter()
                .flat_map(|tool| &tool.names)
                .map(|name| format!(r"(?-u:\b){}['\x22 ]", quoted(name))),
        );
        let by_name = format!("(?-u)(?i:{})", words.join("|"));
        let mut starts: Vec<String> = begins.iter().map(|begin| quoted(begin)).collect();
        starts.extend(patterns.iter().map(|pattern| format!("(?u:{pattern})")));
        starts.extend(
            ["[A-Za-z0-9+/]{64}", "---- ?BEGIN ", "---- ?END ", "Private-Lines: "].map(str::to_owned),
        );
        let by_shape = format!("(?-u){}", starts.join("|"));
        Self {
            names: Names {
                ends: of("ends"),
                mild: of("mild"),
                joined: of("joined"),
                parts: of("parts"),
                last: of("last"),
                first: of("first"),
                whole: of("whole"),
                passes: of("passes"),
                about: of("about"),
                despite: of("despite"),
                harmless: of("harmless"),
                site: names.to_vec(),
            },
            headers: list(root.get("headers"), "names").into_iter().collect(),
            tools,
            shapes: kinds,
            named: Regex::new(&by_name).ok(),
            shaped: Regex::new(&by_shape).ok(),
        }
    }
}

impl Table {
    /// Whether a line may hold a name that is secret.
    pub(super) fn may_name(&self, line: &str) -> bool {
        self.named.as_ref().is_none_or(|named| named.is_match(line))
    }

    /// Whether a line may hold something of the shape of a secret.
    pub(super) fn may_show(&self, line: &str) -> bool {
        self.shaped.as_ref().is_none_or(|shaped| shaped.is_match(line))
    }
}

/// A pattern whose classes and borders are those of ASCII: those of Unicode would make it megabytes.
fn compiled(text: &str) -> Option<Regex> {
    Regex::new(&text.replace(r"\b", r"(?-u:\b)").replace(r"\s", r"[ \t\r\n]").replace(r"\w", "[A-Za-z0-9_]"))
        .ok()
}
