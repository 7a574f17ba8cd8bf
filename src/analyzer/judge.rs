//! Collects what ended, asks the rules, and makes the report.

use super::census::{self, Ways};
use super::charts::{self, CitedFrames};
use super::config::Config;
use super::suppress;
use super::unkept;
use super::unopened::Unopened;
use super::work::NotSip;
use crate::base::{CaveatKind, Caveats, FrameRef, Limits, Unkept};
use crate::capture::CaptureSummary;
use crate::connection::{Connection, Connections, is_federation_port};
use crate::diagnosis;
use crate::dialog::{Call, History, Seen, Tally, Transaction};
use crate::dns::Lookups;
use crate::finding::{FindingLimits, Findings, Matters};
use crate::flow::Handshake;
use crate::host::Hosts;
use crate::lab::Profile;
use crate::ladder::Calls;
use crate::report::{Coverage, MethodCount, Report};
use crate::rules::{self, Context, Outcome};
use crate::sip::Method;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Sessions not read that are listed singly.
const UNDECRYPTED: usize = 1000;

/// Methods counted singly; a flood of invented methods is counted as one.
const METHODS: usize = 64;

/// What is known so far, and what the rules said of what has ended.
#[derive(Debug)]
pub(super) struct Judge {
    profile: Profile,
    hosts: Hosts,
    connections: Connections,
    outcome: Outcome,
    /// What could not be seen of connections and calls.
    pub(super) caveats: Caveats,
    methods: BTreeMap<String, MethodCount>,
    pub(super) counts: Coverage,
    undecrypted: Vec<Unopened>,
    ways: Ways,
    names: Lookups,
    tally: Tally,
    history: History,
    /// Requests that [`History`] has no room for.
    forgotten: Unkept,
    charts: Calls,
    cited: CitedFrames,
    /// User messages of SCTP that are not SIP, and the first.
    others: (u64, Option<FrameRef>),
    fresh: Fresh,
}

/// What it begins with, and with what again when all before was out of scope.
#[derive(Debug, Clone)]
struct Fresh {
    profile: Profile,
    limits: Limits,
    charts: bool,
    extract: bool,
}

impl Judge {
    pub(super) fn new(config: &Config) -> Self {
        Self::begin(Fresh {
            profile: config.profile.clone(),
            limits: config.limits.clone(),
            charts: config.charts,
            extract: config.extract,
        })
    }

    fn begin(fresh: Fresh) -> Self {
        let config = &fresh;
        Self {
            profile: config.profile.clone(),
            hosts: Hosts::new(&config.profile),
            connections: Connections::default(),
            outcome: Outcome {
                findings: Findings::new(FindingLimits {
                    of_rule: config.limits.findings_per_rule,
                    evidence: config.limits.evidence_per_finding,
                    bytes: config.limits.finding_bytes,
                }),
                undecided: Matters::default(),
            },
            caveats: Caveats::new(config.limits.places_per_caveat),
            methods: BTreeMap::new(),
            counts: Coverage::default(),
            undecrypted: Vec::new(),
            ways: Ways::default(),
            names: Lookups::default(),
            tally: Tally::default(),
            history: History::default(),
            forgotten: Unkept::default(),
            charts: Calls::new(config.charts, &config.limits),
            cited: CitedFrames::new(config.extract),
            others: (0, None),
            fresh,
        }
    }

    /// Forgets all: what came before was out of scope.
    pub(super) fn restart(&mut self) {
        *self = Self::begin(self.fresh.clone());
    }

    pub(super) fn message(&mut self, seen: &Seen) {
        census::message(seen, &mut self.counts);
        self.ways.message(seen, &mut self.counts);
        self.hosts.message(seen);
    }

    /// Application data went by between two hosts that is not read.
    pub(super) fn unread(&mut self, a: IpAddr, b: IpAddr) {
        self.connections.note_unread(a, b);
    }

