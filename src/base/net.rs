//! Addresses, transports and the direction-free name of a flow.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::str::FromStr;

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Innermost IP address.
    pub addr: IpAddr,
    /// Port number.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint of an address and a port.
    pub const fn new(addr: IpAddr, port: u16) -> Self {
        Self { addr, port }
    }
}

impl Hash for Endpoint {
    /// As numbers: the derived form hashes an address byte by byte, and this is asked for with every packet.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.addr {
            IpAddr::V4(v4) => state.write_u64(u64::from(v4.to_bits()) << 16 | u64::from(self.port)),
            IpAddr::V6(v6) => {
                state.write_u128(v6.to_bits());
                state.write_u16(self.port);
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(a) => write!(f, "{a}:{}", self.port),
            IpAddr::V6(a) => write!(f, "[{a}]:{}", self.port),
        }
    }
}

/// The transport below SIP or TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP (RFC 768).
    Udp,
    /// TCP (RFC 9293).
    Tcp,
}

/// Who sent: the originator of a flow is the side that opened it (or, when that was not seen, sent first).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the side that opened the flow: the client of TCP and TLS.
    Originator,
    /// From the side that was called: the server.
    Responder,
}

impl Direction {
    /// The other direction.
    pub const fn reverse(self) -> Self {
        match self {
            Self::Originator => Self::Responder,
            Self::Responder => Self::Originator,
        }
    }

    /// 0 for the originator, 1 for the responder: a place in an array of two.
    pub const fn index(self) -> usize {
        match self {
            Self::Originator => 0,
            Self::Responder => 1,
        }
    }
}

/// The same value for both directions of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// The smaller endpoint.
    pub low: Endpoint,
    /// The larger endpoint.
    pub high: Endpoint,
    /// The transport.
    pub transport: Transport,
}

impl FlowKey {
    /// The key of a packet from `src` to `dst`.
    pub fn new(src: Endpoint, dst: Endpoint, transport: Transport) -> Self {
        let (low, high) = if src <= dst { (src, dst) } else { (dst, src) };
        Self {
            low,
            high,
            transport,
        }
    }
}

/// An IP network: address and prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    addr: IpAddr,
    prefix: u8,
}

impl Network {
    /// A network; host bits are cleared. `None` when the prefix is longer than the address.
    pub fn new(addr: IpAddr, prefix: u8) -> Option<Self> {
        let masked = match addr {
            IpAddr::V4(a) if prefix <= 32 => IpAddr::V4((a.to_bits() & mask32(prefix)).into()),
            IpAddr::V6(a) if prefix <= 128 => IpAddr::V6((a.to_bits() & mask128(prefix)).into()),
            _ => return None,
        };
        Some(Self {
            addr: masked,
            prefix,
        })
    }

    /// Its first address.
    pub const fn address(&self) -> IpAddr {
        self.addr
    }

    /// Bits of the prefix.
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the address lies in this network.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(n), IpAddr::V4(a)) => (a.to_bits() & mask32(self.prefix)) == n.to_bits(),
            (IpAddr::V6(n), IpAddr::V6(a)) => (a.to_bits() & mask128(self.prefix)) == n.to_bits(),
            _ => false,
        }
    }
}

fn mask32(prefix: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0)
}

fn mask128(prefix: u8) -> u128 {
    u128::MAX
        .checked_shl(128 - u32::from(prefix.min(128)))
        .unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// What is wrong with a text that should be a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkError(String);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a network; write an address and a prefix length, as in 10.1.1.0/24",
            self.0
        )
    }
}

impl std::error::Error for NetworkError {}

impl FromStr for Network {
    type Err = NetworkError;

    /// `10.1.1.0/24`, `2001:db8::/32`, or an address alone (one host).
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let fail = || NetworkError(text.to_owned());
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| fail())?;
        let longest = if addr.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(p) => p.parse().map_err(|_| fail())?,
            None => longest,
        };
        Self::new(addr, prefix).ok_or_else(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let lab: Network = "10.1.1.77/24".parse().unwrap();
        assert_eq!(lab.to_string(), "10.1.1.0/24");
        assert!(lab.contains("10.1.1.255".parse().unwrap()));
        assert!(!lab.contains("10.1.2.0".parse().unwrap()));
        assert!(!lab.contains("::1".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("255.1.2.3".parse().unwrap()));
        let v6: Network = "2001:db8::/32".parse().unwrap();
        assert!(v6.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn a_bad_network_says_how_a_good_one_looks() {
        let said = "10.1.1.0/33".parse::<Network>().unwrap_err().to_string();
        assert!(said.contains("10.1.1.0/24"), "{said}");
        assert!("lab".parse::<Network>().is_err());
    }

    #[test]
    fn a_flow_has_one_key_for_both_directions() {
        let a = Endpoint::new("10.1.1.10".parse().unwrap(), 49301);
        let b = Endpoint::new("10.1.1.20".parse().unwrap(), 5061);
        assert_eq!(
            FlowKey::new(a, b, Transport::Tcp),
            FlowKey::new(b, a, Transport::Tcp)
        );
    }
}
