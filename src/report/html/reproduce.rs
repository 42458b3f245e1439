//! What to type to see a case oneself.

use std::sync::LazyLock;

use maud::{Markup, html};

use super::Page;
use crate::constant::packed;
use crate::report::account::Told;
use crate::report::record::PlanRecord;
use crate::stack::family::Families;
use crate::suite::{Layer, embedded};

static FAMILIES: LazyLock<Families> =
    LazyLock::new(|| packed(Families::parse(&embedded::table("toolchains.toml")).ok(), "toolchains.toml"));

/// Flags of the run that its reproduction needs, too.
const CARRIED: [&str; 3] = ["--module", "--suites", "--site"];

pub(super) fn reproduce(page: &Page<'_>, told: &Told) -> Markup {
    let owed = &told.case.owed;
    let pod = page.account.pods.get(told.pod);
    // A foreign case has no place in a suite file: it is not ours to run.
    let ours = !owed.file.is_empty();
    html! {
        @if ours {
            h4 { "To see it yourself" }
            pre.shell tabindex="0" {
                @if told.repro { "bash cases/" (owed.id) "/repro.sh\n" }
                @if let Some(pod) = pod { (command(told, &pod.plan)) "\n" }
                "stackprobe explain " (shell_words::quote(&format!("{}/{}", owed.suite, owed.probe)))
            }
        }
    }
}

/// `stackprobe run mpi/rma --cc gcc/12.2.0 --mpi mpich/4.0.2`
fn command(told: &Told, plan: &PlanRecord) -> String {
    let owed = &told.case.owed;
    let mut words = vec!["stackprobe".to_owned(), "run".to_owned(), format!("{}/{}", owed.suite, owed.probe)];
    for (place, module) in owed.toolchain.split(' ').filter(|module| !module.is_empty()).enumerate() {
        words.push(flag(module, place).to_owned());
        words.push(module.to_owned());
    }
    let mut given = plan.command.iter();
    while let Some(word) = given.next() {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        if CARRIED.contains(&name) {
            words.push(word.clone());
            if name == word {
                words.extend(given.next().cloned());
            }
        }
    }
    shell_words::join(words)
}

/// The flag that asks for a module, by its family; of an unknown one, by its place.
fn flag(module: &str, place: usize) -> &'static str {
    let family = module.split('/').next().unwrap_or(module);
    match (FAMILIES.layer(family), place) {
        (Some(Layer::Mpi), _) | (None, 1..) => "--mpi",
        (Some(Layer::Runtime), _) => "--runtime",
        (Some(Layer::Compiler), _) | (None, 0) => "--cc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_asked_for_by_its_flag() {
        assert_eq!(flag("gcc/12.2.0", 0), "--cc");
        assert_eq!(flag("python/3.12", 0), "--runtime");
        assert_eq!(flag("mpich/4.0.2", 1), "--mpi");
        assert_eq!(flag("house-cc/1", 0), "--cc");
    }
}
