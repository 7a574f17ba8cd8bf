//! A request and its responses (RFC 3261 §17).

use super::call::{Call, Seen};
use super::invitation::Invitation;
use crate::base::{FrameRef, Span};
use crate::sip::{Message, Method, Text};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cell::OnceCell;
use std::net::IpAddr;

/// Transactions of a call that are looked through one by one; beyond, a table is cheaper, and a call of thousands is not dear.
const FEW: usize = 16;

/// A request on one hop with everything that answered it there.
///
/// Matched by the branch of the top Via, the method and the CSeq number (RFC 3261 §17.1.3, §17.2.3). Lync clients send
/// Via without branch: then Call-ID and CSeq alone decide, as in RFC 2543.
#[derive(Debug)]
pub struct Transaction<'a> {
    /// The request; `None` when the capture began after it.
    pub request: Option<&'a Seen>,
    /// Further copies of the request.
    pub retransmissions: Vec<&'a Seen>,
    /// 1xx responses.
    pub provisional: Vec<&'a Seen>,
    /// Final responses: forks and retransmissions give several.
    pub finals: Vec<&'a Seen>,
    /// The ACK of an INVITE.
    pub ack: Option<&'a Seen>,
    /// Who asked.
    pub asker: IpAddr,
    /// Who was asked.
    pub asked: IpAddr,
    cseq: u32,
    method: Method<'a>,
    branch: Option<Text<'a>>,
    /// Read when it is asked for: many ask.
    invitation: OnceCell<Option<Invitation>>,
}

/// What tells the transactions of one call apart.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct Key<'a> {
    cseq: u32,
    asker: IpAddr,
    asked: IpAddr,
    /// `None`: whichever INVITE is acknowledged.
    matched: Option<(Method<'a>, Option<Text<'a>>)>,
}

/// Where the transactions are, once there are many.
#[derive(Default)]
struct Index<'a> {
    places: HashMap<Key<'a>, usize, FixedState>,
}

impl<'a> Index<'a> {
    fn find(&mut self, key: &Key<'a>, all: &[Transaction<'a>]) -> Option<usize> {
        if all.len() <= FEW {
            return all.iter().rposition(|t| t.matches(key));
        }
        self.places.get(key).copied()
    }

    /// A transaction with this key will be at this place.
    fn add(&mut self, key: &Key<'a>, all: &[Transaction<'a>]) {
        match all.len() {
            0..FEW => {}
            FEW => {
                for (place, transaction) in all.iter().enumerate() {
                    self.enter(transaction.key(), place);
                }
                self.enter(*key, FEW);
            }
            place => self.enter(*key, place),
        }
    }

    fn enter(&mut self, key: Key<'a>, place: usize) {
        self.places.insert(key, place);
        if key.matched.is_some_and(|(m, _)| m == Method::Invite) {
            self.places.insert(
                Key {
                    matched: None,
                    ..key
                },
                place,
            );
        }
    }
}

/// Transactions of one call in the order of their first messages.
pub(super) fn of(messages: &[Seen]) -> Vec<Transaction<'_>> {
    // Most have a request and a response or two.
    let mut all: Vec<Transaction<'_>> = Vec::with_capacity(messages.len().div_ceil(2).min(FEW));
    let mut index = Index::default();
    for seen in messages {
        let message = &seen.message;
        if message.duplicate {
            continue;
        }
        let Some(cseq) = message.cseq() else {
            continue;
        };
        let branch = message.branch();
        let request = message.is_request();
        let (asker, asked) = if request {
            (seen.hop.src.addr, seen.hop.dst.addr)
        } else {
            (seen.hop.dst.addr, seen.hop.src.addr)
        };
        let ack = request && cseq.method == Method::Ack;
        let key = Key {
            cseq: cseq.number,
            asker,
            asked,
            // The ACK of a 2xx has a branch of its own (RFC 3261 §13.2.2.4).
            matched: (!ack).then_some((cseq.method, branch)),
        };
        let found = index.find(&key, &all).and_then(|n| all.get_mut(n));
        let transaction = match found {
            Some(t) => t,
            None if ack => continue,
            None => {
                index.add(&key, &all);
                all.push(Transaction {
                    request: None,
                    retransmissions: Vec::new(),
                    provisional: Vec::new(),
                    finals: Vec::new(),
                    ack: None,
                    asker,
                    asked,
                    cseq: cseq.number,
                    method: cseq.method,
                    branch,
                    invitation: OnceCell::new(),
                });
                let Some(t) = all.last_mut() else { continue };
                t
            }
        };
        match message.status() {
            None if ack => transaction.ack = transaction.ack.or(Some(seen)),
            None if transaction.request.is_none() => transaction.request = Some(seen),
            None => transaction.retransmissions.push(seen),
            Some(status) if status.is_provisional() => transaction.provisional.push(seen),
            Some(_) => transaction.finals.push(seen),
        }
    }
    all
}

