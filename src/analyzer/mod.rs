//! The only place that knows all rooms: it routes, it never decides.

mod batch;
mod brought;
mod census;
mod charts;
mod config;
mod conversation;
mod jobs;
mod judge;
mod lane;
mod local;
mod redacting;
mod rooms;
mod scope;
mod several;
mod shard;
mod suppress;
mod unkept;
mod unopened;
mod upper;
mod work;

pub use config::{Config, Ignored, Scope};

use crate::base::{CaveatKind, Caveats};
use crate::capture::{CaptureSummary, Item, Merge};
use crate::connection::Connection;
use crate::dialog::{Call, Seen};
use crate::packet::{Decoder, Packet};
use crate::report::Report;
use crate::tls::{Keyring, Secrets};
use local::Local;
use redacting::Redactor;
use rooms::{Next, Rooms};
use scope::ScopeState;
use shard::{Means, Shard};
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
    rooms: Rooms,
    /// One, until the capture turns out to be long.
    shards: Vec<Shard>,
    means: Means,
    upper: Upper,
    observer: Option<BoxedObserver<'o>>,
    redactor: Redactor,
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
            shards: vec![Shard::new(keyring, limits)],
            means: Means {
                limits: limits.clone(),
                hash_streams: config.hash_streams,
            },
            upper: Upper::new(&config),
            observer: None,
            redactor: Redactor(redactor.0.clone()),
            rooms: Rooms::new(config, redactor, scope),
        }
    }

    /// Shows everything that is read to `observer`.
    pub fn observe(&mut self, observer: impl FnMut(Observed<'_>) + 'o) {
        self.observer = Some(Box::new(observer));
    }

    /// What reading and decoding could not see; the reader of the captures adds to it.
    pub fn caveats(&mut self) -> &mut Caveats {
        &mut self.caveats
    }

    /// Takes everything that is left in the captures, in as many threads as [`Config::jobs`] says. The report is the same for every
    /// number.
    pub fn read(&mut self, captures: &mut Merge<'_>) {
        self.expect_several(captures.files() > 1);
        // One after the other where somebody watches, or names are replaced: those see packets, messages and connections in the order in
        // which they come.
        if self.rooms.config.jobs > 1 && self.observer.is_none() && self.redactor.0.is_none() {
            jobs::read(self, captures);
            return;
        }
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
            decoder,
            caveats,
            rooms,
            shards,
            means,
            upper,
            observer,
            redactor,
        } = self;
        if rooms.note(&item)
            && let Some(only) = shards.pop()
        {
            *shards = only.split();
        }
        let mut next = Local {
            shards,
            means,
            upper,
            redactor,
            observer,
        };
        take(item, decoder, caveats, rooms, &mut next);
    }

    /// Ends everything that is still open and judges it.
    pub fn finish(self, captures: Vec<CaptureSummary>) -> Report {
        self.finish_or_again(captures).report
    }

    /// As [`Self::finish`], for captures that can be read again.
    pub fn finish_or_again(mut self, captures: Vec<CaptureSummary>) -> Finished {
        self.decoder.finish(&mut self.caveats);
        several::tell_common(&self.decoder, &captures, &mut self.caveats);
        let Self {
            mut caveats,
            mut rooms,
            mut shards,
            means,
            mut upper,
            mut observer,
            redactor,
            ..
        } = self;
        let mut next = Local {
            shards: &mut shards,
            means: &means,
            upper: &mut upper,
            redactor: &redactor,
            observer: &mut observer,
        };
        rooms.finish(&mut next);
        let last = rooms.last;
        upper.finish(last, &mut |observed| {
            if let Some(observer) = &mut observer {
                observer(observed);
            }
        });
        let Rooms {
            scope,
            streams,
            mut flows,
            mut associations,
            config,
            frames,
            others,
            caveats: packets,
            ..
        } = rooms;
        let Upper {
            mut dialogs,
            mut judge,
            brought,
        } = upper;
        let mut keyrings = shards.into_iter().map(|shard| shard.keyring);
        let mut keyring = keyrings.next().unwrap_or_default();
        for other in keyrings {
            keyring.join(other);
        }
        let again = brought.finish(judge.has_unread_sessions(), &keyring, &mut caveats);
        if streams.forgotten() > 0 {
            caveats.note_many(
                CaveatKind::StreamNumbers,
                None,
                "very many connections: the numbers of later ones differ from Wireshark's tcp.stream",
                streams.forgotten(),
            );
        }
        caveats.merge(packets);
        judge.counts.frames.merge(frames);
        caveats.merge(flows.take_caveats());
        caveats.merge(associations.finish());
        caveats.merge(dialogs.take_caveats());
        let mut coverage = scope.coverage();
        redactor.networks(&mut coverage.networks);
        let report = judge.finish(&config, captures, coverage, caveats, others, last);
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

/// An item to the rooms.
fn take(
    item: Item<'_>,
    decoder: &mut Decoder,
    caveats: &mut Caveats,
    rooms: &mut Rooms,
    next: &mut dyn Next,
) {
    match item {
        Item::Frame(frame) => {
            let packet = decoder.push(&frame, caveats);
            rooms.packet(&packet, next);
        }
        Item::Secrets(text, at) => rooms.secrets(text, at, false, next),
        Item::Comment(text, at) => rooms.secrets(text, at, true, next),
    }
}

impl std::fmt::Debug for Analyzer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer")
            .field("last", &self.rooms.last)
            .finish_non_exhaustive()
    }
}
