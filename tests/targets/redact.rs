//! Pseudonyms for any bytes: the same length, the same every time, and text stays text.

use super::input::Input;
use sipdiag::redact::Pseudonyms;

/// The last byte chooses what the bytes are taken for.
pub const SIP: u8 = 0;
pub const DNS: u8 = 1;
pub const CERTIFICATE: u8 = 2;
pub const HANDSHAKE: u8 = 3;
pub const TEXT: u8 = 4;
const KINDS: u8 = 5;

/// The bytes, then the choice.
pub fn run(data: &[u8]) {
    let (choice, bytes) = Input::with_choice(data);
    let once = rewritten(choice, bytes);
    assert_eq!(once.len(), bytes.len(), "the length");
    assert_eq!(once, rewritten(choice, bytes), "the same every time");
    if choice % KINDS == SIP || choice % KINDS == TEXT {
        let was = std::str::from_utf8(bytes).is_ok();
        assert_eq!(std::str::from_utf8(&once).is_ok(), was, "text stays text");
    }
}

fn rewritten(choice: u8, bytes: &[u8]) -> Vec<u8> {
    let mut pseudonyms = Pseudonyms::new(b"a key of the fuzzer");
    let mut out = bytes.to_vec();
    match choice % KINDS {
        DNS => pseudonyms.dns(&mut out),
        CERTIFICATE => pseudonyms.certificate(&mut out),
        HANDSHAKE => pseudonyms.tls_handshake(&mut out),
        TEXT => {
            if let Ok(text) = std::str::from_utf8(bytes) {
                let _ = (
                    pseudonyms.host_name(text),
                    pseudonyms.distinguished_name(text),
                );
                out = pseudonyms.text(text).into_bytes();
            }
        }
        _ => pseudonyms.sip(&mut out),
    }
    let _ = (
        pseudonyms.find_survivor(&out),
        pseudonyms.map_csv(),
        pseudonyms.counts(),
    );
    out
}
