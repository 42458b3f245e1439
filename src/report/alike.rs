//! When two reasons are the same one: by their words, without what is different each time, or by the library that both
//! call broken. Pure.

/// What is said of a library that is not there, not whole or another one.
const BROKEN: [&str; 12] = [
    ": cannot open shared object file",
    ": file too short",
    ": invalid ELF header",
    ": wrong ELF class",
    ": undefined symbol",
    ": version `",
    ": version '",
    " is not found",
    " not found: ",
    ": failed to map segment",
    "cannot find -l",
    "file not recognized",
];

/// The library that a loader, a linker or a look at the files calls broken, without its version: one that is missing is
/// one cause, whoever misses it.
pub(super) fn broken_library(reason: &str) -> Option<String> {
    let (at, sign) = BROKEN.iter().find_map(|sign| reason.find(sign).map(|at| (at, *sign)))?;
    if sign == "cannot find -l" {
        let name = reason[at + sign.len()..].split([':', ' ', '\n']).next().unwrap_or_default();
        return (!name.is_empty()).then(|| format!("lib{name}"));
    }
    let before = &reason[..at];
    let end = before.rfind(".so")?;
    let begin = before[..end].rfind(['/', ' ', '`']);
    let name = &before[begin.map_or(0, |begin| begin + 1)..end];
    (name.starts_with("lib") && name.len() > 3).then(|| name.to_owned())
}

/// The words of a reason without what differs from case to case: numbers, hashes, places, what was made up at random.
pub(super) fn words(reason: &str) -> String {
    let mut words = String::new();
    for word in reason.split_whitespace().take(60) {
        let temporary = ["/tmp/", "/var/tmp/", "/dev/shm/", "/run/"].iter().any(|root| word.contains(root));
        let word = if word.contains('/') { word.rsplit('/').next().unwrap_or(word) } else { word };
        for part in word.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
            let (stem, end) = match part.char_indices().next_back() {
                Some((at, letter)) if !letter.is_ascii_alphanumeric() => part.split_at(at),
                _ => (part, ""),
            };
            if !stem.is_empty() {
                let known = if is_made_up(stem, temporary) { "0".to_owned() } else { without_numbers(stem) };
                // 1.14.3 and 5.0 are versions alike.
                if known == "0" && words.ends_with("0.") {
                    words.pop();
                } else {
                    words.push_str(&known);
                }
            }
            words.push_str(end);
        }
        words.push(' ');
    }
    words
}

/// Whether a word is an address, a hash, or the end of the name of a temporary file.
fn is_made_up(word: &str, temporary: bool) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let changes = word
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    let hexadecimal = word.len() >= 6 && digits > 0 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash = word.len() >= 7 && digits > 0 && changes >= 3;
    let cases = word
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    // `ccXyZabc.o` of gcc, `tmpab12cd` of Python, `RtmpAbCdEf` of R, `tmp.AbCdEfGhIj` of mktemp.
    let named = ["cc", "tmp", "Rtmp", "file", "pip", "conftest"].iter().any(|start| word.starts_with(start));
    hexadecimal || hash || (temporary && word.len() >= 6 && (named || digits > 0 || cases > 0))
}

/// A word in small letters, each number in it as `0`.
fn without_numbers(word: &str) -> String {
    let mut text = String::new();
    let mut number = false;
    for letter in word.chars() {
        // A hexadecimal address is a number, too; `add` is a word.
        let digit = letter.is_ascii_digit() || (number && (letter.is_ascii_hexdigit() || letter == 'x'));
        if digit && !number {
            text.push('0');
        } else if !digit {
            text.extend(letter.to_lowercase());
        }
        number = digit;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_and_numbers_are_not() {
        assert_eq!(words("rank 1: put[0]: wanted 0, found 17"), words("rank 12: put[3]: wanted 4, found 0"));
        assert_eq!(words("at 0x7ffd12ab"), words("at 0x55de90ff"));
        assert_ne!(words("wanted add"), words("wanted sub"));
    }

    #[test]
    fn nothing_that_is_made_up_at_random_parts_one_cause() {
        for (one, other) in [
            (
                "/usr/bin/ld: /tmp/ccXyZabc.o: in function `main'",
                "/usr/bin/ld: /tmp/ccQq7RsT.o: in function `main'",
            ),
            ("cannot open /tmp/tmpab12cd_x/a.txt", "cannot open /tmp/tmpzz98ef_q/a.txt"),
            ("removing '/tmp/RtmpAbCdEf'", "removing '/tmp/RtmpXyZqWw'"),
            ("/tmp/tmp.AbCdEfGhIj: no space", "/tmp/tmp.KlMnOpQrSt: no space"),
            ("[vm:00012] *** Process received signal", "[vm:31044] *** Process received signal"),
            ("rank 3 of 4: wrong", "rank 0 of 4: wrong"),
            ("12:04:59.3 lost", "23:59:01.7 lost"),
            ("zlib-1.3.1-k3fpqx7abcdefg is odd", "zlib-1.2-zzq8p4mabcdefg is odd"),
            (
                "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
                "commit 1a410efbd13591db07496601ebc7a059dd55cfe9",
            ),
            ("at 0x7ffd12ab in libmpi.so.40.30", "at 0x55de90ff in libmpi.so.12"),
            ("/dev/shm/vader_segment.vm.1000.8f3a1b: full", "/dev/shm/vader_segment.vm.1000.77c2d0: full"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
        }
        for (one, other) in [
            ("undefined reference to `H5open'", "undefined reference to `MPI_Init'"),
            ("mpi.h: No such file or directory", "hdf5.h: No such file or directory"),
            ("ModuleNotFoundError: No module named 'numpy'", "ModuleNotFoundError: No module named 'scipy'"),
            ("KeyringLocked", "KeyError"),
        ] {
            assert_ne!(words(one), words(other), "{one}");
        }
    }
}
