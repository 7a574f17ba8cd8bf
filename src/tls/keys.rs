//! One direction under keys: the count of its records, its key changes, holes in the stream, and compression.

use super::cipher::{Hole, Opener, opener13};
use super::inflate::Inflate;
use super::names::Version;
use super::record::{HEADER_LEN, Head};
use super::schedule::next_traffic_secret;
use super::secrets::Secret;
use super::suite::CipherSuiteId;
use std::collections::VecDeque;

/// Bytes of the shortest record body a cipher makes (a MAC or tag of 16 bytes), to bound how many fit into a hole.
const SHORTEST_BODY: u64 = 16;
/// Records that may fail before the first one opens. More means that the secret is of another session. TLS 1.3 may begin with
/// early data or a handshake for which the key log has no secret: there it takes longer.
const FAILED_UP_TO_TLS12: u64 = 4;
const FAILED_TLS13: u64 = 256;
/// KeyUpdates that may have been lost in one hole (RFC 8446 §4.6.3).
const UPDATES_TRIED: u32 = 2;

/// What making the keys of a secret costs, in bytes authenticated.
const KEY_COST: u64 = 8 << 10;
/// Records in a row that may fail before trying the keys to come costs something.
const FAILED_FREE: u64 = 64;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its content is in the buffer; the content type is the true one, in TLS 1.3 the inner one.
    Opened { content: u8 },
    /// It did not authenticate, or what it depends on is missing.
    Closed,
    /// It authenticated; its compressed content depends on bytes that are missing.
    NotDecompressed,
}

/// Which records of TLS 1.3 a traffic secret protects, for one direction (RFC 8446 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Early,
    Handshake,
    Application,
}

/// The keys of TLS 1.3 that a record is under, without their secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TrafficPlace {
    pub(super) version: Version,
    pub(super) suite: CipherSuiteId,
    pub(super) phase: Phase,
    /// KeyUpdates since the first secret of the phase.
    pub(super) updates: u32,
}

/// The traffic secrets of one direction of TLS 1.3, in the order of their use.
#[derive(Debug)]
pub(super) struct Tls13 {
    version: Version,
    /// The suite, or those the secret's length allows where no ServerHello was seen.
    suites: Vec<CipherSuiteId>,
    coming: VecDeque<(Phase, Secret)>,
    now: Option<(Phase, Secret)>,
    /// KeyUpdates since its secret was the first one (RFC 8446 §4.6.3).
    updates: u32,
}

impl Tls13 {
    pub(super) fn new(
        version: Version,
        suite: Option<CipherSuiteId>,
        secrets: impl IntoIterator<Item = (Phase, Secret)>,
    ) -> Self {
        Self {
            version,
            suites: suite.map_or_else(Vec::new, |suite| vec![suite]),
            coming: secrets.into_iter().collect(),
            now: None,
            updates: 0,
        }
    }

    /// There is nothing under the secrets up to this phase.
    pub(super) fn skip(&mut self, up_to: Phase) {
        self.coming.retain(|(phase, _)| *phase > up_to);
    }

    /// The suites this secret can belong to: RFC 8446 §B.4, by the length of the hash.
    fn suites_for(&self, secret: &Secret) -> Vec<CipherSuiteId> {
        if !self.suites.is_empty() {
            return self.suites.clone();
        }
        let ids: &[u16] = match secret.bytes().len() {
            32 => &[0x1301, 0x1303, 0x1304, 0x1305],
            48 => &[0x1302],
            _ => &[],
        };
        ids.iter().copied().map(CipherSuiteId).collect()
    }
}

/// The keys of one direction.
#[derive(Debug)]
pub(super) struct Keys {
    opener: Option<Box<dyn Opener>>,
    /// Number of the next record under these keys.
    seq: u64,
    hole: Option<Hole>,
    tls13: Option<Tls13>,
    inflate: Option<Inflate>,
    /// Records opened.
    opened: u64,
    /// Records that did not open before the first that did.
    failed: u64,
    /// Most numbers tried behind a hole.
    search: u64,
}

/// How much work searching may still cost, in bytes authenticated: one store for the whole capture.
pub(super) type Budget = u64;

impl Keys {
    /// Keys of a session up to TLS 1.2.
    pub(super) fn new(opener: Box<dyn Opener>, deflate: bool, search: u64) -> Self {
        Self {
            opener: Some(opener),
            inflate: deflate.then(Inflate::new),
            ..Self::empty(search)
        }
    }

    /// Keys of one direction of TLS 1.3.
    pub(super) fn tls13(tls13: Tls13, search: u64) -> Self {
        Self {
            tls13: Some(tls13),
            ..Self::empty(search)
        }
    }

    const fn empty(search: u64) -> Self {
        Self {
            opener: None,
            seq: 0,
            hole: None,
            tls13: None,
            inflate: None,
            opened: 0,
            failed: 0,
            search,
        }
    }

    /// Whether any record was opened.
    pub(super) const fn has_opened(&self) -> bool {
        self.opened > 0
    }

