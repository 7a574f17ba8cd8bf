//! Scenarios: text that reads like a ladder diagram, compiled to frames. `docs/contributing.md` has the language.

use super::pcap::{self, Frame};
use super::wire::{self, ACK, FIN, PSH, RST, SYN};
use super::{file_name, project, read_text, tls};
use std::net::{IpAddr, SocketAddr};

/// Where a scenario begins unless it says `start`.
const START: &str = "2014-03-03T18:56:14Z";
/// Payload of one segment on Ethernet.
const MSS: usize = 1460;
/// From a segment to its acknowledgement.
const RTT: i64 = 200_000;
/// Between frames sent in one go.
const BURST: i64 = 10_000;
/// Between the flights of the `handshake` macro.
const FLIGHT: i64 = 2_000_000;

/// A compiled scenario.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The comment on top.
    pub(crate) comment: Vec<String>,
    pub(crate) frames: Vec<Frame>,
}

impl Trace {
    /// As tcpdump would write it.
    pub(crate) fn pcap(&self) -> Vec<u8> {
        pcap::classic(&self.frames, pcap::USUAL)
    }
}

/// Compiles a file of the project.
pub(crate) fn file(path: &str) -> Trace {
    let text = read_text(&project(path));
    compile(&text, path).unwrap_or_else(|error| panic!("{error}"))
}

/// Compiles a text; errors are `name:line: what`.
pub(crate) fn compile(text: &str, name: &str) -> Result<Trace, String> {
    let mut compiler = Compiler::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut comment = Vec::new();
    let mut n = 0;
    while n < lines.len() {
        let (at, line) = (n, lines[n].trim_end());
        n += 1;
        if let Some(words) = line.strip_prefix('#') {
            if compiler.frames.is_empty() && compiler.flows.is_empty() {
                comment.push(words.trim().to_owned());
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let end = (n..lines.len())
            .find(|i| is_directive(lines[*i]))
            .unwrap_or(lines.len());
        let payload = payload(&lines[n..end]);
        n = end;
        compiler
            .directive(line, payload.as_deref())
            .map_err(|error| format!("{name}:{}: {error}", at + 1))?;
    }
    let mut frames = compiler.frames;
    frames.sort_by_key(|frame| frame.time);
    Ok(Trace { comment, frames })
}

fn is_directive(line: &str) -> bool {
    ["@", "flow ", "start ", "#"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// Head lines with CRLF, the blank line, the body with CRLF; `Content-Length: auto` is replaced.
fn payload(lines: &[&str]) -> Option<Vec<u8>> {
    let first = lines.iter().position(|line| !line.is_empty())?;
    let last = lines.iter().rposition(|line| !line.is_empty())?;
    let lines = &lines[first..=last];
    let blank = lines.iter().position(|line| line.is_empty());
    let (head, body) = match blank {
        Some(blank) => (&lines[..blank], &lines[blank + 1..]),
        None => (lines, &[][..]),
    };
    let body: String = body.iter().map(|line| format!("{line}\r\n")).collect();
    let mut text: String = head.iter().map(|line| format!("{line}\r\n")).collect();
    text.push_str("\r\n");
    text = text.replacen(
        "Content-Length: auto",
        &format!("Content-Length: {}", body.len()),
        1,
    );
    text.push_str(&body);
    Some(text.into_bytes())
}

/// Bytes written in hexadecimal.
pub(crate) fn hex(text: &str) -> Result<Vec<u8>, String> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(format!("`{text}` is not hexadecimal"));
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).map_err(|e| format!("{text}: {e}")))
        .collect()
}

/// The side that opened, and the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Opener,
    Other,
}

impl Side {
    fn parse(word: &str) -> Option<Self> {
        match word {
            ">" => Some(Self::Opener),
            "<" => Some(Self::Other),
            _ => None,
        }
    }

    fn index(self) -> usize {
        usize::from(self == Self::Other)
    }

    fn other(self) -> Self {
        match self {
            Self::Opener => Self::Other,
            Self::Other => Self::Opener,
        }
    }
}

