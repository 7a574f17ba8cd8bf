//! What a session is called in a report.

use super::summary::{Protection, TlsSummary};

impl TlsSummary {
    /// Whether application data went by that was not read.
    pub fn is_unread(&self) -> bool {
        self.undecrypted_reason().is_some()
    }

    /// Version, suite and how far it came, in a few words.
    pub fn short(&self) -> String {
        let mut parts = Vec::new();
        match (self.version(), self.suite()) {
            (Some(version), Some(suite)) => {
                parts.push(version.name());
                parts.push(suite.name());
            }
            _ => match &self.client_hello {
                Some(hello) => parts.push(format!("{} offered", hello.highest_version().name())),
                None if self.records.iter().all(|r| r.application_records == 0) => {
                    parts.push("TLS without a hello".to_owned());
                }
                None => parts.push("TLS begun before the capture".to_owned()),
            },
        }
        if self.certificates_hidden() {
            parts.push("certificates hidden".to_owned());
        }
        if self.resumed == Some(true) {
            parts.push("resumed".to_owned());
        }
        if !self.midstream() && !self.handshake_complete() {
            parts.push("handshake not completed".to_owned());
        }
        let fatal = self.alerts.iter().find(|a| a.is_fatal());
        if let Some(description) = fatal.and_then(|a| a.description) {
            parts.push(format!("alert {} {}", description.0, description.name()));
        }
        if self.is_unread() {
            parts.push("not decrypted".to_owned());
        } else if self.protection == Protection::Null {
            parts.push("not encrypted".to_owned());
        } else if self.protection == Protection::Decrypted {
            parts.push("decrypted".to_owned());
        }
        parts.join(", ")
    }
}
