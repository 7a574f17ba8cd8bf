//! `sipdiag.toml` and the variables of the environment: where the file is found, what beats what, what the report says of it.

use crate::cli::{Run, command, finish, path, sipdiag};
use crate::support::{self, project, schema};
use serde_json::Value;
use std::path::Path;

const FAILING: &str = "samples/digest-401-unanswered.pcapng";
const RULE: &str = "auth-digest-challenge-unanswered";
const HEALTHY: &str = "samples/healthy-mutual-tls-null.pcapng";

/// A run in `folder`, which is below a home directory `home`.
fn run_in(folder: &Path, home: &Path, arguments: &[&str]) -> Run {
    finish(
        command(arguments)
            .current_dir(folder)
            .env("HOME", home)
            .env("USERPROFILE", home)
            .output()
            .unwrap(),
    )
}

fn json_in(folder: &Path, home: &Path, arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let run = run_in(folder, home, &all);
    serde_json::from_str(run.report(&format!("{arguments:?}")).unwrap()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    json_in(&project(""), &project(""), arguments)
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

fn ignoring(rule: &str, reason: &str) -> String {
    format!("[[ignore]]\nrule = \"{rule}\"\nreason = \"{reason}\"\n")
}

/// White space folded, so that wrapping does not matter.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_suppression_is_in_the_report_with_its_reason_and_heals_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("mine.toml");
    let mut text = ignoring(RULE, "known, see ticket 4711");
    text.push_str(&ignoring("cert-expired", "renewed on Monday"));
    write(&file, &text);
    let file = path(&file);
    let all = json(&[FAILING]);
    let of_rule = |report: &Value| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().filter(|f| f["rule"] == RULE).count()
    };
    let hidden = of_rule(&all);
    assert!(hidden > 0);
    assert!(all.get("suppressions").is_none() && all.get("configuration").is_none());

    let report = json(&["--config", file, FAILING]);
    assert_eq!(of_rule(&report), 0);
    assert_eq!(report["verdict"], "failing", "hiding a fault heals nothing");
    assert_eq!(report["configuration"], file);
    assert_eq!(report["suppressed"], hidden);
    assert_eq!(
        report["suppressions"],
        serde_json::json!([
            { "rule": RULE, "count": hidden, "reason": "known, see ticket 4711", "by": "config", "option": null },
            { "rule": "cert-expired", "count": 0, "reason": "renewed on Monday", "by": "config", "option": null },
        ])
    );
    let of_report = support::read_text(&project("docs/report.v1.schema.json"));
    let of_report: Value = serde_json::from_str(&of_report).unwrap();
    assert_eq!(schema::check(&of_report, &report), Vec::<String>::new());

    let run = sipdiag(&["--config", file, FAILING]);
    assert_eq!(run.status, 0, "nothing shown is bad");
    let text = folded(&run.stdout);
    assert!(
        text.starts_with("FAILING: the causes found are hidden by the configuration file"),
        "{text}"
    );
    for part in [
        format!("Configuration: {file}.").as_str(),
        &format!("suppressed: rule {RULE} (known, see ticket 4711) {hidden}"),
        "Ignored in the configuration, but not found: cert-expired.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    // Options are told by their names, and add up with the file.
    let both = json(&["--config", file, "--select", "trust-403-forbidden", FAILING]);
    let total: u64 = both["suppressions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["count"].as_u64().unwrap())
        .sum();
    assert_eq!(both["suppressed"], total);
    let only = json(&["--no-config", "--ignore", RULE, FAILING]);
    assert_eq!(
        only["suppressions"],
        serde_json::json!([
            { "rule": RULE, "count": hidden, "reason": null, "by": "command line", "option": "--ignore" }
        ])
    );
    let text = folded(&sipdiag(&["--ignore", RULE, FAILING]).stdout);
    assert!(
        text.contains(&format!("suppressed: by --ignore {hidden}.")),
        "{text}"
    );
    assert!(text.starts_with("FAILING: the causes found are hidden by the options given"));
}

#[test]
fn who_selects_a_rule_sees_it_whatever_the_file_ignores() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("mine.toml");
    write(&file, &ignoring(RULE, "known"));
    let report = json(&["--config", path(&file), "--select", RULE, FAILING]);
    assert_eq!(report["findings"][0]["rule"], RULE, "{report}");
}

#[test]
fn addresses_narrow_what_is_ignored() {
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("mine.toml");
    let finding = json(&[FAILING])["findings"][0].clone();
    let (from, to) = (
        finding["from"].as_str().unwrap(),
        finding["to"].as_str().unwrap(),
    );
    let hidden = |narrowed: &str| {
        write(&file, &format!("{}{narrowed}\n", ignoring(RULE, "known")));
        json(&["--config", path(&file), FAILING])["suppressed"] != 0
    };
    assert!(hidden(&format!("from = \"{from}\"\nto = \"{to}\"")));
    assert!(hidden(&format!("from = \"{from}/8\"")));
    assert!(!hidden("from = \"192.0.2.1\""));
    assert!(!hidden(&format!("from = \"{from}\"\nto = \"{from}\"")));
}

#[test]
fn the_file_is_found_upwards_but_not_above_the_home_directory() {
    let temp = tempfile::tempdir().unwrap();
    let top = temp.path().canonicalize().unwrap();
    let home = top.join("home");
    let deep = home.join("traces/monday");
    std::fs::create_dir_all(&deep).unwrap();
    let capture = deep.join("a.pcapng");
    std::fs::copy(project(FAILING), &capture).unwrap();
    let used = |folder: &Path, arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.push(path(&capture));
        json_in(folder, &home, &all)["configuration"].clone()
    };
    write(&top.join("sipdiag.toml"), "this would be an error");
    assert_eq!(used(&deep, &[]), Value::Null, "above the home directory");
    write(&home.join("sipdiag.toml"), "");
    let up = |parts: &[&str]| parts.iter().collect::<std::path::PathBuf>();
    assert_eq!(used(&deep, &[]), path(&up(&["..", "..", "sipdiag.toml"])));
    write(&home.join("traces/sipdiag.toml"), "");
    assert_eq!(
        used(&deep, &[]),
        path(&up(&["..", "sipdiag.toml"])),
        "the nearest"
    );
    write(&deep.join("sipdiag.toml"), &ignoring(RULE, "known"));
    assert_eq!(used(&deep, &[]), "sipdiag.toml");
    assert_eq!(used(&deep, &["--no-config"]), Value::Null);
    assert_eq!(
        used(&deep, &["--config", "../sipdiag.toml"]),
        "../sipdiag.toml"
    );

    // What is read is never written to, and a file that is wrong stops nothing that does not need it.
    run_in(&deep, &home, &["-o", "sipdiag.toml", "a.pcapng"]).refused("is read as input");
    write(&deep.join("sipdiag.toml"), "\nkeylogs = []\n");
    let wrong = run_in(&deep, &home, &["a.pcapng"]);
    wrong.refused("sipdiag.toml: line 2");
    wrong.refused("keylogs");
    assert_eq!(run_in(&deep, &home, &["--rules"]).status, 0);
    assert_eq!(run_in(&deep, &home, &["--help"]).status, 0);
}

