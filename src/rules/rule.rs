//! What a rule is made of.

use super::Reporter;
use crate::connection::Connection;
use crate::dialog::{Call, Transaction};
use crate::finding::Severity;
use crate::presence::Subscription;

/// The layer a rule speaks of. The order is the order of blame: a lower layer's fault explains the ones above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Name resolution.
    Dns,
    /// TCP, UDP, ICMP and what is carried on which port.
    Transport,
    /// The TLS handshake.
    Tls,
    /// Certificates.
    Cert,
    /// SIP authentication.
    Auth,
    /// Whom a server trusts.
    Trust,
    /// SIP routing.
    Routing,
    /// Presence.
    Presence,
    /// Instant messaging.
    Im,
}

impl Class {
    /// The folder of its rules and its name in the catalogue.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Transport => "transport",
            Self::Tls => "tls",
            Self::Cert => "cert",
            Self::Auth => "auth",
            Self::Trust => "trust",
            Self::Routing => "routing",
            Self::Presence => "presence",
            Self::Im => "im",
        }
    }
}

/// How well the facts behind a rule are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// Read in the vendor's documents or the standard.
    Verified,
    /// Measured with real programs in a lab.
    Measured,
    /// Combined from verified facts.
    Deduced,
    /// General knowledge without a source: never high confidence alone.
    Unsourced,
}

impl Knowledge {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Verified => "verified in the sources below",
            Self::Measured => "measured with real programs in a lab",
            Self::Deduced => "deduced from verified facts",
            Self::Unsourced => "general knowledge without a public source: treat as a candidate",
        }
    }
}

/// What to do, by side; the rule's general steps.
#[derive(Debug, Clone, Copy)]
pub struct Fix {
    /// On the Cisco side.
    pub cisco: &'static [&'static str],
    /// On the Microsoft side.
    pub microsoft: &'static [&'static str],
    /// In the network.
    pub network: &'static [&'static str],
}

/// How a cause and its consequence must hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// They happened on the same connection.
    Connection,
    /// They share a Call-ID.
    Call,
    /// Between the same two hosts, whoever called.
    Hosts,
    /// They have at least one host in common: a proxy reports to one side what failed on the other.
    Neighbour,
}

/// Rules that, where they fired nearby, take the blame for this one.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedBy {
    /// Names of the rules.
    pub rules: &'static [&'static str],
    /// How near.
    pub link: Link,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Check {
    /// One TCP connection with its TLS handshake.
    Connection(fn(&Connection, &mut Reporter<'_, '_>)),
    /// One SIP transaction on one hop.
    Transaction(fn(&Transaction<'_>, &Call, &mut Reporter<'_, '_>)),
    /// One SIP transaction on one hop whose final response is 400 or above.
    Refusal(fn(&Transaction<'_>, &Call, &mut Reporter<'_, '_>)),
    /// The subscriptions to presence of a call that has any, or has a transaction that may be of one.
    Presence(fn(&[Subscription<'_>], &Call, &[Transaction<'_>], &mut Reporter<'_, '_>)),
    /// All messages with one Call-ID.
    Call(fn(&Call, &[Transaction<'_>], &mut Reporter<'_, '_>)),
    /// The capture as a whole, after its end: lookups of names, tallies, the profile against the wire.
    Capture(fn(&mut Reporter<'_, '_>)),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connection(_) => "Connection",
            Self::Transaction(_) => "Transaction",
            Self::Refusal(_) => "Refusal",
            Self::Presence(_) => "Presence",
            Self::Call(_) => "Call",
            Self::Capture(_) => "Capture",
        })
    }
}

/// One known failure: everything about it in one value.
#[derive(Debug)]
pub struct Rule {
    /// Stable for ever, never reused; says the deviation. The names of the failure catalogue.
    pub name: &'static str,
    /// The layer.
    pub class: Class,
    /// How bad it usually is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// What it means on the wire and for the user.
    pub explanation: &'static str,
    /// Why it happens, likeliest first.
    pub causes: &'static [&'static str],
    /// How to make sure before changing anything.
    pub confirm: &'static [&'static str],
    /// The general steps.
    pub fix: Fix,
    /// How well its facts are known.
    pub knowledge: Knowledge,
    /// Where they are from.
    pub references: &'static [&'static str],
    /// The version that brought it.
    pub since: &'static str,
    /// Which findings take the blame.
    pub explained_by: &'static [ExplainedBy],
    /// What it looks at.
    pub check: Check,
}
