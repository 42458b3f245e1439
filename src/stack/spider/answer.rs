//! The JSON that spider writes, whatever modulefiles print around it and are called.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub(super) type Packages = BTreeMap<String, BTreeMap<String, Entry>>;

/// A modulefile may print, before or after spider does, and what it is called and says need not be UTF-8.
pub(super) fn packages(json: &[u8]) -> Result<Packages, String> {
    let parse = |text: &str| -> Result<Packages, serde_json::Error> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Packages>();
        values.next().unwrap_or_else(|| serde_json::from_str(text))
    };
    let wrong = |error: &serde_json::Error| format!("spider's answer cannot be read: {error}");
    let text = text(json);
    if text.trim() == "[]" {
        return Ok(Packages::new());
    }
    let first = match parse(&text) {
        Ok(packages) => return Ok(packages),
        Err(error) => wrong(&error),
    };
    let begins = text.match_indices("{\"").map(|(at, _)| at).take(TRIES);
    begins.into_iter().find_map(|at| parse(&text[at..]).ok()).ok_or(first)
}

/// In so many places behind what modulefiles print the answer is looked for.
const TRIES: usize = 1000;

/// Where a byte that is no UTF-8 stands until it is a byte of a path again: a plane that is nobody's.
const BYTES: u32 = 0x0010_FF00;

/// The text with control characters escaped within its strings, where JSON does not allow them.
fn text(json: &[u8]) -> String {
    let mut text = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for chunk in json.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' if !escaped => inside = !inside,
                control if control.is_ascii_control() && inside => {
                    let _ = write!(text, "\\u{:04x}", u32::from(control));
                    continue;
                }
                _ => {}
            }
            escaped = letter == '\\' && !escaped;
            text.push(letter);
        }
        let wrong = chunk.invalid().iter().filter_map(|byte| char::from_u32(BYTES + u32::from(*byte)));
        text.extend(wrong);
    }
    text
}

fn byte(letter: char) -> Option<u8> {
    u32::from(letter).checked_sub(BYTES).and_then(|byte| u8::try_from(byte).ok()).filter(|byte| *byte >= 0x80)
}

/// The path with its own bytes.
pub(super) fn raw(file: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(file.len());
    for letter in file.chars() {
        match byte(letter) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// The name as it can be shown.
pub(super) fn shown(name: &str) -> String {
    name.chars()
        .map(
            |letter| {
                if byte(letter).is_some() || letter.is_control() {
                    char::REPLACEMENT_CHARACTER
                } else {
                    letter
                }
            },
        )
        .collect()
}

/// Why a module of this name cannot be asked for, listed and remembered by everybody who has to.
pub(super) fn unfit(name: &str) -> Option<String> {
    let what = if name.chars().any(char::is_control) {
        "control characters"
    } else if name.chars().any(|letter| byte(letter).is_some()) {
        "bytes that are no UTF-8"
    } else if !name.is_ascii() {
        "letters that are not ASCII"
    } else if name.contains(':') {
        "a colon, at which LOADEDMODULES is split"
    } else {
        return None;
    };
    Some(format!("its name has {what}, so Lmod and scripts cannot be relied on to load and list it"))
}

#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "fullName")]
    pub(super) full_name: String,
    #[serde(rename = "parentAA", default)]
    pub(super) parents: List<List<String>>,
    #[serde(default)]
    pub(super) family: Option<String>,
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(rename = "wV", default)]
    pub(super) weight: String,
    #[serde(default)]
    pub(super) whatis: List<String>,
    #[serde(default)]
    pub(super) help: Option<String>,
    #[serde(rename = "pathA", default)]
    pub(super) paths: Keys,
}

/// A Lua list. An empty one may be written `{}`, since Lua has no other.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(List(Vec::new()))
            }
        }
        deserializer.deserialize_any(Items(std::marker::PhantomData))
    }
}

/// The keys of a Lua table that is used as a set. An empty one may be written `[]`.
#[derive(Default)]
pub(super) struct Keys(pub(super) Vec<PathBuf>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Set;
        impl<'de> Visitor<'de> for Set {
            type Value = Keys;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a set")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<PathBuf, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Keys(Vec::new()))
            }
        }
        deserializer.deserialize_any(Set)
    }
}
