//! Which probes a command line asks for. Pure.

use std::collections::{BTreeMap, BTreeSet};

use globset::{Glob, GlobMatcher};

use crate::document::nearest;
use crate::error::{Error, Fault, Kind};
use crate::suite::filter::{Answer, Filter, Subject};
use crate::suite::module_name::Module;
use crate::suite::{Layer, Probe, Suite};

/// `SUITE[/PROBE]...`, `--exclude`, `--tag` and `--filter`, all optional; patterns may hold `*` and `?`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    patterns: Vec<Pattern>,
    tags: Vec<String>,
    excluded: Vec<Pattern>,
    filters: Vec<Filter>,
    only: Option<Only>,
}

/// Cases by their ids, each with its suite and its probe.
type Only = BTreeMap<String, (String, String)>;

/// `SUITE[/PROBE]`: as it was written, and what it matches.
type Pattern = (String, GlobMatcher, Option<GlobMatcher>);

/// A toolchain as far as it is known: its label and its modules.
#[derive(Clone, Copy, Debug)]
pub struct Under<'t> {
    /// `gcc/12.2.0 openmpi/5.0.11`.
    pub label: &'t str,
    /// Those that make it.
    pub modules: &'t [(Layer, Module)],
}

impl Selection {
    /// Reads the patterns and makes sure that each names something.
    ///
    /// # Errors
    /// Every pattern that names no suite or probe, with the nearest name.
    pub fn new(patterns: &[String], tags: &[String], suites: &[Suite]) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let patterns = named(patterns, suites, &mut faults);
        let known =
            |tag: &&String| suites.iter().flat_map(|suite| &suite.probes).any(|p| p.tags.contains(tag));
        for tag in tags.iter().filter(|tag| !known(tag)) {
            let all: BTreeSet<&str> =
                suites.iter().flat_map(|s| &s.probes).flat_map(|p| &p.tags).map(String::as_str).collect();
            let hint = format!("tags are: {}", all.into_iter().collect::<Vec<_>>().join(", "));
            faults.push(Fault::new(format!("no probe has the tag `{tag}`")).hint(hint));
        }
        if faults.is_empty() {
            Ok(Self { patterns, tags: tags.to_vec(), ..Self::default() })
        } else {
            Err(Error::of(Kind::Usage, faults))
        }
    }

    /// The same without what `excluded` names and with only what one of the `filters` takes.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn narrowed(
        mut self,
        excluded: &[String],
        filters: &[String],
        suites: &[Suite],
    ) -> Result<Self, Error> {
        let mut faults = Vec::new();
        self.excluded = named(excluded, suites, &mut faults);
        for text in filters {
            match Filter::parse(text) {
                Ok(filter) => {
                    faults.extend(filter.faults(suites));
                    self.filters.push(filter);
                }
                Err(error) => faults.extend(error.faults),
            }
        }
        if faults.is_empty() { Ok(self) } else { Err(Error::of(Kind::Usage, faults)) }
    }

    /// The same with only the cases of these ids.
    #[must_use]
    pub fn only(self, cases: Only) -> Self {
        Self { only: Some(cases), ..self }
    }

    /// The same, narrowed as `other` is.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { patterns: self.patterns, tags: self.tags, ..other }
    }

    /// What was asked for by name and by tag, whatever else narrows it.
    #[must_use]
    pub fn wide(&self) -> Self {
        Self { patterns: self.patterns.clone(), tags: self.tags.clone(), ..Self::default() }
    }

    /// The filters, one of which is enough.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Whether names, tags, filters or exclusions leave anything out.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !(self.patterns.is_empty()
            && self.tags.is_empty()
            && self.excluded.is_empty()
            && self.filters.is_empty())
    }

    /// All that narrows it beside names and tags, as a person would write it; empty where nothing does.
    #[must_use]
    pub fn narrowing(&self) -> String {
        let filters = match self.filters.as_slice() {
            [] => Vec::new(),
            [one] => vec![one.text().to_owned()],
            several => {
                let several: Vec<String> =
                    several.iter().map(|filter| format!("({})", filter.text())).collect();
                vec![several.join(" | ")]
            }
        };
        let excluded = self.excluded.iter().map(|(text, ..)| format!("--exclude {text}"));
        filters.into_iter().chain(excluded).collect::<Vec<_>>().join(" ")
    }

    /// What was named, one by one: as it was written, and whether it takes this probe.
    pub fn named(&self) -> impl Iterator<Item = (&str, impl Fn(&Suite, &Probe) -> bool)> {
        self.patterns.iter().map(|(text, suite, probe)| {
            (text.as_str(), move |of: &Suite, it: &Probe| matches(suite, probe.as_ref(), of, it))
        })
    }

    /// The tags, one of which is enough.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Whether this probe may be asked for. No pattern asks for all; of several tags one is enough.
    #[must_use]
    pub fn takes(&self, suite: &Suite, probe: &Probe) -> bool {
        self.takes_under(suite, probe, None)
    }

    /// Whether this probe is asked for under a toolchain; where that is not known, whether it may be.
    #[must_use]
    pub fn takes_under(&self, suite: &Suite, probe: &Probe, under: Option<Under<'_>>) -> bool {
        let any =
            |patterns: &[Pattern]| patterns.iter().any(|(_, s, p)| matches(s, p.as_ref(), suite, probe));
        let subject = Subject {
            suite: &suite.name,
            probe: &probe.name,
            tags: Some(&probe.tags),
            modules: under.map(|under| under.modules),
            toolchain: under.map(|under| under.label),
            ..Subject::default()
        };
        (self.patterns.is_empty() || any(&self.patterns))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| probe.tags.contains(tag)))
            && !any(&self.excluded)
            && self
                .only
                .as_ref()
                .is_none_or(|only| only.values().any(|(s, p)| *s == suite.name && *p == probe.name))
            && (self.filters.is_empty()
                || self.filters.iter().any(|filter| filter.answer(&subject) != Answer::No))
    }

    /// Whether the case of this id is asked for, as far as ids were named.
    #[must_use]
    pub fn takes_id(&self, id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains_key(id))
    }
}