#[derive(Debug)]
struct Flow {
    name: String,
    tcp: bool,
    ends: [SocketAddr; 2],
    /// The next sequence number of each side.
    seq: [u32; 2],
    open: bool,
    /// What the other side has got of each, where its data does not arrive any more.
    arrived: [Option<u32>; 2],
    /// Only the segments of this side pass where the capture is made.
    only: Option<Side>,
    /// What `again` repeats: sequence number and payload.
    last: [Vec<(u32, Vec<u8>)>; 2],
    /// What ICMP quotes.
    last_frame: Vec<u8>,
    tls: tls::State,
}

impl Flow {
    /// Whether segments of this side pass where the capture is made.
    fn passes(&self, side: Side) -> bool {
        self.only.is_none_or(|only| only == side)
    }
}

/// What `@lose`, `@cut`, `@split`, `@reorder` and `@unacked` say about what comes next.
#[derive(Debug, Default)]
struct Next {
    lose: bool,
    unacked: bool,
    cut: Option<usize>,
    fragment: Option<usize>,
    split: Option<usize>,
    reorder: bool,
    /// The frame that waits for its place to be taken.
    swap: Option<usize>,
}

#[derive(Debug)]
struct Compiler {
    start: i64,
    now: i64,
    flows: Vec<Flow>,
    frames: Vec<Frame>,
    next: Next,
    ip_id: u16,
}

impl Compiler {
    fn new() -> Self {
        let start = timestamp(START).unwrap();
        Self {
            start,
            now: start,
            flows: Vec::new(),
            frames: Vec::new(),
            next: Next::default(),
            ip_id: 0x1000,
        }
    }

