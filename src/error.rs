//! Every error as data: what was wanted and found, where, and what to do about it. Rendered once, here.
//!
//! Whoever reads a file written by a person reports all its faults at once, so an [`Error`] holds a list.

use std::fmt;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exit::Exit;
pub use path_fault::reason;
use path_fault::{Obstacle, PathFault};

/// Who has to act, which is also what decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line is wrong.
    Usage,
    /// A file written by a person (suite, site file, rules) is wrong.
    Data,
    /// Nothing was selected.
    Nothing,
    /// The module stack does not give what was asked for.
    Stack,
    /// The pod or the site does not give what is needed, and may at another try.
    Pod,
    /// The pod or the site, as configured, cannot give what is needed.
    Unfit,
    /// A fault of stackprobe itself.
    Internal,
}

/// A file as it was read, kept so that a fault can show its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as a person would type it.
    pub path: PathBuf,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// Keeps `text`, which was read from `path`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Line and column of a byte offset, both counted from 1; a column counts characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }
}

/// Where a fault is: a range of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Source,
    /// The bytes at fault.
    pub span: Range<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was wanted and what was found: lower case, no final stop.
    pub what: String,
    /// Where, if in a file.
    pub place: Option<Place>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault that is in no file.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), place: None, hint: None }
    }

    /// The same fault, at a place of a file.
    #[must_use]
    pub fn at(mut self, source: &Source, span: Range<usize>) -> Self {
        self.place = Some(Place { source: source.clone(), span });
        self
    }

    /// The same fault, with advice; without, where there is none to give.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        // Words that somebody else owed and did not give leave no advice behind.
        let empty = hint.trim().is_empty() || hint.trim_end().ends_with(':');
        self.hint = (!empty).then_some(hint);
        self
    }
}

/// Why a command could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// Who has to act.
    pub kind: Kind,
    /// All that is wrong, in the order in which a reader meets it.
    pub faults: Vec<Fault>,
    /// The diagnosis in the catalogue that explains it.
    pub id: Option<&'static str>,
}

impl Error {
    /// An error of one fault.
    #[must_use]
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, faults: vec![Fault::new(what)], id: None }
    }

    /// An error that a diagnosis of the catalogue explains.
    #[must_use]
    pub fn diagnosed(id: &'static str, retry: bool, what: impl Into<String>) -> Self {
        let kind = if retry { Kind::Pod } else { Kind::Unfit };
        Self { id: Some(id), ..Self::new(kind, what) }
    }

    /// An error of several faults.
    #[must_use]
    pub fn of(kind: Kind, faults: Vec<Fault>) -> Self {
        Self { kind, faults, id: None }
    }

    /// A file operation that failed: `cannot VERB PATH: reason`, with what is known of the reason. A file that is
    /// closed to us or whose file system fails is not the fault of those who wrote it.
    #[must_use]
    pub fn io(kind: Kind, verb: &str, path: &Path, error: &std::io::Error) -> Self {
        let detail = PathFault::detail(path, error).map(|detail| format!(", {detail}")).unwrap_or_default();
        let obstacle = Obstacle::of(error);
        let kind = match kind {
            Kind::Stack | Kind::Usage | Kind::Data | Kind::Unfit if obstacle.may_pass() => Kind::Pod,
            Kind::Stack if matches!(obstacle, Obstacle::Closed | Obstacle::Loop) => Kind::Unfit,
            kind => kind,
        };
        let what = format!("cannot {verb} `{}`: {}{detail}", path.display(), reason(error));
        let hint = PathFault::new(path, error).hint();
        hint.into_iter().fold(Self::new(kind, what), Self::hint)
    }

    /// What could not be looked at, so that nobody knows it.
    #[must_use]
    pub fn hidden(what: &str, fault: &PathFault) -> Self {
        let kind = if fault.obstacle.may_pass() { Kind::Pod } else { Kind::Unfit };
        fault.hint().into_iter().fold(Self::new(kind, format!("{what}: {fault}")), Self::hint)
    }

    /// A place that somebody chose and that cannot be used. A full disk or a file server may be well at the next try;
    /// permissions and names stay as they are.
    #[must_use]
    pub fn place(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        let stays = matches!(
            error.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::NotFound
                | ErrorKind::NotADirectory
                | ErrorKind::IsADirectory
                | ErrorKind::AlreadyExists
                | ErrorKind::InvalidFilename
                | ErrorKind::InvalidInput
                | ErrorKind::Unsupported
                | ErrorKind::FileTooLarge
        );
        let error_of_place = Self::io(if stays { Kind::Unfit } else { Kind::Pod }, verb, path, error);
        match size_limit(error) {
            Some(hint) => error_of_place.hint(hint),
            None => error_of_place,
        }
    }

    /// The same error, with advice on its last fault.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(fault) = self.faults.pop() {
            self.faults.push(fault.hint(hint));
        }
        self
    }

    /// What the first fault is, without where and what to do.
    #[must_use]
    pub fn what(&self) -> String {
        self.faults.first().map(|fault| fault.what.clone()).unwrap_or_default()
    }

    /// The exit code that says so.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.kind {
            Kind::Usage | Kind::Data => Exit::Usage,
            Kind::Nothing => Exit::Nothing,
            Kind::Stack => Exit::Failed,
            Kind::Pod => Exit::Unknown,
            Kind::Unfit => Exit::Unfit,
            Kind::Internal => Exit::Internal,
        }
    }
}

