//! Which packets are looked at.

use super::config::{Config, Scope};
use crate::base::Network;
use crate::report::{Coverage, Fate, Frames};
use std::net::IpAddr;

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InScope {
    /// Look at it.
    Yes,
    /// The first packet of the lab: look at it, and forget all before.
    FromHereOn,
    /// Count it only.
    No,
}

/// Decides packet by packet. With [`Scope::Auto`] everything is analysed until the first packet of the lab shows up; from
/// then on only the lab is, and what came before is forgotten, so that the result is that of `--net` with the lab's networks.
#[derive(Debug)]
pub(super) struct ScopeState {
    networks: Vec<Network>,
    auto: bool,
    everything: bool,
    reason: &'static str,
    inside: u64,
    outside: u64,
    /// Frames without an address, which concern no network in particular.
    unaddressed: Frames,
}

impl ScopeState {
    pub(super) fn new(config: &Config) -> Self {
        let (networks, auto, everything, reason) = match &config.scope {
            Scope::Auto => (
                config.profile.lab_networks(),
                true,
                true,
                "no traffic of the lab in the capture, so everything was analysed",
            ),
            Scope::Any => (Vec::new(), false, true, "as asked for with --net any"),
            Scope::Only(networks) => (networks.clone(), false, false, "as asked for with --net"),
        };
        Self {
            networks,
            auto,
            everything,
            reason,
            inside: 0,
            outside: 0,
            unaddressed: Frames::default(),
        }
    }

    /// Where frames without an address are counted: ARP and the like, and what could not be read.
    pub(super) const fn unaddressed(&mut self) -> &mut Frames {
        &mut self.unaddressed
    }

    /// Judges a packet by its addresses; packets without (ARP and the like) concern no network in particular.
    pub(super) fn admit(&mut self, src: Option<IpAddr>, dst: Option<IpAddr>) -> InScope {
        if src.is_none() && dst.is_none() {
            return if self.everything {
                InScope::Yes
            } else {
                InScope::No
            };
        }
        if self.everything && !self.auto {
            self.inside += 1;
            return InScope::Yes;
        }
        let matches = [src, dst]
            .into_iter()
            .flatten()
            .any(|a| self.networks.iter().any(|n| n.contains(a)));
        match (matches, self.everything) {
            (true, true) => {
                self.everything = false;
                self.auto = false;
                self.reason = "the network of the lab, because the capture has traffic of it";
                self.outside += self.inside;
                self.inside = 1;
                InScope::FromHereOn
            }
            (true, false) | (false, true) => {
                self.inside += 1;
                InScope::Yes
            }
            (false, false) => {
                self.outside += 1;
                InScope::No
            }
        }
    }

    /// What was in scope, and why.
    pub(super) fn coverage(&self) -> Coverage {
        let unaddressed = self.unaddressed.total();
        let mut frames = self.unaddressed.clone();
        frames.add(Fate::OutOfScope, self.outside);
        let (inside, outside) = if self.everything {
            (self.inside.saturating_add(unaddressed), self.outside)
        } else {
            (self.inside, self.outside.saturating_add(unaddressed))
        };
        Coverage {
            networks: if self.everything {
                Vec::new()
            } else {
                self.networks.clone()
            },
            networks_reason: self.reason,
            packets_in_scope: inside,
            packets_out_of_scope: outside,
            frames,
            ..Coverage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_lab_takes_over_when_its_first_packet_shows_up() {
        let mut scope = ScopeState::new(&Config::default());
        assert_eq!(
            scope.admit(addr("192.0.2.1"), addr("192.0.2.2")),
            InScope::Yes
        );
        assert_eq!(
            scope.admit(addr("10.1.1.10"), addr("192.0.2.2")),
            InScope::FromHereOn
        );
        assert_eq!(
            scope.admit(addr("192.0.2.1"), addr("192.0.2.2")),
            InScope::No
        );
        assert_eq!(
            scope.admit(addr("192.0.2.1"), addr("10.1.1.20")),
            InScope::Yes
        );
        let coverage = scope.coverage();
        assert_eq!(
            (coverage.packets_in_scope, coverage.packets_out_of_scope),
            (2, 2)
        );
        assert_eq!(coverage.networks.len(), 1);
    }

    #[test]
    fn without_the_lab_everything_is_in_scope() {
        let mut scope = ScopeState::new(&Config::default());
        assert_eq!(
            scope.admit(addr("192.0.2.1"), addr("192.0.2.2")),
            InScope::Yes
        );
        assert_eq!(scope.admit(None, None), InScope::Yes);
        assert!(scope.coverage().networks.is_empty());
    }
}
