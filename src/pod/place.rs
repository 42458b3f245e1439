//! What kind of place this is: a pod, another container, a job, or none of them that can be seen.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What is said where nothing speaks for a container.
pub const BARE: &str = "no container seen";

/// The namespaces of the machine itself have these numbers (`include/linux/proc_ns.h`).
const OF_THE_MACHINE: [(&str, u64); 5] = [
    ("ipc", 0xEFFF_FFFF),
    ("uts", 0xEFFF_FFFE),
    ("user", 0xEFFF_FFFD),
    ("pid", 0xEFFF_FFFC),
    ("cgroup", 0xEFFF_FFFB),
];

/// Files that an engine leaves in its containers.
const MARKS: [(&str, &str); 3] = [
    ("/run/.containerenv", "a container of Podman"),
    ("/.dockerenv", "a container of Docker"),
    ("/.singularity.d", "a container of Apptainer"),
];

/// Looks; a job of SLURM may be in a container, too.
#[must_use]
pub fn look() -> String {
    let number = |name: &str| {
        let space = std::fs::metadata(Path::new("/proc/self/ns").join(name));
        space.ok().map(|space| space.ino())
    };
    words(
        &|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()),
        &|path| path.exists(),
        &number,
    )
}

fn words(
    is_set: &dyn Fn(&str) -> bool,
    exists: &dyn Fn(&Path) -> bool,
    number: &dyn Fn(&str) -> Option<u64>,
) -> String {
    let own: Vec<&str> = OF_THE_MACHINE
        .into_iter()
        .filter(|(name, machine)| number(name).is_some_and(|number| number != *machine))
        .map(|(name, _)| name)
        .collect();
    let mark = MARKS.into_iter().find(|(path, _)| exists(Path::new(path)));
    let mut said = Vec::new();
    if is_set("KUBERNETES_SERVICE_HOST") {
        said.push("a pod of Kubernetes".to_owned());
    } else if let Some((_, engine)) = mark {
        said.push(engine.to_owned());
    } else if !own.is_empty() {
        said.push(format!("namespaces of its own ({})", own.join(", ")));
    }
    if is_set("SLURM_JOB_ID") || is_set("SLURM_JOBID") {
        said.push("a job of SLURM".to_owned());
    }
    if said.is_empty() { BARE.to_owned() } else { said.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_called_by_the_signs_that_it_has() {
        let place = |set: &[&str], files: &[&str], pid: Option<u64>| {
            words(&|name| set.contains(&name), &|path| files.contains(&path.to_str().unwrap()), &|name| {
                if name == "pid" { pid } else { None }
            })
        };
        let machine = Some(0xEFFF_FFFC);
        assert_eq!(place(&[], &[], machine), BARE);
        assert_eq!(place(&[], &[], None), BARE, "what cannot be seen is not claimed");
        assert_eq!(place(&["KUBERNETES_SERVICE_HOST"], &["/.dockerenv"], machine), "a pod of Kubernetes");
        assert_eq!(place(&[], &["/run/.containerenv"], Some(7)), "a container of Podman");
        assert_eq!(place(&[], &[], Some(7)), "namespaces of its own (pid)");
        assert_eq!(place(&["SLURM_JOB_ID"], &[], machine), "a job of SLURM");
        assert_eq!(
            place(&["SLURM_JOB_ID"], &["/.dockerenv"], machine),
            "a container of Docker, a job of SLURM"
        );
        assert!(!look().is_empty());
    }
}
