//! Every way to be wrong, made once and seen; and the healthy twin, of which nothing is said.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ldwalk::{Finding, FindingKind, Loader, Policy, Scan, Vendors, Weight, judge_maps, scan};
use stackprobe::stack::family::Families;
use stackprobe::suite::embedded;

use super::bench::{Bench, MAIN, NEW, OLD};

/// As our own table has them.
fn vendors() -> Vendors {
    Families::parse(&embedded::table("toolchains.toml")).unwrap().vendors()
}

/// Scans `folders` of the bench, which all belong to the stack.
fn look(bench: &Bench, folders: &[&str]) -> Scan {
    look_with(bench, folders, &Loader::new(""), &[], &[])
}

fn look_with(bench: &Bench, folders: &[&str], loader: &Loader, host: &[&str], compilers: &[&str]) -> Scan {
    let roots: Vec<PathBuf> = folders.iter().map(|folder| bench.path(folder)).collect();
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let policy =
        Policy::new(&[bench.path("")], &texts(host), &texts(compilers)).unwrap().with_vendors(vendors());
    scan(&roots, loader, &policy)
}

/// The only finding of a kind.
fn only(scan: &Scan, kind: FindingKind) -> &Finding {
    let all: Vec<_> = scan.findings.iter().filter(|finding| finding.kind == kind).collect();
    assert_eq!(all.len(), 1, "{kind:?}: {:#?}", scan.findings);
    all[0]
}

fn assert_silent(scan: &Scan) {
    assert!(scan.findings.is_empty(), "{:#?}", scan.findings);
}

#[test]
fn a_healthy_prefix_is_passed_in_silence() {
    let bench = Bench::new();
    bench.library("a/lib/libb.so", &[]);
    bench.library("a/lib/liba.so", &[NEW, "-Wl,-rpath,{}/a/lib:{}/a/lib64", "{}/a/lib/libb.so", "-lm"]);
    bench.cc("a/bin/main", MAIN, &[NEW, "-Wl,-rpath,$ORIGIN/../lib", "{}/a/lib/liba.so"]);
    let seen = look(&bench, &["a"]);
    assert_silent(&seen);
    assert_eq!(seen.elf, 3);
    assert!(seen.files >= 6, "the sources are files too");
    assert!(seen.producers.keys().any(|producer| producer.contains("GCC") || producer.contains("clang")));
}

#[test]
fn a_missing_library_is_named_with_who_needs_it_and_where_one_is() {
    let bench = Bench::new();
    bench.library("b/lib/libb.so", &[]);
    bench.library("a/lib/liba.so", &["{}/b/lib/libb.so"]);
    bench.cc("a/bin/main", MAIN, &[NEW, "-Wl,-rpath,{}/a/lib", "{}/a/lib/liba.so"]);
    let seen = look(&bench, &["a", "b"]);
    let finding = only(&seen, FindingKind::Missing);
    assert_eq!(finding.weight, Weight::Wrong);
    assert_eq!(finding.file, bench.path("a/lib/liba.so"));
    assert_eq!(finding.chain, [bench.path("a/bin/main"), bench.path("a/lib/liba.so")]);
    assert_eq!(finding.others, 1, "the library alone runs into it as well");
    let text = finding.to_string();
    assert!(
        text.contains("needs `libb.so`") && text.contains("b/lib/libb.so") && text.contains("bin/main"),
        "{text}"
    );
    assert_eq!(seen.findings.len(), 1, "{:#?}", seen.findings);
}

#[test]
fn a_damaged_library_is_named_where_it_is_and_where_it_is_needed() {
    let bench = Bench::new();
    let library = bench.library("a/lib/liba.so", &[]);
    let bytes = fs::read(&library).unwrap();
    bench.cc("a/bin/main", MAIN, &[NEW, "-Wl,-rpath,{}/a/lib", "{}/a/lib/liba.so"]);
    for (content, damaged) in
        [(&bytes[..bytes.len() / 2], true), (&b"version https://git-lfs"[..], false), (b"", false)]
    {
        fs::write(&library, content).unwrap();
        let seen = look(&bench, &["a"]);
        assert_eq!(only(&seen, FindingKind::Missing).file, bench.path("a/bin/main"));
        assert_eq!(seen.findings.iter().any(|finding| finding.kind == FindingKind::Damaged), damaged);
    }
    fs::write(&library, &bytes[..bytes.len() - 100]).unwrap();
    let seen = look(&bench, &["a"]);
    assert_eq!(only(&seen, FindingKind::Damaged).weight, Weight::Odd, "only the section headers are cut off");
}

