//! A stack that is to go live: whether its gate let exactly this tree go, and whether it stays valid behind a link.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::digest::{Parts, hex, sha256};
use crate::error::{Error, Fault, Kind, not_read, reason};
use crate::gate::{Ruling, Verdict};
use crate::plan::basis::changed;
use crate::report::basis::Basis;
use crate::report::record::PlanRecord;
use crate::report::results::{read_bounded, read_plan};
use path_fault::entries;

/// Largest verdict or plan that is read.
const LIMIT: u64 = 64 << 20;
/// So many files are named.
const NAMED: usize = 5;

/// A stack that is to go live.
#[derive(Debug)]
pub struct Candidate {
    /// Where it really is.
    pub stack: PathBuf,
    /// The plan that its gate judged by, if there is one, and its text.
    pub plan: Option<(PlanRecord, Vec<u8>)>,
    /// When its gate let it go.
    pub gate: String,
    /// Digests for the manifest.
    pub digests: BTreeMap<String, String>,
}

impl Candidate {
    /// Looks at a stack, the verdict of its gate and the plan that it was judged by.
    ///
    /// # Errors
    /// A folder that is not there; files that cannot be read. Whether it may go is another question.
    pub fn new(
        stack: &Path,
        verdict: Option<&Path>,
        plan: Option<&Path>,
    ) -> Result<(Self, Vec<Fault>), Error> {
        let real = stack.canonicalize().map_err(|error| Error::io(Kind::Usage, "find", stack, &error))?;
        if !real.is_dir() {
            return Err(Error::new(Kind::Usage, format!("`{}` is not a folder", stack.display())));
        }
        let mut candidate = Self { stack: real, plan: None, gate: String::new(), digests: BTreeMap::new() };
        if let Some(path) = plan {
            let text =
                read_bounded(path, LIMIT).map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
            candidate.digests.insert("plan".to_owned(), hex(&sha256(&text)));
            candidate.plan = Some((read_plan(path)?, text));
        }
        let mut faults = Vec::new();
        match verdict {
            Some(path) => {
                let text = read_bounded(path, LIMIT)
                    .map_err(|error| Error::io(Kind::Usage, "read", path, &error))?;
                let verdict: Verdict = serde_json::from_slice(&text).map_err(|error| {
                    Error::new(Kind::Data, format!("cannot read `{}`: {}", path.display(), not_read(&error)))
                        .hint("`stackprobe gate … --out FILE` writes one")
                })?;
                faults.extend(candidate.judged(&verdict, path));
            }
            None => faults.push(
                Fault::new("no gate has let this stack go")
                    .hint("give --gate verdict.json and --plan plan.json of `stackprobe gate`"),
            ),
        }
        if candidate.plan.is_none() {
            faults.push(
                Fault::new("no plan was given: which modulefiles were judged is not known")
                    .hint("give --plan plan.json, by which `stackprobe gate` judged"),
            );
        }
        faults.extend(candidate.same());
        Ok((candidate, faults))
    }

    /// What speaks against it in the verdict.
    fn judged(&mut self, verdict: &Verdict, path: &Path) -> Vec<Fault> {
        let mut faults = Vec::new();
        if verdict.verdict == Ruling::MayGo {
            self.gate.clone_from(&verdict.decided);
        } else {
            let first =
                verdict.reasons.first().map(|reason| format!(": {}", reason.what)).unwrap_or_default();
            faults
                .push(Fault::new(format!("the gate said no{first}")).hint(format!("see {}", path.display())));
        }
        if verdict.digests.get("plan") != self.digests.get("plan") && self.plan.is_some() {
            let what = format!("`{}` is the verdict of another plan", path.display());
            faults.push(Fault::new(what).hint("give the plan that `stackprobe gate` was given"));
        }
        for name in ["results", "policy"] {
            let digest = verdict.digests.get(name).map(|digest| (name.to_owned(), digest.clone()));
            self.digests.extend(digest);
        }
        faults
    }

