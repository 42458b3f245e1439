//! One `[[family]]` as it is written: what it does not say is left to further entries of the family.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;

use crate::document::{Table, Written, nearest};
use crate::stack::inherited::Patterns;
use crate::suite::Layer;
use crate::suite::capability::{Limit, limit};
use crate::suite::template::Placeholder;
use crate::suite::tool_name::RULE;
use crate::suite::version::{Range, Version};

/// Keys that name the candidates for a tool.
pub(super) const TOOLS: [&str; 9] =
    ["cc", "cxx", "fc", "mpicc", "mpicxx", "mpifc", "python", "rscript", "matlab"];

/// What `also` names beside them: the preprocessor, the launcher, and what need not do the same but is of the same install.
const ALSO: [&str; 6] = ["cpp", "cpp-kin", "mpirun", "mpicc-kin", "mpicxx-kin", "mpifc-kin"];

/// Another family, in which everything is looked up that this one does not say.
#[derive(Clone, Debug)]
pub(super) struct Like {
    /// `family`, or `family/version` where the two do not count their versions alike.
    pub(super) written: Written<String>,
}

impl Like {
    /// The family's name.
    pub(super) fn family(&self) -> &str {
        self.written.value.split('/').next().unwrap_or_default()
    }

    /// The version that is looked up there; none where it is the module's own.
    pub(super) fn version(&self) -> Option<&str> {
        self.written.value.split_once('/').map(|(_, version)| version)
    }
}

/// Libraries of a family, by their names up to `.so`, that must not meet those of another in one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Libraries {
    pub(super) openmp: Vec<String>,
    pub(super) mpi: Vec<String>,
}

/// A folder of headers that a compiler searches first, in which it mends those of the C library.
#[derive(Clone, Debug)]
pub struct FixedHeaders {
    /// What `-print-file-name=` is asked for.
    pub folder: String,
    /// What the compiler itself needs there.
    pub needed: Vec<String>,
}

/// One `[[family]]`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Written<String>,
    aliases: Vec<GlobMatcher>,
    pub(super) like: Option<Like>,
    pub(super) layer: Option<Layer>,
    /// `layer` says what is none, which is a fault already.
    pub(super) no_layer: bool,
    range: Range,
    pub(super) tools: BTreeMap<Placeholder, Vec<String>>,
    pub(super) flags: BTreeMap<Placeholder, Vec<String>>,
    pub(super) also: Option<BTreeMap<String, Vec<String>>>,
    pub(super) owed: Option<BTreeMap<Placeholder, String>>,
    pub(super) essential: Option<Vec<Written<Placeholder>>>,
    pub(super) inherited: Patterns,
    pub(super) packages: Vec<String>,
    pub(super) libraries: Libraries,
    pub(super) comment: Vec<(String, Vec<String>)>,
    pub(super) version_query: Option<String>,
    pub(super) version_pattern: Option<Regex>,
    pub(super) links: Option<BTreeMap<Placeholder, Vec<String>>>,
    pub(super) fixed_headers: Option<FixedHeaders>,
    pub(super) capabilities: Vec<(Written<String>, Limit)>,
}

