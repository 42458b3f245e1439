//! Bytes that lie: whatever a file claims, it is read without panic and within bounds.

use std::fs;
use std::sync::LazyLock;

use ldwalk::{Image, Loader, Policy, read, scan};
use proptest::collection::vec;
use proptest::prelude::*;

use super::bench::{Bench, NEW};

/// A small real library and a small real program with everything that is read: versions, paths, notes, comments.
static REAL: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let bench = Bench::new();
    fs::write(bench.path("a.map"), "V1 { global: one; }; V2 { global: two; } V1;").unwrap();
    let source = "int one(void) { return 0; } int two(void) { return 0; }";
    let shared =
        ["-shared", "-fPIC", "-Wl,-soname,liba.so", "-Wl,--version-script,{}/a.map", "-Wl,-z,x86-64-v3"];
    let library = bench.cc("liba.so", source, &shared);
    let users =
        "int two(void); int printf(const char *, ...); int main(void) { return two() + printf(\"\"); }";
    let main = bench.cc("main", users, &[NEW, "-Wl,-rpath,$ORIGIN:/nowhere", "{}/liba.so"]);
    [fs::read(library).unwrap(), fs::read(main).unwrap()]
});

#[derive(Clone, Debug)]
enum Lie {
    /// Overwrites bytes: (where, value, width).
    Write(usize, u64, usize),
    /// Copies one part over another.
    Copy(usize, usize, usize),
    Cut(usize),
}

/// Places where the format keeps its structure: the file header, the program headers, the dynamic section, the section
/// headers; and anywhere else. Most fields are aligned, so most places are.
fn place(real: &[u8]) -> impl Strategy<Value = usize> + use<> {
    let long = |at: usize| usize::try_from(u64::from_le_bytes(real[at..at + 8].try_into().unwrap())).unwrap();
    let sections = long(40);
    let mut segments = (0..usize::from(real[56])).map(|index| 64 + 56 * index);
    let dynamic = segments.clone().find(|&at| real[at] == 2).unwrap();
    let dynamic = long(dynamic + 8)..long(dynamic + 8) + long(dynamic + 32);
    let aligned = prop_oneof![
        0..64usize,
        64..segments.next_back().unwrap() + 56,
        dynamic,
        sections..real.len(),
        0..real.len()
    ];
    prop_oneof![4 => aligned.clone().prop_map(|at| at & !7), 1 => aligned]
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(u64::from(u32::MAX)),
        Just(1 << 63),
        Just(0x7fff_ffff_ffff_f000),
        0..64u64,
        0..0x5000u64,
        any::<u64>(),
    ]
}

fn lie(real: &[u8]) -> impl Strategy<Value = Lie> + use<> {
    prop_oneof![
        8 => (place(real), value(), prop_oneof![Just(1usize), Just(2), Just(4), Just(8)])
            .prop_map(|(at, value, width)| Lie::Write(at, value, width)),
        1 => (place(real), place(real), 1..256usize).prop_map(|(from, to, count)| Lie::Copy(from, to, count)),
        1 => (0..real.len()).prop_map(Lie::Cut),
    ]
}

fn lying_file() -> impl Strategy<Value = Vec<u8>> {
    (0..REAL.len()).prop_flat_map(|which| {
        let real = &REAL[which];
        vec(lie(real), 1..8).prop_map(move |lies| {
            let mut bytes = real.clone();
            for lie in lies {
                match lie {
                    Lie::Write(at, value, width) => {
                        for (byte, new) in bytes.iter_mut().skip(at).zip(&value.to_le_bytes()[..width]) {
                            *byte = *new;
                        }
                    }
                    Lie::Copy(from, to, count) => {
                        let part: Vec<u8> = bytes.iter().skip(from).take(count).copied().collect();
                        for (byte, new) in bytes.iter_mut().skip(to).zip(part) {
                            *byte = new;
                        }
                    }
                    Lie::Cut(length) => bytes.truncate(length),
                }
            }
            bytes
        })
    })
}

fn weight(image: &Image) -> usize {
    let sum = |texts: &[Box<str>]| texts.iter().map(|text| text.len()).sum::<usize>();
    let requires: usize =
        image.requires.iter().map(|wanted| wanted.library.len() + sum(&wanted.versions)).sum();
    sum(&image.needed) + sum(&image.provides) + sum(&image.producers) + requires
}

/// Most of what one file may make us keep.
const MOST: usize = 16 << 20;

proptest! {
    #[test]
    fn a_lying_file_is_read_within_bounds(bytes in lying_file()) {
        if let Some(Ok(image)) = read(&bytes) {
            prop_assert!(weight(&image) < MOST);
        }
    }

    #[test]
    fn noise_behind_a_true_magic_is_read_within_bounds(noise in vec(any::<u8>(), 0..2048), wide in 1..=2u8) {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', wide, 1, 1];
        bytes.extend(noise);
        if let Some(Ok(image)) = read(&bytes) {
            prop_assert!(weight(&image) < MOST);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn lying_files_are_scanned_and_loaded_with_each_other(library in lying_file(), main in lying_file()) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("liba.so"), &library).unwrap();
        fs::write(folder.path().join("main"), &main).unwrap();
        let roots = [folder.path().to_owned()];
        let policy = Policy::new(&roots, &[], &["GCC".to_owned()]).unwrap();
        let seen = scan(&roots, &Loader::new(folder.path().to_str().unwrap()), &policy);
        prop_assert!(seen.elf <= 2);
        for finding in &seen.findings {
            prop_assert!(!finding.detail.is_empty() && !finding.kind.hint().is_empty());
        }
    }
}

#[test]
fn real_files_are_read_whole() {
    let [library, main] = &*REAL;
    let library = read(library).unwrap().unwrap();
    assert_eq!(library.soname.as_deref(), Some("liba.so"));
    assert_eq!(
        library.provides.iter().map(|version| &**version).collect::<Vec<_>>(),
        ["liba.so", "V1", "V2"]
    );
    assert_eq!(library.isa_needed, Some(3));
    let main = read(main).unwrap().unwrap();
    assert_eq!(main.runpath.as_deref(), Some("$ORIGIN:/nowhere"));
    assert!(main.interpreter.is_some() && !main.exec_stack && !main.text_relocations);
    let wanted: Vec<_> =
        main.requires.iter().find(|wanted| &*wanted.library == "liba.so").unwrap().versions.clone();
    assert_eq!(wanted, ["V2".into()]);
    assert_eq!(read(b"#!/bin/sh\n"), None);
    assert_eq!(read(b""), None);
}

#[test]
fn libraries_that_need_each_other_are_loaded_once() {
    let bench = Bench::new();
    bench.library("libb.so", &[]);
    bench.library("liba.so", &[NEW, "-Wl,-rpath,{}", "{}/libb.so"]);
    bench.library("libb.so", &[NEW, "-Wl,-rpath,{}", "{}/liba.so"]);
    bench.library("libs.so", &[NEW, "-Wl,-rpath,{}", "{}/liba.so", "{}/libb.so"]);
    let closure = Loader::new("").closure(&bench.path("libs.so")).unwrap();
    assert!(closure.missing.is_empty());
    let ours = closure.members.iter().filter(|member| member.object.path.starts_with(bench.path("")));
    assert_eq!(ours.count(), 3);
}
