//! Secrets given on the command line and brought by captures: what is read, what is refused, what is never shown.

use crate::cli::{path, sipdiag, with_stdin};
use crate::support::{project, read};
use serde_json::Value;
use std::path::PathBuf;

const ENCRYPTED: &str = "samples/mutual-tls-no-secrets.pcapng";
const CLEAR: &str = "samples/healthy-presence-im-tcp.pcapng";
const KEYS: &str = "src/tls/tests/keys";

/// A key log line of a session that no capture has.
fn line() -> String {
    format!("CLIENT_RANDOM {} {}", "ab".repeat(32), "5e".repeat(48))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.path().join(name);
        std::fs::write(&file, content).unwrap();
        file
    }
}

/// The texts of the caveats on secrets in a JSON report.
fn caveats(stdout: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(stdout).unwrap();
    report["caveats"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["kind"] == "secrets-unusable")
        .map(|c| c["text"].as_str().unwrap().to_owned())
        .collect()
}

fn said(arguments: &[&str]) -> Vec<String> {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let run = sipdiag(&all);
    assert!(
        matches!(run.status, 0 | 1) && run.stderr.is_empty(),
        "{run:?}"
    );
    assert!(!run.stdout.contains(&"5e".repeat(8)), "a secret is shown");
    caveats(&run.stdout)
}

#[test]
fn what_is_wrong_with_a_key_log_is_in_the_report_by_line() {
    let folder = Folder::new();
    let half = format!("CLIENT_RANDOM {} {}", "ab".repeat(32), "5e".repeat(8));
    let keys = folder.file("keys.txt", format!("# head\n{}\n{half}\n", line()));
    let name = path(&keys);
    assert_eq!(
        said(&["--keylog", name, CLEAR]),
        [
            format!(
                "{name}: not a line of a key log: line 3 (the master secret is not 48 bytes in hex)"
            ),
            ELSEWHERE.to_owned(),
        ]
    );
    let empty = folder.file("empty.txt", "");
    let prose = folder.file("prose.txt", "hello\n");
    let said = said(&["-k", path(&empty), "-k", path(&prose), CLEAR]);
    let none = |file: &PathBuf| {
        said.iter()
            .any(|text| text.starts_with(&format!("{}: no secret of TLS in it", path(file))))
    };
    assert!(none(&empty) && none(&prose), "{said:?}");
}

#[test]
fn secrets_of_no_use_do_not_make_a_healthy_capture_doubtful() {
    let folder = Folder::new();
    let keys = folder.file("keys.txt", line());
    let key = format!("{KEYS}/throwaway.pkcs8.pem");
    let with = sipdiag(&["--keylog", path(&keys), "--rsa-key", &key, CLEAR]);
    let without = sipdiag(&[CLEAR]);
    assert_eq!((with.status, without.status), (0, 0));
    assert_eq!(with.stdout.lines().next(), without.stdout.lines().next());
    assert!(
        with.stdout
            .contains("a private key opened no session: src/tls/tests/keys/throwaway.pkcs8.pem"),
        "{with:?}"
    );
}

#[test]
fn private_keys_are_read_with_their_password() {
    let folder = Folder::new();
    let password = folder.file("password", "throwaway\r\nsecond line\n");
    let wrong = folder.file("wrong", "hush-hush\n");
    let pfx = format!("{KEYS}/throwaway.legacy.pfx");
    let pem = format!("{KEYS}/throwaway.pkcs1.pem");
    let with = |file: &PathBuf| {
        sipdiag(&[
            "--rsa-key",
            &pem,
            "--rsa-key",
            &pfx,
            "--rsa-key-password-file",
            path(file),
            CLEAR,
        ])
    };
    let run = with(&password);
    assert!(run.status == 0 && run.stderr.is_empty(), "{run:?}");
    // Both files hold the same key.
    assert_eq!(
        run.stdout
            .matches("a private key opened no session")
            .count(),
        1
    );
    let run = with(&wrong);
    run.refused("throwaway.legacy.pfx: the password in --rsa-key-password-file is not");
    assert!(!run.stderr.contains("hush-hush"), "{run:?}");
    sipdiag(&["--rsa-key", &pfx, CLEAR]).refused("give its password with --rsa-key-password-file");
}

