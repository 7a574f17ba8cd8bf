//! Values of the form that nearly all have, told in one pass from those that [`super::check`] must look at closely.
//!
//! `true` promises that the close look finds nothing; `false` promises nothing. It is here because the close look at every field
//! takes as long as all other reading of a message. Each goes from one byte that is of no word to the next ([`Marks`]).

use super::lex::is_token;
use super::marks::Marks;

/// May stand in a URI that needs no close look: what can be seen, but no quotes, escapes, brackets and header fields.
const URI: u8 = 1;
/// The same without comma and semicolon: parameters go on behind it.
const PLAIN: u8 = 1 << 1;
/// Of a token (RFC 3261 §25.1).
const TOKEN: u8 = 1 << 2;

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

/// `place` and one more.
#[inline]
const fn behind(place: usize) -> usize {
    place.saturating_add(1)
}

/// A URI, and where its parts lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainUri {
    /// User and password, if there is an `@`.
    pub(super) user: Option<(usize, usize)>,
    /// Not in `tel:`.
    pub(super) host: Option<(usize, usize)>,
    end: usize,
}

/// `sip:user@host:port;parameters`, `sips:…` or `tel:…`, without escapes, header fields and IPv6 (RFC 3261 §19.1.1).
pub(super) fn is_uri(uri: &[u8]) -> bool {
    self::uri(&mut Marks::new(uri, uri.len()), 0, None).is_some()
}

/// How long `sip:`, `sips:` or `tel:` is, and whether hosts are behind it.
fn scheme(uri: &[u8]) -> Option<(usize, bool)> {
    match uri {
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S', b':', ..] => Some((5, true)),
        [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] => Some((4, true)),
        [b't' | b'T', b'e' | b'E', b'l' | b'L', b':', ..] => Some((4, false)),
        _ => None,
    }
}

/// The URI that begins at `start` and goes to the end or to the first `close`.
#[inline]
fn uri(marks: &mut Marks<'_>, start: usize, close: Option<u8>) -> Option<PlainUri> {
    let (len, has_host) = scheme(marks.stretch().get(start..)?)?;
    let mut host = start.saturating_add(len);
    marks.skip_to(host);
    let mut user = None;
    // The first byte that is of no host name, behind the user.
    let mut first = None;
    let end = loop {
        match marks.next() {
            None if close.is_none() => break marks.stretch().len(),
            None => return None,
            Some((place, byte)) if Some(byte) == close => break place,
            Some((place, b'@')) if has_host => {
                if user.is_some() {
                    return None;
                }
                user = Some((host, place));
                host = behind(place);
                first = None;
            }
            Some((_, byte)) if !is(byte, URI) => return None,
            Some(mark) => first = first.or(Some(mark)),
        }
    };
    let (host_end, byte) = first.unwrap_or((end, b';'));
    let parts = PlainUri {
        user,
        host: has_host.then_some((host, host_end)),
        end,
    };
    if !has_host {
        return Some(parts);
    }
    let is_host = host < host_end;
    let is_well = match byte {
        b';' => is_host,
        b':' => is_host && is_port(marks.between(behind(host_end), end)),
        _ => false,
    };
    is_well.then_some(parts)
}

/// Four digits or five of the lower half are a port, others are for the close look; nothing or parameters behind them.
#[inline]
fn is_port(port: &[u8]) -> bool {
    let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
    let is_number = match digits {
        1..=4 => true,
        5 => port.first().is_some_and(|b| *b < b'6'),
        _ => false,
    };
    is_number && matches!(port.get(digits), None | Some(b';'))
}

/// `"name" <uri>;parameters` (RFC 3261 §20.20): the first `len` of `bytes`. Where its URI and that one's parts are.
pub(super) fn address(bytes: &[u8], len: usize) -> Option<PlainUri> {
    let mut marks = Marks::new(bytes, len);
    let (uri, end) = one_address(&mut marks, 0, |_, _, _| true)?;
    (end == marks.stretch().len()).then_some(uri)
}

