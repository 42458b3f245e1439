//! Modules of which a suite wants one: `hdf5`, or `openblas | amdblis` for the first that a toolchain offers.

use std::fmt;

use crate::suite::module_name::{Module, Wanted};

/// At least one name, as it would be given to `module load`, in the order in which they are looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alternatives(Vec<String>);

impl Alternatives {
    /// Reads one entry of `modules`.
    ///
    /// # Errors
    /// A name that no module can have, or a pattern: a choice that nobody made.
    pub fn parse(text: &str) -> Result<Self, String> {
        let name = |name: &str| match Wanted::new(name.trim())? {
            wanted if wanted.is_glob() => Err(format!("`{wanted}` must name one module, not a pattern")),
            wanted => Ok(wanted.text().to_owned()),
        };
        text.split('|').map(name).collect::<Result<_, _>>().map(Self)
    }

    /// Each as a request.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted> {
        self.0.iter().filter_map(|name| Wanted::new(name).ok()).collect()
    }

    /// Whether one of them is called so, whatever the version.
    #[must_use]
    pub fn has(&self, family: &str) -> bool {
        self.families().any(|known| known == family)
    }

    /// The names without versions.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| name.split('/').next().unwrap_or(name))
    }

    /// Whether `module` is one of them.
    #[must_use]
    pub fn take(&self, module: &Module) -> bool {
        self.wanted().iter().any(|wanted| wanted.matches(module))
    }
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_or_several_in_their_order() {
        let one = Alternatives::parse("py-mpi4py").unwrap();
        assert_eq!(one.to_string(), "py-mpi4py");
        let several = Alternatives::parse("openblas/0.3 |amdblis").unwrap();
        assert_eq!(several.to_string(), "openblas/0.3 or amdblis");
        assert!(several.has("openblas") && several.has("amdblis") && !several.has("blis"));
        assert!(several.take(&Module::new("openblas/0.3.21")) && !several.take(&Module::new("openblas/0.2")));
    }

    #[test]
    fn a_pattern_or_an_empty_name_is_no_choice() {
        assert!(Alternatives::parse("open*").unwrap_err().contains("not a pattern"));
        assert!(Alternatives::parse("openblas |").is_err());
    }
}
