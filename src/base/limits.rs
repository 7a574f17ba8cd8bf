//! Every bound on memory and work, in one place.

/// The caps that keep memory independent of the length of a capture (invariant I5).
///
/// When one bites, the oldest is finished or the rest is skipped, and a caveat says so: no cap drops anything silently.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Largest captured frame or pcapng block read, in bytes. 16 MiB: Wireshark's own largest packet is 256 KiB,
    /// jumbo TSO frames are 64 KiB. Caveat: `corrupt-block`.
    pub frame_bytes: usize,
    /// Packets remembered of all captures together to compare their clocks, as many causes and as many effects. 131 072, about
    /// 30 MiB, freed before the analysis; with more, the same choice of each capture is kept.
    pub clock_packets: usize,
    /// Bytes of frames read beforehand of all captures together to compare their clocks. 2 GiB. What lies behind is not compared.
    pub clock_bytes: u64,
    /// Nested headers of one frame (VLAN tags, tunnels). 16. Caveat: `too-deep`.
    pub encapsulation_depth: usize,
    /// IP datagrams waiting for fragments. 1024. Caveat: `fragments-incomplete`.
    pub fragment_datagrams: usize,
    /// Bytes of waiting fragments, all together. 4 MiB. Caveat: `fragments-incomplete`.
    pub fragment_bytes: usize,
    /// Flows open at the same time, about 1 500 bytes each and of SIP as much again; one of TLS counts as five. 14 336: a table of
    /// 16 384 places holds as many without growing. Caveat: `flow-evicted`.
    pub flows: usize,
    /// Early (out of order) TCP bytes kept per direction, and 96 for each segment. 1 MiB: more than a receive window without scaling.
    /// Caveat: `stream-gap`.
    pub early_bytes_per_direction: usize,
    /// Early TCP bytes kept in all flows together, and 96 for each segment. 16 MiB. Caveat: `stream-gap`.
    pub early_bytes: usize,
    /// One TLS handshake message, in bytes. 256 KiB: a certificate chain is 16 MiB at most by its length field,
    /// 10 KiB in practice. Caveat: `tls-handshake-too-long`.
    pub tls_handshake_bytes: usize,
    /// Numbers tried for the first TLS record behind missing bytes. 4 096. Caveat: `tls-not-understood`.
    pub tls_sequence_search: u64,
    /// Bytes authenticated in all such searches together. 2 GiB, about two seconds; then one number is tried for each record.
    /// As much again where a connection begun before the capture is tried with the secrets of others.
    /// Caveat: `tls-not-understood`.
    pub tls_search_bytes: u64,
    /// Secrets tried on connections of which nothing says whose they are, because the ClientHello was not captured. 2 097 152 in
    /// all, some seconds; then such a connection stays closed. Caveat: `not-decrypted`.
    pub tls_trials: u64,
    /// TLS sessions with DEFLATE compression that are decompressed, about 90 KiB each while they last. 256. Caveat:
    /// `not-decrypted`.
    pub tls_compressed_sessions: usize,
    /// Bytes of encrypted records kept of each direction until the other one has said what the keys depend on. 64 KiB.
    /// Caveat: `not-decrypted`.
    pub tls_held_bytes: usize,
    /// Bytes of certificates that open TLS sessions show, each counted once. 16 MiB, shared by the shards of a long capture; some four
    /// thousand. Those for which there is no room are not kept. Caveat: `tls-not-understood`.
    pub tls_certificate_bytes: usize,
    /// Bytes of what else the handshakes of open TLS sessions told, beyond the 8 KiB that each may keep anyway. 8 MiB, shared in the
    /// same way. A message for which there is no room is not kept. Caveat: `tls-not-understood`.
    pub tls_facts_bytes: usize,
    /// Bytes that wait in all TCP streams together for what completes them: SIP messages, WebSocket frames, TLS records, handshake
    /// messages, and bytes of which it is not clear yet what they are. 16 MiB, shared by the shards of a long capture; above it, the
    /// connection that was silent longest gives up what it waits with. Caveats: `sip-unfinished`, `tls-not-understood`.
    pub waiting_bytes: usize,
    /// TLS sessions remembered for resumption, by session id or ticket. 16 384; the oldest is forgotten, and a session resumed
    /// from it is not decrypted, with the reason. About 100 bytes each.
    pub tls_sessions_learned: usize,
    /// Secrets kept of key logs: sessions and handshakes they name; a connection of TLS 1.3 counts for four. 196 608: a busy server's
    /// day. About 90 bytes each, a session id or premaster secret at most 1 KiB more. Caveat: `secrets-unusable`.
    pub tls_secrets: usize,
    /// The start line and header fields of one SIP message, in bytes. 1 MiB. Defect: `head-too-long`.
    pub sip_head_bytes: usize,
    /// The body of one SIP message, in bytes. 4 MiB. Defect: `body-too-long`.
    pub sip_body_bytes: usize,
    /// Header fields indexed in one SIP message. 16 384. Defect: `too-many-header-fields`.
    pub sip_header_fields: usize,
    /// Directions of SCTP associations known at the same time. 16 384. Caveat: `flow-evicted`.
    pub sctp_directions: usize,
    /// Bytes of SCTP fragments that wait for others, all together. 16 MiB. Caveat: `sctp-incomplete`.
    pub sctp_waiting_bytes: usize,
    /// Dialogs open at the same time. 14 336. Caveat: `dialog-evicted`.
    pub dialogs: usize,
    /// Messages kept in one dialog. 256. Caveat: `dialog-messages-dropped`.
    pub messages_per_dialog: usize,
    /// Bytes of the messages of all open dialogs. 18 MiB. Caveat: `dialog-evicted`.
    pub message_bytes: usize,
    /// Connection summaries kept until the end of the capture, for rules that compare them. 14 336.
    /// Caveat: `connection-summary-dropped`.
    pub connection_summaries: usize,
    /// Bytes of those summaries. 8 MiB. Caveat: `connection-summary-dropped`.
    pub connection_bytes: usize,
    /// Findings kept of one rule. 1 000 (repetitions are folded before). Caveat: `findings-dropped`.
    pub findings_per_rule: usize,
    /// Bytes of all findings. 8 MiB; of each rule ten are kept all the same. Caveat: `findings-dropped`.
    pub finding_bytes: usize,
    /// Pieces of evidence kept of one finding. 12. The count of repetitions stays exact.
    pub evidence_per_finding: usize,
    /// Places kept of one kind of caveat. 10. The count stays exact.
    pub places_per_caveat: usize,
    /// Message sequence charts kept of each kind: of calls in which something was found, of other calls, of connections. 200.
    /// The report says how many there are no charts of.
    pub charts: usize,
    /// Bytes of the messages in charts. 16 MiB.
    pub chart_bytes: usize,
    /// Bytes of frames after which connections are dealt to several shards by their client. 8 MiB: what is shorter takes a moment, and
    /// knows all TLS sessions in one place.
    pub one_shard_bytes: u64,
    /// Connections remembered for Wireshark's `tcp.stream` numbers, 24 bytes each. 229 376. Caveat: `stream-numbers`.
    pub stream_numbers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 16 << 20,
            clock_packets: 131_072,
            clock_bytes: 2 << 30,
            encapsulation_depth: 16,
            fragment_datagrams: 1024,
            fragment_bytes: 4 << 20,
            flows: 14_336,
            early_bytes_per_direction: 1 << 20,
            early_bytes: 16 << 20,
            tls_handshake_bytes: 256 << 10,
            tls_sequence_search: 4_096,
            tls_search_bytes: 2 << 30,
            tls_trials: 1 << 21,
            tls_compressed_sessions: 256,
            tls_held_bytes: 64 << 10,
            tls_certificate_bytes: 16 << 20,
            tls_facts_bytes: 8 << 20,
            waiting_bytes: 16 << 20,
            tls_sessions_learned: 16_384,
            tls_secrets: 196_608,
            sip_head_bytes: 1 << 20,
            sip_body_bytes: 4 << 20,
            sip_header_fields: 16_384,
            sctp_directions: 16_384,
            sctp_waiting_bytes: 16 << 20,
            dialogs: 14_336,
            messages_per_dialog: 256,
            message_bytes: 18 << 20,
            connection_summaries: 14_336,
            connection_bytes: 8 << 20,
            findings_per_rule: 1_000,
            finding_bytes: 8 << 20,
            evidence_per_finding: 12,
            places_per_caveat: 10,
            charts: 200,
            chart_bytes: 16 << 20,
            one_shard_bytes: 8 << 20,
            stream_numbers: 229_376,
        }
    }
}
