//! What becomes of what, piece by piece.

use super::KEY;
use crate::support;
use sipdiag::redact::Pseudonyms;
use std::net::IpAddr;

fn sip(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    Pseudonyms::new(KEY).sip(&mut bytes);
    assert_eq!(bytes.len(), text.len());
    String::from_utf8(bytes).unwrap()
}

/// The value of a field that had this line.
fn field(line: &str) -> String {
    let message = sip(&format!("OPTIONS sip:x SIP/2.0\r\n{line}\r\n\r\n"));
    message.lines().nth(1).unwrap().to_owned()
}

#[test]
fn names_that_share_labels_share_pseudonyms() {
    let mut p = Pseudonyms::new(KEY);
    let one = p.host_name("lync01.tomt.it");
    let two = p.host_name("SIP.TOMT.IT");
    let three = p.host_name("cups01.tomt.local");
    let labels = |name: &str| {
        name.to_ascii_lowercase()
            .split('.')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(&one)[1..], labels(&two)[1..]);
    assert_eq!(labels(&one)[1], labels(&three)[1]);
    assert_eq!(labels(&two)[0], "sip", "a service is no place");
    assert_eq!(labels(&three)[2], "local");
    assert!(two.chars().all(|c| !c.is_ascii_lowercase()), "{two}");
    assert!(
        one.starts_with("lync") && three.starts_with("cup"),
        "what a machine is stays: {one} {three}"
    );
    assert_ne!(labels(&one)[0], "lync01");
    assert_ne!(labels(&one)[2], "it");
    assert!(labels(&one)[1].starts_with('h'), "{one}");
    assert_eq!(
        p.host_name("_sipfederationtls._tcp.localhost"),
        "_sipfederationtls._tcp.localhost"
    );
    assert!(p.host_name("*.tomt.it").starts_with("*.h"));
}

#[test]
fn addresses_keep_their_length_and_whether_they_are_private() {
    let mut p = Pseudonyms::new(KEY);
    for same in [
        "10.1.1.10",
        "192.168.7.1",
        "172.16.0.1",
        "127.0.0.1",
        "169.254.3.4",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.1.75",
        "100.64.1.1",
        "::1",
        "fe80::1",
        "fd00::7",
        "2001:db8::5",
        "ff02::1",
    ] {
        let address: IpAddr = same.parse().unwrap();
        assert_eq!(p.address(address), address);
    }
    let mut images = std::collections::BTreeSet::new();
    for text in [
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "93.184.216.34",
        "52.112.0.14",
        "203.0.113.7",
        "198.51.100.200",
        "192.0.2.1",
        "131.107.255.255",
        "217.116.125.138",
        "9.9.9.10",
        "198.18.7.7",
    ] {
        let image = p.address(text.parse().unwrap());
        assert_eq!(image.to_string().len(), text.len(), "{text} {image}");
        assert_ne!(image.to_string(), text);
        assert!(images.insert(image), "{image} twice");
        let IpAddr::V4(a) = image else { panic!() };
        assert!(
            matches!(
                a.octets(),
                [0, ..]
                    | [192, 0, 2, _]
                    | [198, 51, 100, _]
                    | [203, 0, 113, _]
                    | [198, 18 | 19, ..]
                    | [240..=254, ..]
            ),
            "{image}"
        );
    }
    assert_eq!(
        p.address("::ffff:8.8.8.8".parse().unwrap()).to_string(),
        format!("::ffff:{}", p.address("8.8.8.8".parse().unwrap()))
    );
}

#[test]
fn all_addresses_of_short_lengths_stay_different() {
    let mut p = Pseudonyms::new(KEY);
    let mut images = std::collections::BTreeSet::new();
    for a in 1..=9_u8 {
        for d in 10..=99_u8 {
            let address = IpAddr::from([a, 7, 3, d]);
            let image = p.address(address);
            assert_eq!(image.to_string().len(), address.to_string().len());
            assert!(images.insert(image), "{image} twice");
        }
    }
    assert_eq!(p.counts().shared, 0);
}

#[test]
fn spellings_of_one_ipv6_address_are_spellings_of_one_other() {
    let spellings = [
        "2a01:4f8:0:1::2f",
        "2A01:4F8:0:1:0:0:0:2F",
        "2a01:04f8:0000:0001::002f",
    ];
    let mut p = Pseudonyms::new(KEY);
    let images: Vec<String> = spellings.iter().map(|s| p.host_name(s)).collect();
    let expected = p.address(spellings[0].parse().unwrap());
    for (image, spelling) in images.iter().zip(spellings) {
        assert_eq!(image.len(), spelling.len());
        assert_eq!(image.parse::<IpAddr>().unwrap(), expected, "{image}");
    }
    let IpAddr::V6(a) = expected else { panic!() };
    assert_eq!(a.segments()[0] & 0xe000, 0x4000, "never assigned");
}

