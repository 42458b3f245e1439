//! The page as people use it: filtered, linked to, narrow, printed, read aloud. In a real browser, with axe-core.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::browser::browser;
use super::hostile::hostile;
use super::results::{Site, case, check, owed, plan};
use crate::fixture::skip;

/// What every call of the browser has.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=8000",
];

/// Two pods' worth of everything that a page can show.
fn rich(site: &Site) -> PathBuf {
    let under = |probe: &str, toolchain: &str| {
        let mut owed = owed(probe, toolchain);
        owed["id"] = format!("{probe}.{}", toolchain.replace(['/', ' '], "-")).into();
        owed
    };
    let mut cases = Vec::new();
    for toolchain in ["gcc/12.2.0 openmpi/5.0.11", "llvm/16.0.6 mpich/4.0.2", "gcc/9.4.0 openmpi/5.0.11"] {
        cases.push(case(&under("hello", toolchain), &[check("works", "passed", "")]));
        let mut parts = case(
            &under("parts", toolchain),
            &[check("one", "passed", ""), check("two", "skipped", "needs MPI 4")],
        );
        parts["checks"][1]["kind"] = "requires".into();
        cases.push(parts);
    }
    let gcc = "gcc/12.2.0 openmpi/5.0.11";
    let mut red = case(&under("spawn", gcc), &[check("x", "failed", "wanted 1, found 2")]);
    red["output"] =
        format!("{}\n", "a line of output that is longer than a telephone is wide ".repeat(9)).into();
    red["log"] = "logs/spawn.log".into();
    red["environment"] = json!({"PATH": "/opt/openmpi/bin:/usr/bin", "CC": null});
    let error = case(&under("io", gcc), &[check("y", "error", "the disk is full")]);
    let mut flaky = case(&under("moody", "gcc/9.4.0 openmpi/5.0.11"), &[check("z", "passed", "")]);
    flaky["earlier"] = json!([check("z", "failed", "not at once")]);
    let mut known = case(&under("old", gcc), &[check("v", "skipped", "known until 2027: SITE-7")]);
    known["checks"][0]["kind"] = "known".into();
    let mut absent = case(&under("absent", gcc), &[check("case", "skipped", "no tool mpifort")]);
    absent["checks"][0]["kind"] = "requires".into();
    cases.extend([red, error, flaky, known, absent]);
    let owed: Vec<Value> = cases
        .iter()
        .map(|case| {
            let keys = ["id", "suite", "probe", "toolchain", "file", "line"];
            keys.into_iter()
                .map(|key| (key.to_owned(), case[key].clone()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect();
    let id = cases[6]["id"].as_str().unwrap().to_owned();
    site.write(&format!("out/pod/cases/{id}/repro.sh"), "true\n");
    site.write("out/pod/logs/spawn.log", "all of it\n");
    let pod = site.pod("out/pod", &plan("pod", &owed), &cases);
    site.report(&[&pod]);
    site.path("out/report.html")
}

/// Opens a page at this width and fragment, and gives what the script in it answers.
fn ask(site: &Site, page: &Path, (width, hash): (u32, &str), flags: &[&str], script: &str) -> Value {
    let text = std::fs::read_to_string(page).unwrap();
    let asking = format!(
        "<script>addEventListener('load',()=>setTimeout(async()=>{{let answer;\
         try{{answer=await (async()=>{{{script}}})();}}catch(error){{answer={{error:String(error)}};}}\
         document.documentElement.dataset.answer=encodeURIComponent(JSON.stringify(answer));}},100));</script></body>"
    );
    let copy = page.with_file_name("asked.html");
    std::fs::write(&copy, text.replacen("</body>", &asking, 1)).unwrap();
    let mut command = Command::new(browser().unwrap());
    command.args(FLAGS).args(flags).arg(format!("--window-size={width},1000")).arg("--dump-dom");
    command.arg(format!("--user-data-dir={}", site.path("profile").display()));
    command.arg(format!("file://{}{hash}", copy.display()));
    let output = command.output().unwrap();
    let document = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = document.split("data-answer=\"").nth(1).and_then(|rest| rest.split('"').next());
    let answer = answer.unwrap_or_else(|| panic!("no answer in {document}"));
    serde_json::from_slice(&unpercent(answer)).unwrap()
}

fn unpercent(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            plain.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            plain.push(byte);
        }
    }
    plain
}

/// What a person does to a page, for scripts.
const HANDS: &str = "const wait=(ms)=>new Promise((go)=>setTimeout(go,ms));\
    const shown=()=>[...document.querySelectorAll('.case')].filter((part)=>!part.closest('.hidden')).length;\
    const count=()=>document.querySelector('.filter .count').textContent;\
    const type=async(words)=>{const field=document.querySelector('.filter input');field.value=words;\
    field.dispatchEvent(new Event('input'));await wait(300);};\
    const press=async(kind)=>{document.querySelector(`.filter button[data-kind=${kind}]`).click();await wait(50);};";

macro_rules! need_browser {
    () => {
        if browser().is_none() {
            return skip("browser", "no Chromium is installed, so the page was not opened in a browser");
        }
    };
}

#[test]
fn words_and_outcomes_filter_and_say_how_much_is_left() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let ask = |hash: &str, script: &str| ask(&site, &page, (1200, hash), &[], &format!("{HANDS}{script}"));
    let answer = ask(
        "",
        "const all=shown();await type('spawn');const one=[shown(),count(),location.hash];\
         const causes=document.querySelectorAll('.cause:not(.hidden)').length;\
         await type('nothing is called so');const none=[shown(),count(),!document.querySelector('.nothing').hidden];\
         document.querySelector('.nothing button').click();await wait(50);\
         return {all,one,causes,none,after:[shown(),count(),location.hash,document.querySelector('.nothing').hidden]};",
    );
    assert_eq!(answer["all"], 11, "{answer}");
    assert_eq!(answer["one"], json!([1, "1 of 11 cases", "#q=spawn"]), "{answer}");
    assert_eq!(answer["causes"], 1, "{answer}");
    assert_eq!(answer["none"], json!([0, "0 of 11 cases", true]), "{answer}");
    assert_eq!(answer["after"], json!([11, "", "", true]), "{answer}");
    // Each outcome, and several: any of them will do.
    let answer = ask(
        "",
        "const left={};for(const kind of ['failed','error','flaky','known','skipped','passed'])\
         {await press(kind);left[kind]=shown();await press(kind);}\
         await press('failed');await press('flaky');left.two=shown();left.hash=location.hash;return left;",
    );
    let wanted = json!({"failed": 1, "error": 1, "flaky": 1, "known": 1, "skipped": 5, "passed": 7, "two": 2,
        "hash": "#is=failed,flaky"});
    assert_eq!(answer, wanted);
    // By the reason why checks were skipped.
    let answer = ask(
        "",
        "const select=document.querySelector('.filter select');\
         const option=[...select.options].find((option)=>option.text==='needs MPI 4');select.value=option.value;\
         select.dispatchEvent(new Event('change'));await wait(50);return [shown(),count()];",
    );
    assert_eq!(answer, json!([3, "3 of 11 cases"]));
}

#[test]
fn the_map_follows_the_filter() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let script = "await type('spawn');return {rows:document.querySelectorAll('.map tbody tr:not(.hidden)').length,\
        out:document.querySelectorAll('.map td.out').length};";
    let answer = ask(&site, &page, (1200, ""), &[], &format!("{HANDS}{script}"));
    assert_eq!(answer, json!({"rows": 1, "out": 2}));
}

