//! TLS alerts, as this federation meets them (RFC 8446 §6, RFC 5246 §7.2, and what was measured with OpenSSL).

/// What an alert says. Its name is in [`crate::tls::AlertDescription`]'s registry.
#[derive(Debug)]
pub struct Alert {
    /// The number, the second byte of the record's content.
    pub number: u8,
    /// What the sender says.
    pub meaning: &'static str,
    /// On which box to look.
    pub whom: &'static str,
    /// Rules that speak of it.
    pub rules: &'static [&'static str],
    /// Where it is defined.
    pub source: &'static str,
}

const fn alert(
    number: u8,
    meaning: &'static str,
    whom: &'static str,
    rules: &'static [&'static str],
    source: &'static str,
) -> Alert {
    Alert {
        number,
        meaning,
        whom,
        rules,
        source,
    }
}

/// The entry of a number.
pub fn find(number: u8) -> Option<&'static Alert> {
    ALL.iter().find(|alert| alert.number == number)
}

const TLS12: &str = "RFC 5246 section 7.2";
const TLS13: &str = "RFC 8446 section 6";
const OTHER: &str = "Look at the other side: the sender complains about what it was sent.";
const CERTIFICATE: &str =
    "Look at the certificate of the other side: the sender of the alert does not accept it.";
const SOFTWARE: &str = "One of the two implementations is at fault, or something between them changes bytes; note the versions of both.";
const BROKEN: &[&str] = &["tls-reset-during-handshake"];