#[test]
fn a_library_whose_data_are_cut_off_is_damaged() {
    let bench = Bench::new();
    let library = bench.cc("liba.so", "int data[100000] = {1};", &["-shared", "-fPIC"]);
    let bytes = fs::read(&library).unwrap();
    assert_silent(&look(&bench, &["liba.so"]));
    fs::write(&library, &bytes[..200_000]).unwrap();
    let seen = look(&bench, &["liba.so"]);
    let finding = only(&seen, FindingKind::Damaged);
    assert_eq!(finding.weight, Weight::Wrong);
    assert!(
        finding.detail.contains("loaded segments") && finding.detail.contains("200000"),
        "{}",
        finding.detail
    );
}

#[test]
fn a_library_of_the_host_is_a_leak_unless_it_is_allowed() {
    let bench = Bench::new();
    bench.cc("bin/main", MAIN, &["-lgcc_s"]);
    let seen = look(&bench, &["bin"]);
    let finding = only(&seen, FindingKind::HostLeak);
    assert_eq!(finding.weight, Weight::Wrong);
    assert!(finding.detail.contains("`libgcc_s.so.1`"), "{}", finding.detail);
    assert_silent(&look_with(&bench, &["bin"], &Loader::new(""), &["libgcc_s.so.*"], &[]));
}

#[test]
fn a_link_of_the_stack_to_the_host_is_a_leak() {
    let bench = Bench::new();
    bench.cc("bin/main", MAIN, &[NEW, "-Wl,-rpath,{}/lib", "-lgcc_s"]);
    fs::create_dir(bench.path("lib")).unwrap();
    let host = Loader::new("").closure(&bench.path("bin/main")).unwrap();
    let host = host.members.iter().find(|member| member.object.path.ends_with("libgcc_s.so.1")).unwrap();
    symlink(&host.object.path, bench.path("lib/libgcc_s.so.1")).unwrap();
    only(&look(&bench, &["bin"]), FindingKind::HostLeak);
}

#[test]
fn a_version_that_is_not_provided_is_what_stops_the_program() {
    let bench = Bench::new();
    fs::write(bench.path("both.map"), "V1 { global: one; }; V2 { global: two; } V1;").unwrap();
    fs::write(bench.path("old.map"), "V1 { global: one; };").unwrap();
    let source = "int one(void) { return 0; } int two(void) { return 0; }";
    let shared = ["-shared", "-fPIC", "-Wl,-soname,liba.so"];
    let with = |map| [&shared[..], &[map]].concat();
    bench.cc("new/liba.so", source, &with("-Wl,--version-script,{}/both.map"));
    bench.cc("old/liba.so", source, &with("-Wl,--version-script,{}/old.map"));
    bench.cc("bare/liba.so", source, &shared);
    let users = "int one(void); int two(void); int main(void) { return one() + two(); }";
    let main = bench.cc("bin/main", users, &[NEW, "-Wl,-rpath,{}/new", "{}/new/liba.so"]);
    let run = |folder: &str| {
        Command::new(&main)
            .env("LD_LIBRARY_PATH", bench.path(folder))
            .env("LD_BIND_NOW", "1")
            .output()
            .unwrap()
    };
    for (folder, runs) in [("new", true), ("old", false), ("bare", true)] {
        assert_eq!(run(folder).status.success(), runs, "{folder}: {:?}", run(folder));
        let loader = Loader::new(bench.path(folder).to_str().unwrap());
        let seen = look_with(&bench, &["bin"], &loader, &[], &[]);
        if runs {
            assert_silent(&seen);
            continue;
        }
        let finding = only(&seen, FindingKind::Version);
        assert_eq!((finding.weight, &finding.file), (Weight::Wrong, &main));
        assert!(
            finding.detail.contains("wants V2 of") && finding.detail.contains("old/liba.so"),
            "{}",
            finding.detail
        );
    }
}

