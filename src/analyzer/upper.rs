//! What happens to messages, calls and connections once they are there: they are kept and judged.

use super::brought::Brought;
use super::judge::Judge;
use super::work::Output;
use super::{Config, Observed};
use crate::base::FrameRef;
use crate::dialog::{Call, DialogTable, Seen};

/// Whoever watches calls end.
pub(super) type Watch<'w> = dyn FnMut(Observed<'_>) + 'w;

/// The rooms above the connections.
pub(super) struct Upper {
    pub(super) dialogs: DialogTable,
    pub(super) judge: Judge,
    pub(super) brought: Brought,
}

impl Upper {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            dialogs: DialogTable::new(&config.limits),
            judge: Judge::new(config),
            brought: Brought::new(&config.limits),
        }
    }

    /// Takes what came out of the connections and datagrams, in the order of the frames. `last`: the time it is.
    pub(super) fn take(&mut self, output: Output, last: FrameRef, watch: &mut Watch<'_>) {
        match output {
            Output::Message(seen) => self.message(seen, last, watch),
            Output::Unread(a, b) => self.judge.unread(a, b),
            Output::Skipped { at, bytes, reason } => self.judge.skipped(at, bytes, reason),
            Output::Connection(connection) => self.judge.connection(connection, last),
            Output::NotSip(datagram) => self.judge.not_sip(&datagram),
            Output::NameServerUnreachable { client, server, at } => {
                self.judge.name_server_unreachable(client, server, at);
            }
            Output::Caveat { kind, at, text } => self.judge.caveats.note(kind, Some(at), text),
            Output::Brought {
                report,
                at,
                comment,
                late,
            } => self.brought.taken(&report, at, comment, late),
            Output::OtherUserMessage(at) => self.judge.other_user_message(at),
            Output::Restart => {
                self.dialogs.clear();
                self.judge.restart();
            }
        }
    }

    fn message(&mut self, seen: Seen, last: FrameRef, watch: &mut Watch<'_>) {
        self.judge.message(&seen);
        let Self { dialogs, judge, .. } = self;
        dialogs.push(seen, &mut |call| judge_call(&call, judge, watch, last));
    }

    /// Every call that is still open ends.
    pub(super) fn finish(&mut self, last: FrameRef, watch: &mut Watch<'_>) {
        let Self { dialogs, judge, .. } = self;
        // What comes later in other calls tells a fault that lasts from one that went away.
        for call in dialogs.open() {
            judge.foresee(call, last);
        }
        dialogs.finish(&mut |call| judge_call(&call, judge, watch, last));
    }
}

fn judge_call(call: &Call, judge: &mut Judge, watch: &mut Watch<'_>, last: FrameRef) {
    watch(Observed::Call(call));
    judge.call(call, last);
}