    /// Bytes in a SIP stream that belong to no message. Equal reasons fold; the bytes themselves are in the capture.
    pub(super) fn skipped(&mut self, at: FrameRef, bytes: u64, reason: &'static str) {
        let skipped = &mut self.counts.sip_skipped_bytes;
        *skipped = skipped.saturating_add(bytes);
        self.caveats.note(
            CaveatKind::SipNotUnderstood,
            Some(at),
            format!("bytes in a SIP stream that belong to no message: {reason}"),
        );
    }

    /// A datagram that is not SIP, on a port of SIP or DNS.
    pub(super) fn not_sip(&mut self, datagram: &NotSip) {
        let NotSip {
            src,
            dst,
            at,
            copy,
            told,
            payload,
        } = datagram;
        // STUN shares the port of SIP (RFC 5626 §3.5.2) and has its mark there (RFC 8489 §5).
        if [src.port, dst.port].into_iter().any(is_federation_port)
            && payload.get(4..8) != Some(&[0x21, 0x12, 0xa4, 0x42])
        {
            let text = "datagrams on a port of SIP that are not SIP";
            self.caveats
                .note(CaveatKind::SipNotUnderstood, Some(*at), text);
        }
        if (src.port == 53 || dst.port == 53) && !told {
            self.names.message(*src, *dst, *at, payload, *copy);
        }
        // A DNS response has the highest bit of its third byte set (RFC 1035 §4.1.1).
        if src.port == 53 && payload.get(2).is_some_and(|flags| flags & 0x80 != 0) {
            self.hosts.name_server(src.addr, *at);
        }
    }

    /// A name server, or the way to it, answers a question with an ICMP error.
    pub(super) fn name_server_unreachable(&mut self, client: IpAddr, server: IpAddr, at: FrameRef) {
        self.names.unreachable(client, server, at);
    }

    /// A user message of SCTP that is not SIP.
    pub(super) fn other_user_message(&mut self, at: FrameRef) {
        self.others.0 += 1;
        self.others.1.get_or_insert(at);
    }

    pub(super) fn connection(&mut self, connection: Box<Connection>, last: FrameRef) {
        census::connection(&connection, &mut self.counts);
        let missing: u64 = connection.flow.sides.iter().map(|s| s.missing).sum();
        if missing > 0 && connection.concerns_sip() {
            self.caveats.note(
                CaveatKind::StreamGap,
                Some(connection.flow.last),
                format!(
                    "{missing} bytes of tcp.stream {} ({} > {}) are not in the capture",
                    connection.flow.stream,
                    connection.client(),
                    connection.server()
                ),
            );
        }
        match connection.other {
            // Where SIP is or should be, such bytes may be the rest of something that began before the capture.
            Some((at, bytes)) if connection.concerns_sip() => self.caveats.note(
                CaveatKind::SipNotUnderstood,
                Some(at),
                format!(
                    "{bytes} bytes of tcp.stream {} ({} > {}) are neither SIP nor TLS{}",
                    connection.flow.stream,
                    connection.client(),
                    connection.server(),
                    if connection.flow.handshake == Handshake::NotCaptured {
                        "; the connection began before the capture"
                    } else {
                        ""
                    }
                ),
            ),
            Some((at, _)) if connection.tls.is_none() => self.caveats.note(
                CaveatKind::OtherProtocol,
                Some(at),
                "TCP connections that carry neither SIP nor TLS",
            ),
            _ => {}
        }
        if connection.concerns_sip() {
            if connection.flow.handshake == Handshake::NotCaptured {
                self.caveats.note(
                    CaveatKind::MidStream,
                    Some(connection.flow.first),
                    "connections that began before the capture",
                );
            }
            self.hosts.connection(&connection);
        }
        self.note_tls(&connection);
        if !connection.concerns_sip() {
            self.connections.note_attempt(&connection);
            return;
        }
        if connection.flow.one_directional() {
            self.caveats.note(
                CaveatKind::OneDirection,
                Some(connection.flow.first),
                format!(
                    "tcp.stream {} ({} > {}): only one direction was captured",
                    connection.flow.stream,
                    connection.client(),
                    connection.server()
                ),
            );
        }
        self.connections.push(connection);
        if self.connections.len() > self.fresh.limits.connection_summaries
            || self.connections.memory() > self.fresh.limits.connection_bytes
        {
            self.judge_oldest(last);
        }
    }