    fn directive(&mut self, line: &str, payload: Option<&[u8]>) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut used = false;
        match words.as_slice() {
            ["start", time] => {
                self.start = timestamp(time)?;
                self.now = self.start;
            }
            ["flow", name, kind, from, ">", to] => self.flow(name, kind, from, to)?,
            ["@lose"] => self.next.lose = true,
            ["@unacked"] => self.next.unacked = true,
            ["@reorder"] => self.next.reorder = true,
            ["@fragment", n] => self.next.fragment = Some(number(n)?),
            ["@cut", n] => self.next.cut = Some(number(n)?),
            ["@split", n] => self.next.split = Some(number(n)?),
            [time, "end"] => {
                self.time(time)?;
                self.emit(self.now, wire::arp());
            }
            [time, "dns", rest @ ..] => {
                self.time(time)?;
                self.dns(rest)?;
            }
            [time, name, rest @ ..] if time.starts_with('@') => {
                self.time(time)?;
                let flow = self
                    .flows
                    .iter()
                    .position(|flow| flow.name == *name)
                    .ok_or_else(|| format!("there is no flow `{name}`"))?;
                used = self.on_flow(flow, rest, payload)?;
            }
            _ => return Err(format!("`{line}` is no directive")),
        }
        if payload.is_some() && !used {
            return Err("these lines of payload belong to nothing".to_owned());
        }
        Ok(())
    }

    fn time(&mut self, word: &str) -> Result<(), String> {
        let word = word
            .strip_prefix('@')
            .ok_or_else(|| format!("`{word}` is no time"))?;
        let (base, seconds) = match word.strip_prefix('+') {
            Some(seconds) => (self.now, seconds),
            None => (self.start, word),
        };
        let seconds: f64 = seconds.parse().map_err(|e| format!("@{word}: {e}"))?;
        let micros = (seconds * 1e6).round();
        if !(0.0..1e12).contains(&micros) {
            return Err(format!("@{word} is no time"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        let time = base + micros as i64 * 1000;
        if time < self.now {
            return Err(format!("@{word} goes back in time"));
        }
        self.now = time;
        Ok(())
    }

    fn flow(&mut self, name: &str, kind: &str, from: &str, to: &str) -> Result<(), String> {
        let address = |word: &str| word.parse().map_err(|e| format!("{word}: {e}"));
        if self.flows.iter().any(|flow| flow.name == name) {
            return Err(format!("there is a flow `{name}` already"));
        }
        let ends: [SocketAddr; 2] = [address(from)?, address(to)?];
        let tcp = match kind {
            "tcp" => true,
            "udp" => false,
            other => return Err(format!("`{other}` is neither tcp nor udp")),
        };
        let base = 0x1000_0000_u32.wrapping_mul(u32::try_from(self.flows.len() + 1).unwrap());
        self.flows.push(Flow {
            name: name.to_owned(),
            tcp,
            ends,
            seq: [base, base.wrapping_add(0x0800_0000)],
            open: false,
            arrived: [None; 2],
            only: None,
            last: [Vec::new(), Vec::new()],
            last_frame: Vec::new(),
            tls: tls::State::default(),
        });
        Ok(())
    }

    /// Whether the payload was used.
    fn on_flow(
        &mut self,
        flow: usize,
        words: &[&str],
        payload: Option<&[u8]>,
    ) -> Result<bool, String> {
        let tcp = self.flows[flow].tcp;
        if let [direction, rest @ ..] = words
            && let Some(side) = Side::parse(direction)
        {
            return self.send_line(flow, side, rest, payload);
        }
        if let ["icmp", kind, "from", router] = words {
            self.icmp(flow, kind, router)?;
            return Ok(false);
        }
        if !tcp {
            return Err("UDP has no connections".to_owned());
        }
        match words {
            ["open"] => self.open(flow),
            ["syn"] => {
                self.segment(flow, Side::Opener, SYN, &[], self.now);
            }
            ["refuse"] => {
                self.segment(flow, Side::Opener, SYN, &[], self.now);
                let Flow { ends, seq, .. } = &self.flows[flow];
                let bytes = wire::tcp(
                    &wire::Segment {
                        src: ends[1],
                        dst: ends[0],
                        flags: RST | ACK,
                        seq: 0,
                        ack: seq[0].wrapping_add(1),
                        payload: &[],
                    },
                    0,
                );
                self.emit(self.now + RTT, bytes);
            }
            ["close", direction] => {
                let side = Side::parse(direction).ok_or("close > or close <")?;
                self.segment(flow, side, FIN | ACK, &[], self.now);
                self.advance(flow, side, 1);
                self.segment(flow, side.other(), FIN | ACK, &[], self.now + RTT);
                self.advance(flow, side.other(), 1);
                self.segment(flow, side, ACK, &[], self.now + 2 * RTT);
                self.flows[flow].open = false;
            }
            ["fin", direction] => {
                let side = Side::parse(direction).ok_or("fin > or fin <")?;
                self.segment(flow, side, FIN | ACK, &[], self.now);
                self.advance(flow, side, 1);
                self.segment(flow, side.other(), ACK, &[], self.now + RTT);
            }
            ["stuck", direction] => {
                let side = Side::parse(direction).ok_or("stuck > or stuck <")?;
                let flow = &mut self.flows[flow];
                flow.arrived[side.index()] = Some(flow.seq[side.index()]);
            }
            ["arrives", direction] => {
                let side = Side::parse(direction).ok_or("arrives > or arrives <")?;
                self.flows[flow].arrived[side.index()] = None;
            }
            ["only", direction] => {
                let side = Side::parse(direction).ok_or("only > or only <")?;
                self.flows[flow].only = Some(side);
            }
            ["ack", direction, "window", "0"] => {
                let side = Side::parse(direction).ok_or("ack > window 0 or ack < window 0")?;
                let Flow {
                    ends, seq, arrived, ..
                } = &self.flows[flow];
                let me = side.index();
                let ack = wire::Segment {
                    src: ends[me],
                    dst: ends[1 - me],
                    flags: ACK,
                    seq: seq[me],
                    ack: arrived[1 - me].unwrap_or(seq[1 - me]),
                    payload: &[],
                };
                let frame = wire::tcp_with_window(&ack, 0, self.ip_id);
                self.emit(self.now, frame);
            }
            ["ack", direction] => {
                let side = Side::parse(direction).ok_or("ack > or ack <")?;
                self.segment(flow, side, ACK, &[], self.now);
            }
            ["reset", direction] => {
                let side = Side::parse(direction).ok_or("reset > or reset <")?;
                self.segment(flow, side, RST | ACK, &[], self.now);
                self.flows[flow].open = false;
            }
            ["handshake", options @ ..] => self.handshake(flow, options)?,
            _ => return Err(format!("`{}` is no action", words.join(" "))),
        }
        Ok(false)
    }

    fn send_line(
        &mut self,
        flow: usize,
        side: Side,
        words: &[&str],
        payload: Option<&[u8]>,
    ) -> Result<bool, String> {
        let bytes = match words {
            ["again"] => {
                for (seq, bytes) in self.flows[flow].last[side.index()].clone() {
                    self.repeat(flow, side, seq, &bytes);
                }
                self.next = Next::default();
                return Ok(false);
            }
            ["hex", bytes] => hex(bytes)?,
            ["tls", rest @ ..] => {
                let line = rest.join(" ");
                let wanted = line.split(" + ").any(|item| item == "sip");
                if wanted && payload.is_none() {
                    return Err("the SIP message is missing".to_owned());
                }
                let bytes = self.flows[flow]
                    .tls
                    .line(&line, payload.unwrap_or_default())?;
                self.send(flow, side, &bytes)?;
                return Ok(wanted);
            }
            [] => payload.ok_or("what is sent is missing")?.to_vec(),
            _ => return Err(format!("`{}` cannot be sent", words.join(" "))),
        };
        self.send(flow, side, &bytes)?;
        Ok(words.is_empty())
    }

    fn open(&mut self, flow: usize) {
        if !self.flows[flow].last[0].is_empty() {
            // The same ports again: another initial sequence number.
            self.advance(flow, Side::Opener, 0x0010_0000);
            self.advance(flow, Side::Other, 0x0010_0000);
        }
        self.segment(flow, Side::Opener, SYN, &[], self.now);
        self.advance(flow, Side::Opener, 1);
        self.segment(flow, Side::Other, SYN | ACK, &[], self.now + RTT);
        self.advance(flow, Side::Other, 1);
        self.segment(flow, Side::Opener, ACK, &[], self.now + 2 * RTT);
        self.flows[flow].open = true;
        self.flows[flow].tls = tls::State::default();
    }

    /// Sends bytes as segments, each acknowledged, or as one datagram.
    fn send(&mut self, flow: usize, side: Side, bytes: &[u8]) -> Result<(), String> {
        if !self.flows[flow].tcp {
            self.flows[flow].last[side.index()] = vec![(0, bytes.to_vec())];
            self.datagram(flow, side, bytes);
            return Ok(());
        }
        if !self.flows[flow].open {
            return Err("the connection is not open".to_owned());
        }
        let size = self.next.split.take().unwrap_or(MSS).clamp(1, MSS);
        self.flows[flow].last[side.index()].clear();
        let stuck = self.flows[flow].arrived[side.index()].is_some();
        let unacked = std::mem::take(&mut self.next.unacked) || stuck;
        for (n, part) in bytes.chunks(size).enumerate() {
            let time = self.now + i64::try_from(n).unwrap() * BURST;
            let seq = self.flows[flow].seq[side.index()];
            self.flows[flow].last[side.index()].push((seq, part.to_vec()));
            let lost = std::mem::take(&mut self.next.lose);
            if !lost {
                self.segment(flow, side, PSH | ACK, part, time);
            }
            self.advance(flow, side, part.len());
            let waits = self.swap(lost);
            if !unacked && !waits {
                self.segment(flow, side.other(), ACK, &[], time + RTT);
            }
        }
        Ok(())
    }

    /// Exchanges the last frame with the one that waits, or makes it wait.
    fn swap(&mut self, lost: bool) -> bool {
        if lost {
            return false;
        }
        let this = self.frames.len() - 1;
        if let Some(first) = self.next.swap.take() {
            let (a, b) = (self.frames[first].time, self.frames[this].time);
            self.frames[first].time = b;
            self.frames[this].time = a;
            return false;
        }
        if std::mem::take(&mut self.next.reorder) {
            self.next.swap = Some(this);
            return true;
        }
        false
    }

    fn repeat(&mut self, flow: usize, side: Side, seq: u32, bytes: &[u8]) {
        if !self.flows[flow].tcp {
            self.datagram(flow, side, bytes);
            return;
        }
        let Flow {
            ends,
            seq: next,
            arrived,
            ..
        } = &self.flows[flow];
        let me = side.index();
        let frame = wire::tcp(
            &wire::Segment {
                src: ends[me],
                dst: ends[1 - me],
                flags: PSH | ACK,
                seq,
                ack: arrived[1 - me].unwrap_or(next[1 - me]),
                payload: bytes,
            },
            self.ip_id,
        );
        if self.flows[flow].passes(side) {
            self.emit(self.now, frame);
        }
        if !self.next.unacked && self.flows[flow].arrived[me].is_none() {
            self.segment(flow, side.other(), ACK, &[], self.now + RTT);
        }
    }

    fn datagram(&mut self, flow: usize, side: Side, bytes: &[u8]) {
        let ends = self.flows[flow].ends;
        let me = side.index();
        let frame = wire::udp(ends[me], ends[1 - me], bytes, self.ip_id);
        if side == Side::Opener {
            self.flows[flow].last_frame = frame.clone();
        }
        if std::mem::take(&mut self.next.lose) {
            return;
        }
        match self.next.fragment.take() {
            Some(size) => {
                for piece in wire::fragments(&frame, size) {
                    self.emit(self.now, piece);
                }
            }
            None => self.emit(self.now, frame),
        }
    }

    fn segment(&mut self, flow: usize, side: Side, flags: u8, payload: &[u8], time: i64) {
        let Flow {
            ends, seq, arrived, ..
        } = &self.flows[flow];
        let me = side.index();
        let got = arrived[1 - me].unwrap_or(seq[1 - me]);
        let frame = wire::tcp(
            &wire::Segment {
                src: ends[me],
                dst: ends[1 - me],
                flags,
                seq: seq[me],
                ack: if flags & ACK != 0 { got } else { 0 },
                payload,
            },
            self.ip_id,
        );
        if side == Side::Opener {
            self.flows[flow].last_frame = frame.clone();
        }
        if self.flows[flow].passes(side) {
            self.emit(time, frame);
        }
    }

    fn advance(&mut self, flow: usize, side: Side, bytes: usize) {
        let seq = &mut self.flows[flow].seq[side.index()];
        *seq = seq.wrapping_add(u32::try_from(bytes).unwrap());
    }

    fn emit(&mut self, time: i64, mut bytes: Vec<u8>) {
        self.ip_id = self.ip_id.wrapping_add(1);
        let original_len = bytes.len();
        if let Some(cut) = self.next.cut.take() {
            bytes.truncate(cut);
        }
        self.frames.push(Frame {
            time,
            bytes,
            original_len,
        });
    }

    fn icmp(&mut self, flow: usize, kind: &str, router: &str) -> Result<(), String> {
        let router: IpAddr = router.parse().map_err(|e| format!("{router}: {e}"))?;
        let (kind, code) = kind.split_once('/').ok_or("icmp TYPE/CODE")?;
        let byte = |word: &str| word.parse::<u8>().map_err(|e| format!("{word}: {e}"));
        if self.flows[flow].last_frame.is_empty() {
            return Err("nothing was sent that could be quoted".to_owned());
        }
        let frame = wire::icmp(
            router,
            byte(kind)?,
            byte(code)?,
            &self.flows[flow].last_frame,
            self.ip_id,
        );
        self.emit(self.now, frame);
        Ok(())
    }

    /// `A > B TYPE name = answer`, the answer an address (several with commas), `host:port` for SRV, a name for PTR, `nxdomain`, or `silence`.
    fn dns(&mut self, words: &[&str]) -> Result<(), String> {
        let [from, ">", to, kind, name, "=", answer] = words else {
            return Err("dns A > B TYPE name = answer".to_owned());
        };
        let address = |word: &str| -> Result<IpAddr, String> {
            word.parse().map_err(|e| format!("{word}: {e}"))
        };
        let id = self.ip_id;
        let client = SocketAddr::new(address(from)?, 40_000 + (id & 0xfff));
        let server = SocketAddr::new(address(to)?, 53);
        let code: u16 = match *kind {
            "A" => 1,
            "PTR" => 12,
            "SRV" => 33,
            other => return Err(format!("`{other}` is none of A, PTR, SRV")),
        };
        let mut question = labels(name)?;
        question.extend(code.to_be_bytes());
        question.extend([0, 1]);
        let message = |flags: u16, count: u8, answers: &[u8]| {
            let mut out = id.to_be_bytes().to_vec();
            out.extend(flags.to_be_bytes());
            out.extend([0, 1, 0, count, 0, 0, 0, 0]);
            out.extend(&question);
            out.extend(answers);
            out
        };
        let query = wire::udp(client, server, &message(0x0100, 0, &[]), id);
        self.emit(self.now, query);
        let (flags, data) = match (*answer, code) {
            ("silence", _) => return Ok(()),
            ("nxdomain", _) => (0x8183, Vec::new()),
            (text, 1) => {
                let mut all = Vec::new();
                for one in text.split(',') {
                    match address(one)? {
                        IpAddr::V4(a) => all.push(a.octets().to_vec()),
                        IpAddr::V6(_) => return Err("A records are IPv4".to_owned()),
                    }
                }
                (0x8180, all)
            }
            (text, 33) => {
                let (host, port) = text.split_once(':').ok_or("SRV name = host:port")?;
                let port: u16 = port.parse().map_err(|e| format!("{port}: {e}"))?;
                let mut data = vec![0, 0, 0, 0];
                data.extend(port.to_be_bytes());
                data.extend(labels(host)?);
                (0x8180, vec![data])
            }
            (text, _) => (0x8180, vec![labels(text)?]),
        };
        let mut record = Vec::new();
        let count = u8::try_from(data.len()).unwrap();
        for data in data {
            record.extend([0xc0, 12]);
            record.extend(code.to_be_bytes());
            record.extend([0, 1, 0, 0, 0x0e, 0x10]);
            record.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            record.extend(data);
        }
        let reply = wire::udp(server, client, &message(flags, count, &record), id);
        self.emit(self.now + 1_000_000, reply);
        Ok(())
    }

    /// A whole TLS handshake: `client=CERT server=CERT`, and `version=`, `suite=`, `offer=`, `sni=`, `session=` where wanted.
    /// `client=-` is a server that does not ask for a certificate.
    fn handshake(&mut self, flow: usize, options: &[&str]) -> Result<(), String> {
        let option = |key: &str| {
            options
                .iter()
                .find_map(|o| o.strip_prefix(key)?.strip_prefix('='))
        };
        let known = [
            "client", "server", "version", "suite", "offer", "sni", "session",
        ];
        for word in options {
            let key = word.split('=').next().unwrap_or_default();
            if !known.contains(&key) {
                return Err(format!("handshake: `{word}` is no option"));
            }
        }
        let client = option("client").ok_or("handshake: client=CERT is missing")?;
        let server = option("server").ok_or("handshake: server=CERT is missing")?;
        let version = option("version").unwrap_or("1.0");
        let suite = option("suite").unwrap_or("0002");
        let offer = option("offer").map_or_else(|| format!("{suite},000a"), str::to_owned);
        let field = |key: &str| option(key).map_or(String::new(), |v| format!(" {key}={v}"));
        let asks = client != "-";
        let mut flights = vec![
            (
                Side::Opener,
                format!(
                    "client-hello version={version} suites={offer}{}",
                    field("sni")
                ),
            ),
            (
                Side::Other,
                format!(
                    "server-hello version={version} suite={suite}{} + certificate {server}{} + server-hello-done",
                    field("session"),
                    if asks { " + certificate-request" } else { "" }
                ),
            ),
        ];
        let verify = if asks && client != "none" {
            " + certificate-verify"
        } else {
            ""
        };
        let mine = if asks {
            format!("certificate {client} + ")
        } else {
            String::new()
        };
        flights.push((
            Side::Opener,
            format!("{mine}client-key-exchange{verify} + ccs + finished"),
        ));
        flights.push((Side::Other, "ccs + finished".to_owned()));
        self.open(flow);
        for (side, line) in flights {
            self.now += FLIGHT;
            let bytes = self.flows[flow].tls.line(&line, &[])?;
            self.send(flow, side, &bytes)?;
        }
        self.now += FLIGHT;
        Ok(())
    }
}

/// A name in the form of RFC 1035 §3.1; of an address the name under `in-addr.arpa`.
fn labels(name: &str) -> Result<Vec<u8>, String> {
    let name = match name.parse::<std::net::Ipv4Addr>() {
        Ok(a) => {
            let [a, b, c, d] = a.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Err(_) => name.to_owned(),
    };
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).map_err(|e| format!("{label}: {e}"))?);
        out.extend(label.bytes());
    }
    out.push(0);
    Ok(out)
}

