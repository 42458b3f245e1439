//! Are libraries found where the dynamic loader finds them, and is what is wrong with them seen?
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod bench;
mod findings;
mod hostile;
mod resolution;

#[test]
fn what_the_site_knows_of_a_runtime_is_known_beside_a_compiler_too() {
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stack/site.toml");
    for runtime in ["r/4.2.2", "python/3.11.2"] {
        for words in [&["--runtime", runtime][..], &["--cc", "gcc/12", "--runtime", runtime]] {
            let answer = crate::fixture::call(&[&["run", "linkage", "--site", site][..], words].concat())
                .run()
                .exits(0);
            let known = |case: &crate::fixture::Testcase| case.message.contains("known issue");
            assert!(answer.junit().cases.iter().any(known), "{words:?}");
        }
    }
}
