//! Does a BLAS count with 64 bits behind a name that promises 32?
//!
//! Callers pass 32-bit integers by reference; such a library reads the four bytes beside them, too. `dgemm` may pass by
//! luck, LAPACK does not.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::image::Image;

/// Names of libraries whose integers have 32 bits, up to `.so`.
const NARROW: [&str; 9] = [
    "libblas",
    "libcblas",
    "liblapack",
    "liblapacke",
    "libopenblas",
    "libblis",
    "libflame",
    "libflexiblas",
    "libmkl_intel_lp64",
];
/// What names of the others have in them.
const WIDE: [&str; 2] = ["ilp64", "64"];
/// `OpenBLAS` says in one text how it was built (`openblas_get_config`, `interface/openblas_config.h`).
const SAYS_WIDE: &str = "OpenBLAS [0-9][ -~]*USE64BITINT";
/// The largest are some tens of megabytes.
const LONGEST: u64 = 256 << 20;

#[expect(
    clippy::expect_used,
    reason = "a constant; a pattern that matched nothing would answer wrongly without a word"
)]
fn config() -> Regex {
    Regex::new(SAYS_WIDE).expect(SAYS_WIDE)
}

/// What shows that the integers of the library at `path` are wider than its name says.
pub(super) fn wider_than_named(path: &Path, image: &Image) -> Option<String> {
    static CONFIG: LazyLock<Regex> = LazyLock::new(config);
    let name = path.file_name()?.to_str()?;
    if !NARROW.contains(&stem(name)?) {
        return None;
    }
    if let Some(soname) = image.soname.as_deref()
        && stem(soname).is_some_and(|stem| WIDE.iter().any(|mark| stem.replace("_lp64", "").contains(mark)))
    {
        return Some(format!("its own name is `{soname}`"));
    }
    if stem(name) != Some("libopenblas") && stem(name) != Some("libblas") {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    let found = CONFIG.find(&bytes)?;
    Some(format!("it says `{}`", String::from_utf8_lossy(found.as_bytes())))
}

fn stem(name: &str) -> Option<&str> {
    name.split_once(".so").map(|(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_a_library_gives_itself_ends_before_so() {
        assert_eq!(stem("libopenblas.so.0"), Some("libopenblas"));
        assert_eq!(stem("libopenblas64_.so"), Some("libopenblas64_"));
        assert_eq!(stem("libopenblas.a"), None);
    }

    #[test]
    fn openblas_says_it_in_one_line() {
        let config = Regex::new(SAYS_WIDE).unwrap();
        assert!(
            config
                .is_match(b"\0OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH USE64BITINT Haswell MAX_THREADS=64\0")
        );
        assert!(!config.is_match(b"\0OpenBLAS 0.3.21 DYNAMIC_ARCH Haswell\0USE64BITINT\0"));
    }
}
