//! The pod, line by line: what it has beside what is needed of it.

use std::path::Path;

use super::demands::Demands;
use super::line::{Finding, Level, Line};
use super::name;
use crate::pod::calls::{Answer, READ_OTHERS};
use crate::pod::facts::{Facts, Found};
use crate::pod::limits::USUAL_STACK;
use crate::suite::requirement::{Resource, amount};
use crate::verdict::fitness::{Amount, BEARABLE, Demand, told};

/// Everything about the pod itself.
pub(super) fn lines(facts: &Facts, demands: &Demands, leaked: &[String]) -> Vec<Line> {
    let Some(found) = &facts.found else { return Vec::new() };
    let look = Look { facts, found, demands };
    vec![
        look.shared_memory(),
        look.memory(),
        look.cpus(),
        look.processes(),
        look.open_files(),
        look.address_space(),
        look.stack(),
        look.cpu_time(),
        look.file_size(),
        look.user(),
        look.home(),
        look.tmp(),
        look.root(),
        look.calls(),
        look.reading(),
        look.layout(),
        look.network(),
        look.system(),
        look.clock(),
        environment(leaked),
    ]
}

pub(super) struct Look<'l> {
    pub(super) facts: &'l Facts,
    pub(super) found: &'l Found,
    pub(super) demands: &'l Demands,
}

