//! Traffic of a kind, as much of it as is asked for.

use crate::messages::{Random, exchange, request};
use crate::records::{Maker, Suite};
use crate::secure::{self, Connect, Ends};
use crate::wire::{self, ACK, FIN, PSH, SYN, Segment};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

/// Connections at a time.
const OPEN: usize = 400;
/// Exchanges on one connection.
const EXCHANGES: u32 = 100;
/// Bytes of a full segment.
const FULL: usize = 1_460;

/// A capture that grows to its size.
struct Capture<'o> {
    out: &'o mut dyn Write,
    left: u64,
    time: u64,
}

impl<'o> Capture<'o> {
    fn new(out: &'o mut dyn Write, bytes: u64) -> io::Result<Self> {
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            out.write_all(&word.to_le_bytes())?;
        }
        Ok(Self {
            out,
            left: bytes.saturating_sub(24),
            time: 1_767_225_600_000_000,
        })
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Half a millisecond later.
    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.time += 500;
        let len = u32::try_from(bytes.len()).unwrap();
        let seconds = u32::try_from(self.time / 1_000_000).unwrap();
        let micros = u32::try_from(self.time % 1_000_000).unwrap();
        for word in [seconds, micros, len, len] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(bytes)?;
        self.left = self.left.saturating_sub(16 + u64::from(len));
        Ok(())
    }
}

/// One of forty clients and one of twenty servers.
fn ends(n: u64, port: u16) -> (SocketAddr, SocketAddr) {
    let client = Ipv4Addr::new(10, 1, 1, 10 + u8::try_from(n % 40).unwrap());
    let server = Ipv4Addr::new(10, 1, 1, 100 + u8::try_from(n / 40 % 20).unwrap());
    let from = 49_152 + u16::try_from(n % 16_000).unwrap();
    (
        SocketAddr::from((client, from)),
        SocketAddr::from((server, port)),
    )
}

/// A connection, and what is still to be sent on it.
struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    /// Next sequence numbers of client and server.
    next: [u32; 2],
    tls: Option<Box<dyn Ends>>,
    left: u32,
}

impl Connection {
    fn open(
        n: u64,
        tls: Option<Box<dyn Ends>>,
        left: u32,
        capture: &mut Capture<'_>,
    ) -> io::Result<Self> {
        let (client, server) = ends(n, if tls.is_some() { 5061 } else { 5060 });
        let mut connection = Self {
            client,
            server,
            next: [1_000, 5_000],
            tls,
            left,
        };
        connection.segment(0, SYN, &[], capture)?;
        connection.segment(1, SYN | ACK, &[], capture)?;
        connection.segment(0, ACK, &[], capture)?;
        if let Some(mut tls) = connection.tls.take() {
            for (side, bytes) in tls.handshake() {
                connection.bytes(side, &bytes, capture)?;
            }
            connection.tls = Some(tls);
        }
        Ok(connection)
    }

    fn segment(
        &mut self,
        side: usize,
        flags: u8,
        payload: &[u8],
        capture: &mut Capture<'_>,
    ) -> io::Result<()> {
        let (src, dst) = if side == 0 {
            (self.client, self.server)
        } else {
            (self.server, self.client)
        };
        let ack = if flags & ACK == 0 {
            0
        } else {
            self.next[1 - side]
        };
        let segment = Segment {
            src,
            dst,
            flags,
            seq: self.next[side],
            ack,
            payload,
        };
        let frame = wire::tcp(&segment, 0);
        let len = u32::try_from(payload.len()).unwrap() + u32::from(flags & (SYN | FIN) != 0);
        self.next[side] = self.next[side].wrapping_add(len);
        capture.frame(&frame)
    }

    /// Bytes of one side, in segments, each second one acknowledged.
    fn bytes(&mut self, side: usize, bytes: &[u8], capture: &mut Capture<'_>) -> io::Result<()> {
        for part in bytes.chunks(FULL) {
            self.segment(side, PSH | ACK, part, capture)?;
        }
        self.segment(1 - side, ACK, &[], capture)
    }

    fn say(&mut self, side: usize, message: &[u8], capture: &mut Capture<'_>) -> io::Result<()> {
        match self.tls.as_mut().map(|tls| tls.seal(side, message)) {
            Some(sealed) => self.bytes(side, &sealed, capture),
            None => self.bytes(side, message, capture),
        }
    }

    fn close(&mut self, capture: &mut Capture<'_>) -> io::Result<()> {
        self.segment(0, FIN | ACK, &[], capture)?;
        self.segment(1, FIN | ACK, &[], capture)?;
        self.segment(0, ACK, &[], capture)
    }
}

