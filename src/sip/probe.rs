//! Is this SIP? Told from the first bytes, whatever the port.

use super::lex::{is_token, trim_end};
use super::{HeaderName, Method};
use memchr::{memchr, memchr2, memmem};
use nom::bytes::complete::tag_no_case;
use nom::character::complete::{char, digit1};
use nom::combinator::recognize;
use nom::{IResult, Parser};

/// Longest start line looked at, in bytes: URIs of real requests stay far below.
pub(super) const START_LINE_MAX: usize = 8 << 10;

/// Longest method looked at, in bytes: the longest registered one has 9, RFC 4475's test has 40. Below [`PREFIX_MAX`].
const METHOD_MAX: usize = 255;

/// Bytes of an unfinished line that are judged: bounds the work when bytes come singly.
const PREFIX_MAX: usize = 256;

/// What the first bytes of a stream or datagram say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It begins with a SIP start line.
    Yes,
    /// It does not.
    No,
    /// It may; the first line is not complete.
    NeedMore,
}

/// Whether a stream or datagram begins with SIP.
///
/// Leading line ends are skipped (RFC 3261 §7.5). A request is believed when its first line ends with a SIP version,
/// whatever the method; a response when it begins with one and a digit follows. Other versions than 2.0 are SIP with
/// a defect (RFC 4475 §3.1.2.16). HTTP and RTSP end their line otherwise.
pub fn probe(first_bytes: &[u8]) -> Probe {
    let skipped = leading_line_ends(first_bytes);
    classify(first_bytes.get(skipped..).unwrap_or(&[]), 0)
}

/// Looks for SIP in bytes from the middle of a stream. `Ok` where a line holds a start line, or the rest of one: a [`super::Framer`] tells
/// which. `Err` is how many bytes at the front need not be looked at again when more come.
pub fn find_in_stream(bytes: &[u8]) -> Result<(), usize> {
    let mut begin = 0_usize;
    while let Some(rest) = bytes.get(begin..) {
        let Some(end) = memchr(b'\n', rest) else {
            let open = rest.len() <= START_LINE_MAX && may_become_start_line(rest);
            return Err(if open { begin } else { bytes.len() });
        };
        let line = rest.get(..end).unwrap_or(rest);
        if is_start_line(line) || find_start(line).is_some() {
            return Ok(());
        }
        begin = begin.saturating_add(end).saturating_add(1);
    }
    Err(bytes.len())
}

/// As [`probe`], for bytes behind missing ones, which may begin inside a line: only known methods are believed.
pub fn probe_after_gap(first_bytes: &[u8]) -> Probe {
    match probe(first_bytes) {
        Probe::Yes if !has_known_start(first_bytes) => Probe::No,
        probe => probe,
    }
}

/// Whether a start line's first word is one that a message can begin with for certain.
pub(super) fn has_known_start(line: &[u8]) -> bool {
    let starts_inside = |b: &u8| !matches!(b, b'\r' | b'\n');
    let start = line.iter().position(starts_inside).unwrap_or(0);
    let line = line.get(start..).unwrap_or(&[]);
    let token = line.iter().take_while(|b| is_token(**b)).count();
    let token = line.get(..token).unwrap_or(&[]);
    is_status_line(line) || Method::at_end_of(token).is_some_and(|m| m.len() == token.len())
}

/// Whether `view` begins with a start line. The first `searched` bytes are known to have no line end.
pub(super) fn classify(view: &[u8], searched: usize) -> Probe {
    if cannot_begin(view) {
        return Probe::No;
    }
    // Bounded, so that many looks at one long line cost little.
    let newline = view
        .get(..=START_LINE_MAX)
        .unwrap_or(view)
        .get(searched..)
        .and_then(|rest| memchr(b'\n', rest))
        .and_then(|n| searched.checked_add(n));
    match newline.and_then(|end| view.get(..end)) {
        Some(line) if is_start_line(line) => Probe::Yes,
        Some(_) => Probe::No,
        None if view.len() > START_LINE_MAX => Probe::No,
        None if may_become_start_line(view) => Probe::NeedMore,
        None => Probe::No,
    }
}

/// nom: `SIP/2.0`, any case (RFC 3261 §7.1) and any version.
pub(super) fn version(input: &[u8]) -> IResult<&[u8], &[u8]> {
    recognize((tag_no_case(&b"SIP/"[..]), digit1, char('.'), digit1)).parse(input)
}

/// Whether a line without its LF is a start line; odd white space is tolerated (RFC 4475 §3.1.2.8 to 10).
pub(super) fn is_start_line(line: &[u8]) -> bool {
    if line.len() > START_LINE_MAX {
        return false;
    }
    let line = trim_end(line);
    is_plain_request(line) || is_status_line(line) || (is_request_line(line) && !is_glued(line))
}

