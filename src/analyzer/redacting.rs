//! `--redact`: names and addresses become pseudonyms as soon as they are known, so that nothing behind it ever holds an original.

use super::config::Config;
use crate::base::Network;
use crate::connection::{Connection, Speaks};
use crate::dialog::Seen;
use crate::lab::Profile;
use crate::packet::{IcmpError, Packet, Payload};
use crate::redact::{Pseudonyms, Redaction};
use crate::tls::Renaming;
use std::net::IpAddr;

impl Config {
    /// For captures that are redacted already: only what is configured gets pseudonyms.
    pub fn for_redacted(&mut self) {
        let redactor = Redactor(self.redact.take());
        redactor.profile(&mut self.profile);
    }
}

/// Replaces, where redaction is wanted.
#[derive(Debug, Default)]
pub(super) struct Redactor(pub(super) Option<Redaction>);

impl Redactor {
    /// The packet with other addresses; `None`: as it is.
    pub(super) fn packet<'a>(&self, packet: &Packet<'a>) -> Option<Packet<'a>> {
        let redaction = self.0.as_ref()?;
        let mut packet = *packet;
        redaction.with(|names| {
            packet.src = packet.src.map(|a| names.address(a));
            packet.dst = packet.dst.map(|a| names.address(a));
            if let Payload::IcmpError(error) = packet.payload {
                packet.payload = Payload::IcmpError(icmp(error, names));
            }
        });
        // Ends of tunnels are nobody's business.
        packet.outer = &[];
        Some(packet)
    }

    /// The message with other names.
    pub(super) fn message(&self, seen: &mut Seen) {
        if let Some(redaction) = &self.0 {
            redaction.with(|names| names.message(&mut seen.message));
        }
    }

    /// A DNS message with other names; `None`: as it is.
    pub(super) fn dns(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let redaction = self.0.as_ref()?;
        let mut copy = payload.to_vec();
        redaction.with(|names| names.dns(&mut copy));
        Some(copy)
    }

    /// The connection with other names.
    pub(super) fn connection(&self, connection: &mut Connection) {
        let Some(redaction) = &self.0 else {
            return;
        };
        redaction.with(|names| {
            let speaks = connection.speaks;
            for (opening, speaks) in connection.opening.iter_mut().zip(speaks) {
                if let Some(opening) = opening.as_mut().filter(|_| speaks != Speaks::Tls) {
                    names.sip(&mut opening.bytes);
                }
            }
            for facts in connection.websocket.iter_mut().flatten() {
                if let Some(close) = &mut facts.close {
                    close.reason = names.text(&close.reason);
                }
            }
            if let Some(tls) = &mut connection.tls {
                // One at a time borrows the names.
                let names = std::cell::RefCell::new(names);
                tls.rename(&mut Renaming {
                    host: &mut |host| names.borrow_mut().host_name(host),
                    name: &mut |name| names.borrow_mut().distinguished_name(name),
                    certificate: &mut |der| names.borrow_mut().certificate(der),
                    answer: &mut |bytes| names.borrow_mut().sip(bytes),
                });
            }
        });
    }

    /// The profile with the names that the capture gets. Its networks stay until they are shown: they say what is in scope.
    pub(super) fn profile(&self, profile: &mut Profile) {
        let Some(redaction) = &self.0 else {
            return;
        };
        redaction.with(|names| {
            let lists = [
                &mut profile.lync.hosts,
                &mut profile.lync.edge,
                &mut profile.cisco.hosts,
            ];
            for address in lists.into_iter().flatten() {
                *address = names.address(*address);
            }
            for name in profile.names_mut() {
                *name = entry(name, names);
            }
            profile
                .authorities
                .rename(&mut |der| names.certificate(der));
        });
    }

    /// Networks as they are shown.
    pub(super) fn networks(&self, networks: &mut [Network]) {
        if let Some(redaction) = &self.0 {
            for network in networks {
                let other = redaction.with(|names| names.address(network.address()));
                if let Some(renamed) = Network::new(other, network.prefix()) {
                    *network = renamed;
                }
            }
        }
    }

    /// What the user wrote in the configuration.
    pub(super) fn text(&self, text: &mut String) {
        if let Some(redaction) = &self.0 {
            *text = redaction.with(|names| names.text(text));
        }
    }
}

/// An entry of an access list: an address, a network, a name, or `all`.
fn entry(text: &str, names: &mut Pseudonyms) -> String {
    if text.trim().eq_ignore_ascii_case("all") {
        return text.to_owned();
    }
    if let Ok(address) = text.trim().parse::<IpAddr>() {
        return names.address(address).to_string();
    }
    if let Ok(network) = text.trim().parse::<Network>() {
        let other = Network::new(names.address(network.address()), network.prefix());
        return other.map_or_else(|| text.to_owned(), |n| n.to_string());
    }
    names.host_name(text)
}

fn icmp(error: IcmpError, names: &mut Pseudonyms) -> IcmpError {
    let mut error = error;
    error.source = names.address(error.source);
    if let Some(quoted) = &mut error.quoted {
        quoted.src = names.address(quoted.src);
        quoted.dst = names.address(quoted.dst);
    }
    error
}
