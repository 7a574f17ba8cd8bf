//! The connections of a capture, found by number, by hosts and by server without looking at all of them.

use super::Connection;
use crate::base::{Endpoint, FrameRef, Unkept};
use crate::flow::Handshake;
use crate::tls::Certificate;
use foldhash::fast::FixedState;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Connections alike that a rule looks at; more between the same two ends add nothing, and a flood of them must not cost
/// the square of their number.
const ALIKE: usize = 256;
/// Pairs of hosts remembered as not fully read. When there are more, every pair counts as such: rather undecided than wrong.
const PAIRS: usize = 4_096;

/// Failed attempts of other services remembered; a scan of a network must not fill the memory.
const ATTEMPTS: usize = 4_096;

/// An attempt to open a connection that does not concern SIP and failed: what a server needs beside SIP, such as a revocation list.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Who tried.
    pub client: IpAddr,
    /// Where to.
    pub server: Endpoint,
    /// The first SYN.
    pub at: FrameRef,
    /// Refused by RST; otherwise nobody answered.
    pub refused: bool,
}

/// Each by itself: to move a thousand bytes of each when the list grows or is cut would cost more than the boxes.
pub type Boxes = Vec<Box<Connection>>;

/// An ordered pair of hosts: the same for both directions.
type Pair = (IpAddr, IpAddr);

/// Connections that have ended, with indexes.
#[derive(Debug, Default)]
pub struct Connections {
    all: Boxes,
    /// Bytes that they take, about.
    memory: usize,
    /// Their certificates, by fingerprint.
    certificates: HashMap<[u8; 32], Arc<Certificate>, FixedState>,
    by_stream: HashMap<u32, usize, FixedState>,
    by_hosts: HashMap<Pair, Vec<usize>, FixedState>,
    by_server: HashMap<Endpoint, Vec<usize>, FixedState>,
    unread: HashSet<Pair, FixedState>,
    incomplete: HashSet<Pair, FixedState>,
    attempts: Vec<Attempt>,
    /// Further failed attempts.
    unkept: Unkept,
}

fn pair(a: IpAddr, b: IpAddr) -> Pair {
    if a <= b { (a, b) } else { (b, a) }
}

impl Connections {
    /// Adds a connection that has ended.
    pub fn push(&mut self, mut connection: Box<Connection>) {
        let hosts = pair(connection.client().addr, connection.server().addr);
        if connection.is_unread() {
            self.note_unread(hosts.0, hosts.1);
        }
        if self.incomplete.len() < PAIRS
            && connection.flow.sides.iter().any(|side| side.missing > 0)
        {
            self.incomplete.insert(hosts);
        }
        self.index(self.all.len(), &connection);
        self.count(&mut connection);
        self.all.push(connection);
    }

    /// Adds the memory of a connection. Sessions with the same certificate share it from here on.
    fn count(&mut self, connection: &mut Connection) {
        let mut bytes = connection.memory();
        let tls = connection.tls.iter_mut();
        for certificate in tls.flat_map(|tls| tls.certificates_mut()) {
            match self.certificates.entry(certificate.sha256) {
                Entry::Occupied(known) => *certificate = Arc::clone(known.get()),
                Entry::Vacant(place) => {
                    bytes = bytes.saturating_add(certificate.memory());
                    place.insert(Arc::clone(certificate));
                }
            }
        }
        self.memory = self.memory.saturating_add(bytes);
    }

    fn index(&mut self, place: usize, connection: &Connection) {
        let hosts = pair(connection.client().addr, connection.server().addr);
        self.by_stream.insert(connection.flow.stream, place);
        self.by_hosts.entry(hosts).or_default().push(place);
        self.by_server
            .entry(connection.server())
            .or_default()
            .push(place);
    }

    /// Notes a connection that does not concern SIP, where it failed.
    pub fn note_attempt(&mut self, connection: &Connection) {
        let refused = match connection.flow.handshake {
            Handshake::Unanswered => false,
            Handshake::Refused(_) => true,
            _ => return,
        };
        if self.attempts.len() < ATTEMPTS {
            self.attempts.push(Attempt {
                client: connection.client().addr,
                server: connection.server(),
                at: connection.flow.first,
                refused,
            });
        } else {
            self.unkept.add(Some(connection.flow.first));
        }
    }

