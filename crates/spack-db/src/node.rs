//! What does one node of a spec say, in any version of the format?
//!
//! | specfile | Spack | compiler | dependencies |
//! |---|---|---|---|
//! | 1 | 0.13–0.16 | `compiler` | a map by name; the node itself is wrapped in its name |
//! | 2, 3 | 0.17–0.20 | `compiler` | a list with `type` |
//! | 4 | 0.21–0.23 | `compiler` | a list with `parameters.virtuals` |
//! | 5, 6 | 1.0– | a dependency with the virtual `c`, `cxx` or `fortran`; older nodes keep `annotations.compiler` | as 4 |

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::packages::Packages;
use super::record::{Record, Tool};

/// Virtuals in the order in which one of them names *the* compiler.
const LANGUAGES: [&str; 3] = ["c", "cxx", "fortran"];

/// A node, as far as it is of use.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: Box<str>,
    pub(super) version: Box<str>,
    pub(super) hash: Option<Box<str>>,
    pub(super) compiler: Option<Tool>,
    pub(super) links: Vec<Link>,
    /// The hashes of what it is linked to or runs with.
    pub(super) needs: Vec<Box<str>>,
    /// The hashes of what only builds it.
    pub(super) builders: Vec<Box<str>>,
    pub(super) external: Option<External>,
}

/// Whether a dependency provides `mpi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provides {
    /// A virtual says so.
    Mpi,
    /// The file names no virtuals: only the package's name can tell.
    Unsaid,
    Nothing,
}

/// A dependency that may be a compiler or an MPI.
#[derive(Debug)]
pub(super) struct Link {
    name: Box<str>,
    pub(super) hash: Box<str>,
    /// Position in [`LANGUAGES`].
    language: Option<usize>,
    provides: Provides,
}

/// Where an install that Spack did not make lies.
#[derive(Debug, Default, Deserialize)]
pub(super) struct External {
    #[serde(default)]
    pub(super) path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Plain {
    #[serde(default)]
    name: Box<str>,
    #[serde(default)]
    version: Box<str>,
    #[serde(default)]
    hash: Option<Box<str>>,
    #[serde(default)]
    compiler: Option<Compiler>,
    #[serde(default)]
    dependencies: Links,
    #[serde(default)]
    external: Option<External>,
    #[serde(default)]
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(default)]
    compiler: Option<Compiler>,
}

/// `{"name": "gcc", "version": "12.2.0"}`, or `"gcc@=12.2.0"` in an annotation.
#[derive(Deserialize)]
#[serde(untagged)]
enum Compiler {
    Parts {
        name: Box<str>,
        #[serde(default)]
        version: Box<str>,
    },
    Text(Box<str>),
    Other(IgnoredAny),
}

impl Compiler {
    fn tool(self) -> Option<Tool> {
        match self {
            Self::Parts { name, version } => Some(Tool { name, version, hash: None }),
            Self::Text(text) => {
                let (name, version) = text.split_once('@').unwrap_or((&text, ""));
                let version = version.trim_start_matches('=').into();
                Some(Tool { name: name.into(), version, hash: None })
            }
            Self::Other(_) => None,
        }
    }
}

impl From<Plain> for Node {
    fn from(plain: Plain) -> Self {
        let annotated = plain.annotations.and_then(|annotations| annotations.compiler);
        Self {
            name: plain.name,
            version: plain.version,
            hash: plain.hash,
            compiler: plain.compiler.or(annotated).and_then(Compiler::tool),
            links: plain.dependencies.known,
            needs: plain.dependencies.needs,
            builders: plain.dependencies.builders,
            external: plain.external,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NodeVisitor)
    }
}

/// Tells the two shapes apart by the first key: only a wrapped node has an object behind it that is no known key.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a spec's node")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let Some(first) = map.next_key::<Box<str>>()? else { return Ok(Node::default()) };
        if is_node_key(&first) {
            let rest = serde::de::value::MapAccessDeserializer::new(Resumed { first: Some(first), map });
            return Plain::deserialize(rest).map(Node::from);
        }
        let mut node: Node = map.next_value::<Plain>()?.into();
        node.name = first;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(node)
    }
}

/// Keys with which a node of version 2 or later may begin.
fn is_node_key(key: &str) -> bool {
    matches!(
        key,
        "name"
            | "version"
            | "arch"
            | "compiler"
            | "namespace"
            | "parameters"
            | "patches"
            | "package_hash"
            | "dependencies"
            | "hash"
            | "external"
            | "annotations"
            | "build_spec"
            | "provided_virtuals"
    )
}

