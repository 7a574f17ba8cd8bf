//! Handshake messages put together from records.

use super::names::HandshakeType;
use super::wire::Reader;

/// A whole handshake message, or what is known of one over the limit.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) kind: HandshakeType,
    /// Bytes of the body as declared.
    pub(super) len: usize,
    /// `None`: over the limit, not read.
    pub(super) body: Option<&'a [u8]>,
}

/// Puts the messages of one direction together: they may share records and span them (RFC 8446 §5.1).
#[derive(Debug)]
pub(super) struct Joiner {
    pending: Vec<u8>,
    /// Bytes to come of a message over the limit.
    skip: usize,
    limit: usize,
}

const MESSAGE_HEADER_LEN: usize = 4;

impl Joiner {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            pending: Vec::new(),
            skip: 0,
            limit,
        }
    }

    /// Whether the next byte begins a message.
    pub(super) const fn at_start(&self) -> bool {
        self.pending.is_empty() && self.skip == 0
    }

    /// Bytes of a message that is not complete.
    pub(super) const fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Bytes of memory that wait for the rest of a message.
    pub(super) const fn waiting(&self) -> usize {
        self.pending.capacity()
    }

    /// Forgets what was begun: bytes are missing.
    pub(super) fn reset(&mut self) {
        self.pending = Vec::new();
        self.skip = 0;
    }

    /// Drops what there is of a message and passes its rest over; returns how many bytes. Less than a header is kept.
    pub(super) fn let_go(&mut self) -> usize {
        if header(&self.pending).is_none() {
            return 0;
        }
        self.skip = self.wanted();
        std::mem::take(&mut self.pending).len()
    }

    /// Takes the content of one handshake record and lends each message that is complete.
    pub(super) fn push(&mut self, content: &[u8], mut out: impl FnMut(Message<'_>)) {
        let skipped = self.skip.min(content.len());
        self.skip = self.skip.saturating_sub(skipped);
        let mut rest = content.get(skipped..).unwrap_or(&[]);
        while !rest.is_empty() {
            // Only what the message at hand lacks is copied, so that messages behind it stay in the record.
            let wanted = self.wanted();
            if self.pending.is_empty() {
                if let Some((message, behind)) = whole(rest, self.limit) {
                    out(message);
                    rest = behind;
                    continue;
                }
                if self.begin_skip(&mut rest, &mut out) {
                    continue;
                }
            }
            let (part, behind) = rest
                .split_at_checked(wanted.min(rest.len()))
                .unwrap_or((rest, &[]));
            self.pending.extend_from_slice(part);
            rest = behind;
            if self.pending.len() == MESSAGE_HEADER_LEN {
                let header = std::mem::take(&mut self.pending);
                if !self.begin_skip(&mut header.as_slice(), &mut out) {
                    self.pending = header;
                    // A message without a body is complete with its header.
                    self.emit(&mut out);
                } else {
                    let skipped = self.skip.min(rest.len());
                    self.skip = self.skip.saturating_sub(skipped);
                    rest = rest.get(skipped..).unwrap_or(&[]);
                }
            } else {
                self.emit(&mut out);
            }
        }
    }

    /// Bytes that the pending header or message still lacks.
    fn wanted(&self) -> usize {
        let whole = match header(&self.pending) {
            Some((_, len)) => len.saturating_add(MESSAGE_HEADER_LEN),
            None => MESSAGE_HEADER_LEN,
        };
        whole.saturating_sub(self.pending.len())
    }

    fn emit(&mut self, out: &mut impl FnMut(Message<'_>)) {
        if let Some((message, _)) = whole(&self.pending, self.limit) {
            out(message);
            self.pending = Vec::new();
        }
    }

    /// A message over the limit is reported by its header and passed over.
    fn begin_skip(&mut self, rest: &mut &[u8], out: &mut impl FnMut(Message<'_>)) -> bool {
        match header(rest) {
            Some((kind, len)) if len > self.limit => {
                out(Message {
                    kind,
                    len,
                    body: None,
                });
                let there = rest.len().saturating_sub(MESSAGE_HEADER_LEN);
                let now = len.min(there);
                self.skip = len.saturating_sub(now);
                *rest = rest
                    .get(MESSAGE_HEADER_LEN.saturating_add(now)..)
                    .unwrap_or(&[]);
                true
            }
            _ => false,
        }
    }
}

fn header(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    let mut r = Reader::new(bytes);
    Some((HandshakeType(r.u8()?), r.u24()?))
}

fn whole(bytes: &[u8], limit: usize) -> Option<(Message<'_>, &[u8])> {
    let (kind, len) = header(bytes).filter(|(_, len)| *len <= limit)?;
    let (body, rest) = bytes.get(MESSAGE_HEADER_LEN..)?.split_at_checked(len)?;
    Some((
        Message {
            kind,
            len,
            body: Some(body),
        },
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(record_len: usize, limit: usize) -> Vec<String> {
        let mut bytes = vec![2, 0, 0, 3, 1, 2, 3, 14, 0, 0, 0, 11, 0, 0, 40];
        bytes.extend([9; 40]);
        bytes.extend([14, 0, 0, 0]);
        let (mut joiner, mut out) = (Joiner::new(limit), Vec::new());
        for record in bytes.chunks(record_len) {
            joiner.push(record, |m| {
                out.push(format!("{} {} {}", m.kind.0, m.len, m.body.is_some()))
            });
        }
        assert!(joiner.at_start());
        out
    }

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        for len in 1..=60 {
            assert_eq!(
                messages(len, 1000),
                ["2 3 true", "14 0 true", "11 40 true", "14 0 true"],
                "{len}"
            );
            assert_eq!(
                messages(len, 20),
                ["2 3 true", "14 0 true", "11 40 false", "14 0 true"],
                "{len}"
            );
        }
    }
}
