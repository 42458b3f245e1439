use super::*;
use proptest::prelude::*;

#[test]
fn what_is_named_like_a_secret_goes_and_its_name_stays() {
    for (text, masked) in [
        ("PIP_PASSWORD=hunter2 pip install x", "PIP_PASSWORD=*** pip install x"),
        ("curl --token=abc --verbose", "curl --token=*** --verbose"),
        ("curl --api-key abc --verbose", "curl --api-key *** --verbose"),
        ("run '--db-pass=a b' x", "run '--db-pass=***' x"),
        ("export AWS_SECRET_ACCESS_KEY='a b' go", "export AWS_SECRET_ACCESS_KEY='***' go"),
        ("{\"npm_authToken\": \"x\\\"y\", \"n\": 1}", "{\"npm_authToken\": \"***\", \"n\": 1}"),
        ("{'license_token': 'x'}", "{'license_token': '***'}"),
        ("Authorization: Bearer abc.def\nnext", "Authorization: ***\nnext"),
        ("curl -H 'X-Api-Key: abc' u", "curl -H 'X-Api-Key: ***' u"),
        ("https://me:pw@index.site/simple", "https://***@index.site/simple"),
        ("PIP_INDEX_URL=https://me:pw@index.site/", "PIP_INDEX_URL=https://***@index.site/"),
        ("EXTRA=--password=x", "EXTRA=--password=***"),
        ("'EXTRA=https://a:b@c/'", "'EXTRA=https://***@c/'"),
        ("saw ghp_0123456789abcdefghijABCDEFGHIJ012345", "saw ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nok", "***\nok"),
    ] {
        assert_eq!(mask(text), masked);
    }
}

#[test]
fn evidence_stays() {
    for text in [
        "MPI_Comm_split color=1 key=3: wanted 0, found 1",
        "error: expected token: found `;`",
        "PWD=/tmp/stage OLDPWD=/tmp",
        "pass=12 fail=0 tokens=3 author=me",
        "gcc '-std=c11' -DKEYS=4 -O2 hello.c -o /tmp/probe.exe",
        "--mca pml ob1 --mca btl self,sm",
        "rank 1 of 4: put[0]: wanted 0, found 1",
        "git clone git@host:repo.git",
    ] {
        assert_eq!(mask(text), text);
    }
}

/// Each line of the sample holds `HUNTER2x` as programs print secrets.
#[test]
fn no_secret_of_the_sample_is_seen_and_masking_twice_changes_nothing() {
    for line in include_str!("samples/secret.txt").lines() {
        let masked = mask(line);
        for secret in ["HUNTER", "HUNT/", "R2x", "SFVOVEVS"] {
            assert!(!masked.contains(secret), "{line}: {masked}");
        }
        assert_eq!(mask(&masked), masked, "{line}");
    }
}

#[test]
fn what_only_looks_like_a_secret_is_seen() {
    for line in include_str!("samples/harmless.txt").lines() {
        assert_eq!(mask(line), line);
    }
}

#[test]
fn the_table_can_be_read_and_nothing_of_the_suites_is_masked() {
    let secrets = secrets();
    assert!(
        secrets.table.shapes.len() > 15 && secrets.table.tools.len() > 5 && secrets.table.headers.len() > 9
    );
    assert!(secrets.table.named.is_some() && secrets.table.shaped.is_some());
    for (path, bytes) in SUITES.files().filter(|(path, _)| *path != "secrets.toml") {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let told: Vec<&str> = spans(text).into_iter().map(|span| &text[span]).collect();
        assert!(told.is_empty(), "{path}: {told:?}");
    }
}

/// Begin and end of what no scanner of repositories may take for a key.
fn key(begin: &str, prefix: &str) -> Vec<String> {
    let line = "Zm9v+mFyQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY3ODkw/GFiY2RlZmdo".get(..64).unwrap();
    let mark = |word: &str| format!("{prefix}-----{word} {begin} KEY-----");
    vec![
        mark("BEGIN"),
        format!("{prefix}{line}"),
        format!("{prefix}{line}"),
        format!("{prefix}c2hvcnQ="),
        mark("END"),
    ]
}

#[test]
fn a_key_is_masked_however_its_lines_come() {
    for kind in ["RSA PRIVATE", "OPENSSH PRIVATE", "PRIVATE"] {
        for prefix in ["", "# ", "[rank 3] ", "  "] {
            let lines = key(kind, prefix);
            let (mut pass, mut said) = (Lines::default(), String::new());
            for line in &lines {
                said.push_str(&pass.mask(&format!("{line}\n")));
                said.push_str(&pass.mask("rank 1 of 4: fine\n"));
            }
            for part in ["Zm9v", "c2hvcnQ", "BEGIN"] {
                assert!(!said.contains(part), "{said}");
            }
            assert!(said.matches("rank 1 of 4: fine").count() == 5 && !pass.keys.is_inside(), "{said}");
            for cut in 0..lines.len() - 1 {
                let text = lines[cut..].join("\n");
                assert!(!mask(&text).contains("Zm9v"), "{}", mask(&text));
            }
            assert!(!mask(&lines.join("\\n")).contains("Zm9v"));
            assert!(!mask(&format!("ok 3 - {}", lines[1].trim())).contains("Zm9v"));
        }
    }
    let public = key("PUBLIC", "").join("\n");
    assert_eq!(mask(&public), public);
}

