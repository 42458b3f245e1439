//! A folder in which a compiler makes small libraries and programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The standard loader of this machine.
pub(crate) const INTERPRETER: &str = "/lib64/ld-linux-x86-64.so.2";
/// A program that does nothing.
pub(crate) const MAIN: &str = "int main(void) { return 0; }";
/// `-rpath` becomes a `DT_RPATH`.
pub(crate) const OLD: &str = "-Wl,--disable-new-dtags";
/// `-rpath` becomes a `DT_RUNPATH`.
pub(crate) const NEW: &str = "-Wl,--enable-new-dtags";

/// A folder in which libraries and programs are made.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder.
    pub(crate) fn root(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// Compiles `source` into `out`; `{}` in an argument is the folder.
    pub(crate) fn cc(&self, out: &str, source: &str, arguments: &[&str]) -> PathBuf {
        let out = self.path(out);
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        let file = out.with_extension("c");
        fs::write(&file, source).unwrap();
        let root = self.root();
        let output = Command::new("cc")
            .args(["-O0", "-w", "-o"])
            .arg(&out)
            .arg(&file)
            .args(["-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined"])
            .args(arguments.iter().map(|argument| argument.replace("{}", root)))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        out
    }

    /// A library at `PATH/libNAME.so` with the soname `libNAME.so`.
    pub(crate) fn library(&self, path: &str, arguments: &[&str]) -> PathBuf {
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        let soname = format!("-Wl,-soname,{name}");
        let mut all = vec!["-shared", "-fPIC", &soname];
        all.extend(arguments);
        let function: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
        self.cc(path, &format!("int {function}(void) {{ return 1; }}"), &all)
    }
}
