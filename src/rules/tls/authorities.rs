//! What the authorities of the lab profile say of a chain.

use crate::rules::Context;
use crate::tls::{CertificateFlight, ChainFault, Purpose, Verdict};

/// The judgement of a chain at the time it was sent; `None` where the lab profile names no authorities.
pub(in crate::rules) fn judged(
    flight: &CertificateFlight,
    of_client: bool,
    context: &Context<'_>,
) -> Option<Verdict> {
    let authorities = &context.profile.authorities;
    // A chain of which a part could not be read is not judged.
    if authorities.is_empty() || flight.is_empty() || !flight.complete {
        return None;
    }
    let purpose = if of_client {
        Purpose::Client
    } else {
        Purpose::Server
    };
    Some(authorities.judge(&flight.chain, flight.at.time, purpose))
}

/// The judgement in a sentence, for a side that rejected the chain. `untrusted`: it said that it does not trust it.
pub(in crate::rules) fn sentence(verdict: &Verdict, verifier: &str, untrusted: bool) -> String {
    let fails = "With the CAs of the lab profile this chain does not verify:";
    match verdict {
        Verdict::Verified { anchor } => {
            let so = if untrusted {
                format!(
                    "{verifier} does not have this root, or was not restarted since it was installed"
                )
            } else {
                format!(
                    "either {verifier} does not have this root, or it has another reason, such as the name"
                )
            };
            format!("With the CAs of the lab profile this chain verifies up to \"{anchor}\": {so}.")
        }
        Verdict::Incomplete { missing, anchor } => format!(
            "{fails} it lacks \"{}\"; with it, it leads to \"{anchor}\".",
            missing.join("\" and \"")
        ),
        Verdict::Failed(fault) => format!("{fails} {}.", fault_words(fault)),
        Verdict::Undecided(why) => {
            format!("With the CAs of the lab profile there is no verdict on this chain: {why}.")
        }
    }
}

fn fault_words(fault: &ChainFault) -> String {
    match fault {
        ChainFault::UnknownIssuer { issuer } => format!("unknown issuer \"{issuer}\""),
        ChainFault::SelfSigned => "the certificate is self-signed and not among them".to_owned(),
        ChainFault::Expired { subject } => format!("\"{subject}\" has expired"),
        ChainFault::NotYetValid { subject } => format!("\"{subject}\" is not valid yet"),
        ChainFault::WrongPurpose { subject } => {
            format!("\"{subject}\" is not made for this side of TLS")
        }
        ChainFault::BadSignature { issuer } => format!(
            "\"{issuer}\" is among them with another key than the one that signed, as after an authority was set up anew"
        ),
        _ => "an authority in it was not allowed to sign what it signed".to_owned(),
    }
}
