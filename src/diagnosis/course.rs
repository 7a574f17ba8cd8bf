//! Direction by direction between two servers: what works, what fails. Federation needs both, and one that works tells much about
//! the box to look at.

use crate::base::{FrameRef, Span};
use crate::connection::{Connection, Connections};
use crate::dialog::{Exchange, Tally};
use crate::flow::Handshake;
use crate::host::{Hosts, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// How requests of one host to another fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fares {
    /// Requests succeeded, none failed.
    Works,
    /// Requests or connections failed, none succeeded.
    Fails,
    /// Some succeeded and some failed.
    Partly,
    /// The later ones succeeded: what failed before is over.
    Recovered,
    /// Requests without an outcome that says anything: users busy or offline, or no answer yet.
    Open,
    /// There are connections, and what they carry was not read.
    Unread,
    /// Nothing of this direction is in the capture.
    Unseen,
}

impl Fares {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Fails => "fails",
            Self::Partly => "partly",
            Self::Recovered => "recovered",
            Self::Open => "open",
            Self::Unread => "unread",
            Self::Unseen => "unseen",
        }
    }
}

/// One direction between two hosts.
#[derive(Debug, Clone)]
pub struct Course {
    /// Who asks.
    pub from: IpAddr,
    /// Who is asked.
    pub to: IpAddr,
    /// How it fares.
    pub fares: Fares,
    /// SIP requests seen.
    pub requests: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that were refused or never answered.
    pub failed: u64,
    /// Connections that `from` opened or tried to open to `to`.
    pub connections: u64,
    /// Those of them that came to nothing: refused, unanswered, or broken off in the TLS handshake.
    pub broken: u64,
    /// Since when it works, where it failed before.
    pub since: Option<FrameRef>,
}

/// Pairs shown.
const PAIRS: usize = 16;

/// All directions between the servers of the two sides; where no side is known, between the hosts that exchange SIP.
pub fn courses(hosts: &Hosts, set: &Connections, tally: &Tally) -> Vec<Course> {
    let mut counts: BTreeMap<(IpAddr, IpAddr), Count> = BTreeMap::new();
    for (from, to, _, exchange) in tally.all() {
        counts.entry((from, to)).or_default().exchange(exchange);
    }
    for connection in set.all().filter(|c| c.concerns_sip()) {
        let key = (connection.client().addr, connection.server().addr);
        counts.entry(key).or_default().connection(connection);
    }
    let known = |a: IpAddr, b: IpAddr| {
        let microsoft = |h| hosts.is_microsoft(h);
        (microsoft(a) && hosts.is_cisco(b)) || (hosts.is_cisco(a) && microsoft(b))
    };
    let uncertain = |a: IpAddr, b: IpAddr| {
        ![a, b]
            .iter()
            .any(|h| matches!(hosts.role(*h), Role::Client | Role::Dns))
    };
    let pairs: BTreeSet<(IpAddr, IpAddr)> = counts
        .keys()
        .map(|(a, b)| if a <= b { (*a, *b) } else { (*b, *a) })
        .collect();
    let mut chosen: Vec<(IpAddr, IpAddr)> = pairs
        .iter()
        .copied()
        .filter(|(a, b)| known(*a, *b))
        .collect();
    if chosen.is_empty() {
        chosen = pairs
            .iter()
            .copied()
            .filter(|(a, b)| uncertain(*a, *b))
            .collect();
    }
    chosen
        .into_iter()
        .take(PAIRS)
        .flat_map(|(a, b)| [(a, b), (b, a)])
        .map(|(from, to)| {
            let unread = set.is_unread(from, to);
            counts.get(&(from, to)).map_or_else(
                || Count::default().told(from, to, unread),
                |count| count.told(from, to, unread),
            )
        })
        .collect()
}

#[derive(Debug, Default)]
struct Count {
    requests: u64,
    succeeded: u64,
    failed: u64,
    connections: u64,
    broken: u64,
    success: Option<FrameRef>,
    first_success_after: Option<FrameRef>,
    failure: Option<FrameRef>,
}

impl Count {
    fn exchange(&mut self, exchange: &Exchange) {
        for outcomes in exchange.methods.values() {
            self.requests += outcomes.requests;
            self.succeeded += outcomes.succeeded;
            self.failed += outcomes.failed;
            if let Some((first, last)) = outcomes.success {
                self.success = self.success.max(Some(last));
                self.first_success_after = self.first_success_after.max(Some(first));
            }
            self.failure = self.failure.max(outcomes.failure.map(|(_, last)| last));
        }
    }

    fn connection(&mut self, connection: &Connection) {
        if connection.flow.handshake == Handshake::NotCaptured {
            return;
        }
        self.connections += 1;
        if is_broken(connection) {
            self.broken += 1;
            self.failure = self.failure.max(Some(connection.flow.last));
        }
    }

    fn told(&self, from: IpAddr, to: IpAddr, unread: bool) -> Course {
        let over = self.success > self.failure;
        let failed = self.failed > 0 || self.broken > 0;
        let fares = match (self.succeeded > 0, failed) {
            (true, false) => Fares::Works,
            (true, true) if over => Fares::Recovered,
            (true, true) => Fares::Partly,
            (false, true) if self.failed > 0 || self.broken == self.connections => Fares::Fails,
            (false, true) => Fares::Partly,
            (false, false) if self.requests > 0 => Fares::Open,
            (false, false) if unread && self.connections > 0 => Fares::Unread,
            (false, false) => Fares::Unseen,
        };
        Course {
            from,
            to,
            fares,
            requests: self.requests,
            succeeded: self.succeeded,
            failed: self.failed,
            connections: self.connections,
            broken: self.broken,
            since: self
                .first_success_after
                .filter(|at| fares == Fares::Recovered && Some(*at) > self.failure),
        }
    }
}

/// Whether an attempt to connect came to nothing.
fn is_broken(connection: &Connection) -> bool {
    match connection.flow.handshake {
        // A SYN at the very end may still be answered.
        Handshake::Unanswered => {
            connection
                .flow
                .last
                .time
                .since(connection.flow.first.time)
                .nanos()
                >= Span::from_secs(1).nanos()
        }
        Handshake::Refused(_) => true,
        _ => connection.tls.as_deref().is_some_and(|tls| {
            !tls.handshake_complete() && !tls.midstream() && connection.flow.closed_by().is_some()
        }),
    }
}
