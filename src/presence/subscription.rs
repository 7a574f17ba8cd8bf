//! The state machine of a subscription (RFC 6665 §4, RFC 3856, \[MS-PRES\]), over all connections and hops of a call.

use crate::base::{FrameRef, Span, Timestamp};
use crate::dialog::{Call, Seen, Transaction};
use crate::sip::{Address, HeaderName, Message, Method};
use std::borrow::Cow;
use std::net::IpAddr;

/// What a SUBSCRIBE is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It begins a subscription: no To tag.
    Initial,
    /// It prolongs one.
    Refresh,
    /// It ends one: `Expires: 0` within the dialog.
    Unsubscribe,
    /// It asks once: `Expires: 0` without a dialog.
    Fetch,
}

/// One SUBSCRIBE on one hop with its answer.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The request.
    pub request: &'a Seen,
    /// The first final response.
    pub answer: Option<&'a Seen>,
    /// Who asked.
    pub asker: IpAddr,
    /// Who was asked.
    pub asked: IpAddr,
}

impl Round<'_> {
    /// Whether it was answered with a 2xx.
    pub fn accepted(&self) -> bool {
        self.answer
            .and_then(|a| a.message.status())
            .is_some_and(|s| (200..300).contains(&s.0))
    }

    /// Seconds granted by the 2xx; where it names none, as many as were asked for (RFC 6665 §4.2.1.1 demands it, not all obey).
    pub fn granted(&self) -> Option<u64> {
        let answer = self.answer.filter(|_| self.accepted())?;
        answer
            .message
            .expires()
            .or_else(|| self.request.message.expires())
    }

    /// Whether it asks for nothing that lasts, or was granted nothing.
    pub fn ends(&self) -> bool {
        matches!(self.purpose, Purpose::Unsubscribe | Purpose::Fetch) || self.granted() == Some(0)
    }
}

/// What carried a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// NOTIFY.
    Notify,
    /// BENOTIFY, which is never answered.
    Benotify,
    /// The 2xx of the SUBSCRIBE (`ms-piggyback-first-notify`).
    Piggyback,
}

/// The word in Subscription-State.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// The watcher is told.
    Active,
    /// Nobody has decided yet.
    Pending,
    /// It is over.
    Terminated,
}

/// One notification on one hop.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// The message.
    pub seen: &'a Seen,
    /// What carried it.
    pub carried: Carried,
    /// What it says of the subscription; `None` without the header field or with another word.
    pub state: Option<NoticeState>,
    /// Why it was terminated, in lower case.
    pub reason: Option<String>,
    /// Seconds left.
    pub expires: Option<u64>,
    /// Its final response, on whatever hop.
    pub answer: Option<&'a Seen>,
}

impl Notice<'_> {
    /// The status of its answer.
    pub fn status(&self) -> Option<u16> {
        self.answer
            .and_then(|a| a.message.status())
            .map(|status| status.0)
    }
}

/// Where a subscription stands after the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Asked for, not answered yet; or only notifications of it were captured, without a state.
    Asked,
    /// The first request was refused.
    Refused,
    /// Accepted; nothing was notified yet.
    Accepted,
    /// Nobody has decided yet.
    Pending,
    /// Running.
    Active,
    /// The notifier ended it.
    Terminated,
    /// The watcher ended it, or asked only once.
    Ended,
}

/// One subscription: a watcher's tag, an event and its id (RFC 6665 §4.5.1), over all connections.
#[derive(Debug)]
pub struct Subscription<'a> {
    /// The tag of the watcher; `None` when it was not on the wire.
    pub watcher_tag: Option<Cow<'a, str>>,
    /// The event package, in lower case; empty when no message names it.
    pub event: Cow<'a, str>,
    /// `id=` of the event.
    pub event_id: Option<Cow<'a, str>>,
    /// SUBSCRIBE requests, in order.
    pub rounds: Vec<Round<'a>>,
    /// Notifications, in order.
    pub notices: Vec<Notice<'a>>,
}

/// All subscriptions of a call, in the order of their first messages.
pub fn of<'a>(call: &'a Call, transactions: &[Transaction<'a>]) -> Vec<Subscription<'a>> {
    let mut all: Vec<Subscription<'a>> = Vec::new();
    for transaction in transactions {
        let Some(request) = transaction.request else {
            continue;
        };
        match transaction.method() {
            Method::Subscribe => round(transaction, request, &mut all),
            Method::Notify => notice(call, transaction, request, Carried::Notify, &mut all),
            Method::Benotify => notice(call, transaction, request, Carried::Benotify, &mut all),
            _ => {}
        }
    }
    for subscription in &mut all {
        subscription.notices.sort_by_key(|notice| notice.seen.at());
    }
    all
}

fn tag(address: Option<Address<'_>>) -> Option<Cow<'_, str>> {
    Some(address?.tag()?.to_str())
}

fn event(message: &Message) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    // Nearly always the event is a word, and mostly this one.
    if message
        .header(HeaderName::Event)
        .is_some_and(|event| event.bytes() == b"presence")
    {
        return (Cow::Borrowed("presence"), None);
    }
    let event = message.event().map(|event| {
        let text = event.to_str();
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            text
        }
    });
    let id = message.event_id().map(|id| id.to_str());
    (event.unwrap_or_default(), id)
}

