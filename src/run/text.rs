//! Any bytes as text: a command, its environment and its files need not be UTF-8.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any bytes as a JSON string: each byte becomes the character of the same number, so plain text stays readable
/// and an environment that is not UTF-8 survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) OsString);

impl AsRef<OsStr> for Text {
    fn as_ref(&self) -> &OsStr {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.as_bytes().iter().map(|&byte| char::from(byte)).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
        bytes.map(|bytes| Self(OsString::from_vec(bytes))).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let text = Text(OsString::from_vec((1..=255).collect()));
        let json = serde_json::to_string(&text).unwrap();
        assert!(!json.contains('\n'));
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
        assert!(serde_json::from_str::<Text>("\"\u{100}\"").is_err());
    }
}
