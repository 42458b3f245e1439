//! The text of a filter, read so that all its faults are told at once.

use std::ops::Range;

use globset::Glob;

use super::{Function, Matcher, Node, OUTCOMES, Set};
use crate::document::nearest;
use crate::error::{Fault, Source};
use crate::suite::module_name::Wanted;

/// How deep parentheses may stand in each other.
const DEPTH: usize = 64;
/// The longest text, in bytes.
const LONGEST: usize = 64 << 10;
/// Whoever made more mistakes meant something else.
const FAULTS: usize = 20;

/// A word of the language.
#[derive(Clone, Debug)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `function(argument)`, understood; all, where it was not, which is a fault already.
    Term(Node),
}

/// Reads the whole text.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn parse(source: &Source) -> Result<Node, Vec<Fault>> {
    let mut faults = Vec::new();
    if source.text.len() > LONGEST {
        let what = format!("an expression of {} letters, wanted at most {LONGEST}", source.text.len());
        return Err(vec![Fault::new(what).at(&Source::new(source.path.clone(), "…"), 0..1)]);
    }
    let tokens = Words { source, at: 0, faults: &mut faults }.all();
    let mut parser = Parser { source, tokens: &tokens, at: 0, faults, given_up: false };
    let root = parser.whole();
    let mut faults = parser.faults;
    if faults.is_empty() {
        return Ok(root);
    }
    faults.sort_by_key(|fault| fault.place.as_ref().map_or(0, |place| place.span.start));
    faults.truncate(FAULTS);
    Err(faults)
}

/// Cuts a text into words.
struct Words<'p> {
    source: &'p Source,
    at: usize,
    faults: &'p mut Vec<Fault>,
}

