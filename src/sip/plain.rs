//! Values of the form that nearly all have, told in one pass from those that [`super::check`] must look at closely.
//!
//! `true` promises that the close look finds nothing; `false` promises nothing. It is here because the close look at every field
//! takes as long as all other reading of a message.

use super::lex;
use memchr::{memchr, memchr_iter, memchr2};

/// `sip:user@host:port;parameters`, `sips:…` or `tel:…`, without escapes, header fields and IPv6 (RFC 3261 §19.1.1).
pub(super) fn is_uri(uri: &[u8]) -> bool {
    if let [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', rest @ ..] = uri {
        return are_of_uri(rest);
    }
    let [b's' | b'S', b'i' | b'I', b'p' | b'P', rest @ ..] = uri else {
        return false;
    };
    let ([b's' | b'S', b':', rest @ ..] | [b':', rest @ ..]) = rest else {
        return false;
    };
    let hostport = match memchr(b'@', rest) {
        Some(at) => lex::split_around(rest, at).1,
        None => rest,
    };
    let host = hostport.iter().take_while(|b| is_host(**b)).count();
    let port = match hostport.get(host..) {
        Some([b':', port @ ..]) => port,
        Some(rest) => rest,
        None => return false,
    };
    // Four digits or five of the lower half are a port; others are for the close look.
    let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
    let behind = port.get(digits..).unwrap_or(&[]);
    let no_port = port.len() == hostport.len().saturating_sub(host);
    let port_ok = match (no_port, digits) {
        (true, 0) | (false, 1..=4) => true,
        (false, 5) => port.first().is_some_and(|b| *b < b'6'),
        _ => false,
    };
    host > 0 && port_ok && matches!(behind, [] | [b';', ..]) && are_of_uri(rest)
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
fn address(value: &[u8], odd: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    let (name, rest) = lex::split_around(value, memchr(b'<', value)?);
    let (uri, tail) = lex::split_around(rest, memchr(b'>', rest)?);
    let one =
        is_display_name(lex::trim(name)) && is_uri(uri) && matches!(tail, [] | [b';' | b',', ..]);
    parameters(tail, odd).filter(|_| one)
}

/// One Via with a branch that is more than the magic cookie (RFC 3261 §20.42).
pub(super) fn is_via(value: &[u8]) -> bool {
    let Some(at) = memchr(b';', value) else {
        return false;
    };
    let (before, tail) = value.split_at_checked(at).unwrap_or((value, &[]));
    let odd = |b: &u8| matches!(b, b'"' | b',' | b'<' | b'\\');
    // `branch=z9hG4bK` and one letter at least.
    let short_branch = |parameter: &[u8]| {
        let name = parameter.get(..7);
        name.is_some_and(|name| name.eq_ignore_ascii_case(b"branch="))
            && parameter
                .get(..15)
                .is_none_or(|b| b.iter().any(|b| matches!(b, b';' | b'"' | b',')))
    };
    !before.iter().any(odd) && matches!(parameters(tail, short_branch), Some([]))
}

/// Tokens, or one quoted string without escapes; or nothing.
fn is_display_name(name: &[u8]) -> bool {
    match name {
        [b'"', inner @ .., b'"'] => memchr2(b'"', b'\\', inner).is_none(),
        name => name
            .iter()
            .all(|b| lex::is_token(*b) || matches!(b, b' ' | b'\t')),
    }
}

/// Reads parameters without white space, none of them empty, up to a comma outside of quotes or the end: gives what is left.
/// `None` where that is not so, or where one of them is `odd`.
fn parameters(mut rest: &[u8], odd: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    if are_of_uri(rest) && memchr(b',', rest).is_none() {
        // Neither quotes nor commas: the separators alone say it.
        for at in memchr_iter(b';', rest) {
            let (_, behind) = lex::split_around(rest, at);
            if matches!(behind, [] | [b';', ..]) || odd(behind) {
                return None;
            }
        }
        return Some(&[]);
    }
    let mut previous = 0;
    while let [byte, behind @ ..] = rest {
        match byte {
            b';' if previous == b';' || odd(behind) => return None,
            b';' => {}
            b'"' => {
                let at = memchr2(b'"', b'\\', behind)?;
                let (_, next) = lex::split_around(behind, at);
                if behind.get(at) != Some(&b'"') {
                    return None;
                }
                previous = b'"';
                rest = next;
                continue;
            }
            b',' if previous == b';' => return None,
            b',' => return Some(rest),
            b'!'..=b'~' if !matches!(byte, b'<' | b'>' | b'\\') => {}
            _ => return None,
        }
        previous = *byte;
        rest = behind;
    }
    (previous != b';').then_some(rest)
}

/// A letter, digit or sign of a host name.
const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// What a URI may hold and needs no close look. Without branches, so that the compiler makes it wide.
fn are_of_uri(bytes: &[u8]) -> bool {
    let odd = |odd: u8, b: &u8| {
        let sign = u8::from(*b == b'"')
            | u8::from(*b == b'%')
            | u8::from(*b == b'<')
            | u8::from(*b == b'?')
            | u8::from(*b == b'\\');
        odd | sign | u8::from(*b <= b' ') | u8::from(*b > b'~') | u8::from(*b == b'>')
    };
    bytes.iter().fold(0, odd) == 0
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    const ADDRESSES: [&str; 6] = [
        r#""Rossi, Anna" <sip:anna@tomt.local>;tag=9b68;epid=72f0"#,
        "<sip:lync01.tomt.it:5061;transport=tls;opaque=state:T:F;lr;ms-route-sig=ga-x>;tag=3A",
        "Anna Rossi<sips:anna_r@10.1.1.10:50612>",
        r#"<sip:tom@tomt.it;gruu>;+sip.instance="<urn:uuid:0>";video"#,
        "<sip:a@b>,<sip:c.d;lr>;x=y",
        "<sip:+39061;ext=2@tomt.it;user=phone>;expires=60",
    ];
    const VIAS: [&str; 2] = [
        r#"SIP/2.0/TLS 10.1.1.10:49301;branch=z9hG4bK7C.1;branched=FALSE;ms-internal-info="c,L;x""#,
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
        assert!(VIAS.iter().all(|v| is_via(v.as_bytes())));
    }

    /// Each value with a byte or two changed, doubled or taken away.
    #[test]
    fn the_close_look_finds_nothing_in_what_is_plain() {
        let signs = b"\"<>;,?%\\ \t:@[]=*z0\0\xe9";
        let mut plain = 0_u32;
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
                    if is_via(&bytes) {
                        assert!(!has_defect(|note| check::via(&bytes, true, note)), "{text}");
                        plain += 1;
                    }
                }
            }
        }
        assert!(plain > 1000);
        for branch in ["", "x"] {
            let via = format!("SIP/2.0/UDP a;Branch=z9hG4bK{branch};rport");
            assert_eq!(is_via(via.as_bytes()), branch == "x");
        }
    }
}