    pub(super) const fn is_tls13(&self) -> bool {
        self.tls13.is_some()
    }

    /// The version and suite under which a record of TLS 1.3 was opened.
    pub(super) fn opened_as(&self) -> Option<(Version, CipherSuiteId)> {
        let tls13 = self.tls13.as_ref().filter(|_| self.has_opened())?;
        Some((tls13.version, *tls13.suites.first()?))
    }

    /// The number of the record just opened, and in TLS 1.3 which keys opened it; `None` where content was compressed.
    pub(super) fn place(&self) -> Option<(u64, Option<TrafficPlace>)> {
        let seq = self.seq.checked_sub(1)?;
        if self.inflate.is_some() {
            return None;
        }
        let Some(tls13) = &self.tls13 else {
            return Some((seq, None));
        };
        let place = TrafficPlace {
            version: tls13.version,
            suite: *tls13.suites.first()?,
            phase: tls13.now.as_ref()?.0,
            updates: tls13.updates,
        };
        Some((seq, Some(place)))
    }

    /// Whether bytes or records are missing before the next one.
    pub(super) const fn is_behind_hole(&self) -> bool {
        self.hole.is_some()
    }

    /// The connection began before the capture: the next record may have any number.
    pub(super) fn begun_before(&mut self) {
        self.hole = Some(Hole {
            first: 0,
            tries: self.search,
            missing: 0,
        });
    }

    /// The record just opened was a trial: it comes once more. Only for ciphers that do not chain, as in TLS 1.3.
    pub(super) const fn step_back(&mut self) {
        self.seq = self.seq.saturating_sub(1);
        self.opened = self.opened.saturating_sub(1);
    }

    /// Whether so much failed that these are not the keys of this session.
    pub(super) const fn are_wrong(&self) -> bool {
        let most = if self.tls13.is_some() {
            FAILED_TLS13
        } else {
            FAILED_UP_TO_TLS12
        };
        self.opened == 0 && self.failed >= most
    }

    /// Bytes are missing between the last record and the next one, record headers included.
    pub(super) fn lost(&mut self, bytes: u64) {
        let shortest = SHORTEST_BODY.saturating_add(HEADER_LEN as u64);
        let fit = bytes.checked_div(shortest).unwrap_or(0).saturating_add(1);
        let hole = self.hole.get_or_insert(Hole {
            first: self.seq,
            tries: 1,
            missing: 0,
        });
        hole.missing = hole.missing.saturating_add(bytes);
        hole.tries = hole.tries.saturating_add(fit).min(self.search);
        if let Some(inflate) = &mut self.inflate {
            inflate.lose();
        }
    }

    /// What is there of the stream right before the next record, behind a hole.
    pub(super) fn precede(&mut self, tail: &[u8]) {
        if let Some(opener) = &mut self.opener {
            opener.precede(tail);
        }
    }

    /// A record went by that cannot be opened; `tail` are its last bytes, as many as there are.
    pub(super) fn pass(&mut self, len: usize, tail: &[u8]) {
        if let Some(opener) = &mut self.opener {
            opener.pass(len, tail);
        }
        let hole = self.hole.get_or_insert(Hole {
            first: self.seq,
            tries: 1,
            missing: 0,
        });
        if self.tls13.is_some() {
            // It may have been under other keys, and does not count then.
            hole.tries = hole.tries.saturating_add(1).min(self.search);
        } else {
            hole.first = hole.first.saturating_add(1);
        }
        // The opener keeps in mind what is behind the record.
        hole.missing = 0;
        if let Some(inflate) = &mut self.inflate {
            inflate.lose();
        }
    }

