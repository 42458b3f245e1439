//! `report.html`: one page that needs nothing else. It works without a network, without JavaScript, on paper, on a phone.
//!
//! First what is wrong and where (the map), then why (causes), then every case with what it takes to see it oneself.
//! Everything that comes from outside goes through `maud`, which escapes it; nothing is built from text by hand.

mod case;
mod cases;
mod causes;
mod facts;
mod map;
mod notable;
mod overview;
mod reproduce;
mod times;
mod words;

use std::collections::HashMap;
use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::constant::packed;
use crate::packed::Packed;
use crate::report::account::{Account, Told};
use crate::report::cause::{Cause, causes};
use crate::report::counts::Counts;
use crate::report::report_file::ReportFile;
use crate::verdict::check::Outcome;
use words::{class, many, sign};

/// How the page looks, and what little it does by itself.
static PAGE: Packed = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A page may load nothing and send nothing, whatever a hostile name in it tries.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

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
}

impl<'a> Page<'a> {
    fn new(account: &'a Account) -> Self {
        Self {
            account,
            groups: groups(account),
            causes: causes(account),
            counts: Counts::of(account.cases()),
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
    // A compiler's toolchains stand together, in the order in which their compiler first came.
    let mut compilers: HashMap<&str, usize> = HashMap::new();
    for group in &groups {
        let next = compilers.len();
        compilers.entry(compiler(group.toolchain)).or_insert(next);
    }
    let mut toolchains: HashMap<&str, usize> = HashMap::new();
    for group in &groups {
        let next = toolchains.len();
        toolchains.entry(group.toolchain).or_insert(next);
    }
    groups.sort_by_key(|group| (compilers[compiler(group.toolchain)], toolchains[group.toolchain]));
    groups
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
    let markup: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (sign(worst)) " " (title) " · stackprobe" }
                style { (PreEscaped(packed(PAGE.text("style.css"), "style.css"))) }
            }
            body.(class(worst)) {
                (overview::overview(&page))
                main {
                    (map::map(&page))
                    (causes::causes(&page))
                    (cases::cases(&page))
                    (notable::flaky(&page))
                    (notable::known(&page))
                    (notable::slow(&page))
                    (times::times(&page))
                    (facts::pods(&page))
                }
                footer {
                    p { "Made by stackprobe " (env!("CARGO_PKG_VERSION")) " from "
                        (many(account.told.len(), "case")) " of " (many(account.pods.len(), "run"))
                        ". This page is complete: it loads nothing and sends nothing." }
                }
                script { (PreEscaped(packed(PAGE.text("script.js"), "script.js"))) }
            }
        }
    };
    markup.into_string()
}
