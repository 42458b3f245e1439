//! Spack's files in every version of their formats, and cut short, and newer than known.
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use spack_db::{Database, Evidence, Lock, Owner, Packages, Record, Standing, Tool, read_spec};
use stackprobe::stack::family::Families;
use stackprobe::suite::embedded;
use tempfile::TempDir;

/// 32 characters that begin with a letter of their own.
pub(crate) fn hash(letter: char) -> String {
    format!("{letter}bcdefghijklmnopqrstuvwxyz234567")
}

/// One install in words that no version shares: the tests write it in the words of each.
struct Install {
    hash: String,
    name: &'static str,
    version: &'static str,
    /// Hash, name and virtuals.
    needs: Vec<(String, &'static str, Vec<&'static str>)>,
    explicit: bool,
    ref_count: u64,
}

/// gcc, two MPIs of which one is only there, and an hdf5 over the other.
fn installs() -> Vec<Install> {
    let gcc = || (hash('g'), "gcc", vec!["c", "cxx"]);
    let install = |letter, name, version, needs, explicit, ref_count| Install {
        hash: hash(letter),
        name,
        version,
        needs,
        explicit,
        ref_count,
    };
    vec![
        install('g', "gcc", "12.2.0", vec![], true, 3),
        install('o', "openmpi", "5.0.6", vec![gcc(), (hash('z'), "zlib", vec![])], true, 1),
        install('m', "mpich", "4.2.3", vec![gcc()], false, 0),
        install('z', "zlib", "1.3.1", vec![gcc()], false, 2),
        install(
            'h',
            "hdf5",
            "1.14.5",
            vec![gcc(), (hash('o'), "openmpi", vec!["mpi"]), (hash('z'), "zlib", vec![])],
            true,
            0,
        ),
    ]
}

/// A node in the words of a specfile version.
fn node(install: &Install, specfile: u64) -> Value {
    let arch =
        json!({"platform": "linux", "platform_os": "rhel9", "target": {"name": "zen3", "vendor": "AMD"}});
    let mut node = json!({
        "version": install.version, "arch": arch, "namespace": "builtin",
        "parameters": {"mpi": true, "cflags": [], "build_system": "autotools"},
        "package_hash": "abc====", "key_of_tomorrow": {"name": 1, "list": [[]]},
    });
    if specfile >= 2 {
        node["name"] = install.name.into();
        node["hash"] = install.hash.clone().into();
    }
    if specfile < 5 && install.name != "gcc" {
        node["compiler"] = json!({"name": "gcc", "version": "12.2.0"});
    }
    // Before 1.0 a compiler was no dependency.
    let needs = install.needs.iter().filter(|(_, name, _)| specfile >= 5 || *name != "gcc");
    let needs: Vec<Value> = needs
        .map(|(hash, name, virtuals)| match specfile {
            ..=3 => json!({"name": name, "hash": hash, "type": ["build", "link"]}),
            _ => json!({"name": name, "hash": hash,
                        "parameters": {"deptypes": ["build", "link"], "virtuals": virtuals, "direct": true}}),
        })
        .collect();
    if specfile == 1 {
        let by_name = needs.into_iter().map(|need| (need["name"].as_str().unwrap().to_owned(), need));
        node["dependencies"] = by_name.collect::<serde_json::Map<_, _>>().into();
        return json!({install.name: node});
    }
    if !needs.is_empty() {
        node["dependencies"] = needs.into();
    }
    node
}

fn prefix(install: &Install) -> String {
    format!("/spack/opt/{}-{}-{}", install.name, install.version, install.hash)
}

pub(crate) fn database(version: &str, specfile: u64) -> Value {
    let records = installs().into_iter().map(|install| {
        let record = json!({
            "spec": node(&install, specfile), "path": prefix(&install), "installed": install.name != "zlib",
            "ref_count": install.ref_count, "explicit": install.explicit, "installation_time": 1.7e9,
            "origin": "external-db",
        });
        (install.hash.clone(), record)
    });
    json!({"database": {"version": version, "installs": records.collect::<serde_json::Map<_, _>>()}})
}

/// As our own table has them.
fn packages() -> Packages {
    Families::parse(&embedded::table("toolchains.toml")).unwrap().packages()
}

fn tree(text: &str) -> TempDir {
    let tree = TempDir::new().unwrap();
    fs::create_dir(tree.path().join(".spack-db")).unwrap();
    fs::write(tree.path().join(".spack-db/index.json"), text).unwrap();
    tree
}