fn number(word: &str) -> Result<usize, String> {
    word.parse().map_err(|e| format!("{word}: {e}"))
}

fn timestamp(word: &str) -> Result<i64, String> {
    let time: jiff::Timestamp = word.parse().map_err(|e| format!("{word}: {e}"))?;
    i64::try_from(time.as_nanosecond()).map_err(|e| format!("{word}: {e}"))
}

mod tests {
    use super::*;
    use crate::support;
    use sipdiag::flow::State;

    const OPTIONS: &str = "OPTIONS sip:tomt.local SIP/2.0\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK1\n\
        Max-Forwards: 70\nFrom: <sip:tomt.it>;tag=1\nTo: <sip:tomt.local>\nCSeq: 1 OPTIONS\nCall-ID: 1\n\
        Content-Length: auto\n";

    fn report(text: &str) -> sipdiag::Report {
        let trace = compile(text, "inline").unwrap_or_else(|e| panic!("{e}"));
        support::analyze(trace.pcap(), "inline")
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        for (text, error) in [
            (
                "# c\nflow a tcp x > y\n",
                "f:2: x: invalid socket address syntax",
            ),
            ("\n@1 b open\n", "f:2: there is no flow `b`"),
            (
                "flow a tcp 10.1.1.1:1 > 10.1.1.2:2\n@2 a open\n@1 a close >\n",
                "f:3: @1 goes back in time",
            ),
            (
                "flow a tcp 10.1.1.1:1 > 10.1.1.2:2\n@0 a open\n@1 a > tls finish\n",
                "f:3: `finish` is no TLS message",
            ),
            (
                "flow a tcp 10.1.1.1:1 > 10.1.1.2:2\n@0 a open\nOPTIONS x\n",
                "f:2: these lines of payload belong to nothing",
            ),
            (
                "flow a sctp 10.1.1.1:1 > 10.1.1.2:2",
                "f:1: `sctp` is neither tcp nor udp",
            ),
            (
                "flow a tcp 10.1.1.1:1 > 10.1.1.2:2\n@0 a open\n@1 a > tls certificate nobody\n",
                "f:3: there is no certificate nobody.crt.pem",
            ),
        ] {
            assert_eq!(compile(text, "f").unwrap_err(), error);
        }
    }

