//! What a Lync and a Cisco server say to each other all day.

/// Numbers that look random and are the same at every run (xorshift64*).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % end
    }
}

/// Exchange number `n`: a subscription, its notification, a message, and every hundredth a refusal. Who says what: 0 is Lync, 1 Cisco.
/// `call`: the Call-ID of all, where it is to be the same.
pub(crate) fn exchange(call: Option<u64>, n: u64) -> Vec<(usize, Vec<u8>)> {
    let call = call.unwrap_or(n);
    let (user, peer, refused) = (n % 3_000, n * 7 % 3_000, n.is_multiple_of(100));
    let common = |method: &str, cseq: u64, from_lync: bool| {
        let (via, number) = if from_lync {
            ("TLS 10.1.1.10:49301", 2 * n)
        } else {
            ("TLS 10.1.1.20:5061", 2 * n + 1)
        };
        let (from, to) = if from_lync {
            ("", ";tag=c")
        } else {
            (";tag=c", "")
        };
        let (lync, cisco) = (
            format!("\"User {user}\" <sip:user{user}@tomt.it>;tag=a{user:08x}"),
            format!(
                "<sip:peer{peer}@tomt.local>{}",
                if from_lync { to } else { from }
            ),
        );
        let (from, to) = if from_lync {
            (lync, cisco)
        } else {
            (cisco, lync)
        };
        format!(
            "Via: SIP/2.0/{via};branch=z9hG4bK{number:08X}.{cseq:08X};branched=FALSE\r\nMax-Forwards: 69\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call:016x}@lync01.tomt.local\r\nCSeq: {cseq} {method}\r\n"
        )
    };
    let contact = "Contact: <sip:lync01.tomt.local:5061;transport=tls;ms-fe=lync01.tomt.local>\r\n\
                   User-Agent: UCCAPI/15.0.4551.1005 OC/15.0.4551.1005 (Microsoft Lync)\r\n";
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:peer{peer}@tomt.local\">\
         <tuple id=\"x\"><status><basic>open</basic></status></tuple></presence>"
    );
    let status = if refused { "404 Not Found" } else { "200 OK" };
    let subscribe = common("SUBSCRIBE", 1, true);
    let mut all = vec![
        (
            0,
            format!(
                "SUBSCRIBE sip:peer{peer}@tomt.local SIP/2.0\r\n{subscribe}{contact}Event: presence\r\nAccept: application/pidf+xml\r\n\
                 Expires: 28800\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
        (
            1,
            format!(
                "SIP/2.0 {status}\r\n{subscribe}Record-Route: <sip:cup-pub.tomt.local:5061;transport=tls;lr>\r\nExpires: 3600\r\n\
                 Server: Cisco-CUP/9.1\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
    ];
    if !refused {
        let notify = common("NOTIFY", 1, false);
        all.push((
            1,
            format!(
                "NOTIFY sip:lync01.tomt.local:5061;transport=tls SIP/2.0\r\n{notify}Event: presence\r\nSubscription-State: active;expires=3600\r\n\
                 Content-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{document}",
                document.len()
            ),
        ));
        all.push((
            0,
            format!("SIP/2.0 200 OK\r\n{notify}Server: RTC/5.0\r\nContent-Length: 0\r\n\r\n"),
        ));
    }
    all.into_iter()
        .map(|(side, text)| (side, text.into_bytes()))
        .collect()
}

/// A request that has nothing in common with others: its own users, tag and Call-ID. 1 100 bytes.
pub(crate) fn request(n: u32) -> Vec<u8> {
    let head = format!(
        "MESSAGE sip:peer{n}@tomt.local SIP/2.0\r\nVia: SIP/2.0/TCP 10.1.1.10:49301;branch=z9hG4bK{n:08X}.00000001;branched=FALSE\r\n\
         Max-Forwards: 69\r\nFrom: \"User {n}\" <sip:user{n}@tomt.it>;tag=a{n:08x}\r\nTo: <sip:peer{n}@tomt.local>\r\n\
         Call-ID: {n:016x}@lync01.tomt.local\r\nCSeq: 1 MESSAGE\r\nContact: <sip:lync01.tomt.local:5060;transport=tcp>\r\n\
         User-Agent: UCCAPI/15.0.4551.1005 OC/15.0.4551.1005 (Microsoft Lync)\r\nContent-Type: text/plain\r\n"
    );
    let text = "A line that somebody wrote to somebody else. ".repeat(14);
    let length = text.len();
    format!("{head}Content-Length: {length}\r\n\r\n{text}").into_bytes()
}
