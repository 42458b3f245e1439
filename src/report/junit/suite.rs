//! What is added to a `testsuite`.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::Counts;
use super::extra::Extra;
use crate::report::account::{Pod, Told};
use crate::report::text::{clean, line};

/// What is added to a suite: where and when it ran, and under which modules.
pub(super) fn suite_extra(pods: &[&Pod], told: &[&Told], counts: &Counts, begun: &str) -> Extra {
    let mut attributes = counts.attributes();
    let hosts: BTreeSet<&str> =
        pods.iter().map(|pod| pod.plan.pod.host.as_str()).filter(|host| !host.is_empty()).collect();
    if let (Some(host), 1) = (hosts.first(), hosts.len()) {
        attributes.push(("hostname", clean(host)));
    }
    let started =
        told.iter().map(|told| told.case.started.as_str()).filter(|started| !started.is_empty()).min();
    let started = started.unwrap_or(begun);
    if !started.is_empty() {
        attributes.push(("timestamp", clean(started)));
    }
    let mut properties: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for pod in pods {
        let facts = &pod.plan.pod;
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let seen = [
            ("stackprobe.version", known(&pod.plan.stackprobe)),
            ("host", known(&facts.host)),
            ("cpus", Some(facts.cpus.to_string())),
            ("uid", Some(facts.uid.to_string())),
            ("node", facts.node.clone()),
            ("image", facts.image.clone()),
            ("memory.bytes", facts.memory.map(|bytes| bytes.to_string())),
            ("shm.free.bytes", facts.shm.map(|bytes| bytes.to_string())),
            ("lmod", known(&pod.plan.lmod)),
        ];
        for (name, value) in seen {
            properties.entry(name).or_default().extend(value);
        }
    }
    // The same for every case of a toolchain: modules, prefixes.
    for told in told {
        for (name, value) in &told.case.properties {
            let values = properties.entry(name).or_default();
            if values.is_empty() {
                values.insert(value.clone());
            }
        }
    }
    let properties = properties
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| (clean(name), line(&Vec::from_iter(values).join(", "), 1000)))
        .collect();
    Extra { attributes, properties, flaky: Vec::new() }
}
