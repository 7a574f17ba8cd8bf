//! What became of one matter between two users over the whole capture, whatever the Call-IDs: so that a rule can tell a fault that
//! lasts from one that went away.

use super::call::{Call, Seen};
use super::invitation::Invitation;
use super::transaction::Transaction;
use crate::base::{FrameRef, Unkept};
use crate::sip::{Address, HeaderName, Message, Method, Text};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::net::IpAddr;

/// Matters remembered; a flood of users must not fill the memory.
const MATTERS: usize = 16_384;
/// Longest part of a matter, in bytes: what is longer is no user's address.
const PART: usize = 256;

/// The same request of the same user to the same user, in bytes: method, purpose, From and To, with a byte between that is in none.
#[derive(Debug, Default)]
struct Matter(Vec<u8>);

impl Matter {
    /// Becomes the matter of a request, which is an INVITE with this invitation; `false` where it has none.
    fn read(&mut self, request: &Message, invitation: Option<&Invitation>) -> bool {
        self.0.clear();
        self.try_read(request, invitation).is_some()
    }

    fn of(request: &Message) -> Option<Self> {
        let mut matter = Self::default();
        let invitation = Invitation::of(request);
        matter.read(request, invitation.as_ref()).then_some(matter)
    }

    fn try_read(&mut self, request: &Message, invitation: Option<&Invitation>) -> Option<()> {
        let method = request.method()?;
        self.part(method.as_bytes())?;
        match method {
            Method::Invite => match invitation {
                Some(i) => {
                    let start = self.0.len();
                    self.0
                        .push(b'0' + u8::from(i.text) + 2 * u8::from(i.group.is_some()));
                    for medium in &i.media {
                        self.0.push(b' ');
                        self.0.extend_from_slice(medium.as_bytes());
                    }
                    self.end(start)
                }
                None => self.part(b""),
            },
            _ => match request.event() {
                Some(event) => self.text(event),
                None => self.part(b""),
            },
        }?;
        self.party(request, HeaderName::From)?;
        self.party(request, HeaderName::To)
    }

    /// User and host of an address.
    fn party(&mut self, request: &Message, name: HeaderName) -> Option<()> {
        let start = self.0.len();
        match request.party(name) {
            Some((user, host)) => {
                if let Some(user) = user {
                    self.lower(user);
                    self.0.push(b'@');
                }
                self.lower(host);
            }
            None => {
                let uri = Address::new(request.header(name)?.bytes()).uri()?;
                if let Some(user) = uri.user_name() {
                    self.0
                        .extend_from_slice(user.to_str().to_ascii_lowercase().as_bytes());
                    self.0.push(b'@');
                }
                self.0.extend_from_slice(uri.host_name()?.as_bytes());
            }
        }
        self.end(start)
    }

    /// Some text in lower case.
    fn text(&mut self, text: Text<'_>) -> Option<()> {
        let start = self.0.len();
        match text.bytes().iter().all(u8::is_ascii_graphic) {
            true => self.lower(text.bytes()),
            false => self
                .0
                .extend_from_slice(text.to_str().to_ascii_lowercase().as_bytes()),
        }
        self.end(start)
    }

    /// ASCII in lower case.
    fn lower(&mut self, text: &[u8]) {
        let start = self.0.len();
        self.0.extend_from_slice(text);
        if let Some(new) = self.0.get_mut(start..) {
            new.make_ascii_lowercase();
        }
    }

    fn part(&mut self, part: &[u8]) -> Option<()> {
        let start = self.0.len();
        self.0.extend_from_slice(part);
        self.end(start)
    }

    /// Ends the part that began at `start`; `None` when it is too long.
    fn end(&mut self, start: usize) -> Option<()> {
        let fits = self.0.len().saturating_sub(start) <= PART;
        // In no UTF-8 text (RFC 3629 §1).
        self.0.push(0xff);
        fits.then_some(())
    }
}

#[derive(Debug, Default)]
struct Record {
    successes: Option<(FrameRef, FrameRef)>,
    last_failure: Option<FrameRef>,
}

/// Sign-ins and sign-outs remembered of one host, and of how many hosts.
const REGISTRATIONS: usize = 64;
const REGISTRARS: usize = 4_096;

