//! What became of every frame.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Names kept of one fate; further ones are counted together. There are as many `EtherType`s as a hostile capture likes.
const NAMES: usize = 64;
/// The name of what is not named singly.
const OTHERS: &str = "others";

macro_rules! fates {
    ($($variant:ident $name:literal $read:literal $text:literal;)*) => {
        /// What became of a frame: each frame has exactly one fate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fate {
            $(#[doc = concat!($text, ".")] $variant,)*
        }

        impl Fate {
            /// All, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name shown in JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Of which frames, in words.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether what the frame carries was analysed.
            pub const fn is_read(self) -> bool {
                match self { $(Self::$variant => $read,)* }
            }
        }
    };
}

fates! {
    Stream "sip-stream" true "TCP segments of connections that carry SIP or TLS, or were meant to";
    Datagram "sip-datagram" true "datagrams with SIP";
    Sctp "sctp" true "SCTP packets";
    Fragment "ip-fragment" true "IP fragments before the one that completed their datagram";
    Icmp "icmp-error" true "ICMP errors";
    Dns "dns" true "DNS messages";
    OutOfScope "out-of-scope" false "outside the networks in scope";
    Copy "copy" false "copies of packets that were captured shortly before";
    OtherStream "other-stream" false "TCP segments of connections with neither SIP nor TLS of SIP";
    OtherDatagram "other-datagram" false "UDP datagrams that are neither SIP nor DNS";
    OtherProtocol "other-protocol" false "packets of protocols that carry no SIP";
    NotRead "not-read" false "packets of link types or protocols that are not read";
    Damaged "damaged" false "packets with a header that is cut or contradicts itself";
}

/// All frames, by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    /// Those without a name of their own: nearly all, counted one by one.
    plain: [u64; Fate::ALL.len()],
    by: BTreeMap<(Fate, Cow<'static, str>), u64>,
}

impl Frames {
    /// Counts `frames` with this fate.
    pub fn add(&mut self, fate: Fate, frames: u64) {
        if let Some(count) = self.plain.get_mut(fate as usize) {
            *count = count.saturating_add(frames);
        }
    }

    /// Counts `frames` with this fate under a name of their own: the protocol.
    pub fn add_named(&mut self, fate: Fate, name: Cow<'static, str>, frames: u64) {
        if frames == 0 || name.is_empty() {
            return self.add(fate, frames);
        }
        let mut key = (fate, name);
        if !self.by.contains_key(&key) && self.named(fate).count() >= NAMES {
            key.1 = Cow::Borrowed(OTHERS);
        }
        let count = self.by.entry(key).or_default();
        *count = count.saturating_add(frames);
    }

    /// Takes over what `other` counted.
    pub fn merge(&mut self, other: Self) {
        for (fate, frames) in Fate::ALL.iter().zip(other.plain) {
            self.add(*fate, frames);
        }
        for ((fate, name), frames) in other.by {
            self.add_named(fate, name, frames);
        }
    }

    /// Frames with this fate by name; the name is empty where the fate says all.
    pub fn rows(&self, fate: Fate) -> impl Iterator<Item = (&str, u64)> {
        let plain = self.plain.get(fate as usize).copied();
        let plain = plain
            .filter(|frames| *frames > 0)
            .map(|frames| ("", frames));
        plain.into_iter().chain(self.named(fate))
    }

    fn named(&self, fate: Fate) -> impl Iterator<Item = (&str, u64)> {
        self.by
            .range((fate, Cow::Borrowed(""))..)
            .take_while(move |((f, _), _)| *f == fate)
            .map(|((_, name), frames)| (name.as_ref(), *frames))
    }

    /// Frames with this fate.
    pub fn count(&self, fate: Fate) -> u64 {
        self.rows(fate).map(|(_, frames)| frames).sum()
    }

    /// All frames.
    pub fn total(&self) -> u64 {
        Fate::ALL.iter().map(|fate| self.count(*fate)).sum()
    }

    /// Frames of which the content was analysed.
    pub fn read(&self) -> u64 {
        self.sum(true)
    }

    /// The other frames.
    pub fn skipped(&self) -> u64 {
        self.sum(false)
    }

    fn sum(&self, read: bool) -> u64 {
        let fates = Fate::ALL.iter().filter(|fate| fate.is_read() == read);
        fates.map(|fate| self.count(*fate)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_is_bounded_and_every_frame_counted() {
        let mut frames = Frames::default();
        frames.add(Fate::Stream, 5);
        for n in 0..1000 {
            frames.add_named(Fate::NotRead, Cow::Owned(format!("ethertype {n:#x}")), 1);
        }
        frames.add(Fate::Damaged, 2);
        assert_eq!(frames.rows(Fate::NotRead).count(), NAMES + 1);
        assert_eq!(
            (frames.total(), frames.read(), frames.skipped()),
            (1007, 5, 1002)
        );
        let mut twice = frames.clone();
        twice.merge(frames.clone());
        assert_eq!(twice.total(), 2 * frames.total());
        assert_eq!(twice.rows(Fate::NotRead).count(), NAMES + 1);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Fate::ALL.iter().map(|f| f.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Fate::ALL.len());
    }
}