#[test]
#[cfg(unix)]
fn a_file_that_others_may_have_put_there_is_not_believed() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().canonicalize().unwrap();
    let open = home.join("open");
    std::fs::create_dir(&open).unwrap();
    let file = open.join("sipdiag.toml");
    write(&file, &ignoring(RULE, "known"));
    let capture = project(FAILING);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o1777)).unwrap();
    let own = json_in(&open, &home, &[path(&capture)]);
    assert_eq!(
        own["configuration"], "sipdiag.toml",
        "folder and file are the user's own"
    );
    let me = std::fs::metadata(&home).unwrap().uid();
    let stranger = me + 12345;
    if chown(&file, Some(stranger), None).is_err() {
        support::say!("SKIPPED configuration files of others: only root can give a file away");
        return;
    }
    let not_believed = |arguments: &[&str], said: bool| {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        all.push(path(&capture));
        let run = run_in(&open, &home, &all);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(report.get("configuration").is_none(), "{report}");
        assert_eq!(
            run.stderr.contains("sipdiag.toml: not read"),
            said,
            "{run:?}"
        );
    };
    not_believed(&[], true);
    not_believed(&["--quiet"], false);
    not_believed(&["--no-config"], false);
    chown(&file, Some(me), None).unwrap();
    chown(&open, Some(stranger), None).unwrap();
    not_believed(&[], true);
    let named = json_in(&open, &home, &["--config", "sipdiag.toml", path(&capture)]);
    assert_eq!(named["configuration"], "sipdiag.toml", "named on purpose");
    // A folder of others that is not open to everybody is believed: a project that a team shares.
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    let shared = json_in(&open, &home, &[path(&capture)]);
    assert_eq!(shared["configuration"], "sipdiag.toml");
}

