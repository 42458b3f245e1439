//! What blocks a release, beside what always does: a file that a site writes.

use globset::{Glob, GlobMatcher};
use time::macros::format_description;
use time::{Date, Duration};

use super::event::Event;
use super::rule::{Globs, Rule, Then};
use crate::document::{self, Table, Written};
use crate::error::{Fault, Source};
use crate::suite::limits;

/// A policy.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Results that are older block.
    pub max_age: Option<Duration>,
    /// A plan that owes only a part of what it could is enough.
    pub partial: bool,
    /// Rules; the first that speaks of something decides.
    pub rules: Vec<Rule>,
    /// The file as it was read.
    pub source: Option<Source>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(source: &Source) -> Result<Self, Vec<Fault>> {
        document::read(source, |root| {
            let max_age = root.string("max-age").and_then(|age| match limits::time(&age.value) {
                Ok(time) if !time.is_zero() => Duration::try_from(time).ok(),
                Ok(_) => {
                    root.fault("`max-age` must be longer than nothing", age.span);
                    None
                }
                Err(why) => {
                    root.fault(format!("cannot read `max-age`: {why}"), age.span);
                    None
                }
            });
            let rules = root.tables("rule", rule).into_iter().flatten().collect();
            let partial = root.boolean("partial").unwrap_or_default();
            Self { max_age, partial, rules, source: Some(source.clone()) }
        })
    }
}

fn rule(table: &mut Table<'_>) -> Option<Rule> {
    let has_globs = table.keys().any(|key| key.value == "match");
    let globs = if has_globs { table.table("match", globs).flatten() } else { globs_of_all() };
    let events = events(table);
    let then = table.needed_string("then").and_then(|then| match then.value.as_str() {
        "block" => Some(Then::Block),
        "allow" => Some(Then::Allow),
        other => {
            table.fault(format!("`then` must be \"block\" or \"allow\", found `{other}`"), then.span);
            None
        }
    });
    let factor = numbered(table, "factor", Event::Slower, &events, |factor| factor > 1.0, "a number above 1");
    let rate = numbered(
        table,
        "rate",
        Event::Flaky,
        &events,
        |rate| (0.0..1.0).contains(&rate),
        "a number from 0 to below 1",
    );
    let least = numbered(
        table,
        "least",
        Event::Coverage,
        &events,
        |least| least > 0.0 && least <= 1.0,
        "a number above 0, at most 1",
    );
    let reason = table.string("reason");
    let owner = table.string("owner");
    let until = table.string("until").and_then(|until| day(table, &until));
    if then == Some(Then::Allow) {
        // What lets a broken stack go has a name and an end.
        let missing = |there: bool, key: &str| (!there).then(|| format!("`{key}`"));
        let missing: Vec<String> = [
            missing(reason.is_some(), "reason"),
            missing(owner.is_some(), "owner"),
            missing(until.is_some(), "until"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !missing.is_empty() {
            let what = format!("a rule that allows something must say {}", missing.join(", "));
            let hint = "who answers for it, why, and the last day: until = \"2027-06-30\"";
            table.fault_with_hint(what, table.span(), hint);
        }
        if events.contains(&Event::Coverage) {
            table.fault("`coverage` can only block", table.span());
        }
    }
    if events.contains(&Event::Coverage) && least.is_none() {
        table.fault("`least` is missing: which share of the cases must be tested", table.span());
    }
    let (line, _) = table.source().position(table.span().start);
    let place = format!("{}:{line}", table.source().path.display());
    let text = |text: Option<Written<String>>| text.map(|text| text.value).unwrap_or_default();
    Some(Rule {
        globs: globs?,
        events,
        then: then?,
        factor: factor.unwrap_or(2.0),
        rate: rate.unwrap_or(0.0),
        least: least.unwrap_or(0.0),
        reason: text(reason),
        owner: text(owner),
        until,
        place,
    })
}

fn globs(table: &mut Table<'_>) -> Option<Globs> {
    let mut glob = |key| {
        let Some(pattern) = table.string(key) else { return Some(None) };
        match Glob::new(&pattern.value) {
            Ok(glob) => Some(Some(glob.compile_matcher())),
            Err(error) => {
                table.fault(format!("cannot read the pattern of `{key}`: {}", error.kind()), pattern.span);
                None
            }
        }
    };
    let (suite, probe, check) = (glob("suite"), glob("probe"), glob("check"));
    let (toolchain, tag) = (glob("toolchain"), glob("tag"));
    let or_all = |glob: Option<Option<GlobMatcher>>| glob.and_then(|glob| glob.or_else(every));
    Some(Globs {
        suite: or_all(suite)?,
        probe: or_all(probe)?,
        check: or_all(check)?,
        toolchain: or_all(toolchain)?,
        tag: tag?,
    })
}

fn globs_of_all() -> Option<Globs> {
    Some(Globs { suite: every()?, probe: every()?, check: every()?, toolchain: every()?, tag: None })
}

fn every() -> Option<GlobMatcher> {
    Glob::new("*").ok().map(|glob| glob.compile_matcher())
}

fn events(table: &mut Table<'_>) -> Vec<Event> {
    let Some(names) = table.one_or_more_strings("what") else {
        table.fault("`what` is missing", table.span());
        return Vec::new();
    };
    if names.is_empty() {
        table.fault("`what` names nothing", table.span());
    }
    let mut events = Vec::new();
    for name in names {
        if let Some(event) = Event::named(&name.value) {
            events.push(event);
            continue;
        }
        let all: Vec<&str> = Event::names().collect();
        let hint = match document::nearest(&name.value, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("they are: {}", all.join(", ")),
        };
        table.fault_with_hint(format!("no rule can be about `{}`", name.value), name.span, hint);
    }
    events
}

/// A number that only means something beside one event.
fn numbered(
    table: &mut Table<'_>,
    key: &'static str,
    event: Event,
    events: &[Event],
    fits: impl Fn(f64) -> bool,
    wanted: &str,
) -> Option<f64> {
    let number = table.decimal(key)?;
    if !fits(number.value) {
        table.fault(format!("`{key}` must be {wanted}, found {}", number.value), number.span);
        return None;
    }
    if !events.contains(&event) {
        let what = format!("`{key}` says nothing without `what = \"{}\"`", event.name());
        table.fault(what, number.span);
    }
    Some(number.value)
}

fn day(table: &mut Table<'_>, until: &Written<String>) -> Option<Date> {
    let date = Date::parse(&until.value, format_description!("[year]-[month]-[day]")).ok();
    // Other centuries are slips of the hand, and would allow for ever or never.
    let date = date.filter(|date| (2000..3000).contains(&date.year()));
    if date.is_none() {
        let what = format!("`until` must be a day such as 2027-01-31, found `{}`", until.value);
        table.fault(what, until.span.clone());
    }
    date
}