#[test]
fn search_paths_that_lead_astray_are_told_apart() {
    let bench = Bench::new();
    bench.cc(
        "bin/main",
        MAIN,
        &[NEW, "-Wl,-rpath,/build/x/lib:lib/relative::/nowhere/at/all:{}/bin/lib64:/scratch/spack-stage/x/lib:{}/gone"],
    );
    let seen = look(&bench, &["bin"]);
    let details = |kind| {
        let all = seen.findings.iter().filter(|finding| finding.kind == kind);
        all.map(|finding| finding.detail.split('`').nth(1).unwrap_or("empty")).collect::<Vec<_>>()
    };
    assert_eq!(details(FindingKind::BuildPath), ["/build/x/lib", "/scratch/spack-stage/x/lib"]);
    assert_eq!(details(FindingKind::RelativePath), ["lib/relative", "empty"]);
    assert_eq!(details(FindingKind::DeadPath), ["/nowhere/at/all"]);
    assert_eq!(seen.findings.len(), 5, "{:#?}", seen.findings);
}

#[test]
fn a_library_path_with_an_empty_part_is_told() {
    let bench = Bench::new();
    let seen = look_with(&bench, &[], &Loader::new("/usr/lib:"), &[], &[]);
    assert_eq!(only(&seen, FindingKind::RelativePath).file, Path::new("LD_LIBRARY_PATH"));
    assert_silent(&look_with(&bench, &[], &Loader::new(""), &[], &[]));
}

#[test]
fn two_runtimes_in_one_process_are_seen_and_two_names_of_one_are_not() {
    for (kind, first, second) in [
        (FindingKind::TwoOpenMp, "libgomp.so.1", "libiomp5.so"),
        (FindingKind::TwoMpi, "libmpi.so.40", "libmpi.so.12"),
    ] {
        let bench = Bench::new();
        let paths = [format!("one/{first}"), format!("two/{second}")];
        bench.library(&paths[0], &[]);
        bench.library(&paths[1], &[]);
        bench.library("liba.so", &[NEW, "-Wl,-rpath,{}/two", &format!("{{}}/{}", paths[1])]);
        let main = ["-Wl,-rpath,{}:{}/one", "{}/liba.so", &format!("{{}}/{}", paths[0])];
        let main = bench.cc("main", MAIN, &[&[NEW], &main[..]].concat());
        let seen = look(&bench, &["main", "liba.so", "one", "two"]);
        let finding = only(&seen, kind);
        assert_eq!((finding.weight, &finding.file), (Weight::Wrong, &bench.path("liba.so")));
        assert_eq!(finding.chain, [main, bench.path("liba.so")]);
        assert!(paths.iter().all(|path| finding.detail.contains(path)), "{}", finding.detail);
        fs::remove_file(bench.path(&paths[1])).unwrap();
        symlink(bench.path(&paths[0]), bench.path(&paths[1])).unwrap();
        assert_silent(&look(&bench, &["main", "liba.so", "one"]));
    }
}

#[test]
fn a_file_for_a_better_cpu_is_refused_and_one_chosen_by_level_is_not() {
    let bench = Bench::new();
    let source = "int a;";
    let marked = ["-shared", "-fPIC", "-Wl,-z,x86-64-v3"];
    bench.cc("lib/liba.so", source, &marked);
    bench.cc("lib/glibc-hwcaps/x86-64-v3/libb.so", source, &marked);
    let on = |level| look_with(&bench, &["lib"], &Loader::on_cpu("", level), &[], &[]);
    let seen = on(2);
    let finding = only(&seen, FindingKind::CpuLevel);
    assert_eq!(finding.file, bench.path("lib/liba.so"));
    assert!(
        finding.detail.contains("x86-64-v3") && finding.detail.contains("x86-64-v2"),
        "{}",
        finding.detail
    );
    assert_silent(&on(3));
}

