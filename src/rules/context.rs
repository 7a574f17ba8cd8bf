//! What a check may know beside its subject.

use crate::base::{FrameRef, Span};
use crate::connection::Connection;
use crate::host::{Hosts, Role};
use crate::lab::Profile;
use std::net::IpAddr;

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
    /// The connections known so far, in order of appearance.
    pub connections: &'a [Connection],
    /// The first frame in scope.
    pub first: FrameRef,
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
        self.connections.iter().filter(move |c| {
            let (client, server) = (c.client().addr, c.server().addr);
            (client, server) == (a, b) || (client, server) == (b, a)
        })
    }

    /// Why a message between two hosts might have gone by unseen.
    pub fn unread_between(&self, a: IpAddr, b: IpAddr) -> Option<Unread> {
        let mut missing = None;
        for connection in self.between(a, b) {
            if connection.is_unread() {
                return Some(Unread::Encrypted);
            }
            if connection.flow.sides.iter().any(|side| side.missing > 0) {
                missing = Some(Unread::Missing);
            }
        }
        missing
    }
}
