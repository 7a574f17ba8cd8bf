//! Invariants over the text of `src/`: who may import whom (I1), no clock and no files in the rooms (I2), and what the model does
//! not know (I8). In one crate the compiler cannot check it.

use crate::support::{golden, project, read_text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may name. A room may always name itself. `docs/architecture.md` says why.
const ROOMS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("error", &[]),
    ("capture", &["base", "error"]),
    ("packet", &["base"]),
    ("flow", &["base", "packet"]),
    ("tls", &["base"]),
    ("sip", &["base"]),
    ("dns", &["base"]),
    ("clock", &["base", "capture", "dns", "packet", "sip"]),
    ("dialog", &["base", "sip"]),
    ("presence", &["base", "dialog", "sip"]),
    ("reference", &["base"]),
    ("redact", &["base", "sip"]),
    ("websocket", &["base", "sip"]),
    ("sctp", &["base", "packet", "sip", "tls"]),
    ("connection", &["base", "flow", "tls", "websocket"]),
    ("lab", &["base", "tls"]),
    (
        "host",
        &["base", "connection", "dialog", "flow", "lab", "sip", "tls"],
    ),
    (
        "ladder",
        &["base", "connection", "dialog", "flow", "sip", "tls"],
    ),
    ("finding", &["base"]),
    (
        "rules",
        &[
            "base",
            "connection",
            "dialog",
            "dns",
            "finding",
            "flow",
            "host",
            "lab",
            "presence",
            "reference",
            "sip",
            "tls",
        ],
    ),
    (
        "diagnosis",
        &[
            "base",
            "connection",
            "dialog",
            "finding",
            "flow",
            "host",
            "rules",
            "tls",
        ],
    ),
    (
        "report",
        &[
            "base",
            "capture",
            "connection",
            "diagnosis",
            "finding",
            "host",
            "ladder",
        ],
    ),
    (
        "analyzer",
        &[
            "base",
            "capture",
            "connection",
            "diagnosis",
            "dialog",
            "dns",
            "finding",
            "flow",
            "host",
            "lab",
            "ladder",
            "packet",
            "redact",
            "report",
            "rules",
            "sctp",
            "sip",
            "tls",
            "websocket",
        ],
    ),
    (
        "render",
        &[
            "base",
            "capture",
            "connection",
            "diagnosis",
            "dialog",
            "finding",
            "flow",
            "host",
            "ladder",
            "packet",
            "reference",
            "report",
            "rules",
            "sip",
            "tls",
            "websocket",
        ],
    ),
    (
        "extract",
        &[
            "base",
            "capture",
            "connection",
            "diagnosis",
            "packet",
            "redact",
            "report",
            "sip",
            "tls",
        ],
    ),
    // The program uses the library as any other user would.
    ("cli", &["sipdiag"]),
    ("main", &["cli"]),
];

