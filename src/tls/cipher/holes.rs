//! Records behind places where bytes are missing.

use super::sealer::Sealer;
use super::tests::{
    AES128_GCM, AES128_SHA, AES128_SHA256, NULL_SHA, RC4_SHA, TRIPLE_DES, pair, suite,
};
use super::*;

/// Seals `count` records of different lengths; what the middle ones take on the wire is the hole.
fn around_a_hole(sealer: &mut Sealer, lost: u64) -> (u64, Head, Vec<u8>) {
    let mut missing = 0;
    for seq in 1..=lost {
        let plain = vec![7; 100 + 13 * usize::try_from(seq).unwrap()];
        missing += 5 + sealer.seal(seq, 23, &plain).1.len() as u64;
    }
    let (head, sealed) = sealer.seal(lost + 1, 23, b"behind the hole");
    (missing, head, sealed)
}

#[test]
fn the_number_behind_a_hole_is_found() {
    let ids = [
        NULL_SHA,
        RC4_SHA,
        TRIPLE_DES,
        AES128_SHA256,
        AES128_GCM,
        0xc09c,
        0xc0a0,
        0xcca8,
    ];
    for id in ids {
        for encrypt_then_mac in [false, true] {
            let p = Parameters {
                encrypt_then_mac,
                ..suite(id, Version::TLS12)
            };
            let (mut opener, mut sealer) = pair(&p);
            sealer.nonce_start = 0x55;
            let mut out = Vec::new();
            let (head, sealed) = sealer.seal(0, 22, b"first");
            opener.open(0, &head, &sealed, &mut out).unwrap();
            let (missing, head, sealed) = around_a_hole(&mut sealer, 9);
            let hole = |tries| Hole {
                first: 1,
                tries,
                missing,
            };
            // Looked for in vain first: that moves nothing.
            assert_eq!(opener.find(&hole(9), &head, &sealed, &mut out), None);
            assert!(out.is_empty());
            let found = opener.find(&hole(20), &head, &sealed, &mut out);
            assert_eq!(found, Some(10), "{p:?}");
            assert_eq!(out, b"behind the hole");
            // From there on everything is as if nothing was lost.
            let (head, sealed) = sealer.seal(11, 23, b"next");
            assert_eq!(opener.open(11, &head, &sealed, &mut out), Ok(()), "{p:?}");
            // Numbers are found even where nonces do not count.
            sealer.nonce_start = 0xdead_beef;
            let (head, sealed) = sealer.seal(12, 23, b"other nonce");
            let hole = Hole {
                first: 12,
                tries: 5,
                missing: 0,
            };
            assert_eq!(opener.find(&hole, &head, &sealed, &mut out), Some(12));
        }
    }
}

#[test]
fn a_damaged_record_behind_a_hole_does_not_end_the_search_in_rc4() {
    let (mut opener, mut sealer) = pair(&suite(RC4_SHA, Version::TLS10));
    let (missing, head, mut sealed) = around_a_hole(&mut sealer, 4);
    // Record 0 is lost too, but was never sealed: number 1 is the first of this stream.
    let hole = Hole {
        first: 1,
        tries: 50,
        missing,
    };
    sealed[3] ^= 1;
    let mut out = Vec::new();
    assert_eq!(opener.find(&hole, &head, &sealed, &mut out), None);
    assert_eq!(
        opener.open(5, &head, &sealed, &mut out),
        Err(Failed::ChainBroken)
    );
    opener.pass(sealed.len(), &[]);
    let (head, sealed) = sealer.seal(6, 23, b"again");
    let behind = Hole {
        first: 2,
        tries: 50,
        missing: 0,
    };
    assert_eq!(opener.find(&behind, &head, &sealed, &mut out), Some(6));
    assert_eq!(out, b"again");
}

