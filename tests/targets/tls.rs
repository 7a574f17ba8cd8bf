//! TLS records and handshakes of both directions, whole and with holes. However the stream is cut, the same is seen.

use super::input::{Cuts, Input, Piece, at, pieces, same};
use super::small_limits;
use sipdiag::base::{Chunk, Direction};
use sipdiag::tls::{Keyring, Secrets, Session, What, Why, probe, probe_midstream};

/// What a session gave of one direction: plaintext, with the holes in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plain {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Behind how many bytes, and how long at most.
    pub gaps: Vec<(usize, u64)>,
}

/// One byte for the cuts, then pieces.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let seed = input.u8();
    let all = pieces(&mut input);
    if let Some(Piece {
        bytes: Ok(bytes), ..
    }) = all.first()
    {
        let _ = (probe(bytes), probe_midstream(bytes));
    }
    same_however_cut(seed, &all, &Secrets::default());
}

/// Reads the pieces twice, as they are and in small parts; gives the plaintext of both directions.
pub fn same_however_cut(seed: u8, all: &[Piece<'_>], secrets: &Secrets) -> [Plain; 2] {
    let whole = read(all, secrets);
    let mut cuts = Cuts::new(seed);
    let mut parts = Vec::new();
    for piece in all {
        let direction = piece.direction;
        match piece.bytes {
            Ok(bytes) => parts.extend(cuts.cut(bytes).into_iter().map(|part| Piece {
                direction,
                bytes: Ok(part),
            })),
            Err(_) => parts.push(piece.clone()),
        }
    }
    let cut = read(&parts, secrets);
    // What is no record, and where records begin again, is judged by what comes with it: see the Session.
    if whole.2 || cut.2 {
        return whole.0;
    }
    same(&whole.1, &cut.1, "the summary, in small parts");
    assert_eq!(whole.0, cut.0, "the plaintext, in small parts");
    whole.0
}

/// Plaintext, summary, and whether something was no record.
fn read(all: &[Piece<'_>], secrets: &Secrets) -> ([Plain; 2], String, bool) {
    let limits = small_limits();
    let mut keyring = Keyring::new(secrets.clone(), &limits);
    let mut session = Session::new(&limits);
    let mut out = <[Plain; 2]>::default();
    let mut plain = |direction: Direction, chunk: Chunk<'_>| {
        let side = &mut out[direction.index()];
        match chunk {
            Chunk::Data { bytes, .. } => side.bytes.extend(bytes),
            Chunk::Gap { len, .. } => side.gaps.push((side.bytes.len(), len)),
        }
    };
    let mut offsets = [0_u64; 2];
    for piece in all {
        let offset = &mut offsets[piece.direction.index()];
        let (chunk, len) = match piece.bytes {
            Ok(bytes) => (
                Chunk::Data {
                    offset: *offset,
                    at: at(1),
                    bytes,
                },
                u64::try_from(bytes.len()).unwrap_or(0),
            ),
            Err(len) => (
                Chunk::Gap {
                    offset: *offset,
                    at: at(1),
                    len: len.into(),
                },
                len.into(),
            ),
        };
        *offset += len;
        session.push(piece.direction, chunk, &mut keyring, &mut plain);
    }
    session.finish(&mut keyring, &mut plain);
    let summary = session.into_summary();
    let lost = |why| matches!(why, Why::NoRecord | Why::AfterGap);
    let text = summary.plaintext_answer.iter().any(Option::is_some)
        || summary
            .events
            .iter()
            .any(|event| event.what == What::Resynchronised)
        || summary.not_understood.iter().any(|part| lost(part.why));
    (out, format!("{summary:#?}"), text)
}
