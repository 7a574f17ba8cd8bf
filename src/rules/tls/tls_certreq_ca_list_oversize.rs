//! The server's list of authorities is longer than Windows reads or writes.

use super::asked::{Answer, asked, authority_rows, chains_of, lists_issuer};
use super::outcome::{gravity, recovered_text};
use super::sources::MS_POWERSHELL;
use super::words::server;
use crate::connection::Connection;
use crate::finding::{Confidence, Evidence, Severity};
use crate::host::Role;
use crate::rules::{Check, Class, Fix, Knowledge, Reporter, Rule};

pub(super) static RULE: Rule = Rule {
    name: "tls-certreq-ca-list-oversize",
    class: Class::Tls,
    severity: Severity::Error,
    summary: "the server's list of accepted authorities is so long that Windows cuts it",
    explanation: "A server that asks for a client certificate may say which authorities it accepts (certificate_authorities \
        in the CertificateRequest). Windows handles at most 16 384 bytes of that list: as a server it cuts the list there \
        and logs Schannel event 36885, as a client it may fail on a longer one. The authority of the peer's certificate is \
        then missing, the peer finds no fitting certificate and sends none, and mutual TLS fails. Microsoft names OCS and \
        Lync among the products that fail in this way. A long list that does its work is a note.",
    causes: &[
        "too many certificates in Trusted Root Certification Authorities of the server, often all roots of an update",
        "intermediate or peer certificates were imported into the root store by mistake",
        "SendTrustedIssuerList is set to 1, although Windows Server 2012 and later would send no list",
    ],
    confirm: &[
        "Windows System log of the server, source Schannel, event 36885.",
        "Count the roots: (Get-ChildItem Cert:\\LocalMachine\\Root).Count, and look for those whose Subject is not their Issuer.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco is the server: Cisco Unified OS Administration > Security > Certificate Management: delete cup-trust \
             certificates that nobody needs, then restart the Cisco SIP Proxy.",
        ],
        microsoft: &[
            "Remove roots that nobody needs, and everything that is no root, from Trusted Root Certification Authorities of the \
             local computer.",
            "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL: SendTrustedIssuerList (DWORD) = 0, and \
             ClientAuthTrustMode (DWORD) = 2 where the limit still bites; restart Windows.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "Microsoft KB 2464556, https://support.microsoft.com/en-us/help/2464556",
        "Microsoft KB 933430, https://mskb.pkisolutions.com/kb/933430",
        "Microsoft KB 2880390, https://support.microsoft.com/en-us/help/2880390",
        MS_POWERSHELL,
        "RFC 5246 section 7.4.4",
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// A cut list ends with a whole name, some hundred bytes below the limit of 16 384.
const NEAR_LIMIT: usize = 16_000;

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    let Some(tls) = &connection.tls else {
        return;
    };
    let context = to.context();
    let Some(asked) = asked(connection, tls, context) else {
        return;
    };
    let bytes = asked.request.ca_list_bytes;
    if bytes < NEAR_LIMIT {
        return;
    }
    let names = asked.request.ca_names.len();
    let (who, whom) = (to.label(asked.client), server(connection, to));
    // Whose chain is known, and in the list, has another reason to send nothing.
    let listed = asked.request.complete
        && chains_of(asked.client, context)
            .any(|(flight, _)| lists_issuer(&asked.request.ca_names, &flight.chain));
    let failed = asked.refused.is_some();
    let (severity, outcome) = match asked.answer {
        Answer::Chain(_) => (
            Severity::Note,
            format!("{who} sent a certificate all the same."),
        ),
        _ if listed => (
            Severity::Note,
            format!("The authority of the certificate of {who} is in it."),
        ),
        Answer::Nothing(_) if failed => (
            gravity(connection, context),
            format!(
                "{who} found no certificate that fits and sent none, and the handshake failed."
            ),
        ),
        Answer::Nothing(_) => (
            Severity::Note,
            format!(
                "{who} found no certificate that fits and sent none; {whom} went on without it."
            ),
        ),
        Answer::NotSeen if failed => (
            gravity(connection, context),
            format!("The handshake ended before {who} answered it."),
        ),
        Answer::NotSeen => (
            Severity::Note,
            "What the client answered is not in the capture.".to_owned(),
        ),
    };
    let mut built = to
        .report(
            asked.client,
            asked.server,
            format!(
                "The list of authorities in the CertificateRequest of {whom} is {bytes} bytes long, near or above what Windows \
                 handles"
            ),
            Evidence::seen(
                asked.request.at,
                format!("CertificateRequest with {names} names in {bytes} bytes"),
            ),
        )
        .severity(severity)
        .key(connection.server().port.to_string())
        .summary(format!(
            "{whom} names {names} authorities whose certificates it would accept, in {bytes} bytes; Windows stops at 16384. \
             {outcome}{}",
            recovered_text(connection, context)
        ))
        .detail("Authorities that the server accepts", authority_rows(asked.request))
        .on_stream(Some(connection.flow.stream));
    if let Answer::Nothing(at) = asked.answer {
        built = built.seen(at, format!("{who} sends no certificate"));
    } else if matches!(asked.answer, Answer::NotSeen) {
        built = built.confidence(Confidence::Medium);
    }
    if let Some(refused) = asked.refused {
        built = built.seen(refused.at, format!("the end: {}", refused.how.verb()));
    }
    let _ = match context.role(asked.server) {
        Role::Lync | Role::Edge => built.microsoft(
            "This is the side to change: the trusted roots of the computer that sends the list.",
        ),
        Role::Cisco => built.cisco("This is the side to change: the cup-trust certificates."),
        _ => built,
    };
}