fn round<'a>(transaction: &Transaction<'a>, request: &'a Seen, all: &mut Vec<Subscription<'a>>) {
    let message = &request.message;
    let (event, event_id) = event(message);
    let watcher_tag = tag(message.from());
    let within = tag(message.to()).is_some();
    let purpose = match (within, message.expires()) {
        (true, Some(0)) => Purpose::Unsubscribe,
        (true, _) => Purpose::Refresh,
        (false, Some(0)) => Purpose::Fetch,
        (false, _) => Purpose::Initial,
    };
    let round = Round {
        purpose,
        request,
        answer: transaction.final_response(),
        asker: transaction.asker,
        asked: transaction.asked,
    };
    let place = all
        .iter()
        .position(|s| s.watcher_tag == watcher_tag && s.event == event && s.event_id == event_id);
    let subscription = match place.and_then(|n| all.get_mut(n)) {
        Some(known) => known,
        None => {
            all.push(Subscription {
                watcher_tag,
                event,
                event_id,
                rounds: Vec::new(),
                notices: Vec::new(),
            });
            let Some(new) = all.last_mut() else { return };
            new
        }
    };
    let mut finals = transaction.finals.iter();
    let with_body = finals.find(|f| round.accepted() && !f.message.body().is_empty());
    let piggyback = with_body.filter(|_| {
        message
            .supported()
            .any(|s| s.is("ms-piggyback-first-notify"))
    });
    if let Some(seen) = piggyback {
        let notice = Notice::new(seen, Carried::Piggyback, None);
        subscription.notices.push(notice);
    }
    subscription.rounds.push(round);
}

fn notice<'a>(
    call: &'a Call,
    transaction: &Transaction<'a>,
    request: &'a Seen,
    carried: Carried,
    all: &mut Vec<Subscription<'a>>,
) {
    let message = &request.message;
    let (event, event_id) = event(message);
    let watcher_tag = tag(message.to());
    let answer = transaction
        .final_response()
        .or_else(|| answer_elsewhere(call, message));
    let notice = Notice::new(request, carried, answer);
    let same_event = |s: &Subscription<'_>| {
        event.is_empty() || (s.event == event && (event_id.is_none() || s.event_id == event_id))
    };
    // Tags that fit nothing are no reason to miss a notification: everything here has one Call-ID.
    let place = all
        .iter()
        .position(|s| s.watcher_tag == watcher_tag && same_event(s))
        .or_else(|| all.iter().rposition(same_event))
        .or_else(|| all.len().checked_sub(1));
    match place.and_then(|n| all.get_mut(n)) {
        Some(known) => known.notices.push(notice),
        None => all.push(Subscription {
            watcher_tag,
            event,
            event_id,
            rounds: Vec::new(),
            notices: vec![notice],
        }),
    }
}

/// A response to the same request that came from or went to another address: nodes behind one name do so.
fn answer_elsewhere<'a>(call: &'a Call, request: &Message) -> Option<&'a Seen> {
    let cseq = request.cseq()?;
    let branch = request.branch()?;
    call.messages.iter().find(|seen| {
        let m = &seen.message;
        m.status().is_some_and(|s| s.0 >= 200)
            && m.cseq()
                .is_some_and(|c| c.number == cseq.number && c.method == cseq.method)
            && m.branch() == Some(branch)
    })
}

impl<'a> Notice<'a> {
    fn new(seen: &'a Seen, carried: Carried, answer: Option<&'a Seen>) -> Self {
        let said = seen.message.subscription_state();
        Self {
            seen,
            carried,
            state: said.and_then(|s| match s.state {
                s if s.is("active") => Some(NoticeState::Active),
                s if s.is("pending") => Some(NoticeState::Pending),
                s if s.is("terminated") => Some(NoticeState::Terminated),
                _ => None,
            }),
            reason: said
                .and_then(|s| s.reason)
                .map(|r| r.to_str().to_ascii_lowercase()),
            expires: said.and_then(|s| s.expires),
            answer,
        }
    }
}

impl<'a> Subscription<'a> {
    /// Whether it is to presence itself (RFC 3856).
    pub fn is_presence(&self) -> bool {
        self.event == "presence"
    }