#[test]
fn a_link_brings_its_filter_and_a_case_that_it_points_to_is_shown() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let ask = |hash: &str, script: &str| ask(&site, &page, (1200, hash), &[], &format!("{HANDS}{script}"));
    let state = "return [shown(),document.querySelector('.filter input').value,\
        [...document.querySelectorAll('.filter button[aria-pressed=true]')].map((button)=>button.dataset.kind).join()];";
    assert_eq!(ask("#q=gcc%2F9&is=flaky,error", state), json!([1, "gcc/9", "error,flaky"]));
    // A link within the page keeps the filter in the address, where what it points to is shown anyway.
    let answer = ask(
        "#is=failed",
        "document.querySelector('.cause a[href^=\"#c\"]').click();await wait(300);\
         const red=document.querySelector('.case.failed');return [location.hash,shown(),red.open];",
    );
    assert_eq!(answer, json!(["#c6&is=failed", 1, true]));
    let answer = ask("#c0&is=failed", "return [document.getElementById('c0').open,location.hash];");
    assert_eq!(answer, json!([true, "#c0"]), "the filter hid what was pointed to");
    // Whatever stands there, the page is as it was made.
    for hash in ["#is=nonsense", "#%ZZ", "#q", "#c999&x=y"] {
        let answer = ask(hash, "return shown();");
        assert_eq!(answer, 11, "{hash}");
    }
}

