//! Version 1 of the JSON report. Within it fields are only ever added; the model may change as it likes behind these views.

mod course;
mod coverage;
mod suppression;

use super::clock::{self, ClockV1};
use crate::base::{FrameRef, hex};
use crate::capture::CaptureSummary;
use crate::diagnosis::Placed;
use crate::finding::Evidence;
use crate::render::{escape, rfc3339, words};
use crate::report::Report;
use crate::rules::Rule;
use course::{DirectionV1, EventV1, NextCaptureV1};
use coverage::CoverageV1;
use serde::{Serialize, Serializer};
use suppression::SuppressionV1;

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct ReportV1<'r> {
    schema: &'static str,
    sipdiag: &'static str,
    verdict: &'static str,
    headline: String,
    captures: Vec<CaptureV1>,
    coverage: CoverageV1,
    hosts: Vec<HostV1>,
    findings: FindingsV1<'r>,
    timeline: Vec<EventV1>,
    directions: Vec<DirectionV1>,
    next_capture: Vec<NextCaptureV1>,
    undecided: Vec<UndecidedV1>,
    undecided_more: u64,
    caveats: Vec<CaveatV1>,
    suppressed: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    redacted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<SuppressionV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<String>,
}

/// The findings, each made when it is written: a thousand of them, several times over, would be much.
#[derive(Debug)]
struct FindingsV1<'r>(&'r Report);

impl Serialize for FindingsV1<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        serializer.collect_seq(report.findings.iter().map(|p| finding(p, report)))
    }
}

#[derive(Debug, Serialize)]
struct CaptureV1 {
    file: String,
    sha256: Option<String>,
    format: String,
    packets: u64,
    bytes: u64,
    first: Option<String>,
    last: Option<String>,
    complete: bool,
    drops: Option<u64>,
    steps_back: u64,
    largest_step_back_ns: i64,
    #[serde(flatten)]
    clock: Option<ClockV1>,
}

#[derive(Debug, Serialize)]
struct HostV1 {
    address: String,
    role: &'static str,
    names: Vec<String>,
    evidence: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FindingV1 {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    title: String,
    summary: String,
    from: Option<String>,
    to: Option<String>,
    count: u64,
    role: &'static str,
    caused_by: Vec<&'static str>,
    first: PlaceV1,
    last: PlaceV1,
    evidence: Vec<EvidenceV1>,
    details: Vec<DetailV1>,
    wireshark_filter: String,
    explanation: &'static str,
    causes: &'static [&'static str],
    fix: FixV1,
    references: &'static [&'static str],
    tcp_streams: Vec<u32>,
    call_ids: Vec<String>,
    fingerprint: String,
}

#[derive(Debug, Serialize)]
struct PlaceV1 {
    file: String,
    frame: u64,
    time: String,
}

