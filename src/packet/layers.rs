//! The names of the headers of a packet, outermost first, and what tags and tunnels are identified by.

use std::fmt;
use std::net::IpAddr;

/// Names kept of one packet; deeper ones are not listed.
const NAMES: usize = 12;

/// Header names such as `eth`, `vlan`, `ip`, `tcp`, outermost first. Cheap to copy; holds the first twelve.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Layers {
    names: [Option<&'static str>; NAMES],
    ids: [u32; NAMES],
    /// A bit for each name: it is a tag or a tunnel, part of the outer path.
    tags: u16,
    /// A bit for each name: its place in `ids` is filled.
    identified: u16,
    len: u8,
}

/// One stretch of the way on which the innermost packet came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The header: `vlan`, `mpls`, `gre`, `vxlan` … or, of an outer IP header, `ip` and `ipv6`.
    pub name: &'static str,
    /// What the tag or tunnel is identified by, where it has something: VLAN identifier, MPLS label, GRE key, network identifier of
    /// VXLAN and Geneve, tunnel endpoint identifier of GTP, ERSPAN session, capture agent of HEP …
    pub id: Option<u32>,
    /// Source and destination of an outer IP header.
    pub ends: Option<(IpAddr, IpAddr)>,
}

impl Layers {
    pub(super) fn push(&mut self, name: &'static str) {
        if let Some(slot) = self.names.get_mut(usize::from(self.len)) {
            *slot = Some(name);
            self.len = self.len.saturating_add(1);
        }
    }

    /// As [`Self::push`], for a tag or tunnel.
    pub(super) fn tag(&mut self, name: &'static str, id: Option<u32>) {
        let bit = 1u16.checked_shl(u32::from(self.len)).unwrap_or(0);
        if let Some(place) = self.ids.get_mut(usize::from(self.len)) {
            self.tags |= bit;
            if let Some(id) = id {
                *place = id;
                self.identified |= bit;
            }
        }
        self.push(name);
    }

    /// What the innermost name, a tag or tunnel, is identified by.
    pub(super) fn identify(&mut self, id: u32) {
        let last = self.len.saturating_sub(1);
        if let Some(place) = self.ids.get_mut(usize::from(last)) {
            *place = id;
            self.identified |= 1u16.checked_shl(u32::from(last)).unwrap_or(0) & self.tags;
        }
    }

    /// The names, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.names.iter().map_while(|name| *name)
    }

    /// The innermost name; empty when no header was read.
    pub fn last(&self) -> &'static str {
        self.iter().last().unwrap_or_default()
    }

    /// The path, outermost first. `outer` are the ends of the IP headers but the innermost.
    pub(super) fn path<'a>(
        &'a self,
        outer: &'a [(IpAddr, IpAddr)],
    ) -> impl Iterator<Item = Step> + 'a {
        let mut outer = outer.iter();
        let mut bit = 1u16;
        let places = self.iter().zip(&self.ids);
        places.filter_map(move |(name, id)| {
            let (tag, identified) = (self.tags & bit != 0, self.identified & bit != 0);
            bit = bit.wrapping_shl(1);
            let ends = match name {
                "ip" | "ipv6" if !tag => Some(*outer.next()?),
                _ if tag => None,
                _ => return None,
            };
            Some(Step {
                name,
                id: identified.then_some(*id),
                ends,
            })
        })
    }
}

impl fmt::Display for Layers {
    /// `eth:vlan:ip:tcp`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.iter().enumerate() {
            let colon = if n == 0 { "" } else { ":" };
            write!(f, "{colon}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Step {
    /// `vlan 100`, `ip 192.0.2.1 > 192.0.2.2`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(id) = self.id {
            write!(f, " {id}")?;
        }
        if let Some((src, dst)) = self.ends {
            write!(f, " {src} > {dst}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_tags_tunnels_and_outer_addresses() {
        let mut layers = Layers::default();
        layers.push("eth");
        layers.tag("vlan", Some(100));
        layers.push("ip");
        layers.tag("gre", None);
        layers.push("ipv6");
        layers.push("tcp");
        let a: IpAddr = "192.0.2.1".parse().unwrap();
        let b: IpAddr = "192.0.2.2".parse().unwrap();
        let outer = [(a, b)];
        let path: Vec<String> = layers.path(&outer).map(|s| s.to_string()).collect();
        assert_eq!(path, ["vlan 100", "ip 192.0.2.1 > 192.0.2.2", "gre"]);
        assert_eq!(layers.to_string(), "eth:vlan:ip:gre:ipv6:tcp");
    }

    #[test]
    fn more_headers_than_are_listed_do_no_harm() {
        let mut layers = Layers::default();
        for n in 0..40 {
            layers.tag("vlan", Some(n));
        }
        assert_eq!(
            (layers.iter().count(), layers.path(&[]).count()),
            (NAMES, NAMES)
        );
    }
}