/// SIP over connections; as many as `open` at a time.
fn streams(
    capture: &mut Capture<'_>,
    open: usize,
    left: u32,
    call: Option<u64>,
    tls: Option<&dyn Connect>,
) -> io::Result<()> {
    let mut random = Random(7);
    let mut all: Vec<Connection> = Vec::new();
    let (mut number, mut exchanges) = (0, 0);
    while !capture.is_full() {
        if all.len() < open {
            all.push(Connection::open(
                number,
                tls.map(Connect::connect),
                left,
                capture,
            )?);
            number += 1;
        }
        let place = random.below(all.len());
        let connection = &mut all[place];
        for (side, message) in exchange(call, exchanges) {
            connection.say(side, &message, capture)?;
        }
        exchanges += 1;
        connection.left -= 1;
        if connection.left == 0 {
            all.swap_remove(place).close(capture)?;
        }
    }
    Ok(())
}

/// SIP over UDP; between the messages so many frames of other things.
fn datagrams(capture: &mut Capture<'_>, noise: usize) -> io::Result<()> {
    let mut random = Random(7);
    let full = [0x5a; FULL];
    for n in 0.. {
        let (client, server) = ends(n, 5060);
        for (side, message) in exchange(None, n) {
            let (src, dst) = if side == 0 {
                (client, server)
            } else {
                (server, client)
            };
            capture.frame(&wire::udp(src, dst, &message, 0))?;
            for _ in 0..noise {
                let (src, dst) = ends(u64::try_from(random.below(2_000)).unwrap(), 445);
                if random.below(3) == 0 {
                    capture.frame(&wire::udp(src, dst, full.get(..300).unwrap(), 0))?;
                    continue;
                }
                let segment = Segment {
                    src,
                    dst,
                    flags: ACK,
                    seq: u32::try_from(capture.left % (1 << 32)).unwrap(),
                    ack: 1,
                    payload: &full,
                };
                capture.frame(&wire::tcp(&segment, 0))?;
            }
        }
        if capture.is_full() {
            break;
        }
    }
    Ok(())
}

/// What becomes of a connection that is like no other.
#[derive(Clone, Copy)]
enum Flow {
    /// Only asked for.
    Syn,
    /// Opened and closed.
    Closed,
    /// Opened, with a request that nobody answers, and left so.
    Open,
}

/// Connections of which none comes twice, with hardly anything in them.
fn flows(capture: &mut Capture<'_>, flow: Flow) -> io::Result<()> {
    for n in 0_u32.. {
        if capture.is_full() {
            break;
        }
        // Every address of a /8 and every port, or a new address for each.
        let (host, port, server) = match flow {
            Flow::Open => (n, 1_024, 5060),
            Flow::Syn | Flow::Closed => {
                let port = 1_024 + u16::try_from(n % 60_000).unwrap();
                (n / 60_000, port, 5061)
            }
        };
        let mut connection = Connection {
            client: SocketAddr::from((Ipv4Addr::from(0x0a02_0000 + host), port)),
            server: SocketAddr::from(([10, 1, 1, 20], server)),
            next: [1_000, 5_000],
            tls: None,
            left: 0,
        };
        connection.segment(0, SYN, &[], capture)?;
        if matches!(flow, Flow::Syn) {
            continue;
        }
        connection.segment(1, SYN | ACK, &[], capture)?;
        connection.segment(0, ACK, &[], capture)?;
        match flow {
            Flow::Open => connection.segment(0, PSH | ACK, &request(n), capture)?,
            Flow::Syn | Flow::Closed => connection.close(capture)?,
        }
    }
    Ok(())
}

/// Writes a capture of at least so many bytes; gives the key log, if the profile has one.
pub(crate) fn make(profile: &str, bytes: u64, out: &mut dyn Write) -> io::Result<Option<Vec<u8>>> {
    let capture = &mut Capture::new(out, bytes)?;
    match profile {
        "udp" => datagrams(capture, 0)?,
        "noise" => datagrams(capture, 19)?,
        "tcp" => streams(capture, OPEN, EXCHANGES, None, None)?,
        "giant-flow" => streams(capture, 1, u32::MAX, None, None)?,
        "giant-call" => streams(capture, 1, u32::MAX, Some(1), None)?,
        "tiny-flows" => flows(capture, Flow::Closed)?,
        "open-hosts" => flows(capture, Flow::Open)?,
        "syn-flood" => flows(capture, Flow::Syn)?,
        "gcm" | "cbc" | "3des" | "tls12" | "tls13" | "handshakes" | "open-sessions" => {
            let maker: Box<dyn Connect> = match profile {
                "gcm" => Box::new(Maker::new(Suite::Gcm)),
                "cbc" => Box::new(Maker::new(Suite::Cbc)),
                "3des" => Box::new(Maker::new(Suite::TripleDes)),
                name => Box::new(secure::Server::new(name == "tls13")),
            };
            let (open, exchanges) = match profile {
                "handshakes" => (OPEN, 1),
                "open-sessions" => (12_000, EXCHANGES),
                _ => (OPEN, EXCHANGES),
            };
            streams(capture, open, exchanges, None, Some(&*maker))?;
            return Ok(Some(maker.keylog()));
        }
        other => return Err(io::Error::other(format!("{other} is no profile"))),
    }
    Ok(None)
}
