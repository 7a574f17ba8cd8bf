//! Addresses to roles: which box is Lync, which is Cisco, each with the evidence for it.
//!
//! Order of trust: lab profile, SIP headers, names in certificates, ports. A host nobody can place stays unknown and is
//! called by its address.

mod clock;
mod clues;
mod role;

pub use clock::Reading;
pub use role::Role;

use crate::base::{FrameRef, Unkept};
use crate::connection::Connection;
use crate::dialog::Seen;
use crate::lab::Profile;
use clock::OwnClock;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use litemap::LiteMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A reason to think that a host has a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// What the host would be.
    pub role: Role,
    /// How much it says: 1 a hint, 3 a fingerprint, 10 configured.
    pub weight: u8,
    /// In words.
    pub text: String,
    /// Where it was seen; `None` when it was configured.
    pub at: Option<FrameRef>,
}

/// One host.
#[derive(Debug, Clone, Default)]
pub struct Host {
    clues: Vec<Clue>,
    /// What they say: asked for with every request.
    role: Role,
    /// Names from certificates it presented, best first.
    names: Vec<String>,
    /// SIP traffic or a connection meant for it was seen.
    pub concerns_sip: bool,
    /// It sent at least one packet.
    pub speaks: bool,
    looked_at: u32,
    clock: OwnClock,
    /// Domains of the senders behind it, with the first request of each.
    domains: LiteMap<String, Sent>,
    /// The maddr of the Record-Route it puts on top, with the first such request.
    maddr: Option<(String, Sent)>,
    /// Names in its Record-Route and Contact, where requests of a dialog must go.
    route_hosts: LiteMap<String, Sent>,
}

/// A request that shows something of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Where it was seen.
    pub at: FrameRef,
    /// To whom it went.
    pub to: IpAddr,
}

/// All hosts in scope.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    by_address: HashMap<IpAddr, Host, FixedState>,
    /// The hosts that send for a domain, the first few.
    by_domain: HashMap<String, Vec<IpAddr>, FixedState>,
    /// Messages and connections of further hosts or domains.
    unkept: Unkept,
}

/// Messages of one host searched for clues; a busy server tells all in the first few.
const LOOKS: u32 = 64;
/// Clues kept of one host.
const CLUES: usize = 16;
/// Hosts kept; a scan of a network must not fill the report. A table of 4 096 places holds as many without growing.
const HOSTS: usize = 3_584;
/// Names kept of one host.
const NAMES: usize = 8;

impl Hosts {
    /// What the lab profile says.
    pub fn new(profile: &Profile) -> Self {
        let mut hosts = Self::default();
        let configured = [
            (&profile.lync.hosts, Role::Lync, profile.lync.fqdn.as_ref()),
            (&profile.lync.edge, Role::Edge, None),
            (
                &profile.cisco.hosts,
                Role::Cisco,
                profile.cisco.fqdn.as_ref(),
            ),
        ];
        for (addresses, role, name) in configured {
            for address in addresses {
                let host = hosts.by_address.entry(*address).or_default();
                host.add(Clue {
                    role,
                    weight: 10,
                    text: "the lab profile says so".to_owned(),
                    at: None,
                });
                host.names.extend(name.cloned());
            }
        }
        hosts
    }

    /// The entry of an address, unless there are too many.
    fn entry(&mut self, address: IpAddr) -> Option<&mut Host> {
        if self.by_address.len() >= HOSTS && !self.by_address.contains_key(&address) {
            return None;
        }
        Some(self.by_address.entry(address).or_default())
    }

    /// Learns from a SIP message.
    pub fn message(&mut self, seen: &Seen) {
        if !self.learn(seen) {
            self.unkept.add(Some(seen.at()));
        }
    }

    /// `false` where there is no room for what it tells.
    fn learn(&mut self, seen: &Seen) -> bool {
        let receiver = self.entry(seen.hop.dst.addr);
        let known = receiver.is_some();
        if let Some(host) = receiver {
            host.concerns_sip = true;
        }
        let Some(host) = self.entry(seen.hop.src.addr) else {
            return false;
        };
        host.concerns_sip = true;
        host.speaks = true;
        if host.looked_at >= LOOKS {
            return known;
        }
        host.looked_at += 1;
        clues::of_message(seen, &mut |clue| host.add(clue));
        host.clock.message(seen);
        let domain = host.request(seen);
        host.route(seen);
        if let Some(domain) = domain {
            let known = self.by_domain.len();
            if known < HOSTS || self.by_domain.contains_key(&domain) {
                let of_domain = self.by_domain.entry(domain).or_default();
                let address = seen.hop.src.addr;
                if of_domain.len() < NAMES && !of_domain.contains(&address) {
                    of_domain.push(address);
                }
            } else {
                return false;
            }
        }
        known
    }

