//! What a command line asks for by name and no case comes of: that is told, and never green.

use crate::error::{Error, Fault, Kind};
use crate::plan::asked::Asked;
use crate::plan::cases::{Case, Plan, Planned};
use crate::plan::catalogue::Catalogue;
use crate::plan::request::Request;
use crate::suite::module_name::{Module, Wanted};
use crate::suite::{Layer, Probe, Suite};

/// Something that was named and is under no toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The suite, or `run` where a module was named.
    pub suite: String,
    /// The probe, or what stands for all of them.
    pub probe: String,
    /// Why there is no case, in one line.
    pub why: String,
    /// What to do, in one line.
    pub fix: String,
}

/// Everything that was named and has no case in the whole plan, of which this run may do a part.
#[must_use]
pub fn missing(catalogue: &Catalogue, asked: &[Asked], request: &Request) -> Vec<Missing> {
    let planned: Vec<Planned> = asked.iter().map(|asked| asked.planned(catalogue)).collect();
    let wide = request.selection.wide();
    let whole = Plan::new(&catalogue.suites, &planned, &wide, None);
    let mut missing = Vec::new();
    // Of what was not green before, a name leaves a part, which may be nothing of one of several.
    let named = request.selection.named().filter(|_| request.again.is_none());
    for (text, takes) in named {
        let has = |case: &Case| {
            let suite = &catalogue.suites[case.suite];
            takes(suite, &suite.probes[case.probe])
        };
        if whole.cases.iter().any(has) {
            continue;
        }
        let named = |suite: &&Suite| suite.probes.iter().any(|probe| takes(suite, probe));
        let Some(suite) = catalogue.suites.iter().find(named) else { continue };
        let probe = text.split_once('/').map_or("toolchain", |(_, probe)| probe);
        let (why, fix) = no_toolchain(suite, &takes, asked, request);
        missing.push(Missing { suite: suite.name.clone(), probe: probe.to_owned(), why, fix });
    }
    let limits = &request.limits;
    let layers = [
        (Layer::Compiler, "--cc", &limits.compilers),
        (Layer::Mpi, "--mpi", &limits.mpis),
        (Layer::Runtime, "--runtime", &limits.runtimes),
    ];
    for (layer, flag, wanted) in layers {
        for wanted in wanted.iter().filter(|wanted| !is_met(layer, wanted, asked)) {
            missing.push(Missing {
                suite: "run".to_owned(),
                probe: format!("{} {wanted}", &flag[2..]),
                why: format!("no toolchain of the stack has {flag} {wanted}"),
                fix: DISCOVER.to_owned(),
            });
        }
    }
    missing
}

/// What the filters name of modules that no toolchain of the request has: a part of an expression that takes nothing.
#[must_use]
pub fn unmet(catalogue: &Catalogue, asked: &[Asked], request: &Request) -> Option<String> {
    let known: Option<Vec<_>> = asked.iter().map(|asked| asked.planned(catalogue).modules).collect();
    let known = known?;
    let unmet: Vec<&str> =
        request.selection.filters().iter().flat_map(|filter| filter.unmet(&known)).collect();
    (!unmet.is_empty()).then(|| format!("no toolchain that is asked for has {}", unmet.join(", ")))
}

const DISCOVER: &str = "`stackprobe discover` prints the toolchains of the stack; modules that no table knows are named in [families] of the site file";

fn is_met(layer: Layer, wanted: &Wanted, asked: &[Asked]) -> bool {
    let own = asked.iter().flat_map(|asked| &asked.modules).filter(|(own, _)| *own == layer);
    let mut own = own.map(|(_, module)| module);
    own.any(|module| module.text() == wanted.text() || wanted.matches(&Module::new(module.text())))
}

