//! One `[[family]]` as it is written: what it does not say is left to further entries of the family.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};

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

/// What `also` names beside them: the preprocessor and the launcher.
const ALSO: [&str; 2] = ["cpp", "mpirun"];

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
        let packages = words(table.strings("packages").unwrap_or_default());
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
            capabilities,
        })
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
        let packages = words(table.strings("packages").unwrap_or_default());
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
