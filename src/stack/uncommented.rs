//! A modulefile without its comments: what it does, not when and by whom it was written.
//!
//! `spack module lmod refresh` writes the day into the head of every file. Two files that differ in comments alone do the
//! same; that a file does something else shows in its text or in what loading it did, and a ledger's key holds both.
//! Where it is not certain that something is a comment, it stays.

use std::path::Path;

/// The text of `file` without comments, and without lines that hold nothing else.
#[must_use]
pub fn uncommented(file: &Path, text: &[u8]) -> Vec<u8> {
    if text.starts_with(b"#%Module") {
        tcl(text)
    } else if file.extension().is_some_and(|end| end == "lua") {
        lua(text)
    } else {
        text.to_vec()
    }
}

fn lua(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"--") {
            let end = match long(&rest[2..]) {
                Some(Long::Ends(length)) => 2 + length,
                Some(Long::Open) => {
                    kept.extend_from_slice(rest);
                    return kept;
                }
                None => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            };
            at += end;
            drop_line(&mut kept, text, &mut at);
        } else if let quote @ (b'"' | b'\'') = rest[0] {
            let mut end = 1;
            while end < rest.len() && rest[end] != quote && rest[end] != b'\n' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            let end = (end + 1).min(rest.len());
            kept.extend_from_slice(&rest[..end]);
            at += end;
        } else {
            let end = match long(rest) {
                Some(Long::Ends(length)) => length,
                Some(Long::Open) => rest.len(),
                None => 1,
            };
            kept.extend_from_slice(&rest[..end]);
            at += end;
        }
    }
    kept
}

/// After a comment: where nothing but it stood on its line, the line goes; else a blank stands for it.
fn drop_line(kept: &mut Vec<u8>, text: &[u8], at: &mut usize) {
    let blanks = kept.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = kept.len() - blanks;
    let ends = text.get(*at).is_none_or(|byte| *byte == b'\n');
    if ends {
        kept.truncate(before);
        if kept.last().is_none_or(|byte| *byte == b'\n') {
            *at += 1;
        }
    } else {
        kept.push(b' ');
    }
}

/// A long bracket of Lua's: `[[…]]`, `[=[…]=]`.
enum Long {
    /// So many bytes with its brackets.
    Ends(usize),
    /// It never ends.
    Open,
}

fn long(text: &[u8]) -> Option<Long> {
    let level = text.strip_prefix(b"[")?.iter().take_while(|byte| **byte == b'=').count();
    text.get(1 + level).filter(|byte| **byte == b'[')?;
    let mut close = vec![b'='; level + 2];
    close[0] = b']';
    close[level + 1] = b']';
    let inside = 2 + level;
    let found = text[inside..].windows(close.len()).position(|window| window == close);
    Some(found.map_or(Long::Open, |place| Long::Ends(inside + place + close.len())))
}

/// Only whole lines outside of all braces, brackets and quotes: within them a `#` may be part of a text.
fn tcl(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let (mut depth, mut quoted, mut continued, mut comment) = (0_i64, false, false, false);
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let goes_on = bare.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        let begins = depth == 0 && !quoted && !continued;
        comment = if continued && comment {
            true
        } else {
            begins && number > 0 && bare.trim_ascii_start().starts_with(b"#")
        };
        continued = goes_on;
        if comment {
            continue;
        }
        kept.extend_from_slice(line);
        if number == 0 && begins && bare.starts_with(b"#") {
            continue;
        }
        let mut escaped = false;
        for byte in bare {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' if depth == 0 => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
        }
        // Braces that do not pair: from here on it is not certain what is a comment.
        if depth < 0 {
            depth = i64::MAX / 2;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> String {
        String::from_utf8(uncommented(Path::new(name), text.as_bytes())).unwrap()
    }

    #[test]
    fn comments_of_lua_go_and_what_looks_like_one_stays() {
        for (text, left) in [
            ("-- one\n-- two\nsetenv(\"A\", \"1\")\n", "setenv(\"A\", \"1\")\n"),
            ("setenv(\"A\", \"1\") -- why\nx = 1\n", "setenv(\"A\", \"1\")\nx = 1\n"),
            ("  -- indented\nx = 1", "x = 1"),
            ("--[[ long\n-- more\n]]x = 1\n", " x = 1\n"),
            ("--[==[ ]] still ]==] x = 1\n", "  x = 1\n"),
            ("help([[ -- no comment\n--neither ]])\n", "help([[ -- no comment\n--neither ]])\n"),
            ("help([=[ ]] -- no ]=]) -- yes\n", "help([=[ ]] -- no ]=])\n"),
            ("setenv(\"A\", \"-- no \\\" -- no\")\n", "setenv(\"A\", \"-- no \\\" -- no\")\n"),
            ("setenv('A', '--no')-- yes\n", "setenv('A', '--no')\n"),
            ("a[b[1]] = 2 -- yes\n", "a[b[1]] = 2\n"),
            ("--[[ never ends\nx = 1\n", "--[[ never ends\nx = 1\n"),
            ("--[ short\nx = 1\n", "x = 1\n"),
            ("x = \"open\n-- yes\n", "x = \"open\n"),
            ("\n\nx = 1\n", "\n\nx = 1\n"),
            ("-- last", ""),
        ] {
            assert_eq!(of("m.lua", text), left, "{text}");
        }
        assert_eq!(of("m", "-- what is this\n"), "-- what is this\n");
    }

    #[test]
    fn comments_of_tcl_go_only_where_they_are_certain() {
        for (text, left) in [
            ("#%Module1.0\n## made on Monday\n# x\\\n goes on\nset a 1\n", "#%Module1.0\nset a 1\n"),
            ("#%Module\nset a {\n# text\n}\n  # yes\n", "#%Module\nset a {\n# text\n}\n"),
            ("#%Module\nset a \"\n# text\n\"\n# yes\n", "#%Module\nset a \"\n# text\n\"\n"),
            ("#%Module\nset a b\\\n# an argument\n", "#%Module\nset a b\\\n# an argument\n"),
            ("#%Module\nset a \\{\n# yes\n", "#%Module\nset a \\{\n"),
            ("#%Module\nset a }\n# not certain\n", "#%Module\nset a }\n# not certain\n"),
            ("#%Module\nset a 1 ;# stays\n", "#%Module\nset a 1 ;# stays\n"),
            ("#%Module { \n# yes\nset a 1\n", "#%Module { \nset a 1\n"),
        ] {
            assert_eq!(of("m", text), left, "{text}");
        }
    }
}