#[derive(Debug, Serialize)]
struct EvidenceV1 {
    kind: &'static str,
    file: String,
    frame: u64,
    time: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct DetailV1 {
    label: String,
    values: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FixV1 {
    cisco: Vec<String>,
    microsoft: Vec<String>,
    network: Vec<String>,
}

#[derive(Debug, Serialize)]
struct UndecidedV1 {
    rule: &'static str,
    count: u64,
    file: String,
    frame: u64,
    time: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct CaveatV1 {
    kind: &'static str,
    count: u64,
    frames: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<PlaceV1>,
    text: String,
}

/// The view of a report.
pub(super) fn view(report: &Report) -> ReportV1<'_> {
    ReportV1 {
        schema: "sipdiag-report/1",
        sipdiag: env!("CARGO_PKG_VERSION"),
        verdict: report.verdict.name(),
        headline: escape::line(&words::sentence(report)).into_owned(),
        captures: report.captures.iter().map(|c| capture(c, report)).collect(),
        coverage: coverage::view(report),
        hosts: hosts(report),
        findings: FindingsV1(report),
        timeline: course::timeline(report),
        directions: course::directions(report),
        next_capture: course::next_capture(report),
        undecided: report
            .undecided
            .iter()
            .map(|matter| {
                let place = place(matter.at, report);
                UndecidedV1 {
                    rule: matter.rule,
                    count: matter.count,
                    file: place.file,
                    frame: place.frame,
                    time: place.time,
                    text: escape::line(&matter.why).into_owned(),
                }
            })
            .collect(),
        undecided_more: report.undecided_more,
        caveats: report
            .caveats
            .iter()
            .map(|c| CaveatV1 {
                kind: c.kind.name(),
                count: c.count,
                frames: c.places.iter().map(|at| at.number.get()).collect(),
                places: if several(report) {
                    c.places.iter().map(|at| place(*at, report)).collect()
                } else {
                    Vec::new()
                },
                text: escape::line(&c.text).into_owned(),
            })
            .collect(),
        suppressed: report.suppressed,
        redacted: report.redacted,
        suppressions: suppression::suppressions(report),
        configuration: suppression::configuration(report),
    }
}

/// Whether a frame number needs its file beside it.
fn several(report: &Report) -> bool {
    report.captures.len() > 1
}

fn capture(capture: &CaptureSummary, report: &Report) -> CaptureV1 {
    let time = |t| rfc3339(t, capture.digits);
    CaptureV1 {
        file: capture.name.clone(),
        sha256: capture.sha256.map(|hash| hex(&hash)),
        format: capture.format.clone(),
        packets: capture.packets,
        bytes: capture.bytes,
        first: capture.first.map(time),
        last: capture.last.map(time),
        complete: capture.complete,
        drops: capture.drops,
        steps_back: capture.steps_back.0,
        largest_step_back_ns: capture.steps_back.1.nanos(),
        clock: several(report).then(|| clock::view(&capture.clock, report)),
    }
}

fn hosts(report: &Report) -> Vec<HostV1> {
    report
        .hosts
        .iter()
        .map(|(address, host)| HostV1 {
            address: address.to_string(),
            role: host.role().name(),
            names: host
                .names()
                .into_iter()
                .map(|n| escape::line(n).into_owned())
                .collect(),
            evidence: host
                .evidence()
                .into_iter()
                .map(|clue| {
                    let text = escape::line(&clue.text);
                    match clue.at {
                        Some(at) if several(report) => {
                            let file = escape::line(report.file_name(at.file));
                            format!("{text} (frame {file}:{})", at.number)
                        }
                        Some(at) => format!("{text} (frame {})", at.number),
                        None => text.into_owned(),
                    }
                })
                .collect(),
        })
        .collect()
}

fn finding(placed: &Placed, report: &Report) -> FindingV1 {
    let f = &placed.finding;
    let rule: &Rule = placed.rule;
    let fix = words::general_steps(placed);
    let mut evidence: Vec<&Evidence> = f.evidence.iter().collect();
    evidence.sort_by_key(|e| (e.at, e.kind));
    let steps = |own: &[String], general: &[&str]| -> Vec<String> {
        own.iter()
            .map(|s| escape::line(s).into_owned())
            .chain(general.iter().map(|s| (*s).to_owned()))
            .collect()
    };
    FindingV1 {
        rule: f.rule,
        severity: f.severity.name(),
        confidence: f.confidence.name(),
        title: escape::line(&f.title).into_owned(),
        summary: escape::line(&f.summary).into_owned(),
        from: f.from.map(|a| a.to_string()),
        to: f.to.map(|a| a.to_string()),
        count: f.count,
        role: placed.part.name(),
        caused_by: placed
            .caused_by
            .iter()
            .filter_map(|n| report.findings.get(*n))
            .map(|cause| cause.finding.rule)
            .collect(),
        first: place(f.first, report),
        last: place(f.last, report),
        evidence: evidence
            .into_iter()
            .map(|e| {
                let at = place(e.at, report);
                EvidenceV1 {
                    kind: e.kind.name(),
                    file: at.file,
                    frame: at.frame,
                    time: at.time,
                    text: escape::line(&e.text).into_owned(),
                }
            })
            .collect(),
        details: f
            .details
            .iter()
            .map(|d| DetailV1 {
                label: d.label.clone(),
                values: d
                    .values
                    .iter()
                    .map(|v| escape::line(v).into_owned())
                    .collect(),
            })
            .collect(),
        wireshark_filter: words::filters(placed, report).join("; "),
        explanation: rule.explanation,
        causes: rule.causes,
        fix: FixV1 {
            cisco: steps(&f.remedy.cisco, fix.cisco),
            microsoft: steps(&f.remedy.microsoft, fix.microsoft),
            network: steps(&f.remedy.network, fix.network),
        },
        references: rule.references,
        tcp_streams: f.streams.iter().copied().collect(),
        call_ids: f
            .call_ids
            .iter()
            .map(|c| escape::line(c).into_owned())
            .collect(),
        fingerprint: f.fingerprint(),
    }
}

fn place(at: FrameRef, report: &Report) -> PlaceV1 {
    let digits = report
        .captures
        .get(usize::from(at.file.0))
        .map_or(9, |c| c.digits);
    PlaceV1 {
        file: report.file_name(at.file).to_owned(),
        frame: at.number.get(),
        time: rfc3339(at.time, digits),
    }
}
