//! Which compilers made one file, and are they too many?

use std::collections::BTreeSet;

use super::vendors::Vendors;

/// A compiler by its name and version, as `.comment` tells them.
type Compiler<'v> = (&'v str, String);

/// The compiler that builds the C library, whoever builds the rest.
const OF_C_LIBRARY: &str = "GCC";

/// More compilers than one build can explain, in words. One GCC is taken off: the C library's start files, which are
/// linked into everything, tell of the GCC that built the C library.
pub(super) fn mixed(producers: &[Box<str>], vendors: &Vendors) -> Option<String> {
    let compilers: BTreeSet<Compiler<'_>> =
        producers.iter().filter_map(|producer| compiler(producer, vendors)).collect();
    let gcc = compilers.iter().filter(|(family, _)| *family == OF_C_LIBRARY).count();
    let own = compilers.len() - gcc.min(1);
    (own > 1).then(|| {
        let names: Vec<String> =
            compilers.iter().map(|(family, version)| format!("{family} {version}")).collect();
        format!("holds code of {} compilers: {}", compilers.len(), names.join(", "))
    })
}

/// `GCC: (Debian 12.2.0-14) 12.2.0`, `Debian clang version 16.0.6 (15~deb12u1)`, `Intel(R) oneAPI DPC++/C++ Compiler
/// 2024.1.0 (2024.1.0.20240213)`, `AMD clang version 16.0.3`, `nvc 23.11-0 …`. Linkers and assemblers are none.
fn compiler<'v>(producer: &str, vendors: &'v Vendors) -> Option<Compiler<'v>> {
    let number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.');
    let plain = |word: &str| word.split(['-', '+', '~']).next().unwrap_or(word).to_owned();
    let behind = |(name, marks): &'v (String, Vec<String>)| {
        marks.iter().find_map(|mark| Some((name.as_str(), producer.split_once(mark.as_str())?.1)))
    };
    let (name, rest) = vendors.compilers.iter().find_map(behind)?;
    // A vendor's brackets in front hold versions of packages.
    let bracketed = rest.starts_with('(').then(|| rest.rsplit_once(") ")).flatten();
    let rest = bracketed.map_or(rest, |(_, rest)| rest);
    let version = rest.split_whitespace().find(number)?;
    Some((name, plain(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(producers: &[&str]) -> Option<String> {
        let mut vendors = Vendors::default();
        for (name, mark) in
            [("GCC", "GCC: "), ("clang", "clang version "), ("Intel", "Compiler "), ("NVIDIA", "nvc")]
        {
            vendors.add_compiler(name.to_owned(), vec![mark.to_owned()]);
        }
        mixed(&producers.iter().map(|&text| text.into()).collect::<Vec<Box<str>>>(), &vendors)
    }

    #[test]
    fn one_compiler_and_the_c_librarys_are_no_mixture() {
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["GCC: (Debian 12.2.0-14+deb12u1) 12.2.0", "GCC: (Debian 11.3.0-12) 11.3.0"]), None);
        assert_eq!(
            told(&[
                "GCC: (GNU) 4.8.5 20150623 (Red Hat 4.8.5-39)",
                "GCC: (GNU) 4.8.5 20150623 (Red Hat 4.8.5-44)",
                "Intel(R) oneAPI DPC++/C++ Compiler 2024.1.0 (2024.1.0.20240213)",
                "Linker: LLD 16.0.6",
            ]),
            None
        );
        assert_eq!(told(&["Debian clang version 16.0.6 (15~deb12u1)", "GCC: (Spack GCC) 12.2.0"]), None);
    }

    #[test]
    fn two_beside_the_c_librarys_are() {
        let all =
            ["GCC: (Debian 12.2.0-14) 12.2.0", "GCC: (Spack GCC) 11.3.0", "Debian clang version 16.0.6 (15)"];
        let words = told(&all).unwrap();
        assert_eq!(words, "holds code of 3 compilers: GCC 11.3.0, GCC 12.2.0, clang 16.0.6");
        assert!(told(&["clang version 16.0.6", "clang version 17.0.1"]).is_some());
        assert!(
            told(&["GCC: (GNU) 14.2.1 20250110 (Red Hat 14.2.1-11)", "nvc 23.11-0", "clang version 17.0.1"])
                .is_some()
        );
    }
}
