//! The steps of a handshake in order, and where it stood still.

use crate::base::{Direction, FrameRef, Span};
use crate::tls::{TlsSummary, What};

/// One message of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Where.
    pub(super) at: FrameRef,
    /// Who sent it.
    pub(super) by: Direction,
    /// What it was.
    pub(super) kind: Kind,
}

/// What moves a handshake on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message that could be read: its handshake type.
    Message(u8),
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// An encrypted Finished.
    Finished,
    /// The first record of TLS 1.3 that hides the rest of a side's handshake.
    Hidden,
}

impl Kind {
    /// As RFC 5246 calls it.
    pub(super) fn name(self) -> String {
        match self {
            Self::Message(kind) => crate::tls::HandshakeType(kind).name(),
            Self::ChangeCipherSpec => "ChangeCipherSpec".to_owned(),
            Self::Finished => "Finished".to_owned(),
            Self::Hidden => "encrypted handshake (TLS 1.3)".to_owned(),
        }
    }
}

/// Where a handshake stands, and so who has to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The ClientHello is unanswered.
    Hello,
    /// The server has begun its part and not ended it.
    WithinServerFlight,
    /// The server has said all, the client nothing after it.
    ServerFlight,
    /// The client has begun its second part and not ended it.
    WithinClientFlight,
    /// The client has said all, the server has not finished.
    ClientFlight,
    /// Both have finished, or TLS 1.3 hides what is missing.
    Over,
}

impl Place {
    /// Whether the server has to go on.
    pub(super) const fn waits_for_server(self) -> bool {
        matches!(
            self,
            Self::Hello | Self::WithinServerFlight | Self::ClientFlight
        )
    }
}

const SERVER_HELLO: u8 = 2;
const SERVER_HELLO_DONE: u8 = 14;
const FINISHED: u8 = 20;

/// The steps of the first handshake, up to what follows it; `None` where bytes of it are missing.
pub(super) fn steps(tls: &TlsSummary) -> Option<Vec<Step>> {
    let tls13 = tls.is_tls13();
    let mut all = Vec::new();
    for event in &tls.events {
        let kind = match event.what {
            What::Handshake(kind) if kind.0 == 0 => continue,
            What::Handshake(kind) => Kind::Message(kind.0),
            What::ChangeCipherSpec => Kind::ChangeCipherSpec,
            What::EncryptedFinished => Kind::Finished,
            What::FirstApplicationData if tls13 => Kind::Hidden,
            What::Gap | What::Resynchronised | What::PlaintextAnswer => return None,
            What::EncryptedHandshake
            | What::Alert(_)
            | What::FirstApplicationData
            | What::Heartbeat => break,
        };
        all.push(Step {
            at: event.at,
            by: event.direction,
            kind,
        });
        if place(&all, tls) == Place::Over {
            break;
        }
    }
    Some(all)
}

/// Where the handshake stands after these steps.
pub(super) fn place(steps: &[Step], tls: &TlsSummary) -> Place {
    let (client, server) = (tls.client(), tls.server());
    let finished = |by: Direction| {
        steps.iter().any(|s| {
            s.by == by
                && matches!(
                    s.kind,
                    Kind::Finished | Kind::Message(FINISHED) | Kind::Hidden
                )
        })
    };
    let said = |kind: u8| steps.iter().position(|s| s.kind == Kind::Message(kind));
    if said(SERVER_HELLO).is_none() {
        return Place::Hello;
    }
    if tls.is_tls13() {
        return match (finished(server), finished(client)) {
            (_, true) => Place::Over,
            (true, false) => Place::ServerFlight,
            (false, false) => Place::WithinServerFlight,
        };
    }
    match (finished(server), finished(client)) {
        (true, true) => return Place::Over,
        (false, true) => return Place::ClientFlight,
        // A resumed session: the server is the first to finish (RFC 5246 section 7.3).
        (true, false) => return Place::ServerFlight,
        (false, false) => {}
    }
    match said(SERVER_HELLO_DONE) {
        None => Place::WithinServerFlight,
        Some(done) if steps.iter().skip(done).any(|s| s.by == client) => Place::WithinClientFlight,
        Some(_) => Place::ServerFlight,
    }
}

