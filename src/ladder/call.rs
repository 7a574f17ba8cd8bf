//! Calls as charts.

use super::{Arrow, Chart, Layer, Subject, Tone};
use crate::base::Limits;
use crate::dialog::{Call, Seen};
use crate::sip::{Message, without_passwords};

/// Arrows of one call that are kept from its beginning.
const FIRST: usize = 150;
/// And from its end: there a long call shows what became of it.
const LAST: usize = 50;
/// Lines of the head that are kept of a message.
const HEAD_LINES: usize = 64;
/// Lines of a body.
const BODY_LINES: usize = 80;
/// Characters of a line.
const LINE: usize = 400;
/// Characters of a label.
const LABEL: usize = 160;

/// The calls kept for charts.
#[derive(Debug)]
pub struct Calls {
    cited: Vec<Chart>,
    others: Vec<Chart>,
    left_out: u64,
    most: usize,
    bytes: usize,
    room: usize,
}

impl Calls {
    /// Keeps as many calls as the limits say; none where charts are not wanted.
    pub fn new(wanted: bool, limits: &Limits) -> Self {
        Self {
            cited: Vec::new(),
            others: Vec::new(),
            left_out: 0,
            most: if wanted { limits.charts } else { 0 },
            bytes: 0,
            room: limits.chart_bytes,
        }
    }

    /// Takes a call that has ended. `cited`: a rule found something in it.
    pub fn push(&mut self, call: &Call, cited: bool) {
        if self.most == 0 {
            return;
        }
        // A call in which something was found displaces one in which all was well.
        if cited
            && self.bytes >= self.room
            && let Some(other) = self.others.pop()
        {
            self.bytes = self.bytes.saturating_sub(size(&other));
            self.left_out = self.left_out.saturating_add(1);
        }
        let list = if cited { &self.cited } else { &self.others };
        if list.len() >= self.most || self.bytes >= self.room {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let Some(chart) = chart(call) else {
            return;
        };
        self.bytes = self.bytes.saturating_add(size(&chart));
        if cited {
            self.cited.push(chart);
        } else {
            self.others.push(chart);
        }
    }

    /// The charts in the order of their first frames, and how many calls have none.
    pub fn finish(self) -> (Vec<Chart>, u64) {
        let mut charts = self.cited;
        charts.extend(self.others);
        charts.sort_by_key(|chart| chart.span());
        (charts, self.left_out)
    }
}

fn size(chart: &Chart) -> usize {
    chart
        .arrows
        .iter()
        .map(|a| {
            let text = a.text.as_ref().map_or(0, String::len);
            size_of::<Arrow>()
                .saturating_add(a.label.len())
                .saturating_add(text)
        })
        .sum()
}

fn chart(call: &Call) -> Option<Chart> {
    let all = call.messages.len();
    let tail = all.saturating_sub(LAST).max(FIRST);
    let arrows: Vec<Arrow> = call
        .messages
        .iter()
        .enumerate()
        .filter(|(n, _)| *n < FIRST || *n >= tail)
        .map(|(_, seen)| arrow(seen))
        .collect();
    let left_out = all.saturating_sub(arrows.len());
    (!arrows.is_empty()).then(|| Chart {
        subject: Subject::Call {
            id: call.id().into_owned(),
            kind: call.kind(),
        },
        left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
        arrows,
    })
}

fn arrow(seen: &Seen) -> Arrow {
    Arrow {
        at: seen.at(),
        from: seen.hop.src,
        to: seen.hop.dst,
        stream: seen.hop.stream,
        layer: Layer::Sip,
        tone: tone(&seen.message),
        label: label(&seen.message),
        text: Some(text(&seen.message)),
    }
}

fn tone(message: &Message) -> Tone {
    match message.status().map(|status| status.0) {
        Some(400..) => Tone::Bad,
        Some(200..=299) => Tone::Good,
        _ => Tone::Plain,
    }
}

/// `SUBSCRIBE sip:tom@tomt.it`, `504 Server time-out (SUBSCRIBE)`
fn label(message: &Message) -> String {
    let line = message.start_line().to_str();
    let line = without_passwords(&line);
    let line = line
        .strip_suffix(" SIP/2.0")
        .or_else(|| line.strip_prefix("SIP/2.0 "))
        .unwrap_or(&line);
    let line: String = line.chars().take(LABEL).collect();
    match message.cseq() {
        Some(cseq) if !message.is_request() => format!("{line} ({})", cseq.method),
        _ => line,
    }
}

/// The head, and the body where it is a description; what people wrote to each other is left out.
fn text(message: &Message) -> String {
    let head = message.excerpt(HEAD_LINES, LINE);
    let mut text = String::with_capacity(head.len());
    for line in head.lines() {
        text.push_str(&without_words(&without_passwords(line)));
        text.push('\n');
    }
    let body = message.body();
    if body.is_empty() {
        return text;
    }
    text.push('\n');
    let kind = message
        .content_type()
        .map(|t| t.to_str().into_owned())
        .unwrap_or_default();
    if is_description(&kind) {
        text.push_str(&without_passwords(&message.body_excerpt(BODY_LINES, LINE)));
    } else {
        text.push_str(&format!("[{} bytes of content, not shown]", body.len()));
    }
    text.push('\n');
    text
}

/// What describes a session or a state; everything else may be words of people.
fn is_description(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["application/sdp", "application/msrtc", "application/xpidf"]
        .iter()
        .any(|known| kind.starts_with(known))
}

/// The text of an instant message stands in `ms-body=` of the INVITE (MS-SIP): it goes.
fn without_words(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    match lower.find("ms-body=") {
        Some(at) => {
            let end = at + "ms-body=".len();
            let kept = line.get(..end).unwrap_or_default();
            let rest = line.get(end..).unwrap_or_default();
            let behind = rest.find([';', ' ', '\r', '\n']);
            let behind = behind.and_then(|at| rest.get(at..)).unwrap_or_default();
            format!("{kept}[not shown]{behind}")
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Endpoint, FrameRef};
    use crate::dialog::Hop;
    use std::net::Ipv4Addr;

    fn seen(text: &str) -> Seen {
        let end = |n| Endpoint::new(Ipv4Addr::new(10, 1, 1, n).into(), 5060);
        Seen {
            message: Message::parse(text.as_bytes(), FrameRef::default()).unwrap(),
            hop: Hop {
                src: end(20),
                dst: end(10),
                carriage: "udp",
                stream: None,
            },
        }
    }

    #[test]
    fn an_arrow_says_what_it_is_and_keeps_secrets() {
        let answer = arrow(&seen(
            "SIP/2.0 504 Server time-out\r\nCSeq: 1 SUBSCRIBE\r\n\r\n",
        ));
        assert_eq!(answer.label, "504 Server time-out (SUBSCRIBE)");
        assert_eq!(answer.tone, Tone::Bad);
        let invite = arrow(&seen(
            "INVITE sip:tom:pass@tomt.it SIP/2.0\r\nCSeq: 1 INVITE\r\nMs-Text-Format: text/plain; ms-body=aGVsbG8=;x=1\r\n\
             Authorization: NTLM gssapi-data=\"c2VjcmV0\"\r\nContent-Type: text/plain\r\n\r\nhello",
        ));
        assert_eq!(invite.label, "INVITE sip:tom:[removed]@tomt.it");
        let text = invite.text.unwrap();
        for secret in ["pass@", "aGVsbG8", "c2VjcmV0", "hello"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(
            text.contains("ms-body=[not shown];x=1") && text.contains("[5 bytes of content"),
            "{text}"
        );
    }
}
