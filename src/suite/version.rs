//! Versions of modules, and the ranges that data files speak of (`>= 12, < 14`).
//!
//! A bound of N parts compares the first N parts: `5.0.11` is not `> 5`, is `>= 5`, is `= 5.0` and is not `< 5`.
//! That is what a person means who writes `< 5` for "before the 5 series".

use std::cmp::Ordering;
use std::fmt;

/// A version as the module writes it, cut into parts at dots, dashes, underscores and between letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

impl Version {
    /// Cuts `text` into parts. Any text is a version; an empty one has no parts and is before all others.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest
                .find(|letter: char| letter.is_ascii_digit() != digits || ".-_+".contains(letter))
                .unwrap_or(rest.len());
            if end > 0 {
                let word = &rest[..end];
                parts.push(match word.parse() {
                    Ok(number) => Part::Number(number),
                    Err(_) => Part::Word(word.to_owned()),
                });
                rest = &rest[end..];
            } else {
                rest = &rest[first.len_utf8()..];
            }
        }
        Self { parts }
    }

    /// Compares as many parts as `bound` has.
    #[must_use]
    pub fn compare_to_bound(&self, bound: &Self) -> Ordering {
        let length = bound.parts.len().min(self.parts.len());
        self.parts[..length].cmp(&bound.parts).then_with(|| {
            if self.parts.len() < bound.parts.len() && self.parts[..] == bound.parts[..length] {
                Ordering::Less
            } else {
                Ordering::Equal
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

/// Bounds that must all hold; no bounds hold for every version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    bounds: Vec<(Relation, Version)>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Range {
    /// Reads `>= 12, < 14`. Relations are `<`, `<=`, `=`, `>=` and `>`.
    ///
    /// # Errors
    /// One line that says which part could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut bounds = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let relations = [
                ("<=", Relation::LessOrEqual),
                (">=", Relation::GreaterOrEqual),
                ("<", Relation::Less),
                (">", Relation::Greater),
                ("=", Relation::Equal),
            ];
            let Some((sign, relation)) = relations.into_iter().find(|(sign, _)| part.starts_with(sign))
            else {
                return Err(format!("`{part}` must begin with one of < <= = >= >"));
            };
            let version = part[sign.len()..].trim();
            if version.is_empty() || version.contains(char::is_whitespace) {
                return Err(format!("`{part}` must name one version after `{sign}`"));
            }
            bounds.push((relation, Version::new(version)));
        }
        Ok(Self { bounds, text: text.trim().to_owned() })
    }

    /// Whether every bound holds.
    #[must_use]
    pub fn holds(&self, version: &Version) -> bool {
        self.bounds.iter().all(|(relation, bound)| {
            let order = version.compare_to_bound(bound);
            match relation {
                Relation::Less => order.is_lt(),
                Relation::LessOrEqual => order.is_le(),
                Relation::Equal => order.is_eq(),
                Relation::GreaterOrEqual => order.is_ge(),
                Relation::Greater => order.is_gt(),
            }
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        Range::parse(range).unwrap().holds(&Version::new(version))
    }

    #[test]
    fn a_bound_compares_as_many_parts_as_it_has() {
        assert!(holds(">= 5", "5.0.11"));
        assert!(!holds("> 5", "5.0.11"));
        assert!(!holds("< 5", "5.0.11"));
        assert!(holds("< 5", "4.1.4"));
        assert!(holds("= 5.0", "5.0.11"));
        assert!(!holds("= 5.1", "5.0.11"));
        assert!(!holds(">= 5.1", "5"));
        assert!(holds(">= 12, < 14", "13.2.0"));
        assert!(!holds(">= 12, < 14", "14.1"));
        assert!(holds("", "anything"));
    }

    #[test]
    fn letters_and_dates_have_an_order() {
        assert!(holds(">= R2023b", "R2024a"));
        assert!(!holds(">= R2024b", "R2024a"));
        assert!(Version::new("4.1.4") < Version::new("4.1.10"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(Range::parse("12").unwrap_err(), "`12` must begin with one of < <= = >= >");
        assert_eq!(Range::parse(">=").unwrap_err(), "`>=` must name one version after `>=`");
    }
}
