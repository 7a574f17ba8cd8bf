//! For any bytes: no original survives, nothing changes its length, nothing panics.

use super::KEY;
use crate::support::{self, Random, trace};
use proptest::prelude::*;
use sipdiag::base::FrameRef;
use sipdiag::redact::Pseudonyms;
use sipdiag::sip::Message;

/// A message with the names given, in the places where names are.
fn message(user: &str, host: &str, display: &str, id: &str, phone: &str, address: &str) -> String {
    let body = format!(
        "v=0\r\no={user} 1 1 IN IP4 {address}\r\ns={display}\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=message 5060 sip sip:{user}@{host}\r\na=x-note:{display}\r\n"
    );
    format!(
        "INVITE sip:{user}@{host};transport=tls SIP/2.0\r\nVia: SIP/2.0/TLS {address}:5061;branch=z9hG4bK{id}\r\n\
         Via: SIP/2.0/TCP {host}:5060;branch=z9hG4bK-{id};received={address}\r\nRecord-Route: <sip:{address}:5061;transport=tls;maddr={host};lr>\r\n\
         From: \"{display}\" <sip:{user}@{host}>;tag={id};epid={id}\r\nt: {display} <sip:{phone}@{host};user=phone>\r\n\
         Call-ID: {id}@{address}\r\nContact: <sip:{user}@{host}:5061;opaque=user:epid:{id};gruu>;+sip.instance=\"<urn:uuid:{id}>\"\r\n\
         P-Asserted-Identity: <sip:{user}@{host}>, <tel:{phone}>\r\nSubject: {display}\r\nX-Unknown: {display} {user}@{host} {address}\r\n\
         Authorization: Digest username=\"{user}@{host}\", realm=\"{host}\", nonce=\"{id}\", uri=\"sip:{host}\"\r\n\
         Refer-To: <sip:{user}@{host}?Replaces={id}%40{host}%3Bto-tag%3D{id}>\r\n\
         ms-diagnostics: 1010;reason=\"no way to {user}@{host}\";source=\"{host}\";target=\"{address}\"\r\n\
         User-Agent: {user}/1.0 ({host})\r\nWarning: 399 {host} \"{display}\"\r\nthis line of {user} has no colon\r\n folded {display}\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn redacted(bytes: &[u8]) -> (Vec<u8>, Pseudonyms) {
    let mut pseudonyms = Pseudonyms::new(KEY);
    let mut out = bytes.to_vec();
    pseudonyms.sip(&mut out);
    (out, pseudonyms)
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    let lower = haystack.to_ascii_lowercase();
    let needle = needle.to_ascii_lowercase();
    memchr_find(&lower, needle.as_bytes())
}

fn memchr_find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_original_survives(
        user in "q[a-z]{5,9}[0-9]{0,2}",
        host in "w[a-z0-9]{5,12}\\.j[a-z]{5,9}\\.(it|local|example|cloud)",
        display in "[K-Z][k-z]{5,9} [A-Zé][k-z]{6,9}",
        id in "[a-f0-9]{12,32}",
        phone in "\\+[1-9][0-9]{8,12}",
        a in 11_u8..99, b in 100_u8..255,
    ) {
        let address = format!("{a}.{b}.{b}.17");
        prop_assume!(a != 127 && a != 100);
        let text = message(&user, &host, &display, &id, &phone, &address);
        let (out, pseudonyms) = redacted(text.as_bytes());
        prop_assert_eq!(out.len(), text.len());
        prop_assert!(std::str::from_utf8(&out).is_ok());
        let labels: Vec<&str> = host.split('.').collect();
        let words: Vec<&str> = display.split(' ').collect();
        for original in [&user[..], labels[0], labels[1], words[0], words[1], &id, &phone, &address] {
            prop_assert!(!contains(&out, original), "{} in\n{}", original, String::from_utf8_lossy(&out));
        }
        prop_assert_eq!(pseudonyms.find_survivor(&out), None);
        prop_assert!(pseudonyms.find_survivor(text.as_bytes()).is_some());
        let (again, _) = redacted(text.as_bytes());
        prop_assert_eq!(&out, &again);
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let (out, mut pseudonyms) = redacted(&bytes);
        prop_assert_eq!(out.len(), bytes.len());
        prop_assert_eq!(std::str::from_utf8(&out).is_ok(), std::str::from_utf8(&bytes).is_ok());
        for rewrite in [Pseudonyms::dns, Pseudonyms::tls_handshake, Pseudonyms::certificate] {
            let mut out = bytes.clone();
            rewrite(&mut pseudonyms, &mut out);
            prop_assert_eq!(out.len(), bytes.len());
        }
        let _ = pseudonyms.text(&String::from_utf8_lossy(&bytes));
        let _ = pseudonyms.find_survivor(&out);
        let _ = pseudonyms.map_csv();
    }

    #[test]
    fn different_users_stay_different(users in proptest::collection::btree_set("[a-z]{3,6}", 2..120)) {
        let mut pseudonyms = Pseudonyms::new(KEY);
        let mut images = std::collections::BTreeSet::new();
        for user in &users {
            let mut line = format!("SUBSCRIBE sip:{user}@tomt.it SIP/2.0\r\n\r\n").into_bytes();
            pseudonyms.sip(&mut line);
            prop_assert!(images.insert(line));
        }
        prop_assert_eq!(pseudonyms.counts().shared, 0);
    }
}

