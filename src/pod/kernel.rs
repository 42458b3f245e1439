//! What every program takes for granted of a system: `/proc`, `/dev/null`, a clock that is right, and how the kernel
//! lays out memory.

use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The system around us as it was found. What cannot be determined is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Kernel {
    /// `uname -r`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// `/proc` shows this process.
    pub proc: bool,
    /// `/dev/null` is a device that can be read and written.
    pub null: bool,
    /// Bits by which mappings are moved about (`vm.mmap_rnd_bits`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mmap_rnd_bits: Option<u32>,
    /// Yama's `ptrace_scope`, where the kernel has Yama.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ptrace_scope: Option<u32>,
    /// Seconds by which a file of this image is younger than our clock says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
}

impl Kernel {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        let number = |path: &str| text(path)?.parse().ok();
        Self {
            release: text("/proc/sys/kernel/osrelease"),
            proc: Path::new("/proc/self/stat").exists(),
            null: is_device("/dev/null"),
            mmap_rnd_bits: number("/proc/sys/vm/mmap_rnd_bits"),
            ptrace_scope: number("/proc/sys/kernel/yama/ptrace_scope"),
            behind: behind(SystemTime::now()),
        }
    }
}

/// A plain file of that name is what the first makes who writes to a device that is missing.
fn is_device(path: &str) -> bool {
    let opened = std::fs::OpenOptions::new().read(true).write(true).open(path);
    opened.and_then(|file| file.metadata()).is_ok_and(|found| found.file_type().is_char_device())
}

/// Files that every container has been given or built with by a clock that was right.
const DATED: [&str; 5] = ["/etc/hosts", "/etc/passwd", "/etc/hostname", "/etc/resolv.conf", "/bin"];

fn behind(now: SystemTime) -> Option<u64> {
    let made = DATED.iter().filter_map(|path| std::fs::metadata(path).ok()?.modified().ok());
    let youngest = made.max()?;
    let ahead = youngest.duration_since(now).unwrap_or(Duration::ZERO);
    // A clock before 1970 is behind everything.
    if now < UNIX_EPOCH { Some(u64::MAX) } else { Some(ahead.as_secs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_what_was_made_is_behind() {
        assert_eq!(behind(SystemTime::now()), Some(0));
        let year = Duration::from_hours(24 * 365);
        assert!(behind(UNIX_EPOCH + year).unwrap() > year.as_secs());
    }
}
