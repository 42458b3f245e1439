//! Archives as package tools expect them: a gzipped tar for sources, a zip for wheels. Written here, uncompressed and with
//! fixed times, so that the same sources give the same bytes and no host tool is needed.

use crate::digest::crc32;

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The path inside the archive, with `/` between folders.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A tar file (POSIX ustar) in a gzip stream.
///
/// # Errors
/// Says which path is longer than the 100 bytes that a plain header holds.
pub fn tar_gz(members: &[Member]) -> Result<Vec<u8>, String> {
    let mut tar = Vec::new();
    for member in members {
        tar.extend(tar_header(member)?);
        tar.extend(&member.bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    Ok(gzip(&tar))
}

fn tar_header(member: &Member) -> Result<[u8; 512], String> {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    if member.path.len() > 100 {
        return Err(format!("`{}` is too long a path for a tar header of 100 bytes", member.path));
    }
    put(0, &member.path);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", member.bytes.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

/// Stored blocks of at most 65 535 bytes (RFC 1951, 3.2.4) between the header and trailer of RFC 1952.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = low16(block.len());
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(crc32(bytes).to_le_bytes());
    stream.extend(low32(bytes.len()).to_le_bytes());
    stream
}

/// A zip file of stored members (method 0), all of 1980-01-01, the earliest day a zip can say.
#[must_use]
pub fn zip(members: &[Member]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let offset = low32(file.len());
        let mut common = Vec::new();
        common.extend([20_u16, 0, 0, 0, 0x0021].iter().flat_map(|field| field.to_le_bytes()));
        common.extend(crc32(&member.bytes).to_le_bytes());
        common.extend(low32(member.bytes.len()).to_le_bytes());
        common.extend(low32(member.bytes.len()).to_le_bytes());
        common.extend(low16(member.path.len()).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(member.path.as_bytes());
        file.extend(&member.bytes);
        // Made on Unix (3), a regular file that everyone may read: some unpackers honour it.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(common);
        directory.extend([0_u16; 3].iter().flat_map(|field| field.to_le_bytes()));
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(member.path.as_bytes());
    }
    let (start, length, count) = (low32(file.len()), low32(directory.len()), low16(members.len()));
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend(0_u16.to_le_bytes());
    file
}

/// Sizes here are far below these limits; a fixture that outgrew them would give an archive that every tool refuses.
fn low16(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(u16::MAX)
}

fn low32(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
