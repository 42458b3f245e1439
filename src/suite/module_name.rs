//! Names of modules: `family/version`, as they stand in `LOADEDMODULES` and as people ask for them.

use std::fmt;

use globset::{Glob, GlobMatcher};

/// A module by its full name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Module {
    /// All but the last part of the name: `gcc`.
    pub family: String,
    /// The last part: `12.2.0`, `5.0.11-abcdefg`; empty for a module without a version.
    pub version: String,
}

impl Module {
    /// Splits a full name at its last slash.
    #[must_use]
    pub fn new(name: &str) -> Self {
        match name.rsplit_once('/') {
            Some((family, version)) => Self { family: family.to_owned(), version: version.to_owned() },
            None => Self { family: name.to_owned(), version: String::new() },
        }
    }

    /// The version without the hash that Spack puts behind it (`5.0.11-abcdefg` → `5.0.11`).
    ///
    /// Spack's hashes are base32: seven characters by default, of a–z and 2–7.
    #[must_use]
    pub fn unhashed_version(&self) -> &str {
        let hash = |text: &str| text.len() >= 5 && text.chars().all(|c| matches!(c, 'a'..='z' | '2'..='7'));
        match self.version.rsplit_once('-') {
            Some((version, suffix)) if hash(suffix) && !version.is_empty() => version,
            _ => &self.version,
        }
    }

    /// The version that the software itself has: without a hash, and without the words behind it that say with what it
    /// was built (`4.1.4-GCC-12.2.0`, `5.0.2-ofi`, `4.1.4+cuda` → `4.1.4`, `5.0.2`, `4.1.4`).
    #[must_use]
    pub fn plain_version(&self) -> &str {
        let version = self.unhashed_version();
        let is_number = |at: usize| version[..at].contains(|letter: char| letter.is_ascii_digit());
        let mut signs = version.match_indices(['-', '_', '+']).map(|(at, _)| at);
        let end = signs.find(|at| is_number(*at) && says_how_it_was_built(&version[at + 1..]));
        &version[..end.unwrap_or(version.len())]
    }

    /// What stands behind the version itself: `-GCC-12.2.0`.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.version[self.plain_version().len()..]
    }
}

/// Words that belong to a version: `5.0.0-rc1`, `16.0.6-git`.
const OF_A_VERSION: [&str; 15] = [
    "a", "alpha", "b", "beta", "rc", "pre", "dev", "git", "p", "patch", "r", "rev", "snapshot", "u", "update",
];

/// Whether what stands behind a sign in a version begins with a word that is no part of it.
fn says_how_it_was_built(text: &str) -> bool {
    let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = text[..end].to_lowercase();
    !word.is_empty() && !OF_A_VERSION.contains(&word.as_str())
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.version.is_empty() {
            f.write_str(&self.family)
        } else {
            write!(f, "{}/{}", self.family, self.version)
        }
    }
}

/// What a person asks for: `gcc`, `gcc/12`, `gcc/*`, `gcc@12`.
#[derive(Clone, Debug)]
pub struct Wanted {
    text: String,
    glob: Option<GlobMatcher>,
}

impl Wanted {
    /// Reads a request.
    ///
    /// # Errors
    /// A glob that cannot be read, a name that no module can have.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim().replacen('@', "/", 1);
        let text = text.trim_end_matches('/').to_owned();
        if text.is_empty()
            || text.starts_with('-')
            || text.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(format!("`{}` is not a name of a module", text.escape_debug()));
        }
        let glob = if text.contains(['*', '?', '[', '{']) {
            let glob = Glob::new(&text).map_err(|error| format!("cannot read `{text}`: {}", error.kind()))?;
            Some(glob.compile_matcher())
        } else {
            None
        };
        Ok(Self { text, glob })
    }

    /// Whether it is a pattern, which only the whole matrix can answer.
    #[must_use]
    pub fn is_glob(&self) -> bool {
        self.glob.is_some()
    }

    /// As it would be given to `module load`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `module` is meant: the full name, a glob over it, or a prefix that ends where a part of the version
    /// ends (`gcc/12` means `gcc/12.2.0`, never `gcc/120`). Case does not matter in the family (`R/4.4`).
    #[must_use]
    pub fn matches(&self, module: &Module) -> bool {
        let name = module.to_string();
        if let Some(glob) = &self.glob {
            return glob.is_match(&name);
        }
        let (family, version) = match self.text.rsplit_once('/') {
            Some((family, version)) => (family, version),
            None => (self.text.as_str(), ""),
        };
        if self.text == name || module.family.eq_ignore_ascii_case(&self.text) {
            return true;
        }
        module.family.eq_ignore_ascii_case(family)
            && module.version.strip_prefix(version).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(['.', '-', '_', '+']) || version.is_empty()
            })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(wanted: &str, module: &str) -> bool {
        Wanted::new(wanted).unwrap().matches(&Module::new(module))
    }

    #[test]
    fn a_prefix_ends_where_a_part_of_the_version_ends() {
        assert!(matches("gcc/12", "gcc/12.2.0"));
        assert!(matches("gcc@12", "gcc/12.2.0"));
        assert!(matches("gcc", "gcc/12.2.0"));
        assert!(matches("gcc/12.2.0", "gcc/12.2.0"));
        assert!(!matches("gcc/1", "gcc/12.2.0"));
        assert!(!matches("gcc/12", "gcc-runtime/12.2.0"));
        assert!(matches("openmpi/5.0.11", "openmpi/5.0.11-abcdefg"));
        assert!(matches("R/4", "r/4.2.2"));
        assert!(matches("gcc/*", "gcc/12.2.0"));
        assert!(!matches("gcc/1[13]*", "gcc/12.2.0"));
    }

    #[test]
    fn nothing_that_a_shell_or_lmod_would_read_as_an_option_is_a_module() {
        for wrong in ["", " ", "-t", "a b", "gcc\nrm", "--force"] {
            assert!(Wanted::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_spack_hash_is_no_part_of_the_version() {
        assert_eq!(Module::new("openmpi/5.0.11-x7k2abc").plain_version(), "5.0.11");
        assert_eq!(Module::new("foo/1.2-beta1").plain_version(), "1.2-beta1");
    }

    #[test]
    fn what_it_was_built_with_is_no_part_of_the_version() {
        for (version, plain) in [
            ("4.1.4-GCC-12.2.0", "4.1.4"),
            ("5.0.2-ofi", "5.0.2"),
            ("4.1.4-gcc12", "4.1.4"),
            ("4.1.4-gcc-12.2.0-cpedaup", "4.1.4"),
            ("4.1.4+cuda", "4.1.4"),
            ("4.1.4_intel", "4.1.4"),
            ("2.3.7-1-gcc12", "2.3.7-1"),
            ("5.0.0-rc1", "5.0.0-rc1"),
            ("5.0.0rc1-GCC-12", "5.0.0rc1"),
            ("R2024a", "R2024a"),
            ("gcc-12.2.0", "gcc-12.2.0"),
            ("2023a", "2023a"),
            ("12", "12"),
            ("", ""),
        ] {
            let module = Module::new(&format!("x/{version}"));
            assert_eq!(module.plain_version(), plain, "{version}");
            assert_eq!(format!("{}{}", module.plain_version(), module.suffix()), version);
        }
    }
}
