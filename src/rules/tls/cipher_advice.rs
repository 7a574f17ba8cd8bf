//! What to say and to change where two sides have no cipher suite in common.

use super::suites::Taken;
use crate::host::Role;
use crate::rules::Building;

/// What is special about an offer.
pub(super) fn advice_words(special: Option<&str>) -> &'static str {
    match special {
        Some("3DES") => {
            " 3DES alone was asked for by the guides of the OCS time (Windows 2003 in FIPS mode knows nothing else); hardened \
             Windows servers have it disabled today, so AES must be offered too."
        }
        Some("RC4") => " RC4 is prohibited (RFC 7465) and disabled nearly everywhere.",
        Some("elliptic-curve suites") => {
            " Lync does not support elliptic-curve suites: they must not be selected alone."
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
    special: Option<&str>,
) -> Building<'f, 'c> {
    let wanted: Vec<String> = taken.iter().take(3).map(|t| t.suite.name()).collect();
    let wanted = if wanted.is_empty() {
        "TLS_RSA_WITH_AES_128_CBC_SHA and TLS_RSA_WITH_AES_256_CBC_SHA".to_owned()
    } else {
        wanted.join(" or ")
    };
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
