//! What happens to messages, calls and connections once they are there: they are shown, kept, and judged.

use super::conversation::{Conversation, Output};
use super::judge::Judge;
use super::redacting::Redactor;
use super::{BoxedObserver, Config, Observed};
use crate::base::{CaveatKind, FrameRef};
use crate::dialog::{Call, DialogTable, Seen};
use crate::flow::Event;
use crate::tls::Keyring;

/// The rooms above the connections.
pub(super) struct Upper<'o> {
    pub(super) dialogs: DialogTable,
    pub(super) judge: Judge,
    pub(super) observer: Option<BoxedObserver<'o>>,
    /// Bytes of unfinished messages in all conversations.
    waiting: usize,
}

impl<'o> Upper<'o> {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            dialogs: DialogTable::new(&config.limits),
            judge: Judge::new(config),
            observer: None,
            waiting: 0,
        }
    }

    /// Forgets all: what came before was out of scope.
    pub(super) fn restart(&mut self, config: &Config) {
        self.waiting = 0;
        self.dialogs.clear();
        self.judge.restart(config);
        self.show(Observed::Restart);
    }

    pub(super) fn show(&mut self, observed: Observed<'_>) {
        if let Some(observer) = &mut self.observer {
            observer(observed);
        }
    }

    /// Something happened to a connection; `last`: the time it is.
    pub(super) fn event(
        &mut self,
        event: Event<'_, Conversation>,
        keyring: &mut Keyring,
        redactor: &Redactor,
        config: &Config,
        last: FrameRef,
    ) {
        match event {
            Event::Chunk {
                owner,
                flow,
                direction,
                chunk,
            } => {
                let before = owner.waiting();
                owner.push(flow, direction, chunk, config, keyring, &mut |output| {
                    self.output(output, redactor, last);
                });
                self.waiting = (self.waiting + owner.waiting()).saturating_sub(before);
                if self.waiting > config.limits.sip_waiting_bytes && owner.waiting() > 0 {
                    self.waiting = self.waiting.saturating_sub(owner.waiting());
                    self.judge.caveats.note(
                        CaveatKind::SipUnfinished,
                        Some(last),
                        "very many unfinished SIP messages: some were given before they were complete",
                    );
                    owner.give_up_waiting(flow, &mut |output| self.output(output, redactor, last));
                }
            }
            Event::Ended { owner, flow } => {
                self.waiting = self.waiting.saturating_sub(owner.waiting());
                let mut connection = owner.finish(flow, config, keyring, &mut |output| {
                    self.output(output, redactor, last);
                });
                redactor.connection(&mut connection);
                self.show(Observed::Connection(&connection));
                self.judge.connection(connection, last);
            }
        }
    }

    fn output(&mut self, output: Output, redactor: &Redactor, last: FrameRef) {
        match output {
            Output::Message(seen) => self.message(seen, redactor, last),
            Output::Unread(a, b) => self.judge.unread(a, b),
            Output::Skipped { at, bytes, reason } => self.judge.skipped(at, bytes, reason),
        }
    }

    pub(super) fn message(&mut self, mut seen: Seen, redactor: &Redactor, last: FrameRef) {
        redactor.message(&mut seen);
        self.show(Observed::Message(&seen));
        self.judge.message(&seen);
        let Self {
            dialogs,
            judge,
            observer,
            ..
        } = self;
        dialogs.push(seen, &mut |call| judge_call(&call, judge, observer, last));
    }

    /// Every call that is still open ends.
    pub(super) fn finish(&mut self, last: FrameRef) {
        let Self {
            dialogs,
            judge,
            observer,
            ..
        } = self;
        // What comes later in other calls tells a fault that lasts from one that went away.
        for call in dialogs.open() {
            judge.foresee(call, last);
        }
        dialogs.finish(&mut |call| judge_call(&call, judge, observer, last));
    }
}

fn judge_call(
    call: &Call,
    judge: &mut Judge,
    observer: &mut Option<BoxedObserver<'_>>,
    last: FrameRef,
) {
    if let Some(observer) = observer {
        observer(Observed::Call(call));
    }
    judge.call(call, last);
}