impl Entry {
    /// Whether modules of this name are of the family.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.value.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.is_match(name))
    }

    /// Whether it speaks of this version.
    pub(super) fn holds(&self, version: &Version) -> bool {
        self.range.holds(version)
    }

    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let name = table.needed_string("name");
        let like = table.string("like").map(|written| Like { written });
        let no_layer = table.has("layer");
        let layer = layer(table);
        let no_layer = no_layer && layer.is_none();
        let range = match table.string("version") {
            None => Range::default(),
            Some(text) => Range::parse(&text.value).unwrap_or_else(|fault| {
                table.fault(fault, text.span);
                Range::default()
            }),
        };
        let aliases = aliases(table);
        let (tools, flags) = (tools(table), flags(table));
        let also = table.table("also", |also| {
            let names = |key: &'static str| Some((key.to_owned(), words(also.strings(key)?)));
            TOOLS.into_iter().chain(ALSO).filter_map(names).collect()
        });
        let owed = table.table("owed", |owed| {
            let variant = |key| Some((Placeholder::tool(key)?, owed.string(key)?.value));
            TOOLS.into_iter().filter_map(variant).collect()
        });
        let essential = essential(table);
        let packages = list(table, "packages");
        let libraries = table
            .table("libraries", |table| Libraries { openmp: list(table, "openmp"), mpi: list(table, "mpi") });
        let libraries = libraries.unwrap_or_default();
        let comment = table.table("comment", named_lists).unwrap_or_default();
        let version_query = table.string("version_query").map(|query| query.value);
        let version_pattern = pattern(table);
        let links = table.table("links", |table| {
            let libraries = |key| Some((Placeholder::tool(key)?, words(table.strings(key)?)));
            TOOLS.into_iter().filter_map(libraries).collect()
        });
        let fixed_headers = table.table("fixed_headers", |table| {
            let folder = table.needed_string("folder")?.value;
            Some(FixedHeaders { folder, needed: list(table, "needed") })
        });
        let fixed_headers = fixed_headers.flatten();
        let inherited = table.table("environment", Patterns::read).unwrap_or_default();
        let capabilities = table.table("capabilities", capabilities).unwrap_or_default();
        let name = name?;
        if name.value.trim().is_empty() {
            table.fault("`name` is empty", name.span);
            return None;
        }
        Some(Self {
            name,
            aliases,
            like,
            layer,
            no_layer,
            range,
            tools,
            flags,
            also,
            owed,
            essential,
            inherited,
            packages,
            libraries,
            comment,
            version_query,
            version_pattern,
            links,
            fixed_headers,
            capabilities,
        })
    }
}

fn list(table: &mut Table<'_>, key: &'static str) -> Vec<String> {
    words(table.strings(key).unwrap_or_default())
}

/// Lists under names of the writer's own.
fn named_lists(table: &mut Table<'_>) -> Vec<(String, Vec<String>)> {
    table.any_key();
    let keys: Vec<_> = table.keys().collect();
    keys.into_iter()
        .map(|key| {
            let list = words(table.named_strings(&key.value));
            (key.value, list)
        })
        .collect()
}

fn pattern(table: &mut Table<'_>) -> Option<Regex> {
    let written = table.string("version_pattern")?;
    match Regex::new(&written.value) {
        Ok(regex) if regex.captures_len() == 2 => Some(regex),
        Ok(_) => {
            table.fault("`version_pattern` must have one group, which is the version", written.span);
            None
        }
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            table.fault(format!("cannot read the pattern: {why}"), written.span);
            None
        }
    }
}

fn words(written: Vec<Written<String>>) -> Vec<String> {
    written.into_iter().map(|word| word.value).collect()
}

fn layer(table: &mut Table<'_>) -> Option<Layer> {
    let written = table.string("layer")?;
    match written.value.as_str() {
        "compiler" => Some(Layer::Compiler),
        "mpi" => Some(Layer::Mpi),
        "runtime" => Some(Layer::Runtime),
        other => {
            table.fault(format!("`layer` must be compiler, mpi or runtime, found `{other}`"), written.span);
            None
        }
    }
}

fn aliases(table: &mut Table<'_>) -> Vec<GlobMatcher> {
    let mut aliases = Vec::new();
    for alias in table.strings("aliases").unwrap_or_default() {
        match GlobBuilder::new(&alias.value).case_insensitive(true).literal_separator(true).build() {
            Ok(glob) => aliases.push(glob.compile_matcher()),
            Err(error) => {
                table.fault(format!("cannot read the name `{}`: {}", alias.value, error.kind()), alias.span);
            }
        }
    }
    aliases
}