/// A silence in the middle of a handshake.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silence {
    /// The message before it.
    pub(super) after: Step,
    /// The message that ended it, where one did.
    pub(super) then: Option<Step>,
    /// Where the handshake stood.
    pub(super) place: Place,
    /// How long it took; until `end` where nothing came.
    pub(super) length: Span,
}

/// The longest silence between two steps, or between the last step and `end` where the handshake was not over.
pub(super) fn longest_silence(steps: &[Step], tls: &TlsSummary, end: FrameRef) -> Option<Silence> {
    steps
        .iter()
        .enumerate()
        .filter_map(|(n, step)| {
            let place = place(steps.get(..=n)?, tls);
            let then = steps.get(n.checked_add(1)?).copied();
            let until = then.map_or(end, |s| s.at);
            (place != Place::Over).then_some(Silence {
                after: *step,
                then,
                place,
                length: until.time.since(step.at.time),
            })
        })
        .max_by_key(|s| s.length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::tls::{Event, HandshakeType};

    const CLIENT: Direction = Direction::Originator;
    const SERVER: Direction = Direction::Responder;

    fn frame(seconds: i64) -> FrameRef {
        FrameRef {
            time: Timestamp::from_nanos(seconds * 1_000_000_000),
            ..FrameRef::default()
        }
    }

    fn summary(events: &[(i64, Direction, What)]) -> TlsSummary {
        let mut tls = TlsSummary::default();
        tls.events = events
            .iter()
            .map(|(at, direction, what)| Event {
                at: frame(*at),
                direction: *direction,
                what: *what,
            })
            .collect();
        tls
    }

    fn message(kind: u8) -> What {
        What::Handshake(HandshakeType(kind))
    }

    fn silence(events: &[(i64, Direction, What)], end: i64) -> Option<(Place, Span, bool)> {
        let tls = summary(events);
        let found = longest_silence(&steps(&tls)?, &tls, frame(end))?;
        Some((found.place, found.length, found.then.is_some()))
    }

    #[test]
    fn the_place_follows_the_messages_of_a_full_handshake() {
        let all = [
            (0, CLIENT, message(1)),
            (1, SERVER, message(2)),
            (1, SERVER, message(11)),
            (1, SERVER, message(14)),
            (2, CLIENT, message(11)),
            (2, CLIENT, message(16)),
            (2, CLIENT, What::ChangeCipherSpec),
            (2, CLIENT, What::EncryptedFinished),
            (3, SERVER, What::ChangeCipherSpec),
            (3, SERVER, What::EncryptedFinished),
        ];
        let places = [
            (1, Place::Hello),
            (2, Place::WithinServerFlight),
            (3, Place::WithinServerFlight),
            (4, Place::ServerFlight),
            (5, Place::WithinClientFlight),
            (7, Place::WithinClientFlight),
            (8, Place::ClientFlight),
            (9, Place::ClientFlight),
            (10, Place::Over),
        ];
        for (seen, expected) in places {
            let tls = summary(&all[..seen]);
            assert_eq!(
                place(&steps(&tls).unwrap(), &tls),
                expected,
                "after {seen} steps"
            );
        }
        // Nothing that follows counts.
        assert_eq!(
            silence(&all, 90),
            Some((Place::ClientFlight, Span::from_secs(1), true))
        );
    }

    #[test]
    fn a_resumed_session_waits_for_its_client() {
        let events = [
            (0, CLIENT, message(1)),
            (1, SERVER, message(2)),
            (1, SERVER, What::ChangeCipherSpec),
            (1, SERVER, What::EncryptedFinished),
        ];
        let expected = (Place::ServerFlight, Span::from_secs(8), false);
        assert_eq!(silence(&events, 9), Some(expected));
    }

    #[test]
    fn missing_bytes_leave_no_steps() {
        let tls = summary(&[(0, CLIENT, message(1)), (1, SERVER, What::Gap)]);
        assert_eq!(steps(&tls), None);
    }
}
