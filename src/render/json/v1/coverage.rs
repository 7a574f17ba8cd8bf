//! The view of what was in scope and what of it could be seen.

use super::{PlaceV1, place};
use crate::report::{Fate, Report};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct CoverageV1 {
    networks: Vec<String>,
    networks_reason: &'static str,
    packets_in_scope: u64,
    packets_out_of_scope: u64,
    frames: FramesV1,
    connections: u64,
    sip_connections: u64,
    one_directional: u64,
    tls_sessions: u64,
    tls_decrypted: u64,
    tls_unread: u64,
    tls_reasons: Vec<ReasonV1>,
    undecrypted: Vec<UndecryptedV1>,
    missing_bytes: u64,
    gaps: Vec<GapV1>,
    found: Vec<FoundV1>,
    sip_messages: u64,
    sip_malformed: u64,
    sip_defects: Vec<DefectV1>,
    sip_skipped_bytes: u64,
    sip_successes: u64,
    sip_failures: u64,
}

#[derive(Debug, Serialize)]
struct FramesV1 {
    total: u64,
    read: u64,
    skipped: u64,
    by: Vec<FateV1>,
}

#[derive(Debug, Serialize)]
struct FateV1 {
    fate: &'static str,
    read: bool,
    protocol: Option<String>,
    frames: u64,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct ReasonV1 {
    reason_name: &'static str,
    sessions: u64,
}

#[derive(Debug, Serialize)]
struct UndecryptedV1 {
    connection: String,
    reason: String,
    reason_name: &'static str,
    advice: String,
}

#[derive(Debug, Serialize)]
struct GapV1 {
    tcp_stream: u32,
    client: String,
    server: String,
    client_missing_bytes: u64,
    server_missing_bytes: u64,
}

#[derive(Debug, Serialize)]
struct FoundV1 {
    address: String,
    port: u16,
    transport: &'static str,
    connections: u64,
    messages: u64,
}

#[derive(Debug, Serialize)]
struct DefectV1 {
    kind: &'static str,
    messages: u64,
    first: PlaceV1,
}

pub(super) fn view(report: &Report) -> CoverageV1 {
    let c = &report.coverage;
    CoverageV1 {
        networks: if c.networks.is_empty() {
            vec!["any".to_owned()]
        } else {
            c.networks.iter().map(ToString::to_string).collect()
        },
        networks_reason: c.networks_reason,
        packets_in_scope: c.packets_in_scope,
        packets_out_of_scope: c.packets_out_of_scope,
        frames: frames(report),
        connections: c.connections,
        sip_connections: c.sip_connections,
        one_directional: c.one_directional,
        tls_sessions: c.tls_sessions,
        tls_decrypted: c.tls_decrypted,
        tls_unread: c.tls_unread,
        tls_reasons: c
            .tls_reasons
            .iter()
            .map(|(reason_name, sessions)| ReasonV1 {
                reason_name,
                sessions: *sessions,
            })
            .collect(),
        undecrypted: c
            .undecrypted
            .iter()
            .map(|u| UndecryptedV1 {
                connection: u.connection.clone(),
                reason: u.reason.clone(),
                reason_name: u.reason_name,
                advice: u.advice.clone(),
            })
            .collect(),
        missing_bytes: c.missing_bytes,
        gaps: c
            .gaps
            .iter()
            .map(|gap| {
                let [client, server] = gap.missing;
                GapV1 {
                    tcp_stream: gap.stream,
                    client: gap.client.to_string(),
                    server: gap.server.to_string(),
                    client_missing_bytes: client,
                    server_missing_bytes: server,
                }
            })
            .collect(),
        found: c
            .found
            .iter()
            .map(|((at, transport), found)| FoundV1 {
                address: at.addr.to_string(),
                port: at.port,
                transport,
                connections: found.connections,
                messages: found.messages,
            })
            .collect(),
        sip_messages: c.sip_messages,
        sip_malformed: c.sip_malformed,
        sip_defects: c
            .sip_defects
            .iter()
            .map(|(kind, (messages, at))| DefectV1 {
                kind,
                messages: *messages,
                first: place(*at, report),
            })
            .collect(),
        sip_skipped_bytes: c.sip_skipped_bytes,
        sip_successes: c.successes,
        sip_failures: c.failures,
    }
}

fn frames(report: &Report) -> FramesV1 {
    let frames = &report.coverage.frames;
    FramesV1 {
        total: frames.total(),
        read: frames.read(),
        skipped: frames.skipped(),
        by: Fate::ALL
            .iter()
            .flat_map(|fate| frames.rows(*fate).map(move |row| (*fate, row)))
            .map(|(fate, (name, n))| FateV1 {
                fate: fate.name(),
                read: fate.is_read(),
                protocol: (!name.is_empty()).then(|| name.to_owned()),
                frames: n,
                text: fate.text(),
            })
            .collect(),
    }
}