/// REGISTER requests of one host that ask for a binding and those that remove it (RFC 3261 §10.2).
#[derive(Debug, Default)]
struct Registrations {
    signed_in: Vec<FrameRef>,
    signed_out: Vec<FrameRef>,
}

/// All matters of a capture.
#[derive(Debug, Default)]
pub struct History {
    matters: HashMap<Box<[u8]>, Record, FixedState>,
    /// Memory for the matter at hand.
    matter: Matter,
    registrations: HashMap<IpAddr, Registrations, FixedState>,
    /// There are further hosts that register.
    unregistered: bool,
}

impl History {
    /// Remembers how the requests of a call came out; a second time changes nothing. `last`: how far the capture reached. Returns those
    /// for which there was no room.
    pub fn add(&mut self, transactions: &[Transaction<'_>], call: &Call, last: FrameRef) -> Unkept {
        let mut unkept = Unkept::default();
        let mut matter = std::mem::take(&mut self.matter);
        for transaction in transactions {
            let (Some(request), Some(first)) = (transaction.request, transaction.first()) else {
                continue;
            };
            self.registration(transaction, request);
            let failed = transaction.failed(call, last);
            let success = transaction
                .final_response()
                .filter(|_| transaction.succeeded());
            if !failed && success.is_none() {
                continue;
            }
            if !matter.read(&request.message, transaction.invitation()) {
                continue;
            }
            let full = self.matters.len() >= MATTERS;
            let record = match self.matters.get_mut(matter.0.as_slice()) {
                Some(record) => record,
                None if full => {
                    unkept.add(Some(first));
                    continue;
                }
                None => self.matters.entry(matter.0.as_slice().into()).or_default(),
            };
            if let Some(answer) = success {
                let (from, to) = record
                    .successes
                    .get_or_insert_with(|| (answer.at(), answer.at()));
                *from = (*from).min(answer.at());
                *to = (*to).max(answer.at());
            } else {
                record.last_failure = record.last_failure.max(Some(first));
            }
        }
        self.matter = matter;
        unkept
    }

    fn registration(&mut self, transaction: &Transaction<'_>, request: &Seen) {
        if transaction.method() != Method::Register {
            return;
        }
        let host = transaction.asker;
        if self.registrations.len() >= REGISTRARS && !self.registrations.contains_key(&host) {
            self.unregistered = true;
            return;
        }
        let of_host = self.registrations.entry(host).or_default();
        let message = &request.message;
        let expires = message
            .contact()
            .and_then(|contact| contact.expires())
            .or_else(|| message.expires());
        let list = if expires == Some(0) {
            &mut of_host.signed_out
        } else {
            &mut of_host.signed_in
        };
        if list.len() < REGISTRATIONS && !list.contains(&request.at()) {
            list.push(request.at());
            list.sort_unstable();
        }
    }

    /// Whether there was no room for a host that registers.
    pub fn unregistered(&self) -> Unkept {
        let mut unkept = Unkept::default();
        if self.unregistered {
            unkept.add(None);
        }
        unkept
    }

    /// When a host asked to be registered, in the order of time; the first few.
    pub fn signed_in(&self, host: IpAddr) -> impl Iterator<Item = FrameRef> + use<'_> {
        let found = self.registrations.get(&host);
        found.into_iter().flat_map(|r| r.signed_in.iter().copied())
    }

    /// When a host removed its registration, in the order of time; the first few.
    pub fn signed_out(&self, host: IpAddr) -> impl Iterator<Item = FrameRef> + use<'_> {
        let found = self.registrations.get(&host);
        found.into_iter().flat_map(|r| r.signed_out.iter().copied())
    }

    /// The first or last time (a frame of a final response) that the same request was accepted after `at`, in this call or in
    /// another.
    pub fn accepted_after(&self, request: &Message, at: FrameRef) -> Option<FrameRef> {
        let (first, last) = self
            .matters
            .get(Matter::of(request)?.0.as_slice())?
            .successes?;
        [first, last].into_iter().find(|success| *success > at)
    }

    /// As [`Self::accepted_after`], when it was not refused again behind the last success.
    pub fn healed_after(&self, request: &Message, at: FrameRef) -> Option<FrameRef> {
        let record = self.matters.get(Matter::of(request)?.0.as_slice())?;
        let (_, last) = record.successes?;
        (record.last_failure < Some(last))
            .then(|| self.accepted_after(request, at))
            .flatten()
    }
}