/// Payloads of all scenarios that look like SIP.
fn real_messages() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for path in support::scenarios() {
        for frame in &trace::file(&path).frames {
            let payload = memchr::memmem::find(&frame.bytes, b"SIP/2.0")
                .map(|_| frame.bytes.get(54..).unwrap_or_default().to_vec());
            // Without the head and the MAC of a record that is not encrypted.
            let payload = payload.map(|p| match p.as_slice() {
                [23, 3, _, _, _, sip @ ..] if sip.len() > 20 => sip[..sip.len() - 20].to_vec(),
                _ => p,
            });
            all.extend(payload.filter(|p| !p.is_empty()));
        }
    }
    assert!(all.len() > 1000, "{}", all.len());
    all
}

/// Names of the scenarios; a byte put into the middle of one makes another word of it.
const NAMES: [&str; 4] = ["tomt.", "anna@", "lync01.tomt", "cups01.tomt"];

/// Real messages with bytes changed, cut and doubled.
#[test]
fn mutated_messages_keep_length_and_lose_names() {
    let mut random = Random(6);
    let mut pseudonyms = Pseudonyms::new(KEY);
    for original in real_messages() {
        for _ in 0..4 {
            let mut bytes = original.clone();
            for _ in 0..random.below(6) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = random.byte(),
                    1 => bytes.truncate(at.max(1)),
                    2 => bytes[at] = b"\r\n:;<>\"@,= "[random.below(11)],
                    _ => bytes.insert(at, b"\r\n:;<>\"@,= "[random.below(11)]),
                }
            }
            let mut out = bytes.clone();
            pseudonyms.sip(&mut out);
            assert_eq!(out.len(), bytes.len());
            let valid = |b: &[u8]| std::str::from_utf8(b).is_ok();
            assert_eq!(
                valid(&out),
                valid(&bytes),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
            for name in NAMES {
                assert!(
                    !contains(&out, name),
                    "{name} in\n{}\nof\n{}",
                    String::from_utf8_lossy(&out),
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
    }
}

/// How fast: said, and held far below what it is on any machine.
#[test]
fn redaction_is_not_slow() {
    let messages = real_messages();
    let mut pseudonyms = Pseudonyms::new(KEY);
    let mut bytes = 0_usize;
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begin = std::time::Instant::now();
    for _ in 0..10 {
        for message in &messages {
            let mut out = message.clone();
            pseudonyms.sip(&mut out);
            bytes += out.len();
        }
    }
    let rate = bytes as f64 / 1e6 / begin.elapsed().as_secs_f64();
    support::say!("redacted {} MB at {rate:.0} MB/s", bytes / 1_000_000);
    assert!(rate > 1.0, "{rate} MB/s");
}

/// What is wrong with a message is still wrong with it, and nothing else is: malformed stays malformed.
#[test]
fn defects_stay_what_they_were() {
    let at = FrameRef::default();
    let mut pseudonyms = Pseudonyms::new(KEY);
    let told = |m: &Message| {
        let defects: Vec<_> = m.defects().iter().map(|d| d.kind).collect();
        let fields: Vec<_> = m.fields().map(|(id, ..)| id).collect();
        let to = m.to().map(|to| (to.tag().is_some(), to.uri().is_some()));
        let vias = m.vias().count();
        (
            defects,
            fields,
            m.method().is_some(),
            m.status(),
            m.body().len(),
            to,
            vias,
        )
    };
    let torture = crate::torture::all().into_iter().map(|t| t.bytes);
    let mut count = 0;
    for bytes in torture.chain(real_messages()) {
        let Some(before) = Message::parse(&bytes, at) else {
            continue;
        };
        let mut message = before.clone();
        pseudonyms.message(&mut message);
        assert_eq!(message.raw().len(), before.raw().len());
        let mut out = bytes.clone();
        pseudonyms.sip(&mut out[..before.raw().len()]);
        let after =
            Message::parse(&out, at).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&out)));
        let shown = format!(
            "{}\nof\n{}",
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&bytes)
        );
        assert_eq!(told(&after), told(&before), "{shown}");
        assert_eq!(message.raw(), after.raw(), "{shown}");
        count += 1;
    }
    assert!(count > 1000, "{count}");
}