    fn note_tls(&mut self, connection: &Connection) {
        let Some(tls) = &connection.tls else {
            return;
        };
        if !connection.concerns_sip() {
            return;
        }
        self.counts.tls_sessions += 1;
        tls.note_caveats(&mut self.caveats);
        if let Some(reason) = tls.undecrypted_reason() {
            self.counts.tls_unread += 1;
            *self.counts.tls_reasons.entry(reason.name()).or_default() += 1;
            if self.undecrypted.len() >= UNDECRYPTED {
                return;
            }
            self.undecrypted.push(Unopened {
                stream: connection.flow.stream,
                opener: connection.client(),
                called: connection.server(),
                tls_server: connection.flow.sender(tls.server()).addr,
                reason,
                suite: tls.suite(),
            });
        } else if connection.plaintext.iter().any(|p| p.bytes > 0) {
            self.counts.tls_decrypted += 1;
        }
    }

    /// Too many connections are kept for comparison: the older half is judged now.
    fn judge_oldest(&mut self, last: FrameRef) {
        let mut old = Connections::from(self.connections.take_older_half());
        old.sort();
        self.caveats.note_many(
            CaveatKind::ConnectionSummaryDropped,
            Some(last),
            "very many connections: the older ones were judged without the later ones",
            u64::try_from(old.len()).unwrap_or(u64::MAX),
        );
        let context = Context {
            profile: &self.profile,
            hosts: &self.hosts,
            set: &old,
            names: &self.names,
            tally: &self.tally,
            history: &self.history,
            last,
        };
        for connection in old.all() {
            rules::check_connection(connection, &context, &mut self.outcome);
        }
    }

    /// Takes note of a call that is judged later, so that all rules know it before.
    pub(super) fn foresee(&mut self, call: &Call, last: FrameRef) {
        // What finds no room is counted when the call is judged.
        let _ = self.history.add(&call.transactions(), call, last);
    }

    pub(super) fn call(&mut self, call: &Call, last: FrameRef) {
        let transactions = call.transactions();
        self.forgotten
            .merge(self.history.add(&transactions, call, last));
        let kind = call.kind();
        for transaction in &transactions {
            self.count(transaction, call, last);
            self.tally.add(transaction, call, kind, last);
        }
        let context = Context {
            profile: &self.profile,
            hosts: &self.hosts,
            set: &self.connections,
            names: &self.names,
            tally: &self.tally,
            history: &self.history,
            last: if call.evicted {
                call.span().map_or(last, |(_, end)| end)
            } else {
                last
            },
        };
        let before = self.outcome.findings.faults();
        rules::check_call(call, &transactions, &context, &mut self.outcome);
        let cited = self.outcome.findings.faults() > before;
        self.charts.push(call, cited);
        if cited {
            self.cited.push(call);
        }
    }

    fn count(&mut self, transaction: &Transaction<'_>, call: &Call, last: FrameRef) {
        let method = transaction.method();
        let name = std::str::from_utf8(method.as_bytes()).unwrap_or("(not text)");
        let known = self.methods.len() < METHODS || self.methods.contains_key(name);
        let name = if known { name } else { "(others)" };
        // The name is copied only where it is new.
        let count = match self.methods.get_mut(name) {
            Some(count) => count,
            None => self.methods.entry(name.to_owned()).or_default(),
        };
        count.requests += u64::from(transaction.request.is_some());
        match transaction.final_status() {
            Some(status) => *count.finals.entry(status).or_default() += 1,
            None if transaction.request.is_some() && method != Method::Benotify => {
                count.unanswered += 1;
            }
            None => {}
        }
        self.counts.successes += u64::from(transaction.succeeded());
        self.counts.failures += u64::from(transaction.failed(call, last));
    }

    /// Whether TLS sessions that may carry SIP were not read, as far as connections have ended.
    pub(super) const fn has_unread_sessions(&self) -> bool {
        self.counts.tls_unread > 0
    }

