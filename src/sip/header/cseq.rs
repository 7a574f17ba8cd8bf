//! CSeq and RAck: which request a message belongs to (RFC 3261 §20.16, RFC 3262 §7.2).

use super::super::Method;
use super::super::lex::{is_lws, lws, token};
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::u32;
use nom::combinator::all_consuming;
use nom::sequence::{delimited, terminated};

/// The sequence number and method of a request, copied to its responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Sequence number.
    pub number: u32,
    /// Method of the request.
    pub method: Method<'a>,
}

fn number(input: &[u8]) -> IResult<&[u8], u32> {
    terminated(u32, take_while1(is_lws)).parse(input)
}

impl<'a> CSeq<'a> {
    /// Reads `1 SUBSCRIBE`; `None` when it is anything else or the number is over 32 bits.
    pub fn new(value: &'a [u8]) -> Option<Self> {
        let (number, method) = Self::parts(value)?;
        Some(Self {
            number,
            method: Method::new(method),
        })
    }

    /// The same with the method as it is written.
    pub(in crate::sip) fn parts(value: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let (_, parts) = all_consuming(delimited(lws, (number, token), lws))
            .parse(value)
            .ok()?;
        Some(parts)
    }
}

/// What a PRACK acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RAck<'a> {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq<'a>,
}

impl<'a> RAck<'a> {
    /// Reads `776656 1 INVITE`.
    pub fn new(value: &'a [u8]) -> Option<Self> {
        let (rest, rseq) = number(value).ok()?;
        Some(Self {
            rseq,
            cseq: CSeq::new(rest)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_over_32_bits_and_missing_methods_are_refused() {
        let cseq = CSeq::new(b"0009\r\n INVITE").unwrap();
        assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
        assert!(CSeq::new(b"36893488147419103232 REGISTER").is_none());
        assert!(CSeq::new(b"1").is_none() && CSeq::new(b"INVITE 1").is_none());
        assert!(CSeq::new(b"1 INVITE x").is_none());
        assert_eq!(RAck::new(b"776656 1 INVITE").unwrap().rseq, 776_656);
    }
}
