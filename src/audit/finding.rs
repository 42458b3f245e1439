//! What does not agree, and what to do about it.

use serde::Serialize;

use spack_db::Record;

/// In what way two of Spack's books, or one and the stack, do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A file of Spack's cannot be read.
    Unread,
    /// An environment asks for it, or needs it, and it is not installed.
    Unbuilt,
    /// The database says that it is installed, and its prefix is not there.
    NoPrefix,
    /// A prefix of the tree is in no database.
    NoRecord,
    /// What it is linked to or runs with is not there.
    NoDependency,
    /// A modulefile of what is not installed.
    NoInstall,
    /// A modulefile of an install that is deprecated or orphaned.
    Unwanted,
    /// A modulefile in a branch of the hierarchy that its install was not built for.
    Branch,
    /// It was asked for, is installed, and has no modulefile.
    NoModule,
    /// The same, because another install writes the same file.
    OneModulefile,
    /// The index of the build cache has it, and nothing of it is there.
    Stale,
    /// The build cache has a part of it.
    NotWhole,
    /// The build cache has it, and its index has not.
    Unlisted,
}

impl Kind {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Unbuilt => "unbuilt",
            Self::NoPrefix => "no-prefix",
            Self::NoRecord => "no-record",
            Self::NoDependency => "no-dependency",
            Self::NoInstall => "no-install",
            Self::Unwanted => "unwanted",
            Self::Branch => "branch",
            Self::NoModule => "no-module",
            Self::OneModulefile => "one-modulefile",
            Self::Stale => "stale",
            Self::NotWhole => "not-whole",
            Self::Unlisted => "unlisted",
        }
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unread => "a file of Spack's cannot be read",
            Self::Unbuilt => "an environment asks for it, and it is not installed",
            Self::NoPrefix => "the database says that it is installed, and its prefix is not there",
            Self::NoRecord => "a prefix in the tree that no database knows",
            Self::NoDependency => "what it is linked to or runs with is not there",
            Self::NoInstall => "a modulefile of what is not installed",
            Self::Unwanted => "a modulefile of an install that is deprecated or orphaned",
            Self::Branch => "a modulefile in a branch that its install was not built for",
            Self::NoModule => "asked for, installed, and without a modulefile",
            Self::OneModulefile => "two installs that write one modulefile: the last writer wins",
            Self::Stale => "in the index of the build cache, and nothing of it is there",
            Self::NotWhole => "in the build cache, and not whole",
            Self::Unlisted => "in the build cache and not in its index: Spack does not find it",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::Unread => "restore the file, or let `spack reindex` write the database anew",
            Self::Unbuilt => "`spack -e ENV install --only-concrete` builds it",
            Self::NoPrefix => "`spack reindex` lets the database know, then `spack install` builds it again",
            Self::NoRecord => {
                "`spack reindex` takes it up; what a stopped build left may be removed when nothing builds"
            }
            Self::NoDependency => "`spack install /HASH` of what is lacking",
            Self::NoInstall => "`spack module lmod refresh --delete-tree` leaves it out",
            Self::Unwanted => {
                "`spack gc`, or `spack mark -e` for what is to stay; then `spack module lmod refresh --delete-tree`"
            }
            Self::Branch => "`spack module lmod refresh --delete-tree` writes it where it belongs",
            Self::NoModule => {
                "`spack module lmod refresh` writes it; what modules.yaml excludes on purpose is to be marked implicit: `spack mark -i`"
            }
            Self::OneModulefile => {
                "a hash_length, a suffix or a projection in modules.yaml that tells them apart, then `spack module lmod refresh --delete-tree`"
            }
            Self::Stale | Self::Unlisted => "`spack buildcache update-index MIRROR`",
            Self::NotWhole => {
                "`spack buildcache push --force MIRROR /HASH`, then `spack buildcache update-index MIRROR`"
            }
        }
    }
}

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// In what way.
    pub kind: Kind,
    /// What was found, in one line.
    pub what: String,
    /// The package, if it is about one: `hdf5@1.14.5`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// Its DAG hash.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl Finding {
    /// A finding about no package.
    pub(super) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), package: String::new(), hash: String::new(), fix: kind.fix() }
    }

    /// A finding about a package.
    pub(super) fn of(kind: Kind, package: &str, hash: &str, what: impl Into<String>) -> Self {
        Self { package: package.to_owned(), hash: hash.to_owned(), ..Self::new(kind, what) }
    }

    /// A finding about a record.
    pub(super) fn about(kind: Kind, record: &Record, what: impl Into<String>) -> Self {
        Self::of(kind, &package(record), &record.hash, what)
    }
}

/// `hdf5@1.14.5`
pub(super) fn package(record: &Record) -> String {
    format!("{}@{}", record.name, record.version)
}

/// `hdf5@1.14.5/abcdefg`, as Spack shows it.
pub(super) fn short(record: &Record) -> String {
    format!("{}/{}", package(record), short_hash(&record.hash))
}

/// Seven characters are what Spack shows.
pub(super) fn short_hash(hash: &str) -> &str {
    hash.get(..7).unwrap_or(hash)
}