#[test]
fn shapes_stay() {
    let from = field(
        "From: \"Anna Rossi\" <sip:anna.rossi@tomt.it:5061;transport=tls>;tag=a4cdaec0;epid=72F0c1",
    );
    assert!(
        from.starts_with("From: \"N") && from.contains(":5061;transport=tls>;tag="),
        "{from}"
    );
    assert!(
        !from.to_lowercase().contains("anna") && !from.contains("tomt"),
        "{from}"
    );
    let tag = from
        .split("tag=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    assert!(
        tag.len() == 8 && tag.chars().all(|c| c.is_ascii_hexdigit()),
        "{tag}"
    );
    let to = field("To: <sip:+39061234567@tomt.it;user=phone>");
    let number = to.split(['+', '@']).nth(1).unwrap();
    assert!(
        number.len() == 11 && number.chars().all(|c| c.is_ascii_digit()),
        "{to}"
    );
    assert!(to.ends_with(";user=phone>"));
    let via = field(
        "Via: SIP/2.0/TLS 10.1.1.20:5062;branch=z9hG4bK1f0c2a7e;received=93.184.216.34;rport=40112;maddr=cup-pub.tomt.local",
    );
    assert!(
        via.starts_with("Via: SIP/2.0/TLS 10.1.1.20:5062;branch=z9hG4bK")
            && via.contains(";rport=40112;maddr=cup-"),
        "{via}"
    );
    assert!(
        !via.contains("93.184") && !via.contains("1f0c2a7e"),
        "{via}"
    );
}

#[test]
fn what_a_diagnosis_reads_stays() {
    for line in [
        "CSeq: 1 SUBSCRIBE",
        "Max-Forwards: 70",
        "Event: presence",
        "Supported: ms-forking, com.microsoft.autoextend, ms-piggyback-first-notify, timer, 100rel, eventlist",
        "Require: com.microsoft.rtc-multiparty",
        "Accept: application/pidf+xml, application/msrtc-event-categories+xml, multipart/related",
        "Allow: INVITE, ACK, BYE, CANCEL, BENOTIFY",
        "Subscription-State: terminated;reason=timeout;retry-after=60",
        "User-Agent: UCCAPI/4.0.7577.4356 OC/4.0.7577.4356 (Microsoft Lync 2010)",
        "Server: RTC/5.0",
        "Server: Cisco-CUP/8.6",
        "Date: Mon, 03 Mar 2014 18:56:14 GMT",
        "Content-Type: application/sdp",
        "Session-Expires: 720;refresher=uac",
        "TriggeredInvite: TRUE",
        "Retry-After: 30",
    ] {
        assert_eq!(field(line), line);
    }
    for line in [
        "SIP/2.0 504 Server time-out",
        "SIP/2.0 481 Call Leg/Transaction Does Not Exist",
        "SIP/2.0 407 Proxy Authentication Required",
    ] {
        assert_eq!(sip(&format!("{line}\r\n\r\n")), format!("{line}\r\n\r\n"));
    }
    let diagnostics = field(
        "ms-diagnostics: 1010;reason=\"Certificate trust with another server could not be established\";ErrorType=\"The peer certificate does not contain a matching FQDN\";tls-target=\"cup-pub.tomt.local\";HRESULT=\"0x80090322(SEC_E_WRONG_PRINCIPAL)\";source=\"lync01.tomt.it\"",
    );
    assert!(diagnostics.starts_with("ms-diagnostics: 1010;reason=\"Certificate trust with another server could not be established\";ErrorType=\"The peer certificate does not contain a matching FQDN\";tls-target=\"cup-"), "{diagnostics}");
    assert!(
        diagnostics.contains("HRESULT=\"0x80090322(SEC_E_WRONG_PRINCIPAL)\";source=\"lync"),
        "{diagnostics}"
    );
    assert!(
        !diagnostics.contains("tomt") && !diagnostics.contains("lync01"),
        "{diagnostics}"
    );
}

