//! How a scheduler starts the ranks of a program in place of the MPI's own launcher: `[[method]]` of `launchers.toml`.

use globset::Glob;

use crate::document::{Table, Written};
use crate::stack::allocation::Allocation;

/// The MPI's own launcher, by the name that `--launcher` gives it.
pub const OWN: &str = "mpirun";

/// One way of starting ranks.
#[derive(Clone, Debug)]
pub struct Method {
    /// What `--launcher` calls it.
    pub name: String,
    /// The program, searched on the PATH of this process; none for the MPI's own launcher.
    pub command: Option<String>,
    /// Its arguments before `-n`; `{step}` is the name of the step, `{node}` this node.
    args: Vec<String>,
    /// What `srun --mpi=list` must name.
    plugin: Option<String>,
    /// Globs over the scheduler's variables that the launcher is given; after `!` those that it is not.
    keep: Vec<String>,
    /// How to say it in a sentence: `use --mpi=pmix`.
    pub usage: String,
    /// Why ranks of an MPI that does not name this method do not find each other; `{mpi}` is that MPI.
    unsuited: String,
}

impl Method {
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let name = table.needed_string("name");
        table.string("summary");
        let mut text = |key| table.string(key).map(|text| text.value);
        let (command, plugin) = (text("command"), text("plugin"));
        let (usage, unsuited) = (text("usage").unwrap_or_default(), text("unsuited").unwrap_or_default());
        let args = table.strings("args").unwrap_or_default();
        let keep = table.strings("keep").unwrap_or_default();
        for glob in &keep {
            if let Err(error) = Glob::new(glob.value.trim_start_matches('!')) {
                let what = format!("cannot read the pattern `{}`: {}", glob.value, error.kind());
                table.fault(what, glob.span.clone());
            }
        }
        let values = |words: Vec<Written<String>>| words.into_iter().map(|word| word.value);
        Some(Self {
            name: name?.value,
            command,
            args: values(args).collect(),
            plugin,
            keep: values(keep).collect(),
            usage,
            unsuited,
        })
    }

    /// The arguments for the step of this name; those that name a node are left out where none is known.
    #[must_use]
    pub fn words(&self, step: &str, node: Option<&str>) -> Vec<String> {
        let known = self.args.iter().filter(|word| node.is_some() || !word.contains("{node}"));
        known.map(|word| word.replace("{step}", step).replace("{node}", node.unwrap_or_default())).collect()
    }

    /// What `srun --mpi=list` must name; empty where nothing is needed.
    #[must_use]
    pub fn plugin(&self) -> &str {
        self.plugin.as_deref().unwrap_or_default()
    }

    /// Whether this allocation can start ranks so.
    #[must_use]
    pub fn is_offered(&self, here: &Allocation) -> bool {
        self.plugin.as_ref().is_none_or(|plugin| here.plugins.contains(plugin))
    }

    /// Whether the launcher is given this variable of the scheduler.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        let fits = |glob: &str| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(name));
        let not = |glob: &String| glob.strip_prefix('!').is_some_and(fits);
        self.keep.iter().any(|glob| fits(glob)) && !self.keep.iter().any(not)
    }

    /// Why ranks of this MPI do not find each other by it.
    #[must_use]
    pub fn unsuited(&self, mpi: &str) -> String {
        self.unsuited.replace("{mpi}", mpi)
    }
}