/// Why a suite is under no toolchain.
fn no_toolchain(
    suite: &Suite,
    takes: &impl Fn(&Suite, &Probe) -> bool,
    asked: &[Asked],
    request: &Request,
) -> (String, String) {
    let tagged = |probe: &Probe| takes(suite, probe) && request.selection.wide().takes(suite, probe);
    if !suite.probes.iter().any(tagged) {
        let tags = request.selection.tags().join(", ");
        let what = format!("`{}` has no probe with a tag that was asked for: {tags}", suite.name);
        return (what, format!("`stackprobe list {}` prints its probes", suite.name));
    }
    let words: Vec<String> = suite
        .toolchain
        .iter()
        .map(|layer| match (layer, &suite.runtime) {
            (Layer::Compiler, _) => "a compiler".to_owned(),
            (Layer::Mpi, _) => "an MPI".to_owned(),
            (Layer::Runtime, Some(runtime)) => format!("the runtime {runtime}"),
            (Layer::Runtime, None) => "a runtime".to_owned(),
        })
        .collect();
    let wants = if words.is_empty() { "any toolchain".to_owned() } else { words.join(" and ") };
    let name = &suite.name;
    if request.all {
        let what = match asked.len() {
            0 => format!("`{name}` wants {wants}, and the stack offers no toolchain at all"),
            _ => format!("`{name}` wants {wants}, and no toolchain of the stack that was asked for has that"),
        };
        return (what, DISCOVER.to_owned());
    }
    let limits = &request.limits;
    let mut lacking: Vec<&str> = Vec::new();
    for layer in &suite.toolchain {
        match layer {
            Layer::Compiler if limits.compilers.is_empty() => lacking.push("--cc"),
            Layer::Mpi if limits.mpis.is_empty() => lacking.push("--mpi"),
            Layer::Runtime if limits.runtimes.is_empty() => lacking.push("--runtime"),
            _ => {}
        }
    }
    if lacking.is_empty() {
        let labels: Vec<&str> = asked.iter().map(|asked| asked.label.as_str()).collect();
        let what = format!("`{name}` wants {wants}, and was asked for under {}", labels.join(", "));
        return (what, DISCOVER.to_owned());
    }
    let flags = lacking.join(" and ");
    (
        format!("`{name}` wants {wants}, and {flags} was not given"),
        format!("give {flags}, or leave `{name}` out"),
    )
}

/// A runtime that was asked for, of a family that no table knows: no suite can be for it.
fn unknown_runtime(catalogue: &Catalogue, request: &Request) -> Option<Error> {
    let family = |wanted: &Wanted| wanted.text().split('/').next().unwrap_or_default().to_owned();
    let mut families = request.limits.runtimes.iter().filter(|wanted| !wanted.is_glob()).map(family);
    let family = families.find(|family| catalogue.families.layer(family) != Some(Layer::Runtime))?;
    let known: Vec<&str> = catalogue.suites.iter().filter_map(|suite| suite.runtime.as_deref()).collect();
    let what = format!("no table knows the runtime {family}: suites are for {}", known.join(", "));
    let hint = format!(
        "add these lines to the site file (--site FILE), if it is one of them:\n    [[family]]\n    name = \"python\"\n    \
         aliases = [\"{family}\"]\n    layer = \"runtime\"\n    python = [\"python3\"]"
    );
    Some(Error::diagnosed("family-unknown", false, what).hint(hint))
}

/// The error of a run to which all of this leaves nothing.
#[must_use]
pub fn nothing(missing: &[Missing], asked: &[Asked], catalogue: &Catalogue, request: &Request) -> Error {
    if let Some(error) = unknown_runtime(catalogue, request) {
        return error;
    }
    let faults: Vec<Fault> = missing
        .iter()
        .map(|one| Fault::new(format!("nothing to run: {}", one.why)).hint(one.fix.clone()))
        .collect();
    if !faults.is_empty() {
        return Error::of(Kind::Nothing, faults);
    }
    if let Some(again) = &request.again {
        let what = format!(
            "nothing to run: nothing of what was not green in `{}` is asked for",
            again.from.display()
        );
        return Error::new(Kind::Nothing, what).hint("--failed alone runs all of it");
    }
    let narrowing = request.selection.narrowing();
    if !narrowing.is_empty() {
        let of = request.share.as_ref().map(|share| format!(" in shard {}", share.shard)).unwrap_or_default();
        let what = format!("nothing to run: no case is left by {narrowing}{of}");
        let parts =
            || "`stackprobe list` with a part of the expression prints what that part takes".to_owned();
        let hint = unmet(catalogue, asked, request).map(|unmet| format!("{unmet}: {DISCOVER}"));
        return Error::new(Kind::Nothing, what).hint(hint.unwrap_or_else(parts));
    }
    match request.share.as_ref().map(|share| share.shard) {
        Some(shard) => Error::new(Kind::Nothing, format!("nothing to run: shard {shard} holds no case"))
            .hint("give fewer shards than there are probes"),
        None => Error::new(Kind::Nothing, "nothing to run: no suite is for the toolchains asked for")
            .hint(DISCOVER),
    }
}