/// Such addresses separated by commas (RFC 3261 §20.34).
pub(super) fn are_addresses(bytes: &[u8], len: usize) -> bool {
    are_all(bytes, len, |_, _, _| true)
}

/// Such addresses separated by commas, none with a parameter that may be `expires` (RFC 3261 §20.10).
pub(super) fn are_contacts(bytes: &[u8], len: usize) -> bool {
    are_all(bytes, len, |parameter, _, _| {
        !matches!(parameter, [b'e' | b'E', ..])
    })
}

/// Whether a parameter is as wanted: its bytes, where it begins, whether all of them are plain.
trait Wanted: FnMut(&[u8], usize, bool) -> bool {}
impl<F: FnMut(&[u8], usize, bool) -> bool> Wanted for F {}

fn are_all(bytes: &[u8], len: usize, wanted: impl Wanted + Copy) -> bool {
    let mut marks = Marks::new(bytes, len);
    let mut start = 0;
    loop {
        match one_address(&mut marks, start, wanted) {
            None => return false,
            Some((_, end)) if end == marks.stretch().len() => return true,
            Some((_, comma)) => start = behind(comma),
        }
    }
}

/// Reads the address that begins at `start`; gives where it ends: at a comma, or at the end of all.
fn one_address(
    marks: &mut Marks<'_>,
    start: usize,
    wanted: impl Wanted,
) -> Option<(PlainUri, usize)> {
    let uri = bracketed(marks, start)?;
    let first = next_or_end(marks);
    if first.0 != behind(uri.end) {
        return None;
    }
    Some((uri, parameters(marks, first, wanted)?))
}

/// The URI between the brackets behind a display name.
#[inline]
fn bracketed(marks: &mut Marks<'_>, start: usize) -> Option<PlainUri> {
    let open = display_name(marks, start)?;
    uri(marks, behind(open), Some(b'>'))
}

/// Tokens, or one quoted string without escapes, or nothing: gives where the bracket behind it is.
#[inline]
fn display_name(marks: &mut Marks<'_>, start: usize) -> Option<usize> {
    // Where white space alone has been so far.
    let mut blank = start;
    loop {
        match marks.next()? {
            (place, b'<') => return Some(place),
            (place, b' ' | b'\t') => {
                if place == blank {
                    blank = behind(place);
                }
            }
            (place, b'"') if place == blank => break,
            (_, byte) if is(byte, TOKEN) => {}
            _ => return None,
        }
    }
    loop {
        match marks.next()? {
            (place, b'"') => {
                blank = behind(place);
                break;
            }
            (_, b'\\') => return None,
            _ => {}
        }
    }
    loop {
        match marks.next()? {
            (place, _) if place != blank => return None,
            (place, b'<') => return Some(place),
            (place, b' ' | b'\t') => blank = behind(place),
            _ => return None,
        }
    }
}

/// User, if there is one, and host of the URI in an address of the plainest form, for comparing: without password, port and parameters.
pub(super) fn user_and_host(value: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut marks = Marks::new(value, value.len());
    let uri = bracketed(&mut marks, 0)?;
    let (from, to) = uri.host?;
    let host = value.get(from..to)?;
    let Some((from, to)) = uri.user else {
        return Some((None, host));
    };
    Some((Some(without_password(value.get(from..to)?)), host))
}

/// A user without what stands behind the first colon (RFC 3261 §25.1 `userinfo`).
pub(super) fn without_password(user: &[u8]) -> &[u8] {
    let password = user.iter().position(|b| *b == b':').unwrap_or(user.len());
    user.get(..password).unwrap_or(user)
}

