//! Safe short text of a message: no control characters, no credentials.

use super::lex::{is_lws, trim, trim_end};
use super::{HeaderName, Message, Text};
use std::borrow::Cow;

/// What stands where credentials stood.
const REMOVED: &str = "[credentials removed]";

impl Message {
    /// The first `lines` lines of the head, each at most `width` characters long.
    ///
    /// Folded fields are one line; control characters are escaped; credentials never appear.
    pub fn excerpt(&self, lines: usize, width: usize) -> String {
        let mut head = Cow::Borrowed(self.head());
        if self.has_defect(super::DefectKind::BareCr) {
            for byte in head.to_mut().iter_mut().filter(|b| **b == b'\r') {
                *byte = b'\n';
            }
        }
        join(logical_lines(&head).map(safe_head_line), lines, width)
    }

    /// The first lines of the body, for session descriptions; keys of media never appear.
    ///
    /// Bodies of instant messages are private: who shows them decides.
    pub fn body_excerpt(&self, lines: usize, width: usize) -> String {
        let body = self.body().split(|b| *b == b'\n').map(trim_end);
        join(body.map(safe_body_line), lines, width)
    }
}

/// Lines of a head with their continuation lines.
fn logical_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let mut from = 0_usize;
        let end = loop {
            let newline = rest
                .get(from..)
                .and_then(|r| memchr::memchr(b'\n', r))
                .and_then(|n| from.checked_add(n)?.checked_add(1));
            match newline {
                Some(end) if matches!(rest.get(end), Some(b' ' | b'\t')) => from = end,
                Some(end) => break end,
                None => break rest.len(),
            }
        };
        let (line, behind) = rest.split_at_checked(end)?;
        rest = behind;
        let line = trim_end(line);
        (!line.is_empty()).then_some(line)
    })
}

fn safe_head_line(line: &[u8]) -> Cow<'_, str> {
    let colon = memchr::memchr(b':', line);
    let name = colon.and_then(|at| line.get(..at)).map(trim_end);
    let secret = match name.map(|n| (HeaderName::new(n), n)) {
        Some((HeaderName::Other, name)) => {
            ends_with(name, b"authorization") || has_credentials(line)
        }
        // A challenge may be shown; the tokens of NTLM and Kerberos in it may not.
        Some((HeaderName::WwwAuthenticate | HeaderName::ProxyAuthenticate, _)) => {
            has_credentials(line)
        }
        Some((id, _)) => matches!(
            id,
            HeaderName::Authorization
                | HeaderName::ProxyAuthorization
                | HeaderName::AuthenticationInfo
        ),
        None => has_credentials(line),
    };
    if secret {
        let name = name.filter(|n| n.len() < 64).unwrap_or(b"");
        // The scheme says what was tried and is no secret; one word without separators.
        let value = colon.and_then(|at| line.get(at..)).and_then(|v| v.get(1..));
        let scheme = value
            .map(trim)
            .and_then(|v| v.split(|b| is_lws(*b)).next())
            .filter(|s| SCHEMES.iter().any(|k| s.eq_ignore_ascii_case(k.as_bytes())))
            .unwrap_or(b"");
        return Cow::Owned(
            format!("{}: {} {REMOVED}", Text::new(name), Text::new(scheme))
                .trim_start_matches([':', ' '])
                .replace("  ", " "),
        );
    }
    Text::new(line).to_str()
}

/// Authentication schemes that may be shown.
const SCHEMES: [&str; 6] = ["Digest", "NTLM", "Kerberos", "TLS-DSK", "Basic", "Bearer"];

/// A line that is not readable as a field but looks like credentials.
fn has_credentials(line: &[u8]) -> bool {
    let line = line.to_ascii_lowercase();
    [
        &b"authorization"[..],
        b"response=",
        b"rspauth",
        b"gssapi-data",
    ]
    .iter()
    .any(|word| memchr::memmem::find(&line, word).is_some())
}

/// `a=crypto`, `a=key-mgmt` and `k=` carry keys (RFC 4568 §9.1, RFC 4567, RFC 8866 §5.12).
fn safe_body_line(line: &[u8]) -> Cow<'_, str> {
    let starts = |word: &[u8]| {
        line.get(..word.len())
            .is_some_and(|l| l.eq_ignore_ascii_case(word))
    };
    if starts(b"a=crypto") {
        Cow::Owned(format!("a=crypto:{REMOVED}"))
    } else if starts(b"a=key-mgmt") {
        Cow::Owned(format!("a=key-mgmt:{REMOVED}"))
    } else if starts(b"k=") {
        Cow::Owned(format!("k={REMOVED}"))
    } else {
        Text::new(line).to_str()
    }
}

fn ends_with(name: &[u8], end: &[u8]) -> bool {
    name.len()
        .checked_sub(end.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn join<'a>(lines: impl Iterator<Item = Cow<'a, str>>, count: usize, width: usize) -> String {
    let mut out = String::new();
    for line in lines.take(count) {
        if !out.is_empty() {
            out.push('\n');
        }
        let mut room = width;
        for c in line.chars() {
            let Some(left) = room.checked_sub(1) else {
                out.push('…');
                break;
            };
            room = left;
            if c.is_control() {
                out.extend(c.escape_default());
            } else {
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FrameRef;

    #[test]
    fn credentials_and_control_characters_never_appear() {
        let m = Message::parse(
            b"REGISTER sip:tomt.it SIP/2.0\r\nVia: SIP/2.0/TLS 10.1.1.101\r\nSubject: a\x1b[2Jb\r\n\
              AUTHORIZATION : NTLM\r\n qop=\"auth\",\r\n\tgssapi-data=\"c2VjcmV0\", response=\"c2VjcmV0\"\r\n\
              Proxy-Authorization: Digest response=\"c2VjcmV0\"\r\nX-My-Authorization: c2VjcmV0\r\n\
              Authorization Basic c2VjcmV0\r\nContent-Type: application/sdp\r\n\r\n\
              a=crypto:1 AES_CM_128 inline:c2VjcmV0\r\nA=CRYPTO:2 inline:c2VjcmV0\r\nk=base64:c2VjcmV0",
            FrameRef::default(),
        )
        .unwrap();
        assert!(m.has_credentials("ntlm") && m.has_credentials("digest"));
        let shown = m.excerpt(99, 200) + &m.body_excerpt(99, 200);
        assert!(!shown.contains("c2VjcmV0"), "{shown}");
        assert!(
            shown.contains("AUTHORIZATION: NTLM [credentials removed]"),
            "{shown}"
        );
        assert!(shown.contains("Subject: a\\u{1b}[2Jb"), "{shown}");
        assert!(!shown.bytes().any(|b| b < b' ' && b != b'\n'));
    }

    #[test]
    fn lines_and_width_are_bounded() {
        let m = Message::parse(b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", FrameRef::default()).unwrap();
        assert_eq!(m.excerpt(1, 7), "SIP/2.0…");
        assert_eq!(m.excerpt(9, 99), "SIP/2.0 200 OK\nVia: x");
    }
}
