//! What does a search path mean once `$ORIGIN` and its like are filled in?

/// What the loader's tokens stand for, for one file.
pub(super) struct Tokens<'a> {
    pub(super) origin: &'a str,
    pub(super) lib: &'a str,
    pub(super) platform: &'a str,
}

impl Tokens<'_> {
    /// Replaces `$ORIGIN`, `${ORIGIN}`, `$LIB` and `$PLATFORM`; every other `$` stays, as in the loader.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some((value, length)) = self.leading(rest) {
                filled.push_str(value);
                rest = &rest[length..];
            } else {
                filled.push('$');
                rest = &rest[1..];
            }
        }
        filled + rest
    }

    fn leading(&self, text: &str) -> Option<(&str, usize)> {
        [("ORIGIN", self.origin), ("LIB", self.lib), ("PLATFORM", self.platform)].into_iter().find_map(
            |(token, value)| {
                if let Some(rest) = text.strip_prefix("${") {
                    return rest.strip_prefix(token)?.starts_with('}').then_some((value, token.len() + 3));
                }
                let rest = text.strip_prefix('$')?.strip_prefix(token)?;
                let goes_on = rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
                (!goes_on).then_some((value, token.len() + 1))
            },
        )
    }
}

/// The directories of an `RPATH` or `RUNPATH`: empty ones mean the current directory, an empty path means none.
pub(super) fn split_rpath(path: &str) -> impl Iterator<Item = &str> {
    path.split(':').filter(move |_| !path.is_empty())
}

/// The directories of `LD_LIBRARY_PATH`, which a semicolon may part as well.
pub(super) fn split_library_path(path: &str) -> impl Iterator<Item = &str> {
    path.split([':', ';']).filter(move |_| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_filled_as_the_loader_fills_them() {
        let tokens = Tokens { origin: "/o", lib: "lib64", platform: "x86_64" };
        for (text, filled) in [
            ("$ORIGIN/../lib", "/o/../lib"),
            ("${ORIGIN}x/$LIB", "/ox/lib64"),
            ("/a/$PLATFORM/b", "/a/x86_64/b"),
            ("$ORIGINAL", "$ORIGINAL"),
            ("$ORIGIN_X", "$ORIGIN_X"),
            ("${ORIGIN", "${ORIGIN"),
            ("$$LIB$", "$lib64$"),
            ("", ""),
        ] {
            assert_eq!(tokens.fill(text), filled, "{text}");
        }
    }

    #[test]
    fn an_empty_part_is_the_current_directory_but_an_empty_path_is_nothing() {
        assert_eq!(split_rpath("").count(), 0);
        assert_eq!(split_rpath("/a::/b").collect::<Vec<_>>(), ["/a", "", "/b"]);
        assert_eq!(split_library_path("/a;/b:").collect::<Vec<_>>(), ["/a", "/b", ""]);
    }
}