/// One Via without white space but for the one before the sender, and its branch, if there is one; a branch is more than the magic cookie
/// (RFC 3261 §20.42). The first `len` of `bytes`.
pub(super) fn via(bytes: &[u8], len: usize) -> Option<Option<&[u8]>> {
    const VERSION: &[u8] = b"SIP/2.0/";
    let mut marks = Marks::new(bytes, len);
    if !marks.stretch().starts_with(VERSION) {
        return None;
    }
    marks.skip_to(VERSION.len());
    let transport = marks.next().filter(|(_, byte)| *byte == b' ')?.0;
    let (host_end, byte) = marks.next()?;
    if transport == VERSION.len() || host_end == behind(transport) {
        return None;
    }
    let first = match byte {
        b':' => {
            let first = marks.next()?;
            let port = marks.between(behind(host_end), first.0);
            if !port.iter().all(u8::is_ascii_digit) {
                return None;
            }
            first
        }
        _ => (host_end, byte),
    };
    if first.1 != b';' {
        return None;
    }
    let mut branch = None;
    // The first one counts; one without value, or too short, is for the close look.
    let wanted = |parameter: &[u8], start: usize, plain: bool| {
        let name = parameter.get(..6);
        if branch.is_some() || !name.is_some_and(|name| name.eq_ignore_ascii_case(b"branch")) {
            return true;
        }
        match parameter.get(6) {
            Some(b'=') => {
                let value = start.saturating_add(7);
                branch = Some((value, start.saturating_add(parameter.len())));
                plain && parameter.len() >= 15
            }
            Some(next) => is(*next, TOKEN),
            None => false,
        }
    };
    let end = parameters(&mut marks, first, wanted)?;
    (end == marks.stretch().len()).then(|| branch.map(|(from, to)| marks.between(from, to)))
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
    (!method.is_empty() && method.iter().all(|b| is(*b, TOKEN))).then_some((number, method))
}

/// The next mark; a comma at the end of all.
#[inline]
fn next_or_end(marks: &mut Marks<'_>) -> (usize, u8) {
    let end = marks.stretch().len();
    marks.next().unwrap_or((end, b','))
}

/// Reads parameters without white space, none of them empty, up to a comma outside of quotes or the end: gives where that is. `first` is the
/// mark they begin with. `None` where that is not so, or where one of them is not as wanted.
#[inline]
fn parameters(marks: &mut Marks<'_>, first: (usize, u8), mut wanted: impl Wanted) -> Option<usize> {
    match first {
        (place, b',') => return Some(place),
        (_, b';') => {}
        _ => return None,
    }
    // Where the parameter at hand begins.
    let mut from = behind(first.0);
    let mut plain = true;
    loop {
        let (place, byte) = next_or_end(marks);
        match byte {
            b';' | b',' => {
                if from == place || !wanted(marks.between(from, place), from, plain) {
                    return None;
                }
                if byte == b',' {
                    return Some(place);
                }
                from = behind(place);
                plain = true;
            }
            b'"' => {
                plain = false;
                loop {
                    match marks.next()? {
                        (_, b'"') => break,
                        (_, b'\\') => return None,
                        _ => {}
                    }
                }
            }
            // Not in URIs, but in parameters of a field.
            b'%' | b'?' => plain = false,
            byte if is(byte, PLAIN) => {}
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
        assert!(
            ADDRESSES[..4]
                .iter()
                .all(|v| address(v.as_bytes(), v.len()).is_some())
        );
        assert!(
            ADDRESSES
                .iter()
                .all(|v| are_addresses(v.as_bytes(), v.len()))
        );
        assert!(
            ADDRESSES[..2]
                .iter()
                .any(|v| !are_contacts(v.as_bytes(), v.len()))
        );
        assert!(
            ADDRESSES[2..5]
                .iter()
                .all(|v| are_contacts(v.as_bytes(), v.len()))
        );
        assert!(
            VIAS[..2]
                .iter()
                .all(|v| via(v.as_bytes(), v.len()).is_some())
        );
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
                    if address(&bytes, bytes.len()).is_some() {
                        assert!(!has_defect(|note| check::address(&bytes, note)), "{text}");
                    }
                    if are_addresses(&bytes, bytes.len()) {
                        assert!(!has_defect(|note| check::addresses(&bytes, note)), "{text}");
                    }
                    if are_contacts(&bytes, bytes.len()) {
                        assert!(!has_defect(|note| check::contacts(&bytes, note)), "{text}");
                    }
                    if let Some(branch) = via(&bytes, bytes.len()) {
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
            assert_eq!(via(text.as_bytes(), text.len()).is_some(), branch == "x");
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