/// What must not be named outside of a room: a word of the code, the rooms that may, and why.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("Instant::now", &["cli"], "I2: time comes with the frames"),
    (
        "SystemTime::now",
        &["cli"],
        "I2: time comes with the frames",
    ),
    ("Timestamp::now", &["cli"], "I2: time comes with the frames"),
    ("Zoned::now", &["cli"], "I2: time comes with the frames"),
    (
        "std::fs",
        &["cli"],
        "I2: files are opened by the command line",
    ),
    (
        "File::open",
        &["cli", "lib"],
        "I2: files are opened by the command line",
    ),
    (
        "std::env::var",
        &["cli"],
        "I8: the environment is the command line's",
    ),
    (
        "std::process",
        &["cli", "main"],
        "I8: the process is the command line's",
    ),
    ("println!", &["cli"], "I8: only the command line speaks"),
    ("print!", &["cli"], "I8: only the command line speaks"),
    ("clap", &["cli"], "I8: the library does not know clap"),
    ("anyhow", &["cli"], "I8: the library has its own errors"),
    ("indicatif", &["cli"], "I8: only the command line speaks"),
    ("rustix", &["cli"], "I8: the process is the command line's"),
    ("\\x1b", &["render"], "I8: only render knows colours"),
    ("\\u{1b}", &["render"], "I8: only render knows colours"),
    ("comfy_table", &["render"], "I8: only render knows tables"),
    (
        "serde_json",
        &["render", "cli"],
        "I8: only render knows JSON",
    ),
    ("Serialize", &["render"], "I8: JSON has its own views"),
    (
        "etherparse",
        &["packet"],
        "a foreign type stays in its room",
    ),
    ("simple_dns", &["dns"], "a foreign type stays in its room"),
    (
        "roxmltree",
        &["presence"],
        "a foreign type stays in its room",
    ),
    (
        "pcap_parser",
        &["capture"],
        "a foreign type stays in its room",
    ),
    ("x509_parser", &["tls"], "a foreign type stays in its room"),
    ("webpki", &["tls"], "a foreign type stays in its room"),
    ("unsafe ", &[], "I9: captures are hostile"),
];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for path in crate::support::files(folder) {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Files of `src/` with their path there, their room, and their code without comments and tests.
fn code() -> Vec<(String, String, String)> {
    let src = project("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 50, "src/ was not found");
    paths
        .iter()
        .map(|path| {
            let name = path
                .strip_prefix(&src)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let room = name.split(['/', '.']).next().unwrap().to_owned();
            let text = read_text(path);
            (
                name.clone(),
                room,
                if is_test(&name) {
                    String::new()
                } else {
                    plain(&text)
                },
            )
        })
        .collect()
}

fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

/// Without comments and without the tests at the end of the file.
fn plain(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms named as `crate::room` or in `use crate::{room, …}`.
fn named(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut word = String::new();
            let mut in_path = false;
            for c in group.chars() {
                if c.is_alphanumeric() || c == '_' {
                    word.push(c);
                    continue;
                }
                if !word.is_empty() && depth == 1 && !in_path {
                    rooms.insert(std::mem::take(&mut word));
                }
                word.clear();
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ':' => in_path = true,
                    ',' if depth == 1 => in_path = false,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            rooms.insert(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    rooms
}

fn allowed(room: &str) -> Option<BTreeSet<&'static str>> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, rooms)| rooms.iter().copied().collect())
}

/// What the library re-exports at its root counts as the room it is from.
fn home(name: &str) -> &str {
    match name {
        "Error" => "error",
        "Report" => "report",
        "Analyzer" | "Config" => "analyzer",
        other => other,
    }
}

#[test]
fn a_room_imports_only_rooms_to_its_left() {
    let mut problems = Vec::new();
    for (name, room, code) in code() {
        if room == "lib" {
            continue;
        }
        let Some(allowed) = allowed(&room) else {
            problems.push(Err(format!(
                "src/{name}: the room `{room}` is not in the table"
            )));
            continue;
        };
        for other in named(&code) {
            let other = home(&other);
            if other != room && !allowed.contains(other) {
                problems.push(Err(format!("src/{name}: {room} must not import {other}")));
            }
        }
    }
    golden::all(problems);
}

#[test]
fn the_table_itself_has_no_circle() {
    for (n, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in *allowed {
            let to_the_left = ROOMS[..n].iter().any(|(name, _)| name == other);
            assert!(to_the_left || *other == "sipdiag", "{room} and {other}");
        }
    }
}

/// Debts: files that name a rule, until what they need has moved to a file that rules share.
const DEBTS: &[(&str, &str)] = &[];

/// A rule may use what its class and other classes share; a rule that uses a rule would judge twice.
#[test]
fn a_rule_imports_no_other_rule() {
    let names: BTreeSet<String> = sipdiag::rules::ALL
        .iter()
        .map(|rule| rule.name.replace('-', "_"))
        .collect();
    let mut problems = Vec::new();
    let mut debts: BTreeSet<(&str, &str)> = DEBTS.iter().copied().collect();
    for (name, room, code) in code() {
        let file = name.split(['/', '.']).rev().nth(1).unwrap_or_default();
        if room != "rules" || file == "mod" {
            continue;
        }
        for line in code.lines() {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            for other in words.filter(|word| *word != file && names.contains(*word)) {
                let line = line.trim();
                if DEBTS.contains(&(name.as_str(), other)) {
                    debts.retain(|debt| *debt != (name.as_str(), other));
                    crate::support::say!("SKIPPED a debt: src/{name} names the rule {other}");
                    continue;
                }
                problems.push(Err(format!("src/{name}: `{line}` names the rule {other}")));
            }
        }
    }
    for (file, other) in debts {
        problems.push(Err(format!("DEBTS: src/{file} no longer names {other}")));
    }
    golden::all(problems);
}

#[test]
fn words_stay_in_their_rooms() {
    let mut problems = Vec::new();
    for (name, room, code) in code() {
        for (word, rooms, why) in WORDS {
            if rooms.contains(&room.as_str()) {
                continue;
            }
            for line in code.lines().filter(|line| line.contains(word)) {
                let before = line.split(word).next().unwrap_or_default();
                if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                problems.push(Err(format!("src/{name}: `{}`: {why}", line.trim())));
            }
        }
    }
    golden::all(problems);
}

#[test]
fn imports_are_found_in_every_form() {
    let found = named(
        "use crate::base::{A, B};\nuse crate::{flow::Table, tls, sip::{x, y}};\nlet a = crate::dialog::Call;\n\
         use mycrate::host;",
    );
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["base", "dialog", "flow", "sip", "tls"]);
}

/// What exists on Unix alone.
const UNIX: &[&str] = &[
    "std::os::unix",
    "std::os::linux",
    "std::os::fd",
    "rustix",
    "libc::",
];

/// Lines that name what Windows does not have, and do not stand below `#[cfg(unix)]`.
fn unix_only(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    // The indentation of the item that `#[cfg(unix)]` stands above.
    let mut unix: Option<usize> = None;
    for line in code.lines() {
        let indentation = line.len() - line.trim_start().len();
        let text = line.trim();
        match unix {
            None if text == "#[cfg(unix)]" => unix = Some(indentation),
            None => {
                if UNIX.iter().any(|word| text.contains(word)) {
                    found.push(text);
                }
            }
            Some(start) if indentation == start && text.ends_with(['}', ';', ',']) => unix = None,
            Some(_) => {}
        }
    }
    found
}

#[test]
fn nothing_of_unix_without_a_branch() {
    let mut problems = Vec::new();
    for (name, _, code) in code() {
        for line in unix_only(&code) {
            problems.push(Err(format!(
                "src/{name}: `{line}` exists on Unix alone: put the item below #[cfg(unix)], with another for cfg(not(unix))"
            )));
        }
    }
    let manifest = read_text(&project("Cargo.toml"));
    let everywhere = manifest.split("[target.'cfg(unix)'").next().unwrap();
    for word in ["\nlibc = ", "\nnix = ", "\nrustix = "] {
        if everywhere.contains(word) {
            problems.push(Err(format!(
                "Cargo.toml: `{}` is for Unix alone",
                word.trim()
            )));
        }
    }
    golden::all(problems);
}

#[test]
fn code_for_unix_is_found_where_it_has_no_branch() {
    let with = "#[cfg(unix)]\nfn a() {\n    use std::os::unix::fs;\n    {\n    }\n}\n\n#[cfg(unix)]\nuse std::os::unix::x;\n";
    assert_eq!(unix_only(with), Vec::<&str>::new());
    let without = format!(
        "{with}fn b() {{\n    std::os::unix::y();\n}}\nuse rustix::z;\n#[cfg(not(unix))]\nuse libc::w;\n"
    );
    assert_eq!(
        unix_only(&without),
        ["std::os::unix::y();", "use rustix::z;", "use libc::w;"]
    );
}
