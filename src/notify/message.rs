//! What is told of a verdict, and the forms in which receivers take it. Pure.

use std::path::Path;

use serde_json::{Value, json};

use crate::gate::Verdict;
use crate::report::account::Account;
use crate::report::cause::causes;
use crate::report::counts::Counts;
use crate::report::mask::record::one_line;
use crate::report::record::now;
use crate::report::text::{line, many};

/// So many reasons are told.
const REASONS: usize = 5;

/// In which form a receiver takes a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All fields, for a program.
    Json,
    /// `{"text": …}`, as Slack and Mattermost take it.
    Text,
    /// An adaptive card, as Teams takes it.
    Teams,
    /// A text of one's own, in which `{verdict}` and the other fields are filled in, each as a JSON string without its
    /// quotation marks.
    Template(String),
}

/// What is told.
#[derive(Clone, Debug)]
pub struct Message {
    /// Of what: `run`, `report` or `gate`.
    pub of: &'static str,
    /// The one word.
    pub verdict: String,
    /// The exit code.
    pub exit: u8,
    /// In one line.
    pub summary: String,
    /// Why, one line each.
    pub reasons: Vec<String>,
    /// Where.
    pub host: String,
    /// Where the results lie.
    pub results: String,
}

impl Message {
    /// Of a run or a report.
    #[must_use]
    pub fn of_account(of: &'static str, exit: u8, account: &Account, results: Option<&Path>) -> Self {
        let counts = Counts::of(account.cases());
        let verdict = match exit {
            0 => "passed",
            1 => "failed",
            3 => "nothing",
            130 | 143 => "stopped",
            _ => "unknown",
        };
        let causes = causes(account);
        let reasons = causes.iter().take(REASONS).map(|cause| {
            let first = cause.reds.first().map(|red| &red.told.case.owed);
            let first = first.map_or_else(String::new, |owed| {
                format!("{}/{} [{}]: ", owed.suite, owed.probe, owed.toolchain)
            });
            format!("{first}{}", line(&cause.title, 200))
        });
        Self {
            of,
            verdict: verdict.to_owned(),
            exit,
            summary: format!("{} in {}", counts.words(), many(account.told.len(), "case")),
            reasons: reasons.collect(),
            host: account.pods.first().map(|pod| pod.plan.pod.host.clone()).unwrap_or_default(),
            results: results.map(|path| path.display().to_string()).unwrap_or_default(),
        }
    }

    /// Of a gate.
    #[must_use]
    pub fn of_verdict(verdict: &Verdict, results: &Path) -> Self {
        let word = serde_json::to_value(verdict.verdict).ok();
        let word = word.as_ref().and_then(Value::as_str).unwrap_or("unknown").to_owned();
        let reasons = verdict.reasons.iter().take(REASONS);
        Self {
            of: "gate",
            verdict: word.clone(),
            exit: verdict.exit().code(),
            summary: match verdict.reasons.len() {
                0 => format!("the gate says {word}"),
                count => format!("the gate says {word}: {}", many(count, "reason")),
            },
            reasons: reasons.map(|reason| format!("{} [{}]", line(&reason.what, 200), reason.kind)).collect(),
            host: String::new(),
            results: results.display().to_string(),
        }
    }

    /// The body that is sent; `before` is the verdict that was told last.
    ///
    /// # Errors
    /// A template whose result is no JSON.
    pub fn render(&self, shape: &Shape, before: Option<&str>) -> Result<String, String> {
        let fields = json!({
            "format": 1, "stackprobe": env!("CARGO_PKG_VERSION"), "time": now(), "of": self.of,
            "verdict": self.verdict, "before": before, "exit": self.exit, "summary": self.summary,
            "reasons": self.reasons, "host": self.host, "results": self.results,
        });
        let was = before.map(|before| format!(" (was: {before})")).unwrap_or_default();
        let at = if self.host.is_empty() { String::new() } else { format!(" on {}", self.host) };
        let head = format!("stackprobe {}{at}: {}{was}", self.of, self.verdict);
        let text = [&[head.clone(), self.summary.clone()], &self.reasons[..]].concat().join("\n");
        Ok(match shape {
            Shape::Json => one_line(fields),
            Shape::Text => one_line(json!({ "text": text })),
            Shape::Teams => {
                let lines = std::iter::once(&self.summary).chain(&self.reasons);
                let block = |text: &String| json!({"type": "TextBlock", "text": text, "wrap": true});
                let title = json!({"type": "TextBlock", "text": head, "weight": "Bolder", "wrap": true});
                let body: Vec<Value> = std::iter::once(title).chain(lines.map(block)).collect();
                one_line(json!({"type": "message", "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "content": {"type": "AdaptiveCard", "version": "1.4", "body": body}}]}))
            }
            Shape::Template(template) => filled(template, &fields, &text)?,
        })
    }
}

fn filled(template: &str, fields: &Value, text: &str) -> Result<String, String> {
    let mut body = template.to_owned();
    let quoted = |value: &Value| {
        let plain = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let text = Value::String(plain).to_string();
        text[1..text.len() - 1].to_owned()
    };
    for (name, value) in fields.as_object().into_iter().flatten() {
        body = body.replace(&format!("{{{name}}}"), &quoted(value));
    }
    body = body.replace("{text}", &quoted(&Value::String(text.to_owned())));
    let value: Value =
        serde_json::from_str(&body).map_err(|error| format!("the template gives no JSON: {error}"))?;
    Ok(one_line(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            of: "run",
            verdict: "failed".into(),
            exit: 1,
            summary: "2 failed in 3 cases".into(),
            reasons: vec!["a \"quoted\" {reason}".into()],
            host: "node1".into(),
            results: "/results".into(),
        }
    }

    #[test]
    fn each_shape_is_json_that_says_what_came_of_it() {
        for shape in [Shape::Json, Shape::Text, Shape::Teams] {
            let body = message().render(&shape, Some("passed")).unwrap();
            let value: Value = serde_json::from_str(&body).unwrap();
            let told = value.to_string();
            assert!(
                told.contains("failed") && told.contains("passed") && told.contains("2 failed in 3 cases"),
                "{told}"
            );
            assert!(!body.contains('\n'));
        }
        let text: Value = serde_json::from_str(&message().render(&Shape::Text, None).unwrap()).unwrap();
        assert_eq!(
            text["text"],
            "stackprobe run on node1: failed\n2 failed in 3 cases\na \"quoted\" {reason}"
        );
    }

    #[test]
    fn a_template_is_filled_in_without_becoming_something_else() {
        let template = Shape::Template(r#"{"title": "{verdict} on {host}", "lines": "{reasons}"}"#.into());
        let body: Value = serde_json::from_str(&message().render(&template, None).unwrap()).unwrap();
        assert_eq!(body, json!({"title": "failed on node1", "lines": "a \"quoted\" {reason}"}));
        let wrong = message().render(&Shape::Template("{verdict}".into()), None).unwrap_err();
        assert!(wrong.contains("gives no JSON"), "{wrong}");
    }
}
