//! One SIP message: its bytes, and where its parts lie.

use super::frames::{Frames, FramesIter};
use super::head::{Head, Key, Party, Present, Span, StartLine, spare};
use super::header::CSeq;
use super::lex::offset;
use super::packed::Packed;
use super::{Defect, DefectKind, HeaderName, Item, Method, StatusCode, Text, Uri, datagram, plain};
use crate::base::{FrameRef, Limits};

/// What a message takes in memory beside its bytes, and each header field, rounded up.
const BYTES_OF_MESSAGE: usize = 320;
const BYTES_OF_FIELD: usize = 20;

/// A message that owns its bytes; everything else borrows from it.
///
/// A malformed message is a message with [`Message::defects`]: an accessor of something that is not there, or
/// that cannot be read, gives `None`, and [`Message::header`] still shows the bytes.
#[derive(Debug, Clone)]
pub struct Message {
    bytes: Packed,
    /// Boxed, because a message goes through many hands before it is kept.
    parts: Box<Parts>,
    /// Set by who compares frames: the same packet was captured before (both ports of a mirror).
    pub duplicate: bool,
}

#[derive(Debug, Clone)]
struct Parts {
    line: Span,
    version: Span,
    start: StartLine,
    present: Present,
    key: Key,
    from: Option<Party>,
    to: Option<Party>,
    body_at: u32,
    defects: Vec<Defect>,
    frames: Frames,
}

impl Message {
    /// `raw` begins with the head that `head` was read from.
    pub(super) fn new(raw: &[u8], head: Head, frames: Frames) -> Self {
        let bytes = Packed::new(raw, &head.fields);
        spare::take_back(head.fields);
        let parts = Parts {
            line: head.line,
            version: head.version,
            start: head.start,
            present: head.present,
            key: head.key,
            from: head.from,
            to: head.to,
            body_at: offset(head.len.min(raw.len())),
            defects: head.defects,
            frames,
        };
        Self {
            bytes,
            parts: Box::new(parts),
            duplicate: false,
        }
    }

    /// The first message of a datagram, for tests and tools. `None` when it is not SIP.
    pub fn parse(bytes: &[u8], at: FrameRef) -> Option<Self> {
        let mut first = None;
        let wire_len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        datagram(bytes, at, wire_len, &Limits::default(), &mut |item| {
            if let Item::Message(message) = item {
                first.get_or_insert(message);
            }
        });
        first
    }

    pub(super) fn add_defect(&mut self, kind: DefectKind, at: usize) {
        self.parts.defects.push(Defect {
            kind,
            offset: offset(at),
        });
    }

    /// The frame that completed the message: the one with the largest number that carried bytes of it.
    pub fn at(&self) -> FrameRef {
        self.parts.frames.last()
    }

    /// Says which frames carried the datagram it came in: IP fragments (RFC 791 §3.2). The first is the one named so far.
    pub fn carried_by(&mut self, frames: &[FrameRef]) {
        if let Some((first, rest)) = frames.split_first() {
            self.parts.frames = Frames::one(*first);
            for at in rest {
                self.parts.frames.add(*at, 0);
            }
        }
    }

