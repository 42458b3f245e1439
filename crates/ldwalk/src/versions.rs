//! Does a library hold the symbol versions that its user was linked against?
//!
//! The rules are those of glibc's `elf/dl-version.c`: a library without any version definitions is accepted with a
//! warning, one that has some must have the wanted ones.

use super::object::Object;

/// What one file misses in one of its libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack<'a> {
    /// These versions are wanted and not defined: the loader refuses to start.
    Versions(Vec<&'a str>),
    /// Versions are wanted and the library defines none at all: the loader warns and goes on.
    NoVersions,
}

/// What the `index`th requirement of `user` misses in `provider`.
pub(super) fn lack<'a>(user: &'a Object, index: usize, provider: &Object) -> Option<Lack<'a>> {
    let wanted = &user.image.requires.get(index)?.versions;
    let defined = &provider.image.provides;
    if wanted.is_empty() {
        return None;
    }
    if defined.is_empty() {
        return Some(Lack::NoVersions);
    }
    let absent: Vec<&str> =
        wanted.iter().filter(|version| !defined.contains(version)).map(|version| &**version).collect();
    (!absent.is_empty()).then_some(Lack::Versions(absent))
}
