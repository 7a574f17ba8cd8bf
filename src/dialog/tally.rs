//! How requests between two hosts came out, over the whole capture: for rules that compare directions or methods, after the calls
//! themselves are gone.

use super::transaction::Transaction;
use super::{Call, Kind};
use crate::base::{FrameRef, Span, Unkept};
use crate::sip::Method;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use litemap::LiteMap;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Ordered pairs of hosts that are counted; a flood of addresses must not fill the memory. A table of 4 096 places holds as many without
/// growing.
const PAIRS: usize = 3_584;
/// Methods counted singly for a pair.
const METHODS: usize = 24;
/// The same of all pairs together.
const METHODS_IN_ALL: usize = 32_768;
/// Bytes of the longest name of a method that is counted singly.
const NAME: usize = 64;
/// What all other methods of a pair are counted as.
pub const OTHERS: &str = "(others)";
/// Slow answers kept of a pair.
const SLOW: usize = 16;
/// Answers slower than this are kept singly.
const SLOW_AFTER: Span = Span::from_secs(2);

/// Requests of one host to another, by method.
#[derive(Debug)]
pub struct Exchange {
    /// By the method's name.
    pub methods: LiteMap<String, Outcomes>,
    /// The slowest kind of answers, the first few: request, final response.
    pub slow: Vec<(FrameRef, FrameRef)>,
    /// Final responses with a known latency, slow or not.
    pub timed: u64,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            // Of thousands of pairs in a flood each has one method: further room comes with the second.
            methods: LiteMap::with_capacity(1),
            slow: Vec::new(),
            timed: 0,
        }
    }
}

/// How the requests of one method came out.
#[derive(Debug, Default, Clone)]
pub struct Outcomes {
    /// Requests seen.
    pub requests: u64,
    /// Ended with 2xx.
    pub succeeded: u64,
    /// Refused, or never answered for as long as a transaction lasts ([`Transaction::failed`]).
    pub failed: u64,
    /// Final responses by status code.
    pub finals: BTreeMap<u16, u64>,
    /// The first and last that succeeded: the frame of the final response.
    pub success: Option<(FrameRef, FrameRef)>,
    /// The first and last that failed: the frame of the request, or of the response where the request was not captured.
    pub failure: Option<(FrameRef, FrameRef)>,
}

/// All exchanges of a capture.
#[derive(Debug, Default)]
pub struct Tally {
    pairs: HashMap<(IpAddr, IpAddr, Kind), Exchange, FixedState>,
    /// Methods of all pairs.
    methods: usize,
    /// Transactions of further pairs.
    unkept: Unkept,
}

fn widen(span: &mut Option<(FrameRef, FrameRef)>, at: FrameRef) {
    let (first, last) = span.get_or_insert((at, at));
    *first = (*first).min(at);
    *last = (*last).max(at);
}

impl Outcomes {
    fn add(&mut self, transaction: &Transaction<'_>, call: &Call, last: FrameRef) {
        self.requests += u64::from(transaction.request.is_some());
        if let Some(status) = transaction.final_status() {
            *self.finals.entry(status).or_default() += 1;
        }
        if transaction.succeeded() {
            self.succeeded += 1;
            if let Some(answer) = transaction.final_response() {
                widen(&mut self.success, answer.at());
            }
        }
        if transaction.failed(call, last) {
            self.failed += 1;
            if let Some(first) = transaction.first() {
                widen(&mut self.failure, first);
            }
        }
    }
}

impl Tally {
    /// Counts a transaction of a call, and what that is for. `last`: how far the capture reached when its call ended.
    pub fn add(&mut self, transaction: &Transaction<'_>, call: &Call, kind: Kind, last: FrameRef) {
        let key = (transaction.asker, transaction.asked, kind);
        if self.pairs.len() >= PAIRS && !self.pairs.contains_key(&key) {
            self.unkept.add(transaction.first());
            return;
        }
        let exchange = self.pairs.entry(key).or_default();
        if let (Some(latency), Some(request), Some(answer)) = (
            transaction.latency(),
            transaction.request,
            transaction.final_response(),
        ) {
            exchange.timed += 1;
            // A user takes their time to pick up; nothing else should.
            if latency >= SLOW_AFTER
                && transaction.method() != Method::Invite
                && exchange.slow.len() < SLOW
            {
                exchange.slow.push((request.at(), answer.at()));
            }
        }
        let method = transaction.method();
        let name = std::str::from_utf8(method.as_bytes()).ok();
        let name = name.filter(|name| name.len() <= NAME).unwrap_or(OTHERS);
        if let Some(outcomes) = exchange.methods.get_mut(name) {
            return outcomes.add(transaction, call, last);
        }
        let fits = exchange.methods.len() < METHODS && self.methods < METHODS_IN_ALL;
        // Those for which there is no room are counted all the same: that something worked must not get lost.
        let name = if fits { name } else { OTHERS };
        let outcomes = match exchange.methods.get_mut(name) {
            Some(outcomes) => outcomes,
            None => {
                self.methods += 1;
                exchange.methods.entry(name.to_owned()).or_default()
            }
        };
        outcomes.add(transaction, call, last);
    }

    /// Transactions that are not counted, because their hosts came behind too many others.
    pub fn unkept(&self) -> Unkept {
        self.unkept
    }

    /// Every exchange: asker, asked, what the calls were about, outcomes; in the order of the addresses.
    pub fn all(&self) -> Vec<(IpAddr, IpAddr, Kind, &Exchange)> {
        let mut all: Vec<_> = self
            .pairs
            .iter()
            .map(|((asker, asked, kind), exchange)| (*asker, *asked, *kind, exchange))
            .collect();
        all.sort_by_key(|(asker, asked, kind, _)| (*asker, *asked, *kind));
        all
    }

    /// The requests of one host to another in calls of one kind.
    pub fn between(&self, asker: IpAddr, asked: IpAddr, kind: Kind) -> Option<&Exchange> {
        self.pairs.get(&(asker, asked, kind))
    }
}
