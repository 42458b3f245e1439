//! Whether a variable, a flag or a key is secret by its name. Pure.

use super::span::MASK;
use super::table::Names;

/// How sure a name makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    /// Its value is no secret where it is a number, a path or the like.
    Perhaps,
    /// Whatever its value is.
    Yes,
}

impl Names {
    /// How sure it is that this name's value is secret; none if it is not.
    pub(super) fn sure(&self, name: &str) -> Option<Sure> {
        let name = name.trim_start_matches('-');
        let bare = name.trim_start_matches('_');
        if bare.is_empty() || self.harmless.iter().any(|glob| matches(glob, name)) {
            return None;
        }
        if self.site.iter().any(|glob| matches(glob, name)) {
            return Some(Sure::Yes);
        }
        let parts = parts(bare);
        let (first, last) = (parts.first()?, parts.last()?);
        let joined = parts.concat();
        let has = |list: &[String], word: &str| list.iter().any(|entry| entry == word);
        if parts.len() > 1
            && has(&self.about, last)
            && !self.despite.iter().any(|end| joined.ends_with(end.as_str()))
        {
            return None;
        }
        let whole = self.whole.iter().any(|entry| entry == name);
        let sure = parts.iter().any(|part| self.ends.iter().any(|end| part.ends_with(end.as_str())))
            || self.joined.iter().any(|word| joined.contains(word.as_str()))
            || parts.iter().any(|part| has(&self.parts, part));
        if sure {
            return Some(Sure::Yes);
        }
        let ends_with_pass =
            parts.iter().any(|part| part.len() > 4 && part.ends_with("pass") && !has(&self.passes, part));
        let mild = parts.iter().any(|part| self.mild.iter().any(|end| part.ends_with(end.as_str())));
        let perhaps = whole
            || mild
            || ends_with_pass
            || parts.len() > 1 && (has(&self.last, last) || has(&self.first, first));
        perhaps.then_some(Sure::Perhaps)
    }
}

/// Whether `value` may be the secret that a name promises.
pub(super) fn fits(sure: Sure, value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || value.starts_with(MASK) {
        return false;
    }
    if sure == Sure::Yes {
        // What stands where a secret was left out, or says whether there is one.
        let word = value.to_ascii_lowercase();
        return !["true", "false", "yes", "no", "none", "null", "nil", "(null)", "0", "1"]
            .contains(&word.as_str());
    }
    value.len() >= 3 && !is_harmless(value)
}

/// Numbers, switches, paths and addresses: what a name such as `SORT_KEY` or `PRIVATE_DIR` may well hold.
pub(super) fn is_harmless(value: &str) -> bool {
    let word = value.to_ascii_lowercase();
    let number =
        value.bytes().all(|byte| byte.is_ascii_digit() || b".,:x-".contains(&byte)) && value.len() < 16;
    let flag = value.starts_with('-');
    let path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start))
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:~".contains(&byte));
    let address = word.starts_with("unix:") || word.starts_with("tcp:");
    let switch = ["true", "false", "none", "null", "auto", "default", "enabled", "disabled", "required"];
    number || flag || path || address || switch.contains(&word.as_str()) || is_version(value)
}

/// `12.2.0`, `gcc/12.2.0`, `openmpi-5.0.11`.
pub(super) fn is_version(value: &str) -> bool {
    let version = value.rsplit(['/', '-', '@']).next().unwrap_or(value);
    let name = &value[..value.len() - version.len()];
    version.contains('.')
        && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && name.bytes().all(|byte| byte.is_ascii_alphabetic() || b"/-@+_".contains(&byte))
}

/// `npm_authToken` → npm, auth, token; `HTTPToken` → httptoken.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut lower = false;
    for letter in name.chars() {
        let begins = letter.is_ascii_uppercase() && lower;
        if (begins || !letter.is_ascii_alphanumeric()) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        lower = letter.is_ascii_lowercase();
        if letter.is_ascii_alphanumeric() {
            part.push(letter.to_ascii_lowercase());
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    // API_KEY_2, TOKEN1.
    while parts.len() > 1 && parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        parts.pop();
    }
    if let Some(last) = parts.last_mut() {
        let kept = last.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        last.truncate(kept.max(1));
    }
    parts
}

/// Whether a pattern with `*` fits, whatever the case of letters.
fn matches(glob: &str, name: &str) -> bool {
    let mut rest = name;
    let mut pieces = glob.split('*').peekable();
    let Some(first) = pieces.next() else { return false };
    let begins =
        |text: &str, with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if !begins(rest, first) {
        return false;
    }
    rest = &rest[first.len()..];
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.len() >= piece.len()
                && rest.get(rest.len() - piece.len()..).is_some_and(|end| end.eq_ignore_ascii_case(piece));
        }
        let Some(at) = (0..=rest.len()).find(|at| rest.get(*at..).is_some_and(|text| begins(text, piece)))
        else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    true
}
