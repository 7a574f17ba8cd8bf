//! Values of the form that nearly all have, told in one pass from those that [`super::check`] must look at closely.
//!
//! `true` promises that the close look finds nothing; `false` promises nothing. It is here because the close look at every field
//! takes as long as all other reading of a message.

use super::lex::{self, is_token};
use memchr::memchr2;

/// May stand in a URI that needs no close look: what can be seen, but no quotes, escapes, brackets and header fields.
const URI: u8 = 1;
/// The same without comma and semicolon: parameters go on behind it.
const PLAIN: u8 = 1 << 1;
/// Of a host name: a letter, a digit, `.`, `-`, `_`.
const HOST: u8 = 1 << 2;
/// Of a token (RFC 3261 §25.1).
const TOKEN: u8 = 1 << 3;

/// What each byte may stand in.
static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn classes() -> [u8; 256] {
    let mut all = [0; 256];
    let mut byte: u8 = b'!';
    while byte <= b'~' {
        let mut class = 0;
        if !matches!(byte, b'"' | b'%' | b'<' | b'>' | b'?' | b'\\') {
            class |= URI;
            if !matches!(byte, b',' | b';') {
                class |= PLAIN;
            }
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            class |= HOST;
        }
        if is_token(byte) {
            class |= TOKEN;
        }
        all[byte as usize] = class;
        byte += 1;
    }
    all
}

#[inline]
fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0) & class != 0
}

/// How many bytes at the front are of a class.
#[inline]
fn run(bytes: &[u8], class: u8) -> usize {
    bytes
        .iter()
        .position(|b| !is(*b, class))
        .unwrap_or(bytes.len())
}

/// `sip:user@host:port;parameters`, `sips:…` or `tel:…`, without escapes, header fields and IPv6 (RFC 3261 §19.1.1).
pub(super) fn is_uri(uri: &[u8]) -> bool {
    run(uri, URI) == uri.len() && is_uri_of(uri)
}

