//! Everything that a record says, without the secrets in it.

use std::borrow::Cow;

use serde_json::Value;

use super::{Lines, MASK, is_secret, words};
use crate::report::record::{CaseRecord, PlanRecord};

fn hide(lines: &mut Lines, text: &mut String) {
    if let Cow::Owned(masked) = lines.mask(text) {
        *text = masked;
    }
}

/// Masks everything that a case says. Its checks are one text: a key may be told line by line, each of them a check.
pub fn case(record: &mut CaseRecord) {
    for checks in [&mut record.checks, &mut record.earlier] {
        let mut names = Lines::default();
        for check in checks {
            hide(&mut names, &mut check.name);
            let mut lines = Lines::default();
            for text in [&mut check.reason, &mut check.detail, &mut check.command] {
                hide(&mut lines, text);
            }
            if let Some(diagnosis) = &mut check.diagnosis {
                for text in [&mut diagnosis.cause, &mut diagnosis.fix, &mut diagnosis.spec] {
                    hide(&mut Lines::default(), text);
                }
            }
        }
    }
    for command in &mut record.commands {
        hide(&mut Lines::default(), &mut command.command);
    }
    hide(&mut Lines::default(), &mut record.output);
    let values = record.environment.iter_mut().filter_map(|(name, value)| Some((name, value.as_mut()?)));
    for (name, value) in record.properties.iter_mut().chain(&mut record.observed).chain(values) {
        if is_secret(name, value) && super::spans(value).is_empty() {
            MASK.clone_into(value);
        } else {
            hide(&mut Lines::default(), value);
        }
    }
}

/// A JSON document without the secrets in it; it stays one.
#[must_use]
pub fn document(text: String) -> String {
    let masked = match super::mask(&text) {
        Cow::Borrowed(_) => return text,
        Cow::Owned(masked) => masked,
    };
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else { return masked };
    within("", &mut value);
    serde_json::to_string_pretty(&value).unwrap_or(masked)
}

/// A JSON value as one line, without the secrets in it.
#[must_use]
pub fn one_line(mut value: Value) -> String {
    within("", &mut value);
    value.to_string()
}

fn within(name: &str, value: &mut Value) {
    match value {
        Value::String(text) if is_secret(name, text) && super::spans(text).is_empty() => {
            MASK.clone_into(text);
        }
        Value::String(text) => hide(&mut Lines::default(), text),
        Value::Array(items) => items.iter_mut().for_each(|item| within(name, item)),
        Value::Object(entries) => entries.iter_mut().for_each(|(name, value)| within(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks the command line of a plan, also where a flag and its value are two words.
pub fn plan(record: &mut PlanRecord) {
    let found = words(&record.command);
    for (word, spans) in record.command.iter_mut().zip(found) {
        for span in spans.into_iter().rev() {
            word.replace_range(span, MASK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_and_its_value_may_be_two_words() {
        let mut record: PlanRecord = serde_json::from_str(
            r#"{"format":1,"stackprobe":"0","started":"","pod":{"host":"h","node":null,"image":null,"cpus":1,
                "memory":null,"shm":null,"uid":0},"cases":[],"command":["x","--token","abc","--cc","gcc/12"]}"#,
        )
        .unwrap();
        plan(&mut record);
        assert_eq!(record.command, ["x", "--token", MASK, "--cc", "gcc/12"]);
    }
}