/// The form that nearly all requests have, told in one pass: a known method, one space, a URI without white space, one space, `SIP/2.0`.
fn is_plain_request(line: &[u8]) -> bool {
    let Some(before) = line.strip_suffix(b" SIP/2.0") else {
        return false;
    };
    let Some(space) = memchr(b' ', before.get(..METHOD_MAX).unwrap_or(before)) else {
        return false;
    };
    let (method, uri) = super::lex::split_around(before, space);
    !matches!(Method::new(method), Method::Other(_))
        && uri.iter().all(|b| *b > b' ')
        && uri.first().is_some_and(u8::is_ascii_alphabetic)
        && memchr(b':', uri).is_some()
}

/// Whether the start line of a request stands behind the end of a body without line end, in a line that could be one as a whole:
/// `see http://tomt.it/MESSAGE sip:`, `helloINFO sip:`. Behind a capital letter or a hyphen it may be a method of its own, `X-INFO`.
fn is_glued(line: &[u8]) -> bool {
    let before = known_start(line).and_then(|start| line.get(..start));
    match before.and_then(<[u8]>::split_last) {
        None => false,
        Some((last, rest)) => {
            let ends_text = last.is_ascii_lowercase()
                || last.is_ascii_digit()
                || matches!(last, b'.' | b'!' | b'~' | b'*' | b'+' | b'`' | b'\'');
            ends_text || !is_token(*last) || !rest.iter().all(|b| is_token(*b))
        }
    }
}

/// Where the known method of a request line begins that a line ends with.
fn known_start(line: &[u8]) -> Option<usize> {
    let version = version_at_end(line)?;
    let tail_from = version.saturating_sub(START_LINE_MAX / 2);
    let before = trim_end(line.get(tail_from..version)?);
    let uri = memchr::memrchr2(b' ', b'\t', before)?;
    let behind_method = before.get(..uri)?;
    let method = Method::at_end_of(behind_method)?;
    let start = tail_from.checked_add(behind_method.len().checked_sub(method.len())?)?;
    is_request_line(line.get(start..)?).then_some(start)
}

fn is_status_line(line: &[u8]) -> bool {
    if let Some([digit, ..]) = line.strip_prefix(b"SIP/2.0 ")
        && digit.is_ascii_digit()
    {
        return true;
    }
    let Ok((rest, _)) = version(line) else {
        return false;
    };
    let code = rest.iter().position(|b| *b != b' ' && *b != b'\t');
    matches!(code, Some(at) if at > 0 && rest.get(at).is_some_and(u8::is_ascii_digit))
}

fn is_request_line(line: &[u8]) -> bool {
    let most = METHOD_MAX.saturating_add(1);
    let method = line.iter().take(most);
    let method = method.take_while(|b| is_token(**b)).count();
    if method == 0 || method > METHOD_MAX || !matches!(line.get(method), Some(b' ' | b'\t')) {
        return false;
    }
    let Some(at) = version_at_end(line) else {
        return false;
    };
    let uri = line.get(method..at).unwrap_or(&[]);
    matches!(uri.last(), Some(b' ' | b'\t'))
        && may_be_uri(first_word(uri))
        && !uri.iter().any(|b| *b < b' ' && *b != b'\t')
}

/// What stands up to the first white space, white space before it aside.
fn first_word(bytes: &[u8]) -> &[u8] {
    let mut words = bytes.split(|b| matches!(b, b' ' | b'\t'));
    words.find(|word| !word.is_empty()).unwrap_or(&[])
}

/// A URI has a scheme, which begins with a letter (RFC 3986 §3.1), in brackets or not; white space in what follows is tolerated. `*` is HTTP's,
/// and harmless because the version is SIP's. A line that is not whole is held to the same, so that it is judged as the whole one.
fn may_be_uri(word: &[u8]) -> bool {
    match word.first() {
        Some(b'<') => true,
        Some(first) if first.is_ascii_alphabetic() => memchr(b':', word).is_some(),
        _ => word == b"*",
    }
}

/// Where the SIP version at the end of a line begins.
pub(super) fn version_at_end(line: &[u8]) -> Option<usize> {
    let slash = memchr::memrchr(b'/', line)?;
    let at = slash.checked_sub(3)?;
    matches!(version(line.get(at..)?), Ok(([], _))).then_some(at)
}

