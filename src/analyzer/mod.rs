//! The only place that knows all rooms: it routes, it never decides.

mod brought;
mod census;
mod charts;
mod config;
mod conversation;
mod judge;
mod lane;
mod redacting;
mod rooms;
mod scope;
mod several;
mod suppress;
mod unopened;
mod upper;

pub use config::{Config, Ignored, Scope};

use crate::base::{CaveatKind, Caveats, FrameRef};
use crate::capture::{CaptureSummary, Item, Merge};
use crate::connection::Connection;
use crate::dialog::{Call, Seen};
use crate::flow::{FlowTable, StreamNumbers};
use crate::packet::{Decoder, Packet};
use crate::report::Report;
use crate::sctp::Associations;
use crate::tls::{Keyring, Secrets};
use brought::Brought;
use redacting::Redactor;
use rooms::Rooms;
use scope::ScopeState;
use several::Several;
use upper::Upper;

/// What an observer is shown while the analysis runs, in the order of the frames that completed it.
#[derive(Debug)]
pub enum Observed<'a> {
    /// Everything shown so far was out of scope after all: forget it.
    Restart,
    /// A packet in scope.
    Packet(&'a Packet<'a>),
    /// A SIP message.
    Message(&'a Seen),
    /// A connection that ended.
    Connection(&'a Connection),
    /// A call that ended.
    Call(&'a Call),
}

/// The end of an analysis.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// The report.
    pub report: Report,
    /// Secrets stood behind the packets that they may open: an analysis with [`Self::secrets`] in [`Config::secrets`] sees more, and
    /// its report takes the place of this one.
    pub again: bool,
    /// All secrets that are known now. With [`Config::extract`] the master secrets of sessions that private keys opened are among
    /// them.
    pub secrets: Secrets,
}

/// Whoever watches the analysis.
type BoxedObserver<'o> = Box<dyn FnMut(Observed<'_>) + 'o>;

/// From frames to a report: `push` every item of the captures in time order, then `finish`.
pub struct Analyzer<'o> {
    decoder: Decoder,
    /// What reading and decoding could not see; the judge keeps what is known of connections and calls.
    caveats: Caveats,
    brought: Brought,
    rooms: Rooms<'o>,
}

impl<'o> Analyzer<'o> {
    /// An analysis with nothing seen yet.
    pub fn new(mut config: Config) -> Self {
        let scope = ScopeState::new(&config);
        let redactor = Redactor(config.redact.clone());
        redactor.profile(&mut config.profile);
        for ignored in &mut config.suppress {
            redactor.text(&mut ignored.reason);
        }
        let limits = &config.limits;
        let mut keyring = Keyring::new(config.secrets.clone(), limits);
        if config.extract {
            keyring.keep_masters();
        }
        Self {
            decoder: Decoder::new(limits),
            caveats: Caveats::new(limits.places_per_caveat),
            brought: Brought::default(),
            rooms: Rooms {
                scope,
                redactor,
                streams: StreamNumbers::new(limits.stream_numbers),
                flows: FlowTable::new(limits),
                associations: Associations::new(limits),
                keyring,
                upper: Upper::new(&config),
                last: FrameRef::default(),
                several: Several::default(),
                config,
            },
        }
    }

    /// Shows everything that is read to `observer`.
    pub fn observe(&mut self, observer: impl FnMut(Observed<'_>) + 'o) {
        self.rooms.upper.observer = Some(Box::new(observer));
    }

    /// What reading and decoding could not see; the reader of the captures adds to it.
    pub fn caveats(&mut self) -> &mut Caveats {
        &mut self.caveats
    }

    /// Takes everything that is left in the captures.
    pub fn read(&mut self, captures: &mut Merge<'_>) {
        self.expect_several(captures.files() > 1);
        while let Some(item) = captures.next(&mut self.caveats) {
            self.push(item);
        }
    }

    /// Says, before the first item, whether frames of more than one capture will come: packets that are in several of them are
    /// then counted once, and what one capture cut off is taken from another. [`Self::read`] does this.
    pub fn expect_several(&mut self, several: bool) {
        self.decoder.expect_several(several);
        self.rooms.flows.expect_several(several);
        self.rooms.several.on = several;
    }

    /// Takes one item of a capture.
    pub fn push(&mut self, item: Item<'_>) {
        let Self {
            brought,
            rooms,
            caveats,
            ..
        } = self;
        let Rooms {
            keyring, config, ..
        } = rooms;
        let frame = match item {
            Item::Frame(frame) => frame,
            Item::Secrets(text, at) => {
                brought.key_log(text, at, keyring, &config.limits, caveats);
                return;
            }
            Item::Comment(text, at) => {
                brought.comment(text, at, keyring, &config.limits, caveats);
                return;
            }
        };
        brought.frame();
        if frame.at.time >= self.rooms.last.time {
            self.rooms.last = frame.at;
        }
        let packet = self.decoder.push(&frame, &mut self.caveats);
        self.rooms.packet(&packet);
    }

    /// Ends everything that is still open and judges it.
    pub fn finish(self, captures: Vec<CaptureSummary>) -> Report {
        self.finish_or_again(captures).report
    }

    /// As [`Self::finish`], for captures that can be read again.
    pub fn finish_or_again(mut self, captures: Vec<CaptureSummary>) -> Finished {
        self.decoder.finish(&mut self.caveats);
        several::tell_common(&self.decoder, &captures, &mut self.caveats);
        self.rooms.finish();
        let Self {
            mut caveats,
            brought,
            rooms,
            ..
        } = self;
        let Rooms {
            scope,
            redactor,
            streams,
            mut flows,
            mut associations,
            upper: Upper {
                mut dialogs, judge, ..
            },
            config,
            last,
            keyring,
            ..
        } = rooms;
        let again = brought.finish(judge.has_unread_sessions(), &keyring, &mut caveats);
        if streams.forgotten() > 0 {
            caveats.note_many(
                CaveatKind::StreamNumbers,
                None,
                "very many connections: the numbers of later ones differ from Wireshark's tcp.stream",
                streams.forgotten(),
            );
        }
        caveats.merge(flows.take_caveats());
        caveats.merge(associations.finish());
        caveats.merge(dialogs.take_caveats());
        let mut coverage = scope.coverage();
        redactor.networks(&mut coverage.networks);
        let report = judge.finish(&config, captures, coverage, caveats, last);
        Finished {
            report,
            again,
            secrets: if again {
                keyring.into_secrets()
            } else {
                keyring.into_all_secrets()
            },
        }
    }
}

impl std::fmt::Debug for Analyzer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer")
            .field("last", &self.rooms.last)
            .finish_non_exhaustive()
    }
}
