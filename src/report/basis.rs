//! What a plan was made from: the judgement and the stack. Results of another judgement or another stack prove nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a plan was made from. Digests are the first 16 hexadecimal digits of a SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Basis {
    /// This binary: the built-in suites, the tables and the judgement.
    pub binary: String,
    /// The site file; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Suites that are no part of the binary, by name, with all their files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub suites: BTreeMap<String, String>,
    /// Modulefiles by path: every one of the stack, or those of the toolchains that were asked for by name.
    pub modulefiles: BTreeMap<String, Modulefile>,
    /// Spack's databases and lock files by path; empty where only toolchains were asked for by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub books: BTreeMap<String, String>,
    /// When the stack was changed last: the newest of Spack's databases, or of the modulefiles where there is none
    /// (RFC 3339, UTC); empty where that cannot be known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub touched: String,
    /// The tags of the probes of the plan, by `SUITE/PROBE`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Vec<String>>,
    /// How many seconds each case takes, by its id, where a history was given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seconds: BTreeMap<String, f64>,
}

/// A modulefile as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Modulefile {
    /// Its text without comments; empty if it could not be read.
    pub text: String,
    /// The DAG hash of the install that it belongs to, where that is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub install: String,
}
