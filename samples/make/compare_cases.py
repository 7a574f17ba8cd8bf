"""The cases of docs/comparison.md: SIP that is known, in captures of the kinds that are met.

A case tells its messages as they were sent; `partial` are messages of which bytes are missing in the capture: a program may
list them or not.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import compare_wire as w
from compare_wire import A, A6, B, B6, Frame, Tcp, ether, gre, ip, pcap, tunnel, udp


@dataclass
class Case:
    group: str
    title: str
    data: bytes
    messages: list[bytes]
    partial: list[bytes] = field(default_factory=list)
    suffix: str = ".pcap"
    keylog: str = ""
    count: int = 0


def call_id(name: str) -> str:
    return f"{name}-7f3a@10.1.1.10"


def message(start: str, name: str, *, eol: str = "\r\n", body: str | bytes = b"", length: str | None = None,
            more: tuple[str, ...] = (), names: tuple[str, ...] = ("Via", "From", "To", "Call-ID", "Content-Length"),
            over: str = "TCP", cseq: str | None = None) -> bytes:
    """A message; `length` replaces the value of Content-Length, and leaves the field away when empty."""
    body = body.encode() if isinstance(body, str) else body
    method = cseq or start.split()[0]
    via, sender, to, call, size = names
    fields = [start, f"{via}: SIP/2.0/{over} 10.1.1.10:5060;branch=z9hG4bK-{name}", "Max-Forwards: 70",
              f"{sender}: <sip:anna@tomt.local>;tag=f-{name}", f"{to}: <sip:maria@lync.local>", f"{call}: {call_id(name)}",
              f"CSeq: 1 {method}", *more]
    if body:
        fields.append("Content-Type: text/plain")
    if length != "":
        fields.append(f"{size}: {len(body) if length is None else length}")
    return (eol.join(fields) + eol + eol).encode() + body


def request(method: str, name: str, **more) -> bytes:
    return message(f"{method} sip:maria@lync.local SIP/2.0", name, **more)


def response(status: str, name: str, method: str, **more) -> bytes:
    return message(f"SIP/2.0 {status}", name, cseq=method, **more)


def exchange(over: str = "TCP", size: int = 40) -> list[tuple[int, bytes]]:
    """Four messages: a subscription with its first notification, and who sends each."""
    return [(0, request("SUBSCRIBE", "sub", over=over)), (1, response("200 OK", "sub", "SUBSCRIBE", over=over)),
            (1, request("NOTIFY", "not", over=over, body="n" * size)), (0, response("200 OK", "not", "NOTIFY", over=over))]


def said(talk: list[tuple[int, bytes]]) -> list[bytes]:
    return [text for _, text in talk]


def over_udp(talk: list[tuple[int, bytes]], ports: tuple[int, int] = (5060, 5060), ends: tuple[str, str] = (A, B)) -> list[bytes]:
    return [udp(text, ports[side], ports[1 - side], ends[side], ends[1 - side], ident=number + 1)
            for number, (side, text) in enumerate(talk)]


def over_tcp(talk: list[tuple[int, bytes]], **more) -> list[bytes]:
    connection = Tcp(**more)
    for side, text in talk:
        connection.send(side, text)
    return connection.close()


CASES: list[Callable[[], Case]] = []


def case(group: str, title: str, **more) -> Callable:
    """Registers a function that gives (frames or file, messages) or (…, messages, partial)."""
    def add(make: Callable) -> Callable:
        def made() -> Case:
            data, messages, *partial = make()
            if not isinstance(data, bytes):
                data = pcap([frame if isinstance(frame, Frame) or frame[:1] == b"\x02" else ether(frame) for frame in data])
            return Case(group, title, data, messages, *partial, **more)
        CASES.append(made)
        return make
    return add


def plain(group: str, title: str, wrap: Callable[[bytes], bytes], link: int = 1, talk: Callable = over_tcp,
          file: Callable = pcap, **more) -> None:
    """The exchange with every packet wrapped."""
    def made() -> Case:
        turns = exchange("UDP" if talk is over_udp else "TCP")
        return Case(group, title, file([wrap(packet) for packet in talk(turns)], link), said(turns), **more)
    CASES.append(made)


def six(turns: list[tuple[int, bytes]]) -> list[bytes]:
    return over_tcp(turns, src=A6, dst=B6)


# --- ports -----------------------------------------------------------------------------------------------------------------

def ports() -> None:
    def one(title: str, talk: Callable) -> None:
        plain("Ports", title, ether, talk=talk)
    one("UDP on 5060", over_udp)
    one("UDP on 5070", lambda turns: over_udp(turns, (5070, 5070)))
    one("UDP, 40000 to 15060", lambda turns: over_udp(turns, (40000, 15060)))
    for port in (5060, 5062, 5061, 15060, 443):
        one(f"TCP on {port}{' (unencrypted)' if port in (5061, 443) else ''}", lambda turns, port=port: over_tcp(turns, dport=port))
    one("IPv6, TCP", six)
    one("IPv6, UDP", lambda turns: over_udp(turns, ends=(A6, B6)))


# --- encapsulations ------------------------------------------------------------------------------------------------------

def vlan(*tags: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("!HH", kind, number) for kind, number in tags)


def sll(packet: bytes, tags: bytes = b"") -> bytes:
    kind = struct.pack("!H", 0x0800)
    return struct.pack("!HHH", 0, 1, 6) + bytes.fromhex("0200000000100000") + (tags + kind if tags else kind) + packet


def sll2(packet: bytes) -> bytes:
    return struct.pack("!HHIHBB", 0x0800, 0, 2, 1, 0, 6) + bytes.fromhex("0200000000100000") + packet


def nflog(packet: bytes) -> bytes:
    padded = packet + bytes(-len(packet) % 4)
    return struct.pack("!BBH", 2, 0, 5) + struct.pack("<HH4s", 8, 1, bytes.fromhex("08000300")) \
        + struct.pack("<HH", 4 + len(packet), 9) + padded


def wireless(packet: bytes) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, 0) + bytes.fromhex("08020000") + bytes.fromhex("020000000010") * 3 + bytes(2) \
        + bytes.fromhex("aaaa030000000800") + packet


def quality(packet: bytes) -> bytes:
    return struct.pack("<BBHI", 0, 0, 8, 0) + bytes.fromhex("88010000") + bytes.fromhex("020000000010") * 3 + bytes(4) \
        + bytes.fromhex("aaaa030000000800") + packet


def hep(packet: bytes) -> bytes:
    """HEP v3 of one UDP datagram."""
    def chunk(kind: int, value: bytes) -> bytes:
        return struct.pack("!HHH", 0, kind, 6 + len(value)) + value
    inside = b"".join((chunk(1, b"\x02"), chunk(2, b"\x11"), chunk(3, packet[12:16]), chunk(4, packet[16:20]),
                       chunk(7, packet[20:22]), chunk(8, packet[22:24]), chunk(9, struct.pack("!I", w.BEGIN // 10**9)),
                       chunk(10, bytes(4)), chunk(11, b"\x01"), chunk(12, struct.pack("!I", 7)), chunk(15, packet[28:])))
    return ether(tunnel(b"HEP3" + struct.pack("!H", 6 + len(inside)) + inside, 9060))


def snap(packet: bytes) -> bytes:
    data = bytes.fromhex("aaaa030000000800") + packet
    return ether(data, len(data))


def encapsulations() -> None:
    def one(title: str, wrap: Callable, link: int = 1, **more) -> None:
        plain("Encapsulations", title, wrap, link, **more)
    one("Linux cooked (SLL)", sll, 113)
    one("Linux cooked (SLL), VLAN", lambda p: sll(p, vlan((0x8100, 7))), 113)
    one("Linux cooked v2 (SLL2)", sll2, 276)
    one("raw IP (101)", lambda p: p, 101)
    one("raw IP (12, BSD)", lambda p: p, 12)
    one("IPv4 (228)", lambda p: p, 228)
    one("loopback (NULL)", lambda p: struct.pack("<I", 2) + p, 0)
    one("loopback (NULL), IPv6 of macOS", lambda p: struct.pack("<I", 30) + p, 0, talk=six)
    one("loopback (LOOP)", lambda p: struct.pack("!I", 2) + p, 108)
    one("NFLOG", nflog, 239)
    one("PPP", lambda p: bytes.fromhex("ff030021") + p, 9)
    one("PPP without address and control", lambda p: b"\x21" + p, 9)
    one("802.11 with radiotap", wireless, 127)
    one("802.11 QoS data with radiotap", quality, 127)
    one("802.11 without radiotap", lambda p: wireless(p)[8:], 105)
    one("PPI with Ethernet", lambda p: struct.pack("<BBHI", 0, 0, 8, 1) + ether(p), 192)
    one("802.3 with LLC and SNAP", snap)
    one("VLAN", lambda p: ether(p, tags=vlan((0x8100, 7))))
    one("QinQ (88A8, 8100)", lambda p: ether(p, tags=vlan((0x88A8, 7), (0x8100, 8))))
    one("QinQ (9100, 8100)", lambda p: ether(p, tags=vlan((0x9100, 7), (0x8100, 8))))
    one("three VLAN tags", lambda p: ether(p, tags=vlan((0x88A8, 7), (0x8100, 8), (0x8100, 9))))
    one("MPLS, two labels", lambda p: ether(bytes.fromhex("0001003f0001113f") + p, 0x8847))
    one("Ethernet over MPLS, control word", lambda p: ether(bytes.fromhex("0001113f00000000") + ether(p), 0x8847))
    one("PPPoE", lambda p: ether(struct.pack("!BBHHH", 0x11, 0, 1, len(p) + 2, 0x21) + p, 0x8864))
    one("GRE", lambda p: ether(gre(p, 0x0800)))
    one("GRE with checksum, key and sequence number", lambda p: ether(gre(p, 0x0800, 0xB000, bytes(4) + struct.pack("!II", 9, 1))))
    one("Ethernet over GRE (NVGRE)", lambda p: ether(gre(ether(p), 0x6558, 0x2000, bytes.fromhex("00100100"))))
    one("ERSPAN I", lambda p: ether(gre(ether(p), 0x88BE)))
    one("ERSPAN II", lambda p: ether(gre(bytes.fromhex("1007000100000005") + ether(p), 0x88BE, 0x1000, struct.pack("!I", 1))))
    one("ERSPAN III", lambda p: ether(gre(bytes.fromhex("200700010000000500010000") + ether(p), 0x22EB, 0x1000, struct.pack("!I", 1))))
    one("VXLAN", lambda p: ether(tunnel(bytes.fromhex("0800000000002a00") + ether(p), 4789)))
    one("VXLAN on 8472 (Linux, older)", lambda p: ether(tunnel(bytes.fromhex("0800000000002a00") + ether(p), 8472)))
    one("VXLAN-GPE with IPv4", lambda p: ether(tunnel(bytes.fromhex("0c00000100002a00") + p, 4790)))
    one("GENEVE with an option", lambda p: ether(tunnel(bytes.fromhex("0200655800002a00") + bytes.fromhex("0102000100000001") + ether(p), 6081)))
    one("GTP-U", lambda p: ether(tunnel(struct.pack("!BBHI", 0x30, 255, len(p), 1) + p, 2152)))
    one("GTP-U with extension header", lambda p: ether(tunnel(
        struct.pack("!BBHI", 0x34, 255, len(p) + 8, 1) + bytes.fromhex("0000008501100100") + p, 2152)))
    one("IP in IP", lambda p: ether(ip(p, 4, "192.0.2.1", "192.0.2.2")))
    one("6in4", lambda p: ether(ip(p, 41, "192.0.2.1", "192.0.2.2")), talk=six)
    one("IPv4 in IPv6", lambda p: ether(ip(p, 4, A6, B6)))
    one("IPv4 options", lambda p: ether(ip(p[20:], 6, *(((A, B), (B, A))[p[15] == 20]), options=bytes.fromhex("94040000"))))
    one("IPv6 hop-by-hop and destination options", lambda p: ether(
        p[:4] + struct.pack("!HB", len(p) - 24, 0) + p[7:40] + bytes.fromhex("3c0001040000000006000104") + bytes.fromhex("00000000") + p[40:]), talk=six)
    one("IPsec AH, transport mode", lambda p: ether(ip(bytes.fromhex("060400000000000100000001") + bytes(12) + p[20:], 51,
                                                      *(((A, B), (B, A))[p[15] == 20]))))
    one("VN-Tag", lambda p: ether(p, tags=struct.pack("!HI", 0x8926, 0x00010002)))
    one("Cisco metadata (8909)", lambda p: ether(p, tags=bytes.fromhex("8909010100010002")))
    one("802.1ah", lambda p: ether(bytes.fromhex("00000064") + ether(p), 0x88E7, vlan((0x88A8, 7))))
    one("L2TPv2 with PPP", lambda p: ether(tunnel(struct.pack("!HHH", 0x0002, 1, 2) + bytes.fromhex("ff030021") + p, 1701)))
    one("TZSP", lambda p: ether(tunnel(bytes.fromhex("0100000101") + ether(p), 37008)))
    one("HEP v3", hep, talk=over_udp)
    one("VXLAN inside VLAN inside VXLAN", lambda p: ether(tunnel(bytes.fromhex("0800000000002a00") + ether(
        tunnel(bytes.fromhex("0800000000002b00") + ether(p), 4789), tags=vlan((0x8100, 7))), 4789)))
    one("Ethernet with padding and FCS", lambda p: ether(p) + bytes(max(0, 46 - len(p))) + bytes.fromhex("deadbeef"))


ports()
encapsulations()
