//! How is a file of RFC 1952 unpacked?

use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// Larger than any index that is packed.
const LARGEST: usize = 1 << 30;
/// Parts of the head that may follow its ten bytes.
const HEAD_SUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// What `bytes` hold; none where they are no gzip, cut short, or not as long as their own end says.
pub(super) fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = bytes.split_at_checked(10)?;
    if !head.starts_with(&[0x1f, 0x8b, 8]) {
        return None;
    }
    let flags = head[3];
    if flags & EXTRA != 0 {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        rest = rest.get(2 + length..)?;
    }
    for _ in [NAME, COMMENT].into_iter().filter(|flag| flags & flag != 0) {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = rest.get(end + 1..)?;
    }
    if flags & HEAD_SUM != 0 {
        rest = rest.get(2..)?;
    }
    let (packed, end) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
    let text = decompress_to_vec_with_limit(packed, LARGEST).ok()?;
    let length = u32::from_le_bytes(end[4..].try_into().ok()?);
    (u64::from(length) == text.len() as u64 % (1 << 32)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As gzip writes it, with these parts of the head.
    fn packed(text: &[u8], flags: u8, more: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        bytes.extend(more);
        bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        bytes.extend([0; 4]);
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes
    }

    #[test]
    fn every_head_is_understood_and_what_is_cut_short_is_nothing() {
        let text = "index ".repeat(500).into_bytes();
        for (flags, more) in [
            (0, &b""[..]),
            (NAME, b"index.json\0"),
            (EXTRA | NAME | COMMENT | HEAD_SUM, b"\x02\0xxname\0comment\0ss"),
        ] {
            let bytes = packed(&text, flags, more);
            assert_eq!(gunzip(&bytes).as_deref(), Some(&text[..]), "{flags}");
            for length in 0..bytes.len() {
                assert_eq!(gunzip(&bytes[..length]), None, "{flags} {length}");
            }
        }
        assert_eq!(gunzip(b"{\"database\": {\"version\": \"8\"}}"), None);
    }
}