/// A map whose first key has been read already.
struct Resumed<A> {
    first: Option<Box<str>>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Resumed<A> {
    type Error = A::Error;

    fn next_key_seed<K: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        use serde::de::IntoDeserializer as _;
        match self.first.take() {
            Some(key) => seed.deserialize(String::from(key).into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: serde::de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[derive(Default)]
struct Links {
    /// What may be a compiler or an MPI.
    known: Vec<Link>,
    needs: Vec<Box<str>>,
    builders: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(default)]
    name: Box<str>,
    #[serde(default)]
    hash: Box<str>,
    #[serde(default, rename = "type")]
    kinds: Vec<Box<str>>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    deptypes: Vec<Box<str>>,
    #[serde(default)]
    virtuals: Vec<Box<str>>,
}

impl Links {
    /// Keeps those of `all` that may be a compiler or an MPI, which of them must be there for it to run, and which only
    /// build it.
    fn of(all: impl IntoIterator<Item = Dependency>) -> Self {
        let mut links = Vec::new();
        let mut by_name = Vec::new();
        let mut virtuals_named = false;
        let (mut needs, mut builders) = (Vec::new(), Vec::new());
        for Dependency { name, hash, kinds, parameters: Parameters { deptypes, virtuals } } in all {
            if kinds.iter().chain(&deptypes).any(|kind| ["link", "run"].contains(&&**kind)) {
                needs.push(hash.clone());
            } else {
                builders.push(hash.clone());
            }
            virtuals_named |= !virtuals.is_empty();
            let provides = |name: &str| virtuals.iter().any(|provided| **provided == *name);
            let language = LANGUAGES.iter().position(|language| provides(language));
            if provides("mpi") {
                links.push(Link { language, provides: Provides::Mpi, name, hash });
            } else if language.is_some() {
                links.push(Link { language, provides: Provides::Nothing, name, hash });
            } else if virtuals.is_empty() {
                by_name.push(Link { language, provides: Provides::Unsaid, name, hash });
            }
        }
        if !virtuals_named {
            links.append(&mut by_name);
        }
        Self { known: links, needs, builders }
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LinksVisitor;

        impl<'de> Visitor<'de> for LinksVisitor {
            type Value = Links;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or a map of dependencies")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Links, A::Error> {
                let mut all = Vec::new();
                while let Some(dependency) = list.next_element::<Dependency>()? {
                    all.push(dependency);
                }
                Ok(Links::of(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Links, A::Error> {
                let mut all = Vec::new();
                while let Some((name, dependency)) = map.next_entry::<Box<str>, Dependency>()? {
                    all.push(Dependency { name, ..dependency });
                }
                Ok(Links::of(all))
            }

            fn visit_unit<E>(self) -> Result<Links, E> {
                Ok(Links::default())
            }
        }

        deserializer.deserialize_any(LinksVisitor)
    }
}

impl Node {
    /// The record of this node; `find` gives name and version of another node by its hash, `packages` tells MPIs where
    /// the file does not.
    pub(super) fn record<'a>(
        self,
        hash: Box<str>,
        find: impl Fn(&str) -> Option<(&'a str, &'a str)>,
        packages: &Packages,
    ) -> Record {
        let tool = |link: &Link| {
            let (name, version) = find(&link.hash).unwrap_or((&link.name, ""));
            Tool { name: name.into(), version: version.into(), hash: Some(link.hash.clone()) }
        };
        let languages = self.links.iter().filter(|link| link.language.is_some());
        let compiler = languages.min_by_key(|link| link.language).map(tool);
        let is_mpi = |link: &&Link| match link.provides {
            Provides::Mpi => true,
            Provides::Unsaid => packages.is_mpi(&link.name),
            Provides::Nothing => false,
        };
        let mpi = self.links.iter().find(is_mpi).map(tool);
        Record {
            compiler: compiler.or(self.compiler),
            mpi,
            name: self.name,
            version: self.version,
            hash,
            external: self.external.is_some(),
            prefix: self.external.and_then(|external| external.path),
            explicit: false,
            installed: false,
            deprecated_for: None,
            dependents: None,
            needs: self.needs,
            builders: self.builders,
        }
    }
}