    #[test]
    fn a_connection_is_what_the_flow_room_sees() {
        let body = "MESSAGE sip:x SIP/2.0\nVia: SIP/2.0/TCP 10.1.1.10;branch=z9hG4bK2\nMax-Forwards: 70\n\
            From: <sip:tomt.it>;tag=1\nTo: <sip:tomt.local>\nCSeq: 2 MESSAGE\nCall-ID: 2\n\
            Content-Type: text/plain\nContent-Length: auto\n\nhello\nworld\n";
        let report = report(&format!(
            "flow a tcp 10.1.1.10:49301 > 10.1.1.20:5060\n@0 a open\n@0.5 a >\n{OPTIONS}\n@split 40\n@1 a >\n{body}\n\
             @2 a close <\n"
        ));
        assert!(report.caveats.is_empty(), "{:?}", report.caveats);
        let flow = &report.connections[0].flow;
        assert_eq!(flow.state(), State::Closed);
        assert_eq!(report.coverage.sip_messages, 2);
        assert_eq!(report.coverage.sip_malformed, 0, "Content-Length is right");
    }

    #[test]
    fn lost_reordered_and_cut_segments_are_seen_as_such() {
        let lost = report(&format!(
            "flow a tcp 10.1.1.10:49301 > 10.1.1.20:5060\n@0 a open\n@0.5 a >\n{OPTIONS}\n@split 40\n@lose\n@1 a >\n\
             {OPTIONS}\n@2 a >\n{OPTIONS}\n@3 a close >\n"
        ));
        assert_eq!(lost.coverage.missing_bytes, 40);
        let swapped = report(&format!(
            "flow a tcp 10.1.1.10:49301 > 10.1.1.20:5060\n@0 a open\n@split 60\n@reorder\n@1 a >\n{OPTIONS}\n\
             @2 a close >\n"
        ));
        assert_eq!(swapped.coverage.missing_bytes, 0);
        assert_eq!(swapped.coverage.sip_messages, 1);
        let cut = report(&format!(
            "flow a tcp 10.1.1.10:49301 > 10.1.1.20:5060\n@0 a open\n@cut 80\n@1 a >\n{OPTIONS}\n@2 a close >\n"
        ));
        assert!(cut.coverage.missing_bytes > 0);
    }

