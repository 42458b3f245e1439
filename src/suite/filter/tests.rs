use super::*;
use proptest::prelude::*;

fn takes(text: &str, subject: &Subject<'_>) -> Answer {
    Filter::parse(text).unwrap_or_else(|error| panic!("{error}")).answer(subject)
}

fn modules(names: &[(Layer, &str)]) -> Vec<(Layer, Module)> {
    names.iter().map(|(layer, name)| (*layer, Module::new(name))).collect()
}

#[test]
fn an_expression_means_what_it_says() {
    let tags = ["smoke".to_owned(), "memory".to_owned()];
    let modules = modules(&[(Layer::Compiler, "gcc/12.2.0"), (Layer::Mpi, "openmpi/5.0.11")]);
    let subject = Subject {
        suite: "mpi",
        probe: "spawn",
        tags: Some(&tags),
        modules: Some(&modules),
        toolchain: Some("gcc/12.2.0 openmpi/5.0.11"),
        check: Some("sum (int64), 4 ranks"),
        outcome: Some("failed"),
    };
    for yes in [
        "suite(mpi)",
        " suite( mpi ) & tag(smoke)",
        "suite(m*) and probe(mpi/sp*) and not tag(slow)",
        "suite(compiler) | cc(gcc/12)",
        "!suite(compiler) & mpi(openmpi)",
        "none() | all()",
        "toolchain(gcc/12* openmpi/5*)",
        "check('sum (int64), 4 ranks') & outcome(failed)",
        "check(\"sum (int64)*\")",
        "check(sum (int64), 4 ranks)",
        "not (suite(compiler) or runtime(python))",
        "none() & none() | all()",
        "all() | none() & none()",
        "cc({gcc,llvm}/*)",
    ] {
        assert_eq!(takes(yes, &subject), Answer::Yes, "{yes}");
    }
    for no in ["probe(spaw)", "cc(gcc/1)", "mpi(mpich)", "runtime(*)", "!all()", "outcome(passed)", "tag(s)"]
    {
        assert_eq!(takes(no, &subject), Answer::No, "{no}");
    }
}

#[test]
fn what_is_not_known_yet_is_neither_yes_nor_no() {
    let subject = Subject { suite: "mpi", probe: "spawn", ..Subject::default() };
    assert_eq!(takes("cc(gcc)", &subject), Answer::Maybe);
    assert_eq!(takes("!cc(gcc)", &subject), Answer::Maybe);
    assert_eq!(takes("cc(gcc) & suite(r)", &subject), Answer::No);
    assert_eq!(takes("cc(gcc) | suite(mpi)", &subject), Answer::Yes);
}

#[test]
fn every_fault_has_its_caret_and_all_are_told_at_once() {
    let error = Filter::parse("suit(mpi) && tag(smoke | cc()").unwrap_err().to_string();
    for told in [
        "there is no function `suit`",
        "did you mean `suite`?",
        "--> --filter:1:1",
        "wanted one `&`, found `&&`",
        "`tag(` is not closed",
    ] {
        assert!(error.contains(told), "{told}\n{error}");
    }
    for (text, told) in [
        ("", "an expression is missing"),
        ("  ", "an expression is missing"),
        ("suite(mpi) tag(smoke)", "wanted `&` or `|` before"),
        ("suite(mpi) &", "something is missing after `&`"),
        ("& suite(mpi)", "something is missing before `&`"),
        ("(suite(mpi)", "`(` is not closed"),
        ("suite(mpi))", "`)` closes nothing"),
        ("suite", "wanted `suite(…)`"),
        ("mpi", "wanted `mpi(…)`"),
        ("smoke", "there is no function `smoke`"),
        ("suite()", "`suite()` wants a name or a pattern"),
        ("suite([)", "cannot read the pattern `[`"),
        ("cc(-x)", "is not a name of a module"),
        ("outcome(red)", "no outcome is named `red`"),
        ("all(x)", "`all()` wants nothing"),
        ("check('a)", "`'` is not closed"),
        ("suite(mpi) # tag(x)", "cannot read `#`"),
        ("not", "something is missing after `not`"),
        ("!", "something is missing after `!`"),
        ("()", "an expression is missing between `(` and `)`"),
    ] {
        let error = Filter::parse(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
        assert!(error.contains("--> --filter:1:"), "{text}: {error}");
    }
    let deep = "(".repeat(1000);
    assert!(Filter::parse(&deep).unwrap_err().to_string().contains("nested more than"));
    assert!(Filter::parse(&("!".repeat(1000) + "all()")).is_ok());
    let long = vec!["suite(mpi)"; 20_000].join(" | ");
    let error = Filter::parse(&long).unwrap_err().to_string();
    assert!(error.contains("letters"), "{}", &error[..200]);
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in ".{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_order_of_words_is_too_odd(words in proptest::collection::vec(
        prop_oneof![
            Just("suite(mpi)"), Just("("), Just(")"), Just("&"), Just("|"), Just("!"), Just("not"), Just("and"),
            Just("or"), Just("all()"), Just("cc("), Just("'"), Just("\""), Just("é"), Just("tag"), Just(" "),
            Just("&&"), Just("\\"), Just("\n"), Just("{"), Just("["),
        ], 0..20)) {
        let text = words.join("");
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.faults.iter().all(|fault| fault.place.is_some()));
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// De Morgan, for whatever is known.
    #[test]
    fn not_of_and_is_or_of_nots(a in 0..3, b in 0..3) {
        let part = |number| match number {
            0 => "suite(mpi)",
            1 => "suite(r)",
            _ => "cc(gcc)",
        };
        let subject = Subject { suite: "mpi", probe: "p", ..Subject::default() };
        let (a, b) = (part(a), part(b));
        prop_assert_eq!(
            takes(&format!("!({a} & {b})"), &subject),
            takes(&format!("!{a} | !{b}"), &subject)
        );
    }
}