    /// Failed connections of other services that are not remembered, because there were too many.
    pub fn unkept(&self) -> Unkept {
        self.unkept
    }

    /// Failed attempts of a host to reach an address and port of another service, in the order in which they ended.
    pub fn attempts(
        &self,
        client: IpAddr,
        server: Endpoint,
    ) -> impl Iterator<Item = &Attempt> + use<'_> {
        self.attempts
            .iter()
            .filter(move |a| a.client == client && a.server == server)
    }

    /// Notes that application data went by between two hosts that was not read; also while the connection is still open.
    pub fn note_unread(&mut self, a: IpAddr, b: IpAddr) {
        if self.unread.len() < PAIRS {
            self.unread.insert(pair(a, b));
        }
    }

    /// Whether traffic between two hosts was not read.
    pub fn is_unread(&self, a: IpAddr, b: IpAddr) -> bool {
        self.unread.len() >= PAIRS || self.unread.contains(&pair(a, b))
    }

    /// Whether bytes of a connection between two hosts are missing.
    pub fn is_incomplete(&self, a: IpAddr, b: IpAddr) -> bool {
        self.incomplete.len() >= PAIRS || self.incomplete.contains(&pair(a, b))
    }

    /// Whether any traffic of a host with others was not read.
    pub fn has_unread(&self, host: IpAddr) -> bool {
        self.unread.len() >= PAIRS || self.unread.iter().any(|(a, b)| *a == host || *b == host)
    }

    /// All, in order of appearance once [`Connections::sort`] was called.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Connection> {
        self.all.iter().map(Box::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The connection with this number.
    pub fn by_stream(&self, stream: u32) -> Option<&Connection> {
        Some(self.all.get(*self.by_stream.get(&stream)?)?.as_ref())
    }

    /// Connections between two hosts, either way; the first few hundred.
    pub fn between(&self, a: IpAddr, b: IpAddr) -> impl Iterator<Item = &Connection> + use<'_> {
        self.places(self.by_hosts.get(&pair(a, b)))
    }

    /// Connections to an address and port; the first few hundred.
    pub fn to_server(&self, server: Endpoint) -> impl Iterator<Item = &Connection> + use<'_> {
        self.places(self.by_server.get(&server))
    }

    fn places<'a>(
        &'a self,
        places: Option<&'a Vec<usize>>,
    ) -> impl Iterator<Item = &'a Connection> + use<'a> {
        places
            .into_iter()
            .flatten()
            .take(ALIKE)
            .filter_map(|place| self.all.get(*place).map(Box::as_ref))
    }

    /// Puts them in order of appearance.
    pub fn sort(&mut self) {
        self.all.sort_by_key(|c| (c.flow.first, c.flow.stream));
        self.reindex();
    }

    /// Takes out the older half.
    pub fn take_older_half(&mut self) -> Boxes {
        let rest = self.all.split_off(self.all.len() / 2);
        let older = std::mem::replace(&mut self.all, rest);
        self.memory = 0;
        self.certificates.clear();
        let mut rest = std::mem::take(&mut self.all);
        rest.iter_mut().for_each(|one| self.count(one));
        self.all = rest;
        self.reindex();
        older
    }

    /// Bytes of memory that they take, about.
    pub const fn memory(&self) -> usize {
        self.memory
    }

    /// Takes all out.
    pub fn into_vec(self) -> Boxes {
        self.all
    }

    fn reindex(&mut self) {
        self.by_stream.clear();
        self.by_hosts.clear();
        self.by_server.clear();
        let all = std::mem::take(&mut self.all);
        for (place, connection) in all.iter().enumerate() {
            self.index(place, connection);
        }
        self.all = all;
    }
}

impl From<Boxes> for Connections {
    fn from(all: Boxes) -> Self {
        let mut set = Self::default();
        for connection in all {
            set.push(connection);
        }
        set
    }
}
