//! Records of one direction of TLS: handshake messages in clear are rewritten, content that no cipher protects is rewritten as SIP,
//! what was opened is rewritten and sealed again under made-up secrets, everything else becomes zero. Lengths stay, because they are
//! diagnosed.

use super::opened::{Opened, Sealing};
use super::stream::sip;
use crate::redact::Pseudonyms;
use crate::tls::{CipherKind, CipherSuiteId, OpenedRecord};
use std::ops::Range;

/// Bytes of a record header (RFC 8446 §5.1).
const HEADER: usize = 5;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// Bytes of a Finished message with its MAC, at most (RFC 5246 §7.4.9, RFC 6101 §5.6.9).
const FINISHED: usize = 80;

/// What is known of a direction between two runs of its stream.
#[derive(Debug)]
pub(super) struct State {
    begun: bool,
    /// It has sent ChangeCipherSpec.
    sealed: bool,
    /// Bytes of a MAC at the end of each record that is in clear; `None`: records are encrypted.
    clear_mac: Option<usize>,
}

impl State {
    pub(super) fn new(suite: Option<u16>) -> Self {
        let clear_mac = suite.and_then(|id| {
            let info = CipherSuiteId(id).info()?;
            matches!(info.cipher.kind(), CipherKind::Null).then(|| info.mac_len())
        });
        Self {
            begun: false,
            sealed: false,
            clear_mac,
        }
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }
}

/// Whether bytes begin with a record of SSL 3.0 to TLS 1.3, or with an SSLv2-style ClientHello.
pub(super) fn is_tls(run: &[u8]) -> bool {
    match run {
        [20..=24, 3, 0..=4, ..] => true,
        [first, _, 1, 3, 0..=4, ..] => first & 0x80 != 0,
        _ => false,
    }
}

/// The records of a run: where each header begins and where its body ends. An SSLv2-style ClientHello before them names nobody
/// (RFC 5246 §E.2) and is passed over.
fn records(run: &[u8]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut at = match run {
        [high @ 0x80..=0xff, low, 1, 3, 0..=4, ..] => {
            usize::from(u16::from_be_bytes([high & 0x7f, *low])).saturating_add(2)
        }
        _ => 0,
    };
    while let Some([kind, 3, minor, a, b]) = run.get(at..at.saturating_add(HEADER))
        && (20..=24).contains(kind)
        && *minor <= 4
    {
        let length = usize::from(u16::from_be_bytes([*a, *b]));
        let end = at
            .saturating_add(HEADER)
            .saturating_add(length)
            .min(run.len());
        all.push((at, end));
        at = end;
    }
    all
}

