//! WebSocket: one direction of a connection, with holes. However it is cut, the same messages come out.

use super::input::{Cuts, Input, Piece, at, pieces};
use super::sip_datagram::ask;
use super::small_limits;
use sipdiag::base::Chunk;
use sipdiag::sip;
use sipdiag::websocket::{Item, Reader, find, probe};

/// One byte for the cuts, then pieces; who sends them does not matter.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut cuts = Cuts::new(input.u8());
    let all = pieces(&mut input);
    if let Some(Piece {
        bytes: Ok(bytes), ..
    }) = all.first()
    {
        let _ = (probe(bytes, false), probe(bytes, true), find(bytes));
    }
    let length: u64 = all
        .iter()
        .map(|piece| {
            piece
                .bytes
                .map_or_else(u64::from, |bytes| u64::try_from(bytes.len()).unwrap_or(0))
        })
        .sum();
    let whole: Vec<_> = all.iter().map(|piece| piece.bytes).collect();
    let mut parts = Vec::new();
    for piece in &whole {
        match piece {
            Ok(bytes) => parts.extend(cuts.cut(bytes).into_iter().map(Ok)),
            Err(missing) => parts.push(Err(*missing)),
        }
    }
    let (whole, parts) = (read(&whole), read(&parts));
    // How much was passed over while a frame was looked for depends on what was there to look at.
    assert_eq!((whole.0, whole.2), (parts.0, parts.2), "in small parts");
    // What is no SIP is counted as what it unfolds to: at most 1032 times as much (RFC 1951: a length of 258 takes two bits).
    let most = length.saturating_mul(1032);
    assert!(whole.1 <= most && parts.1 <= most, "more than there was");
}

fn read(parts: &[Result<&[u8], u16>]) -> (Vec<Vec<u8>>, u64, String) {
    let limits = small_limits();
    let mut reader = Reader::new(&limits);
    let mut messages = Vec::new();
    let mut passed = 0_u64;
    let mut sink = |item: Item| match item {
        Item::Sip(sip::Item::Message(message)) => {
            ask(&message);
            messages.push(message.raw().to_vec());
        }
        Item::Sip(sip::Item::Skipped { bytes, .. }) => passed += bytes,
        Item::Sip(sip::Item::KeepAlive { .. }) => {}
        Item::Other { bytes, .. } => passed += u64::try_from(bytes).unwrap_or(0),
    };
    let mut offset = 0;
    for part in parts {
        let (chunk, len) = match *part {
            Ok(bytes) => (
                Chunk::Data {
                    offset,
                    at: at(1),
                    bytes,
                },
                u64::try_from(bytes.len()).unwrap_or(0),
            ),
            Err(len) => (
                Chunk::Gap {
                    offset,
                    at: at(1),
                    len: len.into(),
                },
                len.into(),
            ),
        };
        offset += len;
        reader.push(chunk, &mut sink);
        let most = limits.sip_head_bytes + limits.sip_body_bytes + (1 << 17);
        assert!(reader.waiting() <= most, "{} bytes wait", reader.waiting());
    }
    reader.finish(&mut sink);
    let facts = format!("{:?}", reader.facts());
    (messages, passed, facts)
}