/// Whether an unfinished line can still become a start line.
fn may_become_start_line(prefix: &[u8]) -> bool {
    let prefix = prefix.get(..PREFIX_MAX).unwrap_or(prefix);
    if is_status_line(prefix) || is_version_prefix(prefix) {
        return true;
    }
    let method = prefix.iter().take_while(|b| is_token(**b)).count();
    let Some((first, rest)) = prefix.get(method..).and_then(<[u8]>::split_first) else {
        return method <= METHOD_MAX;
    };
    let uri = rest.iter().find(|b| !matches!(b, b' ' | b'\t'));
    method > 0
        && method <= METHOD_MAX
        && matches!(first, b' ' | b'\t')
        && uri.is_none_or(|b| b.is_ascii_alphabetic() || matches!(b, b'<' | b'*' | b'\r'))
        && (may_be_uri(first_word(rest)) || trim_end(rest).ends_with(first_word(rest)))
        && !rest
            .iter()
            .any(|b| *b < b' ' && !matches!(b, b'\t' | b'\r'))
}

/// Whether this is the beginning of `SIP/2.0 200`.
fn is_version_prefix(prefix: &[u8]) -> bool {
    let letters = prefix.len().min(4);
    let name_ok = b"SIP/".get(..letters).is_some_and(|name| {
        prefix
            .get(..letters)
            .is_some_and(|p| p.eq_ignore_ascii_case(name))
    });
    name_ok
        && prefix
            .get(letters..)
            .unwrap_or(&[])
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b' ' | b'\t'))
}

/// Where a message begins in a line of bytes that belong to none: at its start, or behind a body without line end.
///
/// In the middle only known methods and three-digit status codes are believed.
pub(super) fn find_start(line: &[u8]) -> Option<usize> {
    if is_start_line(line) {
        return Some(0);
    }
    let line = trim_end(line);
    let response = memmem::find_iter(line, b"SIP/2.0 ").find(|at| {
        line.get(at.saturating_add(8)..).is_some_and(|rest| {
            matches!(rest, [a, b, c] | [a, b, c, b' ', ..]
                    if [a, b, c].iter().all(|d| d.is_ascii_digit()))
        })
    });
    response.or_else(|| known_start(line))
}

/// Most bytes before the first message of a stream that are passed over: text only when it is short, because protocols of
/// text (logs, mail) may quote messages.
const JUNK_MAX: usize = 4 << 10;
const JUNK_TEXT_MAX: usize = 32;

/// Whether the first bytes of a stream are a few that belong to no protocol, and a SIP message: a start line, and a header field that SIP knows.
///
/// Behind an empty line nothing is believed: a body of HTTP may hold a message. Nor is a mirrored message (HEP), which others have sent.
pub fn begins_behind_junk(first_bytes: &[u8]) -> bool {
    let mut rest = first_bytes
        .get(leading_line_ends(first_bytes)..)
        .unwrap_or(&[]);
    let mut before = 0_usize;
    if first_bytes.starts_with(b"HEP3") {
        return false;
    }
    while let Some(end) = memchr(b'\n', rest) {
        let (line, behind) = super::lex::split_around(rest, end);
        if trim_end(line).is_empty() || before > JUNK_MAX {
            return false;
        }
        if let Some(start) = find_start(line) {
            let junk = before.saturating_add(start);
            let at = first_bytes.len().saturating_sub(rest.len());
            let is_text = |b: &u8| matches!(b, b'\t' | b'\r' | b'\n' | b' '..=b'~');
            let text = first_bytes
                .get(..at.saturating_add(start))
                .is_some_and(|junk| junk.iter().all(is_text));
            return junk <= if text { JUNK_TEXT_MAX } else { JUNK_MAX }
                && begins_with_field(behind);
        }
        before = before.saturating_add(end).saturating_add(1);
        rest = behind;
    }
    false
}

/// Whether a header field that SIP knows comes first.
fn begins_with_field(bytes: &[u8]) -> bool {
    memchr(b':', bytes.get(..START_LINE_MAX).unwrap_or(bytes))
        .and_then(|colon| bytes.get(..colon))
        .is_some_and(|name| HeaderName::new(trim_end(name)) != HeaderName::Other)
}

/// As [`probe`], for a whole datagram or user message: its lines may end with CR alone.
pub fn probe_datagram(bytes: &[u8]) -> Probe {
    let rest = bytes.get(leading_line_ends(bytes)..).unwrap_or(&[]);
    if cannot_begin(rest) {
        return Probe::No;
    }
    let front = rest.get(..=START_LINE_MAX).unwrap_or(rest);
    if memchr2(b'\r', b'\n', front).is_none() {
        return classify(rest, front.len());
    }
    match opening(rest) {
        Some(LineEnd::Cr) => Probe::Yes,
        Some(LineEnd::Lf) if memchr(b'\n', front).is_some() => Probe::Yes,
        _ => probe(bytes),
    }
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF, with CR before it or not, or the end of all.
    Lf,
    /// CR alone.
    Cr,
}