/// The suite of the first ServerHello (RFC 8446 §4.1.3).
pub(super) fn suite(run: &[u8]) -> Option<u16> {
    let hello = records(run).into_iter().find_map(|(start, end)| {
        let body = run.get(start.checked_add(HEADER)?..end)?;
        (run.get(start) == Some(&HANDSHAKE) && body.first() == Some(&2)).then_some(body)
    })?;
    // Header of the message (4), version (2), random (32), session id.
    let session = usize::from(*hello.get(38)?);
    let at = session.checked_add(39)?;
    let bytes = hello.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// Rewrites a run. `opened`: the records of its stream that were opened.
pub(super) fn rewrite(
    run: &mut [u8],
    state: &mut State,
    opened: Option<Opened<'_>>,
    names: &mut Pseudonyms,
) {
    state.begun = true;
    let all = records(run);
    let known = all.last().map_or(0, |(_, end)| *end);
    let mut sealed: Vec<(Range<usize>, &OpenedRecord)> = Vec::new();
    // Handshake messages and content go on over records.
    let mut handshake: Vec<(usize, usize)> = Vec::new();
    let mut content: Vec<(usize, usize)> = Vec::new();
    for (start, end) in all {
        let body = start.saturating_add(HEADER).min(end);
        let record = opened.as_ref().and_then(|opened| {
            let end = u64::try_from(opened.start.saturating_add(end)).ok()?;
            opened.records.get(&end)
        });
        match run.get(start) {
            // A suite without a cipher stays readable without any secret.
            Some(_)
                if let Some(record) = record
                    && state.clear_mac.is_none() =>
            {
                sealed.push((body..end, record));
            }
            Some(&CHANGE_CIPHER_SPEC) => {
                apply(run, &std::mem::take(&mut handshake), &mut |bytes| {
                    messages(bytes, names);
                });
                state.sealed = true;
            }
            Some(&HANDSHAKE) if !state.sealed => handshake.push((body, end)),
            Some(&ALERT) if !state.sealed || state.clear_mac.is_some() => {}
            // Finished: a hash of the handshake, and a MAC.
            Some(&HANDSHAKE)
                if state.clear_mac.is_some() && end.saturating_sub(body) <= FINISHED => {}
            Some(&APPLICATION_DATA) if state.clear_mac.is_some() => {
                let mac = state.clear_mac.unwrap_or_default();
                content.push((body, end.saturating_sub(mac).max(body)));
            }
            _ => run.get_mut(body..end).unwrap_or_default().fill(0),
        }
    }
    apply(run, &handshake, &mut |bytes| messages(bytes, names));
    apply(run, &content, &mut |bytes| sip(bytes, names));
    run.get_mut(known..).unwrap_or_default().fill(0);
    if let Some(opened) = opened {
        reseal(run, &sealed, opened.sealing, names);
    }
}

/// Rewrites what was opened and seals it in its place; what cannot be sealed becomes zero.
fn reseal(
    run: &mut [u8],
    sealed: &[(Range<usize>, &OpenedRecord)],
    sealing: &mut Sealing,
    names: &mut Pseudonyms,
) {
    let content = |kind: u8| {
        let of_kind = sealed.iter().filter(|(_, r)| r.content_type() == kind);
        of_kind.flat_map(|(_, r)| r.plain()).copied().collect()
    };
    let (mut handshake, mut data): (Vec<u8>, Vec<u8>) =
        (content(HANDSHAKE), content(APPLICATION_DATA));
    messages(&mut handshake, names);
    sip(&mut data, names);
    sealing.content.extend_from_slice(&handshake);
    sealing.content.extend_from_slice(&data);
    let (mut handshake, mut data) = (handshake.as_slice(), data.as_slice());
    for (place, record) in sealed {
        let len = record.plain().len();
        let content = match record.content_type() {
            HANDSHAKE => take(&mut handshake, len),
            APPLICATION_DATA => take(&mut data, len),
            ALERT | CHANGE_CIPHER_SPEC => record.plain().to_vec(),
            _ => vec![0; len],
        };
        let old = run.get(place.clone()).unwrap_or_default();
        let before = place.start.saturating_sub(HEADER);
        let before = run.get(..before).unwrap_or_default();
        let new = sealing.resealer.seal(record, &content, old, before);
        let to = run.get_mut(place.clone()).unwrap_or_default();
        match new.filter(|new| new.len() == to.len()) {
            Some(new) => to.copy_from_slice(&new),
            None => to.fill(0),
        }
    }
}

/// The next bytes of what was rewritten.
fn take(from: &mut &[u8], len: usize) -> Vec<u8> {
    let (taken, rest) = from.split_at_checked(len).unwrap_or((from, &[]));
    *from = rest;
    taken.to_vec()
}

/// Takes parts of a run together, changes them, and puts them back.
fn apply(run: &mut [u8], parts: &[(usize, usize)], change: &mut dyn FnMut(&mut [u8])) {
    let mut bytes: Vec<u8> = Vec::new();
    for (start, end) in parts {
        bytes.extend(run.get(*start..*end).unwrap_or_default());
    }
    change(&mut bytes);
    let mut rest = bytes.as_slice();
    for (start, end) in parts {
        let to = run.get_mut(*start..*end).unwrap_or_default();
        if let Some((here, behind)) = rest.split_at_checked(to.len()) {
            to.copy_from_slice(here);
            rest = behind;
        }
    }
}

/// Handshake messages: type (1), length (3), body (RFC 8446 §4).
fn messages(mut bytes: &mut [u8], names: &mut Pseudonyms) {
    while let Some([_, a, b, c]) = bytes.first_chunk::<4>() {
        let length = u32::from_be_bytes([0, *a, *b, *c]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let whole = length.saturating_add(4).min(bytes.len());
        let (message, rest) = bytes.split_at_mut(whole);
        names.tls_handshake(message);
        bytes = rest;
    }
    bytes.fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 3, 1][..], &length, body].concat()
    }

    #[test]
    fn what_is_encrypted_becomes_zero_and_keeps_its_length() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let mut run = [
            record(20, &[1]),
            record(22, &[9; 40]),
            record(23, b"secret"),
        ]
        .concat();
        let len = run.len();
        let mut state = State::new(Some(0x002f));
        rewrite(&mut run, &mut state, None, &mut names);
        assert_eq!(run.len(), len);
        assert_eq!(
            run,
            [record(20, &[1]), record(22, &[0; 40]), record(23, &[0; 6])].concat()
        );
    }

    #[test]
    fn without_a_cipher_the_content_is_rewritten_over_records() {
        let mut names = Pseudonyms::new(b"0123456789abcdef");
        let text = b"OPTIONS sip:anna@tomt.local SIP/2.0\r\nTo: <sip:anna@tomt.local>\r\n\r\n";
        let (a, b) = text.split_at(20);
        let mac = [7; 20];
        let mut run = [
            record(20, &[1]),
            record(23, &[a, &mac].concat()),
            record(23, &[b, &mac].concat()),
        ]
        .concat();
        let len = run.len();
        rewrite(&mut run, &mut State::new(Some(2)), None, &mut names);
        assert_eq!(run.len(), len);
        let shown = String::from_utf8_lossy(&run);
        assert!(shown.contains("OPTIONS sip:"), "{shown}");
        assert!(
            !shown.contains("anna") && !shown.contains("tomt"),
            "{shown}"
        );
    }
}
