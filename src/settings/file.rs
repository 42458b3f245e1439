//! The file of settings as it was written.

use std::path::{Path, PathBuf};

use super::known::Known;
use crate::document::{self, Table, Written, nearest};
use crate::error::{Error, Kind, Source};

/// Larger than what any person writes.
const LIMIT: u64 = 1 << 20;

/// A key and what it is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The flag without its hyphens.
    pub key: String,
    /// As they would be typed.
    pub words: Vec<String>,
    /// The profile that says so; none where all profiles share it.
    pub profile: Option<String>,
    /// The line of the file.
    pub line: usize,
}

/// What the file says for this profile.
///
/// # Errors
/// A file that cannot be read, all its faults, and a profile that it does not have.
pub(super) fn read(path: &Path, profile: Option<&str>, known: &Known) -> Result<Vec<Value>, Error> {
    let cannot = |error: std::io::Error| Error::io(Kind::Usage, "read", path, &error);
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > LIMIT {
        let what = format!("`{}` has {length} bytes, wanted at most {LIMIT}", path.display());
        return Err(Error::new(Kind::Data, what));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let folder = std::env::current_dir().map(|here| here.join(&folder)).unwrap_or(folder);
    let file = File { source: Source::new(path, text), folder, known };
    let (base, profiles) = document::read(&file.source, |root| {
        root.leave("profile");
        let base = file.values(root, None);
        (base, root.table("profile", |table| file.profiles(table)).unwrap_or_default())
    })
    .map_err(|faults| Error::of(Kind::Data, faults))?;
    let Some(profile) = profile else { return Ok(base) };
    let Some((_, own)) = profiles.iter().find(|(name, _)| name == profile) else {
        let names: Vec<&str> = profiles.iter().map(|(name, _)| name.as_str()).collect();
        let hint = match nearest(profile, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("a profile is a table: [profile.{profile}]"),
            None => format!("profiles are: {}", names.join(", ")),
        };
        return Err(
            Error::new(Kind::Usage, format!("`{}` has no profile `{profile}`", path.display())).hint(hint)
        );
    };
    let base = base.into_iter().filter(|value| own.iter().all(|other| other.key != value.key));
    Ok(base.chain(own.iter().cloned()).collect())
}

struct File<'k> {
    source: Source,
    folder: PathBuf,
    known: &'k Known,
}

impl File<'_> {
    fn profiles(&self, table: &mut Table<'_>) -> Vec<(String, Vec<Value>)> {
        table.any_key();
        let mut profiles = Vec::new();
        for name in table.keys() {
            let values = table.named_table(&name.value, |table| self.values(table, Some(&name.value)));
            profiles.extend(values.map(|values| (name.value.clone(), values)));
        }
        profiles
    }

    fn values(&self, table: &mut Table<'_>, profile: Option<&str>) -> Vec<Value> {
        table.any_key();
        let keys: Vec<Written<String>> =
            table.keys().filter(|key| profile.is_some() || key.value != "profile").collect();
        keys.into_iter().filter_map(|key| self.value(table, &key, profile)).collect()
    }

    fn value(&self, table: &mut Table<'_>, key: &Written<String>, profile: Option<&str>) -> Option<Value> {
        let Some(known) = self.known.get(&key.value) else {
            let hint = match nearest(&key.value, self.known.names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a key is a flag that has an environment variable: `stackprobe config show` prints them all".to_owned(),
            };
            table.fault_with_hint(format!("unknown key `{}`", key.value), key.span.clone(), hint);
            return None;
        };
        let words = table.named_words(&key.value)?;
        if words.len() != 1 && !known.is_list {
            let what = format!("`{}` must be one value, found {}", key.value, words.len());
            table.fault(what, key.span.clone());
            return None;
        }
        for word in &words {
            if let Some(fault) = self.known.fault(known, &word.value) {
                table.fault(fault, word.span.clone());
            }
        }
        let place = |word: Written<String>| {
            if !known.is_path || word.value.is_empty() {
                return word.value;
            }
            self.folder.join(&word.value).to_string_lossy().into_owned()
        };
        Some(Value {
            key: key.value.clone(),
            words: words.into_iter().map(place).collect(),
            profile: profile.map(str::to_owned),
            line: self.source.position(key.span.start).0,
        })
    }
}