impl<'a> Transaction<'a> {
    fn key(&self) -> Key<'a> {
        Key {
            cseq: self.cseq,
            asker: self.asker,
            asked: self.asked,
            matched: Some((self.method, self.branch)),
        }
    }

    fn matches(&self, key: &Key<'a>) -> bool {
        self.cseq == key.cseq
            && match key.matched {
                None => self.method == Method::Invite,
                Some((method, branch)) => self.method == method && self.branch == branch,
            }
            && self.asker == key.asker
            && self.asked == key.asked
    }

    /// The method, as named in CSeq.
    pub fn method(&self) -> Method<'a> {
        self.method
    }

    /// The CSeq number.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }

    /// The first final response.
    pub fn final_response(&self) -> Option<&'a Seen> {
        self.finals.first().copied()
    }

    /// Its status code.
    pub fn final_status(&self) -> Option<u16> {
        self.final_response()
            .and_then(|seen| seen.message.status())
            .map(|status| status.0)
    }

    /// Whether it ended well.
    pub fn succeeded(&self) -> bool {
        self.final_status().is_some_and(|s| (200..300).contains(&s))
    }

    /// From the request to its final response.
    pub fn latency(&self) -> Option<Span> {
        Some(
            self.final_response()?
                .at()
                .time
                .since(self.request?.at().time),
        )
    }

    /// The message of the request.
    pub fn request_message(&self) -> Option<&'a Message> {
        self.request.map(|seen| &seen.message)
    }

    /// What an INVITE asks for; `None` of anything else, and where the request was not captured.
    pub fn invitation(&self) -> Option<&Invitation> {
        let read = || Invitation::of(self.request_message()?);
        self.invitation.get_or_init(read).as_ref()
    }

    /// The first frame it was seen in.
    pub fn first(&self) -> Option<FrameRef> {
        self.request
            .or_else(|| self.provisional.first().copied())
            .or_else(|| self.final_response())
            .map(Seen::at)
    }

    /// Whether it came to nothing: refused, or never answered for as long as a transaction lasts. What a user decides (busy,
    /// offline, declined, cancelled) is no failure, nor is a challenge that the call answers, nor what Microsoft servers try on
    /// strangers (NEGOTIATE), nor a typing notice that is not understood (INFO).
    pub fn failed(&self, call: &Call, last: FrameRef) -> bool {
        if matches!(
            self.method,
            Method::Ack | Method::Benotify | Method::Negotiate | Method::Info | Method::Cancel
        ) {
            return false;
        }
        match self.final_status() {
            // Several rounds are normal (NTLM, Kerberos): a challenge is answered by a later request with credentials.
            Some(401 | 407) => !call.messages.iter().any(|seen| {
                seen.message.is_request()
                    && seen.message.cseq().is_some_and(|c| c.number > self.cseq)
                    && seen.message.credential_schemes().next().is_some()
            }),
            Some(480 | 486 | 487 | 600 | 603) => false,
            Some(status) => status >= 400,
            None => self
                .request
                .is_some_and(|r| last.time.since(r.at().time) >= super::TRANSACTION_TIMEOUT),
        }
    }
}
