//! Dialogs within a call, told apart by their tags (RFC 3261 §12).

use super::call::Seen;
use crate::sip::Address;

/// One dialog, or the part of a call before a dialog exists.
#[derive(Debug)]
pub struct Leg<'a> {
    /// Tag of the side that sent the first request.
    pub from_tag: Option<String>,
    /// Tag of the other side.
    pub to_tag: Option<String>,
    /// Its messages in order.
    pub messages: Vec<&'a Seen>,
}

/// Dialogs kept apart within one call; further forks join the last.
const FORKS: usize = 64;

/// Sorts messages by the pair of their tags. A message without To tag belongs to the first dialog with its From tag.
pub(super) fn of(messages: &[Seen]) -> Vec<Leg<'_>> {
    let mut legs: Vec<Leg<'_>> = Vec::new();
    for seen in messages {
        let tag = |address: Option<Address<'_>>| {
            address
                .and_then(|a| a.tag())
                .map(|tag| tag.to_str().into_owned())
        };
        let (from, to) = (tag(seen.message.from()), tag(seen.message.to()));
        let place = legs
            .iter()
            .position(|leg| leg.holds(from.as_deref(), to.as_deref()));
        let full = legs.len() >= FORKS;
        let place = place.or_else(|| full.then_some(FORKS - 1));
        match place.and_then(|n| legs.get_mut(n)) {
            Some(leg) => {
                leg.learn(from.as_deref(), to.as_deref());
                leg.messages.push(seen);
            }
            None => legs.push(Leg {
                from_tag: from,
                to_tag: to,
                messages: vec![seen],
            }),
        }
    }
    legs
}

impl Leg<'_> {
    /// Whether a message with these tags belongs here; either side may have sent it.
    fn holds(&self, from: Option<&str>, to: Option<&str>) -> bool {
        let fits = |mine: &Option<String>, theirs: Option<&str>| {
            mine.is_none() || theirs.is_none() || mine.as_deref() == theirs
        };
        (fits(&self.from_tag, from) && fits(&self.to_tag, to))
            || (fits(&self.from_tag, to) && fits(&self.to_tag, from))
    }

    fn learn(&mut self, from: Option<&str>, to: Option<&str>) {
        let mine = self.from_tag.as_deref();
        let (a, b) = if mine.is_some() && mine == to {
            (to, from)
        } else {
            (from, to)
        };
        if self.from_tag.is_none() {
            self.from_tag = a.map(str::to_owned);
        }
        if self.to_tag.is_none() && self.from_tag.as_deref() != b {
            self.to_tag = b.map(str::to_owned);
        }
    }

    /// How it came out, in words for `--list dialogs`.
    pub fn outcome(&self) -> String {
        let finals = self.messages.iter().rev().filter_map(|seen| {
            let status = seen.message.status()?;
            (status.0 >= 200).then(|| {
                let reason = seen.message.reason().unwrap_or_default();
                format!("{} {}", status.0, reason.to_str())
            })
        });
        finals
            .into_iter()
            .next()
            .unwrap_or_else(|| "no final response".to_owned())
    }
}