#[test]
fn files_that_are_no_secrets_are_refused_in_one_line() {
    let folder = Folder::new();
    let key = |name: &str| format!("{KEYS}/{name}");
    let latin = folder.file("latin1", b"pa\xdfword\n");
    for (arguments, because) in [
        (vec!["--keylog", "no/such/keys"], "no/such/keys"),
        (vec!["--keylog", "docs"], "docs: cannot be read"),
        (vec!["--rsa-key", "no/such/key"], "no/such/key"),
        (vec!["--rsa-key", "docs"], "docs: cannot be read"),
        (
            vec!["--rsa-key", &key("ec.sec1.pem")],
            "an EC key cannot open RSA key exchange",
        ),
        (
            vec!["--rsa-key", &key("throwaway.crt.pem")],
            "a certificate without its private key",
        ),
        (
            vec!["--rsa-key", "README.md"],
            "README.md: not a private key",
        ),
        (
            vec![
                "--rsa-key",
                &key("throwaway.aes.pfx"),
                "--rsa-key-password-file",
                "no/such/password",
            ],
            "no/such/password",
        ),
        (
            vec![
                "--rsa-key",
                &key("throwaway.aes.pfx"),
                "--rsa-key-password-file",
                path(&latin),
            ],
            "the password is not UTF-8",
        ),
    ] {
        let mut arguments = arguments;
        arguments.push(CLEAR);
        sipdiag(&arguments).refused(because);
        arguments.extend(["--list", "packets"]);
        sipdiag(&arguments).refused(because);
    }
    let run = sipdiag(&["--rsa-key-password-file", path(&latin), CLEAR]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("--rsa-key"), "{run:?}");
}

#[test]
fn a_report_is_never_written_over_a_secret() {
    let folder = Folder::new();
    let keys = folder.file("keys.txt", line());
    let pem = folder.file(
        "key.pem",
        read(&project(&format!("{KEYS}/throwaway.pkcs8.pem"))),
    );
    let password = folder.file("password", "throwaway");
    for target in [&keys, &pem, &password] {
        let before = read(target);
        sipdiag(&[
            "--keylog",
            path(&keys),
            "--rsa-key",
            path(&pem),
            "--rsa-key-password-file",
            path(&password),
            "--output",
            path(target),
            CLEAR,
        ])
        .refused("is read as input");
        assert_eq!(read(target), before);
    }
}

/// A pcapng block with padding and both lengths.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let total = u32::try_from(12 + body.len() + padding).unwrap();
    let mut out = kind.to_le_bytes().to_vec();
    out.extend(total.to_le_bytes());
    out.extend(body);
    out.extend(std::iter::repeat_n(0, padding));
    out.extend(total.to_le_bytes());
    out
}

/// A Decryption Secrets Block with a key log.
fn secrets_block(text: &str) -> Vec<u8> {
    let mut body = 0x544c_534b_u32.to_le_bytes().to_vec();
    body.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    body.extend(text.as_bytes());
    block(10, &body)
}

/// A section without packets that has a comment (`opt_comment`).
fn comment_block(text: &str) -> Vec<u8> {
    let mut body = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    body.extend([1, 0, 0, 0]);
    body.extend(u64::MAX.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    body.extend(text.as_bytes());
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend([0; 4]);
    block(0x0a0d_0d0a, &body)
}

const LATE: &str = "TLS secrets stand in the capture behind packets that they may open: it has to be read twice, so save it to a file and give that";
const ELSEWHERE: &str =
    "the key log names 1 session, which is not among the TLS handshakes that were analysed";

/// The capture with a block in front of its packets, and behind them.
fn with_block(block: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let capture = read(&project(ENCRYPTED));
    let section = usize::try_from(u32::from_le_bytes(capture[4..8].try_into().unwrap())).unwrap();
    let before = [&capture[..section], block, &capture[section..]].concat();
    let behind = [&capture[..], block].concat();
    (before, behind)
}

#[test]
fn secrets_behind_the_packets_are_known_from_the_beginning_when_a_file_is_read() {
    let folder = Folder::new();
    for (what, block) in [
        ("block", secrets_block(&format!("{}\n", line()))),
        ("comment", comment_block(&format!("the key:\n{}", line()))),
    ] {
        let (before, behind) = with_block(&block);
        let piped = |capture: &[u8]| {
            let run = with_stdin(&["--format", "json", "-"], capture);
            assert!(run.stderr.is_empty(), "{run:?}");
            caveats(&run.stdout)
        };
        if what == "block" {
            assert_eq!(piped(&before), [ELSEWHERE], "{what}");
        }
        assert_eq!(piped(&behind), [LATE, ELSEWHERE], "{what}");
        let file = folder.file("late.pcapng", &behind);
        assert_eq!(said(&[path(&file)]), [ELSEWHERE], "{what}");
        // The second round shows everything once.
        for list in ["packets", "connections"] {
            let plain = sipdiag(&["--list", list, ENCRYPTED]);
            let twice = sipdiag(&["--list", list, path(&file)]);
            assert_eq!(twice.stdout, plain.stdout, "{what} {list}");
        }
        // Known already: nothing is late.
        let keys = folder.file("keys.txt", line());
        let run = with_stdin(&["--format", "json", "--keylog", path(&keys), "-"], &behind);
        assert_eq!(caveats(&run.stdout), [ELSEWHERE], "{what}");
    }
}

#[test]
fn late_secrets_do_not_matter_where_nothing_is_closed() {
    let capture = read(&project(CLEAR));
    let block = secrets_block(&line());
    let run = with_stdin(&["--format", "json", "-"], &[&capture[..], &block].concat());
    assert_eq!(caveats(&run.stdout), [ELSEWHERE]);
}

#[test]
fn a_library_user_who_has_a_stream_is_told_as_well() {
    let (_, behind) = with_block(&secrets_block(&line()));
    let report = crate::support::analyze(behind, "late.pcapng");
    assert!(report.caveats.iter().any(|c| c.text == LATE));
}

#[test]
fn prose_in_comments_is_no_key_log_and_damage_in_a_block_is_said() {
    let folder = Folder::new();
    let (_, prose) = with_block(&comment_block("CLIENT_RANDOM is what you need\nRSA 12 34"));
    let file = folder.file("prose.pcapng", prose);
    assert_eq!(said(&[path(&file)]), [""; 0]);
    let (damaged, _) = with_block(&secrets_block("CLIENT_RANDOM 5e5e\nhello\n"));
    let file = folder.file("damaged.pcapng", damaged);
    assert_eq!(
        said(&[path(&file)]),
        ["the key log inside the capture has lines that are not of a key log"]
    );
}

#[test]
fn a_flood_of_secrets_in_a_capture_is_bounded_and_counted() {
    let lines: String = (0..1000)
        .map(|n| format!("CLIENT_RANDOM {n:064x} {}\n", "5e".repeat(48)))
        .collect();
    let (before, _) = with_block(&secrets_block(&lines));
    let mut config = sipdiag::Config::default();
    config.limits.tls_secrets = 100;
    let report = sipdiag::analyze(std::io::Cursor::new(before), "flood", config).unwrap();
    let count = |text: &str| {
        let found = report.caveats.iter().find(|c| c.text.contains(text));
        found.map(|c| c.count)
    };
    assert_eq!(count("brings more secrets than are kept"), Some(900));
    assert_eq!(count("the key log names 100 sessions"), Some(1));
}

#[test]
fn a_client_rejected_in_tls13_was_through_with_its_handshake() {
    let run = sipdiag(&["tests/rules/tls-alert-unknown-ca/fires-tls13.pcapng"]);
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("ends the connection right after the handshake with a fatal alert 48"),
        "{said}"
    );
    assert!(!said.contains("seems to"), "{said}");
}

