use super::*;
use crate::suite::embedded;

fn ours() -> Families {
    Families::parse(&embedded::table("toolchains.toml")).unwrap()
}

fn with(site: &str) -> Result<Families, Vec<String>> {
    let told = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect();
    ours().under(&Source::new("site.toml", site)).map_err(told)
}

#[test]
fn our_own_table_reads_and_knows_both_names_of_a_family() {
    let families = ours();
    assert_eq!(families.canonical("oneapi"), "intel-oneapi-compilers");
    assert_eq!(families.canonical("R"), "r");
    assert_eq!(families.layer("openmpi"), Some(Layer::Mpi));
    let old = families.find("llvm", "16.0.6").unwrap();
    assert_eq!(old.flags[&Placeholder::Fc], ["-flang-experimental-exec"]);
    assert_eq!(old.tools[&Placeholder::Fc], ["flang-new"]);
    assert_eq!(old.tools[&Placeholder::Cc], ["clang"]);
    assert!(!old.also.contains_key("fc"));
    let new = families.find("clang", "19.1").unwrap();
    assert!(new.flags[&Placeholder::Fc].is_empty() && new.also.contains_key("fc"));
}

#[test]
fn what_the_pod_leaks_goes_by_name_or_by_value() {
    let families = ours();
    let inherited = families.inherited();
    assert!(inherited.is_scrubbed("SLURM_JOB_ID", "1"));
    assert!(inherited.is_scrubbed("PMI_PORT", "tcp://10.0.0.1:80"));
    assert!(inherited.is_scrubbed("MY_SERVICE_PORT", "tcp://10.0.0.1:80"));
    assert!(!inherited.is_scrubbed("PATH", "/usr/bin"));
    assert!(!inherited.is_scrubbed("LMOD_CMD", "/x"));
    assert!(inherited.misleads("OMPI_MCA_btl") && !inherited.misleads("CPATH"));
    assert!(inherited.changes_results("CPATH") && inherited.changes_results("UV_INDEX"));
    assert!(!inherited.changes_results("HOME"));
}

#[test]
fn a_site_changes_one_key_of_a_family_and_keeps_the_rest() {
    let families = with("[[family]]\nname = \"gcc\"\naliases = [\"gnu[0-9]*\"]\nfc = []\n").unwrap();
    assert_eq!(families.canonical("gnu13"), "gcc");
    assert_eq!(families.canonical("gnuplot"), "gnuplot");
    assert_eq!(
        (families.layer("gnu13"), families.layer("gcc")),
        (Some(Layer::Compiler), Some(Layer::Compiler))
    );
    let gcc = families.find("gnu13", "13.2.0").unwrap();
    assert_eq!(gcc.tools[&Placeholder::Cxx], ["g++"]);
    assert!(!gcc.tools.contains_key(&Placeholder::Fc), "the site says that there is none");
    let old = with("[[family]]\nname = \"gcc\"\nversion = \"< 10\"\ncc = [\"oldcc\"]\n").unwrap();
    assert_eq!(old.find("gcc", "9.4").unwrap().tools[&Placeholder::Cc], ["oldcc"]);
    assert_eq!(old.find("gcc", "12.2").unwrap().tools[&Placeholder::Cc], ["gcc"]);
}

#[test]
fn a_family_may_be_like_another_with_versions_of_its_own() {
    let site = "[[family]]\nname = \"house-clang\"\nlike = \"llvm/16\"\ncxx = [\"hclang++\"]\n\
                [[family]]\nname = \"house-mpi\"\nlike = \"openmpi/4.1\"\n";
    let families = with(site).unwrap();
    assert_eq!(families.layer("house-mpi"), Some(Layer::Mpi));
    let compiler = families.find("house-clang", "3").unwrap();
    assert_eq!(compiler.name, "house-clang");
    assert_eq!(compiler.tools[&Placeholder::Cxx], ["hclang++"]);
    assert_eq!(compiler.tools[&Placeholder::Fc], ["flang-new"]);
    assert_eq!(families.kin("house-mpi", "2")[1], ("openmpi".to_owned(), "4.1".to_owned()));
    assert_eq!(families.speaks_as("house-mpi", "2"), ("openmpi".to_owned(), None));
    assert_eq!(
        families.speaks_as("oneapi", "2"),
        ("intel-oneapi-compilers".to_owned(), Some("2".to_owned()))
    );
    let circle = "[[family]]\nname = \"a\"\nlike = \"b\"\n[[family]]\nname = \"b\"\nlike = \"a\"\n";
    let faults = with(circle).unwrap_err();
    assert!(faults.len() == 2 && faults[0].contains("the family `a` has no `layer`"), "{faults:#?}");
}

#[test]
fn a_runtime_names_tools_that_we_never_heard_of() {
    let site = "[[family]]\nname = \"julia\"\nlayer = \"runtime\"\ntools = { julia = [\"julia\"], \
                pkg = [\"jl-pkg\"] }\nessential = [\"julia\"]\n";
    let families = with(site).unwrap();
    let julia = families.find("julia", "1.10").unwrap();
    let names: Vec<String> = julia.tools.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["{tool:julia}", "{tool:pkg}"]);
    assert_eq!(julia.essential.len(), 1);
    assert_eq!(families.tool_names().len(), 2);
}

#[test]
fn all_faults_of_a_family_are_told_at_their_places() {
    let site = "[[family]]\nname = \"x\"\naliases = [\"a[\"]\ncc = \"one\"\ncolour = \"red\"\n\
                tools = { Julia = [\"j\"] }\nessential = [\"mpicc\", \"?\"]\n\
                [[family]]\nname = \"y\"\nlayer = \"library\"\nlike = \"opnmpi\"\nversion = \"12\"\n\
                capabilities = { quadmath = \"12\" }\nenvironment = { scrub = [\"[\"], sweep = [] }\n";
    let faults = with(site).unwrap_err();
    let expected = [
        ("site.toml:2:8", "the family `x` has no `layer`"),
        ("site.toml:3:", "cannot read the name `a[`"),
        ("site.toml:4:6", "`cc` must be a list of strings"),
        ("site.toml:5:", "unknown key `colour`"),
        ("site.toml:6:", "`Julia` is not the name of a tool"),
        ("site.toml:7:", "`essential` names {mpicc}"),
        ("site.toml:7:", "`?` is not the name of a tool"),
        ("site.toml:10:", "`layer` must be compiler, mpi or runtime, found `library`"),
        ("site.toml:11:", "`like` names the family `opnmpi`"),
        ("site.toml:12:", "`12`"),
        ("site.toml:13:", "`12`"),
        ("site.toml:14:", "cannot read the pattern `[`"),
        ("site.toml:14:", "unknown key `sweep`"),
    ];
    for (place, words) in expected {
        let is_it = |fault: &&String| fault.contains(place) && fault.contains(words);
        assert!(faults.iter().any(|fault| is_it(&fault)), "{place} {words}: {faults:#?}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
}
