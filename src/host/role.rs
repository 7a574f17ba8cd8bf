//! What a host is in this federation.

/// The part a host plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Role {
    /// Lync, Skype for Business or OCS front end.
    Lync,
    /// Access Edge server.
    Edge,
    /// Cisco Unified Presence, IM and Presence.
    Cisco,
    /// An end user's client of either side.
    Client,
    /// A name server.
    Dns,
    /// Nobody can tell.
    #[default]
    Unknown,
}

impl Role {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lync => "lync",
            Self::Edge => "edge",
            Self::Cisco => "cisco",
            Self::Client => "client",
            Self::Dns => "dns",
            Self::Unknown => "unknown",
        }
    }

    /// The word in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lync => "Lync",
            Self::Edge => "Lync Edge",
            Self::Cisco => "Cisco",
            Self::Client => "client",
            Self::Dns => "name server",
            Self::Unknown => "host",
        }
    }
}
