//! What the machine is like must not decide a test: where the repository lies, who may enter its folders, and which
//! libraries are installed beside the stack.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::fixture::skip;
use crate::layouts::Layout;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// Libraries that a stack brings itself, and that a host may have, too; but libnuma, which Intel's launcher takes from the
/// host where it is there.
const ALSO_ON_THE_HOST: &str = "libopenblas.so.0 libblas.so.3 liblapack.so.3 libflexiblas.so.3 libmkl_rt.so.2 libblis.so.4 \
    libmpi.so.12 libmpi.so.40 libmpich.so.12 libmpifort.so.12 libmpi_mpifh.so.40 libopen-rte.so.40 libopen-pal.so.40 \
    libopen-pal.so.80 libprrte.so.3 libpmix.so.2 libhwloc.so.15 libevent_core-2.1.so.7 libevent_pthreads-2.1.so.7 \
    libucs.so.0 libucm.so.0 libuct.so.0 libucp.so.0 libfabric.so.1 libpsm2.so.2 libibverbs.so.1 librdmacm.so.1 \
    libnl-3.so.200 libnl-route-3.so.200 libmunge.so.2 libslurm.so.38 libLLVM-16.so.1 libclang-cpp.so.16 \
    libomp.so.5 libmpc.so.3 libmpfr.so.6 libisl.so.23 libz3.so.4";

/// Runs a shell script on a copy of the stack, with the ground of the faults.
fn change(layout: &Layout, script: &str) {
    let script = format!("cd \"$1\" && . \"$0/faults/ground.sh\"\n{script}");
    let made = Command::new("sh").args(["-c", &script, FIXTURES]).arg(&layout.root).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// As root's own home is on a fresh machine.
#[test]
fn a_repository_below_a_closed_folder_is_opened_for_the_users_that_tests_become() {
    if !nix::unistd::geteuid().is_root() {
        return skip("root", "only root can become another user");
    }
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("home/source");
    let repository = closed.join("repository");
    fs::create_dir_all(repository.join("fixtures")).unwrap();
    let script = repository.join("fixtures/opened");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/opened"), &script).unwrap();
    let file = repository.join("file");
    fs::write(&file, "read\n").unwrap();
    for (path, mode) in [
        (folder.path(), 0o755),
        (&folder.path().join("home"), 0o700),
        (&closed, 0o700),
        (&repository, 0o755),
        (&file, 0o644),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let read = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "cat"];
    let output = Command::new(read[0]).args(&read[1..]).arg(&file).output().unwrap();
    assert!(!output.status.success(), "the folder is not closed");
    let shell = "echo new > written; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", "umask 077 && exec \"$@\"", "sh"])
        .arg(&script)
        .args(["sh", "-c", shell, "sh"])
        .args(read)
        .arg(&file)
        .current_dir(&repository)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "read\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::read_to_string(repository.join("written")).unwrap(), "new\n", "what is written stays");
    let mode = fs::metadata(repository.join("written")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "Lmod shows root no modulefile that others may not read");
    assert_eq!(fs::metadata(&closed).unwrap().permissions().mode() & 0o777, 0o700, "nothing changes outside");
}

/// Each of the host's libraries ends the program that loads it.
#[test]
fn libraries_of_the_host_turn_no_healthy_stack_red() {
    if !nix::unistd::geteuid().is_root() {
        return skip("root", "only root can mount a folder of libraries");
    }
    let host = tempfile::tempdir().unwrap();
    let program = "#include <unistd.h>\n__attribute__((constructor)) static void loaded(void) {\n\
        static const char said[] = \"a library of the host was loaded\\n\";\n\
        _exit(write(2, said, sizeof said - 1) < 0 ? 98 : 99);\n}\n";
    fs::write(host.path().join("host.c"), program).unwrap();
    let script =
        "cd \"$0\" && gcc -shared -fPIC host.c -o host.so && for name; do cp host.so \"$name\"; done";
    let names = ALSO_ON_THE_HOST.split_whitespace();
    assert!(Command::new("sh").args(["-c", script]).arg(host.path()).args(names).status().unwrap().success());
    fs::set_permissions(host.path(), fs::Permissions::from_mode(0o755)).unwrap();

    let layout = Layout::new(&[]);
    let libraries = "/usr/lib/x86_64-linux-gnu";
    let mount = format!(
        "mount -t overlay -o lowerdir={}:{libraries} overlay {libraries} && /sbin/ldconfig -X -C /tmp/cache.$$ && \
         mount --bind /tmp/cache.$$ /etc/ld.so.cache && rm /tmp/cache.$$ && exec \"$@\"",
        host.path().display()
    );
    let run = |words: &[&str]| {
        let call = layout.call(&[&["run"], words].concat());
        call.below("/usr/bin/unshare", &["--mount", "sh", "-euc", &mount, "sh"]).run()
    };
    let runs: [&[&str]; 3] = [
        &["mpi/hello", "mpi/identity", "linkage", "--all", "--cc", "gcc/12", "--mpi", "*"],
        &["compiler/c-openmp", "compiler/cxx-exceptions-shared", "linkage", "--all", "--cc", "llvm/16"],
        &["r/core", "--runtime", "r"],
    ];
    for words in runs {
        let answer = run(&[words, &["--site", &format!("{FIXTURES}/stack/site.toml")]].concat()).exits(0);
        assert!(answer.junit().count("passed") > 15, "{}", answer.stdout);
    }
    // An R that brings no BLAS takes the host's: the libraries are where a loader finds them.
    change(&layout, "own_r && rm \"$prefix/lib/R/lib/libblas.so.3\"");
    let answer = run(&["r/core", "--runtime", "r"]).exits(1);
    assert!(answer.stdout.contains("a library of the host was loaded"), "{}", answer.stdout);
}

/// `FlexiBLAS` is none itself, but hands on to one.
#[test]
fn an_r_with_flexiblas_and_its_backend_has_one_blas_and_with_another_beside_it_several() {
    let layout = Layout::new(&[]);
    let blas = r#"own_r && cd "$prefix/lib/R/lib"
        mv libblas.so.3 libopenblas.so.0 && patchelf --set-soname libopenblas.so.0 libopenblas.so.0
        library libflexiblas.so.3 'int flexiblas(void) { return 0; }' -Wl,-soname,libflexiblas.so.3 ./libopenblas.so.0
        library libblas.so.3 'int netlib(void) { return 0; }' -Wl,-soname,libblas.so.3 ./libflexiblas.so.3"#;
    change(&layout, blas);
    let run = || layout.run(&["run", "r/core", "--runtime", "r"]);
    assert_eq!(run().exits(0).junit().case("r.core", "blas").outcome, "passed");
    let beside = r#"cd "$PWD"/opt/r-*/lib/R/lib && rm libblas.so.3
        library libblis.so.4 'int blis(void) { return 0; }' -Wl,-soname,libblis.so.4
        library libblas.so.3 'int netlib(void) { return 0; }' -Wl,-soname,libblas.so.3 ./libflexiblas.so.3 ./libblis.so.4"#;
    change(&layout, beside);
    let junit = run().exits(1).junit();
    let case = junit.case("r.core", "blas");
    assert!(case.outcome == "failure" && case.message.contains("several BLAS in one process"), "{case:?}");
}
