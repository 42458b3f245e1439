//! The batch script that does a plan, a part in each task of an array. Pure.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::{Select, Submit};

/// What stands in a script.
pub(super) struct Script<'s> {
    pub(super) flags: &'s Submit,
    /// What the job is called, so that it is found again.
    pub(super) name: &'s str,
    /// This binary, on a folder that the nodes see.
    pub(super) program: &'s Path,
    /// Where it was submitted: a `stackprobe.toml` that was found from there is found by the tasks, too.
    pub(super) dir: &'s Path,
    /// The results directory, absolute.
    pub(super) results: &'s Path,
    /// How many tasks there are.
    pub(super) tasks: u32,
}

impl Script<'_> {
    /// As sbatch takes it.
    pub(super) fn render(&self) -> String {
        let mut text = "#!/bin/sh\n# Written by `stackprobe submit slurm`: each task of the array does its part of the plan.\n".to_owned();
        for option in self.options() {
            let _ = writeln!(text, "#SBATCH {}", shell_words::quote(&option));
        }
        let quoted = |path: &Path| shell_words::quote(&path.to_string_lossy()).into_owned();
        let words = words(&self.flags.select).into_iter();
        let words: Vec<String> =
            words.chain(self.flags.run.iter().map(|word| word.to_string_lossy().into_owned())).collect();
        // exec: SIGTERM of scancel and of the time limit is stackprobe's own, which then writes down what it has.
        let _ = write!(
            text,
            "\nexec {} run --resume --shard \"$SLURM_ARRAY_TASK_ID/{}\" \\\n  --results {}/\"$SLURM_ARRAY_TASK_ID\"",
            quoted(self.program),
            self.tasks,
            quoted(&self.results.join("tasks")),
        );
        if !words.is_empty() {
            let _ = write!(text, " \\\n  {}", shell_words::join(words));
        }
        text.push('\n');
        text
    }

    fn options(&self) -> Vec<String> {
        let Submit { partition, account, time, cpus, further, .. } = self.flags;
        // sbatch fills in what stands behind a percent sign.
        let said = self.results.join("slurm").to_string_lossy().replace('%', "%%");
        let mut options = vec![
            format!("--job-name={}", self.name),
            format!("--array=1-{}", self.tasks),
            "--nodes=1".to_owned(),
            format!("--ntasks={cpus}"),
            format!("--output={said}/task-%a.out"),
            "--open-mode=append".to_owned(),
            format!("--chdir={}", self.dir.display()),
        ];
        let named = [("partition", partition), ("account", account), ("time", time)];
        options.extend(
            named.iter().filter_map(|(name, value)| Some(format!("--{name}={}", (*value).as_ref()?))),
        );
        options.extend(further.iter().cloned());
        options
    }
}

/// The words of `run` that select the same.
fn words(select: &Select) -> Vec<String> {
    let mut words = select.suites.clone();
    let mut each = |flag: &str, values: &[String]| {
        words.extend(values.iter().map(|value| format!("{flag}={value}")));
    };
    let modules = &select.modules;
    each("--cc", &modules.cc);
    each("--mpi", &modules.mpi);
    each("--runtime", &modules.runtime);
    each("--module", &modules.others);
    each("--exclude", &select.exclude);
    each("--filter", &select.filters);
    each("--tag", &select.tags);
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let paths = |paths: &[std::path::PathBuf]| -> Vec<String> {
        paths.iter().map(|path| absolute(path).to_string_lossy().into_owned()).collect()
    };
    each("--suites", &paths(&select.suite_folders));
    each("--site", &paths(select.site.as_slice()));
    each("--balance", &paths(select.balance.as_slice()));
    if select.all {
        words.push("--all".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn rendered(words: &[&str]) -> String {
        let cli = Cli::parse_from([&["stackprobe", "submit", "slurm"], words].concat());
        let Verb::Submit(flags) = cli.verb else { panic!("another verb") };
        let script = Script {
            flags: &flags,
            name: "stackprobe-1",
            program: Path::new("/opt/a b/stackprobe"),
            dir: Path::new("/home/my own"),
            results: Path::new("/sh'ared/100%"),
            tasks: 3,
        };
        script.render()
    }

    #[test]
    fn words_are_quoted_for_the_shell_and_for_sbatch() {
        let text = rendered(&[
            "mpi",
            "--all",
            "-E",
            "tag(smoke) & !probe(x)",
            "--account",
            "a b",
            "--",
            "--jobs",
            "2",
        ]);
        assert!(text.starts_with("#!/bin/sh\n"), "{text}");
        assert!(text.contains("#SBATCH '--account=a b'\n"), "{text}");
        assert!(text.contains("'--filter=tag(smoke) & !probe(x)'"), "{text}");
        assert!(text.contains("'/opt/a b/stackprobe' run"), "{text}");
        assert!(text.contains("100%%/slurm/task-%a.out"), "{text}");
        assert!(text.contains("#SBATCH '--chdir=/home/my own'\n"), "{text}");
        assert!(text.contains("--jobs 2"), "{text}");
        // What the shell makes of it is what was meant.
        let line = text.split("exec ").nth(1).unwrap().replace("\\\n", " ");
        let words = shell_words::split(&line).unwrap();
        assert_eq!(words[..2], ["/opt/a b/stackprobe", "run"]);
        assert!(words.contains(&"/sh'ared/100%/tasks/$SLURM_ARRAY_TASK_ID".to_owned()), "{words:?}");
        assert!(words.contains(&"--filter=tag(smoke) & !probe(x)".to_owned()), "{words:?}");
    }
}
