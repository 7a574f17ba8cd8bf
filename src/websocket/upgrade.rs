//! The opening handshake over HTTP/1.1 (RFC 6455 §4), as far as it says that WebSocket follows and for what.

use memchr::memmem;

/// The head of a request or response that changes to WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Upgrade {
    /// Bytes of the head with its empty line.
    pub(super) len: usize,
    /// Whether the subprotocol is SIP (RFC 7118 §4.1); `None` where the head leaves it open.
    pub(super) sip: Option<bool>,
}

/// What the first bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Upgrade(Upgrade),
    /// It may be one; the head is not complete.
    More,
    No,
}

const REQUEST: &[u8] = b"GET ";
const RESPONSE: &[u8] = b"HTTP/1.1 101";

/// Whether bytes begin as a head would.
pub(super) fn begins(bytes: &[u8]) -> bool {
    [REQUEST, &b"HTTP/"[..]]
        .iter()
        .any(|word| !bytes.is_empty() && bytes.iter().zip(*word).all(|(a, b)| a == b))
}

/// Reads the head at the start of a stream.
pub(super) fn look(bytes: &[u8]) -> Look {
    let starts = |word: &[u8]| bytes.iter().zip(word).all(|(a, b)| a == b);
    if bytes.is_empty() || !(starts(REQUEST) || starts(RESPONSE)) {
        return Look::No;
    }
    let line_end = memchr::memchr(b'\n', bytes);
    let line = line_end.and_then(|end| bytes.get(..end));
    if let Some(line) = line
        && bytes.starts_with(REQUEST)
        && !line.trim_ascii_end().ends_with(b" HTTP/1.1")
    {
        return Look::No;
    }
    let end = |separator: &[u8]| memmem::find(bytes, separator)?.checked_add(separator.len());
    let len = match (end(b"\r\n\r\n"), end(b"\n\n")) {
        (Some(a), Some(b)) => a.min(b),
        (Some(end), None) | (None, Some(end)) => end,
        (None, None) => return Look::More,
    };
    let head = bytes.get(..len).unwrap_or(bytes);
    let values = |name: &'static str| {
        head.split(|b| *b == b'\n').skip(1).filter_map(move |line| {
            let colon = memchr::memchr(b':', line)?;
            let (field, value) = (line.get(..colon)?, line.get(colon.checked_add(1)?..)?);
            field
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_bytes())
                .then_some(value)
        })
    };
    let tokens = |name| values(name).flat_map(|v| v.split(|b| *b == b',').map(<[u8]>::trim_ascii));
    if !tokens("Upgrade").any(|t| t.eq_ignore_ascii_case(b"websocket")) {
        return Look::No;
    }
    let of_sip = |t: &[u8]| t.eq_ignore_ascii_case(b"sip");
    let named = tokens("Sec-WebSocket-Protocol").filter(|t| !t.is_empty());
    let (sip, others) = named.fold((0_usize, 0_usize), |(sip, others), t| {
        if of_sip(t) {
            (sip.saturating_add(1), others)
        } else {
            (sip, others.saturating_add(1))
        }
    });
    Look::Upgrade(Upgrade {
        len,
        sip: match (sip, others) {
            (0, 0) => None,
            (0, _) => Some(false),
            (_, 0) => Some(true),
            // Several were offered; the server's answer decides, and it is read with the other direction.
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sip_of(head: &str) -> Option<Option<bool>> {
        match look(head.as_bytes()) {
            Look::Upgrade(found) => {
                assert_eq!(found.len, head.len());
                Some(found.sip)
            }
            _ => None,
        }
    }

    #[test]
    fn an_upgrade_is_told_from_other_http() {
        for (head, want) in [
            (
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                Some(None),
            ),
            (
                "GET /ws HTTP/1.1\r\nUPGRADE: foo, WebSocket\r\nsec-websocket-protocol: SIP\r\n\r\n",
                Some(Some(true)),
            ),
            (
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
                Some(Some(true)),
            ),
            (
                "HTTP/1.1 101 x\nUpgrade: websocket\nSec-WebSocket-Protocol: mqtt\n\n",
                Some(Some(false)),
            ),
            (
                "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip, msrp\r\n\r\n",
                Some(None),
            ),
            ("GET / HTTP/1.1\r\nHost: sip\r\n\r\n", None),
            ("GET / HTTP/1.0\r\nUpgrade: websocket\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", None),
            ("HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n", None),
            ("POST / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", None),
            ("GETX / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", None),
        ] {
            assert_eq!(sip_of(head), want, "{head}");
        }
    }

    #[test]
    fn every_beginning_of_a_head_needs_more() {
        let head = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
        for end in 1..head.len() {
            assert_eq!(look(&head[..end]), Look::More, "{end}");
        }
        assert_eq!(look(b""), Look::No);
        assert_eq!(look(b"GET / HTTP/1.0\r\n"), Look::No);
    }
}