/// How the start line ends that bytes begin with, which are all there are; `None` where they begin with none.
pub(super) fn opening(bytes: &[u8]) -> Option<LineEnd> {
    let end = memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
    let (line, behind) = bytes.split_at_checked(end)?;
    let end = match behind {
        [] | [b'\n', ..] => end,
        [b'\r'] | [b'\r', b'\n', ..] => end.saturating_add(1),
        _ if end < START_LINE_MAX && is_start_line(line) => return Some(LineEnd::Cr),
        // A CR inside of a line that ends later.
        _ => memchr(b'\n', behind).map_or(bytes.len(), |at| end.saturating_add(at)),
    };
    is_start_line(bytes.get(..end)?).then_some(LineEnd::Lf)
}

/// Whether the first byte says that no start line begins here: one begins with a method or with `SIP`, both tokens. Told for every packet
/// of other protocols.
fn cannot_begin(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| !is_token(*first))
}

fn leading_line_ends(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_is_told_by_its_first_line() {
        for yes in [
            "INVITE sip:anna@tomt.local SIP/2.0\r\n",
            "\r\n\r\nSIP/2.0 200 OK\r\n",
            "SIP/7.0 200 OK\n",
            "RE%47IST%45R sip:registrar.example.com SIP/2.0\r\n",
            "INVITE  sip:user@example.com  SIP/2.0  \r\n",
            "sip/2.0 4294967301 x\r\n",
            "INVITE sip:user@example.com; lr SIP/2.0\r\n",
            "INVITE <sip:a b@tomt.it> SIP/2.0\r\n",
            "X-INFO sip:a@tomt.it SIP/2.0\r\n",
            "XINFO sip:a@tomt.it SIP/2.0\r\n",
            "see tel:+39 SIP/2.0\r\n",
        ] {
            assert_eq!(probe(yes.as_bytes()), Probe::Yes, "{yes}");
        }
        for no in [
            "GET / HTTP/1.1\r\n",
            "OPTIONS rtsp://10.1.1.10/ RTSP/1.0\r\n",
            "HTTP/1.1 200 OK\r\n",
            "SIP/2.0 OK\r\n",
            "220 mail ESMTP\r\n",
            "hello world SIP/2.0\r\n",
            "hello \u{e9}tage: SIP/2.0\r\n",
            "INVITE :sip SIP/2.0\r\n",
            "INVITE *:sip SIP/2.0\r\n",
            "hello worldINFO sip:a@tomt.it SIP/2.0\r\n",
            "see http://tomt.it/INFO sip:a@tomt.it SIP/2.0\r\n",
            "text1INFO sip:a@tomt.it SIP/2.0\r\n",
            "\x16\x03\x01\x02\0\x01",
            "SIP/2.0x",
        ] {
            assert_eq!(probe(no.as_bytes()), Probe::No, "{no}");
        }
        assert_eq!(probe(&[b'A'; 255]), Probe::NeedMore);
        assert_eq!(probe(&[b'A'; 256]), Probe::No);
        assert_eq!(probe(b"INVITE \x01"), Probe::No);
    }

    #[test]
    fn every_prefix_of_sip_needs_more() {
        for line in [
            "INVITE sip:a@tomt.it SIP/2.0\r\n",
            "SIP/2.0 200 OK\r\n",
            "S sip:a SIP/2.0\r\n",
        ] {
            for end in 0..line.len() {
                assert_eq!(
                    probe(&line.as_bytes()[..end]),
                    Probe::NeedMore,
                    "{}",
                    &line[..end]
                );
            }
        }
        let mut long = b"INVITE sip:".to_vec();
        long.resize(START_LINE_MAX + 1, b'a');
        assert_eq!(probe(&long), Probe::No);
    }

    #[test]
    fn a_start_behind_a_body_without_line_end_is_found() {
        assert_eq!(
            find_start(b"</presence>NOTIFY sip:a@tomt.it SIP/2.0\r"),
            Some(11)
        );
        assert_eq!(find_start(b"helloINFO sip:a@tomt.it SIP/2.0\r"), Some(5));
        assert_eq!(find_start(b"BENOTIFY sip:a@tomt.it SIP/2.0\r"), Some(0));
        assert_eq!(find_start(b"}SIP/2.0 200 OK\r"), Some(1));
        assert_eq!(find_start(b"text 1INFO sip:a@tomt.it SIP/2.0\r"), Some(6));
        assert_eq!(find_start(b"text: 1INFO tel:+39 SIP/2.0\r"), Some(7));
        assert_eq!(
            find_start(b"see sip:a INFO sip:a@tomt.it SIP/2.0"),
            Some(10)
        );
        assert_eq!(find_start(b"INFO sip:INFO sip: a SIP/2.0"), Some(0));
        assert_eq!(find_start(b"Via: SIP/2.0/TLS 10.1.1.10\r"), None);
        assert_eq!(find_start(b"nothing of the kind SIP/2.0"), None);
    }
}