    /// Opens a record into `out`.
    pub(super) fn open(
        &mut self,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Outcome {
        if !(self.try_now(head, sealed, out, budget) || self.try_later(head, sealed, out, budget)) {
            out.clear();
            if self.opened == 0 {
                self.failed = self.failed.saturating_add(1);
            }
            self.pass(sealed.len(), sealed);
            return Outcome::Closed;
        }
        self.opened = self.opened.saturating_add(1);
        self.hole = None;
        if let Some(inflate) = &mut self.inflate
            && !inflate.run(out)
        {
            out.clear();
            return Outcome::NotDecompressed;
        }
        if !self.is_tls13() {
            return Outcome::Opened {
                content: head.content,
            };
        }
        // TLSInnerPlaintext: content, its type, zeros (RFC 8446 §5.2).
        let end = out.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        out.truncate(end.saturating_add(1));
        Outcome::Opened {
            content: out.pop().unwrap_or(0),
        }
    }

    fn try_now(
        &mut self,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> bool {
        let Some(opener) = &mut self.opener else {
            return false;
        };
        let seq = match &self.hole {
            None => opener
                .open(self.seq, head, sealed, out)
                .is_ok()
                .then_some(self.seq),
            Some(hole) => opener.find(&affordable(*hole, sealed, budget), head, sealed, out),
        };
        match seq {
            Some(seq) => {
                self.seq = seq.saturating_add(1);
                true
            }
            None => false,
        }
    }

    /// TLS 1.3: the key change may have been lost, or there is no secret for what came before it.
    fn try_later(
        &mut self,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> bool {
        let tries = self.hole.as_ref().map_or(1, |hole| hole.tries);
        let Some(tls13) = &mut self.tls13 else {
            return false;
        };
        let hole = Hole {
            first: 0,
            tries,
            missing: 0,
        };
        let costly = self.opened > 0 && tries > FAILED_FREE;
        let mut found = None;
        'phases: for (place, (_, secret)) in tls13.coming.iter().enumerate() {
            for suite in tls13.suites_for(secret) {
                if costly && !pay_for_keys(budget) {
                    break 'phases;
                }
                let Ok(mut opener) = opener13(suite, tls13.version, secret) else {
                    continue;
                };
                let hole = affordable(hole, sealed, budget);
                if let Some(seq) = opener.find(&hole, head, sealed, out) {
                    found = Some((place, suite, opener, seq));
                    break 'phases;
                }
            }
        }
        if let Some((place, suite, opener, seq)) = found {
            tls13.suites = vec![suite];
            tls13.now = tls13.coming.drain(..=place).next_back();
            self.opener = Some(opener);
            self.seq = seq.saturating_add(1);
            return true;
        }
        // A lost KeyUpdate; only behind a hole.
        let (Some((Phase::Application, secret)), Some(suite)) = (&tls13.now, tls13.suites.first())
        else {
            return false;
        };
        if self.hole.is_none() {
            return false;
        }
        let mut secret = secret.clone();
        for lost in 1..=UPDATES_TRIED {
            if !pay_for_keys(budget) {
                return false;
            }
            let Some(next) = next_traffic_secret(*suite, tls13.version, &secret) else {
                return false;
            };
            secret = next;
            let Ok(mut opener) = opener13(*suite, tls13.version, &secret) else {
                return false;
            };
            let hole = affordable(hole, sealed, budget);
            if let Some(seq) = opener.find(&hole, head, sealed, out) {
                tls13.now = Some((Phase::Application, secret));
                tls13.updates = tls13.updates.saturating_add(lost);
                self.opener = Some(opener);
                self.seq = seq.saturating_add(1);
                return true;
            }
        }
        false
    }

    /// The sender has said that its next record is under the keys of a later phase (Finished, EndOfEarlyData).
    pub(super) fn go_on(&mut self, after: Phase) {
        let Some(tls13) = &mut self.tls13 else {
            return;
        };
        if tls13.now.as_ref().is_none_or(|(phase, _)| *phase > after) {
            return;
        }
        tls13.skip(after);
        // The next record tries what is coming; there is nothing left that the present keys could open.
        self.opener = None;
        self.hole = None;
        self.take_first();
    }

    fn take_first(&mut self) {
        let Some(tls13) = &mut self.tls13 else {
            return;
        };
        if let (Some((_, secret)), Some(suite)) = (tls13.coming.front(), tls13.suites.first())
            && let Ok(opener) = opener13(*suite, tls13.version, secret)
        {
            self.opener = Some(opener);
            self.seq = 0;
            tls13.now = tls13.coming.pop_front();
        }
    }

    /// KeyUpdate was sent: the next record is under new keys (RFC 8446 §7.2).
    pub(super) fn update(&mut self) {
        let Some(Tls13 {
            now: Some((Phase::Application, secret)),
            suites,
            version,
            updates,
            ..
        }) = &mut self.tls13
        else {
            return;
        };
        let Some(suite) = suites.first() else { return };
        let next = next_traffic_secret(*suite, *version, secret);
        self.opener = next.and_then(|next| {
            *secret = next;
            *updates = updates.saturating_add(1);
            opener13(*suite, *version, secret).ok()
        });
        self.seq = 0;
        self.hole = None;
    }

    /// Whether the cipher cannot go on behind what is missing.
    pub(super) fn is_lost(&self) -> bool {
        self.opener.as_ref().is_some_and(|opener| opener.is_lost())
    }

    /// Records that did not open before the first that did.
    pub(super) const fn failed(&self) -> u64 {
        self.failed
    }

    /// Whether there is anything left to open records with.
    pub(super) fn is_spent(&self) -> bool {
        self.opener.is_none()
            && self
                .tls13
                .as_ref()
                .is_none_or(|tls13| tls13.coming.is_empty())
    }
}

/// Whether the budget has what the keys of one more secret cost; takes it.
fn pay_for_keys(budget: &mut Budget) -> bool {
    match budget.checked_sub(KEY_COST) {
        Some(left) => {
            *budget = left;
            true
        }
        None => false,
    }
}

/// As many tries as the budget pays for, one at least.
fn affordable(mut hole: Hole, sealed: &[u8], budget: &mut Budget) -> Hole {
    if hole.tries > 1 {
        let each = u64::try_from(sealed.len()).unwrap_or(u64::MAX).max(64);
        hole.tries = hole.tries.min(budget.checked_div(each).unwrap_or(0)).max(1);
        *budget = budget.saturating_sub(hole.tries.saturating_mul(each));
    }
    hole
}
