//! Which patterns can be in a text at all: those of whose words at least one is. Pure.
//!
//! An automaton of all patterns together comes to know tens of megabytes of states, and is slow where it does. Almost
//! every pattern must hold some words as they stand: all of these are looked for in one pass, and what is left over is
//! tried pattern by pattern.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

/// Words that are shorter are in every text.
const SHORTEST: usize = 4;

/// A pattern with more ways to say it is tried without asking.
const MOST_WAYS: usize = 48;

/// The words of many patterns.
#[derive(Debug)]
pub(super) struct Sieve {
    words: Option<AhoCorasick>,
    /// The patterns of each word.
    patterns: Vec<Vec<usize>>,
    /// Patterns without words of their own.
    wordless: Vec<usize>,
    count: usize,
}

impl Sieve {
    pub(super) fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Self {
        let mut words: std::collections::BTreeMap<Vec<u8>, Vec<usize>> = std::collections::BTreeMap::new();
        let (mut wordless, mut count) = (Vec::new(), 0);
        for (index, pattern) in patterns.into_iter().enumerate() {
            count += 1;
            match required(pattern) {
                Some(ways) => ways.into_iter().for_each(|way| words.entry(way).or_default().push(index)),
                None => wordless.push(index),
            }
        }
        let built = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words.keys());
        let Ok(built) = built else {
            return Self { words: None, patterns: Vec::new(), wordless: (0..count).collect(), count };
        };
        Self { words: Some(built), patterns: words.into_values().collect(), wordless, count }
    }

    /// For each pattern, whether it can be in `text`.
    pub(super) fn may_match(&self, text: &[u8]) -> Vec<bool> {
        let mut may = vec![false; self.count];
        for index in &self.wordless {
            may[*index] = true;
        }
        let mut seen = vec![false; self.patterns.len()];
        for found in self.words.iter().flat_map(|words| words.find_overlapping_iter(text)) {
            let word = found.pattern().as_usize();
            if !std::mem::replace(&mut seen[word], true) {
                for index in &self.patterns[word] {
                    may[*index] = true;
                }
            }
        }
        may
    }
}

/// Words of which one is in whatever `pattern` matches; none where there are no such, or too many.
fn required(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()?;
    ways(&parsed).filter(|ways| shortest(ways) >= SHORTEST)
}

fn shortest(ways: &[Vec<u8>]) -> usize {
    ways.iter().map(Vec::len).min().unwrap_or(0)
}

fn ways(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => ways(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => ways(&repetition.sub),
        // Of parts that follow each other any will do: the one whose shortest word is longest.
        HirKind::Concat(parts) => parts.iter().filter_map(ways).max_by_key(|ways| shortest(ways)),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(ways(part)?);
            }
            (all.len() <= MOST_WAYS).then_some(all)
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) | HirKind::Repetition(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_asked_for_by_its_longest_words() {
        let words = |pattern: &str| -> Vec<String> {
            let ways = required(pattern).unwrap_or_default();
            ways.into_iter().map(|way| String::from_utf8(way).unwrap()).collect()
        };
        assert_eq!(words("error: (?<what>\\w+) was not found"), [" was not found"]);
        assert_eq!(words("(?:cannot|could not) open"), ["cannot", "could not"]);
        assert_eq!(words("(?<x>orted|prted): \\d"), ["orted", "prted"]);
        assert_eq!(words("x(?:not found)?"), [""; 0]);
        assert_eq!(words("(?i:cannot open)"), [""; 0]);
        assert_eq!(words("[Cc]annot open"), ["annot open"]);
        assert_eq!(words("(?:abcd|.*)"), [""; 0]);
        assert_eq!(words("(abcdef)+"), ["abcdef"]);
    }

    #[test]
    fn what_a_pattern_matches_is_never_left_out() {
        let patterns = ["killed by (?:signal|status) 9", "(?i:oom)", "exit(?:ed|s) \\d+", "lost"];
        let sieve = Sieve::new(patterns);
        for text in [
            "killed by signal 9",
            "OOM",
            "exits 1",
            "exited 2",
            "lost",
            "nothing",
            "killed by status 9 oom lost",
        ] {
            let may = sieve.may_match(text.as_bytes());
            for (pattern, may) in patterns.iter().zip(may) {
                let is = regex::bytes::Regex::new(pattern).unwrap().is_match(text.as_bytes());
                assert!(may || !is, "{pattern} in {text}");
            }
        }
        assert_eq!(sieve.may_match(b"nothing"), [false, true, false, false]);
    }
}