/// All alerts known, sorted.
pub static ALL: &[Alert] = &[
    alert(
        0,
        "The sender ends the connection in an orderly way. This is no failure.",
        "Nobody: normal at the end.",
        &["tls-close-after-handshake"],
        TLS12,
    ),
    alert(
        10,
        "A message came that has no place at this point of the handshake.",
        SOFTWARE,
        BROKEN,
        TLS12,
    ),
    alert(
        20,
        "A record does not authenticate: wrong keys, or bytes changed on the way.",
        SOFTWARE,
        BROKEN,
        TLS12,
    ),
    alert(
        21,
        "A record could not be decrypted; of old versions.",
        SOFTWARE,
        BROKEN,
        "RFC 2246 section 7.2",
    ),
    alert(
        22,
        "A record is longer than allowed. Bytes that are no TLS at all can look like this.",
        SOFTWARE,
        &["sip-plaintext-on-tls-port"],
        TLS12,
    ),
    alert(
        30,
        "Compressed data could not be unpacked.",
        SOFTWARE,
        BROKEN,
        TLS12,
    ),
    alert(
        40,
        "No set of security parameters suits both. Its place tells: right after ClientHello there is no common cipher; after the client's \
        certificate this certificate is missing or was refused.",
        OTHER,
        &[
            "tls-alert-handshake-failure",
            "tls-no-common-cipher",
            "tls-client-cert-empty",
            "tls-ec-only-offer",
        ],
        TLS12,
    ),
    alert(
        41,
        "SSL 3.0: the client has no certificate to show. A warning.",
        "Look at the client: it was asked for a certificate and has none that fits.",
        &["tls-client-cert-empty"],
        "RFC 6101 section 5.4.2",
    ),
    alert(
        42,
        "A certificate is corrupt, its signature does not verify, or its name is not the one expected (OpenSSL).",
        CERTIFICATE,
        &["tls-alert-bad-certificate", "cert-name-mismatch"],
        TLS12,
    ),
    alert(
        43,
        "The certificate is not fit for this use: most often the extended key usage lacks client authentication.",
        CERTIFICATE,
        &[
            "tls-alert-unsupported-certificate",
            "cert-missing-client-auth-eku",
            "cert-missing-server-auth-eku",
        ],
        TLS12,
    ),
    alert(
        44,
        "The certificate was revoked by its issuer.",
        CERTIFICATE,
        &["tls-alert-certificate-revoked"],
        TLS12,
    ),
    alert(
        45,
        "The certificate has expired or is not valid yet, by the sender's clock.",
        CERTIFICATE,
        &[
            "tls-alert-certificate-expired",
            "cert-expired",
            "cert-not-yet-valid",
            "clock-skew-between-peers",
        ],
        TLS12,
    ),
    alert(
        46,
        "Something else is wrong with the certificate; the sender does not say what (Windows and Java use it broadly).",
        CERTIFICATE,
        &["tls-alert-certificate-unknown"],
        TLS12,
    ),
    alert(
        47,
        "A field of the handshake has a value that is out of range or does not fit the others.",
        SOFTWARE,
        BROKEN,
        TLS12,
    ),
    alert(
        48,
        "No chain of the certificate leads to an authority that the sender trusts: the root is not imported, or an intermediate was not sent.",
        CERTIFICATE,
        &[
            "tls-alert-unknown-ca",
            "cert-chain-incomplete",
            "cert-self-signed-peer",
        ],
        TLS12,
    ),
    alert(
        49,
        "The certificate is valid, and its owner is not allowed in.",
        "Look at the sender's access rules: the other side is known and not admitted.",
        &["tls-alert-access-denied"],
        TLS12,
    ),
    alert(
        50,
        "A message could not be decoded. Bytes that are no TLS at all can look like this.",
        SOFTWARE,
        &["sip-plaintext-on-tls-port"],
        TLS12,
    ),
    alert(
        51,
        "A signature or the Finished message is wrong: the key does not fit the certificate, or bytes changed on the way.",
        "Look at the other side's certificate and private key: do they belong together?",
        &["tls-alert-decrypt-error"],
        TLS12,
    ),
    alert(
        52,
        "Too many connection identifiers were asked for (DTLS 1.3).",
        OTHER,
        &[],
        "RFC 9147 section 9",
    ),
    alert(
        60,
        "Export-grade key lengths were violated; of old versions.",
        SOFTWARE,
        BROKEN,
        "RFC 2246 section 7.2",
    ),
    alert(
        70,
        "The version that the other side speaks is known and not accepted: one side has only TLS 1.0, the other demands more.",
        "Look at the versions that both sides have enabled.",
        &["tls-alert-protocol-version"],
        TLS12,
    ),
    alert(
        71,
        "The server wants stronger ciphers than the client offers.",
        "Look at the cipher lists of both sides.",
        &["tls-alert-insufficient-security", "tls-no-common-cipher"],
        TLS12,
    ),
    alert(
        80,
        "The sender failed for reasons of its own.",
        "Look at the sender: its logs say why.",
        &["tls-alert-internal-error"],
        TLS12,
    ),
    alert(
        86,
        "The client came back with a lower version although the server speaks a higher one.",
        "Look at why the first attempt of the client failed.",
        &[],
        "RFC 7507 section 4",
    ),
    alert(
        90,
        "The sender gives up for a reason that is no fault of the protocol.",
        "Look at the sender: somebody or something cancelled.",
        &[],
        TLS12,
    ),
    alert(
        100,
        "The sender does not renegotiate. A warning; the other side may close.",
        "Look at who asked to renegotiate: often a server that wants the certificate late.",
        &["tls-alert-no-renegotiation"],
        TLS12,
    ),
    alert(
        109,
        "A mandatory extension is missing in the handshake.",
        OTHER,
        BROKEN,
        TLS13,
    ),
    alert(
        110,
        "An extension came that was not asked for.",
        SOFTWARE,
        BROKEN,
        TLS12,
    ),
    alert(
        111,
        "A certificate could not be fetched from its URL.",
        OTHER,
        &[],
        "RFC 6066 section 9",
    ),
    alert(
        112,
        "The server has nothing under the name that the client asked for (SNI). As a warning it is harmless.",
        "Look at the name the client uses and the names the server has.",
        &["tls-alert-unrecognized-name"],
        "RFC 6066 section 9",
    ),
    alert(
        113,
        "The revocation status sent with the certificate is not valid.",
        CERTIFICATE,
        &[],
        "RFC 6066 section 9",
    ),
    alert(
        114,
        "The hash of a certificate fetched from a URL does not fit.",
        CERTIFICATE,
        &[],
        "RFC 5246 section 7.2; RFC 6066 section 9",
    ),
    alert(
        115,
        "The pre-shared key is not known.",
        OTHER,
        &[],
        "RFC 4279 section 2",
    ),
    alert(
        116,
        "The server demands a certificate and the client sent none (TLS 1.3).",
        "Look at the client: it was asked for a certificate and showed none.",
        &["tls-client-cert-empty"],
        TLS13,
    ),
    alert(
        117,
        "A fault without further detail.",
        "Look at the sender: its logs say why.",
        &[],
        "IANA registry of TLS alerts",
    ),
    alert(
        120,
        "No application protocol (ALPN) suits both. SIP uses none: this is often a web server or a proxy for the web.",
        "Look at whether the port belongs to SIP.",
        &[],
        "RFC 7301 section 3.2",
    ),
    alert(
        121,
        "The server wants an encrypted ClientHello.",
        OTHER,
        &[],
        "IANA registry of TLS alerts",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALL.is_sorted_by_key(|a| a.number));
        assert!(find(43).is_some() && find(250).is_none());
    }
}
