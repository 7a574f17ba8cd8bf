//! The start line (RFC 3261 §7.1, §7.2).

use super::{Head, Span, StartLine, Verb};
use crate::sip::lex;
use crate::sip::{DefectKind, StatusCode, Text, Uri, plain, probe};

impl Head {
    /// RFC 3261 §7.1, §7.2; the caller has seen that this is a start line.
    pub(super) fn read_start(&mut self, line: &[u8]) {
        self.line = Span::new(0, line.len());
        let text = lex::trim_end(line);
        // Nearly all have this version and one space beside it.
        let is_usual = text.starts_with(b"SIP/2.0 ");
        let read = match is_usual {
            true => Ok(text
                .split_at_checked(7)
                .map_or((text, text), |(version, rest)| (rest, version))),
            false => probe::version(text),
        };
        let (version, spacing_ok) = match read {
            Ok((rest, version)) if rest.first().is_some_and(|b| lex::is_lws(*b)) => (
                version,
                self.read_status(text, version.len()) && text.len() == line.len(),
            ),
            _ => {
                let at = match text.ends_with(b" SIP/2.0") {
                    true => text.len().checked_sub(7),
                    false => probe::version_at_end(text),
                };
                let at = at.unwrap_or(text.len());
                let ok = self.read_request(text, at) && text.len() == line.len();
                self.version = Span::new(at, text.len());
                (text.get(at..).unwrap_or(&[]), ok)
            }
        };
        if version != b"SIP/2.0" {
            self.note(DefectKind::BadVersion, 0);
        }
        // `SIP/2.0 100 ` without reason is legal, with its space (RFC 4475 §3.1.1.13).
        let empty_reason =
            matches!(self.start, StartLine::Response { reason, .. } if reason.start == reason.end);
        if !spacing_ok && !empty_reason {
            self.note(DefectKind::BadStartLine, 0);
        }
    }

    /// Whether the white space is as it must be.
    fn read_status(&mut self, line: &[u8], version: usize) -> bool {
        self.version = Span::new(0, version);
        let rest = line.get(version..).unwrap_or(&[]);
        let spaces = rest.iter().take_while(|b| lex::is_lws(**b)).count();
        let code_at = version.saturating_add(spaces);
        let rest = line.get(code_at..).unwrap_or(&[]);
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let code = Text::new(rest.get(..digits).unwrap_or(&[])).number();
        let status = code
            .filter(|_| digits == 3)
            .and_then(|n| u16::try_from(n).ok())
            .map(StatusCode);
        if !status.is_some_and(|s| (100..700).contains(&s.0)) {
            self.note(DefectKind::BadStatusCode, code_at);
        }
        let behind = code_at.saturating_add(digits);
        let reason_at = line.len().min(behind.saturating_add(1));
        self.start = StartLine::Response {
            status,
            reason: Span::new(reason_at, line.len()),
        };
        spaces == 1 && matches!(line.get(behind), None | Some(b' '))
    }

    fn read_request(&mut self, line: &[u8], version_at: usize) -> bool {
        let letters = line.iter().take_while(|b| b.is_ascii_uppercase()).count();
        let rest = line.get(letters..).unwrap_or(&[]);
        let method = rest.iter().take_while(|b| lex::is_token(**b)).count();
        let method = letters.saturating_add(method);
        let middle = line.get(method..version_at).unwrap_or(&[]);
        let before = middle.iter().take_while(|b| lex::is_lws(**b)).count();
        let uri = lex::trim(middle);
        let uri_at = method.saturating_add(before);
        self.start = StartLine::Request {
            method: Verb::new(line, Span::new(0, method)),
            uri: Span::new(uri_at, uri_at.saturating_add(uri.len())),
        };
        if !plain::is_uri(uri) {
            self.check_request_uri(uri, uri_at);
        }
        before == 1 && middle.len() == uri.len().saturating_add(2)
    }

    fn check_request_uri(&mut self, uri: &[u8], at: usize) {
        let odd = |b: &u8| lex::is_lws(*b) || matches!(b, b'<' | b'>' | b'"');
        match Uri::new(uri) {
            Some(uri) if uri.headers.is_some() => {
                self.note(DefectKind::RequestUriHeaders, at);
            }
            Some(read) if !uri.iter().any(odd) && read.is_well_formed() => {}
            _ => self.note(DefectKind::BadUri, at),
        }
    }
}