fn matches(suite: &GlobMatcher, probe: Option<&GlobMatcher>, of: &Suite, it: &Probe) -> bool {
    suite.is_match(&of.name) && probe.is_none_or(|probe| probe.is_match(&it.name))
}

/// Patterns, each of which must name something.
fn named(texts: &[String], suites: &[Suite], faults: &mut Vec<Fault>) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for text in texts {
        let (suite, probe) = match text.split_once('/') {
            Some((suite, probe)) => (suite, Some(probe)),
            None => (text.as_str(), None),
        };
        let glob = |pattern: &str| Glob::new(pattern).map(|glob| glob.compile_matcher());
        match (glob(suite), probe.map(glob).transpose()) {
            (Ok(suite), Ok(probe)) => patterns.push((text.clone(), suite, probe)),
            (Err(error), _) | (_, Err(error)) => {
                faults.push(Fault::new(format!("cannot read the pattern `{text}`: {}", error.kind())));
            }
        }
    }
    for (text, suite, probe) in &patterns {
        let probes = || suites.iter().flat_map(|suite| suite.probes.iter().map(move |probe| (suite, probe)));
        if probes().any(|(s, p)| matches(suite, probe.as_ref(), s, p)) {
            continue;
        }
        let names: Vec<String> = suites
            .iter()
            .map(|suite| suite.name.clone())
            .chain(probes().map(|(suite, probe)| format!("{}/{}", suite.name, probe.name)))
            .collect();
        let hint = match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match suites.iter().find(|of| probe.is_some() && suite.is_match(&of.name)) {
                Some(of) => format!("`stackprobe explain {}` tells its probes", of.name),
                None => format!(
                    "suites are: {}",
                    suites.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>().join(", ")
                ),
            },
        };
        faults.push(Fault::new(format!("no suite or probe is named `{text}`")).hint(hint));
    }
    patterns
}

/// More pods than any plan has cases.
const MOST: usize = 10_000;

/// `--shard I/N`: the cases whose place in the plan is I modulo N, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("wanted I/N with 1 <= I <= N, N at most {MOST}, such as 2/8, found `{text}`");
        let (index, count) = text.split_once('/').ok_or_else(wanted)?;
        match (index.parse(), count.parse::<usize>()) {
            (Ok(index), Ok(count)) if (1..=count.min(MOST)).contains(&index) && count <= MOST => {
                Ok(Self { index, count })
            }
            _ => Err(wanted()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl Shard {
    /// Its place, counted from 1.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        self.count
    }

    /// Whether the group at this place (counted from 0) belongs to the shard.
    #[must_use]
    pub fn takes(self, place: usize) -> bool {
        place % self.count == self.index - 1
    }
}

/// `--shard` as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// `I/N`: this one.
    Of(Shard),
    /// `job/N`: the one that this pod has in its Indexed Job.
    Job {
        /// How many there are.
        count: usize,
    },
}

impl std::str::FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("job/") {
            Some(count) => match count.parse() {
                Ok(count) if (1..=MOST).contains(&count) => Ok(Self::Job { count }),
                _ => Err(format!("wanted job/N with 1 <= N <= {MOST}, found `{text}`")),
            },
            None => text.parse().map(Self::Of),
        }
    }
}

impl ShardChoice {
    /// The shard. Kubernetes numbers the pods of an Indexed Job from 0, and gives each its number as
    /// `JOB_COMPLETION_INDEX`, which is `index` here.
    ///
    /// # Errors
    /// No index, or one that is not a number below the count.
    pub fn resolve(self, index: Option<&str>) -> Result<Shard, String> {
        match (self, index) {
            (Self::Of(shard), _) => Ok(shard),
            (Self::Job { .. }, None) => {
                Err("--shard job/N wants the index of a pod in an Indexed Job, and JOB_COMPLETION_INDEX is not set".to_owned())
            }
            (Self::Job { count }, Some(text)) => match text.parse::<usize>() {
                Ok(index) if index < count => Ok(Shard { index: index + 1, count }),
                _ => Err(format!("JOB_COMPLETION_INDEX: wanted a number below {count}, the shards, found `{text}`")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_gives_each_pod_its_shard_and_no_other_index_passes() {
        let job: ShardChoice = "job/3".parse().unwrap();
        let shards: Vec<String> =
            ["0", "1", "2"].map(|index| job.resolve(Some(index)).unwrap().to_string()).into();
        assert_eq!(shards, ["1/3", "2/3", "3/3"]);
        for index in [None, Some(""), Some("3"), Some("-1"), Some("one")] {
            assert!(job.resolve(index).is_err(), "{index:?}");
        }
        assert_eq!("2/3".parse::<ShardChoice>().unwrap().resolve(Some("0")).unwrap().to_string(), "2/3");
        for wrong in ["job/0", "job/", "job/99999999999", "job", "0/3"] {
            assert!(wrong.parse::<ShardChoice>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_part_the_plan() {
        let shards: Vec<Shard> = (1..=3).map(|index| format!("{index}/3").parse().unwrap()).collect();
        for place in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.takes(place)).count(), 1);
        }
        for wrong in
            ["0/3", "4/3", "3", "a/b", "/", "1/0", "1/99999999999", "1/10001", "1/99999999999999999999999999"]
        {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
