//! Secrets that the captures bring themselves, and what is said of secrets in the end.

use crate::base::{CaveatKind, Caveats, FrameRef, Limits};
use crate::tls::{KeylogReport, Keyring};

/// What the captures brought to open their sessions with.
#[derive(Debug)]
pub(super) struct Brought {
    /// A secret that was not known came behind a frame: it may have been needed before.
    late: bool,
    caveats: Caveats,
}

impl Brought {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            late: false,
            caveats: Caveats::new(limits.places_per_caveat),
        }
    }

    /// What became of a key log in a Decryption Secrets Block (draft-ietf-opsawg-pcapng, section 4.7), or of a comment, which people
    /// paste key logs into. `late`: behind a frame.
    pub(super) fn taken(&mut self, report: &KeylogReport, at: FrameRef, comment: bool, late: bool) {
        // Of two of the same name one will come late however often they are read.
        self.late |= late && report.new > report.replaced;
        if report.dropped > 0 {
            self.caveats.note_many(
                CaveatKind::SecretsUnusable,
                Some(at),
                "the capture brings more secrets than are kept",
                count(report.dropped),
            );
        }
        if report.malformed > 0 && !comment {
            self.caveats.note_many(
                CaveatKind::SecretsUnusable,
                Some(at),
                "the key log inside the capture has lines that are not of a key log",
                count(report.malformed),
            );
        }
    }

    /// Says which secrets were of no use; whether reading once more, with what is known now, could open more. `unread`: whether
    /// sessions were left closed.
    pub(super) fn finish(self, unread: bool, keyring: &Keyring, caveats: &mut Caveats) -> bool {
        caveats.merge(self.caveats);
        let mut say = |text: String| caveats.note(CaveatKind::SecretsUnusable, None, text);
        for key in keyring.unused_keys() {
            say(format!("a private key opened no session: {}", key.source()));
        }
        let named = keyring.secrets().len();
        // It may be one over QUIC, out of scope, or begun before the capture.
        if named > 0 && keyring.opened_by_log() == 0 {
            say(match named {
                1 => String::from(
                    "the key log names 1 session, which is not among the TLS handshakes that were analysed",
                ),
                n => format!(
                    "the key log names {n} sessions, none of them among the TLS handshakes that were analysed"
                ),
            });
        }
        let again = self.late && unread;
        if again {
            say(String::from(
                "TLS secrets stand in the capture behind packets that they may open: it has to be read twice, so save it to a file and give that",
            ));
        }
        again
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
