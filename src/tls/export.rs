//! Secrets as a key log again, for an extract that is to open by itself.

use super::keyring::Keyring;
use super::layer::Traffic;
use super::secrets::{Secret, Secrets};
use std::collections::BTreeSet;
use std::fmt::Write;
use zeroize::Zeroizing;

impl Secrets {
    /// The secrets of these handshakes, by client random, in the NSS key log format (RFC 9850).
    pub fn key_log_of(&self, client_randoms: &BTreeSet<[u8; 32]>) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for random in client_randoms {
            if let Some(secret) = self.master(random) {
                line(&mut text, "CLIENT_RANDOM", random, &secret);
            } else if let Some(secret) = self.premaster(random) {
                line(&mut text, "PMS_CLIENT_RANDOM", random, secret);
            }
            if let Some(traffic) = self.traffic(random) {
                of_tls13(&mut text, random, traffic);
            }
        }
        text
    }
}

fn of_tls13(text: &mut String, random: &[u8; 32], traffic: &Traffic) {
    for (label, secret) in [
        ("CLIENT_EARLY_TRAFFIC_SECRET", &traffic.client_early),
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &traffic.client_handshake),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", &traffic.server_handshake),
        ("CLIENT_TRAFFIC_SECRET_0", &traffic.client_application),
        ("SERVER_TRAFFIC_SECRET_0", &traffic.server_application),
    ] {
        if let Some(secret) = secret {
            line(text, label, random, secret);
        }
    }
}

fn line(text: &mut String, label: &str, random: &[u8; 32], secret: &Secret) {
    text.push_str(label);
    for bytes in [&random[..], secret.bytes()] {
        text.push(' ');
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
    }
    text.push('\n');
}

impl Keyring {
    /// Everything that is known in the end: what was given, what the capture brought, and the master secrets of the sessions that
    /// private keys or other sessions opened.
    pub fn into_all_secrets(self) -> Secrets {
        let (mut secrets, found) = self.into_parts();
        for (random, secret) in found {
            if secrets.master(&random).as_ref() != Some(&secret) {
                secrets.add_master(random, secret);
            }
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Limits;

    #[test]
    fn only_the_sessions_asked_for_are_written_and_they_read_back() {
        let hex = |byte: u8, n: usize| format!("{byte:02x}").repeat(n);
        let log = format!(
            "CLIENT_RANDOM {} {}\nCLIENT_RANDOM {} {}\nCLIENT_TRAFFIC_SECRET_0 {} {}\nSERVER_TRAFFIC_SECRET_0 {} {}\n",
            hex(1, 32),
            hex(9, 48),
            hex(2, 32),
            hex(8, 48),
            hex(3, 32),
            hex(7, 32),
            hex(3, 32),
            hex(6, 32),
        );
        let mut secrets = Secrets::default();
        secrets.add_keylog(log.as_bytes(), &Limits::default());
        let wanted = BTreeSet::from([[1; 32], [3; 32], [5; 32]]);
        let written = secrets.key_log_of(&wanted);
        assert_eq!(written.lines().count(), 3, "{}", written.as_str());
        assert!(!written.contains(&hex(8, 48)));
        let mut again = Secrets::default();
        let report = again.add_keylog(written.as_bytes(), &Limits::default());
        assert_eq!((report.secrets, report.malformed), (3, 0));
    }
}
