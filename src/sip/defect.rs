//! What is wrong with a message.

/// One deviation of a message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Defect {
    /// What.
    pub kind: DefectKind,
    /// Byte offset into the message where it shows; 0 when it is about the whole message.
    pub offset: u32,
}

macro_rules! defects {
    ($($variant:ident $name:literal $text:literal;)*) => {
        /// The closed list of deviations: each has a stable name and a text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum DefectKind {
            $(#[doc = concat!("`", $name, "`: ", $text, ".")] $variant,)*
        }

        impl DefectKind {
            /// All, in this order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name shown in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// In words, without a full stop.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

defects! {
    CallIdMissing "call-id-missing" "there is no Call-ID (RFC 3261 section 8.1.1)";
    CSeqMissing "cseq-missing" "there is no CSeq (RFC 3261 section 8.1.1)";
    FromMissing "from-missing" "there is no From (RFC 3261 section 8.1.1)";
    ToMissing "to-missing" "there is no To (RFC 3261 section 8.1.1)";
    ViaMissing "via-missing" "there is no Via (RFC 3261 section 8.1.1)";
    HeaderDuplicated "header-duplicated" "a header field that may occur once occurs again";
    BadCSeq "bad-cseq" "the CSeq is not a number of 32 bits and a method";
    CSeqMethodMismatch "cseq-method-mismatch" "the method in the CSeq is not the method of the request";
    BadStartLine "bad-start-line" "the start line has white space where it must not be";
    BadVersion "bad-version" "the version is not SIP/2.0";
    BadStatusCode "bad-status-code" "the status code is not between 100 and 699";
    BadUri "bad-uri" "the request URI is not a URI";
    BadVia "bad-via" "the topmost Via cannot be read";
    ContentLengthMissing "content-length-missing" "there is no Content-Length on a stream (RFC 3261 section 18.3)";
    ContentLengthNegative "content-length-negative" "the Content-Length is negative";
    ContentLengthInvalid "content-length-invalid" "the Content-Length is not a number";
    ContentLengthDuplicated "content-length-duplicated" "there are several Content-Length fields; one was used behind which a message begins or nothing, or else the first";
    ContentLengthMismatch "content-length-mismatch" "where the Content-Length says that the message ends, something else follows than a message";
    BodyShorter "body-shorter" "the body is shorter than the Content-Length says";
    BodyTooLong "body-too-long" "the body is over the limit and was cut";
    HeadTooLong "head-too-long" "the header is over the limit and was cut";
    HeadIncomplete "head-incomplete" "the header does not end with an empty line";
    TooManyHeaderFields "too-many-header-fields" "more header fields than the limit; further ones were not read";
    HeaderWithoutColon "header-without-colon" "a header line without colon";
    BadHeaderName "bad-header-name" "a header name that is not a token";
    ControlCharacter "control-character" "a control character in the header";
    BareLf "bare-lf" "a line ends with LF alone instead of CRLF";
    BareCr "bare-cr" "a line ends with CR alone instead of CRLF";
    JunkBefore "junk-before" "bytes that belong to no message were sent before this one";
    Cut "cut" "the snap length of the capture cut the message";
    BytesMissing "bytes-missing" "the capture lacks bytes of the message";
}

impl DefectKind {
    /// Whether it is the capture's fault, not the sender's.
    pub const fn of_capture(self) -> bool {
        matches!(self, Self::Cut | Self::BytesMissing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<_> = DefectKind::ALL.iter().map(|k| k.name()).collect();
        assert!(
            names
                .iter()
                .all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DefectKind::ALL.len());
    }
}