#[test]
fn toolchains_are_sorted_as_people_count() {
    let site = Site::new();
    let page = std::fs::read_to_string(rich(&site)).unwrap();
    let map = page.split("<tbody>").nth(1).unwrap();
    let places = ["9.4.0", "12.2.0", "16.0.6"].map(|version| map.find(version).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn skips_are_told_by_reason_and_logs_and_scripts_are_links() {
    let site = Site::new();
    let page = std::fs::read_to_string(rich(&site)).unwrap();
    let skipped = page.split("id=\"skipped\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(skipped.contains("<b>needs MPI 4</b> <span class=\"size\">3 checks</span>"), "{skipped}");
    assert!(skipped.contains("<b>no tool mpifort</b> <span class=\"size\">1 check</span>"), "{skipped}");
    assert!(!skipped.contains("SITE-7"), "known issues have a part of their own: {skipped}");
    for link in ["logs/spawn.log", "cases/spawn.gcc-12.2.0-openmpi-5.0.11/repro.sh"] {
        let href =
            page.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.ends_with(link));
        let href = href.unwrap_or_else(|| panic!("no link to {link}"));
        assert!(site.path("out").join(href).is_file(), "{href}");
    }
}

/// The page of a comparison in which a check failed, one passed again, and one is gone.
fn compared(site: &Site) -> PathBuf {
    let run = |name: &str, outcomes: [&str; 2], hash: &str| {
        let owed = [owed("a", "gcc/12 openmpi/5"), owed("b", "gcc/12 mpich/4"), owed("c", "gcc/12 mpich/4")];
        let mut done = vec![
            case(&owed[0], &[check("sum", outcomes[0], "wanted 1, found 2")]),
            case(&owed[1], &[check("<b>max</b>", outcomes[1], "wanted 3, found 4")]),
        ];
        if name == "before" {
            done.push(case(&owed[2], &[check("min", "passed", "")]));
        }
        done[0]["properties"] =
            json!({"modules": "gcc/12 openmpi/5", "spack.hashes": format!("openmpi/5/{hash}")});
        let owed = &owed[..done.len()];
        let mut plan = plan(name, owed);
        let refused = json!({"refused": libc::EPERM});
        plan["pod"]["found"] = json!({
            "calls": {"process_vm_readv": if name == "before" { json!("allowed") } else { refused }},
            "place": if name == "before" { "no container seen" } else { "a pod of Kubernetes" },
        });
        done[0]["observed"] =
            json!({"single copy": if name == "before" { "by process_vm_readv" } else { "none seen" }});
        site.pod(&format!("{name}/pod"), &plan, &done)
    };
    let (before, after) =
        (run("before", ["passed", "failed"], "abc"), run("after", ["failed", "passed"], "def"));
    let page = site.path("out/compare.html");
    std::fs::create_dir_all(page.parent().unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    command.arg("compare").args([&before, &after]).args(["--format", "html", "--out"]).arg(&page);
    assert_eq!(command.status().unwrap().code(), Some(1));
    page
}

/// The page of a history with every kind of run in it, and a hundred runs of one case.
fn drawn(site: &Site) -> PathBuf {
    let mut lines = String::new();
    for number in 0..100 {
        let outcome = ["passed", "passed", "failed", "error", "skipped"][number % 5];
        let line = json!({
            "history": 1, "at": format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60), "case": "a", "suite": "mpi",
            "probe": "hello", "ranks": 2, "toolchain": "gcc/12.2.0 openmpi/5.0.11", "outcome": outcome,
            "seconds": 1.0 + f64::from(u32::try_from(number % 7).unwrap()), "host": "node-17.cluster.example.org",
            "red": if outcome == "failed" { json!(["a check with a name that is longer than a telephone is wide"]) } else { json!([]) },
        });
        let line = format!("{line}\n");
        if number < 3 {
            lines += &line.replace("\"hello\"", "\"few\"").replace("\"a\"", "\"b\"");
        }
        lines += &line;
    }
    let history = site.write("out/h.jsonl", lines);
    let page = site.path("out/history.html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackprobe"));
    command.args(["history", "--format", "html", "--history"]).arg(history).arg("--out").arg(&page);
    assert_eq!(command.status().unwrap().code(), Some(0));
    page
}