    /// Messages and connections that told nothing, because their hosts came behind too many others.
    pub fn unkept(&self) -> Unkept {
        self.unkept
    }

    /// Hosts behind which senders of a domain (in lower case) are, the first few.
    pub fn of_domain(&self, domain: &str) -> &[IpAddr] {
        self.by_domain.get(domain).map_or(&[], Vec::as_slice)
    }

    /// Learns from a connection.
    pub fn connection(&mut self, connection: &Connection) {
        let mut known = true;
        for (endpoint, side) in [connection.client(), connection.server()]
            .into_iter()
            .zip(&connection.flow.sides)
        {
            match self.entry(endpoint.addr) {
                Some(host) => {
                    host.speaks |= side.segments > 0;
                    host.concerns_sip |= connection.concerns_sip();
                }
                None => known = false,
            }
        }
        if !known {
            self.unkept.add(Some(connection.flow.first));
        }
        self.hellos(connection);
        clues::of_connection(connection, &mut |address, clue, names| {
            if let Some(host) = self.entry(address) {
                for name in names {
                    if host.names.len() < NAMES && !host.names.contains(&name) {
                        host.names.push(name);
                    }
                }
                if let Some(clue) = clue {
                    host.add(clue);
                }
            }
        });
    }

    /// Learns the clocks of both ends from their hellos. TLS 1.3 has nothing but random bytes there.
    fn hellos(&mut self, connection: &Connection) {
        let Some(tls) = connection.tls.as_ref().filter(|tls| !tls.is_tls13()) else {
            return;
        };
        let client = tls.client_hello.as_ref();
        let server = tls.server_hello.as_ref();
        let readings = [
            (
                tls.client(),
                client.and_then(|h| Some((h.at, h.gmt_unix_time()?))),
            ),
            (tls.server(), server.map(|h| (h.at, h.gmt_unix_time()))),
        ];
        for (side, reading) in readings {
            let host = self.entry(connection.flow.sender(side).addr);
            if let (Some(host), Some((at, seconds))) = (host, reading) {
                host.clock.hello(at, seconds);
            }
        }
    }

    /// Learns that a host answers DNS queries.
    pub fn name_server(&mut self, address: IpAddr, at: FrameRef) {
        let Some(host) = self.entry(address) else {
            self.unkept.add(Some(at));
            return;
        };
        host.speaks = true;
        host.add(Clue {
            role: Role::Dns,
            weight: 2,
            text: "answers DNS queries".to_owned(),
            at: Some(at),
        });
    }

    /// The role of an address.
    pub fn role(&self, address: IpAddr) -> Role {
        self.by_address
            .get(&address)
            .map_or(Role::Unknown, Host::role)
    }

    /// The host at an address.
    pub fn get(&self, address: IpAddr) -> Option<&Host> {
        self.by_address.get(&address)
    }

    /// All hosts by address.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &Host)> {
        let mut all: Vec<(IpAddr, &Host)> = self
            .by_address
            .iter()
            .map(|(address, host)| (*address, host))
            .collect();
        all.sort_unstable_by_key(|(address, _)| *address);
        all.into_iter()
    }

    /// Whether the address is a Microsoft server.
    pub fn is_microsoft(&self, address: IpAddr) -> bool {
        matches!(self.role(address), Role::Lync | Role::Edge)
    }

    /// Whether the address is a Cisco presence server.
    pub fn is_cisco(&self, address: IpAddr) -> bool {
        self.role(address) == Role::Cisco
    }

    /// What to call an address in a sentence: `Lync 10.1.1.10`, `Cisco 10.1.1.20`, `10.1.1.30`.
    pub fn label(&self, address: IpAddr) -> String {
        match self.role(address) {
            Role::Unknown => address.to_string(),
            role => format!("{} {address}", role.word()),
        }
    }

    /// Names of an address, from certificates and the profile.
    pub fn names(&self, address: IpAddr) -> &[String] {
        self.by_address
            .get(&address)
            .map_or(&[], |host| host.names.as_slice())
    }
}

