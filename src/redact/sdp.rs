//! Session descriptions (RFC 8866): media, codecs and ports stay, people, addresses and keys go.

use super::bytes::{find, part, split, trimmed};
use super::mask::Escapes;
use super::scan::Manner;
use super::{Kind, Pseudonyms};

/// Attributes whose values are opaque or secret.
const SECRET: [&[u8]; 8] = [
    b"ice-ufrag",
    b"ice-pwd",
    b"remote-candidates",
    b"fingerprint",
    b"key-mgmt",
    b"identity",
    b"x-candidate-info",
    b"label",
];

impl Pseudonyms {
    /// Rewrites a session description.
    pub(super) fn sdp(&mut self, body: &mut [u8]) {
        let mut at = 0;
        while at < body.len() {
            let end = find(body, at, |b| matches!(b, b'\r' | b'\n'));
            self.sdp_line(part(body, at, end));
            at = end.saturating_add(1);
        }
    }

    fn sdp_line(&mut self, line: &mut [u8]) {
        let [kind, b'=', value @ ..] = line else {
            return self.scan(line, Manner::STRICT);
        };
        match kind {
            b'v' | b't' | b'b' | b'r' | b'z' | b'm' | b'c' => self.scan(value, Manner::VALUES),
            b'o' => self.origin(value),
            b's' | b'i' if matches!(&*trimmed(value), b"" | b"-" | b"session") => {}
            b's' | b'i' => self.mask(value, Escapes::None),
            b'k' => Self::blank(value),
            b'a' => self.attribute(value),
            _ => self.scan(value, Manner::STRICT),
        }
    }

    /// `user id version IN IP4 address`.
    fn origin(&mut self, value: &mut [u8]) {
        let end = find(value, 0, |b| b == b' ');
        let (user, rest) = split(value, end);
        if user != b"-" {
            self.user(user);
        }
        // The version is the session id in many a description (RFC 8866 §5.2 lets both be times): whether they are the same stays.
        let mut rest = rest;
        for _ in 0..2 {
            let end = find(rest, 1, |b| b == b' ');
            let (number, behind) = split(rest, end);
            let digits = trimmed(number);
            if digits.len() > 2 {
                self.replace(Kind::Number, digits, 0);
            }
            rest = behind;
        }
        self.scan(
            rest,
            Manner {
                kind: Kind::Label,
                ..Manner::VALUES
            },
        );
    }

    fn attribute(&mut self, value: &mut [u8]) {
        let colon = find(value, 0, |b| b == b':');
        let (name, rest) = split(value, colon);
        let lower = name.to_ascii_lowercase();
        self.scan(name, Manner::VALUES);
        let len = rest.len();
        let rest = part(rest, 1, len);
        match lower.as_slice() {
            b"crypto" | b"cryptoscale" => {
                // `1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31|1:1`: number and suite stay.
                let inline = memchr::memmem::find(rest, b"inline:")
                    .map_or_else(|| find(rest, 0, |b| b == b' '), |at| at.saturating_add(7));
                let (head, key) = split(rest, inline);
                self.scan(head, Manner::VALUES);
                Self::blank(key);
            }
            name if SECRET.contains(&name) => self.scan(rest, Manner::TOKENS),
            b"candidate" => self.candidate(rest),
            b"ssrc" => {
                let space = find(rest, 0, |b| b == b' ');
                let (_, rest) = split(rest, space);
                let colon = find(rest, 0, |b| b == b':');
                let (name, value) = split(rest, colon);
                self.scan(name, Manner::VALUES);
                self.scan(value, Manner::TOKENS);
            }
            b"rtpmap"
            | b"fmtp"
            | b"ptime"
            | b"maxptime"
            | b"rtcp"
            | b"setup"
            | b"connection"
            | b"mid"
            | b"accept-types"
            | b"encryption"
            | b"rtcp-fb"
            | b"framerate"
            | b"curr"
            | b"des"
            | b"conf"
            | b"group"
            | b"rtcp-xr"
            | b"x-caps"
            | b"x-ssrc-range"
            | b"max-size"
            | b"accept-wrapped-types"
            | b"x-devicecaps"
            | b"feature"
            | b"path" => self.scan(rest, Manner::VALUES),
            _ => self.scan(rest, Manner::STRICT),
        }
    }

    /// RFC 8839 §5.1 and the form before it (\[MS-ICE2\]): numbers, types and transports stay.
    fn candidate(&mut self, value: &mut [u8]) {
        let mut at = 0;
        while at < value.len() {
            let end = find(value, at, |b| b == b' ');
            let word = part(value, at, end);
            let number = word.len() <= 10 && word.iter().all(u8::is_ascii_digit);
            if !number
                && !self.address_text(word)
                && !self.words.keeps(word)
                && !matches!(&*word, b"TCP-ACT" | b"TCP-PASS")
            {
                self.replace(Kind::Token, word, 0);
            }
            at = end.saturating_add(1);
        }
    }
}
