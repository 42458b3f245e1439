//! `report.html`: one page that needs nothing else. It works without a network, without JavaScript, on paper, on a phone.
//!
//! First what is wrong and where (the map), then why (causes), then every case with what it takes to see it oneself.
//! Everything that comes from outside goes through `maud`, which escapes it; nothing is built from text by hand.

mod case;
mod cases;
mod causes;
mod facts;
pub mod frame;
mod map;
mod notable;
mod overview;
mod reproduce;
mod skipped;
mod skips;
mod times;
pub mod words;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io;

use maud::html;

use crate::report::account::{Account, Told};
use crate::report::cause::{Cause, causes};
use crate::report::counts::Counts;
use crate::report::report_file::ReportFile;
use crate::suite::module_name::Module;
use crate::suite::version::Version;
use crate::verdict::check::Outcome;
use frame::frame;
use skips::Skips;
use words::many;

/// The cases of a suite under a toolchain: one cell of the map.
struct Group<'a> {
    suite: &'a str,
    toolchain: &'a str,
    /// Places in the account.
    places: Vec<usize>,
    counts: Counts,
    seconds: f64,
}

/// All that the parts of the page share.
struct Page<'a> {
    account: &'a Account,
    groups: Vec<Group<'a>>,
    causes: Vec<Cause<'a>>,
    counts: Counts,
    skips: Skips<'a>,
}

impl<'a> Page<'a> {
    fn new(account: &'a Account) -> Self {
        Self {
            account,
            groups: groups(account),
            causes: causes(account),
            counts: Counts::of(account.cases()),
            skips: Skips::new(account),
        }
    }

    fn told(&self, places: &[usize]) -> impl Iterator<Item = (usize, &'a Told)> {
        places.iter().map(|place| (*place, &self.account.told[*place]))
    }
}

fn groups(account: &Account) -> Vec<Group<'_>> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (place, case) in account.cases().enumerate() {
        let (suite, toolchain) = (case.owed.suite.as_str(), case.owed.toolchain.as_str());
        let group = *places.entry((suite, toolchain)).or_insert_with(|| {
            groups.push(Group {
                suite,
                toolchain,
                places: Vec::new(),
                counts: Counts::default(),
                seconds: 0.0,
            });
            groups.len() - 1
        });
        let group = &mut groups[group];
        group.places.push(place);
        group.counts.add(case);
        group.seconds += case.seconds;
    }
    groups.sort_by(|a, b| order(a.toolchain, b.toolchain));
    groups
}

/// By the names of their modules, then by versions as people count them: gcc/9 before gcc/12.
fn order(a: &str, b: &str) -> Ordering {
    let key = |toolchain: &str| -> Vec<(String, Version)> {
        let modules = toolchain.split(' ').map(Module::new);
        modules.map(|module| (module.family, Version::new(&module.version))).collect()
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

fn compiler(toolchain: &str) -> &str {
    toolchain.split(' ').next().unwrap_or_default()
}

/// `report.html`.
pub struct Html;

impl ReportFile for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn file(&self) -> &'static str {
        "report.html"
    }

    fn is_usual(&self) -> bool {
        true
    }

    fn render(&self, account: &Account, _: bool) -> io::Result<Vec<u8>> {
        Ok(render(account).into_bytes())
    }
}

/// The whole page.
fn render(account: &Account) -> String {
    let page = Page::new(account);
    let worst = if account.told.is_empty() { Outcome::Error } else { page.counts.worst() };
    let title = overview::verdict(&page.counts);
    let content = html! {
        (overview::overview(&page))
        main {
            (map::map(&page))
            (causes::causes(&page))
            (cases::cases(&page))
            (notable::flaky(&page))
            (notable::known(&page))
            (skipped::skipped(&page))
            (notable::slow(&page))
            (times::times(&page))
            (facts::pods(&page))
        }
    };
    let made = html! { " from " (many(account.told.len(), "case")) " of " (many(account.pods.len(), "run")) };
    frame(worst, &title, &content, &made)
}