/// Secrets that a long capture brings as it goes are known to all of its parts, from where they stand on; and there is one room for all.
#[test]
fn a_flood_of_secrets_behind_the_first_frames_is_bounded_counted_and_does_not_hide_what_came_before()
 {
    let name = "samples/maddr-not-trusted-tls12";
    let capture = read(&project(&format!("{name}.pcapng")));
    let keys = String::from_utf8(read(&project(&format!("{name}.keys")))).unwrap();
    // The section, its interface and its first packet: what comes behind is for several shards.
    let behind = (0..3).fold(0, |at, _| {
        let len = capture[at + 4..at + 8].try_into().unwrap();
        at + usize::try_from(u32::from_le_bytes(len)).unwrap()
    });
    let (first, packets) = capture.split_at(behind);
    let flood = |name: usize| {
        let line = |n| format!("CLIENT_RANDOM {n:064x} {}\n", "5e".repeat(48));
        secrets_block(&(name..name + 1000).map(line).collect::<String>())
    };
    let secrets = secrets_block(&keys);
    let run = |capture: &[&[u8]], jobs| {
        let mut config = sipdiag::Config::default();
        config.jobs = jobs;
        config.limits.tls_secrets = 100;
        config.limits.one_shard_bytes = 0;
        sipdiag::analyze(std::io::Cursor::new(capture.concat()), name, config).unwrap()
    };
    for jobs in [1, 2, 4] {
        let report = run(&[first, &secrets, &flood(0), packets, &flood(500)], jobs);
        assert_eq!(report.coverage.tls_unread, 0, "{jobs}");
        assert!(report.coverage.tls_decrypted > 0, "{jobs}");
        let few = "brings more secrets than are kept";
        let few = report.caveats.iter().find(|c| c.text.contains(few));
        let named = keys.lines().filter(|line| !line.starts_with('#')).count();
        let kept = u64::try_from(100 - named).unwrap();
        assert_eq!(few.map(|c| c.count), Some(2_000 - kept), "{jobs}");
        let report = run(&[first, &flood(0), &secrets, packets], jobs);
        assert_eq!(report.coverage.tls_decrypted, 0, "{jobs}");
    }
}

/// What a capture brings twice with different secrets is not new each time it is read again.
#[test]
fn secrets_that_contradict_each_other_do_not_make_it_read_again_and_again() {
    let folder = Folder::new();
    let (_, behind) = with_block(&secrets_block(&line()));
    let other = line().replace("5e5e", "a1a1");
    let twice = [&behind[..], &secrets_block(&other), &secrets_block(&line())].concat();
    let file = folder.file("twice.pcapng", &twice);
    assert_eq!(said(&[path(&file)]), [ELSEWHERE]);
}
