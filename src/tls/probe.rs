//! Whether bytes are TLS at all: asked before anything is parsed, because ports prove nothing.

use super::record::{HEADER_LEN, Head, MAX_RECORD_LEN};

/// What the first bytes of a stream say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// The start of a TLS or SSL stream.
    Yes,
    /// Something else.
    No,
    /// Too few bytes to say; ask again with more.
    NeedMore,
}

/// Whether a stream that starts with these bytes is TLS or SSL (RFC 8446 §5.1), SSLv2-style hello included
/// (RFC 5246 §E.2). Needs 6 bytes of a record, 11 of an SSLv2-style hello; says `No` as early as it can.
pub fn probe(first_bytes: &[u8]) -> Probe {
    match first_bytes.first() {
        None => Probe::NeedMore,
        Some(20..=24) => probe_record(first_bytes),
        // The high bit, and no more than 4 KiB: a hello is far shorter.
        Some(0x80..=0x8f) => probe_sslv2(first_bytes),
        Some(_) => Probe::No,
    }
}

fn probe_record(bytes: &[u8]) -> Probe {
    if bytes.get(1).is_some_and(|major| *major != 3) || bytes.get(2).is_some_and(|minor| *minor > 4)
    {
        return Probe::No;
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Probe::NeedMore;
    };
    let Some(head) = Head::plausible(header) else {
        return Probe::No;
    };
    let Some(first) = rest.first() else {
        return Probe::NeedMore;
    };
    let fits = match head.content {
        20 => head.len == 1 && *first == 1,
        // A clear alert: level and description. An encrypted one starts no stream, but a capture may begin with it.
        21 => head.len > 2 || matches!(*first, 1 | 2),
        22 => is_handshake_type(*first),
        _ => true,
    };
    if fits { Probe::Yes } else { Probe::No }
}

/// SSLv2-style ClientHello: length with the high bit, type 1, version, three lengths that must add up.
fn probe_sslv2(bytes: &[u8]) -> Probe {
    if bytes.get(2).is_some_and(|kind| *kind != 1) {
        return Probe::No;
    }
    match (bytes.get(3), bytes.get(4)) {
        (Some(3), Some(0..=4)) | (Some(0), Some(2)) | (Some(3 | 0) | None, None) => {}
        _ => return Probe::No,
    }
    match bytes.first_chunk::<11>() {
        None => Probe::NeedMore,
        Some(head) if sslv2_hello_len(head).is_some() => Probe::Yes,
        Some(_) => Probe::No,
    }
}

/// Bytes of an SSLv2-style ClientHello behind its two length bytes, when its lengths agree.
fn sslv2_hello_len(head: &[u8; 11]) -> Option<usize> {
    let [
        h,
        l,
        1,
        _,
        _,
        specs_h,
        specs_l,
        id_h,
        id_l,
        challenge_h,
        challenge_l,
    ] = *head
    else {
        return None;
    };
    let number = |h, l| usize::from(u16::from_be_bytes([h, l]));
    let (specs, id, challenge) = (
        number(specs_h, specs_l),
        number(id_h, id_l),
        number(challenge_h, challenge_l),
    );
    let len = number(h & 0x7f, l);
    let sum = specs
        .checked_add(id)?
        .checked_add(challenge)?
        .checked_add(9)?;
    (h & 0x80 != 0
        && sum == len
        && specs != 0
        && specs.is_multiple_of(3)
        && (16..=32).contains(&challenge))
    .then_some(len)
}

/// Whether these bytes, somewhere in a stream whose start was not captured, stand at a record boundary:
/// a chain of plausible headers, or one application record longer than the bytes.
pub fn probe_midstream(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut version = None;
    for chain in 0_u8.. {
        let Some(header) = rest.first_chunk::<HEADER_LEN>() else {
            // The header of the next record is cut: what is there of it must fit.
            let begins = rest.first().is_none_or(|b| (20..=24).contains(b))
                && rest.get(1).is_none_or(|b| *b == 3);
            return chain > 0 && begins;
        };
        let Some(head) = Head::plausible(header) else {
            return false;
        };
        if version.is_some_and(|v| v != head.version) {
            return false;
        }
        version = Some(head.version);
        if chain >= 2 {
            return true;
        }
        let Some(next) = rest.get(HEADER_LEN.saturating_add(usize::from(head.len))..) else {
            return matches!(head.content, 21..=23) && usize::from(head.len) <= MAX_RECORD_LEN;
        };
        rest = next;
    }
    false
}

/// Handshake types that can stand at the start of a clear record (RFC 8446 §4, RFC 5246 §7.4).
pub(super) const fn is_handshake_type(value: u8) -> bool {
    matches!(value, 0..=2 | 4..=6 | 8 | 11..=16 | 20..=25 | 67)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_of_a_hello_needs_more_and_then_says_yes() {
        let hello = [0x16, 3, 1, 0, 0x64, 1, 0, 0, 0x60];
        for len in 0..6 {
            assert_eq!(probe(&hello[..len]), Probe::NeedMore, "{len}");
        }
        assert_eq!(probe(&hello[..6]), Probe::Yes);
        // Java 17 SSLv2Hello: 3 suites of 3 bytes, no session, 32 bytes of challenge
        let v2 = [0x80, 50, 1, 3, 1, 0, 9, 0, 0, 0, 32, 0, 0, 0x2f];
        for len in 0..11 {
            assert_eq!(probe(&v2[..len]), Probe::NeedMore, "{len}");
        }
        assert_eq!(probe(&v2), Probe::Yes);
    }

    #[test]
    fn other_protocols_are_refused_early() {
        for other in [
            &b"SIP/2.0 400 Bad"[..],
            b"INVITE sip:",
            b"\r\n\r\n",
            b"GET / HTTP/1.1",
            b"\x16\x03\x09",
            b"\x16\x04",
            b"\x16\x03\x01\x00\x00\x01",
            b"\x16\x03\x01\x00\x40\x63",
            b"\x16\x03\x01\xff\x40\x01",
            b"\x15\x03\x01\x00\x02\x09",
            b"\x80\x32\x07",
            b"\xff\xfb\x01",
        ] {
            assert_eq!(probe(other), Probe::No, "{other:?}");
        }
    }

    #[test]
    fn midstream_wants_a_chain() {
        let mut chain = Vec::new();
        for _ in 0..3 {
            chain.extend([0x17, 3, 1, 0, 32]);
            chain.extend([0xaa; 32]);
        }
        assert!(probe_midstream(&chain));
        assert!(
            probe_midstream(&chain[..37])
                && probe_midstream(&chain[..20])
                && probe_midstream(&chain[..40])
        );
        assert!(!probe_midstream(&chain[1..]));
        chain[38] = 9;
        assert!(!probe_midstream(&chain));
        assert!(!probe_midstream(b"") && !probe_midstream(b"SIP/2.0 200 OK"));
    }
}
