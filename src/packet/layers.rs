//! The names of the headers of a packet, outermost first.

use std::fmt;

/// Names kept of one packet; deeper ones are not listed.
const NAMES: usize = 12;

/// Header names such as `eth`, `vlan`, `ip`, `tcp`, outermost first. Cheap to copy; holds the first twelve.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Layers {
    names: [Option<&'static str>; NAMES],
    len: u8,
}

impl Layers {
    pub(super) fn push(&mut self, name: &'static str) {
        if let Some(slot) = self.names.get_mut(usize::from(self.len)) {
            *slot = Some(name);
            self.len = self.len.saturating_add(1);
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