impl Look<'_> {
    /// A line with what is needed of it: the demands that `take` knows, with how much each asks for.
    pub(super) fn line(
        &self,
        topic: &'static str,
        found: String,
        take: impl Fn(&Demand) -> Option<(u64, String)>,
    ) -> Line {
        let mut line = Line::new(topic, found);
        let mut most = 0;
        for (demand, suites) in self.demands {
            let Some((much, needed)) = take(demand) else { continue };
            for suite in suites {
                if !line.suites.contains(suite) {
                    line.suites.push(suite.clone());
                }
            }
            if much >= most && !needed.is_empty() {
                most = much;
                line.needed = Some(needed);
            }
            let Some(unfit) = demand.unmet(self.facts, &self.found.tmp.path) else { continue };
            let amount = demand.quantity();
            match line.findings.iter_mut().find(|finding| finding.id == unfit.id) {
                // Of several that fail for the same reason the largest is told: it holds the others.
                Some(finding) => {
                    finding.suites.extend(suites.iter().cloned());
                    if much >= most {
                        (finding.what, finding.amount) = (unfit.what, amount);
                    }
                }
                None => line.findings.push(Finding {
                    level: Level::Unfit,
                    id: unfit.id,
                    what: unfit.what,
                    amount,
                    suites: suites.iter().cloned().collect(),
                }),
            }
        }
        line.suites.sort();
        for finding in &mut line.findings {
            finding.suites.sort();
            finding.suites.dedup();
        }
        line
    }

    fn memory(&self) -> Line {
        let limits = &self.found.limits;
        let size = |bytes| amount(Resource::Memory, bytes);
        let found = match (limits.memory, limits.node_memory) {
            (Some(limit), Some(node)) if limit < node => {
                format!("{} of the node's {}", size(limit), size(node))
            }
            (_, Some(node)) => format!("no limit, the node has {}", size(node)),
            (Some(limit), None) => size(limit),
            (None, None) => "not known".to_owned(),
        };
        self.line("memory", found, |demand| match demand {
            Demand::Amount(Amount { resource: Resource::Memory, at_least }) => {
                Some((*at_least, size(*at_least)))
            }
            _ => None,
        })
    }

    fn cpus(&self) -> Line {
        let cpus = &self.found.cpus;
        let found = match cpus.quota {
            Some(quota) => format!(
                "{} usable: {} by affinity, {}.{} by quota",
                cpus.usable(),
                cpus.affinity,
                quota / 1000,
                quota % 1000 / 100
            ),
            None => format!("{} usable, no quota", cpus.usable()),
        };
        let mut line = self.line("cpus", found, |demand| match demand {
            Demand::Amount(Amount { resource: Resource::Cpus, at_least }) => {
                Some((*at_least, amount(Resource::Cpus, *at_least)))
            }
            _ => None,
        });
        let ranks = self.demands.iter().filter_map(|(demand, suites)| match demand {
            Demand::SharedMemory { ranks, .. } => Some((ranks, suites)),
            _ => None,
        });
        // Ranks take turns where there are fewer, which is slow and works.
        if let (None, Some((ranks, suites))) = (&line.needed, ranks.max_by_key(|(ranks, _)| **ranks)) {
            line.needed = Some(format!("{ranks} to be quick"));
            line.suites = suites.iter().cloned().collect();
        }
        line
    }

    fn processes(&self) -> Line {
        let limits = &self.found.limits;
        let found = match (limits.processes, limits.processes_now, limits.user_processes) {
            (Some(limit), Some(now), _) => format!("{now} of {limit} in this pod"),
            (_, _, Some(user)) if user != u64::MAX => format!("{user} of this user (ulimit -u)"),
            (_, _, Some(_)) => "no limit".to_owned(),
            _ => "not known".to_owned(),
        };
        self.line("processes", found, |demand| match demand {
            Demand::Processes(count) => Some((*count, format!("{count} more"))),
            _ => None,
        })
    }

    fn open_files(&self) -> Line {
        let found = limit(self.found.limits.open_files, |count| count.to_string());
        self.line("open files", found, |demand| match demand {
            Demand::OpenFiles(count) => Some((*count, count.to_string())),
            _ => None,
        })
    }

    fn address_space(&self) -> Line {
        let size = |bytes| amount(Resource::Memory, bytes);
        let space = limit(self.found.limits.address_space, size);
        let data = self.found.limits.data.filter(|data| *data < u64::MAX);
        let found = data.map_or_else(|| space.clone(), |data| format!("{space}, {} of data", size(data)));
        self.line("address space", found, |demand| match demand {
            Demand::AddressSpace(bytes) => Some((*bytes, size(*bytes))),
            _ => None,
        })
    }

    fn stack(&self) -> Line {
        let size = |bytes| amount(Resource::Memory, bytes);
        let stack = self.found.limits.stack;
        let line = self.line("stack size", limit(stack, size), |demand| match demand {
            Demand::Stack(bytes) => Some((*bytes, size(*bytes))),
            _ => None,
        });
        match stack.filter(|bytes| *bytes < USUAL_STACK && line.level() != Level::Unfit) {
            Some(bytes) => {
                let (have, usual) = (size(bytes), size(USUAL_STACK));
                line.note("stack-limit-small", format!("ulimit -s is {have}, usual are {usual}"))
            }
            None => line,
        }
    }

    fn cpu_time(&self) -> Line {
        let seconds = |count| format!("{count} s");
        self.line("cpu time", limit(self.found.limits.cpu_time, seconds), |demand| match demand {
            Demand::CpuTime(count) => Some((*count, seconds(*count))),
            _ => None,
        })
    }

    fn file_size(&self) -> Line {
        let size = |bytes| amount(Resource::Disk, bytes);
        self.line("file size", limit(self.found.limits.file_size, size), |demand| match demand {
            Demand::FileSize(bytes) => Some((*bytes, size(*bytes))),
            _ => None,
        })
    }

    fn user(&self) -> Line {
        let user = &self.found.user;
        match (&user.name, user.named) {
            (Some(name), _) => Line::new("user", format!("{} ({name})", user.id)),
            (None, Some(false)) => Line::new("user", format!("{}, without a name", user.id))
                .note("uid-unnamed", format!("user id {} has no name in /etc/passwd", user.id)),
            (None, _) => Line::new("user", format!("{}, perhaps known to a directory", user.id)),
        }
    }

    fn home(&self) -> Line {
        match &self.found.user.home {
            None => Line::new("home", "HOME is not set").note("home-unwritable", "HOME is not set"),
            Some(home) if home.writable == Some(true) => {
                Line::new("home", format!("{}, writable", home.path.display()))
            }
            Some(home) => {
                let path = home.path.display().to_string();
                let what = home.not_writable(&format!("HOME, {path},"));
                Line::new("home", home.not_writable(&path)).note("home-unwritable", what)
            }
        }
    }

    fn tmp(&self) -> Line {
        let tmp = &self.found.tmp;
        let free = amount(Resource::Disk, tmp.free.unwrap_or_default());
        let state = match (tmp.writable, tmp.executable) {
            (Some(true), Some(false)) => format!("not executable, {free} free"),
            (Some(true), Some(true)) => format!("writable, executable, {free} free"),
            (Some(true), None) => format!("writable, {free} free"),
            _ => String::new(),
        };
        let path = tmp.path.display().to_string();
        let found = if state.is_empty() { tmp.not_writable(&path) } else { format!("{path}: {state}") };
        self.line("tmp", found, |demand| match demand {
            Demand::Stage => Some((0, "writable".to_owned())),
            Demand::Program => Some((1, "writable, executable".to_owned())),
            Demand::Amount(Amount { resource: Resource::Disk, at_least }) => {
                Some((*at_least, amount(Resource::Disk, *at_least)))
            }
            _ => None,
        })
    }

    fn root(&self) -> Line {
        Line::new("root", if self.found.root.read_only { "read-only" } else { "not read-only" })
    }

    fn calls(&self) -> Line {
        let calls = &self.found.calls;
        let refused: Vec<(&str, Answer)> = calls.refused().filter(|(name, _)| *name != READ_OTHERS).collect();
        let found = if refused.is_empty() {
            format!("{} tried, none refused", calls.count())
        } else {
            refused
                .iter()
                .map(|(name, answer)| format!("{name} {}", told(*answer)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut line = self.line("system calls", found, |demand| match demand {
            Demand::Layout => Some((1, "personality".to_owned())),
            Demand::Basics if calls.answer("clone3").is_some_and(|answer| answer != Answer::Allowed) => {
                Some((2, "clone3".to_owned()))
            }
            _ => None,
        });
        let mut rest = Vec::new();
        for (name, answer) in refused {
            let what = format!("{name} {}", told(answer));
            match name {
                "clone3" => {}
                "personality" if line.level() == Level::Unfit => {}
                "faccessat2" => line = line.note("seccomp-faccessat2", what),
                "sched_setaffinity" => line = line.note("cpu-affinity-denied", what),
                _ => rest.push(what),
            }
        }
        if rest.is_empty() { line } else { line.note("seccomp-refused", rest.join(", ")) }
    }

    fn reading(&self) -> Line {
        let scope = self.found.kernel.ptrace_scope;
        let scope = scope.map(|scope| format!(", ptrace_scope is {scope}")).unwrap_or_default();
        match self.found.calls.answer(READ_OTHERS) {
            None => Line::new("rank to rank", "could not be tried"),
            Some(Answer::Allowed) => Line::new("rank to rank", format!("{READ_OTHERS} works{scope}")),
            Some(answer) => {
                let what = format!("{READ_OTHERS} {}{scope}", told(answer));
                Line::new("rank to rank", what.clone()).note("cma-refused", what)
            }
        }
    }

    fn layout(&self) -> Line {
        let Some(bits) = self.found.kernel.mmap_rnd_bits else { return Line::new("randomised", "not known") };
        let line = Line::new("randomised", format!("mappings by {bits} bits"));
        if bits > BEARABLE {
            line.note("mmap-randomised", format!("vm.mmap_rnd_bits is {bits}"))
        } else {
            line
        }
    }

    fn network(&self) -> Line {
        let network = &self.found.network;
        let interfaces = if network.interfaces.is_empty() {
            "no interface".to_owned()
        } else {
            network.interfaces.join(", ")
        };
        let state = match network.loopback {
            Some(true) => "127.0.0.1 works",
            Some(false) => "127.0.0.1 does not work",
            None => "127.0.0.1 could not be tried",
        };
        let host = &self.facts.host;
        let name = if network.name_in_hosts { "in" } else { "not in" };
        let found = format!("{interfaces}; {state}; {host} is {name} /etc/hosts");
        let line = self.line("network", found, |demand| {
            (*demand == Demand::Loopback).then(|| (1, "127.0.0.1".to_owned()))
        });
        if network.name_in_hosts || name::resolves(host) != Some(false) {
            return line;
        }
        let what = format!("{host}, the pod's own name, is not in /etc/hosts, and no name service knows it");
        line.note("net-hostname-unresolvable", what)
    }

    fn system(&self) -> Line {
        let kernel = &self.found.kernel;
        let word = |there: bool| if there { "" } else { "no " };
        let release = kernel.release.as_deref().unwrap_or("not known");
        let found = format!("{}/proc, {}/dev/null, Linux {release}", word(kernel.proc), word(kernel.null));
        let threads = self.found.calls.answer("clone3").is_none_or(|answer| answer == Answer::Allowed);
        // That no thread can be started is told with the other system calls.
        self.line("system", found, |demand| {
            (*demand == Demand::Basics && (!kernel.proc || !kernel.null || threads))
                .then(|| (1, "/proc, /dev/null".to_owned()))
        })
    }

    fn clock(&self) -> Line {
        let (behind, skew) = (self.found.kernel.behind.unwrap_or(0), self.found.tmp.skew.unwrap_or(0));
        // A clock may be set, and a file made, while we look.
        match (behind > 60, skew > 2) {
            (true, _) => Line::new("clock", format!("behind by {behind} s"))
                .note("clock-wrong", format!("files of this pod are {behind} s younger than its clock says")),
            (false, true) => {
                Line::new("clock", format!("{skew} s from that of {}", self.found.tmp.path.display()))
                    .note("clock-wrong", format!("a new file is dated {skew} s away from now"))
            }
            (false, false) => Line::new("clock", "nothing speaks against it"),
        }
    }
}

/// A limit of a process, in words.
fn limit(limit: Option<u64>, say: impl Fn(u64) -> String) -> String {
    match limit {
        None => "not known".to_owned(),
        Some(u64::MAX) => "no limit".to_owned(),
        Some(limit) => say(limit),
    }
}

fn environment(leaked: &[String]) -> Line {
    if leaked.is_empty() {
        return Line::new("environment", "nothing that misleads an MPI");
    }
    let shown: Vec<&str> = leaked.iter().take(3).map(String::as_str).collect();
    let more = leaked.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = format!("{}{more}", shown.join(", "));
    Line::new("environment", format!("{what}: taken away from cases")).note("env-leaked", what)
}

/// `ssh`, which only Open MPI without a profile of ours would want.
pub(super) fn ssh(path: Option<&std::ffi::OsStr>) -> Line {
    let found = path.and_then(|path| which::which_in("ssh", Some(path), Path::new("/")).ok());
    Line::new(
        "ssh",
        found.map_or_else(|| "none; not needed in one pod".to_owned(), |path| path.display().to_string()),
    )
}
