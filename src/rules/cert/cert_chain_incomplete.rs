//! An end certificate without the intermediate that leads from it to a root.

use super::common::{Fault, Presented, presented};
use crate::base::FrameRef;
use crate::connection::Connection;
use crate::finding::{Confidence, Severity};
use crate::host::Role;
use crate::rules::tls::authorities::{judged, sentence};
use crate::rules::tls::sources::{CISCO_PARTITIONED_NODE, MEASURED, SFB_SCANNER};
use crate::rules::tls::words::short_name;
use crate::rules::{Check, Class, Context, Fix, Knowledge, Reporter, Rule};
use crate::tls::{CertificateFlight, ChainFault, Verdict};

pub(super) static RULE: Rule = Rule {
    name: "cert-chain-incomplete",
    class: Class::Cert,
    severity: Severity::Error,
    summary: "a certificate was sent without the intermediate authority between it and the root, and was rejected",
    explanation: "A side must send its certificate with every intermediate authority; only the root may be left out (RFC 5246 \
        section 7.4.2). Here the issuer of the last certificate sent is no root: another certificate in the capture, the \
        lab profile or its name shows that it is an intermediate. A verifier that has only the root cannot build the chain \
        and answers with alert 48 or 46, or resets. Where nothing shows what the issuer is, this rule is silent: a missing \
        root looks the same, and tls-alert-unknown-ca names both.",
    causes: &[
        "the certificate was installed without the certificate of its issuing authority: Windows sends only what it finds in \
         its Intermediate Certification Authorities store",
        "the intermediate is in the wrong store: in Trusted Root Certification Authorities of Windows it is not sent along",
        "on Cisco the intermediate was not uploaded as cup-trust before the certificate was uploaded as cup",
    ],
    confirm: &[
        "openssl s_client -connect <host>:<port> -showcerts lists what a server sends.",
        "Compare with the certification path of the certificate on the machine that issued it.",
    ],
    fix: Fix {
        cisco: &[
            "Where Cisco's chain is incomplete: OS Administration > Security > Certificate Management: upload root and \
             intermediates as cup-trust, then the certificate as cup again; restart the Cisco SIP Proxy.",
            "Where Cisco rejects it: uploading the intermediate as cup-trust helps as well.",
        ],
        microsoft: &[
            "Where Lync's chain is incomplete: Import-Certificate -FilePath <intermediate.cer> -CertStoreLocation \
             Cert:\\LocalMachine\\CA, then restart the Front End service.",
            "Where Lync rejects it: importing the intermediate into Cert:\\LocalMachine\\CA helps as well.",
        ],
        network: &[],
    },
    knowledge: Knowledge::Verified,
    references: &[
        "RFC 5246 section 7.4.2",
        CISCO_PARTITIONED_NODE,
        SFB_SCANNER,
        MEASURED,
    ],
    since: "0.1.0",
    explained_by: &[],
    check: Check::Connection(check),
};

/// Alerts that name this fault, and the general ones that verifiers send for it.
const ALERTS: &[u8] = &[48];

/// How it is known that the issuer is an intermediate.
enum Proof {
    /// The lab profile has it.
    Profile(Verdict),
    /// Another certificate of the capture is the issuer's: where, and who issued that.
    Seen(FrameRef, String),
    /// Its name says so.
    Name,
}

fn check(connection: &Connection, to: &mut Reporter<'_, '_>) {
    for of_client in [false, true] {
        let Some(p) = presented(connection, of_client, to).map(Presented::judged_by_tls) else {
            continue;
        };
        // Where the verifier had what it needed, nothing is amiss.
        if !p.may_be_refused_for(ALERTS) || !p.flight.complete {
            continue;
        }
        let Some(top) = p.flight.top().filter(|top| !top.self_issued) else {
            continue;
        };
        let Some((issuer, proof)) = missing(p.flight, of_client, to.context()) else {
            continue;
        };
        let name = short_name(top);
        let fault = Fault {
            title: format!(
                "{} does not send the intermediate authority of its certificate, and {} rejects it",
                p.presenter_name, p.verifier_name
            ),
            defect: format!(
                "The last certificate that {} sends is \"{name}\". Its issuer \"{issuer}\" is no root, and its certificate is \
                 not sent.{}",
                p.presenter_name,
                match &proof {
                    Proof::Profile(verdict) =>
                        format!(" {}", sentence(verdict, &p.verifier_name, false)),
                    Proof::Seen(_, above) =>
                        format!(" That authority was itself issued by \"{above}\"."),
                    Proof::Name =>
                        " Its name says that it is an intermediate authority.".to_owned(),
                }
            ),
            alerts: ALERTS,
            key: issuer.clone(),
            harmless: Severity::Note,
        };
        let mut built = p.report(connection, to, fault);
        built = match proof {
            Proof::Seen(at, _) => built.seen(at, format!("certificate of \"{issuer}\"")),
            Proof::Name => built.confidence(Confidence::Medium),
            Proof::Profile(_) => built,
        };
        let words = format!("This is the certificate to install and send: \"{issuer}\".");
        let _ = match p.presenter_role {
            Role::Cisco => built.cisco(words),
            Role::Lync | Role::Edge => built.microsoft(words),
            _ => built,
        };
    }
}

/// The intermediate that was not sent, and how it is known to be one.
fn missing(
    flight: &CertificateFlight,
    of_client: bool,
    context: &Context<'_>,
) -> Option<(String, Proof)> {
    let verdict = judged(flight, of_client, context);
    match verdict {
        Some(Verdict::Incomplete { ref missing, .. }) => {
            let first = missing.first()?.clone();
            return Some((first, Proof::Profile(verdict?)));
        }
        // The profile leads to a root, or to another fault.
        Some(Verdict::Verified { .. }) => return None,
        Some(Verdict::Failed(ref fault)) if !matches!(fault, ChainFault::UnknownIssuer { .. }) => {
            return None;
        }
        _ => {}
    }
    // With an intermediate sent along, the sender knows how: what is left out is the root, as far as can be seen.
    let [leaf] = flight.chain.as_slice() else {
        return None;
    };
    let mut seen = None;
    let flights = context.some_connections().filter_map(|c| c.tls.as_ref());
    for other in flights.flat_map(|tls| {
        tls.server_certificates
            .iter()
            .chain(&tls.client_certificates)
    }) {
        for authority in other.chain.iter().filter(|c| c.subject == leaf.issuer) {
            if authority.self_issued {
                return None;
            }
            seen.get_or_insert_with(|| (other.at, authority.issuer.clone()));
        }
    }
    match seen {
        Some((at, above)) => Some((leaf.issuer.clone(), Proof::Seen(at, above))),
        None => sounds_intermediate(&leaf.issuer).then(|| (leaf.issuer.clone(), Proof::Name)),
    }
}

/// Whether an authority is called what only intermediates are called.
fn sounds_intermediate(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let root = name.contains("root");
    !root
        && [
            "intermediate",
            "issuing",
            "subordinate",
            "sub ca",
            "subca",
            "sub-ca",
        ]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_intermediates_and_of_roots_are_told_apart() {
        for name in [
            "CN=Contoso Issuing CA 01",
            "CN=tomt Sub CA",
            "CN=X Intermediate G2,O=X",
        ] {
            assert!(sounds_intermediate(name), "{name}");
        }
        for name in [
            "CN=tomt-DC01-CA,DC=tomt,DC=local",
            "CN=Issuing Root CA",
            "CN=Subaru CA",
        ] {
            assert!(!sounds_intermediate(name), "{name}");
        }
    }
}
