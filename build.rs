//! Packs the folders of text that are part of the binary: deflated, they weigh a quarter.
//!
//! Each gives `FOLDER.deflate`, the bytes of its files one after the other, and `FOLDER.rs`, the expression that makes
//! a `Packed` of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The smallest that the deflater can make of it: done once, and carried in every image.
const LEVEL: u8 = 10;

fn main() -> io::Result<()> {
    for folder in ["test-suites", "fixtures/cran-index", "src/report/html/page"] {
        println!("cargo::rerun-if-changed={folder}");
        pack(Path::new(folder))?;
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // The index of the tables for unwinding, which is not done there.
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
    // The macro that embeds it watches only the files that it has seen.
    println!("cargo::rerun-if-changed=fixtures/python-index");
    Ok(())
}

fn pack(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    find(folder, &mut files)?;
    files.sort();
    let (mut table, mut bytes) = (String::new(), Vec::new());
    for file in &files {
        let content = fs::read(file)?;
        let path = file.strip_prefix(folder).map_err(io::Error::other)?.to_string_lossy();
        let _ = writeln!(table, "    ({path:?}, {}),", content.len());
        bytes.extend(content);
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join(format!("{name}.deflate")), miniz_oxide::deflate::compress_to_vec(&bytes, LEVEL))?;
    let packed = format!("Packed::new(&[\n{table}], include_bytes!(\"{name}.deflate\"))\n");
    fs::write(out.join(format!("{name}.rs")), packed)
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