#[test]
fn a_value_is_masked_wherever_it_appears_and_however_it_is_written() {
    let value = "N1-Val/ue&<x>\"y's z%é";
    learn([("MASK_TEST_TOKEN".as_ref(), value.as_ref()), ("MASK_TEST_KEY".as_ref(), "gcc/12.2.0".as_ref())]);
    learn([("MASK_TEST_URL".as_ref(), "https://someone:xk8Lq2Zr@host/".as_ref())]);
    for text in [
        format!("[{value}]"),
        serde_json::to_string(value).unwrap(),
        shell_words::quote(value).into_owned(),
        quick_xml::escape::escape(value).into_owned(),
        "N1-Val%2Fue%26%3Cx%3E%22y%27s%20z%25%C3%A9".to_owned(),
        "N1-Val%2fue%26%3cx%3e%22y%27s+z%25%c3%a9".to_owned(),
        "x xk8Lq2Zr y".to_owned(),
    ] {
        let masked = mask(&text);
        for part in ["N1-Val", "ue&", "s z", "y's", "y%27", "xk8L"] {
            assert!(!masked.contains(part), "{text}: {masked}");
        }
    }
    for before in ["", "u:", "me:"] {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{before}{value}"));
        assert!(mask(&format!("got {encoded} .")).len() < 16, "{encoded}: {}", mask(&encoded));
    }
    assert_eq!(mask("loaded gcc/12.2.0"), "loaded gcc/12.2.0");
}

#[test]
fn names_decide_and_what_tells_of_a_secret_is_none() {
    for name in [
        "MYPASS",
        "ANSIBLE_CRYPT",
        "TEAM_WEBHOOK",
        "PRIVATE_STUFF",
        "GH_PAT",
        "SIGNING_KEY",
        "API_KEY_2",
        "AWS_CREDENTIALS",
        "PHP_SESSION",
        "LOGIN_COOKIE",
        "npm_authToken",
        "VAULT_SECRET_ID",
        "--db-pass",
        "PGPASSWORD",
    ] {
        assert!(is_secret(name, "q7Wz99pLm"), "{name}");
    }
    for (name, value) in [
        ("LMOD_KEY", "q7Wz99pLm"),
        ("MODULEPATH_KEY", "q7Wz99pLm"),
        ("KEYBOARD", "us-intl1"),
        ("SSH_AUTH_SOCK", "/tmp/x/agent"),
        ("XDG_SESSION_ID", "c12"),
        ("DB_PASSWORD_FILE", "/run/x"),
        ("SORT_KEY", "12"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/key.json"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("PWD", "/tmp"),
        ("SSL_CERT_FILE", "/etc/ssl/x.pem"),
        ("MAX_TOKENS", "4096"),
    ] {
        assert!(!is_secret(name, value), "{name}");
    }
}

#[test]
fn a_flag_and_its_value_are_seen_in_two_words() {
    let list: Vec<String> =
        ["curl", "-u", "me:a b", "--token", "c d", "--fast", "x"].map(str::to_owned).to_vec();
    let hidden: Vec<Vec<&str>> = words(&list)
        .into_iter()
        .zip(&list)
        .map(|(spans, word)| spans.into_iter().map(|span| &word[span]).collect())
        .collect();
    assert_eq!(hidden, [vec![], vec![], vec!["a b"], vec![], vec!["c d"], vec![], vec![]]);
}

#[test]
fn a_key_between_letters_of_any_length_is_no_fault() {
    for text in
        ["-----BEGIN RSA PRIVATE KEY-----\n\u{a0}\u{a1}\n", "-----BEGIN PRIVATE KEY-----\n----END \u{a1}"]
    {
        assert!(!mask(text).is_empty());
    }
}

proptest! {
    #[test]
    fn no_value_of_a_secret_survives(value in "[a-zA-Z0-9.+/]{6,30}") {
        for text in [format!("API_TOKEN={value}"), format!("--password {value}"), format!("'--secret={value}'")] {
            prop_assert!(!mask(&text).contains(&value), "{}", mask(&text));
        }
    }

    #[test]
    fn no_text_is_a_fault(text in "(?s).{0,80}", secret in "(token=|password: |://a:|-----BEGIN |<key_pass>|-u |[\"']|\\PC){0,8}") {
        let both = format!("{secret}{text}{secret}");
        let _ = mask(&both);
        let list: Vec<String> = both.split(' ').map(str::to_owned).collect();
        let _ = words(&list);
    }
}
