//! What kinds of values are replaced.

/// What a value is; each kind has a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The user part of a URI.
    User,
    /// A label of a host name.
    Label,
    /// The last label of a host name.
    Top,
    /// A word of a display name or of free text.
    Word,
    /// A phone number, or another number that may identify.
    Number,
    /// Something opaque: a Call-ID, a tag, a branch.
    Token,
    /// An address outside of private ranges.
    Address,
    /// A whole host name; its labels are what is replaced.
    Domain,
    /// `user@host`; both parts are what is replaced.
    Mailbox,
}

impl Kind {
    /// Those that are replaced as they are; the others are made of them, or have a table of another form.
    pub(super) const PLAIN: [Self; 5] = [
        Self::User,
        Self::Label,
        Self::Word,
        Self::Number,
        Self::Token,
    ];

    /// In the map file and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Label => "host label",
            Self::Top => "top label",
            Self::Word => "word",
            Self::Number => "number",
            Self::Token => "token",
            Self::Address => "address",
            Self::Domain => "host name",
            Self::Mailbox => "user@host",
        }
    }

    /// Keeps the tables apart.
    pub(super) const fn tag(self) -> u8 {
        match self {
            Self::User => b'u',
            Self::Label => b'h',
            Self::Top => b't',
            Self::Word => b'n',
            Self::Number => b'd',
            Self::Token => b'o',
            Self::Address => b'a',
            Self::Domain => b'f',
            Self::Mailbox => b'm',
        }
    }

    /// The kind of a tag.
    pub(super) fn of(tag: u8) -> Option<Self> {
        [
            Self::User,
            Self::Label,
            Self::Top,
            Self::Word,
            Self::Number,
            Self::Token,
            Self::Address,
            Self::Domain,
            Self::Mailbox,
        ]
        .into_iter()
        .find(|kind| kind.tag() == tag)
    }

    /// The letter that a pseudonym of this kind begins with, where there is room.
    pub(super) const fn letter(self) -> Option<u8> {
        match self {
            Self::User => Some(b'u'),
            Self::Label => Some(b'h'),
            Self::Word => Some(b'n'),
            _ => None,
        }
    }
}
