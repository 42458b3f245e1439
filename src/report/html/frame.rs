//! What every page of ours has around its content: its policy, its look, the little that it does by itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::words::{class, sign};
use crate::constant::packed;
use crate::packed::Packed;
use crate::verdict::check::Outcome;

/// How a page looks, and what little it does by itself.
static PAGE: Packed = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A page may load nothing and send nothing, whatever a hostile name in it tries.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// A whole page; `worst` gives its mark and its colour.
#[must_use]
pub fn frame(worst: Outcome, title: &str, content: &Markup, made: &Markup) -> String {
    let markup: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (sign(worst)) " " (title) " · stackprobe" }
                style { (PreEscaped(packed(PAGE.text("style.css"), "style.css"))) }
            }
            body.(class(worst)) {
                (content)
                footer {
                    p { "Made by stackprobe " (env!("CARGO_PKG_VERSION")) (made)
                        ". This page is complete: it loads nothing and sends nothing." }
                }
                script { (PreEscaped(packed(PAGE.text("script.js"), "script.js"))) }
            }
        }
    };
    markup.into_string()
}
