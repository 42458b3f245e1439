//! How each MPI is launched inside one container: `launchers.toml`, and a site's own `[[launcher]]` over it.

use std::collections::{BTreeMap, BTreeSet};

use globset::Glob;

use crate::document::{self, Table};
use crate::error::{Error, Fault, Kind, Source};
use crate::stack::allocation::Allocation;
use crate::stack::method::{Method, OWN};
use crate::suite::launch::Launch;
use crate::suite::requirement::size;
use crate::suite::version::{Range, Version};

/// The profile of one MPI family in a range of versions.
#[derive(Clone, Debug)]
pub struct Profile {
    family: String,
    /// What people call the MPI; its family where nothing says it.
    pub title: String,
    range: Range,
    /// One line.
    pub summary: String,
    /// Methods of a scheduler by which its ranks find each other, best first.
    pub methods: Vec<String>,
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

/// All profiles; the first that admits a version is used. And the methods of schedulers, as far as one is around us.
#[derive(Clone, Debug, Default)]
pub struct Launchers {
    profiles: Vec<Profile>,
    methods: Vec<Method>,
    allocation: Option<Allocation>,
    forced: Option<String>,
}

impl Launchers {
    /// Reads profiles out of a file that may hold other tables, too (a site file).
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            root.any_key();
            let profiles = root.tables("launcher", profile).into_iter().flatten().collect();
            let methods = root.tables("method", Method::read).into_iter().flatten().collect();
            Self { profiles, methods, ..Self::default() }
        })
    }

    /// Puts the profiles of `site` before these.
    #[must_use]
    pub fn under(self, site: Self) -> Self {
        Self {
            profiles: site.profiles.into_iter().chain(self.profiles).collect(),
            methods: site.methods.into_iter().chain(self.methods).collect(),
            ..self
        }
    }

    /// The same in this allocation, if it is one, and with the method that a command line forces.
    ///
    /// # Errors
    /// A method that there is not, or none that could start anything here.
    pub fn inside(self, allocation: Option<Allocation>, forced: Option<&str>) -> Result<Self, Error> {
        if let Some(forced) = forced {
            let Some(method) = self.methods.iter().find(|method| method.name == forced) else {
                let known: Vec<&str> = self.methods.iter().map(|method| method.name.as_str()).collect();
                let what = format!("--launcher must be one of {}, found `{forced}`", known.join(", "));
                return Err(Error::new(Kind::Usage, what));
            };
            match &allocation {
                None if method.command.is_some() => {
                    let what = format!("--launcher {forced}: this is no allocation of a scheduler");
                    return Err(Error::new(Kind::Unfit, what).hint(
                        "run it by `stackprobe submit slurm`, sbatch or salloc; in a pod leave --launcher out",
                    ));
                }
                Some(allocation) if !method.is_offered(allocation) => {
                    let what = format!("--launcher {forced}: `srun --mpi=list` names no {}", method.plugin());
                    let offered = allocation.plugins.join(", ");
                    return Err(Error::new(Kind::Unfit, what).hint(format!("it names {offered}")));
                }
                _ => {}
            }
        }
        Ok(Self { allocation, forced: forced.map(str::to_owned), ..self })
    }

    /// How the ranks of an MPI of this profile are started here, where that is not left to its own launcher alone.
    #[must_use]
    pub fn method(&self, profile: &Profile) -> Option<&Method> {
        let called = |name: &str| self.methods.iter().find(|method| method.name == name);
        let allocation = self.allocation.as_ref()?;
        if let Some(forced) = &self.forced {
            return called(forced);
        }
        let mut suited = profile.methods.iter().filter_map(|name| called(name));
        suited.find(|method| method.is_offered(allocation)).or_else(|| called(OWN))
    }

    /// What there is to use in place of a method that does not suit this profile.
    #[must_use]
    pub fn advice(&self, profile: &Profile) -> String {
        let offered = |method: &&Method| self.allocation.as_ref().is_some_and(|here| method.is_offered(here));
        let suited =
            profile.methods.iter().filter_map(|name| self.methods.iter().find(|method| method.name == *name));
        let usage = suited.filter(offered).map(|method| method.usage.clone()).next();
        usage.unwrap_or_else(|| "use its own mpirun".to_owned())
    }

    /// Every way in which a scheduler starts ranks.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.iter()
    }

    /// The job that this process is part of.
    #[must_use]
    pub fn allocation(&self) -> Option<&Allocation> {
        self.allocation.as_ref()
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
    let title = table.string("title").map(|title| title.value);
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
    let (steering_files, methods) = (words("steering_files"), words("methods"));
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
    let family = family?.value;
    Some(Profile {
        title: title.unwrap_or_else(|| family.clone()),
        family,
        methods,
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
    fn in_an_allocation_the_first_method_that_slurm_offers_and_the_mpi_speaks_is_used() {
        let ours = || Launchers::parse(&embedded::table("launchers.toml")).unwrap();
        let offers = |kinds: &[&str]| Allocation {
            plugins: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            ..Allocation::default()
        };
        let method = |family, version, kinds: &[&str]| {
            let inside = ours().inside(Some(offers(kinds)), None).unwrap();
            inside.method(inside.of(family, version).unwrap()).map(|method| method.name.clone()).unwrap()
        };
        assert_eq!(method("openmpi", "5.0.11", &["pmi2", "pmix"]), "srun-pmix");
        assert_eq!(method("openmpi", "5.0.11", &["pmi2"]), "mpirun");
        assert_eq!(method("mpich", "4.0.2", &["pmi2", "pmix"]), "srun-pmi2");
        assert_eq!(method("intel-oneapi-mpi", "2021.18", &["none", "pmi2"]), "srun-pmi2");
        let outside = ours().inside(None, None).unwrap();
        assert!(outside.method(outside.of("mpich", "5").unwrap()).is_none());
        let forced = ours().inside(Some(offers(&["pmi2", "none"])), Some("srun-none")).unwrap();
        assert_eq!(forced.method(forced.of("mpich", "5").unwrap()).unwrap().name, "srun-none");
        for (allocation, name, wanted) in [
            (Some(offers(&["pmi2"])), "srun-pmix", "names no pmix"),
            (None, "srun-pmi2", "no allocation"),
            (None, "srun", "must be one of"),
        ] {
            let error = ours().inside(allocation, Some(name)).unwrap_err();
            assert!(error.what().contains(wanted), "{}", error.what());
        }
        for profile in ours().iter() {
            let known = |name: &String| ours().methods.iter().any(|method| method.name == *name);
            assert!(profile.methods.iter().all(known), "{}", profile.summary);
        }
    }

    #[test]
    fn a_site_comes_first() {
        let site = Source::new("s", "[[launcher]]\nfamily = \"openmpi\"\ncommand = [\"srun\"]\n");
        let ours = Launchers::parse(&embedded::table("launchers.toml")).unwrap();
        let all = ours.under(Launchers::parse(&site).unwrap());
        assert_eq!(all.of("openmpi", "5.0.11").unwrap().command, ["srun"]);
    }
}