    /// All frames that carried bytes of it, in stream order: mostly one, never none.
    pub fn frames(&self) -> FramesIter<'_> {
        self.parts.frames.iter()
    }

    /// Frames left out of [`Message::frames`] because there were thousands.
    pub fn frames_omitted(&self) -> u64 {
        self.parts
            .frames
            .rest
            .as_ref()
            .map_or(0, |rest| rest.omitted)
    }

    /// All bytes: head and body.
    pub fn raw(&self) -> &[u8] {
        self.bytes.raw()
    }

    /// Rewrites the bytes in place. What was read from them lies where it lay, so whatever is written must have the same form.
    pub(crate) fn rewrite(&mut self, rewrite: impl FnOnce(&mut [u8])) {
        rewrite(self.bytes.raw_mut());
    }

    /// Bytes in memory, for bounding stores: about what they are, and the same on every machine, because what has to make room shows in
    /// the report.
    pub fn memory(&self) -> usize {
        let fields = self.bytes.len().saturating_mul(BYTES_OF_FIELD);
        BYTES_OF_MESSAGE
            .saturating_add(self.raw().len())
            .saturating_add(fields)
    }

    /// Something of every line of the cache that its memory is in, so that it is there when it is read.
    pub(crate) fn glance(&self) -> u8 {
        self.bytes.glance().wrapping_add(self.parts.present.low())
    }

    /// The start line without its line end, as on the wire.
    pub fn start_line(&self) -> Text<'_> {
        Text::new(self.parts.line.of(self.raw()))
    }

    /// Whether it is a request.
    pub const fn is_request(&self) -> bool {
        matches!(self.parts.start, StartLine::Request { .. })
    }

    /// The method of a request; `None` in responses, whose CSeq has it.
    pub fn method(&self) -> Option<Method<'_>> {
        match self.parts.start {
            StartLine::Request { method, .. } => Some(method.of(self.raw())),
            StartLine::Response { .. } => None,
        }
    }

    /// CSeq (RFC 3261 §20.16); `None` too when it cannot be read (`bad-cseq`).
    pub fn cseq(&self) -> Option<CSeq<'_>> {
        let (number, method) = self.parts.key.cseq?;
        Some(CSeq {
            number,
            method: method.of(self.raw()),
        })
    }

    /// The branch of the topmost Via that can be read: the name of the transaction (RFC 3261 §8.1.1.7).
    pub fn branch(&self) -> Option<Text<'_>> {
        match self.parts.key.branch {
            Some(branch) => Some(Text::trimmed(branch?.of(self.raw()))),
            None => self.top_via()?.branch(),
        }
    }

    /// User, if there is one, and host of the first From or To, where it is of the plainest form: for comparing, without password, port and
    /// parameters.
    pub(crate) fn party(&self, name: HeaderName) -> Option<(Option<&[u8]>, &[u8])> {
        let known = match name {
            HeaderName::From => self.parts.from,
            HeaderName::To => self.parts.to,
            _ => None,
        };
        let Some(party) = known else {
            return plain::user_and_host(self.header(name)?.bytes());
        };
        let user = party.user.map(|user| user.of(self.raw()));
        Some((user.map(plain::without_password), party.host.of(self.raw())))
    }

    /// The request URI as on the wire.
    pub fn request_uri_text(&self) -> Option<Text<'_>> {
        match self.parts.start {
            StartLine::Request { uri, .. } => Some(Text::trimmed(uri.of(self.raw()))),
            StartLine::Response { .. } => None,
        }
    }

    /// The request URI, taken apart; `None` too when it is not one (`bad-uri`).
    pub fn request_uri(&self) -> Option<Uri<'_>> {
        Uri::new(self.request_uri_text()?.bytes())
    }

    /// The status code of a response; `None` too when it has not three digits.
    pub const fn status(&self) -> Option<StatusCode> {
        match self.parts.start {
            StartLine::Response { status, .. } => status,
            StartLine::Request { .. } => None,
        }
    }

    /// The reason phrase of a response, as sent.
    pub fn reason(&self) -> Option<Text<'_>> {
        match self.parts.start {
            StartLine::Response { reason, .. } => Some(Text::new(reason.of(self.raw()))),
            StartLine::Request { .. } => None,
        }
    }

    /// `SIP/2.0`, or what stands there.
    pub fn version(&self) -> Text<'_> {
        Text::new(self.parts.version.of(self.raw()))
    }

    /// The head with its empty line.
    pub fn head(&self) -> &[u8] {
        let at = usize::try_from(self.parts.body_at).unwrap_or(usize::MAX);
        let raw = self.raw();
        raw.get(..at).unwrap_or(raw)
    }

    /// The body; empty when there is none.
    pub fn body(&self) -> &[u8] {
        let at = usize::try_from(self.parts.body_at).unwrap_or(usize::MAX);
        self.raw().get(at..).unwrap_or(&[])
    }

    /// What is wrong with it, in the order found.
    pub fn defects(&self) -> &[Defect] {
        &self.parts.defects
    }

    /// Whether it has this defect.
    pub fn has_defect(&self, kind: DefectKind) -> bool {
        self.parts.defects.iter().any(|d| d.kind == kind)
    }

    /// Whether the capture, not the sender, is to blame for what is missing.
    pub fn is_damaged_by_capture(&self) -> bool {
        self.parts.defects.iter().any(|d| d.kind.of_capture())
    }

    /// Whether there may be a header field of one of these names: a quick look before a long one.
    pub(super) fn may_have(&self, names: &[HeaderName]) -> bool {
        names.iter().any(|name| self.parts.present.may_have(*name))
    }

    /// The value of the first header field of this name.
    pub fn header(&self, name: HeaderName) -> Option<Text<'_>> {
        self.headers(name).next()
    }

    /// The values of all header fields of this name, in wire order, not split at commas.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = Text<'_>> {
        let there = self.parts.present.may_have(name);
        let fields = there.then(|| self.bytes.named(name)).into_iter().flatten();
        fields.map(|f| Text::trimmed(f.value.of(self.raw())))
    }

    /// The values of all header fields with this name on the wire, whatever the case: for names without an
    /// entry in [`HeaderName`] too. Compact forms are found by their long name.
    pub fn header_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Text<'a>> {
        let id = HeaderName::new(name.as_bytes());
        self.bytes
            .fields()
            .filter(move |f| match id {
                HeaderName::Other => f.name.of(self.raw()).eq_ignore_ascii_case(name.as_bytes()),
                id => f.id == id,
            })
            .map(|f| Text::trimmed(f.value.of(self.raw())))
    }

    /// All header fields in wire order: which, the name as sent, the value.
    pub fn fields(&self) -> impl Iterator<Item = (HeaderName, Text<'_>, Text<'_>)> {
        self.bytes.fields().map(|f| {
            (
                f.id,
                Text::new(f.name.of(self.raw())),
                Text::trimmed(f.value.of(self.raw())),
            )
        })
    }
}
