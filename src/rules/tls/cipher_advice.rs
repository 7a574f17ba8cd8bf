//! What to say and to change where two sides have no cipher suite in common.

use super::suites::Taken;
use crate::host::Role;
use crate::rules::Building;
use crate::tls::CipherSuiteId;

/// What is special about an offer.
pub(super) fn advice_words(special: Option<&str>) -> &'static str {
    match special {
        Some("3DES") => {
            " 3DES alone was asked for by the guides of the OCS time (Windows 2003 in FIPS mode knows nothing else); hardened \
             Windows servers have it disabled today, so AES must be offered too."
        }
        Some("RC4") => " RC4 is prohibited (RFC 7465) and disabled nearly everywhere.",
        Some("elliptic-curve suites") => {
            " Lync does not take elliptic-curve suites: where the Cisco side offers, they must not be selected alone."
        }
        _ => "",
    }
}

/// Which side to change, and to what.
pub(super) fn side_to_change<'f, 'c>(
    built: Building<'f, 'c>,
    client: Role,
    server: Role,
    taken: &[Taken],
    offer: &[CipherSuiteId],
    special: Option<&str>,
) -> Building<'f, 'c> {
    let usual = [CipherSuiteId(0x002f), CipherSuiteId(0x0035)];
    let mut wanted: Vec<CipherSuiteId> = taken.iter().take(3).map(|t| t.suite).collect();
    if wanted.is_empty() {
        wanted.extend(usual);
    }
    // What is offered already need not be asked for: then nothing here says which side to change.
    wanted.retain(|suite| !offer.contains(suite));
    if wanted.is_empty() {
        return built;
    }
    let names: Vec<String> = wanted.iter().map(|suite| suite.name()).collect();
    let wanted = names.join(" or ");
    match (client, server) {
        (Role::Cisco, _) => built.cisco(format!(
            "This is the side to change: select {wanted} as well in the TLS context of the SIP proxy."
        )),
        (_, Role::Cisco) if special.is_none() => built.cisco(
            "This is the side to change: select in the TLS context of the SIP proxy at least one of the suites that the client \
             offers.",
        ),
        (Role::Unknown, Role::Lync | Role::Edge) => built.cisco(format!(
            "If the client is the Cisco server, this is the side to change: select {wanted} as well in the TLS context of the \
             SIP proxy."
        )),
        (Role::Lync | Role::Edge, _) => built.microsoft(format!(
            "This is the side to change: enable {wanted} on the Lync server."
        )),
        _ => built,
    }
}
