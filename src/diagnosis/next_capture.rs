//! What to do so that the next capture of an encrypted session can be read: which secret there is to be had, and from whom.

use crate::host::Role;
use crate::tls::{CipherSuiteId, Reason};

/// A session that was not decrypted.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Why.
    pub reason: Reason,
    /// The suite chosen, if that was seen.
    pub suite: Option<CipherSuiteId>,
    /// What the TLS server is.
    pub server: Role,
    /// What the TLS client is.
    pub client: Role,
}

const LOGS: &str = "Otherwise have the SIP logs of both servers for the same minute.";
const ONLY_RSA: &str = "For the test let the two agree on a TLS_RSA_* suite (Cisco: the TLS context of the peer; Windows: \
                        the policy SSL Cipher Suite Order), which the TLS server's private key opens.";
const FROM_WINDOWS: &str = "Export it from Windows as .pfx (certlm.msc, or Export-PfxCertificate; the key must be marked \
                            exportable): --rsa-key FILE.pfx --rsa-key-password-file FILE.";
const NOT_FROM_CISCO: &str =
    "Cisco IM and Presence gives out neither its private key nor a key log.";
const KEY_LOG: &str = "A program that uses OpenSSL, GnuTLS, NSS or Java can write a key log (SSLKEYLOGFILE): --keylog FILE. \
                       Windows and Cisco IM and Presence write none.";

impl Unread {
    /// What would make such a session readable, or that nothing can.
    pub fn advice(&self) -> String {
        match &self.reason {
            Reason::NoSecrets { .. } if self.opens_with_private_key() => self.private_key(),
            Reason::NoSecrets { .. } => self.ephemeral(),
            Reason::EphemeralKeyExchange { .. } => self.ephemeral(),
            Reason::HandshakeNotCaptured => "Begin the capture first, then restart the SIP proxy service so that the \
                 connections are made anew."
                .to_owned(),
            Reason::ResumedNotCaptured { .. } => "Begin the capture before the first connection, or restart one of the two \
                 services so that they forget their sessions: a private key helps only when the full handshake is in the \
                 capture."
                .to_owned(),
            Reason::PrivateKeyDoesNotMatch { .. } => format!(
                "It takes the private key of the certificate that the TLS server showed (subject and serial number: --list \
                 connections --format json), not the client's.{}",
                match self.server {
                    Role::Lync | Role::Edge => format!(" {FROM_WINDOWS}"),
                    Role::Cisco => format!(" {NOT_FROM_CISCO} {LOGS}"),
                    _ => String::new(),
                }
            ),
            Reason::SuiteNotSupported { .. } => "For the test let the two agree on another suite, e.g. \
                 TLS_RSA_WITH_AES_128_CBC_SHA."
                .to_owned(),
            Reason::DoesNotAuthenticate { .. } => "The secret is of another run of the program, or its line is damaged: take \
                 key log and capture again, together."
                .to_owned(),
            Reason::RecordsMissing => "Capture again without loss: nearer to the server, with a filter on the two hosts, and \
                 with a larger buffer (tcpdump -B 65536)."
                .to_owned(),
        }
    }

    /// RSA key exchange: the TLS server's private key is enough.
    fn opens_with_private_key(&self) -> bool {
        self.suite.is_some_and(CipherSuiteId::uses_rsa_key_exchange)
    }

    fn private_key(&self) -> String {
        let opens = "The suite is RSA key exchange: the private key of the TLS server opens it.";
        match self.server {
            Role::Lync | Role::Edge => format!("{opens} {FROM_WINDOWS}"),
            Role::Cisco => format!(
                "{opens} Here that is Cisco's, which cannot be had: {NOT_FROM_CISCO} Where Windows is the TLS server the same \
                 suite can be opened. {LOGS}"
            ),
            _ => format!(
                "{opens} Give it with --rsa-key FILE (PEM, DER, or .pfx from Windows). {NOT_FROM_CISCO} {LOGS}"
            ),
        }
    }

    fn ephemeral(&self) -> String {
        let both_closed = [self.server, self.client]
            .iter()
            .all(|role| matches!(role, Role::Lync | Role::Edge | Role::Cisco));
        match (both_closed, self.suite) {
            (true, Some(suite)) => format!(
                "No secret can be had: {suite} needs a key log, which neither Windows nor Cisco IM and Presence writes. \
                 {ONLY_RSA} {LOGS}"
            ),
            _ => format!("{KEY_LOG} {ONLY_RSA} {LOGS}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(suite: u16, server: Role, client: Role) -> String {
        Unread {
            reason: Reason::NoSecrets {
                client_random: [0; 32],
            },
            suite: Some(CipherSuiteId(suite)),
            server,
            client,
        }
        .advice()
    }

    #[test]
    fn what_can_be_had_depends_on_suite_and_peer() {
        let from_lync = advice(0x000a, Role::Lync, Role::Cisco);
        assert!(from_lync.contains(".pfx") && !from_lync.contains("cannot be had"));
        assert!(advice(0x002f, Role::Cisco, Role::Lync).contains("cannot be had"));
        let ephemeral = advice(0xc013, Role::Lync, Role::Cisco);
        assert!(ephemeral.starts_with("No secret can be had: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"));
        assert!(advice(0x1301, Role::Unknown, Role::Cisco).contains("SSLKEYLOGFILE"));
    }
}