    /// What is not as it was judged.
    fn same(&mut self) -> Vec<Fault> {
        let Some(basis) = self.plan.as_ref().and_then(|(plan, _)| plan.basis.clone()) else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        let outside: Vec<&String> =
            basis.modulefiles.keys().filter(|path| !real(Path::new(path)).starts_with(&self.stack)).collect();
        if basis.modulefiles.is_empty() || outside.len() == basis.modulefiles.len() {
            let what = format!(
                "the plan is of another stack: none of its modulefiles lies in {}",
                self.stack.display()
            );
            faults.push(
                Fault::new(what).hint("plan, run and judge the stack at the place where it is promoted from"),
            );
            return faults;
        }
        match changed(&basis) {
            Some(files) if files.is_empty() => {}
            Some(files) => {
                let what = format!("{} of the stack not as they were judged: {}", files.len(), some(&files));
                faults.push(Fault::new(what).hint("plan, run and judge it again"));
            }
            None => faults.push(Fault::new("none of the modulefiles that were judged can be read")),
        }
        match unjudged(&basis, &self.stack) {
            Ok(files) if files.is_empty() => {}
            Ok(files) => {
                let what = format!("modulefiles that nobody judged: {}", some(&files));
                faults.push(Fault::new(what).hint("plan, run and judge it again"));
            }
            Err(why) => {
                faults.push(Fault::new(format!("cannot look for modulefiles that nobody judged: {why}")));
            }
        }
        self.digests.insert("tree".to_owned(), tree(&basis));
        faults
    }

    /// Modulefiles that lead through one of these links: what they say would change under a running job.
    ///
    /// # Errors
    /// Those of reading.
    pub fn through(&self, links: &[PathBuf]) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        let files = match &self.plan {
            Some((plan, _)) => {
                plan.basis.iter().flat_map(|basis| basis.modulefiles.keys().map(PathBuf::from)).collect()
            }
            None => lua_files(&self.stack).map_err(|why| Error::new(Kind::Pod, why))?,
        };
        for file in files {
            let text = std::fs::read(&file).map_err(|error| Error::io(Kind::Pod, "read", &file, &error))?;
            let text = String::from_utf8_lossy(&text);
            if links.iter().any(|link| leads(&text, link)) {
                found.push(file.display().to_string());
            }
        }
        Ok(found)
    }
}

/// One digest of every modulefile and book.
#[must_use]
pub fn tree(basis: &Basis) -> String {
    let mut parts = Parts::new("tree");
    for (path, file) in &basis.modulefiles {
        parts.add(path, file.text.as_bytes());
        parts.add("install", file.install.as_bytes());
    }
    for (path, book) in &basis.books {
        parts.add(path, book.as_bytes());
    }
    hex(&parts.digest())
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Whether a text names this path or one below it.
fn leads(text: &str, link: &Path) -> bool {
    let link = link.to_string_lossy();
    text.match_indices(&*link).any(|(at, _)| {
        let next = text[at + link.len()..].chars().next();
        next.is_none_or(|next| !(next.is_alphanumeric() || matches!(next, '.' | '_' | '-' | '+')))
    })
}

/// Modulefiles in the folder of all that were judged, which were not.
fn unjudged(basis: &Basis, stack: &Path) -> Result<Vec<String>, String> {
    let known: BTreeSet<PathBuf> = basis.modulefiles.keys().map(|path| real(Path::new(path))).collect();
    let mut common: Option<PathBuf> = None;
    for path in &known {
        let Some(folder) = path.parent().filter(|folder| folder.starts_with(stack)) else { continue };
        common = Some(match common {
            None => folder.to_path_buf(),
            Some(above) => {
                let shared = above.components().zip(folder.components()).take_while(|(a, b)| a == b);
                shared.map(|(part, _)| part).collect()
            }
        });
    }
    let Some(common) = common else { return Ok(Vec::new()) };
    let all = lua_files(&common)?;
    Ok(all
        .into_iter()
        .filter(|path| !known.contains(&real(path)))
        .map(|path| path.display().to_string())
        .collect())
}

/// Links are not followed: a tree may lead to others, and back to itself. Spack's installs hold none of ours.
fn lua_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut open, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in entries(&folder).map_err(|fault| fault.to_string())? {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let kind = entry.file_type().map_err(|error| reason(&error))?;
            if kind.is_dir() && !hidden {
                open.push(entry.path());
            } else if !hidden && entry.path().extension().is_some_and(|end| end == "lua") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn some(files: &[String]) -> String {
    let more = files.len().saturating_sub(NAMED);
    let named = files.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}