    #[test]
    fn a_handshake_is_read_and_the_sip_in_it() {
        let report = report(&format!(
            "start 2024-03-03T18:56:14Z\nflow a tcp 10.1.1.10:49301 > 10.1.1.20:5062\n\
             @0 a handshake client=lync01 server=cups01,ca sni=cups01.tomt.local\n@1 a > tls sip\n{OPTIONS}\n\
             @2 a > tls null-alert 1 0\n@+0.1 a close >\n"
        ));
        assert!(report.caveats.is_empty(), "{:?}", report.caveats);
        let tls = report.connections[0].tls.as_ref().unwrap();
        assert!(tls.handshake_complete());
        assert_eq!(tls.suite().unwrap().0, 2);
        assert_eq!(tls.server_certificates.as_ref().unwrap().chain.len(), 2);
        assert!(tls.certificate_request.is_some());
        assert_eq!(report.coverage.sip_messages, 1);
    }

    #[test]
    fn refusals_and_silence_are_told_apart() {
        let report = report(
            "flow a tcp 10.1.1.20:40000 > 10.1.1.10:5061\nflow b tcp 10.1.1.20:40001 > 10.1.1.10:5061\n@0 a syn\n\
             @3 a syn\n@4 b refuse\n@5 a icmp 3/13 from 10.1.1.1\n@9 end\n",
        );
        let states: Vec<State> = report.connections.iter().map(|c| c.flow.state()).collect();
        assert_eq!(states, [State::SynUnanswered, State::Refused]);
        assert_eq!(report.connections[0].flow.icmp.len(), 1);
    }

    #[test]
    fn every_frame_has_correct_checksums_and_every_scenario_compiles() {
        for path in support::scenarios() {
            let trace = file(&path);
            assert!(
                trace.comment.iter().any(|line| line.len() > 20),
                "{path}: say on top what the scenario shows"
            );
            assert!(!trace.frames.is_empty(), "{path}: no frame");
            let name = file_name(std::path::Path::new(&path));
            let report = support::analyze(trace.pcap(), &name);
            let malformed: Vec<_> = report
                .caveats
                .iter()
                .filter(|c| c.kind == sipdiag::base::CaveatKind::PacketMalformed)
                .collect();
            assert!(malformed.is_empty(), "{path}: {malformed:?}");
        }
    }
}