#[test]
fn the_identifier_of_the_cisco_gateway_stays_readable() {
    let id = field("Call-ID: a30386f0-1401010a-13d8-45026-65e4c57e-2c25871c-65e4c57e");
    assert!(id.contains("-1401010a-13d8-45026-65e4c57e-"), "{id}");
    assert!(!id.contains("a30386f0") && !id.contains("2c25871c"), "{id}");
    // With a public address: 93.184.216.34.
    let id = field("Call-ID: a30386f0-22d8b85d-13d8-45026-65e4c57e-2c25871c-65e4c57e");
    assert!(!id.contains("22d8b85d"), "{id}");
}

#[test]
fn credentials_and_messages_leave_nothing() {
    let line = "Authorization: Digest username=\"anna\", realm=\"SIP Communications Service\", nonce=\"abc123\", uri=\"sip:tomt.it\", response=\"00ff00ff\", algorithm=MD5, qop=auth";
    let digest = field(line);
    assert!(
        digest.starts_with("Authorization: Digest username=\"")
            && digest.contains("realm=\"SIP Communications Service\", nonce=\"XXXXXX\""),
        "{digest}"
    );
    assert!(
        digest.contains("response=\"XXXXXXXX\", algorithm=MD5, qop=auth"),
        "{digest}"
    );
    assert_eq!(
        field("Proxy-Authorization: Basic YW5uYTpzZWNyZXQ="),
        "Proxy-Authorization: Basic XXXXXXXXXXXXXXX="
    );
    let line = "Authorization: Kerberos qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"sip/lync01.tomt.it\", gssapi-data=\"YIIabc+/=\"";
    let kerberos = field(line);
    assert!(
        kerberos.contains("gssapi-data=\"XXXXXX+/=\"") && !kerberos.contains("tomt"),
        "{kerberos}"
    );
    let body =
        sip("MESSAGE sip:a@b.it SIP/2.0\r\nContent-Type: text/plain\r\n\r\nMeet Zoë at 7, ok?");
    assert!(body.ends_with("\r\n\r\nXxxx Xxé xx 0, xx?"), "{body}");
    let embedded =
        field("ms-text-format: text/plain; charset=UTF-8;msgr=WAAtAE0A;ms-body=aGVsbG8gQW5uYQ==");
    assert!(
        embedded.ends_with(";ms-body=eHh4eHggWHh4eA=="),
        "{embedded}"
    );
}