#[test]
fn a_comparison_is_a_page_that_says_what_turned_and_what_goes_with_it() {
    let site = Site::new();
    let page = std::fs::read_to_string(compared(&site)).unwrap();
    assert!(page.contains("<h1>1 newly failed, 1 gone</h1>"), "{page}");
    let why = page.split("id=\"why\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(
        why.contains("module openmpi") && why.contains("install abc") && why.contains("install def"),
        "{why}"
    );
    assert!(why.contains("1 of 1 case"), "{why}");
    let places = page.split("id=\"places\"").nth(1).unwrap().split("</section>").next().unwrap();
    for told in ["no container seen → a pod of Kubernetes", "single copy", "is refused (EPERM)"] {
        assert!(places.contains(told), "{told}: {places}");
    }
    for told in ["wanted 1, found 2", "before: wanted 3, found 4", "&lt;b&gt;max&lt;/b&gt;", "the whole case"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("<b>max"), "a name became an element");
    if browser().is_some() {
        let script = "await press('failed');return [shown(),count()];";
        let answer = ask(&site, &site.path("out/compare.html"), (1200, ""), &[], &format!("{HANDS}{script}"));
        assert_eq!(answer, json!([1, "1 of 3 checks"]));
    }
}

#[test]
fn a_history_is_filtered_as_every_page_is() {
    need_browser!();
    let site = Site::new();
    let page = drawn(&site);
    let script = "await press('failed');const failed=[shown(),count()];await press('failed');await press('skipped');\
        const paint=(sign)=>getComputedStyle(document.querySelector(sign)).color;\
        return [failed,shown(),paint('.mark.failed')===paint('.mark.failed span')];";
    let answer = ask(&site, &page, (1200, ""), &[], &format!("{HANDS}{script}"));
    assert_eq!(answer, json!([[1, "1 of 2 cases"], 1, true]));
}

/// What axe-core finds that is serious or critical: the rule, and the first element.
fn grave(site: &Site, page: &Path, width: u32, flags: &[&str]) -> Value {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/axe/axe_playwright_python/axe.min.js");
    let axe = std::fs::read_to_string(&axe).unwrap_or_else(|error| panic!("{}: {error}", axe.display()));
    let text = std::fs::read_to_string(page).unwrap();
    let armed = page.with_file_name("axe.html");
    std::fs::write(&armed, text.replacen("</body>", &format!("<script>{axe}</script></body>"), 1)).unwrap();
    let script = "for(const part of document.querySelectorAll('details'))part.open=true;\
        const found=await axe.run(document,{resultTypes:['violations']});\
        if(found.passes.length===0)return 'axe looked at nothing';\
        return found.violations.filter((rule)=>['serious','critical'].includes(rule.impact))\
        .map((rule)=>`${rule.id}: ${rule.nodes[0].html} ${rule.nodes[0].failureSummary}`);";
    ask(site, &armed, (width, ""), flags, script)
}

#[test]
fn axe_finds_nothing_serious_on_any_page_in_light_and_dark_wide_and_narrow() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let second = Site::new();
    hostile(&second);
    let dark = ["--blink-settings=preferredColorScheme=0"];
    let (third, fourth) = (compared(&site), drawn(&site));
    let second_page = second.path("out/report.html");
    for (site, page) in [(&site, page), (&second, second_page), (&site, third), (&site, fourth)] {
        for width in [390, 1280] {
            for flags in [&[][..], &dark[..]] {
                assert_eq!(
                    grave(site, &page, width, flags),
                    json!([]),
                    "{} {width} {flags:?}",
                    page.display()
                );
            }
        }
    }
    // What is grave is seen: a picture without words, and grey on grey.
    let text = std::fs::read_to_string(site.path("out/report.html")).unwrap();
    let bad = "<img src=\"data:,\"><p style=\"color:#999;background:#aaa\">unreadable</p></main>";
    let page = site.write("out/bad.html", text.replacen("</main>", bad, 1));
    let found = grave(&site, &page, 1280, &[]).to_string();
    assert!(found.contains("image-alt") && found.contains("color-contrast"), "{found}");
}