#[test]
fn a_foreign_compiler_is_seen_where_one_is_expected() {
    let bench = Bench::new();
    bench.library("liba.so", &[]);
    let with = |compilers: &[&str]| look_with(&bench, &["liba.so"], &Loader::new(""), &[], compilers);
    let finding = with(&["Cray clang"]);
    assert_eq!(only(&finding, FindingKind::Compiler).weight, Weight::Wrong);
    assert_silent(&with(&["Cray clang", "GCC", "clang"]));
    assert_silent(&with(&[]));
}

#[test]
fn a_loader_that_is_not_there_is_seen() {
    let bench = Bench::new();
    for loader in ["/nowhere/ld-linux-x86-64.so.2", "relative/ld.so", "/dev/null"] {
        bench.cc("main", MAIN, &[&format!("-Wl,--dynamic-linker={loader}")]);
        let seen = look(&bench, &["main"]);
        let finding = only(&seen, FindingKind::Interpreter);
        assert_eq!(finding.weight, Weight::Wrong);
        assert!(finding.detail.contains(loader), "{}", finding.detail);
    }
    bench.cc("main", MAIN, &["-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"]);
    assert_eq!(only(&look(&bench, &["main"]), FindingKind::Interpreter).weight, Weight::Odd);
}

#[test]
fn what_is_merely_odd_is_said_and_no_more() {
    let bench = Bench::new();
    let library = bench.library("liba.so", &["-Wl,-z,execstack"]);
    fs::set_permissions(&library, fs::Permissions::from_mode(0o666)).unwrap();
    let source = "extern int there; int *here(void) { return &there; } int there;";
    bench.cc("libt.so", source, &["-shared", "-fno-pic", "-mcmodel=large", "-Wl,-z,notext"]);
    let mut bytes = fs::read(&library).unwrap();
    bytes[18] = 40;
    fs::write(bench.path("libm.so"), bytes).unwrap();
    symlink("gone.so", bench.path("libd.so")).unwrap();
    symlink(".", bench.path("loop")).unwrap();
    symlink("around", bench.path("around")).unwrap();
    let seen = look(&bench, &[""]);
    for (kind, file) in [
        (FindingKind::ExecStack, "liba.so"),
        (FindingKind::Writable, "liba.so"),
        (FindingKind::TextRelocations, "libt.so"),
        (FindingKind::Machine, "libm.so"),
    ] {
        assert_eq!(only(&seen, kind).file, bench.path("").join(file), "{kind:?}");
    }
    let dangling = seen.findings.iter().filter(|finding| finding.kind == FindingKind::DanglingLink);
    let mut dangling: Vec<_> = dangling.map(|finding| finding.detail.as_str()).collect();
    dangling.sort_unstable();
    assert_eq!(
        dangling,
        ["leads to `around`, and from there in a circle", "leads to `gone.so`, which is not there"]
    );
    assert_eq!(seen.wrong().count(), 0, "{:#?}", seen.findings);
    assert_eq!(seen.findings.len(), 6, "{:#?}", seen.findings);
}

#[test]
fn debugging_information_and_objects_are_no_libraries() {
    let bench = Bench::new();
    let main = bench.cc("main", MAIN, &["-g"]);
    for (program, arguments) in
        [("objcopy", &["--only-keep-debug", "main", "main.debug"][..]), ("cc", &["-c", "main.c"])]
    {
        let status = Command::new(program).args(arguments).current_dir(bench.path("")).status().unwrap();
        assert!(status.success(), "{program}");
    }
    fs::remove_file(main).unwrap();
    let seen = look(&bench, &[""]);
    assert_eq!(seen.elf, 2);
    assert_silent(&seen);
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let bench = Bench::new();
    assert_eq!(only(&look(&bench, &["nowhere"]), FindingKind::Unreadable).file, bench.path("nowhere"));
}

