//! One DNS message, as far as lookups need it.

use simple_dns::rdata::RData;
use simple_dns::{Name, Packet, PacketFlag, QTYPE, RCODE, TYPE};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The type of record asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// IPv4 address (RFC 1035 §3.4.1).
    A,
    /// IPv6 address (RFC 3596).
    Aaaa,
    /// Server of a service (RFC 2782).
    Srv,
    /// Name of an address (RFC 1035 §3.3.12).
    Ptr,
    /// Another one, by its number.
    Other(u16),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A => f.write_str("A"),
            Self::Aaaa => f.write_str("AAAA"),
            Self::Srv => f.write_str("SRV"),
            Self::Ptr => f.write_str("PTR"),
            Self::Other(number) => write!(f, "TYPE{number}"),
        }
    }
}

/// A server of a service (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Lower ones are tried first.
    pub priority: u16,
    /// The share among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host, in lower case.
    pub target: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Addresses.
    Addresses(Vec<IpAddr>),
    /// Servers of a service.
    Services(Vec<Service>),
    /// Names of an address.
    Names(Vec<String>),
    /// Records of another type.
    Other,
    /// The name exists and has no record of this type.
    Empty,
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The server failed or refused, by its response code (RFC 1035 §4.1.1).
    Refused(u8),
    /// The answer was cut; the client asks again over TCP.
    Truncated,
    /// Nobody answers DNS there (ICMP).
    Unreachable,
}

impl Answer {
    /// Whether it gives nothing to work with.
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Empty | Self::NoSuchName | Self::Refused(_) | Self::Unreachable
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(all: &[T]) -> String {
            all.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
        }
        match self {
            Self::Addresses(addresses) => f.write_str(&list(addresses)),
            Self::Services(services) => {
                let all: Vec<String> = services
                    .iter()
                    .map(|s| format!("{}:{}", s.target, s.port))
                    .collect();
                f.write_str(&list(&all))
            }
            Self::Names(names) => f.write_str(&list(names)),
            Self::Other => f.write_str("records of another type"),
            Self::Empty => f.write_str("no record of this type"),
            Self::NoSuchName => f.write_str("no such name (NXDOMAIN)"),
            Self::Refused(2) => f.write_str("server failure (SERVFAIL)"),
            Self::Refused(5) => f.write_str("refused (REFUSED)"),
            Self::Refused(code) => write!(f, "response code {code}"),
            Self::Truncated => f.write_str("an answer that was cut"),
            Self::Unreachable => f.write_str("ICMP: nobody answers DNS there"),
        }
    }
}

impl Answer {
    /// Bytes of memory that its records take beside it, about.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Addresses(all) => size_of_val(all.as_slice()),
            Self::Services(all) => {
                let names: usize = all.iter().map(|service| service.target.len()).sum();
                names.saturating_add(size_of_val(all.as_slice()))
            }
            Self::Names(all) => {
                let names: usize = all.iter().map(String::len).sum();
                names.saturating_add(size_of_val(all.as_slice()))
            }
            _ => 0,
        }
    }

    /// Leaves only the first record.
    pub(super) fn shorten(&mut self) {
        match self {
            Self::Addresses(all) => *all = all.first().copied().into_iter().collect(),
            Self::Services(all) => *all = all.first().cloned().into_iter().collect(),
            Self::Names(all) => *all = all.first().cloned().into_iter().collect(),
            _ => {}
        }
    }
}

/// Whether this is a response, and the bytes that it shares with its question: the id and the first question (RFC 1035 §4.1). `None`
/// where it cannot be a message with a question.
pub fn identity(payload: &[u8]) -> Option<(bool, [&[u8]; 2])> {
    let (id, flags) = (payload.get(..2)?, payload.get(2)?);
    let questions = payload.get(12..)?;
    let name = questions.iter().take(256).position(|b| *b == 0)?;
    let question = questions.get(..name.checked_add(5)?)?;
    (name > 0).then_some((flags & 0x80 != 0, [id, question]))
}

/// Records of an answer that are looked at.
const RECORDS: usize = 64;

/// A message.
pub(super) struct Message {
    /// What is asked: the first question.
    pub(super) question: Option<(String, Kind)>,
    /// What is answered; `None` in a question.
    pub(super) answer: Option<Answer>,
}

impl Message {
    /// Reads a message; `None` where it is none.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let packet = Packet::parse(payload).ok()?;
        let question = packet.questions.first().map(|question| {
            let kind = match question.qtype {
                QTYPE::TYPE(TYPE::A) => Kind::A,
                QTYPE::TYPE(TYPE::AAAA) => Kind::Aaaa,
                QTYPE::TYPE(TYPE::SRV) => Kind::Srv,
                QTYPE::TYPE(TYPE::PTR) => Kind::Ptr,
                other => Kind::Other(u16::from(other)),
            };
            (text(&question.qname), kind)
        });
        let kind = question.as_ref().map(|(_, kind)| *kind);
        let answer = packet
            .has_flags(PacketFlag::RESPONSE)
            .then(|| answer(&packet, kind));
        Some(Self { question, answer })
    }
}

fn answer(packet: &Packet<'_>, kind: Option<Kind>) -> Answer {
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Answer::NoSuchName,
        other => return Answer::Refused(u8::try_from(other as u16).unwrap_or(u8::MAX)),
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Answer::Truncated;
    }
    let records = || {
        packet
            .answers
            .iter()
            .take(RECORDS)
            .map(|record| &record.rdata)
    };
    let found = match kind {
        Some(Kind::A | Kind::Aaaa) => {
            let all: Vec<IpAddr> = records()
                .filter_map(|data| match data {
                    RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from(a.address))),
                    RData::AAAA(a) => Some(IpAddr::V6(Ipv6Addr::from(a.address))),
                    _ => None,
                })
                .collect();
            (!all.is_empty()).then_some(Answer::Addresses(all))
        }
        Some(Kind::Srv) => {
            let all: Vec<Service> = records()
                .filter_map(|data| match data {
                    RData::SRV(srv) => Some(Service {
                        priority: srv.priority,
                        weight: srv.weight,
                        port: srv.port,
                        target: text(&srv.target),
                    }),
                    _ => None,
                })
                // A lone dot says that the service is not there (RFC 2782).
                .filter(|service| !service.target.is_empty())
                .collect();
            (!all.is_empty()).then_some(Answer::Services(all))
        }
        Some(Kind::Ptr) => {
            let all: Vec<String> = records()
                .filter_map(|data| match data {
                    RData::PTR(name) => Some(text(&name.0)),
                    _ => None,
                })
                .collect();
            (!all.is_empty()).then_some(Answer::Names(all))
        }
        _ => (!packet.answers.is_empty()).then_some(Answer::Other),
    };
    found.unwrap_or(Answer::Empty)
}

fn text(name: &Name<'_>) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}