    /// Whether anything was notified at this frame or later, on any connection.
    pub fn notified_since(&self, at: FrameRef) -> bool {
        self.notices.iter().any(|notice| notice.seen.at() >= at)
    }

    /// Whether the watcher had ended it, or it had been ended, before this frame.
    pub fn over_before(&self, at: FrameRef) -> bool {
        let unsubscribed = self
            .rounds
            .iter()
            .rfind(|round| round.request.at() < at)
            .is_some_and(|round| round.ends());
        let terminated = self
            .notices
            .iter()
            .rfind(|notice| notice.seen.at() < at)
            .is_some_and(|notice| notice.state == Some(NoticeState::Terminated));
        unsubscribed || terminated
    }

    /// The Accept of the watcher: the one of the latest SUBSCRIBE before `at` that has one. `None` when no SUBSCRIBE was captured;
    /// an empty list means the default of the package (RFC 6665 §4.1.2.1).
    pub fn accepts(&self, at: FrameRef) -> Option<Vec<String>> {
        let mut known = None;
        for round in self.rounds.iter().filter(|r| r.request.at() <= at) {
            let list: Vec<String> = round
                .request
                .message
                .list(HeaderName::Accept)
                .map(|range| {
                    let range = range.to_str();
                    let word = range.split(';').next().unwrap_or_default();
                    word.trim().to_ascii_lowercase()
                })
                .collect();
            if known.is_none() || !list.is_empty() {
                known = Some(list);
            }
        }
        known
    }

    /// Where it stands after its last message.
    pub fn state(&self) -> State {
        let mut state = State::Asked;
        let mut rounds = self.rounds.iter().peekable();
        let mut notices = self.notices.iter().peekable();
        loop {
            let round_first = match (rounds.peek(), notices.peek()) {
                (None, None) => return state,
                (Some(round), Some(notice)) => settled(round) <= notice.seen.at(),
                (round, _) => round.is_some(),
            };
            if round_first {
                if let Some(round) = rounds.next() {
                    state = after_round(state, round);
                }
            } else if let Some(notice) = notices.next() {
                state = after_notice(state, notice);
            }
        }
    }

    /// When it runs out unless refreshed: by the last grant, or by the last notification that names a time, which counts more
    /// (RFC 6665 §4.2.1.1). `None` when it is over, or no time was named. Watchers that support `com.microsoft.autoextend`
    /// (\[MS-PRES\]) are prolonged by each notification.
    pub fn deadline(&self) -> Option<Timestamp> {
        if !matches!(
            self.state(),
            State::Accepted | State::Pending | State::Active
        ) {
            return None;
        }
        let accepted = self.rounds.iter().rev().find(|r| r.accepted())?;
        let granted = accepted.granted()?;
        let mut since = accepted.answer?.at();
        let mut seconds = granted;
        let extends = accepted
            .request
            .message
            .supported()
            .any(|s| s.is("com.microsoft.autoextend"));
        let asked = accepted.request.at();
        for notice in self.notices.iter().filter(|n| n.seen.at() >= asked) {
            if let Some(left) = notice.expires {
                (since, seconds) = (notice.seen.at(), left);
            } else if extends {
                (since, seconds) = (notice.seen.at(), granted);
            }
        }
        let left = Span::from_secs(i64::try_from(seconds).ok()?);
        Some(since.time + left)
    }
}

fn settled(round: &Round<'_>) -> FrameRef {
    round.answer.unwrap_or(round.request).at()
}

fn after_round(state: State, round: &Round<'_>) -> State {
    if round.accepted() {
        return match (round.ends(), state) {
            (true, _) => State::Ended,
            // A notification may overtake the 2xx (RFC 6665 §4.1.2.4), and a refresh keeps what is known.
            (false, State::Pending | State::Active) => state,
            (false, _) => State::Accepted,
        };
    }
    match (round.answer, state) {
        (Some(_), State::Asked) => State::Refused,
        // The dialog is gone at the notifier (RFC 6665 §4.1.2.2).
        (Some(answer), _) if answer.message.status().is_some_and(|s| s.0 == 481) => {
            State::Terminated
        }
        _ => state,
    }
}

fn after_notice(state: State, notice: &Notice<'_>) -> State {
    match notice.state {
        Some(NoticeState::Terminated) if state == State::Ended => State::Ended,
        Some(NoticeState::Terminated) => State::Terminated,
        // What was under way when the watcher left changes nothing.
        _ if state == State::Ended => State::Ended,
        Some(NoticeState::Pending) => State::Pending,
        Some(NoticeState::Active) | None => State::Active,
    }
}

#[cfg(test)]
#[path = "tests/subscription.rs"]
mod tests;