fn read(value: &Value) -> Database {
    Database::read(tree(&value.to_string()).path(), &packages()).unwrap()
}

fn tool(tool: Option<&Tool>) -> Option<(&str, &str)> {
    tool.map(|tool| (&*tool.name, &*tool.version))
}

#[test]
fn every_version_of_the_database_says_the_same() {
    for (version, specfile) in [("5", 1), ("6", 2), ("6", 3), ("7", 4), ("8", 5), ("9", 6)] {
        let database = read(&database(version, specfile));
        assert_eq!(database.warnings, Vec::<String>::new(), "{version}");
        assert_eq!(database.records.len(), 5, "{version}");
        let hdf5 = database.by_hash(&hash('h')).unwrap();
        assert_eq!((&*hdf5.name, &*hdf5.version), ("hdf5", "1.14.5"), "{version}/{specfile}");
        assert_eq!(tool(hdf5.compiler.as_ref()), Some(("gcc", "12.2.0")), "{version}/{specfile}");
        assert_eq!(tool(hdf5.mpi.as_ref()), Some(("openmpi", "5.0.6")), "{version}/{specfile}");
        assert_eq!(hdf5.mpi.as_ref().unwrap().hash.as_deref(), Some(&*hash('o')), "{version}/{specfile}");
        let compiler_hash = hdf5.compiler.as_ref().unwrap().hash.as_deref();
        assert_eq!(compiler_hash, (specfile >= 5).then(|| hash('g')).as_deref(), "{version}/{specfile}");
        assert_eq!(hdf5.prefix.as_deref(), Some(Path::new(&prefix(&installs()[4]))));
        assert!(hdf5.explicit && hdf5.installed && !hdf5.external);
        let openmpi = database.by_hash(&hash('o')).unwrap();
        assert_eq!((openmpi.mpi.as_ref(), openmpi.dependents), (None, Some(1)), "{version}/{specfile}");
        assert_eq!(database.by_hash(&hash('g')).unwrap().compiler, None, "{version}/{specfile}");
    }
}

#[test]
fn how_an_install_stands_is_told() {
    let mut value = database("9", 6);
    let wanted = read(&value);
    let standing = wanted.by_hash(&hash('h')).unwrap().standing();
    assert_eq!(standing, Standing::Wanted, "nothing depends on it, but somebody asked for it");
    value["database"]["installs"][hash('h')]["deprecated_for"] = hash('x').into();
    let database = read(&value);
    let standing = |letter| database.by_hash(&hash(letter)).unwrap().standing();
    assert_eq!(standing('g'), Standing::Wanted);
    assert_eq!(standing('m'), Standing::Orphaned);
    assert_eq!(standing('z'), Standing::Absent);
    assert_eq!(standing('h'), Standing::Deprecated);
    assert_eq!(database.by_hash(&hash('h')).unwrap().deprecated_for.as_deref(), Some(&*hash('x')));
}

#[test]
fn old_nodes_in_a_new_database_keep_their_compiler() {
    let mut value = database("8", 5);
    let node = &mut value["database"]["installs"][hash('m')]["spec"];
    node["dependencies"] = json!([]);
    node["annotations"] = json!({"original_specfile_version": 4, "compiler": "gcc@=11.4.0"});
    let external = &mut value["database"]["installs"][hash('g')]["spec"];
    external["external"] =
        json!({"path": "/usr", "module": null, "extra_attributes": {"compilers": {"c": "/usr/bin/gcc"}}});
    let database = read(&value);
    let mpich = database.by_hash(&hash('m')).unwrap();
    assert_eq!(tool(mpich.compiler.as_ref()), Some(("gcc", "11.4.0")));
    assert!(database.by_hash(&hash('g')).unwrap().external);
}

#[test]
fn a_package_that_could_be_an_mpi_is_one_only_if_virtuals_do_not_say_otherwise() {
    let mut value = database("9", 6);
    let spec = &mut value["database"]["installs"][hash('h')]["spec"];
    spec["dependencies"][1]["parameters"]["virtuals"] = json!([]);
    assert_eq!(read(&value).by_hash(&hash('h')).unwrap().mpi, None);
}

#[test]
fn a_newer_or_older_database_is_read_with_a_warning() {
    for (version, word) in [("11", "newer"), ("4", "older")] {
        let database = read(&database(version, 6));
        assert_eq!(database.records.len(), 5);
        assert_eq!(database.warnings.len(), 1);
        assert!(
            database.warnings[0].contains(word) && database.warnings[0].contains(version),
            "{:?}",
            database.warnings
        );
        assert!(!database.warnings[0].contains('\n'));
    }
}