#[test]
fn options_beat_variables_and_variables_beat_the_file() {
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().canonicalize().unwrap();
    for (name, source) in [
        ("a.keys", "samples/healthy-tls12-ecdhe.keys"),
        ("b.keys", "samples/maddr-not-trusted-tls12.keys"),
        ("a.pcapng", "samples/healthy-tls12-ecdhe.pcapng"),
    ] {
        std::fs::copy(project(source), home.join(name)).unwrap();
    }
    write(
        &home.join("sipdiag.toml"),
        "keylog = [\"a.keys\"]\nnetwork = [\"any\"]\n",
    );
    let report = |arguments: &[&str], variable: Option<&str>| -> Value {
        let mut all = vec!["--format", "json"];
        all.extend(arguments);
        all.push("a.pcapng");
        let mut command = command(&all);
        command.current_dir(&home).env("HOME", &home);
        if let Some(file) = variable {
            command.env("SIPDIAG_KEYLOG", file);
        }
        let run = finish(command.output().unwrap());
        serde_json::from_str(run.report(&format!("{arguments:?}")).unwrap()).unwrap()
    };
    let opened = |report: &Value| report["coverage"]["tls_decrypted"].as_u64().unwrap() > 0;
    let of_file = report(&[], None);
    assert!(opened(&of_file), "key log of the file, relative to it");
    assert_eq!(of_file["coverage"]["networks"][0], "any");
    let narrowed = report(&["--net", "10.1.1.0/24"], None);
    assert_eq!(narrowed["coverage"]["networks"][0], "10.1.1.0/24");
    assert!(
        !opened(&report(&[], Some("b.keys"))),
        "a variable beats the file"
    );
    assert!(
        opened(&report(&["-k", "a.keys"], Some("b.keys"))),
        "an option beats it"
    );
    assert!(opened(&report(&[], Some(""))), "an empty variable is none");
    assert!(!opened(&report(&["--no-config"], None)));
    assert!(opened(&report(&["--no-config"], Some("a.keys"))));
}

#[test]
fn sslkeylogfile_is_not_read() {
    let sample = "samples/healthy-tls12-ecdhe.pcapng";
    let keys = project("samples/healthy-tls12-ecdhe.keys");
    let run = finish(
        command(&["--format", "json", sample])
            .env("SSLKEYLOGFILE", &keys)
            .output()
            .unwrap(),
    );
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["coverage"]["tls_decrypted"], 0);
}

