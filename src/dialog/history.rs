//! What became of one matter between two users over the whole capture, whatever the Call-IDs: so that a rule can tell a fault that
//! lasts from one that went away.

use super::call::{Call, Seen};
use super::invitation::Invitation;
use super::transaction::Transaction;
use crate::base::FrameRef;
use crate::sip::{Message, Method};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::net::IpAddr;

/// Matters remembered; a flood of users must not fill the memory.
const MATTERS: usize = 16_384;
/// Longest part of a matter, in bytes: what is longer is no user's address.
const PART: usize = 256;

/// The same request of the same user to the same user.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Matter {
    method: Vec<u8>,
    purpose: String,
    from: String,
    to: String,
}

impl Matter {
    fn of(request: &Message) -> Option<Self> {
        let method = request.method()?;
        let purpose = match method {
            Method::Invite => Invitation::of(request).map_or_else(String::new, |i| {
                format!("{} {} {}", i.text, i.group.is_some(), i.media.join(" "))
            }),
            _ => request
                .event()
                .map_or_else(String::new, |event| event.to_str().to_ascii_lowercase()),
        };
        let matter = Self {
            method: method.as_bytes().to_vec(),
            purpose,
            from: request.from()?.aor()?,
            to: request.to()?.aor()?,
        };
        let fits = [
            matter.method.len(),
            matter.purpose.len(),
            matter.from.len(),
            matter.to.len(),
        ]
        .iter()
        .all(|len| *len <= PART);
        fits.then_some(matter)
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
    matters: HashMap<Matter, Record, FixedState>,
    registrations: HashMap<IpAddr, Registrations, FixedState>,
}

impl History {
    /// Remembers how the requests of a call came out; a second time changes nothing. `last`: how far the capture reached.
    pub fn add(&mut self, transactions: &[Transaction<'_>], call: &Call, last: FrameRef) {
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
            let Some(matter) = Matter::of(&request.message) else {
                continue;
            };
            if self.matters.len() >= MATTERS && !self.matters.contains_key(&matter) {
                continue;
            }
            let record = self.matters.entry(matter).or_default();
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
    }

    fn registration(&mut self, transaction: &Transaction<'_>, request: &Seen) {
        if transaction.method() != Method::Register {
            return;
        }
        let host = transaction.asker;
        if self.registrations.len() >= REGISTRARS && !self.registrations.contains_key(&host) {
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
        let (first, last) = self.matters.get(&Matter::of(request)?)?.successes?;
        [first, last].into_iter().find(|success| *success > at)
    }

    /// As [`Self::accepted_after`], when it was not refused again behind the last success.
    pub fn healed_after(&self, request: &Message, at: FrameRef) -> Option<FrameRef> {
        let record = self.matters.get(&Matter::of(request)?)?;
        let (_, last) = record.successes?;
        (record.last_failure < Some(last))
            .then(|| self.accepted_after(request, at))
            .flatten()
    }
}
