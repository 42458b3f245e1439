//! A suite that is new must be embedded, too: the macro that embeds them watches only the files that it has seen.

fn main() {
    println!("cargo::rerun-if-changed=test-suites");
    println!("cargo::rerun-if-changed=fixtures/python-index");
    println!("cargo::rerun-if-changed=fixtures/cran-index");
}
