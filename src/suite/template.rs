//! A command of a probe: words, some of which are filled in for each case.
//!
//! Words are split as a shell would, *then* placeholders are filled, so a path with a space or a quote in it can
//! never become two words or a command of its own. No shell ever sees them.

use std::fmt;

use crate::suite::tool_name::{RULE, ToolName};

/// What a suite may ask to be filled in. [`Placeholder::many`] ones stand for any number of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is described by what it stands for in `Placeholder::ALL`")]
pub enum Placeholder {
    Cc,
    Cxx,
    Fc,
    Openmp,
    Mpicc,
    Mpicxx,
    Mpifc,
    Mpirun,
    Python,
    Rscript,
    Matlab,
    Tool(ToolName),
    Prefix(ToolName),
    Libdir(ToolName),
    Sources,
    Exe,
    Ranks,
    Cpus,
    Stage,
    Tmp,
}

impl Placeholder {
    /// Name, placeholder, and what it stands for.
    pub const ALL: [(&'static str, Self, &'static str); 17] = [
        ("cc", Self::Cc, "the C compiler of the toolchain"),
        ("cxx", Self::Cxx, "the C++ compiler of the toolchain"),
        ("fc", Self::Fc, "the Fortran compiler of the toolchain, with the flags it cannot do without"),
        ("openmp", Self::Openmp, "the compiler's OpenMP flag"),
        ("mpicc", Self::Mpicc, "the C wrapper of the loaded MPI"),
        ("mpicxx", Self::Mpicxx, "the C++ wrapper of the loaded MPI"),
        ("mpifc", Self::Mpifc, "the Fortran wrapper of the loaded MPI"),
        ("mpirun", Self::Mpirun, "the launcher of the loaded MPI with the arguments of its profile"),
        ("python", Self::Python, "the interpreter of the loaded Python"),
        ("rscript", Self::Rscript, "Rscript of the loaded R"),
        ("matlab", Self::Matlab, "the matlab of the loaded MATLAB"),
        ("sources", Self::Sources, "the base names of the probe's sources"),
        ("exe", Self::Exe, "the absolute path of the program to build"),
        ("ranks", Self::Ranks, "the number of MPI ranks of this case"),
        ("cpus", Self::Cpus, "the number of CPUs that this pod may use"),
        ("stage", Self::Stage, "the absolute path of the case's staged folder"),
        ("tmp", Self::Tmp, "the absolute path of the case's temporary folder"),
    ];

    /// Whether it is a program that the toolchain brings, or its flags: what a family's table says.
    #[must_use]
    pub fn is_of_toolchain(self) -> bool {
        !matches!(
            self,
            Self::Mpirun
                | Self::Prefix(_)
                | Self::Libdir(_)
                | Self::Sources
                | Self::Exe
                | Self::Ranks
                | Self::Cpus
                | Self::Stage
                | Self::Tmp
        )
    }

    /// The tool of this name, be it one of those that are known beforehand or another.
    #[must_use]
    pub fn tool(name: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(known, placeholder, _)| {
            *known == name && placeholder.is_of_toolchain() && *placeholder != Self::Openmp
        });
        known.map(|(_, placeholder, _)| *placeholder).or_else(|| ToolName::new(name).map(Self::Tool))
    }

    /// Whether it stands for any number of words, and so must be a word of its own.
    #[must_use]
    pub fn many(self) -> bool {
        matches!(
            self,
            Self::Cc | Self::Cxx | Self::Fc | Self::Openmp | Self::Mpifc | Self::Mpirun | Self::Sources
        )
    }

    /// Its name, without braces.
    #[must_use]
    pub fn name(self) -> &'static str {
        if let Self::Tool(name) | Self::Prefix(name) | Self::Libdir(name) = self {
            return name.as_str();
        }
        Self::ALL.iter().find(|(_, placeholder, _)| *placeholder == self).map_or("", |(name, ..)| name)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::Tool(_) => TOOL,
            Self::Prefix(_) => PREFIX,
            Self::Libdir(_) => LIBDIR,
            _ => "",
        };
        write!(f, "{{{prefix}{}}}", self.name())
    }
}

/// What goes before the name of any tool.
const TOOL: &str = "tool:";
/// What goes before the name of a module, for its prefix.
const PREFIX: &str = "prefix:";
/// What goes before the name of a module, for the folder of its libraries.
const LIBDIR: &str = "libdir:";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Fill(Placeholder),
}

/// A command with its placeholders still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    words: Vec<Vec<Piece>>,
}

impl Template {
    /// Splits `text` into words and finds its placeholders. `{{` and `}}` are braces.
    ///
    /// # Errors
    /// Every fault of the command, each in one line.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let split = shell_words::split(text).map_err(|_| vec!["a quote is never closed".to_owned()])?;
        if split.is_empty() {
            return Err(vec!["a command must have at least one word".to_owned()]);
        }
        let mut faults = Vec::new();
        let mut words = Vec::new();
        for word in &split {
            match pieces(word) {
                Ok(pieces) => {
                    for piece in &pieces {
                        if let Piece::Fill(placeholder) = piece
                            && placeholder.many()
                            && pieces.len() > 1
                        {
                            faults.push(format!(
                                "{placeholder} may stand for several words: it must be a word of its own"
                            ));
                        }
                    }
                    words.push(pieces);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Self { text: text.to_owned(), words }) } else { Err(faults) }
    }

