//! How each MPI is launched inside one container: `launchers.toml`, and a site's own `[[launcher]]` over it.

use std::collections::{BTreeMap, BTreeSet};

use globset::Glob;

use crate::document::{self, Table};
use crate::error::{Fault, Source};
use crate::suite::launch::Launch;
use crate::suite::requirement::size;
use crate::suite::version::{Range, Version};

/// The profile of one MPI family in a range of versions.
#[derive(Clone, Debug)]
pub struct Profile {
    family: String,
    range: Range,
    /// One line.
    pub summary: String,
    /// Candidates for the launcher, in order.
    pub command: Vec<String>,
    /// Words between the launcher and `-n`.
    pub args: Vec<String>,
    /// Set for every launch.
    pub env: BTreeMap<String, String>,
    /// Those of `env` without which no launch in one container starts, whatever carries the bytes.
    pub needed: BTreeSet<String>,
    /// Globs over the variables that choose what carries the bytes; after `!` those that do not.
    steered_by: Vec<String>,
    /// Files that choose it as well: below the prefix, or below the folder that a variable names.
    pub steering_files: Vec<String>,
    /// Set as well where the effective uid is 0.
    pub root_env: BTreeMap<String, String>,
    /// Bytes of `/dev/shm` that one rank needs.
    pub shm: u64,
    /// Ranks find each other over 127.0.0.1.
    pub loopback: bool,
    /// Files that the launcher holds open for each rank.
    pub open_files: u64,
    /// Bytes of address space that a rank reserves; 0 where it is no more than any program has.
    pub address_space: u64,
    /// Processes and threads of one rank, and of the launcher.
    pub threads: u64,
}

impl Profile {
    /// The family of the modules that this is for.
    #[must_use]
    pub fn family(&self) -> &str {
        &self.family
    }

    /// Whether the profile lists what chooses it.
    #[must_use]
    pub fn lists_what_steers(&self) -> bool {
        !self.steered_by.is_empty() || !self.steering_files.is_empty()
    }

    /// Whether the variable of this name chooses what carries the bytes.
    #[must_use]
    pub fn is_steered_by(&self, name: &str) -> bool {
        let fits = |glob: &str| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(name));
        let not = |glob: &String| glob.strip_prefix('!').is_some_and(fits);
        self.steered_by.iter().any(|glob| fits(glob)) && !self.steered_by.iter().any(not)
    }

    /// What a launch is given.
    pub fn variables(&self, launch: Launch, root: bool) -> impl Iterator<Item = (&String, &String)> {
        let given = move |name: &String| launch == Launch::Profile || self.needed.contains(name);
        let for_root = self.root_env.iter().filter(move |_| root);
        self.env.iter().filter(move |(name, _)| given(name)).chain(for_root)
    }
}

/// All profiles; the first that admits a version is used.
#[derive(Clone, Debug, Default)]
pub struct Launchers {
    profiles: Vec<Profile>,
}

impl Launchers {
    /// Reads profiles out of a file that may hold other tables, too (a site file).
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            root.any_key();
            Self { profiles: root.tables("launcher", profile).into_iter().flatten().collect() }
        })
    }

    /// Puts the profiles of `site` before these.
    #[must_use]
    pub fn under(self, site: Self) -> Self {
        Self { profiles: site.profiles.into_iter().chain(self.profiles).collect() }
    }

    /// Every profile.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter()
    }

    /// The profile for the MPI of this family and version, or else for the next of those that it is like.
    #[must_use]
    pub fn find(&self, kin: &[(String, String)]) -> Option<&Profile> {
        kin.iter().find_map(|(family, version)| self.of(family, version))
    }

    fn of(&self, family: &str, version: &str) -> Option<&Profile> {
        let version = Version::new(version);
        self.profiles.iter().find(|profile| profile.family == family && profile.range.holds(&version))
    }
}