#[test]
fn a_lab_profile_comes_from_the_file_from_beside_it_or_from_a_variable() {
    const MADDR: &str = "samples/maddr-not-trusted-504.pcapng";
    let temp = tempfile::tempdir().unwrap();
    let profile =
        "[cisco]\nhosts = [\"10.1.1.20\"]\nfederation_routing_fqdn = \"cups01.tomt.local\"\n";
    let (lab, file) = (
        temp.path().join("lab.toml"),
        temp.path().join("sipdiag.toml"),
    );
    write(&lab, profile);
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = arguments.to_vec();
        all.push(MADDR);
        let run = finish(
            command(&all)
                .envs(variables.iter().copied())
                .output()
                .unwrap(),
        );
        assert!(matches!(run.status, 0 | 1), "{run:?}");
        folded(&run.stdout).contains("Configured Federation Routing FQDN: cups01.tomt.local")
    };
    assert!(!with(&[], &[]));
    assert!(with(&[], &[("SIPDIAG_LAB", path(&lab))]));
    for text in [
        "lab = \"lab.toml\"\n".to_owned(),
        profile.replace("[cisco]", "[lab.cisco]"),
    ] {
        write(&file, &text);
        assert!(with(&["--config", path(&file)], &[]), "{text}");
        assert!(with(&[], &[("SIPDIAG_CONFIG", path(&file))]), "{text}");
        assert!(!with(&["--no-config"], &[("SIPDIAG_CONFIG", path(&file))]));
    }
    write(&file, "[lab]\nca = [\"missing.pem\"]\n");
    let missing = sipdiag(&["--config", path(&file), MADDR]);
    missing.refused("missing.pem");
    missing.refused("sipdiag.toml");
    sipdiag(&["--config", "no/such/file.toml", MADDR]).refused("no/such/file.toml");

    // A template is made from the capture alone; to give both is a mistake.
    let template = finish(
        command(&["--lab-template", MADDR])
            .env("SIPDIAG_LAB", path(&lab))
            .output()
            .unwrap(),
    );
    assert_eq!(template.status, 0, "{template:?}");
    assert_eq!(template.stdout, sipdiag(&["--lab-template", MADDR]).stdout);
    for both in [
        &["--lab-template", "--lab", path(&lab), MADDR][..],
        &["--no-config", "--config", path(&file), MADDR],
    ] {
        let run = sipdiag(both);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{both:?}");
        assert!(run.stderr.contains("exclude each other"), "{run:?}");
    }
}

#[test]
fn looks_come_from_variables() {
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.push(FAILING);
        finish(
            command(&all)
                .envs(variables.iter().copied())
                .output()
                .unwrap(),
        )
    };
    assert_eq!(
        with(&[("SIPDIAG_TIME", "relative")], &[]).stdout,
        sipdiag(&["--time", "relative", FAILING]).stdout
    );
    assert_eq!(
        with(&[("SIPDIAG_TIME", "relative")], &["--time", "utc"]).stdout,
        sipdiag(&[FAILING]).stdout
    );
    let colours = with(&[("SIPDIAG_COLOR", "always"), ("NO_COLOR", "1")], &[]);
    assert!(colours.stdout.contains('\u{1b}'));
    assert!(
        !with(&[("SIPDIAG_COLOR", "")], &[])
            .stdout
            .contains('\u{1b}')
    );
    let wrong = with(&[("SIPDIAG_COLOR", "sometimes")], &[]);
    assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("sometimes"), "{wrong:?}");
    // The format is what a script reads: no variable changes it.
    assert_eq!(
        with(&[("SIPDIAG_FORMAT", "json")], &[]).stdout,
        sipdiag(&[FAILING]).stdout
    );
}

/// Each variable that the help names is in the documentation, and the other way round.
#[test]
fn the_documentation_names_every_variable_and_key() {
    let page = support::read_text(&project("docs/configuration.md"));
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.split(|c: char| !c.is_ascii_uppercase() && c != '_')
            .filter(|word| word.starts_with("SIPDIAG_"))
            .map(str::to_owned)
            .collect()
    };
    let help = words(&sipdiag(&["--help"]).stdout);
    assert!(help.len() >= 5, "{help:?}");
    let documented = words(&page.replace("SIPDIAG_FORMAT", ""));
    assert_eq!(help, documented);
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("sipdiag.toml");
    write(&file, example);
    std::fs::write(temp.path().join("lab.toml"), "").unwrap();
    std::fs::copy(
        project("samples/healthy-tls12-ecdhe.keys"),
        temp.path().join("keys.txt"),
    )
    .unwrap();
    let run = sipdiag(&["--config", path(&file), HEALTHY]);
    assert_eq!(run.status, 0, "{run:?}");
}