    /// Judges what is left and puts everything in its place. `datagrams`: how many there were of unknown protocols, and the first.
    pub(super) fn finish(
        mut self,
        config: &Config,
        captures: Vec<CaptureSummary>,
        scope: Coverage,
        mut caveats: Caveats,
        datagrams: (u64, Option<FrameRef>),
        last: FrameRef,
    ) -> Report {
        self.connections.sort();
        let context = Context {
            profile: &self.profile,
            hosts: &self.hosts,
            set: &self.connections,
            names: &self.names,
            tally: &self.tally,
            history: &self.history,
            last,
        };
        for connection in self.connections.all() {
            rules::check_connection(connection, &context, &mut self.outcome);
        }
        rules::check_capture(&context, &mut self.outcome);
        if self.outcome.findings.dropped() > 0 {
            self.caveats.note_many(
                CaveatKind::FindingsDropped,
                None,
                "very many findings: further ones were left out",
                self.outcome.findings.dropped(),
            );
        }
        let texts = [
            (datagrams, "UDP datagrams that are neither SIP nor DNS"),
            (self.others, "SCTP user messages that are not SIP"),
        ];
        for ((count, first), text) in texts {
            if count > 0 {
                self.caveats
                    .note_many(CaveatKind::OtherProtocol, first, text, count);
            }
        }
        unkept::names(&self.names, &mut self.caveats);
        unkept::compared(
            &self.connections,
            &self.hosts,
            &self.tally,
            (&self.history, self.forgotten),
            &mut self.caveats,
        );
        self.ways.finish(&mut self.counts, &mut self.caveats);
        caveats.merge(self.caveats);
        let mut frames = scope.frames;
        frames.merge(self.counts.frames);
        let coverage = Coverage {
            networks: scope.networks,
            networks_reason: scope.networks_reason,
            packets_in_scope: scope.packets_in_scope,
            packets_out_of_scope: scope.packets_out_of_scope,
            frames,
            undecrypted: self
                .undecrypted
                .into_iter()
                .map(|session| session.told(&self.hosts))
                .collect(),
            ..self.counts
        };
        let placed = diagnosis::place(self.outcome.findings.take());
        let (undecided, undecided_more) = self.outcome.undecided.finish();
        let verdict = diagnosis::verdict(
            &placed,
            diagnosis::Seen {
                successes: coverage.successes,
                failures: coverage.failures,
                unread_sessions: coverage.tls_unread,
                undecided: u64::try_from(undecided.len())
                    .unwrap_or(u64::MAX)
                    .saturating_add(undecided_more),
                hidden: caveats.hide_traffic() || captures.iter().any(|c| !c.complete),
            },
        );
        let courses = diagnosis::courses(&self.hosts, &self.connections, &self.tally);
        let caveats: Vec<_> = caveats.iter().collect();
        let wanted = diagnosis::wanted(&diagnosis::Known {
            verdict,
            placed: &placed,
            courses: &courses,
            hosts: &self.hosts,
            caveats: &caveats,
            dns: self.names.messages(),
            undecided: undecided
                .iter()
                .any(|matter| matter.why.contains(rules::CAPTURE_ENDS)),
            unread: coverage
                .undecrypted
                .iter()
                .map(|session| {
                    let name = session.connection.split(',').next();
                    (name.unwrap_or_default(), session.advice.as_str())
                })
                .collect(),
        });
        let charts = charts::assemble(self.charts, &self.connections, &placed, config);
        let shown = suppress::shown(placed, config);
        Report {
            verdict,
            captures,
            coverage,
            hosts: self.hosts,
            findings: shown.findings,
            undecided,
            undecided_more,
            courses,
            wanted,
            caveats,
            connections: self.connections.into_vec(),
            charts,
            cited_frames: self.cited.finish(),
            methods: self.methods,
            redacted: config.redact.is_some(),
            suppressed: shown.suppressed,
            suppressions: shown.suppressions,
            configuration: config.file.clone(),
        }
    }
}