/// The candidates for each tool: those of the known keys, and any others of `tools`.
fn tools(table: &mut Table<'_>) -> BTreeMap<Placeholder, Vec<String>> {
    let mut tools = BTreeMap::new();
    for key in TOOLS {
        if let (Some(tool), Some(names)) = (Placeholder::tool(key), table.strings(key)) {
            tools.insert(tool, words(names));
        }
    }
    let named = table.table("tools", |table| {
        table.any_key();
        let keys: Vec<_> = table.keys().collect();
        let mut named = Vec::new();
        for key in keys {
            let Some(tool) = Placeholder::tool(&key.value) else {
                no_tool_name(table, &key);
                continue;
            };
            named.push((key.clone(), tool, words(table.named_strings(&key.value))));
        }
        named
    });
    for (key, tool, names) in named.unwrap_or_default() {
        if tools.insert(tool, names).is_some() {
            table.fault(format!("`{}` stands outside of `tools` as well", key.value), key.span);
        }
    }
    tools
}

/// Words that follow a tool in every call.
fn flags(table: &mut Table<'_>) -> BTreeMap<Placeholder, Vec<String>> {
    let flags = [("fcflags", Placeholder::Fc), ("openmp", Placeholder::Openmp)];
    flags.into_iter().filter_map(|(key, tool)| Some((tool, words(table.strings(key)?)))).collect()
}

fn essential(table: &mut Table<'_>) -> Option<Vec<Written<Placeholder>>> {
    let names = table.strings("essential")?;
    let mut essential = Vec::new();
    for name in names {
        match Placeholder::tool(&name.value) {
            Some(value) => essential.push(Written { value, span: name.span }),
            None => no_tool_name(table, &name),
        }
    }
    Some(essential)
}

fn no_tool_name(table: &mut Table<'_>, name: &Written<String>) {
    table.fault(format!("`{}` is not the name of a tool: {RULE}", name.value), name.span.clone());
}

/// What versions of the family have each capability.
fn capabilities(table: &mut Table<'_>) -> Vec<(Written<String>, Limit)> {
    table.any_key();
    let keys: Vec<_> = table.keys().collect();
    keys.into_iter().filter_map(|key| Some((key.clone(), limit(table, &key, None)?))).collect()
}

/// Packages of compilers and MPIs whose tools nobody said: with these, what Spack wrote can be read.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) layer: Layer,
    pub(super) packages: Vec<String>,
}

impl Package {
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let (name, layer) = (table.needed_string("name"), layer(table));
        let packages = list(table, "packages");
        Some(Self { name: name?.value, layer: layer?, packages })
    }
}

/// Faults of entries that only show beside all others of the tables.
pub(super) fn check(table: &mut Table<'_>, own: &[Entry], all: &[&Entry]) {
    let names: BTreeSet<&str> = all.iter().map(|entry| entry.name.value.as_str()).collect();
    for entry in own {
        let name = &entry.name.value;
        let of_family = || all.iter().filter(|other| other.name.value.eq_ignore_ascii_case(name));
        if let Some(like) = &entry.like {
            let what = format!("`like` names the family `{}`, which no table has", like.family());
            let span = like.written.span.clone();
            if like.family().eq_ignore_ascii_case(name) {
                table.fault(format!("the family `{name}` cannot be like itself"), span);
            } else if !all.iter().any(|other| other.is_called(like.family())) {
                match nearest(like.family(), names.iter().copied()) {
                    Some(near) => table.fault_with_hint(what, span, format!("did you mean `{near}`?")),
                    None => table.fault(what, span),
                }
            }
        }
        for tool in entry.essential.iter().flatten() {
            let said = of_family().any(|other| other.tools.contains_key(&tool.value) || other.like.is_some());
            if !said {
                let what =
                    format!("`essential` names {}, which the family `{name}` does not name", tool.value);
                table.fault(what, tool.span.clone());
            }
        }
    }
}
