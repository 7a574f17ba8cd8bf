//! What is shown of each message, beside the verdicts of the RFCs.

use super::{all, defects, messages, read_datagram};
use crate::support::{files, golden, project, read, read_text};
use sipdiag::sip::{Address, Message};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn cell(value: Option<String>) -> String {
    let mut text = value.unwrap_or_else(|| "-".to_owned());
    // Long values by their ends and their length.
    if text.len() > 70 {
        let start: String = text.chars().take(20).collect();
        let end: String = text.chars().rev().take(20).collect();
        let end: String = end.chars().rev().collect();
        text = format!("{start}…{end} ({} bytes)", text.len());
    }
    text
}

/// `user@host;tag`, or the URI of a scheme without host.
fn party(address: Option<Address<'_>>) -> String {
    cell(address.map(|a| {
        let who = a.aor().unwrap_or_else(|| a.uri_text.to_string());
        let tag = a.tag().map_or(String::new(), |t| format!(";{t}"));
        format!("{who}{tag}")
    }))
}

/// One row of the table but for the first three cells.
fn shown(m: &Message) -> String {
    let what = match (m.method(), m.status()) {
        (Some(method), _) => format!("request {method}"),
        (None, Some(status)) => format!("response {status}"),
        (None, None) => "response -".to_owned(),
    };
    let target = m
        .request_uri_text()
        .or_else(|| m.reason())
        .map(|t| t.to_string());
    let via = m.top_via().map(|v| {
        let port = v.port.map_or(String::new(), |p| format!(" {p}"));
        let branch = v.branch().map_or(String::new(), |b| format!(";{b}"));
        format!("{}/{}{port}{branch}", v.transport, v.host)
    });
    [
        what,
        cell(target),
        cell(m.call_id().map(|t| t.to_string())),
        cell(m.cseq().map(|c| format!("{} {}", c.number, c.method))),
        party(m.from()),
        party(m.to()),
        m.via_count().to_string(),
        cell(via),
        cell(m.max_forwards().map(|n| n.to_string())),
        cell(
            m.content_length()
                .map(|l| l.map_or_else(|_| "?".to_owned(), |n| n.to_string())),
        ),
        m.body().len().to_string(),
        m.contacts().count().to_string(),
        defects(m),
    ]
    .join("\t")
}

const HEADINGS: &str = "message\tsection\tRFC\tkind\tURI or reason\tCall-ID\tCSeq\tFrom\tTo\tVias\ttop Via\tMax-Forwards\tContent-Length\tbody\tContacts\tdefects";

/// What the RFC says of a section.
pub(super) fn verdict(section: &str) -> &'static str {
    match section {
        s if s.starts_with("4475 3.1.1") => "valid",
        s if s.starts_with("4475 3.1.2") => "invalid",
        s if s.starts_with("4475 3.2") => "transaction layer",
        s if s.starts_with("4475 3.3") => "application layer",
        s if s.starts_with("4475 3.4") => "valid (RFC 2543)",
        "5118 4.2" => "invalid",
        s if s.starts_with("5118 ") => "valid",
        other => panic!("{other}"),
    }
}

/// Rows of the table by message.
fn expected() -> BTreeMap<String, Vec<String>> {
    read_text(&project("tests/torture/EXPECTED.tsv"))
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            (cells[0].clone(), cells)
        })
        .collect()
}

/// The table: each message with all its fields and exactly its defects.
#[test]
fn each_message_is_shown_as_the_table_says() {
    let all = all();
    let count = |rfc: &str| all.iter().filter(|t| t.section.starts_with(rfc)).count();
    assert_eq!((count("4475"), count("5118")), (49, 12));
    let mut table = format!("{HEADINGS}\n");
    for torture in &all {
        let items = read_datagram(&torture.bytes);
        assert!(!messages(&items).is_empty(), "{}", torture.name);
        for (n, m) in messages(&items).into_iter().enumerate() {
            let name = match n {
                0 => torture.name.clone(),
                n => format!("{} #{}", torture.name, n + 1),
            };
            let (section, says) = (&torture.section, verdict(&torture.section));
            let _ = writeln!(table, "{name}\t{section}\t{says}\t{}", shown(m));
        }
    }
    let path = project("tests/torture/EXPECTED.tsv");
    golden::all([golden::check(&path, &table)]);
}

/// What the RFC calls valid has no defect, and what it calls invalid has one.
#[test]
fn the_defects_agree_with_the_verdicts_of_the_rfcs() {
    // Application layer, and malformed all the same: fields are missing or repeated.
    const MALFORMED: [&str; 3] = ["insuf", "multi01", "mcl01"];
    for (name, row) in expected() {
        let (says, defects) = (row[2].as_str(), row.last().unwrap());
        let invalid =
            matches!(says, "invalid" | "transaction layer") || MALFORMED.contains(&name.as_str());
        assert_eq!(invalid, defects != "-", "{name}: {says}, {defects}");
    }
}

/// The messages that the RFCs print, where they are beside the project.
#[test]
fn the_messages_of_the_rfcs_have_the_same_defects() {
    const FOLDER: &str = "../shared/corpus/torture";
    // (message, defects it has besides): the files are not in all as the RFC prints them.
    const BESIDES: [(&str, &str); 1] = [("ipv6-in-sdp", "content-length-mismatch")];
    let expected = expected();
    let mut seen = 0;
    let mut problems = Vec::new();
    for path in files(&project(FOLDER)) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(name) = name.split("__").nth(2).filter(|_| name.contains("rfc")) else {
            continue;
        };
        let row = &expected[name];
        let items = read_datagram(&read(&path));
        let m = messages(&items)[0];
        let mut defects = defects(m);
        if let Some((_, more)) = BESIDES.iter().find(|(n, _)| *n == name) {
            assert!(defects.contains(more), "{name} has no longer {more}");
            defects = defects.replace(more, "").trim().to_owned();
            if defects.is_empty() {
                defects.push('-');
            }
        }
        let kind = shown(m).split('\t').next().unwrap().to_owned();
        if (&kind, &defects) != (&row[3], row.last().unwrap()) {
            problems.push(Err(format!(
                "{name}: {kind}, {defects}; the table has {row:?}"
            )));
        }
        seen += 1;
    }
    if seen == 0 {
        crate::support::say!("SKIPPED the messages of the RFCs: {FOLDER} does not exist");
        return;
    }
    assert_eq!(seen, 30);
    golden::all(problems);
}
