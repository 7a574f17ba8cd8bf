//! All stages in one thread: everything is done at once.

use super::redacting::Redactor;
use super::rooms::Next;
use super::shard::{Means, Shard};
use super::upper::Upper;
use super::work::{Output, Work};
use super::{BoxedObserver, Observed};
use crate::base::FrameRef;
use crate::packet::Packet;

/// What comes behind the packets, at hand.
pub(super) struct Local<'l, 'o> {
    pub(super) shards: &'l mut [Shard],
    pub(super) means: &'l Means,
    pub(super) upper: &'l mut Upper,
    pub(super) redactor: &'l Redactor,
    pub(super) observer: &'l mut Option<BoxedObserver<'o>>,
}

impl Next for Local<'_, '_> {
    fn work(&mut self, shard: Option<usize>, work: Work<&[u8]>, last: FrameRef) {
        let Self {
            shards,
            means,
            upper,
            redactor,
            observer,
        } = self;
        let mut out = |output| hand_on(output, upper, redactor, observer, last);
        match shard {
            Some(place) => {
                if let Some(shard) = shards.get_mut(place) {
                    shard.work(work, means, last, &mut out);
                }
            }
            None => {
                let mut shards = shards.iter_mut();
                // What they have to say is the same.
                let Some(first) = shards.next() else { return };
                for shard in shards {
                    if let Some(work) = work.for_another() {
                        shard.work(work, means, last, &mut |_| {});
                    }
                }
                first.work(work, means, last, &mut out);
            }
        }
    }

    fn tell(&mut self, output: Output, last: FrameRef) {
        hand_on(output, self.upper, self.redactor, self.observer, last);
    }

    fn show(&mut self, packet: &Packet<'_>) {
        if let Some(observer) = self.observer {
            observer(Observed::Packet(packet));
        }
    }
}

fn hand_on(
    mut output: Output,
    upper: &mut Upper,
    redactor: &Redactor,
    observer: &mut Option<BoxedObserver<'_>>,
    last: FrameRef,
) {
    match &mut output {
        Output::Message(seen) => redactor.message(seen),
        Output::Connection(connection) => redactor.connection(connection),
        _ => {}
    }
    let mut show = |observed: Observed<'_>| {
        if let Some(observer) = observer.as_mut() {
            observer(observed);
        }
    };
    match &output {
        Output::Message(seen) => show(Observed::Message(seen)),
        Output::Connection(connection) => show(Observed::Connection(connection)),
        Output::Restart => show(Observed::Restart),
        _ => {}
    }
    upper.take(output, last, &mut show);
}