#[test]
fn nothing_is_wider_than_a_telephone() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let second = Site::new();
    hostile(&second);
    let script = "for(const part of document.querySelectorAll('details'))part.open=true;await new Promise((go)=>setTimeout(go,300));\
        const wide=[...document.querySelectorAll('body *')].filter((part)=>!part.closest('.wide, pre, svg, .aloud, .track, .bar')\
        &&part.getBoundingClientRect().right>innerWidth+1);\
        return [innerWidth,document.documentElement.scrollWidth<=innerWidth,wide.slice(0,3).map((part)=>part.outerHTML.slice(0,200))];";
    let (third, fourth) = (compared(&site), drawn(&site));
    let second_page = second.path("out/report.html");
    for (site, page) in [(&site, page), (&second, second_page), (&site, third), (&site, fourth)] {
        for width in [390, 320] {
            assert_eq!(
                ask(site, &page, (width, ""), &[], script),
                json!([width, true, []]),
                "{}",
                page.display()
            );
        }
    }
}

/// How many pieces of text each page of a PDF has.
fn printed(site: &Site, page: &Path) -> Vec<usize> {
    let pdf = site.path("page.pdf");
    let mut command = Command::new(browser().unwrap());
    command.args(FLAGS).arg(format!("--print-to-pdf={}", pdf.display()));
    command.arg(format!("--user-data-dir={}", site.path("profile").display()));
    let output = command.arg(format!("file://{}", page.display())).output().unwrap();
    let bytes = std::fs::read(&pdf).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let object = regex::bytes::Regex::new(r"(?s-u)(\d+) 0 obj(.*?)endobj").unwrap();
    let objects: std::collections::BTreeMap<Vec<u8>, &[u8]> = object
        .captures_iter(&bytes)
        .map(|found| (found[1].to_vec(), found.get(2).unwrap().as_bytes()))
        .collect();
    let contents = regex::bytes::Regex::new(
        r"(?s-u)/Type /Page\b.*?/Contents (\d+) 0 R|/Contents (\d+) 0 R.*?/Type /Page\b",
    )
    .unwrap();
    // What stands behind the compressed bytes is not read: a line end there may also be their last byte.
    let stream = regex::bytes::Regex::new(r"(?s-u)stream\r?\n(.*?)endstream").unwrap();
    let text = regex::bytes::Regex::new(r"(?-u)\bT[jJ]\b").unwrap();
    objects
        .values()
        .filter_map(|object| contents.captures(object))
        .map(|found| {
            let id = found.get(1).or(found.get(2)).unwrap().as_bytes();
            let packed = stream.captures(objects[id]).unwrap()[1].to_vec();
            let plain = miniz_oxide::inflate::decompress_to_vec_zlib(&packed).unwrap();
            text.find_iter(&plain).count()
        })
        .collect()
}

#[test]
fn no_printed_page_is_blank() {
    need_browser!();
    let site = Site::new();
    let page = rich(&site);
    let pages = printed(&site, &page);
    assert!(!pages.is_empty() && pages.iter().all(|texts| *texts > 3), "{pages:?}");
    // A group that no page can hold is parted, not put off to the next page.
    let site = Site::new();
    let cases: Vec<Value> = (0..60)
        .map(|place| {
            let mut red =
                case(&owed(&format!("p{place}"), "gcc/12.2.0"), &[check("x", "failed", "wanted 1")]);
            red["checks"][0]["reason"] = format!("wanted {place} letters, found others").into();
            red["output"] = "a line\n".repeat(30).into();
            red
        })
        .collect();
    let owed: Vec<Value> = (0..60).map(|place| owed(&format!("p{place}"), "gcc/12.2.0")).collect();
    let pod = site.pod("pod", &plan("pod", &owed), &cases);
    site.report(&[&pod]);
    let pages = printed(&site, &site.path("out/report.html"));
    assert!(pages.len() > 3 && pages.iter().all(|texts| *texts > 3), "{pages:?}");
}
