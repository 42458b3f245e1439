//! Checksums and encodings that archives and package indexes need.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A SHA-256 of named parts. Names and parts are written with their lengths, so no two lists of parts are one text.
#[derive(Debug)]
pub struct Parts(Sha256);

impl Parts {
    /// No parts yet; what the digest is `of` keeps it apart from others.
    #[must_use]
    pub fn new(of: &str) -> Self {
        let mut parts = Self(Sha256::new());
        parts.add("of", of.as_bytes());
        parts
    }

    /// Adds a part.
    pub fn add(&mut self, name: &str, part: &[u8]) {
        for bytes in [name.as_bytes(), part] {
            self.0.update(bytes.len().to_le_bytes());
            self.0.update(bytes);
        }
    }

    /// The digest of all.
    #[must_use]
    pub fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// SHA-256 of everything that can be read from `file`.
///
/// # Errors
/// Those of reading.
pub fn sha256_of(mut file: impl std::io::Read) -> std::io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(count) => digest.update(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// SHA-256 (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// CRC-32 (ISO 3309, as zip and gzip use it).
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Base64 as HTTP's basic authentication writes it.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 as a wheel's RECORD writes it: for URLs, without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// FNV-1a: short, and the same in every run and on every machine.
#[must_use]
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        let of = |list: &[(&str, &str)]| {
            let mut parts = Parts::new("x");
            for (name, part) in list {
                parts.add(name, part.as_bytes());
            }
            parts.digest()
        };
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
        assert_ne!(of(&[("a", "b"), ("c", "d")]), of(&[("a", "bcd")]));
        assert_eq!(of(&[("a", "b")]), of(&[("a", "b")]));
    }

    #[test]
    fn they_are_the_standards_own_examples() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256(b"abc")), abc);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(hex(&sha256_of(&b"abc"[..]).unwrap()), abc);
        assert_eq!((base64(b"a:b").as_str(), base64url(&[0xfb, 0xff]).as_str()), ("YTpi", "-_8"));
    }
}
