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
    ($($variant:ident $name:literal $text:literal $($source:literal)?;)*) => {
        /// The closed list of deviations: each has a stable name, a text and the section it deviates from.
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

            /// In words with the section, without a full stop.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => concat!($text $(, " (", $source, ")")?),)* }
            }

            /// In words without the section.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The section that says how it must be; `""` when the capture or a limit is the reason, not the sender.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => concat!("" $(, $source)?),)* }
            }
        }
    };
}

defects! {
    CallIdMissing "call-id-missing" "there is no Call-ID, or it is empty" "RFC 3261 section 8.1.1";
    CSeqMissing "cseq-missing" "there is no CSeq" "RFC 3261 section 8.1.1";
    FromMissing "from-missing" "there is no From" "RFC 3261 section 8.1.1";
    ToMissing "to-missing" "there is no To" "RFC 3261 section 8.1.1";
    ViaMissing "via-missing" "there is no Via" "RFC 3261 section 8.1.1";
    HeaderDuplicated "header-duplicated" "a header field that may occur once occurs again" "RFC 3261 section 7.3.1";
    BadCSeq "bad-cseq" "the CSeq is not a number of 32 bits and a method" "RFC 3261 section 20.16";
    CSeqMethodMismatch "cseq-method-mismatch" "the method in the CSeq is not the method of the request" "RFC 3261 section 8.1.1.5";
    BadStartLine "bad-start-line" "the start line has white space where it must not be" "RFC 3261 section 7.1";
    BadVersion "bad-version" "the version is not SIP/2.0" "RFC 3261 section 7.1";
    BadStatusCode "bad-status-code" "the status code is not between 100 and 699" "RFC 3261 section 7.2";
    BadUri "bad-uri" "the request URI is not a URI" "RFC 3261 section 19.1.1";
    RequestUriHeaders "request-uri-headers" "the request URI carries header fields, which it must not" "RFC 3261 section 19.1.1";
    BadVia "bad-via" "the topmost Via cannot be read" "RFC 3261 section 20.42";
    BadBranch "bad-branch" "the branch of the topmost Via is the magic cookie and nothing else, so that it names no transaction" "RFC 3261 section 8.1.1.7";
    BadAddress "bad-address" "a field that holds an address holds none: no URI, a URI that is not one, or brackets missing or with white space in them" "RFC 3261 section 20.10";
    BadDisplayName "bad-display-name" "a display name without quotes has characters that need them" "RFC 3261 section 25.1";
    UnbalancedQuote "unbalanced-quote" "a quoted string does not end" "RFC 3261 section 25.1";
    EmptyParameter "empty-parameter" "there is nothing between two separators of parameters" "RFC 3261 section 25.1";
    BadMaxForwards "bad-max-forwards" "the Max-Forwards is not a number from 0 to 255" "RFC 3261 section 20.22";
    BadSeconds "bad-seconds" "a number of seconds (Expires, Min-Expires, Min-SE, Retry-After, Session-Expires, or in a Contact) is not one of 32 bits" "RFC 3261 section 20.19";
    BadDate "bad-date" "the Date is not a date in GMT" "RFC 3261 section 20.17";
    BadWarning "bad-warning" "a Warning does not begin with a code of three digits" "RFC 3261 section 20.43";
    ContentLengthMissing "content-length-missing" "there is no Content-Length on a stream" "RFC 3261 section 18.3";
    ContentLengthNegative "content-length-negative" "the Content-Length is negative" "RFC 3261 section 20.14";
    ContentLengthInvalid "content-length-invalid" "the Content-Length is not a number" "RFC 3261 section 20.14";
    ContentLengthDuplicated "content-length-duplicated" "there are several Content-Length fields; one was used behind which a message begins or nothing, or else the first" "RFC 3261 section 7.3.1";
    ContentLengthMismatch "content-length-mismatch" "where the Content-Length says that the message ends, something else follows than a message" "RFC 3261 section 18.3";
    BodyShorter "body-shorter" "the body is shorter than the Content-Length says" "RFC 3261 section 18.3";
    BodyTooLong "body-too-long" "the body is over the limit and was cut";
    HeadTooLong "head-too-long" "the header is over the limit and was cut";
    HeadIncomplete "head-incomplete" "the header does not end with an empty line" "RFC 3261 section 7";
    TooManyHeaderFields "too-many-header-fields" "more header fields than the limit; further ones were not read";
    HeaderWithoutColon "header-without-colon" "a header line without colon" "RFC 3261 section 7.3.1";
    BadHeaderName "bad-header-name" "a header name that is not a token" "RFC 3261 section 7.3.1";
    ControlCharacter "control-character" "a control character in the header, or a CR that ends no line" "RFC 3261 section 25.1";
    NotUtf8 "not-utf8" "the header is not UTF-8" "RFC 3261 section 7";
    BareLf "bare-lf" "a line ends with LF alone instead of CRLF" "RFC 3261 section 7";
    BareCr "bare-cr" "a line ends with CR alone instead of CRLF" "RFC 3261 section 7";
    JunkBefore "junk-before" "bytes that belong to no message were sent before this one" "RFC 3261 section 7.5";
    Cut "cut" "the snap length of the capture cut the message";
    BytesMissing "bytes-missing" "the capture lacks bytes of the message";
}

impl DefectKind {
    /// Whether it is the capture's fault, not the sender's.
    pub const fn of_capture(self) -> bool {
        matches!(self, Self::Cut | Self::BytesMissing)
    }

    /// Whether it is a limit of this program, not the sender's fault.
    pub const fn of_limits(self) -> bool {
        matches!(
            self,
            Self::BodyTooLong | Self::HeadTooLong | Self::TooManyHeaderFields
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut names: Vec<_> = DefectKind::ALL.iter().map(|k| k.name()).collect();
        assert!(names.iter().all(|n| {
            n.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        }));
        for kind in DefectKind::ALL {
            let blameless = kind.of_capture() || kind.of_limits();
            assert_eq!(kind.source().is_empty(), blameless, "{}", kind.name());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DefectKind::ALL.len());
    }
}
