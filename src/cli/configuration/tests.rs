//! What a configuration file may say, and how it is refused.

use super::*;

fn parsed(text: &str) -> Result<Written, String> {
    lab::strict(text)
}

#[test]
fn the_documented_file_is_read() {
    let written = parsed(
        r#"
lab = "lab.toml"
network = ["10.1.1.0/24", "any"]
trust = ["cups01.tomt.local"]
keylog = ["keys.txt"]

[[ignore]]
rule = "cert-different-issuers"
reason = " two CAs on purpose, see ticket 4711 "

[[ignore]]
rule = "cert-expired"
reason = "renewed on Monday"
from = "10.1.1.20"
to = "10.1.1.0/24"
"#,
    )
    .unwrap();
    assert!(matches!(written.lab, Some(Lab::File(name)) if name == Path::new("lab.toml")));
    assert_eq!(
        written.ignore[0].reason,
        "two CAs on purpose, see ticket 4711"
    );
    assert!(written.ignore[0].from.is_none());
    let from = written.ignore[1].from.unwrap();
    assert!(from.contains("10.1.1.20".parse().unwrap()));
    assert!(!from.contains("10.1.1.21".parse().unwrap()));
}

#[test]
fn a_profile_may_stand_in_the_file_itself() {
    let written = parsed("[lab.cisco]\nhosts = [\"10.1.1.20\"]\n").unwrap();
    let Some(Lab::Inline(profile)) = written.lab else {
        panic!("{written:?}")
    };
    assert!(profile.given && profile.cisco.hosts.len() == 1);
    let error = parsed("trust = []\n[lab.cisco]\nhost = []\n").unwrap_err();
    assert!(
        error.contains("line 3") && error.contains("host"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let with = |rest: &str| format!("\n[[ignore]]\nrule = \"cert-expired\"\n{rest}");
    for (text, line, part) in [
        ("nets = []\n".to_owned(), "line 1", "nets"),
        (
            "\nnetwork = [\"10.1.1.0/40\"]".to_owned(),
            "line 2",
            "10.1.1.0/40",
        ),
        ("lab = 3".to_owned(), "line 1", "the name of a lab profile"),
        (with(""), "line 2", "reason"),
        (with("reason = \"  \"\n"), "line 4", "`reason` is empty"),
        (
            with("reason = \"x\"\nform = \"10.1.1.1\"\n"),
            "line 5",
            "form",
        ),
        (
            with("reason = \"x\"\nfrom = \"cups01\"\n"),
            "line 5",
            "`cups01`",
        ),
        (
            "[[ignore]]\nrule = \"cert-expird\"\nreason = \"x\"\n".to_owned(),
            "line 2",
            "did you mean `cert-expired`?",
        ),
        ("trust = [\n".to_owned(), "line", ""),
    ] {
        let error = parsed(&text).unwrap_err();
        assert!(
            error.contains(line) && error.contains(part),
            "{text}: {error}"
        );
    }
}
