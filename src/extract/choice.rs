//! Which frames an extract has.

use super::Extent;
use crate::base::{Endpoint, FileIndex, FrameNumber, FrameRef, Span, Timestamp};
use crate::connection::Connection;
use crate::diagnosis::Placed;
use crate::packet::{Packet, Payload};
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Frames of one connection above which only its handshakes and what is cited go into the smallest extract.
const WHOLE: u64 = 2_000;
/// How long a connection's beginning is in it: TCP and TLS handshakes.
const BEGINNING: Span = Span::from_secs(10);
/// What is cited is kept with what lies so close to it: the segments of its message, and their acknowledgments.
const AROUND: Span = Span::from_millis(50);
/// Places around which frames of a long connection are kept.
const PLACES: usize = 4_096;

/// A frame by file and number.
type Name = (FileIndex, FrameNumber);

/// What is kept of one connection.
#[derive(Debug)]
struct Kept {
    first: Timestamp,
    last: Timestamp,
    /// Until then all of it; for good, where it is short.
    beginning: Timestamp,
    places: Vec<Timestamp>,
}

/// What goes into an extract.
#[derive(Debug)]
pub(super) struct Choice {
    extent: Extent,
    frames: BTreeSet<Name>,
    connections: BTreeMap<(Endpoint, Endpoint), Vec<Kept>>,
    pairs: BTreeSet<(IpAddr, IpAddr)>,
    /// What findings say of the frames that they cite.
    pub(super) comments: BTreeMap<Name, Vec<String>>,
}

fn name(at: FrameRef) -> Name {
    (at.file, at.number)
}

fn ordered<T: Ord>(a: T, b: T) -> (T, T) {
    if a <= b { (a, b) } else { (b, a) }
}

impl Choice {
    pub(super) fn new(report: &Report, extent: Extent) -> Self {
        let mut choice = Self {
            extent,
            frames: report.cited_frames.clone(),
            connections: BTreeMap::new(),
            pairs: BTreeSet::new(),
            comments: BTreeMap::new(),
        };
        for placed in &report.findings {
            choice.finding(placed);
        }
        // Who is who has to be seen again.
        let mut clues: Vec<(IpAddr, Timestamp)> = Vec::new();
        for (address, host) in report.hosts.iter() {
            for at in host.evidence().into_iter().filter_map(|clue| clue.at) {
                choice.frames.insert(name(at));
                clues.push((address, at.time));
            }
        }
        for matter in &report.undecided {
            choice.frames.insert(name(matter.at));
        }
        let cited: BTreeSet<u32> = report
            .findings
            .iter()
            .flat_map(|placed| placed.finding.streams.iter().copied())
            .collect();
        let places: Vec<Timestamp> = {
            let all = report.findings.iter();
            let evidence = all.flat_map(|placed| placed.finding.evidence.iter());
            let mut places: Vec<_> = evidence.map(|e| e.at.time).take(PLACES).collect();
            places.sort_unstable();
            places
        };
        for connection in &report.connections {
            // A clue on a connection is part of a message that goes over several frames: a certificate.
            let flow = &connection.flow;
            let has_clue = clues.iter().any(|(host, at)| {
                [flow.client.addr, flow.server.addr].contains(host)
                    && (flow.first.time..=flow.last.time).contains(at)
            });
            let is_cited = cited.contains(&flow.stream) || has_clue;
            if is_cited || extent > Extent::Cited {
                choice.connection(connection, &places);
            }
        }
        choice
    }

    fn finding(&mut self, placed: &Placed) {
        let finding = &placed.finding;
        for evidence in &finding.evidence {
            self.frames.insert(name(evidence.at));
            let said = self.comments.entry(name(evidence.at)).or_default();
            let text = format!("{}: {}", finding.rule, evidence.text);
            if said.len() < 8 && !said.contains(&text) {
                said.push(text);
            }
        }
        self.frames.insert(name(finding.first));
        self.frames.insert(name(finding.last));
        if self.extent > Extent::Cited
            && let (Some(from), Some(to)) = (finding.from, finding.to)
        {
            self.pairs.insert(ordered(from, to));
        }
    }

    fn connection(&mut self, connection: &Connection, places: &[Timestamp]) {
        let flow = &connection.flow;
        let segments: u64 = flow.sides.iter().map(|side| side.segments).sum();
        let (first, last) = (flow.first.time, flow.last.time);
        let whole = segments <= WHOLE || self.extent > Extent::Cited;
        let from = places.partition_point(|t| *t < first);
        let until = places.partition_point(|t| *t <= last);
        let ends = ordered(flow.client, flow.server);
        self.connections.entry(ends).or_default().push(Kept {
            first,
            last,
            beginning: if whole { last } else { first + BEGINNING },
            places: places.get(from..until).unwrap_or_default().to_vec(),
        });
    }

    /// Whether a packet goes in.
    pub(super) fn wants(&self, packet: &Packet<'_>) -> bool {
        if self.extent == Extent::All || self.frames.contains(&name(packet.at)) {
            return true;
        }
        let (Some(src), Some(dst)) = (packet.src, packet.dst) else {
            return false;
        };
        if self.pairs.contains(&ordered(src, dst)) {
            return true;
        }
        let time = packet.at.time;
        match &packet.payload {
            Payload::Tcp(segment) => {
                let ends = ordered(
                    Endpoint::new(src, segment.src_port),
                    Endpoint::new(dst, segment.dst_port),
                );
                let kept = self.connections.get(&ends);
                kept.is_some_and(|all| all.iter().any(|one| one.wants(time)))
            }
            // Parts of datagrams have no ports: those between hosts of interest are kept.
            Payload::Fragment => self
                .connections
                .keys()
                .any(|(a, b)| ordered(a.addr, b.addr) == ordered(src, dst)),
            // An ICMP error that matters is evidence; DNS that matters is, too.
            _ => false,
        }
    }
}

impl Kept {
    fn wants(&self, time: Timestamp) -> bool {
        if time < self.first || time > self.last {
            return false;
        }
        if time <= self.beginning {
            return true;
        }
        let near = |place: &Timestamp| {
            let apart = time.since(*place).nanos();
            apart.unsigned_abs() <= AROUND.nanos().unsigned_abs()
        };
        let at = self.places.partition_point(|place| *place < time);
        let before = at.checked_sub(1).and_then(|n| self.places.get(n));
        let beside = [before, self.places.get(at)];
        // How it ended belongs to it.
        beside.into_iter().flatten().any(near) || self.last.since(time).nanos() <= AROUND.nanos()
    }
}