impl Words<'_> {
    fn all(mut self) -> Vec<(Token, Range<usize>)> {
        let mut tokens = Vec::new();
        while let Some(letter) = self.peek() {
            let start = self.at;
            let token = match letter {
                _ if letter.is_whitespace() => {
                    self.at += letter.len_utf8();
                    continue;
                }
                '(' => self.one(Token::Open),
                ')' => self.one(Token::Close),
                '!' => self.one(Token::Not),
                '&' => self.run('&', Token::And),
                '|' => self.run('|', Token::Or),
                _ if is_name(letter) => self.word(),
                _ => {
                    self.at += letter.len_utf8();
                    let what = format!("cannot read `{}`", letter.escape_debug());
                    self.fault(what, start..self.at, "such as: suite(mpi) & !tag(slow)");
                    continue;
                }
            };
            tokens.push((token, start..self.at));
        }
        tokens
    }

    fn peek(&self) -> Option<char> {
        self.source.text[self.at..].chars().next()
    }

    fn fault(&mut self, what: String, span: Range<usize>, hint: &str) {
        self.faults.push(Fault::new(what).at(self.source, span).hint(hint));
    }

    fn one(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    /// `&`; `&&` is what other languages write.
    fn run(&mut self, letter: char, token: Token) -> Token {
        let start = self.at;
        while self.peek() == Some(letter) {
            self.at += 1;
        }
        if self.at - start > 1 {
            let found = &self.source.text[start..self.at];
            self.fault(format!("wanted one `{letter}`, found `{found}`"), start..self.at, "");
        }
        token
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while let Some(letter) = self.peek().filter(|letter| is_name(*letter)) {
            self.at += letter.len_utf8();
        }
        let word = &self.source.text[start..self.at];
        match word {
            "and" => return Token::And,
            "or" => return Token::Or,
            "not" => return Token::Not,
            _ => {}
        }
        let known = Function::ALL.iter().find(|(name, _)| *name == word).map(|(_, function)| *function);
        let empty = matches!(word, "all" | "none");
        if self.peek() != Some('(') {
            let (what, hint) = match known {
                Some(_) => (format!("wanted `{word}(…)`, found `{word}`"), String::new()),
                None if empty => (format!("wanted `{word}()`, found `{word}`"), String::new()),
                None => (no_function(word), hint(word, true)),
            };
            self.fault(what, start..self.at, &hint);
            return Token::Term(Node::All);
        }
        let Some((argument, span)) = self.argument(start) else { return Token::Term(Node::All) };
        match (word, known) {
            ("all" | "none", _) if !argument.is_empty() => {
                self.fault(
                    format!("`{word}()` wants nothing, found `{}`", argument.escape_debug()),
                    span,
                    "",
                );
                Token::Term(Node::All)
            }
            ("all", _) => Token::Term(Node::All),
            ("none", _) => Token::Term(Node::None),
            (_, Some(function)) => self.set(function, argument, span, start),
            (_, None) => {
                self.fault(no_function(word), start..start + word.len(), &hint(word, false));
                Token::Term(Node::All)
            }
        }
    }

    /// What stands between the parentheses, and where.
    fn argument(&mut self, start: usize) -> Option<(String, Range<usize>)> {
        self.at += 1;
        let rest = &self.source.text[self.at..];
        let from = self.at + (rest.len() - rest.trim_start().len());
        let quote = self.source.text[from..].chars().next().filter(|letter| matches!(letter, '\'' | '"'));
        if let Some(quote) = quote {
            let inner = from + 1;
            let Some(length) = self.source.text[inner..].find(quote) else {
                self.at = self.source.text.len();
                self.fault(format!("`{quote}` is not closed"), from..inner, "");
                return None;
            };
            let rest = &self.source.text[inner + length + 1..];
            let blanks = rest.len() - rest.trim_start().len();
            self.at = inner + length + 1 + blanks;
            if self.peek() == Some(')') {
                self.at += 1;
            } else {
                self.fault(format!("wanted `)` behind {quote}…{quote}"), from..inner + length + 1, "");
            }
            return Some((self.source.text[inner..inner + length].to_owned(), from..inner + length + 1));
        }
        let mut open = 1;
        for (offset, letter) in self.source.text[self.at..].char_indices() {
            match letter {
                '(' => open += 1,
                ')' => open -= 1,
                _ => continue,
            }
            if open == 0 {
                let argument = self.source.text[self.at..self.at + offset].trim();
                let span = from.min(self.at + offset)..(from + argument.len()).max(from + 1);
                self.at += offset + 1;
                return Some((argument.to_owned(), span));
            }
        }
        let opened = start..self.at;
        self.at = self.source.text.len();
        let what = format!("`{}` is not closed", &self.source.text[opened.clone()]);
        self.fault(what, opened, "");
        None
    }

    fn set(&mut self, function: Function, argument: String, span: Range<usize>, start: usize) -> Token {
        let word = function.word();
        if argument.is_empty() {
            let what = format!("`{word}()` wants a name or a pattern");
            self.fault(what, start..self.at, "`*` matches everything");
            return Token::Term(Node::All);
        }
        if function == Function::Outcome && !OUTCOMES.contains(&argument.as_str()) {
            let what = format!("no outcome is named `{}`", argument.escape_debug());
            self.fault(what, span, &format!("outcomes are: {}", OUTCOMES.join(", ")));
            return Token::Term(Node::All);
        }
        let matcher = if function.layer().is_some() {
            Wanted::new(&argument).map(Matcher::Module)
        } else {
            let read = Glob::new(&argument).map(|glob| Matcher::Name(glob.compile_matcher()));
            read.map_err(|error| {
                format!("cannot read the pattern `{}`: {}", argument.escape_debug(), error.kind())
            })
        };
        match matcher {
            Ok(matcher) => Token::Term(Node::Is(Set { function, span: start..self.at, argument, matcher })),
            Err(what) => {
                self.fault(what, span, "");
                Token::Term(Node::All)
            }
        }
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

fn no_function(word: &str) -> String {
    format!("there is no function `{}`", word.escape_debug())
}

fn hint(word: &str, bare: bool) -> String {
    let names = || Function::ALL.iter().map(|(name, _)| *name).chain(["all", "none"]);
    match nearest(word, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if bare => format!("a suite is written suite({word}), a tag tag({word})"),
        None => format!("functions are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// Puts words together.
struct Parser<'p> {
    source: &'p Source,
    tokens: &'p [(Token, Range<usize>)],
    at: usize,
    faults: Vec<Fault>,
    given_up: bool,
}

impl Parser<'_> {
    fn whole(&mut self) -> Node {
        if self.tokens.is_empty() {
            if self.faults.is_empty() {
                self.fault("an expression is missing", 0..0, "such as: suite(mpi) & !tag(slow)");
            }
            return Node::All;
        }
        let mut root = self.or(0);
        while let Some((_, span)) = self.tokens.get(self.at) {
            self.fault("`)` closes nothing", span.clone(), "");
            self.at += 1;
            if self.at < self.tokens.len() {
                root = Node::Or(vec![root, self.or(0)]);
            }
        }
        root
    }

    fn fault(&mut self, what: impl Into<String>, span: Range<usize>, hint: &str) {
        self.faults.push(Fault::new(what).at(self.source, span).hint(hint));
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn or(&mut self, depth: usize) -> Node {
        let mut parts = vec![self.and(depth)];
        while matches!(self.peek(), Some(Token::Or)) {
            self.at += 1;
            parts.push(self.and(depth));
        }
        joined(parts, Node::Or)
    }

    fn and(&mut self, depth: usize) -> Node {
        let mut parts = vec![self.not(depth)];
        loop {
            match self.tokens.get(self.at) {
                Some((Token::And, _)) => self.at += 1,
                Some((Token::Open | Token::Not | Token::Term(_), span)) => {
                    let found = &self.source.text[span.clone()];
                    self.fault(format!("wanted `&` or `|` before `{found}`"), span.clone(), "");
                }
                _ => return joined(parts, Node::And),
            }
            parts.push(self.not(depth));
        }
    }

    fn not(&mut self, depth: usize) -> Node {
        let mut negated = false;
        while matches!(self.peek(), Some(Token::Not)) {
            negated = !negated;
            self.at += 1;
        }
        let term = self.term(depth);
        if negated { Node::Not(Box::new(term)) } else { term }
    }

    fn term(&mut self, depth: usize) -> Node {
        let tokens = self.tokens;
        match tokens.get(self.at) {
            Some((Token::Term(node), _)) => {
                self.at += 1;
                node.clone()
            }
            Some((Token::Open, span)) => {
                if depth >= DEPTH {
                    self.fault(format!("parentheses are nested more than {DEPTH} deep"), span.clone(), "");
                    self.at = tokens.len();
                    self.given_up = true;
                    return Node::All;
                }
                self.at += 1;
                let inner = self.or(depth + 1);
                match self.peek() {
                    Some(Token::Close) => self.at += 1,
                    // Deeper down it was given up already.
                    _ if self.given_up => {}
                    _ => self.fault("`(` is not closed", span.clone(), ""),
                }
                inner
            }
            found => {
                self.missing(found);
                Node::All
            }
        }
    }

    /// A term was wanted, and there is none.
    fn missing(&mut self, found: Option<&(Token, Range<usize>)>) {
        let text = |span: &Range<usize>| self.source.text[span.clone()].to_owned();
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let (what, span) = match (before, found) {
            (Some((Token::Open, from)), Some((Token::Close, to))) => {
                ("an expression is missing between `(` and `)`".to_owned(), from.start..to.end)
            }
            (Some((Token::And | Token::Or | Token::Not, span)), _) => {
                (format!("something is missing after `{}`", text(span)), span.clone())
            }
            (_, Some((_, span))) => (format!("something is missing before `{}`", text(span)), span.clone()),
            (Some((_, span)), None) => (format!("something is missing after `{}`", text(span)), span.clone()),
            (None, None) => ("an expression is missing".to_owned(), 0..0),
        };
        self.fault(what, span, "");
    }
}

fn joined(mut parts: Vec<Node>, join: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.pop().unwrap_or(Node::All),
        _ => join(parts),
    }
}