#[test]
fn a_file_that_is_cut_short_is_one_line_wherever_it_is_cut() {
    let text = database("9", 6).to_string();
    for length in (0..text.len()).step_by(97).chain([text.len() - 1]) {
        let error = Database::read(tree(&text[..length]).path(), &packages()).unwrap_err();
        let what = error.to_string();
        assert!(
            what.contains("cut short") && what.contains("index.json") && !what.contains('\n'),
            "{length}: {what}"
        );
    }
    let error = Database::read(tree("<html>").path(), &packages()).unwrap_err();
    assert!(error.to_string().contains("not a Spack database"), "{error}");
    let error = Database::read(Path::new("/nowhere"), &packages()).unwrap_err();
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[test]
fn an_install_without_a_name_is_left_out_with_a_warning() {
    let mut value = database("9", 6);
    value["database"]["installs"][hash('q')] = json!({"installed": true});
    let database = read(&value);
    assert_eq!((database.records.len(), database.warnings.len()), (5, 1));
    assert!(database.warnings[0].contains(&hash('q')));
}

#[test]
fn a_spec_of_one_install_is_read_in_every_version() {
    for specfile in 2..=7 {
        let nodes: Vec<_> = installs().iter().rev().map(|install| node(install, specfile)).collect();
        let prefix = TempDir::new().unwrap();
        fs::create_dir(prefix.path().join(".spack")).unwrap();
        let value = json!({"spec": {"_meta": {"version": specfile}, "nodes": nodes}});
        let path = prefix.path().join(".spack/spec.json");
        fs::write(&path, value.to_string()).unwrap();
        let (record, warning) = read_spec(prefix.path(), &packages()).unwrap();
        assert_eq!((&*record.name, &*record.hash), ("hdf5", &*hash('h')));
        assert_eq!(tool(record.compiler.as_ref()), Some(("gcc", "12.2.0")), "{specfile}");
        assert_eq!(tool(record.mpi.as_ref()), Some(("openmpi", "5.0.6")), "{specfile}");
        assert_eq!(record.prefix.as_deref(), Some(prefix.path()));
        assert_eq!(warning.is_some(), specfile == 7, "{warning:?}");
        fs::write(&path, r#"{"spec": {"_meta": {"version": 6}, "nodes": []}}"#).unwrap();
        assert!(read_spec(prefix.path(), &packages()).unwrap_err().to_string().contains("no spec in"));
    }
}

#[test]
fn a_lock_file_is_read_in_every_version() {
    for (version, specfile) in [(4, 3), (5, 4), (6, 5), (7, 5), (8, 6), (9, 6)] {
        let (hidden, shown): (Vec<_>, Vec<_>) =
            installs().into_iter().partition(|install| install.name == "mpich");
        let specs = |installs: &[Install]| {
            let nodes = installs.iter().map(|install| (install.hash.clone(), node(install, specfile)));
            nodes.collect::<serde_json::Map<_, _>>()
        };
        let value = json!({
            "_meta": {"file-type": "spack-lockfile", "lockfile-version": version, "specfile-version": specfile},
            "spack": {"version": "1.0.0"},
            "roots": [{"hash": hash('h'), "spec": "hdf5+mpi", "group": "x"}, {"hash": hash('x'), "spec": "lost"}],
            "concrete_specs": specs(&shown),
            "include_concrete": {"/other/env": {"roots": [{"hash": hash('m'), "spec": "mpich"}],
                                                "concrete_specs": specs(&hidden)}},
        });
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("spack.lock");
        fs::write(&path, value.to_string()).unwrap();
        let lock = Lock::read(&path, &packages()).unwrap();
        assert_eq!(lock.records.len(), 5, "{version}");
        let find = |name: &str| lock.records.iter().find(|record| *record.name == *name).unwrap();
        assert_eq!(tool(find("hdf5").mpi.as_ref()), Some(("openmpi", "5.0.6")), "{version}");
        assert_eq!(tool(find("hdf5").compiler.as_ref()), Some(("gcc", "12.2.0")), "{version}");
        let asked: Vec<_> =
            lock.records.iter().filter(|record| record.explicit).map(|record| &*record.name).collect();
        assert_eq!(asked, ["hdf5", "mpich"]);
        assert_eq!(lock.roots.len(), 3);
        assert!(lock.warnings.iter().any(|warning| warning.contains(&hash('x'))), "{:?}", lock.warnings);
        assert_eq!(lock.warnings.len(), 1 + usize::from(version == 9), "{:?}", lock.warnings);
        let text = value.to_string();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(Lock::read(&path, &packages()).unwrap_err().to_string().contains("cut short"));
    }
}

fn owner<'a>(database: &'a Database, full: &str, text: &str) -> Option<(&'a str, Evidence)> {
    Owner::of(database, full, text).map(|owner: Owner<'a>| (&*owner.record.name, owner.evidence))
}

#[test]
fn a_modulefile_finds_its_install() {
    let database = read(&database("9", 6));
    let [gcc, openmpi, _, zlib, hdf5] = &installs()[..] else { panic!() };
    let lua = |own: &str| {
        format!(
            "-- -*- lua -*-\nwhatis([[Name : x]])\nprepend_path(\"PATH\", \"{own}/bin\", \":\")\n\
             prepend_path(\"CMAKE_PREFIX_PATH\", \"{own}/.\", \":\")\nsetenv(\"ZLIB\", \"{}\")\n\
             prepend_path(\"LD_LIBRARY_PATH\", \"{}/lib:{}/lib64\")\n",
            prefix(zlib),
            prefix(gcc),
            prefix(gcc)
        )
    };
    let prefix_text = lua(&prefix(hdf5));
    assert_eq!(owner(&database, "hdf5/1.14.5", &prefix_text), Some(("hdf5", Evidence::Prefix)));
    let tcl = format!("#%Module\nprepend-path PATH {{{}/bin}}\n", prefix(openmpi));
    assert_eq!(owner(&database, "openmpi/5.0.6", &tcl), Some(("openmpi", Evidence::Prefix)));
    assert_eq!(
        owner(&database, "my-mpi/5", &tcl),
        Some(("openmpi", Evidence::Prefix)),
        "renamed by a projection"
    );
    assert_eq!(owner(&database, "hdf5/1.14.5-hbcdefg", ""), Some(("hdf5", Evidence::Hash)));
    let head = "-- Module file created by spack on 2026-01-01\n--\n-- hdf5@1.14.5%gcc@12.2.0+mpi/hbcdefg\n";
    assert_eq!(owner(&database, "hdf5/of-the-site", head), Some(("hdf5", Evidence::Hash)));
    assert_eq!(owner(&database, "hdf5/1.14.5", ""), Some(("hdf5", Evidence::Name)));
}

#[test]
fn a_modulefile_whose_install_is_gone_has_no_owner() {
    let database = read(&database("9", 6));
    let text = format!(
        "prepend_path(\"PATH\", \"/spack/opt/netcdf-4.9-gone/bin\")\nsetenv(\"NC\", \"/spack/opt/netcdf-4.9-gone\")\n\
         prepend_path(\"LD_LIBRARY_PATH\", \"{}/lib\")\n",
        prefix(&installs()[3])
    );
    assert_eq!(owner(&database, "netcdf/4.9", &text), None);
    assert_eq!(owner(&database, "hdf5/1.14.6", ""), None);
    assert_eq!(owner(&database, "hdf5/1.14.5-zzzzzzz", ""), None, "the hash is another install's");
}

#[test]
fn externals_that_share_a_prefix_leave_it_open() {
    let mut value = database("9", 6);
    for letter in ['o', 'm'] {
        value["database"]["installs"][hash(letter)]["path"] = "/usr".into();
    }
    let database = read(&value);
    assert_eq!(database.by_path(Path::new("/usr/bin/mpicc")).len(), 2);
    let text = "prepend_path(\"PATH\", \"/usr/bin\")\n";
    assert_eq!(owner(&database, "site-mpi/1", text), None);
    assert_eq!(owner(&database, "mpich/4", text), Some(("mpich", Evidence::Prefix)));
}

#[test]
fn a_short_hash_must_be_one_installs_only() {
    let mut value = database("9", 6);
    let twin: String = hash('h').replace('7', "6");
    value["database"]["installs"][&twin] = value["database"]["installs"][hash('h')].clone();
    let database = read(&value);
    assert!(database.by_short_hash("hbcdefg").is_none());
    assert_eq!(database.by_short_hash(&twin).map(|record: &Record| &*record.hash), Some(&*twin));
    assert!(database.by_short_hash("").is_none());
    let paths: Vec<PathBuf> = database.records.iter().filter_map(|record| record.prefix.clone()).collect();
    assert_eq!(paths.len(), 6);
}