#[test]
fn what_the_programs_bring_excuses_a_library() {
    let bench = Bench::new();
    bench.library("other/libb.so", &[]);
    bench.library("lib/liba.so", &["{}/other/libb.so"]);
    let main = bench.cc("bin/main", MAIN, &[OLD, "-Wl,-rpath,{}/lib:{}/other", "{}/lib/liba.so"]);
    let seen = look(&bench, &["lib", "bin", "other"]);
    let finding = only(&seen, FindingKind::Missing);
    assert_eq!((finding.weight, &finding.file), (Weight::Odd, &bench.path("lib/liba.so")));
    fs::remove_file(main).unwrap();
    assert_eq!(only(&look(&bench, &["lib", "bin", "other"]), FindingKind::Missing).weight, Weight::Wrong);
}

#[test]
fn a_neighbour_excuses_a_library_but_not_a_program() {
    let bench = Bench::new();
    bench.library("p/lib/libb.so", &[]);
    bench.library("p/lib/liba.so", &["{}/p/lib/libb.so"]);
    assert_eq!(only(&look(&bench, &["p"]), FindingKind::Missing).weight, Weight::Odd);
    bench.cc("p/lib/main", MAIN, &["{}/p/lib/libb.so"]);
    let seen = look(&bench, &["p"]);
    let wrong: Vec<_> = seen.wrong().map(|finding| &finding.file).collect();
    assert_eq!(wrong, [&bench.path("p/lib/main")]);
}

#[test]
fn a_plugin_is_excused_only_on_evidence() {
    let bench = Bench::new();
    bench.library("p/lib/server/libhost.so", &[]);
    let plugin = ["{}/p/lib/server/libhost.so"];
    bench.library("p/lib/plugins/libx.so", &plugin);
    bench.library("p/lib/liby.so", &plugin);
    let weights = |seen: &Scan| {
        let all = seen.findings.iter().filter(|finding| finding.kind == FindingKind::Missing);
        all.map(|finding| (finding.file.file_name().unwrap().to_owned(), finding.weight)).collect::<Vec<_>>()
    };
    let pair = |name: &str, weight| (name.into(), weight);
    let seen = look(&bench, &["p"]);
    assert_eq!(weights(&seen), [pair("liby.so", Weight::Wrong), pair("libx.so", Weight::Odd)]);
    bench.cc("p/bin/host", "char *opens = \"libhost.so\"; int main(void) { return !opens; }", &[]);
    let seen = look(&bench, &["p"]);
    assert_eq!(weights(&seen), [pair("liby.so", Weight::Odd), pair("libx.so", Weight::Odd)]);
    fs::remove_file(bench.path("p/lib/server/libhost.so")).unwrap();
    let seen = look(&bench, &["p"]);
    assert!(weights(&seen).iter().all(|(_, weight)| *weight == Weight::Wrong), "{:#?}", seen.findings);
}

#[test]
fn a_running_process_is_judged_by_what_it_has_mapped() {
    let bench = Bench::new();
    bench.library("one/libgomp.so.1", &[]);
    bench.library("two/libomp.so", &[]);
    let source = "#include <dlfcn.h>
        #include <stdio.h>
        int main(int count, char **names) {
            for (int at = 1; at < count; at++)
                if (!dlopen(names[at], RTLD_NOW)) return 2;
            FILE *maps = fopen(\"/proc/self/maps\", \"r\");
            for (int byte; (byte = getc(maps)) != EOF; ) putchar(byte);
            return 0;
        }";
    let main = bench.cc("main", source, &["-ldl"]);
    let loader = Loader::new("");
    let policy = Policy::new(&[bench.path("")], &[], &[]).unwrap().with_vendors(vendors());
    let kinds = |libraries: &[&Path]| {
        let output = Command::new(&main).args(libraries).output().unwrap();
        assert!(output.status.success());
        let maps = String::from_utf8(output.stdout).unwrap();
        let findings = judge_maps(&maps, &main, &loader, &policy);
        findings.iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    let (one, two) = (bench.path("one/libgomp.so.1"), bench.path("two/libomp.so"));
    assert_eq!(kinds(&[]), []);
    assert_eq!(kinds(&[&one]), []);
    assert_eq!(kinds(&[&one, &two]), [FindingKind::TwoOpenMp]);
    assert_eq!(kinds(&[Path::new("libgcc_s.so.1")]), [FindingKind::HostLeak]);
}
