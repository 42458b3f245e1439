//! Which suites there are: those of the binary, overridden by those of `--suites` folders, later ones winning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Kind, Source, reason};
use crate::suite::capability::Capabilities;
use crate::suite::embedded;
use crate::suite::folder::{Folder, Lack};
use crate::suite::tool_name::ToolName;
use crate::suite::vocabulary::Vocabulary;
use crate::suite::{Suite, file};
use path_fault::{Obstacle, PathFault, is_file};

/// A suite that was found: its name by its folder, its text, its files.
type Named = (String, (Source, Folder));

/// Reads every suite, sorted by name, and the capability tables that they speak of. `tools` are those that families
/// name beside the known ones.
///
/// # Errors
/// All faults of all suites at once; a folder of `extra` that cannot be read, or that holds no suite.
pub fn load(
    extra: &[PathBuf],
    tools: Option<BTreeSet<ToolName>>,
) -> Result<(Vec<Suite>, Capabilities), Error> {
    let mut faults = Vec::new();
    let mut capabilities = tables(&embedded::table("capabilities.toml"), &mut faults);
    for folder in extra {
        let path = folder.join("capabilities.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => capabilities.extend(tables(&Source::new(path, text), &mut faults)),
            Err(error) if Obstacle::of(&error) == Obstacle::Missing => {}
            Err(error) => faults.push(Fault::new(format!("cannot read {}", PathFault::new(&path, &error)))),
        }
    }
    let mut found: BTreeMap<String, (Source, Folder)> = BTreeMap::new();
    for name in embedded::SUITES.folders() {
        if let Some(text) = embedded::SUITES.text(&format!("{name}/suite.toml")) {
            let folder = Folder::Embedded(name);
            found.insert(name.to_owned(), (Source::new(folder.path("suite.toml"), text), folder));
        }
    }
    for folder in extra {
        match suites_of(folder) {
            Ok(more) => found.extend(more),
            Err(fault) => faults.push(fault),
        }
    }
    let vocabulary = Vocabulary { capabilities, tools };
    let mut suites = Vec::new();
    for (name, (source, folder)) in found {
        match file::parse(&source, &folder, &vocabulary) {
            Ok(suite) if suite.name == name => suites.push(suite),
            Ok(suite) => {
                let what = format!("the suite is named `{}`, its folder `{name}`", suite.name);
                let start = source.text.find("name").unwrap_or(0);
                faults.push(Fault::new(what).at(&source, start..start + 4).hint("give both the same name"));
            }
            Err(more) => faults.extend(more),
        }
    }
    if faults.is_empty() { Ok((suites, vocabulary.capabilities)) } else { Err(Error::of(Kind::Data, faults)) }
}

fn tables(source: &Source, faults: &mut Vec<Fault>) -> Capabilities {
    Capabilities::parse(source).unwrap_or_else(|more| {
        faults.extend(more);
        Capabilities::default()
    })
}

/// The suites of a folder: itself, if it holds a `suite.toml`, else its folders that do.
fn suites_of(folder: &Path) -> Result<Vec<Named>, Fault> {
    let cannot = |error: &std::io::Error, path: &Path| {
        Fault::new(format!("cannot read `{}`: {}", path.display(), reason(error)))
            .hint("--suites and HPC_SPACK_TEST_DIR name folders of suites, each with a suite.toml")
    };
    let mut folders = vec![folder.to_path_buf()];
    let hidden = |fault: PathFault| Fault::new(fault.to_string());
    if !is_file(&folder.join("suite.toml")).map_err(hidden)? {
        folders.clear();
        for entry in std::fs::read_dir(folder).map_err(|error| cannot(&error, folder))? {
            let path = entry.map_err(|error| cannot(&error, folder))?.path();
            if is_file(&path.join("suite.toml")).map_err(hidden)? {
                folders.push(path);
            }
        }
    }
    if folders.is_empty() {
        return Err(Fault::new(format!("no suite in `{}`", folder.display()))
            .hint("a suite is a folder with a suite.toml"));
    }
    folders
        .into_iter()
        .map(|folder| {
            let path = folder.join("suite.toml");
            if let Some(Lack::Outside(real)) = Folder::Disk(folder.clone()).lacks("suite.toml") {
                let what =
                    format!("`{}` leads out of the suite's folder, to {}", path.display(), real.display());
                return Err(Fault::new(what).hint("put a copy of the file into the folder"));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| cannot(&error, &path))?;
            let full = std::path::absolute(&folder).unwrap_or_else(|_| folder.clone());
            let name = full.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, (Source::new(path, text), Folder::Disk(full))))
        })
        .collect()
}