#[test]
fn documents_keep_states_and_lose_people() {
    let pidf = "<?xml version=\"1.0\" encoding=\"utf-8\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:anna@tomt.it\"><tuple id=\"t1\"><status><basic>open</basic></status><note>At lunch with Bob</note><timestamp>2014-03-03T18:56:14Z</timestamp></tuple></presence>";
    let text = sip(&format!(
        "NOTIFY sip:a@b.it SIP/2.0\r\nContent-Type: application/pidf+xml\r\n\r\n{pidf}"
    ));
    let body = text.split("\r\n\r\n").nth(1).unwrap();
    assert!(body.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:u"), "{body}");
    assert!(body.contains("<basic>open</basic></status><note>Xx xxxxx xxxx Xxx</note><timestamp>2014-03-03T18:56:14Z<"), "{body}");
    let sdp = "v=0\r\no=anna 123456 1 IN IP4 93.184.216.34\r\ns=talk\r\nc=IN IP4 93.184.216.34\r\nt=0 0\r\nm=audio 50010 RTP/SAVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abcDEF|2^31\r\na=ice-pwd:sEcReTpAsSwOrD\r\n";
    let text = sip(&format!(
        "INVITE sip:a@b.it SIP/2.0\r\nc: application/sdp\r\n\r\n{sdp}"
    ));
    let body = text.split("\r\n\r\n").nth(1).unwrap();
    assert!(body.contains("m=audio 50010 RTP/SAVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:XXXXXX|"), "{body}");
    assert!(
        !body.contains("anna")
            && !body.contains("93.184")
            && !body.contains("sEcReT")
            && !body.contains("talk"),
        "{body}"
    );
    let whole: Vec<&str> = body
        .lines()
        .filter(|l| l.contains("IN IP4"))
        .map(|l| l.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(whole[0], whole[1]);
}

#[test]
fn survivors_are_found_and_never_shown() {
    let mut p = Pseudonyms::new(KEY);
    let mut message = b"SUBSCRIBE sip:hildegard@tomt.it SIP/2.0\r\nFrom: \"Bingen, Hildegard\" <sip:+390612345678@tomt.it>;tag=1\r\nCall-ID: abcdefgh12345678@93.184.216.34\r\n\r\n".to_vec();
    let before = String::from_utf8(message.clone()).unwrap();
    p.sip(&mut message);
    assert_eq!(p.find_survivor(&message), None);
    assert!(p.find_survivor(before.as_bytes()).is_some());
    for leak in [
        "x HILDEGARD y",
        "<tomt.it>",
        "user%3Dhildegard%40tomt.it&",
        "93.184.216.34:5061",
        "390612345678",
        "lync01.tomt.it",
        "abcdefgh12345678",
        "Bingen",
    ] {
        let found = p
            .find_survivor(leak.as_bytes())
            .unwrap_or_else(|| panic!("{leak}"));
        let shown = found.to_string().to_lowercase();
        assert!(
            !["hildegard", "tomt", "93.184", "bingen", "39061"]
                .iter()
                .any(|o| shown.contains(o)),
            "{shown}"
        );
    }
    for fine in [
        "hildegards",
        "193.184.216.34",
        "93.184.216.345",
        "a subscribe presence certificate",
        "tomt.italy",
    ] {
        assert_eq!(p.find_survivor(fine.as_bytes()), None, "{fine}");
    }
    let map = p.map_csv();
    assert!(
        map.starts_with("kind,original,pseudonym\r\n")
            && map.contains("hildegard,u")
            && map.contains("address,93.184.216.34,"),
        "{map}"
    );
}

#[test]
fn free_text_loses_what_is_known_and_what_looks_like_a_name() {
    let mut p = Pseudonyms::new(KEY);
    let mut message = b"SUBSCRIBE sip:hildegard@tomt.it SIP/2.0\r\n\r\n".to_vec();
    p.sip(&mut message);
    let text = p.text("Hildegard cannot see presence on lync01.tomt.it (93.184.216.34, port 5061), call +39 0612345678 or bob@tomt.it");
    assert!(
        text.contains(" cannot see presence on lync") && text.contains(", port 5061), call +"),
        "{text}"
    );
    for gone in ["ildegard", "tomt", "93.184", "0612345678", "bob"] {
        assert!(!text.contains(gone), "{text}");
    }
    assert_eq!(
        Pseudonyms::file_name(0, "Munich-Lync.pcapng.gz"),
        "capture-1.pcapng.gz"
    );
}

#[test]
fn lookups_become_lookups_of_other_names() {
    let mut p = Pseudonyms::new(KEY);
    // A question for lync01.tomt.it, an answer that points to it, with an address; then its reverse name.
    let mut message = vec![0, 1, 0x81, 0x80, 0, 2, 0, 1, 0, 0, 0, 0];
    message.extend(b"\x06lync01\x04tomt\x02it\x00\x00\x01\x00\x01");
    message.extend(b"\x0234\x03216\x03184\x0293\x07in-addr\x04arpa\x00\x00\x0c\x00\x01");
    message.extend([
        0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 93, 184, 216, 34,
    ]);
    let before = message.len();
    p.dns(&mut message);
    assert_eq!(message.len(), before);
    let name = p.host_name("lync01.tomt.it");
    let labels: Vec<&str> = name.split('.').collect();
    assert_eq!(&message[13..19], labels[0].as_bytes());
    assert_eq!(&message[20..24], labels[1].as_bytes());
    let IpAddr::V4(image) = p.address("93.184.216.34".parse().unwrap()) else {
        panic!()
    };
    assert_eq!(message[before - 4..], image.octets());
    let [a, b, c, d] = image.octets();
    let reverse: Vec<u8> = [d, c, b, a]
        .iter()
        .map(u8::to_string)
        .flat_map(|o| [vec![u8::try_from(o.len()).unwrap()], o.into_bytes()].concat())
        .collect();
    assert!(
        message.windows(reverse.len()).any(|w| w == reverse),
        "{message:?}"
    );
    assert!(p.find_survivor(b"lync01.tomt.it").is_some());
}

/// The certificates of the tests: what is judged stays, what names somebody does not, and the bytes are still a certificate.
#[test]
fn certificates_stay_certificates_of_others() {
    use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
    let mut p = Pseudonyms::new(KEY);
    let mut count = 0;
    for folder in ["samples/pki", "tests/support/pki"] {
        for path in support::files(&support::project(folder)) {
            let name = support::file_name(&path);
            if !name.ends_with(".crt.pem") {
                continue;
            }
            let pem = support::read(&path);
            let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).unwrap();
            let mut der = pem.contents.clone();
            p.certificate(&mut der);
            assert_eq!(der.len(), pem.contents.len());
            let (_, old) = X509Certificate::from_der(&pem.contents).unwrap();
            let (rest, new) =
                X509Certificate::from_der(&der).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(rest.is_empty());
            assert_eq!(new.validity(), old.validity());
            assert_eq!(
                new.subject() == new.issuer(),
                old.subject() == old.issuer(),
                "{name}"
            );
            assert_eq!(new.signature_algorithm, old.signature_algorithm);
            let bits = |c: &X509Certificate<'_>| c.public_key().parsed().unwrap().key_size();
            assert_eq!(bits(&new), bits(&old), "{name}");
            assert_ne!(new.public_key().raw, old.public_key().raw);
            assert_ne!(new.serial, old.serial);
            assert_ne!(new.signature_value, old.signature_value);
            assert_eq!(new.extensions().len(), old.extensions().len());
            for (new, old) in new.extensions().iter().zip(old.extensions()) {
                assert_eq!((&new.oid, new.critical), (&old.oid, old.critical));
                assert!(
                    !matches!(new.parsed_extension(), ParsedExtension::ParseError { .. }),
                    "{name}: {}",
                    new.oid
                );
                if let (
                    ParsedExtension::SubjectAlternativeName(new),
                    ParsedExtension::SubjectAlternativeName(old),
                ) = (new.parsed_extension(), old.parsed_extension())
                {
                    for (new, old) in new.general_names.iter().zip(&old.general_names) {
                        if let (GeneralName::DNSName(new), GeneralName::DNSName(old)) = (new, old) {
                            assert_eq!(*new, p.host_name(old));
                        }
                    }
                }
                if matches!(
                    old.parsed_extension(),
                    ParsedExtension::ExtendedKeyUsage(_)
                        | ParsedExtension::KeyUsage(_)
                        | ParsedExtension::BasicConstraints(_)
                ) {
                    assert_eq!(new.value, old.value, "{name}");
                }
            }
            let shown = String::from_utf8_lossy(&der).to_lowercase();
            assert!(
                !["tomt", "lync01", "cups01"]
                    .iter()
                    .any(|o| shown.contains(o)),
                "{name}: {shown}"
            );
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
    let mut other = vec![0x30, 0x82, 0x01, 0x00, 1, 2, 3];
    p.certificate(&mut other);
    assert_eq!(other[..4], [0x30, 0x82, 0x01, 0x00]);
    assert_ne!(other[4..], [1, 2, 3]);
}

/// A handshake message: type, length, body.
fn handshake(kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &len[1..], &body].concat()
}

#[test]
fn hellos_keep_registered_protocols_and_random_sessions_but_no_text_of_somebody() {
    let alpn = |protocol: &[u8]| {
        let len = u8::try_from(protocol.len()).unwrap();
        let list = [&[len], protocol].concat();
        [&[0, 16, 0, len + 3, 0, len + 1], list.as_slice()].concat()
    };
    let client = |session: &[u8], protocol: &[u8]| {
        let extension = alpn(protocol);
        let len = u8::try_from(extension.len()).unwrap();
        let id = u8::try_from(session.len()).unwrap();
        let start = [&[3, 3][..], &[7; 32], &[id], session].concat();
        let lists = [&[0, 2, 0, 0x2f, 1, 0, 0, len][..], &extension].concat();
        handshake(1, &[&start, &lists])
    };
    let server = |session: &[u8]| {
        let id = u8::try_from(session.len()).unwrap();
        handshake(2, &[&[3, 3], &[7; 32], &[id], session, &[0, 0x2f, 0]])
    };
    let mut p = Pseudonyms::new(KEY);
    let mut rewritten = |mut message: Vec<u8>| {
        p.tls_handshake(&mut message);
        message
    };
    for protocol in [&b"h2"[..], b"sip/2", b"\x2a\x2a"] {
        let message = client(&[0x80; 8], protocol);
        assert_eq!(rewritten(message.clone()), message);
    }
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    let hello = rewritten(client(b"harald", b"kranz-im"));
    assert!(!has(&hello, b"harald") && !has(&hello, b"kranz-im"));
    let answer = rewritten(server(b"harald"));
    let (ours, theirs) = (&hello[39..45], &answer[39..45]);
    assert_eq!(
        ours, theirs,
        "a session that goes on is still seen to go on"
    );
}
