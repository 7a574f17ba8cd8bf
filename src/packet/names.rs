//! Names of numbers that are not read, so that a person knows what a capture has.

/// Registry of link types: <https://www.tcpdump.org/linktypes.html>.
pub(super) const LINK_TYPE: &str = "link type";
/// Registry of types behind an Ethernet header: <https://www.iana.org/assignments/ieee-802-numbers>.
pub(super) const ETHERTYPE: &str = "ethertype";
/// Registry of protocols behind an IP header: <https://www.iana.org/assignments/protocol-numbers>.
pub(super) const IP_PROTOCOL: &str = "ip protocol";

/// What a number of a registry is called, where it is well known.
pub(super) fn of(registry: &str, number: u16) -> Option<&'static str> {
    match registry {
        LINK_TYPE => link_type(number),
        ETHERTYPE => ethertype(number),
        IP_PROTOCOL => ip_protocol(number),
        _ => None,
    }
}

fn link_type(number: u16) -> Option<&'static str> {
    Some(match number {
        3 => "AX.25",
        6 => "Token Ring",
        7 | 129 => "ARCNET",
        10 => "FDDI",
        100 => "ATM",
        114 => "LocalTalk",
        122 => "IP over Fibre Channel",
        123 => "SunATM",
        130..=137 | 164 | 174 | 183 | 194 => {
            "Juniper, other than Ethernet, PPP, Frame Relay and HDLC"
        }
        138 => "IP over FireWire",
        139 | 140 => "SS7 MTP2",
        141 => "SS7 MTP3",
        142 => "SS7 SCCP",
        143 => "DOCSIS",
        144 => "IrDA",
        147 => "USER0",
        148 => "USER1",
        149 => "USER2",
        150 => "USER3",
        151 => "USER4",
        152..=162 => "USER5 to USER15",
        165 => "BACnet",
        177 => "LAPD",
        186 => "USB of FreeBSD",
        187 | 201 => "Bluetooth HCI",
        189 | 220 => "USB of Linux",
        190 | 227 => "CAN bus",
        195 | 215 | 230 | 283 => "IEEE 802.15.4",
        197 => "ERF of Endace",
        202 => "AX.25 with KISS",
        203 => "LAPD",
        209 => "I2C",
        224 | 225 => "Fibre Channel",
        226 => "Solaris IPNET",
        231 => "D-Bus",
        235 => "DVB",
        243 => "MPEG-2 transport stream",
        245 => "NFC",
        247 => "InfiniBand",
        248 => "SCTP without IP",
        249 => "USB of Windows",
        251 | 256 => "Bluetooth low energy",
        253 => "netlink",
        254 => "Bluetooth of Linux, monitored",
        255 => "Bluetooth baseband",
        257 => "PROFIBUS",
        259 => "EPON",
        266 => "USB of macOS",
        272 => "Bluetooth low energy, nRF sniffer",
        274 => "Ethernet with preamble",
        279 => "Z-Wave",
        288..=290 => "USB 2.0",
        _ => return None,
    })
}

fn ethertype(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0842 => "Wake-on-LAN",
        0x6003 => "DECnet",
        0x809b => "AppleTalk",
        0x80f3 => "AppleTalk ARP",
        0x8819 => "CobraNet",
        0x886d => "Intel ANS",
        0x886f => "Microsoft NLB",
        0x887b => "HomePlug",
        0x8892 => "PROFINET",
        0x889a => "HyperSCSI",
        0x88a2 => "ATA over Ethernet",
        0x88a4 => "EtherCAT",
        0x88b5 | 0x88b6 => "local experiment",
        0x88b8..=0x88ba => "IEC 61850",
        0x88c7 => "802.11 pre-authentication",
        0x88e1 => "HomePlug AV",
        0x88f5 => "MVRP",
        0x88f7 => "PTP",
        0x8902 => "CFM",
        0x8903 => "Cisco FabricPath",
        0x8906 => "FCoE",
        0x890d => "802.11 management between access points",
        0x8914 => "FCoE initialization",
        0x8915 => "RoCE",
        0x892f => "HSR",
        0x22f3 => "TRILL",
        0x22ea => "SRP",
        _ => return None,
    })
}

fn ip_protocol(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "hop-by-hop options",
        3 => "GGP",
        8 => "EGP",
        9 => "IGP",
        33 => "DCCP",
        46 => "RSVP",
        54 => "NARP",
        55 => "IP mobility",
        94 => "IPIP",
        104 => "Aris",
        111 => "IPX in IP",
        113 => "PGM",
        118 => "STP",
        124 => "IS-IS",
        133 => "Fibre Channel",
        136 => "UDP-Lite",
        142 => "ROHC",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_numbers_have_names_and_others_have_none() {
        assert_eq!(of(LINK_TYPE, 189), Some("USB of Linux"));
        assert_eq!(of(LINK_TYPE, 253), Some("netlink"));
        assert_eq!(of(ETHERTYPE, 0x88a2), Some("ATA over Ethernet"));
        assert_eq!(of(IP_PROTOCOL, 46), Some("RSVP"));
        assert_eq!(of(LINK_TYPE, 9_999), None);
        assert_eq!(of("NLPID", 189), None);
    }
}
