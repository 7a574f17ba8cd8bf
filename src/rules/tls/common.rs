//! What the rules of transport, TLS and certificates share: how a connection failed, who broke it off and when.

use crate::base::{Direction, FrameRef, Span};
use crate::connection::Connection;
use crate::flow::{Closing, Handshake};
use crate::tls::{AlertDescription, HandshakeEnd, TlsSummary};

/// How a side broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum How {
    /// With a fatal alert that can be read.
    Alert(AlertDescription),
    /// With an encrypted alert.
    SealedAlert,
    /// With FIN.
    Fin,
    /// With RST.
    Reset,
}

impl How {
    /// As a verb with its object.
    pub(in crate::rules) fn verb(self) -> String {
        match self {
            Self::Alert(what) => format!("sends the fatal alert {} ({})", what.0, what.name()),
            Self::SealedAlert => "sends an encrypted alert".to_owned(),
            Self::Fin => "closes the connection (FIN)".to_owned(),
            Self::Reset => "resets the connection (RST)".to_owned(),
        }
    }

    /// The alert that was read.
    pub(in crate::rules) const fn alert(self) -> Option<AlertDescription> {
        match self {
            Self::Alert(what) => Some(what),
            _ => None,
        }
    }
}

/// How far the handshake had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rules) enum Stage {
    /// The ClientHello was sent, no ServerHello came.
    Hello,
    /// The server has sent its part, the client not yet its second.
    ServerFlight,
    /// The client has sent its certificate or key, the server has not finished.
    ClientFlight,
    /// Both sides have finished.
    Complete,
    /// The capture does not say: TLS 1.3, or bytes are missing.
    Unclear,
}

/// A side that broke off a connection before it had served its purpose.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Refusal {
    /// Who broke off.
    pub(in crate::rules) by: Direction,
    /// Where.
    pub(in crate::rules) at: FrameRef,
    /// How.
    pub(in crate::rules) how: How,
    /// How far the handshake had come.
    pub(in crate::rules) stage: Stage,
    /// Bytes of that side are missing in the capture: an alert may be among them.
    pub(in crate::rules) bytes_lost: bool,
}

/// A session closed later than this after its handshake was not closed because of the handshake.
const AFTER_HANDSHAKE: Span = Span::from_secs(10);

/// The first sign of the end: whoever reacts to it later is not to blame.
fn first_end(connection: &Connection, tls: &TlsSummary) -> Option<(FrameRef, Direction, How)> {
    let alerts = tls.alerts.iter().filter_map(|alert| {
        let how = match alert.description {
            Some(_) if alert.is_close_notify() => How::Fin,
            Some(what) if alert.is_fatal() => How::Alert(what),
            None if alert.encrypted => How::SealedAlert,
            _ => return None,
        };
        Some((alert.at, alert.direction, how))
    });
    let closed = connection.flow.closed_by().map(|(direction, at, how)| {
        let how = match how {
            Closing::Fin => How::Fin,
            Closing::Reset => How::Reset,
        };
        (at, direction, how)
    });
    // An alert and the FIN behind it may share a frame: the alert says more, and comes first here.
    alerts.chain(closed).min_by_key(|(at, _, _)| *at)
}

/// How far the handshake came.
pub(in crate::rules) fn stage(tls: &TlsSummary) -> Stage {
    match tls.handshake_end() {
        HandshakeEnd::Complete | HandshakeEnd::Inferred(_) => return Stage::Complete,
        HandshakeEnd::Unknown => return Stage::Unclear,
        HandshakeEnd::Incomplete => {}
    }
    let [originator, responder] = tls.change_cipher_spec;
    let client_ccs = match tls.client() {
        Direction::Originator => originator,
        Direction::Responder => responder,
    };
    if tls.server_hello.is_none() {
        Stage::Hello
    } else if tls.client_key_exchange.is_some()
        || tls.client_certificates.is_some()
        || client_ccs.is_some()
    {
        Stage::ClientFlight
    } else {
        Stage::ServerFlight
    }
}

/// Application records of a side beyond a single one that may be empty.
pub(in crate::rules) fn sent_data(connection: &Connection, side: Direction) -> bool {
    let [o, r] = &connection.sip_messages;
    let sip = match side {
        Direction::Originator => *o,
        Direction::Responder => *r,
    };
    let records = connection.tls.as_ref().map_or(0, |tls| {
        let [o, r] = &tls.records;
        let stats = match side {
            Direction::Originator => o,
            Direction::Responder => r,
        };
        stats
            .application_records
            .saturating_sub(stats.minimal_records.min(1))
    });
    sip > 0 || records > 0
}

/// Whether bytes that a side sent are not in the capture.
fn lost(connection: &Connection, tls: &TlsSummary, side: Direction) -> bool {
    let missing = tls.missing_bytes.get(side.index()).copied();
    missing.is_some_and(|bytes| bytes > 0) || connection.flow.side(side).missing > 0
}

/// Whether bytes of either side are not in the capture.
pub(in crate::rules) fn lost_bytes(connection: &Connection, tls: &TlsSummary) -> bool {
    lost(connection, tls, Direction::Originator) || lost(connection, tls, Direction::Responder)
}

/// The side that broke off a TLS connection during its handshake, or right after it without having sent anything.
pub(in crate::rules) fn refusal(connection: &Connection) -> Option<Refusal> {
    let tls = connection.tls.as_ref()?;
    if tls.plaintext_answer.iter().any(Option::is_some) {
        return None;
    }
    let (at, by, how) = first_end(connection, tls)?;
    // Of what was not captured nothing can be said to be missing; an alert that was says enough.
    let begun_before = tls.midstream() && connection.flow.handshake == Handshake::NotCaptured;
    let one_side = connection.flow.sides.iter().any(|side| side.segments == 0);
    if (tls.midstream() || one_side) && !((begun_before || one_side) && how.alert().is_some()) {
        return None;
    }
    let holes = lost_bytes(connection, tls);
    let stage = match stage(tls) {
        Stage::Complete => Stage::Complete,
        _ if holes || begun_before || one_side => Stage::Unclear,
        stage => stage,
    };
    match stage {
        Stage::Hello | Stage::ServerFlight | Stage::ClientFlight => {}
        Stage::Unclear if how.alert().is_some() && !sent_data(connection, by) => {}
        Stage::Unclear => return None,
        Stage::Complete => {
            let finished = tls.finished.iter().flatten().max().copied();
            let soon = finished.is_none_or(|f| at.time.since(f.time) <= AFTER_HANDSHAKE);
            if !soon || sent_data(connection, by) || lost(connection, tls, by) {
                return None;
            }
        }
    }
    Some(Refusal {
        by,
        at,
        how,
        stage,
        bytes_lost: lost(connection, tls, by),
    })
}
