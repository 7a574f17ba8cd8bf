//! A certificate before its beginning.

use super::common::{Fault, presented};
use crate::connection::Connection;
use crate::finding::Severity;
use crate::host::Role;
use crate::rules::tls::sources::{CISCO_TROUBLE, MEASURED};
use crate::rules::tls::words::{date, short_name};
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "cert-not-yet-valid",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a certificate was presented before the beginning of its validity",
    explanation: "The time of the packet lies before the beginning of validity of the certificate, or of an intermediate that \
        was sent with it. Usually the clock or time zone of the machine that made the certificate, or of the server that \
        uses it, is wrong. The time is that of the capturing machine.",
    causes: &[
        "the clock or time zone of the issuing authority or of one server is wrong",
        "the certificate was made for later use",
    ],
    confirm: &[
        "Compare the clocks of both servers, of the authority and of the machine that captured.",
    ],
    fix: Fix {
        cisco: &[
            "utils ntp status; OS Administration > Settings > NTP Servers. A certificate made with a wrong clock must be made anew.",
        ],
        microsoft: &["w32tm /query /status on the server and on the certification authority."],
        network: &["Give all servers the same time source (NTP)."],
    },
    knowledge: Knowledge::Verified,
    references: &[CISCO_TROUBLE, MEASURED, "RFC 5280 section 4.1.2.5"],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to) else {
            continue;
        };
        let now = p.flight.at.time;
        let early = p.named_where(|c| now.seconds() < c.not_before.seconds());
        let Some((first, others)) = early.split_first() else {
            continue;
        };
        let (name, begin) = (short_name(first), date(first.not_before));
        let whose = p.whose(first);
        let title = if p.was_refused() {
            format!(
                "{whose} is not valid before {begin}, and {} rejects it",
                p.verifier_name
            )
        } else {
            format!("{whose} is not valid before {begin}")
        };
        let fault = Fault {
            title,
            defect: format!(
                "\"{name}\" is valid from {begin} on; it was presented at {}.{}",
                date(now),
                others
                    .iter()
                    .map(|c| format!(
                        " The same goes for \"{}\", valid from {} on.",
                        short_name(c),
                        date(c.not_before)
                    ))
                    .collect::<String>()
            ),
            // OpenSSL answers 42, others 45.
            alerts: &[42, 45],
            key: first.serial.clone(),
            harmless: Severity::Warning,
        };
        let built = p.report(connection, to, fault);
        let words =
            format!("This is the certificate: \"{name}\". Check the clock of this server first.");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}
