//! Secrets that the captures bring themselves, and what is said of secrets in the end.

use crate::base::{CaveatKind, Caveats, FrameRef, Limits};
use crate::tls::{KeylogReport, Keyring};

/// What the captures brought to open their sessions with.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// A frame was read.
    frames: bool,
    /// A secret that was not known came behind a frame: it may have been needed before.
    late: bool,
}

impl Brought {
    pub(super) const fn frame(&mut self) {
        self.frames = true;
    }

    /// A Decryption Secrets Block with a key log (draft-ietf-opsawg-pcapng, section 4.7).
    pub(super) fn key_log(
        &mut self,
        text: &[u8],
        at: FrameRef,
        keyring: &mut Keyring,
        limits: &Limits,
        caveats: &mut Caveats,
    ) {
        let report = keyring.secrets_mut().add_keylog(text, limits);
        self.taken(&report, at, caveats);
        if report.malformed > 0 {
            caveats.note_many(
                CaveatKind::SecretsUnusable,
                Some(at),
                "the key log inside the capture has lines that are not of a key log",
                count(report.malformed),
            );
        }
    }

    /// A comment, which people paste key logs into.
    pub(super) fn comment(
        &mut self,
        text: &[u8],
        at: FrameRef,
        keyring: &mut Keyring,
        limits: &Limits,
        caveats: &mut Caveats,
    ) {
        let secrets = keyring.secrets_mut();
        let report = secrets.add_keylog_lines_of_comment(text, limits);
        self.taken(&report, at, caveats);
    }

    fn taken(&mut self, report: &KeylogReport, at: FrameRef, caveats: &mut Caveats) {
        self.late |= self.frames && report.new > 0;
        if report.dropped > 0 {
            caveats.note_many(
                CaveatKind::SecretsUnusable,
                Some(at),
                "the capture brings more secrets than are kept",
                count(report.dropped),
            );
        }
    }

    /// Says which secrets were of no use; whether reading once more, with what is known now, could open more. `unread`: whether
    /// sessions were left closed.
    pub(super) fn finish(&self, unread: bool, keyring: &Keyring, caveats: &mut Caveats) -> bool {
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