    /// Every placeholder that it uses.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> + '_ {
        self.words.iter().flatten().filter_map(|piece| match piece {
            Piece::Fill(placeholder) => Some(*placeholder),
            Piece::Text(_) => None,
        })
    }

    /// The words of the command. `fill` gives the words for a placeholder: one, but for those of
    /// [`Placeholder::many`].
    pub fn fill(&self, mut fill: impl FnMut(Placeholder) -> Vec<String>) -> Vec<String> {
        let mut filled = Vec::new();
        for word in &self.words {
            if let [Piece::Fill(placeholder)] = word.as_slice() {
                filled.extend(fill(*placeholder));
                continue;
            }
            let mut text = String::new();
            for piece in word {
                match piece {
                    Piece::Text(part) => text.push_str(part),
                    Piece::Fill(placeholder) => text.push_str(&fill(*placeholder).join(" ")),
                }
            }
            filled.push(text);
        }
        filled
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn named(name: &str) -> Result<Placeholder, String> {
    if let Some(tool) = name.strip_prefix(TOOL) {
        let wrong = || format!("`{tool}` in {{{name}}} is not the name of a tool: {RULE}");
        return Placeholder::tool(tool).ok_or_else(wrong);
    }
    for (before, make) in
        [(PREFIX, Placeholder::Prefix as fn(ToolName) -> Placeholder), (LIBDIR, Placeholder::Libdir)]
    {
        if let Some(module) = name.strip_prefix(before) {
            let wrong = || format!("`{module}` in {{{name}}} is not the name of a module: {RULE}");
            return ToolName::new(module).map(make).ok_or_else(wrong);
        }
    }
    if let Some((_, placeholder, _)) = Placeholder::ALL.iter().find(|(known, ..)| *known == name) {
        return Ok(*placeholder);
    }
    let known = Placeholder::ALL.iter().map(|(known, ..)| *known);
    Err(match crate::document::nearest(name, known) {
        Some(near) => format!("unknown placeholder {{{name}}}: did you mean {{{near}}}?"),
        None => format!("unknown placeholder {{{name}}}"),
    })
}

fn pieces(word: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' if letters.peek() == Some(&'{') => {
                letters.next();
                text.push('{');
            }
            '}' if letters.peek() == Some(&'}') => {
                letters.next();
                text.push('}');
            }
            '{' => {
                let name: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                let placeholder = named(&name)?;
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Fill(placeholder));
            }
            '}' => return Err("`}` stands alone: write `}}` for a brace".to_owned()),
            _ => text.push(letter),
        }
    }
    if !text.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Vec<String> {
        Template::parse(text).unwrap().fill(|placeholder| match placeholder {
            Placeholder::Sources => vec!["a b.c".to_owned(), "$(rm).c".to_owned()],
            Placeholder::Exe => vec!["/tmp/my exe".to_owned()],
            other => vec![other.name().to_owned()],
        })
    }

    #[test]
    fn a_filled_word_stays_one_word_whatever_it_holds() {
        assert_eq!(
            fill("{cc} '-DX=a b' {sources} -o {exe} -Wl,-rpath,{stage} {{}}"),
            ["cc", "-DX=a b", "a b.c", "$(rm).c", "-o", "/tmp/my exe", "-Wl,-rpath,stage", "{}"]
        );
    }

    #[test]
    fn any_tool_may_be_asked_for_by_name() {
        let template = Template::parse("{tool:julia} {tool:python} --x={tool:julia}").unwrap();
        let used: Vec<String> = template.placeholders().map(|used| used.to_string()).collect();
        assert_eq!(used, ["{tool:julia}", "{python}", "{tool:julia}"]);
        assert_eq!(fill("{tool:julia} -e 1"), ["julia", "-e", "1"]);
    }

    #[test]
    fn a_module_is_named_for_its_prefix_and_its_libraries() {
        let template = Template::parse("cc -I{prefix:netcdf-c}/include -L{libdir:netcdf-c}").unwrap();
        let used: Vec<String> = template.placeholders().map(|used| used.to_string()).collect();
        assert_eq!(used, ["{prefix:netcdf-c}", "{libdir:netcdf-c}"]);
        let faults = Template::parse("{prefix:} {libdir:a/b}").unwrap_err();
        assert!(
            faults.len() == 2 && faults[1].contains("`a/b` in {libdir:a/b} is not the name"),
            "{faults:?}"
        );
    }

    #[test]
    fn an_empty_word_stays() {
        assert_eq!(fill("echo '' x"), ["echo", "", "x"]);
    }

    #[test]
    fn all_faults_of_a_command_are_told() {
        let faults = Template::parse("{exee} -I{sources} }").unwrap_err();
        assert_eq!(
            faults,
            [
                "unknown placeholder {exee}: did you mean {exe}?",
                "{sources} may stand for several words: it must be a word of its own",
                "`}` stands alone: write `}}` for a brace"
            ]
        );
        let faults = Template::parse("{tool:} {tool:A}").unwrap_err();
        assert!(faults.len() == 2 && faults[0].contains("is not the name of a tool"), "{faults:?}");
        assert_eq!(Template::parse("'x").unwrap_err(), ["a quote is never closed"]);
        assert_eq!(Template::parse(" ").unwrap_err(), ["a command must have at least one word"]);
    }
}