#[test]
fn rc4_gives_up_where_too_much_is_missing() {
    let (mut opener, mut sealer) = pair(&suite(RC4_SHA, Version::TLS10));
    let (head, sealed) = sealer.seal(0, 23, b"x");
    let mut out = Vec::new();
    let hole = Hole {
        first: 0,
        tries: 1,
        missing: (1 << 20) + 1,
    };
    assert_eq!(opener.find(&hole, &head, &sealed, &mut out), None);
    let hole = Hole { missing: 0, ..hole };
    assert_eq!(opener.find(&hole, &head, &sealed, &mut out), None);
    assert_eq!(
        opener.open(0, &head, &sealed, &mut out),
        Err(Failed::ChainBroken)
    );
}

/// SSL 3.0 and TLS 1.0: the first record behind a hole is lost, the second has its IV from it.
#[test]
fn an_implicit_iv_is_taken_from_a_record_that_passed() {
    for (id, size) in [(TRIPLE_DES, 8), (AES128_SHA, 16)] {
        for (version, encrypt_then_mac) in [
            (Version::SSL3, false),
            (Version::TLS10, false),
            (Version::TLS10, true),
        ] {
            let p = Parameters {
                encrypt_then_mac,
                ..suite(id, version)
            };
            let (mut opener, mut sealer) = pair(&p);
            let mut out = Vec::new();
            let (missing, head, sealed) = around_a_hole(&mut sealer, 3);
            let hole = Hole {
                first: 1,
                tries: 30,
                missing,
            };
            assert_eq!(opener.find(&hole, &head, &sealed, &mut out), None);
            // No whole block of it was captured.
            opener.pass(sealed.len(), &sealed[sealed.len() + 1 - size..]);
            let (head, sealed) = sealer.seal(5, 23, b"lost as well");
            assert_eq!(
                opener.open(5, &head, &sealed, &mut out),
                Err(Failed::ChainBroken),
                "{p:?}"
            );
            opener.pass(
                sealed.len(),
                &sealed[sealed.len() - size - if encrypt_then_mac { 20 } else { 0 }..],
            );
            let (head, sealed) = sealer.seal(6, 23, b"here again");
            let hole = Hole {
                first: 3,
                tries: 30,
                missing: 0,
            };
            assert_eq!(
                opener.find(&hole, &head, &sealed, &mut out),
                Some(6),
                "{p:?}"
            );
            assert_eq!(out, b"here again");
        }
    }
}

/// What passes unopened moves every chain on.
#[test]
fn a_record_that_passed_moves_the_chain() {
    for id in [NULL_SHA, RC4_SHA, TRIPLE_DES, AES128_SHA] {
        for version in [Version::SSL3, Version::TLS10, Version::TLS12] {
            let (mut opener, mut sealer) = pair(&suite(id, version));
            let (_, sealed) = sealer.seal(0, 23, &[1; 2000]);
            opener.pass(sealed.len(), &sealed);
            let (head, sealed) = sealer.seal(1, 23, b"opened");
            let mut out = Vec::new();
            assert_eq!(opener.open(1, &head, &sealed, &mut out), Ok(()));
            assert_eq!(out, b"opened");
        }
    }
}

/// However many numbers it is asked to try, a search authenticates a bounded number of bytes.
#[test]
fn a_search_is_bounded() {
    let endless = Hole {
        first: 0,
        tries: u64::MAX,
        missing: 0,
    };
    for len in [0, 100, 16_384] {
        let tries = endless.numbers(len).count();
        assert!((1000..=140_000).contains(&tries), "{len}: {tries}");
    }
    for id in [NULL_SHA, RC4_SHA, TRIPLE_DES, AES128_GCM, 0xcca8] {
        let (mut opener, mut sealer) = pair(&suite(id, Version::TLS12));
        let (head, sealed) = sealer.seal(u64::MAX, 23, &[1; 10_000]);
        for (first, found) in [(0, None), (u64::MAX - 1, Some(u64::MAX))] {
            let hole = Hole { first, ..endless };
            // The key stream of RC4 cannot be elsewhere where nothing is missing.
            let found = found.filter(|_| id != RC4_SHA);
            let result = opener.find(&hole, &head, &sealed, &mut Vec::new());
            assert_eq!(result, found, "{id:#x} {first}");
        }
    }
}