/// Why JSON that somebody wrote cannot be read, in plain words.
#[must_use]
pub fn not_read(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof if error.line() <= 1 && error.column() == 0 => {
            "it is empty".to_owned()
        }
        serde_json::error::Category::Eof => {
            format!("it is cut short: it ends in line {}, column {}", error.line(), error.column())
        }
        serde_json::error::Category::Syntax => format!("it is no JSON: {error}"),
        serde_json::error::Category::Data | serde_json::error::Category::Io => error.to_string(),
    }
}

/// What to do where a limit of the pod on the size of files is what `error` says.
#[must_use]
pub fn size_limit(error: &std::io::Error) -> Option<&'static str> {
    (error.kind() == ErrorKind::FileTooLarge)
        .then_some("raise the limit on the size of a file (ulimit -f) of whatever starts stackprobe")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Words that somebody else owed and did not give leave no colon behind.
        write!(f, "error: {}", self.what.trim_end().trim_end_matches(':'))?;
        if let Some(place) = &self.place {
            write!(f, "\n{place}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.source.position(self.span.start);
        let text = self.source.text.lines().nth(line - 1).unwrap_or_default().replace('\t', " ");
        let rest = text.chars().count().saturating_sub(column - 1);
        let span = self.source.text.get(self.span.clone()).unwrap_or_default();
        let carets = span.lines().next().unwrap_or_default().chars().count().min(rest).max(1);
        let gutter = " ".repeat(line.to_string().len());
        writeln!(f, "{gutter}--> {}:{line}:{column}", self.source.path.display())?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{line} | {text}")?;
        write!(f, "{gutter} | {}{}", " ".repeat(column - 1), "^".repeat(carets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_shows_its_line_and_a_caret_under_what_is_wrong() {
        let source = Source::new("suite.toml", "name = \"é\"\nfoo = 1\n");
        let fault = Fault::new("unknown key `foo`").at(&source, 12..15).hint("keys are: name, summary");
        assert_eq!(
            fault.to_string(),
            "error: unknown key `foo`\n --> suite.toml:2:1\n  |\n2 | foo = 1\n  | ^^^\n  hint: keys are: name, summary"
        );
    }

    #[test]
    fn no_message_has_an_empty_hint_or_ends_in_a_colon_and_nothing() {
        for hint in ["", " ", "\n"] {
            assert_eq!(Fault::new("spider said: ").hint(hint).to_string(), "error: spider said");
            assert_eq!(Error::new(Kind::Pod, "x").hint(hint).to_string(), "error: x");
        }
        for owed in ["Lmod says: ", "Lmod says:\n"] {
            assert_eq!(Error::new(Kind::Pod, "x").hint(owed).to_string(), "error: x");
        }
        assert_eq!(Error::new(Kind::Pod, "x").hint("y").to_string(), "error: x\n  hint: y");
    }

    #[test]
    fn json_that_is_cut_short_is_told_from_what_is_none() {
        let why = |text: &str| {
            not_read(&serde_json::from_str::<std::collections::BTreeMap<String, u8>>(text).unwrap_err())
        };
        assert_eq!(why(""), "it is empty");
        assert_eq!(why("{\"a\":"), "it is cut short: it ends in line 1, column 5");
        assert!(why("hello").starts_with("it is no JSON: expected"));
        assert!(why("{\"a\": []}").starts_with("invalid type"));
    }

    #[test]
    fn a_place_beyond_the_text_is_no_panic() {
        let source = Source::new("x", "é");
        let place = Place { source, span: 1..99 };
        assert!(place.to_string().contains("x:1:1"));
    }

    #[test]
    fn an_operating_system_reason_reads_like_ours() {
        assert_eq!(reason(&std::io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&std::io::Error::from_raw_os_error(5)), "input/output error");
    }
}
