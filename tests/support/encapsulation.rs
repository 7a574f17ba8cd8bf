//! The same SIP message in every encapsulation that is read: frames that other tests, and other programs, are given.

use super::wire;
use flate2::{Compression, write::ZlibEncoder};
use std::io::Write;
use std::net::SocketAddr;

/// One frame, and what must be found in it.
pub(crate) struct Wrapped {
    /// Also the Call-ID of the message.
    pub(crate) name: &'static str,
    /// LINKTYPE.
    pub(crate) link: u16,
    pub(crate) frame: Vec<u8>,
    /// Source and destination of the message.
    pub(crate) ends: [SocketAddr; 2],
    /// What carried it: `udp` but for mirrors that say something else.
    pub(crate) transport: &'static str,
    pub(crate) layers: &'static str,
    pub(crate) path: &'static str,
    /// Whether tshark 4.0 shows the message too, without being told how.
    pub(crate) tshark: bool,
}

/// The frames under construction.
struct Maker {
    all: Vec<Wrapped>,
    v4: [SocketAddr; 2],
    v6: [SocketAddr; 2],
}

fn ends(src: &str, dst: &str) -> [SocketAddr; 2] {
    [src.parse().unwrap(), dst.parse().unwrap()]
}

/// The message. Its Call-ID says which frame it came in.
pub(crate) fn message(name: &str) -> Vec<u8> {
    format!(
        "OPTIONS sip:tomt.local SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.10:5060;branch=z9hG4bK{name}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:lync@tomt.it>;tag=1\r\nTo: <sip:cups@tomt.local>\r\n\
         Call-ID: {name}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// An Ethernet frame of this type.
fn eth(kind: u16, rest: &[u8]) -> Vec<u8> {
    let addresses = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    [&addresses[..], &kind.to_be_bytes(), rest].concat()
}

/// An outer IPv4 packet without link layer, from 192.0.2.1 to 192.0.2.2.
fn outer(protocol: u8, rest: &[u8]) -> Vec<u8> {
    let [src, dst] = ends("192.0.2.1:1", "192.0.2.2:1");
    let frame = wire::ip(src.ip(), dst.ip(), protocol, rest.to_vec(), None, 7);
    frame[14..].to_vec()
}

/// An outer UDP datagram in IPv4 without link layer.
fn outer_udp(port: u16, rest: &[u8]) -> Vec<u8> {
    let [mut src, mut dst] = ends("192.0.2.1:1", "192.0.2.2:1");
    // Each tunnel has a port of its own: what tshark once took a port for, it takes it for in all frames of a file.
    src.set_port(40_000 + port % 9_000);
    dst.set_port(port);
    wire::udp(src, dst, rest, 7)[14..].to_vec()
}

fn half(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap().to_be_bytes()
}

impl Maker {
    fn add(
        &mut self,
        name: &'static str,
        link: u16,
        layers: &'static str,
        path: &'static str,
        wrap: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> &mut Wrapped {
        let v6 = layers.ends_with("ipv6:udp");
        let ends = if v6 { self.v6 } else { self.v4 };
        let id = u16::try_from(self.all.len() + 100).unwrap();
        let ethernet = wire::udp(ends[0], ends[1], &message(name), id);
        self.push(name, link, layers, path, ends, wrap(&ethernet[14..]))
    }

    fn push(
        &mut self,
        name: &'static str,
        link: u16,
        layers: &'static str,
        path: &'static str,
        ends: [SocketAddr; 2],
        frame: Vec<u8>,
    ) -> &mut Wrapped {
        self.all.push(Wrapped {
            name,
            link,
            frame,
            ends,
            transport: "udp",
            layers,
            path,
            tshark: true,
        });
        self.all.last_mut().unwrap()
    }

    /// A mirror that brings no headers.
    fn mirror(
        &mut self,
        name: &'static str,
        transport: &'static str,
        path: &'static str,
        packet: impl FnOnce(&[u8]) -> Vec<u8>,
    ) {
        let frame = eth(0x0800, &outer_udp(9060, &packet(&message(name))));
        let wrapped = self.push(name, 1, "eth:ip:udp:hep", path, self.v4, frame);
        wrapped.transport = transport;
        wrapped.tshark = false;
    }

    fn links(&mut self) {
        self.add("ethernet", 1, "eth:ip:udp", "", |ip| eth(0x0800, ip));
        self.add("802.3-snap", 1, "eth:llc:ip:udp", "", |ip| {
            let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], ip].concat();
            eth(u16::try_from(snap.len()).unwrap(), &snap)
        });
        self.add("linux-any", 113, "sll:ip:udp", "", |ip| {
            [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0][..], ip].concat()
        });
        self.add("linux-any-vlan", 113, "sll:vlan:ip:udp", "vlan 100", |ip| {
            let head = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0];
            [&head[..], &[0, 100, 8, 0], ip].concat()
        });
        self.add("linux-any-2", 276, "sll2:ip:udp", "", |ip| {
            let head = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
            [&head[..], ip].concat()
        });
        self.add(
            "linux-any-2-vlan",
            276,
            "sll2:vlan:ip:udp",
            "vlan 100",
            |ip| {
                let head = [
                    0x81, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0,
                ];
                [&head[..], &[0, 100, 8, 0], ip].concat()
            },
        );
        self.add("null", 0, "null:ip:udp", "", |ip| {
            [&[2, 0, 0, 0][..], ip].concat()
        });
        self.add("loop", 108, "null:ip:udp", "", |ip| {
            [&[0, 0, 0, 2][..], ip].concat()
        });
        self.add("raw", 101, "ip:udp", "", <[u8]>::to_vec);
        self.add("raw-ipv4", 228, "ip:udp", "", <[u8]>::to_vec);
        self.add("raw-ipv6", 229, "ipv6:udp", "", <[u8]>::to_vec);
        self.add("ppp", 9, "ppp:ip:udp", "", |ip| {
            [&[0xff, 3, 0, 0x21][..], ip].concat()
        });
        self.add("ppp-compressed", 9, "ppp:ip:udp", "", |ip| {
            [&[0x21][..], ip].concat()
        });
        self.add("ppp-hdlc", 50, "ppp:ip:udp", "", |ip| {
            [&[0xff, 3, 0, 0x21][..], ip].concat()
        });
        self.add("ppp-with-direction", 204, "ppp:ip:udp", "", |ip| {
            [&[1, 0xff, 3, 0, 0x21][..], ip].concat()
        });
        self.add("pppoe-alone", 51, "pppoes:ppp:ip:udp", "pppoes 7", |ip| {
            [&[0x11, 0, 0, 7][..], &half(ip.len() + 2), &[0, 0x21], ip].concat()
        });
        self.add("cisco-hdlc", 104, "chdlc:ip:udp", "", |ip| {
            [&[0x0f, 0, 8, 0][..], ip].concat()
        });
        self.add("frame-relay", 107, "fr:ip:udp", "fr 100", |ip| {
            [&[0x18, 0x41, 3, 0xcc][..], ip].concat()
        });
        self.add("frame-relay-cisco", 107, "fr:ip:udp", "fr 100", |ip| {
            [&[0x18, 0x41, 8, 0][..], ip].concat()
        });
        // tshark has nothing for SLIP.
        self.add("slip", 8, "slip:ip:udp", "", |ip| {
            [&[0][..], &ip[..15], ip].concat()
        })
        .tshark = false;
        self.add("nflog", 239, "nflog:ip:udp", "", |ip| {
            let len = u16::try_from(ip.len() + 4).unwrap().to_le_bytes();
            [
                &[2, 0, 0, 0, 5, 0, 10, 0, 0, 0, 0, 0][..],
                &len,
                &[9, 0],
                ip,
            ]
            .concat()
        });
        self.add("pflog", 117, "pflog:ip:udp", "", |ip| {
            let mut head = [0; 64];
            (head[0], head[1]) = (61, 2);
            [&head[..], ip].concat()
        });
        self.add("infiniband", 242, "ipoib:ip:udp", "", |ip| {
            [&[0; 40][..], &[8, 0, 0, 0], ip].concat()
        });
        self.add("ppi", 192, "ppi:eth:ip:udp", "", |ip| {
            [&[0, 0, 8, 0, 1, 0, 0, 0][..], &eth(0x0800, ip)].concat()
        });
        self.add("pktap", 258, "pktap:eth:ip:udp", "", |ip| {
            let mut head = [0; 108];
            (head[0], head[4], head[8]) = (108, 1, 1);
            [&head[..], &eth(0x0800, ip)].concat()
        });
        self.add("juniper-ethernet", 178, "juniper:eth:ip:udp", "", |ip| {
            [&[0x4d, 0x47, 0x43, 0x81, 0, 2, 1, 0][..], &eth(0x0800, ip)].concat()
        });
        self.add("juniper-ppp", 179, "juniper:ppp:ip:udp", "", |ip| {
            [&[0x4d, 0x47, 0x43, 1, 0xff, 3, 0, 0x21][..], ip].concat()
        });
        // tshark takes the type behind a switch tag from elsewhere or not at all, depending on its version.
        self.add(
            "broadcom-tag",
            281,
            "eth:brcm-tag:ip:udp",
            "brcm-tag",
            |ip| {
                let frame = eth(0x0800, ip);
                [&frame[..12], &[0x20, 0, 0, 5], &frame[12..]].concat()
            },
        )
        .tshark = false;
        self.add(
            "broadcom-tag-before",
            282,
            "brcm-tag:eth:ip:udp",
            "brcm-tag",
            |ip| [&[0x20, 0, 0, 5][..], &eth(0x0800, ip)].concat(),
        )
        .tshark = false;
        self.add("marvell-tag", 284, "eth:dsa:ip:udp", "dsa 100", |ip| {
            let frame = eth(0x0800, ip);
            [&frame[..12], &[0xe0, 0x10, 0, 100], &frame[12..]].concat()
        })
        .tshark = false;
        self.add("marvell-typed-tag", 285, "eth:dsa:ip:udp", "dsa", |ip| {
            let frame = eth(0x0800, ip);
            [
                &frame[..12],
                &[0xda, 0xda, 0, 0, 0xc0, 0x10, 0, 0],
                &frame[12..],
            ]
            .concat()
        })
        .tshark = false;
        let [src, dst] = self.v4;
        let tag = |kind: u8, value: &[u8]| [&[0, kind], &half(value.len())[..], value].concat();
        let address = |a: SocketAddr| match a.ip() {
            std::net::IpAddr::V4(a) => a.octets(),
            std::net::IpAddr::V6(_) => panic!("{a}"),
        };
        let frame = [
            tag(12, b"sip\0"),
            tag(20, &address(src)),
            tag(21, &address(dst)),
            tag(24, &[0, 0, 0, 3]),
            tag(25, &u32::from(src.port()).to_be_bytes()),
            tag(26, &u32::from(dst.port()).to_be_bytes()),
            tag(0, b""),
            message("exported-pdu"),
        ]
        .concat();
        self.push("exported-pdu", 252, "", "", [src, dst], frame);
    }

    fn wifi(&mut self) {
        let data = |head: &[u8], ip: &[u8]| {
            let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
            [head, &snap, ip].concat()
        };
        let plain = [&[0x08, 1, 0, 0][..], &[2; 18], &[0x10, 0]].concat();
        let quality = [&[0x88, 2, 0, 0][..], &[2; 18], &[0x10, 0, 0, 0]].concat();
        let bridge = [&[0x88, 3, 0, 0][..], &[2; 18], &[0x10, 0], &[2; 6], &[0, 0]].concat();
        self.add("wifi", 105, "wlan:llc:ip:udp", "", |ip| data(&plain, ip));
        self.add("wifi-qos", 105, "wlan:llc:ip:udp", "", |ip| {
            data(&quality, ip)
        });
        self.add("wifi-bridge", 105, "wlan:llc:ip:udp", "", |ip| {
            data(&bridge, ip)
        });
        self.add("wifi-aggregate", 105, "wlan:llc:ip:udp", "", |ip| {
            let mut head = quality.clone();
            head[24] = 0x80;
            let inner = data(&[], ip);
            [&head[..], &[2; 12], &half(inner.len()), &inner].concat()
        });
        self.add("wifi-radiotap", 127, "radiotap:wlan:llc:ip:udp", "", |ip| {
            // Flags: the header is padded to a multiple of four.
            let radio = [0, 0, 9, 0, 2, 0, 0, 0, 0x20];
            data(&[&radio[..], &quality, &[0, 0]].concat(), ip)
        });
        self.add("wifi-prism", 119, "prism:wlan:llc:ip:udp", "", |ip| {
            let radio = [&[0x44, 0, 0, 0, 144, 0, 0, 0][..], &[0; 136]].concat();
            data(&[&radio[..], &plain].concat(), ip)
        });
        self.add("wifi-avs", 163, "avs:wlan:llc:ip:udp", "", |ip| {
            let radio = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56]].concat();
            data(&[&radio[..], &plain].concat(), ip)
        });
    }

    fn tags(&mut self) {
        self.add("vlan", 1, "eth:vlan:ip:udp", "vlan 100", |ip| {
            eth(0x8100, &[&[0, 100, 8, 0][..], ip].concat())
        });
        let three = "vlan 100, vlan 200, vlan 300";
        self.add("q-in-q-in-q", 1, "eth:vlan:vlan:vlan:ip:udp", three, |ip| {
            let tags = [0, 100, 0x81, 0, 0, 200, 0x81, 0, 1, 44, 8, 0];
            eth(0x88a8, &[&tags[..], ip].concat())
        });
        self.add(
            "vn-tag",
            1,
            "eth:vntag:vlan:ip:udp",
            "vntag 5, vlan 100",
            |ip| {
                eth(
                    0x8926,
                    &[&[0, 5, 0, 7, 0x81, 0, 0, 100, 8, 0][..], ip].concat(),
                )
            },
        );
        self.add("e-tag", 1, "eth:etag:ip:udp", "etag 5", |ip| {
            eth(0x893f, &[&[0, 0, 0, 5, 0, 0, 8, 0][..], ip].concat())
        });
        self.add("cisco-metadata", 1, "eth:cmd:ip:udp", "cmd 5", |ip| {
            eth(0x8909, &[&[1, 1, 0, 1, 0, 5, 8, 0][..], ip].concat())
        });
        let pbb = "ieee8021ah 66051, ieee8021ah 7";
        self.add(
            "pbb-in-pbb",
            1,
            "eth:ieee8021ah:eth:ieee8021ah:eth:ip:udp",
            pbb,
            |ip| {
                let inner = [&[0, 0, 0, 7][..], &eth(0x0800, ip)].concat();
                eth(0x88e7, &[&[0, 1, 2, 3][..], &eth(0x88e7, &inner)].concat())
            },
        );
        self.add("macsec-integrity", 1, "eth:macsec:ip:udp", "macsec", |ip| {
            let tag = [&[0x20, 0, 0, 0, 0, 1][..], &[2, 0, 0, 0, 0, 1, 0, 1]].concat();
            eth(0x88e5, &[&tag[..], &[8, 0], ip, &[0; 16]].concat())
        });
        self.add(
            "mpls",
            1,
            "eth:mpls:mpls:ip:udp",
            "mpls 16, mpls 32",
            |ip| eth(0x8847, &[&[0, 1, 0, 64, 0, 2, 1, 64][..], ip].concat()),
        );
        // tshark has to be told which labels have a control word.
        let wire = "eth:mpls:eth:ip:udp";
        self.add("mpls-pseudowire", 1, wire, "mpls 32", |ip| {
            eth(
                0x8847,
                &[&[0, 2, 1, 64, 0, 0, 0, 1][..], &eth(0x0800, ip)].concat(),
            )
        })
        .tshark = false;
        self.add("pppoe", 1, "eth:pppoes:ppp:ip:udp", "pppoes 7", |ip| {
            let head = [&[0x11, 0, 0, 7][..], &half(ip.len() + 2), &[0, 0x21]].concat();
            eth(0x8864, &[&head[..], ip].concat())
        });
        self.add(
            "pppoe-compressed",
            1,
            "eth:pppoes:ppp:ip:udp",
            "pppoes 7",
            |ip| {
                let head = [&[0x11, 0, 0, 7][..], &half(ip.len() + 1), &[0x21]].concat();
                eth(0x8864, &[&head[..], ip].concat())
            },
        );
        self.add("nsh", 1, "eth:nsh:ip:udp", "nsh 42", |ip| {
            eth(0x894f, &[&[0, 2, 2, 1, 0, 0, 42, 255][..], ip].concat())
        });
    }

    fn over_ip(&mut self) {
        const OUTER: &str = "ip 192.0.2.1 > 192.0.2.2";
        let by = |protocol, head: &'static [u8]| {
            move |rest: &[u8]| eth(0x0800, &outer(protocol, &[head, rest].concat()))
        };
        self.add("ip-in-ip", 1, "eth:ip:ip:udp", OUTER, by(4, &[]));
        self.add("6in4", 1, "eth:ip:ipv6:udp", OUTER, by(41, &[]));
        self.add(
            "4in6",
            1,
            "eth:ipv6:ip:udp",
            "ipv6 2001:db8::1 > 2001:db8::2",
            |ip| {
                let [src, dst] = ends("[2001:db8::1]:1", "[2001:db8::2]:1");
                wire::ip(src.ip(), dst.ip(), 4, ip.to_vec(), None, 0)
            },
        );
        self.add(
            "gre",
            1,
            "eth:ip:gre:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, gre",
            by(47, &[0, 0, 8, 0]),
        );
        let keyed = &[0x30, 0, 8, 0, 0, 0, 0, 42, 0, 0, 0, 1];
        let path = "ip 192.0.2.1 > 192.0.2.2, gre 42";
        self.add(
            "gre-key-sequence",
            1,
            "eth:ip:gre:ip:udp",
            path,
            by(47, keyed),
        );
        self.add(
            "nvgre",
            1,
            "eth:ip:gre:eth:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, gre 10752",
            |ip| by(47, &[0x20, 0, 0x65, 0x58, 0, 0, 42, 0])(&eth(0x0800, ip)),
        );
        self.add(
            "pptp",
            1,
            "eth:ip:gre:ppp:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, gre 7",
            |ip| {
                let ppp = [&[0xff, 3, 0, 0x21][..], ip].concat();
                let head = [
                    &[0x30, 1, 0x88, 0x0b][..],
                    &half(ppp.len()),
                    &[0, 7, 0, 0, 0, 1],
                ]
                .concat();
                eth(0x0800, &outer(47, &[&head[..], &ppp].concat()))
            },
        );
        let mirrored = "eth:ip:gre:erspan:eth:ip:udp";
        self.add(
            "erspan-1",
            1,
            mirrored,
            "ip 192.0.2.1 > 192.0.2.2, gre, erspan",
            |ip| by(47, &[0, 0, 0x88, 0xbe])(&eth(0x0800, ip)),
        );
        let path = "ip 192.0.2.1 > 192.0.2.2, gre, erspan 42";
        self.add("erspan-2", 1, mirrored, path, |ip| {
            let head = &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 42, 0, 0, 0, 0];
            by(47, head)(&eth(0x0800, ip))
        });
        self.add("erspan-3", 1, mirrored, path, |ip| {
            let head = &[
                0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 42, 0, 0, 0, 1, 0, 0, 0, 0,
            ];
            by(47, head)(&eth(0x0800, ip))
        });
        self.add(
            "etherip",
            1,
            "eth:ip:etherip:eth:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, etherip",
            |ip| by(97, &[0x30, 0])(&eth(0x0800, ip)),
        );
        self.add(
            "mpls-in-ip",
            1,
            "eth:ip:mpls:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, mpls 32",
            by(137, &[0, 2, 1, 64]),
        );
        // Only the control connection would tell tshark how long the cookie is.
        self.add(
            "l2tp-3",
            1,
            "eth:ip:l2tp:eth:ip:udp",
            "ip 192.0.2.1 > 192.0.2.2, l2tp 42",
            |ip| by(115, &[0, 0, 0, 42, 1, 2, 3, 4])(&eth(0x0800, ip)),
        )
        .tshark = false;
        self.add("ipsec-ah", 1, "eth:ip:udp", "", |ip| {
            let header = [17, 4, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1];
            let [src, dst] = ends("10.1.1.10:1", "10.1.1.20:1");
            let rest = [&header[..], &[0; 12], &ip[20..]].concat();
            wire::ip(src.ip(), dst.ip(), 51, rest, None, 7)
        });
    }

    fn over_udp(&mut self) {
        fn by(port: u16, head: &[u8], rest: &[u8]) -> Vec<u8> {
            eth(0x0800, &outer_udp(port, &[head, rest].concat()))
        }
        let vxlan = [8, 0, 0, 0, 0, 0, 42, 0];
        let path = "ip 192.0.2.1 > 192.0.2.2, vxlan 42";
        let layers = "eth:ip:udp:vxlan:eth:ip:udp";
        self.add("vxlan", 1, layers, path, |ip| {
            by(4789, &vxlan, &eth(0x0800, ip))
        });
        self.add("vxlan-8472", 1, layers, path, |ip| {
            by(8472, &vxlan, &eth(0x0800, ip))
        })
        .tshark = false;
        self.add("vxlan-any-port", 1, layers, path, |ip| {
            by(14_789, &vxlan, &eth(0x0800, ip))
        })
        .tshark = false;
        self.add("vxlan-gpe", 1, "eth:ip:udp:vxlan:ip:udp", path, |ip| {
            by(4790, &[0x0c, 0, 0, 1, 0, 0, 42, 0], ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, geneve 42";
        self.add("geneve", 1, "eth:ip:udp:geneve:eth:ip:udp", path, |ip| {
            let head = [1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 0];
            by(6081, &head, &eth(0x0800, ip))
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, gtp 42";
        self.add("gtp-extension", 1, "eth:ip:udp:gtp:ip:udp", path, |ip| {
            let head = [&[0x34, 255][..], &half(ip.len() + 8), &[0, 0, 0, 42]].concat();
            by(
                2152,
                &[&head[..], &[0, 0, 0, 0x85, 1, 0, 1, 0]].concat(),
                ip,
            )
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, l2tp 65543";
        self.add("l2tp-2", 1, "eth:ip:udp:l2tp:ppp:ip:udp", path, |ip| {
            let len = half(ip.len() + 12);
            by(
                1701,
                &[0x40, 2, len[0], len[1], 0, 1, 0, 7, 0xff, 3, 0, 0x21],
                ip,
            )
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, teredo";
        self.add("teredo", 1, "eth:ip:udp:teredo:ipv6:udp", path, |ip| {
            by(3544, &[], ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, gre";
        self.add("gre-in-udp", 1, "eth:ip:udp:gre:ip:udp", path, |ip| {
            by(4754, &[0, 0, 8, 0], ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, mpls 32";
        self.add("mpls-in-udp", 1, "eth:ip:udp:mpls:ip:udp", path, |ip| {
            by(6635, &[0, 2, 1, 64], ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, lisp 42";
        self.add("lisp", 1, "eth:ip:udp:lisp:ip:udp", path, |ip| {
            by(4341, &[0x08, 0, 0, 0, 0, 0, 42, 1], ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, ayiya";
        self.add("ayiya", 1, "eth:ip:udp:ayiya:ipv6:udp", path, |ip| {
            let head = [&[0x41, 0x52, 0x11, 41, 0, 0, 0, 0][..], &[9; 16], &[7; 20]].concat();
            by(5072, &head, ip)
        });
        let path = "ip 192.0.2.1 > 192.0.2.2, tzsp";
        self.add("tzsp", 1, "eth:ip:udp:tzsp:eth:ip:udp", path, |ip| {
            by(37_008, &[1, 0, 0, 1, 10, 1, 0xc5, 1], &eth(0x0800, ip))
        });
        self.add(
            "tzsp-wifi",
            1,
            "eth:ip:udp:tzsp:wlan:llc:ip:udp",
            path,
            |ip| {
                let wlan = [&[0x08, 1, 0, 0][..], &[2; 18], &[0x10, 0]].concat();
                let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
                by(37_008, &[1, 0, 0, 18, 1], &[&wlan[..], &snap, ip].concat())
            },
        );
    }

    fn hep(&mut self) {
        fn chunk(kind: u8, value: &[u8]) -> Vec<u8> {
            [&[0, 0, 0, kind], &half(value.len() + 6)[..], value].concat()
        }
        fn hep3(protocol: u8, last: &[u8]) -> Vec<u8> {
            let chunks = [
                chunk(1, &[2]),
                chunk(2, &[protocol]),
                chunk(3, &[10, 1, 1, 10]),
                chunk(4, &[10, 1, 1, 20]),
                chunk(7, &5060_u16.to_be_bytes()),
                chunk(8, &5060_u16.to_be_bytes()),
                chunk(9, &[0x53, 0, 0, 0]),
                chunk(10, &[0; 4]),
                chunk(11, &[1]),
                chunk(12, &[0, 0, 0, 42]),
            ]
            .concat();
            let len = half(chunks.len() + last.len() + 6);
            [b"HEP3", &len[..], &chunks, last].concat()
        }
        const PATH: &str = "ip 192.0.2.1 > 192.0.2.2, hep 42";
        self.mirror("hep-3", "udp", PATH, |sip| hep3(17, &chunk(15, sip)));
        self.mirror("hep-3-tcp", "tcp", PATH, |sip| hep3(6, &chunk(15, sip)));
        self.mirror("hep-3-tls", "tls", PATH, |sip| hep3(22, &chunk(15, sip)));
        self.mirror("hep-3-compressed", "udp", PATH, |sip| {
            let mut folded = ZlibEncoder::new(Vec::new(), Compression::default());
            folded.write_all(sip).unwrap();
            hep3(17, &chunk(16, &folded.finish().unwrap()))
        });
        let older = |version| {
            let head = [version, 16, 2, 17, 0x13, 0xc4, 0x13, 0xc4];
            [&head[..], &[10, 1, 1, 10, 10, 1, 1, 20]].concat()
        };
        self.mirror("hep-1", "udp", "ip 192.0.2.1 > 192.0.2.2, hep", |sip| {
            [&older(1)[..], sip].concat()
        });
        self.mirror("hep-2", "udp", PATH, |sip| {
            [&older(2)[..], &[0; 8], &[42, 0, 0, 0], sip].concat()
        });
    }
}

/// The message in everything that is read.
pub(crate) fn all() -> Vec<Wrapped> {
    let mut maker = Maker {
        all: Vec::new(),
        v4: ends("10.1.1.10:5060", "10.1.1.20:5060"),
        v6: ends("[2001:db8::10]:5060", "[2001:db8::20]:5060"),
    };
    maker.links();
    maker.wifi();
    maker.tags();
    maker.over_ip();
    maker.over_udp();
    maker.hep();
    maker.all
}

/// One capture of frames of different link types, a second apart: a pcapng with an interface for each.
pub(crate) fn capture(frames: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padding = body.len().next_multiple_of(4) - body.len();
        let total = u32::try_from(12 + body.len() + padding)
            .unwrap()
            .to_le_bytes();
        let parts = [
            &kind.to_le_bytes()[..],
            &total,
            body,
            &[0; 3][..padding],
            &total,
        ];
        out.extend(parts.concat());
    };
    let order = [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
    block(0x0a0d_0d0a, &[&order[..], &[0xff; 8]].concat());
    for (link, _) in frames {
        block(
            1,
            &[&link.to_le_bytes()[..], &[0, 0], &[0, 0, 4, 0]].concat(),
        );
    }
    for (n, (_, frame)) in frames.iter().enumerate() {
        let n = u32::try_from(n).unwrap();
        let micros = (1_400_000_000 + u64::from(n)) * 1_000_000;
        let [low, high] = [micros & 0xffff_ffff, micros >> 32].map(|w| u32::try_from(w).unwrap());
        let len = u32::try_from(frame.len()).unwrap();
        let mut body: Vec<u8> = [n, high, low, len, len]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        body.extend(frame);
        block(6, &body);
    }
    out
}

/// A classic pcap of one frame.
pub(crate) fn pcap(link: u16, frame: &[u8]) -> Vec<u8> {
    let len = u32::try_from(frame.len()).unwrap();
    let head = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, u32::from(link)];
    let record = [1_400_000_000, 0, len, len];
    let words = head.iter().chain(&record).flat_map(|w| w.to_le_bytes());
    words.chain(frame.iter().copied()).collect()
}
