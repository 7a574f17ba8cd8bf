//! What a check may know beside its subject.

use crate::base::{Endpoint, FrameRef, Span};
use crate::connection::{Connection, Connections};
use crate::dialog::{History, Tally};
use crate::dns::Lookups;
use crate::host::{Hosts, Role};
use crate::lab::Profile;
use std::net::IpAddr;

/// Connections looked at where no index helps.
const LOOKED_AT: usize = 2_048;

/// Why an absence between two hosts may be no absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// A TLS session between them was not decrypted.
    Encrypted,
    /// Bytes of their connections are not in the capture.
    Missing,
}

/// Everything around the subject: configuration, roles, the other connections, and how far the capture reaches.
#[derive(Debug)]
pub struct Context<'a> {
    /// The lab profile.
    pub profile: &'a Profile,
    /// Who is who.
    pub hosts: &'a Hosts,
    /// The connections known so far.
    pub set: &'a Connections,
    /// Names asked for, and what was answered.
    pub names: &'a Lookups,
    /// How requests came out between two hosts; complete for a [`super::Check::Capture`], for others as far as calls have ended.
    pub tally: &'a Tally,
    /// What became of the same requests of the same users in all calls that have ended; at the end of the capture, of all calls.
    pub history: &'a History,
    /// The last frame of the capture.
    pub last: FrameRef,
}

impl<'a> Context<'a> {
    /// How long the capture goes on after a frame.
    pub fn remaining(&self, at: FrameRef) -> Span {
        self.last.time.since(at.time)
    }

    /// What to call a host.
    pub fn label(&self, address: IpAddr) -> String {
        self.hosts.label(address)
    }

    /// The role of a host.
    pub fn role(&self, address: IpAddr) -> Role {
        self.hosts.role(address)
    }

    /// Connections between two hosts, either way.
    pub fn between(&self, a: IpAddr, b: IpAddr) -> impl Iterator<Item = &'a Connection> + use<'a> {
        self.set.between(a, b)
    }

    /// Connections to an address and port.
    pub fn to_server(&self, server: Endpoint) -> impl Iterator<Item = &'a Connection> + use<'a> {
        self.set.to_server(server)
    }

    /// The first few thousand connections, for rules that look for one of any kind: a flood must not cost the square of its
    /// size.
    pub fn some_connections(&self) -> impl Iterator<Item = &'a Connection> + use<'a> {
        self.set.all().take(LOOKED_AT)
    }

    /// The connection with this number (Wireshark's `tcp.stream`).
    pub fn connection(&self, stream: u32) -> Option<&'a Connection> {
        self.set.by_stream(stream)
    }

    /// Why a message between two hosts might have gone by unseen.
    pub fn unread_between(&self, a: IpAddr, b: IpAddr) -> Option<Unread> {
        if self.set.is_unread(a, b) {
            Some(Unread::Encrypted)
        } else if self.set.is_incomplete(a, b) {
            Some(Unread::Missing)
        } else {
            None
        }
    }

    /// Whether a host had traffic with anybody that was not read.
    pub fn has_unread(&self, host: IpAddr) -> bool {
        self.set.has_unread(host)
    }
}
