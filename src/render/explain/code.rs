//! Pages of codes: what they mean, who says them, and the rules that go further.

use super::{capitalised, list};
use crate::reference::{Sure, alert, ms_diagnostics, status};
use crate::rules::{self, Rule};
use crate::sip::StatusCode;
use crate::tls::AlertDescription;
use std::fmt::Write as _;

/// The page of a SIP status code.
pub(super) fn status(code: u16) -> String {
    let name = StatusCode(code).name().unwrap_or("(not registered)");
    let mut text = format!("# {code} {name}\n\n");
    let known = status::find(code);
    let meaning = known.map_or_else(
        || {
            let class = status::class(code).unwrap_or("no class of SIP");
            format!(
                "A code that is not registered. It is to be taken as {}00: {class}.",
                code / 100
            )
        },
        |known| known.meaning.to_owned(),
    );
    let _ = writeln!(text, "{meaning}\n");
    let (microsoft, cisco) = known.map_or((None, None), |k| (k.microsoft, k.cisco));
    for (who, reading) in [("a Microsoft server", microsoft), ("the Cisco side", cisco)] {
        if let Some(reading) = reading {
            let _ = writeln!(text, "From {who}: {reading}.\n");
        }
    }
    let _ = writeln!(
        text,
        "## What it looks like\n\n```text\nSIP/2.0 {code} {name}\nServer: who says it (RTC/5.0 is a Lync server); a proxy may pass on what another said\n```\n"
    );
    let rules = rules_of(known.map_or(&[][..], |k| k.rules));
    let success = code < 300;
    confirm(
        &mut text,
        &rules,
        if success {
            "Nothing to look for: this is no failure."
        } else {
            "sipdiag --list messages CAPTURE: the request of the same Call-ID and CSeq, who answered, and its Server, Warning, \
             Reason and ms-diagnostics headers. The box that says it is not always the one that fails."
        },
    );
    fix(
        &mut text,
        &rules,
        if success {
            "None is needed."
        } else {
            "No fault of this federation is known by this code alone: the logs of the box that says it tell the reason for the \
             same Call-ID (Lync: CLSLogger, scenario SIPStack; Cisco: SIP proxy log at debug)."
        },
    );
    further(&mut text, &rules);
    sources(
        &mut text,
        &[known.map_or("RFC 3261 section 8.1.3.2", |k| k.source)],
    );
    text
}

/// The page of a TLS alert.
pub(super) fn alert(number: u8) -> String {
    let name = AlertDescription(number).name();
    let mut text = format!("# alert {number} {name}\n\n");
    let Some(known) = alert::find(number) else {
        return text;
    };
    let _ = writeln!(text, "{}\n\n{}\n", known.meaning, known.whom);
    let _ = writeln!(
        text,
        "## What it looks like\n\nIn clear, a record of 7 bytes (TLS 1.0, fatal; the level is 01 for a warning); under encryption only its length shows:\n\n\
         ```text\n15 03 01 00 02 02 {number:02x}\n```\n"
    );
    let rules = rules_of(known.rules);
    confirm(
        &mut text,
        &rules,
        "sipdiag CAPTURE names the sender, the frame and the handshake message before it. Windows writes a received alert as \
         Schannel event 36887 and a sent one as 36888, with this number.",
    );
    fix(
        &mut text,
        &rules,
        "Nothing in the configuration of this federation is known to cause it: note the versions of both sides and look into the \
         sender's logs.",
    );
    further(&mut text, &rules);
    sources(&mut text, &[known.source]);
    text
}

/// The page of an id of ms-diagnostics, also of one that is not known.
pub(super) fn diagnostics(id: u32) -> String {
    let mut text = format!("# ms-diagnostics {id}\n\n");
    let known = ms_diagnostics::find(id);
    let component = ms_diagnostics::component(id);
    match known {
        Some(known) => {
            let _ = writeln!(text, "It means: {}. {}\n", known.meaning, known.look);
            if known.sure == Sure::Unsourced {
                let _ = writeln!(
                    text,
                    "This is told from experience; no document of it was found.\n"
                );
            }
        }
        None => {
            let _ = writeln!(
                text,
                "This id is not in the table. The text that comes with it on the wire says what the server means by it.\n"
            );
        }
    }
    if let Some(component) = component {
        let _ = writeln!(text, "Ids of this range are written by: {component}.\n");
    }
    let _ = writeln!(
        text,
        "## What it looks like\n\n```text\nms-diagnostics: {id};reason=\"{}\";source=\"the server that wrote it\"\n```\n\n\
         ms-diagnostics-public is the same without source. Versions differ in the text; the id counts.\n",
        known.map_or("...", |k| k.wire)
    );
    let rules = rules_of(known.map_or(&[][..], |k| k.rules));
    confirm(
        &mut text,
        &rules,
        "sipdiag CAPTURE shows the whole line as it was on the wire. The parameter source names the server that wrote it: trace there with \
         CLSLogger, scenario SIPStack, for the same Call-ID.",
    );
    fix(
        &mut text,
        &rules,
        known.map_or(
            "Follow the text on the wire; the log of the server that wrote it tells more.",
            |k| k.look,
        ),
    );
    if let 1010 | 1020 = id {
        let rows: Vec<String> = ms_diagnostics::RESULT_CODES
            .iter()
            .map(|c| format!("0x{:08X} {}: {}", c.code, c.name, c.meaning))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        list(&mut text, "Result codes in its parameters", &rows);
    }
    further(&mut text, &rules);
    sources(&mut text, &[ms_diagnostics::SOURCE]);
    text
}

fn rules_of(names: &[&str]) -> Vec<&'static Rule> {
    names.iter().filter_map(|name| rules::find(name)).collect()
}

fn confirm(text: &mut String, rules: &[&Rule], general: &str) {
    let mut steps = vec![general];
    steps.extend(
        rules
            .iter()
            .filter_map(|rule| rule.confirm.first().copied()),
    );
    dedup(&mut steps);
    list(text, "How to make sure", &steps);
}

fn fix(text: &mut String, rules: &[&Rule], otherwise: &str) {
    let mut any = false;
    for (side, steps) in [
        ("Fix on the Cisco side", cisco as fn(&Rule) -> _),
        ("Fix on the Microsoft side", microsoft),
        ("Fix in the network", network),
    ] {
        let mut all: Vec<&str> = rules.iter().flat_map(|rule| steps(rule)).copied().collect();
        dedup(&mut all);
        any |= !all.is_empty();
        list(text, side, &all);
    }
    if !any {
        list(text, "Fix", &[otherwise]);
    }
}

fn cisco(rule: &Rule) -> &'static [&'static str] {
    rule.fix.cisco
}

fn microsoft(rule: &Rule) -> &'static [&'static str] {
    rule.fix.microsoft
}

fn network(rule: &Rule) -> &'static [&'static str] {
    rule.fix.network
}

fn dedup(steps: &mut Vec<&str>) {
    let mut seen = std::collections::BTreeSet::new();
    steps.retain(|step| seen.insert(*step));
}

fn further(text: &mut String, rules: &[&Rule]) {
    if rules.is_empty() {
        return;
    }
    let _ = writeln!(text, "## Rules that speak of it\n");
    for rule in rules {
        let _ = writeln!(
            text,
            "- {} (sipdiag --explain {})",
            capitalised(rule.summary),
            rule.name
        );
    }
    text.push('\n');
}

fn sources(text: &mut String, sources: &[&str]) {
    list(text, "Sources", sources);
    text.truncate(text.trim_end().len());
    text.push('\n');
}
