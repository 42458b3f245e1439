//! The page in a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::hostile::hostile;
use super::results::{Site, case, check, owed, plan};
use crate::fixture::skip;

pub(super) fn browser() -> Option<PathBuf> {
    let names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| which::which(name).ok())
}

/// Opens a page and gives its document after all scripts have run.
fn open(browser: &Path, site: &Site, page: &Path) -> String {
    let url = format!("file://{}", page.display());
    let flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--virtual-time-budget=3000",
        "--dump-dom",
    ];
    let profile = format!("--user-data-dir={}", site.path("profile").display());
    let output = Command::new(browser).args(flags).arg(profile).arg(url).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the page asked for, and what its own policy forbade it, written where a dumped document shows it.
const WITNESS: &str = "<script>const forbidden=[];\
    addEventListener('securitypolicyviolation',(event)=>forbidden.push(event.blockedURI));\
    addEventListener('load',()=>setTimeout(()=>{const asked=performance.getEntriesByType('resource').map((e)=>e.name);\
    \
    const foreign=document.querySelectorAll('img,link,iframe,[onload],[onerror],script:not(head *):not(body > script)');\
    document.documentElement.dataset.witness='asked '+asked.length+', forbidden '+forbidden.length\
    +', foreign '+foreign.length+', '+asked.concat(forbidden).join(' ');},300));</script>";

fn witnessed(browser: &Path, site: &Site, page: &str) -> String {
    let page = page.replacen("<head>", &format!("<head>{WITNESS}"), 1);
    let document = open(browser, site, &site.write("witness.html", page));
    let witness =
        document.split("data-witness=\"").nth(1).unwrap_or_else(|| panic!("no witness in {document}"));
    witness.split('"').next().unwrap().to_owned()
}

fn page(site: &Site) -> String {
    let red = owed("b", "gcc/12 mpich/4");
    let mut record = case(&red, &[check("x", "failed", "wanted 1, found 2")]);
    record["output"] = "<img src=http://127.0.0.1:9/x><link rel=stylesheet href=http://127.0.0.1:9/y>".into();
    let pod = site.pod("pod", &plan("pod", &[red]), &[record]);
    site.report(&[&pod]).page
}

#[test]
fn the_page_asks_for_nothing_and_runs_its_script() {
    let Some(browser) = browser() else {
        return skip("browser", "no Chromium is installed, so the page was not opened in a browser");
    };
    let site = Site::new();
    let page = page(&site);
    assert_eq!(witnessed(&browser, &site, &page), "asked 0, forbidden 0, foreign 0, ");
    let hostile_page = hostile(&Site::new()).page;
    assert_eq!(witnessed(&browser, &site, &hostile_page), "asked 0, forbidden 0, foreign 0, ");
    let document = open(&browser, &site, &site.path("out/report.html"));
    assert!(document.contains("type=\"search\""), "the script did not run");
    // The witness itself must be able to see a request: the policy forbids it, and it is told.
    let leaking = page.replacen("</main>", "<img src=\"http://127.0.0.1:9/leak\"></main>", 1);
    let seen = witnessed(&browser, &site, &leaking);
    assert!(seen.contains("http://127.0.0.1:9/leak") && seen.contains("foreign 1"), "{seen}");
}