/// What stands behind `sip:` or `sips:`.
fn behind_scheme(uri: &[u8]) -> Option<&[u8]> {
    match uri {
        [
            b's' | b'S',
            b'i' | b'I',
            b'p' | b'P',
            b's' | b'S',
            b':',
            rest @ ..,
        ]
        | [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The same where all bytes are known to be of a URI.
fn is_uri_of(uri: &[u8]) -> bool {
    let Some(rest) = behind_scheme(uri) else {
        return matches!(uri, [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', ..]);
    };
    let hostport = match rest.iter().position(|b| *b == b'@') {
        Some(at) => lex::split_around(rest, at).1,
        None => rest,
    };
    let host = run(hostport, HOST);
    let behind = match hostport.get(host..) {
        Some([b':', port @ ..]) => {
            // Four digits or five of the lower half are a port; others are for the close look.
            let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
            match digits {
                1..=4 => {}
                5 if port.first().is_some_and(|b| *b < b'6') => {}
                _ => return false,
            }
            port.get(digits..).unwrap_or(&[])
        }
        rest => rest.unwrap_or(&[]),
    };
    host > 0 && matches!(behind, [] | [b';', ..])
}

/// `"name" <uri>;parameters` (RFC 3261 §20.20).
pub(super) fn is_address(value: &[u8]) -> bool {
    matches!(address(value, |_| false), Some([]))
}

/// Such addresses separated by commas (RFC 3261 §20.34).
pub(super) fn are_addresses(value: &[u8]) -> bool {
    are_all(value, |_| false)
}

/// Such addresses separated by commas, none with a parameter that may be `expires` (RFC 3261 §20.10).
pub(super) fn are_contacts(value: &[u8]) -> bool {
    are_all(value, |parameter| matches!(parameter, [b'e' | b'E', ..]))
}

fn are_all(mut value: &[u8], odd: impl Fn(&[u8]) -> bool + Copy) -> bool {
    loop {
        match address(value, odd) {
            Some([b',', next @ ..]) => value = next,
            rest => return matches!(rest, Some([])),
        }
    }
}

/// Reads one; gives what is left, from a comma on.
fn address(value: &[u8], odd: impl FnMut(&[u8]) -> bool) -> Option<&[u8]> {
    let (uri, tail) = bracketed(value)?;
    let one = is_uri_of(uri) && matches!(tail, [] | [b';' | b',', ..]);
    if one { parameters(tail, odd) } else { None }
}

/// The URI between the brackets behind a display name, all of its bytes [`URI`], and what follows.
fn bracketed(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = lex::split_around(value, value.iter().position(|b| *b == b'<')?);
    let (uri, tail) = rest.split_at_checked(run(rest, URI))?;
    let tail = tail.strip_prefix(b">")?;
    is_display_name(lex::trim(name)).then_some((uri, tail))
}

/// User, if there is one, and host of the URI in an address of the plainest form, for comparing: without password, port and parameters.
pub(crate) fn user_and_host(value: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (uri, _) = bracketed(value)?;
    if !is_uri_of(uri) {
        return None;
    }
    let rest = behind_scheme(uri)?;
    let (user, hostport) = match rest.iter().position(|b| *b == b'@') {
        Some(at) => {
            let (user, behind) = lex::split_around(rest, at);
            let password = user.iter().position(|b| *b == b':').unwrap_or(user.len());
            (user.get(..password), behind)
        }
        None => (None, rest),
    };
    Some((user, hostport.get(..run(hostport, HOST))?))
}

/// One Via without white space but for the one before the sender, and its branch, if there is one; a branch is more than the magic cookie
/// (RFC 3261 §20.42).
pub(super) fn via(value: &[u8]) -> Option<Option<&[u8]>> {
    let rest = value.strip_prefix(b"SIP/2.0/")?;
    let (transport, rest) = rest.split_at_checked(run(rest, TOKEN))?;
    let rest = rest.strip_prefix(b" ").filter(|_| !transport.is_empty())?;
    let (host, rest) = rest.split_at_checked(run(rest, HOST))?;
    let rest = match rest {
        [b':', port @ ..] => port.get(port.iter().take_while(|b| b.is_ascii_digit()).count()..)?,
        rest => rest,
    };
    if host.is_empty() || rest.first() != Some(&b';') {
        return None;
    }
    let mut branch = None;
    // The first one counts; one without value, or too short, is for the close look.
    let odd = |parameter: &'_ [u8]| {
        let is_branch = parameter
            .get(..6)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"branch"));
        if !is_branch || branch.is_some() {
            return false;
        }
        match parameter.get(6) {
            Some(b'=') => {
                let from = rest.len().saturating_sub(parameter.len()).saturating_add(7);
                let bytes = rest.get(from..).unwrap_or(&[]);
                let len = run(bytes, PLAIN);
                branch = bytes.get(..len);
                len < 8 || !matches!(bytes.get(len), None | Some(b';'))
            }
            Some(next) => !is(*next, TOKEN),
            None => true,
        }
    };
    matches!(parameters(rest, odd), Some([])).then_some(branch)
}

/// `1 SUBSCRIBE`: number and method.
pub(super) fn cseq(value: &[u8]) -> Option<(u32, &[u8])> {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let (number, rest) = value.split_at_checked(digits)?;
    let method = rest.strip_prefix(b" ")?;
    let number = number.iter().fold(0_u32, |sum, b| {
        sum.wrapping_mul(10).wrapping_add(u32::from(b & 0x0f))
    });
    (!method.is_empty() && run(method, TOKEN) == method.len()).then_some((number, method))
}

/// Tokens, or one quoted string without escapes; or nothing.
fn is_display_name(name: &[u8]) -> bool {
    match name {
        [b'"', inner @ .., b'"'] => inner.iter().all(|b| !matches!(b, b'"' | b'\\')),
        name => name
            .iter()
            .all(|b| is(*b, TOKEN) || matches!(b, b' ' | b'\t')),
    }
}

/// Reads parameters without white space, none of them empty, up to a comma outside of quotes or the end: gives what is left.
/// `None` where that is not so, or where one of them is `odd`.
fn parameters(all: &[u8], mut odd: impl FnMut(&[u8]) -> bool) -> Option<&[u8]> {
    let mut rest = all;
    // Whether a semicolon stands directly before.
    let mut open = false;
    loop {
        let plain = run(rest, PLAIN);
        let Some((byte, behind)) = rest.get(plain..).and_then(<[u8]>::split_first) else {
            return (!open || plain > 0).then_some(&[][..]);
        };
        open &= plain == 0;
        rest = behind;
        match byte {
            b';' if open || odd(behind) => return None,
            b';' => open = true,
            b'"' => {
                let at = memchr2(b'"', b'\\', behind)?;
                if behind.get(at) != Some(&b'"') {
                    return None;
                }
                rest = lex::split_around(behind, at).1;
                open = false;
            }
            b',' if open => return None,
            b',' => return all.get(all.len().checked_sub(behind.len())?.checked_sub(1)?..),
            // Not in URIs, but in parameters of a field.
            b'%' | b'?' => open = false,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::super::header::{Address, CSeq, Via};
    use super::*;

    const ADDRESSES: [&str; 6] = [
        r#""Rossi, Anna" <sip:anna@tomt.local>;tag=9b68;epid=72f0"#,
        "<sip:lync01.tomt.it:5061;transport=tls;opaque=state:T:F;lr;ms-route-sig=ga-x>;tag=3A",
        "Anna Rossi<sips:anna_r@10.1.1.10:50612>",
        r#"<sip:tom@tomt.it;gruu>;+sip.instance="<urn:uuid:0>";video"#,
        "<sip:a@b>,<sip:c.d;lr>;x=y",
        "<sip:+39061;ext=2@tomt.it;user=phone>;expires=60",
    ];
    const VIAS: [&str; 3] = [
        r#"SIP/2.0/TLS 10.1.1.10:49301;branch=z9hG4bK7C.1;branched=FALSE;ms-internal-info="c,L;x""#,
        "SIP/2.0/UDP cups01.tomt.local;rport;branch=z9hG4bKx",
        "SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKx",
    ];

    fn has_defect(look: impl FnOnce(&mut dyn FnMut(crate::sip::DefectKind))) -> bool {
        let mut any = false;
        look(&mut |_| any = true);
        any
    }

    #[test]
    fn values_of_both_sides_are_plain() {
        assert!(ADDRESSES[..4].iter().all(|v| is_address(v.as_bytes())));
        assert!(ADDRESSES.iter().all(|v| are_addresses(v.as_bytes())));
        assert!(ADDRESSES[..2].iter().any(|v| !are_contacts(v.as_bytes())));
        assert!(ADDRESSES[2..5].iter().all(|v| are_contacts(v.as_bytes())));
        assert!(VIAS[..2].iter().all(|v| via(v.as_bytes()).is_some()));
    }

    /// Each value with a byte or two changed, doubled or taken away.
    #[test]
    fn the_close_look_finds_nothing_in_what_is_plain() {
        let signs = b"\"<>;,?%\\ \t:@[]=*z0\0\xe9";
        let (mut plain, mut known) = (0_u32, 0_u32);
        for value in ADDRESSES.iter().chain(&VIAS) {
            for at in 0..value.len() {
                for (cut, sign) in [0, 1, 4]
                    .iter()
                    .flat_map(|c| signs.iter().map(move |s| (*c, *s)))
                {
                    let end = value.len().min(at + cut);
                    let bytes =
                        [&value.as_bytes()[..at], &[sign], &value.as_bytes()[end..]].concat();
                    let text = String::from_utf8_lossy(&bytes);
                    if is_address(&bytes) {
                        assert!(!has_defect(|note| check::address(&bytes, note)), "{text}");
                    }
                    if are_addresses(&bytes) {
                        assert!(!has_defect(|note| check::addresses(&bytes, note)), "{text}");
                    }
                    if are_contacts(&bytes) {
                        assert!(!has_defect(|note| check::contacts(&bytes, note)), "{text}");
                    }
                    if let Some(branch) = via(&bytes) {
                        assert!(!has_defect(|note| check::via(&bytes, true, note)), "{text}");
                        let close = Via::new(&bytes).unwrap().branch().map(|b| b.bytes());
                        assert_eq!(branch, close, "{text}");
                        plain += 1;
                    }
                    if let Some((user, host)) = user_and_host(&bytes) {
                        let uri = Address::new(&bytes).uri().unwrap();
                        assert_eq!(user, uri.user_name().map(|u| u.bytes()), "{text}");
                        assert_eq!(host, uri.host.unwrap().bytes(), "{text}");
                        known += 1;
                    }
                }
            }
        }
        assert!(plain > 1000 && known > 1000);
        for branch in ["", "x"] {
            let text = format!("SIP/2.0/UDP a;Branch=z9hG4bK{branch};rport");
            assert_eq!(via(text.as_bytes()).is_some(), branch == "x");
        }
        for (value, number) in [("1 INVITE", 1), ("999999999 X-y", 999_999_999)] {
            let (n, method) = cseq(value.as_bytes()).unwrap();
            assert_eq!((n, number), (number, n));
            assert_eq!(CSeq::parts(value.as_bytes()), Some((n, method)));
        }
        for value in [
            "",
            "1",
            "1 ",
            " 1 INVITE",
            "1  INVITE",
            "4294967296 A",
            "1 A B",
            "-1 A",
        ] {
            assert_eq!(cseq(value.as_bytes()), None, "{value}");
        }
    }
}