impl Host {
    /// Learns from a request it sent; gives the domain of its sender where it is new.
    fn request(&mut self, seen: &Seen) -> Option<String> {
        let message = &seen.message;
        if !message.is_request() {
            return None;
        }
        let sent = Sent {
            at: seen.at(),
            to: seen.hop.dst.addr,
        };
        let domain = message
            .from()
            .and_then(|from| from.uri())
            .and_then(|uri| uri.host_name())
            .filter(|domain| domain.parse::<IpAddr>().is_err())
            .map(|domain| domain.to_ascii_lowercase());
        let mut new = None;
        if let Some(domain) = domain
            && self.domains.len() < NAMES
            && !self.domains.contains_key(&domain)
        {
            place(&mut self.domains).insert(domain.clone(), sent);
            new = Some(domain);
        }
        let maddr = message
            .record_routes()
            .next()
            .and_then(|route| route.uri())
            .and_then(|uri| uri.maddr());
        if let Some(maddr) = maddr
            && self.maddr.is_none()
        {
            self.maddr = Some((maddr.to_str().into_owned(), sent));
        }
        new
    }

    /// Learns where it wants requests of a dialog to go.
    fn route(&mut self, seen: &Seen) {
        let message = &seen.message;
        let top = message.record_routes().next().and_then(|route| route.uri());
        let uri = match top {
            Some(uri) => Some(uri),
            None => message.contact().and_then(|contact| contact.uri()),
        };
        // A Contact with a user is a user's address: its domain is found by SRV.
        let Some(uri) = uri.filter(|uri| top.is_some() || uri.user_name().is_none()) else {
            return;
        };
        let name = match uri.maddr() {
            Some(maddr) => Some(maddr.to_str().into_owned()),
            None => uri.host_name().map(std::borrow::Cow::into_owned),
        };
        if let Some(name) = name
            && self.route_hosts.len() < NAMES
            && name.parse::<IpAddr>().is_err()
        {
            let sent = Sent {
                at: seen.at(),
                to: seen.hop.dst.addr,
            };
            place(&mut self.route_hosts)
                .entry(name.to_ascii_lowercase())
                .or_insert(sent);
        }
    }

    /// Names in its Record-Route and Contact.
    pub fn route_hosts(&self) -> impl Iterator<Item = (&str, &Sent)> {
        self.route_hosts
            .iter()
            .map(|(name, sent)| (name.as_str(), sent))
    }

    /// Domains of the senders behind it, in the order of their names, with the first request of each.
    pub fn domains(&self) -> impl Iterator<Item = (&str, &Sent)> {
        self.domains
            .iter()
            .map(|(domain, sent)| (domain.as_str(), sent))
    }

    /// What it says of its own clock, where that can be believed.
    pub fn clock(&self) -> Option<Reading> {
        self.clock.reading()
    }

    /// The maddr of the Record-Route it puts on top of its requests.
    pub fn maddr(&self) -> Option<(&str, &Sent)> {
        self.maddr
            .as_ref()
            .map(|(maddr, sent)| (maddr.as_str(), sent))
    }

    fn add(&mut self, clue: Clue) {
        let known = self
            .clues
            .iter()
            .any(|c| c.role == clue.role && c.text == clue.text);
        if !known && self.clues.len() < CLUES {
            self.clues.push(clue);
            self.role = self.weigh();
        }
    }

    /// The role with the most weight behind it; unknown when two are level.
    pub const fn role(&self) -> Role {
        self.role
    }

    fn weigh(&self) -> Role {
        let weight = |role: Role| -> u32 {
            let of_role = self.clues.iter().filter(|clue| clue.role == role);
            of_role.map(|clue| u32::from(clue.weight)).sum()
        };
        let mut best = (Role::Unknown, 0);
        for clue in &self.clues {
            let weight = weight(clue.role);
            if weight > best.1 {
                best = (clue.role, weight);
            } else if weight == best.1 && clue.role != best.0 {
                best.0 = Role::Unknown;
            }
        }
        best.0
    }

    /// The evidence for its role, strongest first.
    pub fn evidence(&self) -> Vec<&Clue> {
        let role = self.role();
        let mut clues: Vec<&Clue> = self.clues.iter().filter(|c| c.role == role).collect();
        clues.sort_by_key(|c| std::cmp::Reverse(c.weight));
        clues
    }

    /// Its names, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.names
            .iter()
            .map(String::as_str)
            .filter(|name| seen.insert(*name))
            .collect()
    }
}

/// Room for one more: most hosts have one, and there are thousands of hosts in a flood.
fn place(map: &mut LiteMap<String, Sent>) -> &mut LiteMap<String, Sent> {
    if map.is_empty() {
        *map = LiteMap::with_capacity(1);
    }
    map
}