fn profile(table: &mut Table<'_>) -> Option<Profile> {
    let family = table.needed_string("family");
    let summary = table.string("summary").map(|summary| summary.value).unwrap_or_default();
    let range = match table.string("version") {
        None => Range::default(),
        Some(text) => Range::parse(&text.value).unwrap_or_else(|fault| {
            table.fault(fault, text.span);
            Range::default()
        }),
    };
    let shm = bytes(table, "shm");
    let address_space = bytes(table, "address_space");
    let loopback = table.boolean("loopback").unwrap_or(false);
    let mut count = |key| {
        let number = table.number(key, 0..=1 << 20)?;
        u64::try_from(number.value).ok()
    };
    let (open_files, threads) = (count("open_files").unwrap_or(0), count("threads").unwrap_or(1));
    let mut words = |key| -> Vec<String> {
        table.strings(key).unwrap_or_default().into_iter().map(|word| word.value).collect()
    };
    let (command, args) = (words("command"), words("args"));
    let steering_files = words("steering_files");
    let steered_by = globs(table, "steered_by");
    let needed = table.strings("needed").unwrap_or_default();
    let mut env = |key| -> BTreeMap<String, String> {
        let entries = table.string_table(key).unwrap_or_default();
        entries.into_iter().map(|(name, value)| (name.value, value.value)).collect()
    };
    let (env, root_env) = (env("env"), env("root_env"));
    for name in needed.iter().filter(|name| !env.contains_key(&name.value)) {
        table.fault(format!("`needed` names `{}`, which is not in `env`", name.value), name.span.clone());
    }
    if command.is_empty() {
        table.fault("`command` must name the launcher", table.span());
    }
    Some(Profile {
        family: family?.value,
        range,
        summary,
        command,
        args,
        env,
        needed: needed.into_iter().map(|name| name.value).collect(),
        steered_by,
        steering_files,
        root_env,
        shm,
        loopback,
        open_files,
        address_space,
        threads,
    })
}

/// Patterns that can be read. They are compiled where something failed, which is seldom.
fn globs(table: &mut Table<'_>, key: &'static str) -> Vec<String> {
    let written = table.strings(key).unwrap_or_default();
    for text in &written {
        if let Err(error) = Glob::new(text.value.trim_start_matches('!')) {
            let what = format!("cannot read the pattern `{}`: {}", text.value, error.kind());
            table.fault(what, text.span.clone());
        }
    }
    written.into_iter().map(|text| text.value).collect()
}

fn bytes(table: &mut Table<'_>, key: &'static str) -> u64 {
    let Some(text) = table.string(key) else { return 0 };
    size(&text.value).unwrap_or_else(|| {
        table.fault(format!("`{key}` must be a size such as 8MiB, found `{}`", text.value), text.span);
        0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::embedded;

    #[test]
    fn our_own_table_reads_and_tells_versions_apart() {
        let launchers = Launchers::parse(&embedded::table("launchers.toml")).unwrap();
        let (four, five) = (launchers.of("openmpi", "4.1.4"), launchers.of("openmpi", "5.0.11"));
        assert_ne!(four.unwrap().summary, five.unwrap().summary);
        for (family, version) in [("mpich", "4.0.2"), ("mpich", "5.0.2"), ("intel-oneapi-mpi", "2021.18.1")] {
            assert!(launchers.of(family, version).is_some(), "{family}/{version}");
        }
        assert!(launchers.of("unheard-of", "1").is_none());
    }

    #[test]
    fn a_launch_as_the_module_leaves_it_is_given_what_is_needed_and_no_more() {
        let ours = Launchers::parse(&embedded::table("launchers.toml")).unwrap();
        let names = |version, launch, root| -> Vec<&str> {
            let profile = ours.of("openmpi", version).unwrap();
            profile.variables(launch, root).map(|(name, _)| name.as_str()).collect()
        };
        assert!(names("5.0.11", Launch::Profile, false).contains(&"OMPI_MCA_btl"));
        assert_eq!(
            names("5.0.11", Launch::AsLeft, true),
            [
                "PRTE_MCA_rmaps_default_mapping_policy",
                "UCX_LOG_FILE",
                "OMPI_ALLOW_RUN_AS_ROOT",
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"
            ]
        );
        let five = ours.of("openmpi", "5.0.11").unwrap();
        assert!(five.is_steered_by("OMPI_MCA_btl") && five.is_steered_by("FI_PROVIDER"));
        assert!(!five.is_steered_by("FI_PROVIDER_PATH") && !five.is_steered_by("OPAL_PREFIX"));
        for profile in ours.iter() {
            assert!(!profile.needed.is_empty() && !profile.steered_by.is_empty(), "{}", profile.summary);
        }
    }

    #[test]
    fn what_is_needed_must_be_there() {
        let site = Source::new("s", "[[launcher]]\nfamily = \"x\"\ncommand = [\"y\"]\nneeded = [\"A\"]\n");
        let faults = Launchers::parse(&site).unwrap_err();
        assert!(faults[0].to_string().contains("`needed` names `A`, which is not in `env`"), "{}", faults[0]);
    }

    #[test]
    fn a_site_comes_first() {
        let site = Source::new("s", "[[launcher]]\nfamily = \"openmpi\"\ncommand = [\"srun\"]\n");
        let ours = Launchers::parse(&embedded::table("launchers.toml")).unwrap();
        let all = ours.under(Launchers::parse(&site).unwrap());
        assert_eq!(all.of("openmpi", "5.0.11").unwrap().command, ["srun"]);
    }
}
