"""Packets and capture files by hand: every byte is the same at each run, and no program under test has a part in it."""
from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass

A, B = "10.1.1.10", "10.1.1.20"
A6, B6 = "fd00:1::10", "fd00:1::20"
BEGIN = 1_700_000_000_000_000_000
STEP = 10_000_000
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def address(text: str) -> bytes:
    if ":" not in text:
        return bytes(int(part) for part in text.split("."))
    head, _, tail = text.partition("::")
    groups = [[int(word, 16) for word in half.split(":") if word] for half in (head, tail)]
    words = groups[0] + [0] * (8 - len(groups[0]) - len(groups[1])) + groups[1]
    return struct.pack("!8H", *words)


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(payload: bytes, proto: int, src: str = A, dst: str = B, *, ident: int = 1, fragment: int = 0x4000,
       options: bytes = b"", total: int | None = None) -> bytes:
    """An IPv4 or IPv6 packet; `fragment` is IPv4's field of flags and offset."""
    if ":" in src:
        length = len(payload) if total is None else total
        return struct.pack("!IHBB", 0x60000000, length, proto, 128) + address(src) + address(dst) + payload
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, length, ident, fragment, 128, proto, 0,
                       address(src), address(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def transport(head: bytes, at: int, payload: bytes, proto: int, src: str, dst: str, good: bool = True) -> bytes:
    """The segment with its checksum at offset `at`."""
    data = head + payload
    pseudo = address(src) + address(dst) + struct.pack("!II", len(data), proto)
    value = checksum(pseudo + data) or 0xFFFF
    return data[:at] + struct.pack("!H", value if good else value ^ 0x5555) + data[at + 2:]


def udp_payload(payload: bytes, sport: int, dport: int, src: str, dst: str, good: bool = True) -> bytes:
    return transport(struct.pack("!HHHH", sport, dport, 8 + len(payload), 0), 6, payload, 17, src, dst, good)


def udp(payload: bytes, sport: int = 5060, dport: int = 5060, src: str = A, dst: str = B, *, good: bool = True,
        ident: int = 1) -> bytes:
    return ip(udp_payload(payload, sport, dport, src, dst, good), 17, src, dst, ident=ident)


def fragments(packet: bytes, size: int = 200) -> list[bytes]:
    """The IPv4 or IPv6 packet in fragments of `size` bytes (a multiple of 8)."""
    if packet[0] >> 4 == 6:
        payload, pieces = packet[40:], []
        for at in range(0, len(payload), size):
            more = int(at + size < len(payload))
            part = struct.pack("!BBHI", packet[6], 0, at | more, 7) + payload[at:at + size]
            pieces.append(packet[:4] + struct.pack("!HB", len(part), 44) + packet[7:40] + part)
        return pieces
    payload, source, target = packet[20:], packet[12:16], packet[16:20]
    dotted = [".".join(str(part) for part in words) for words in (source, target)]
    return [ip(payload[at:at + size], packet[9], *dotted, ident=int.from_bytes(packet[4:6], "big"),
               fragment=at // 8 | (0x2000 if at + size < len(payload) else 0))
            for at in range(0, len(payload), size)]


class Tcp:
    """A TCP connection: its packets are in `out`, in the order in which they were sent. Side 0 is the client."""

    def __init__(self, sport: int = 51000, dport: int = 5060, *, src: str = A, dst: str = B, isn: tuple[int, int] =
                 (1000, 9000), opened: bool = True, acks: bool = True, good: bool = True, options: bytes = b"") -> None:
        self.ends = ((src, sport), (dst, dport))
        self.next = list(isn)
        self.out: list[bytes] = []
        self.acks, self.good, self.options, self.ident = acks, good, options, 0
        if opened:
            self.put(0, b"", SYN, ack=0)
            self.put(1, b"", SYN | ACK)
            self.put(0, b"", ACK)

    def packet(self, side: int, data: bytes, flags: int = PSH | ACK, seq: int | None = None, ack: int | None = None,
               *, urgent: int = 0, total: int | None = None) -> bytes:
        """One segment, without moving the connection on."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        seq = self.next[side] if seq is None else seq
        ack = self.next[1 - side] if ack is None else ack
        self.ident += 1
        head = struct.pack("!HHIIBBHHH", sport, dport, seq % 2**32, ack % 2**32, (5 + len(self.options) // 4) << 4,
                           flags, 65000, 0, urgent) + self.options
        return ip(transport(head, 16, data, 6, src, dst, self.good), 6, src, dst, ident=self.ident, total=total)

    def make(self, side: int, data: bytes, flags: int = PSH | ACK, **more: int) -> bytes:
        """One segment that moves the connection on; it is not in `out`."""
        made = self.packet(side, data, flags, **more)
        self.next[side] = (self.next[side] + len(data) + bool(flags & SYN) + bool(flags & FIN)) % 2**32
        return made

    def put(self, side: int, data: bytes, flags: int = PSH | ACK, **more: int) -> None:
        self.out.append(self.make(side, data, flags, **more))

    def send(self, side: int, *parts: bytes) -> Tcp:
        """Each part as one segment, acknowledged."""
        for part in parts:
            self.put(side, part)
            if self.acks:
                self.out.append(self.packet(1 - side, b"", ACK))
        return self

    def close(self) -> list[bytes]:
        self.put(0, b"", FIN | ACK)
        self.put(1, b"", FIN | ACK)
        self.out.append(self.packet(0, b"", ACK))
        return self.out


def ether(packet: bytes, kind: int | None = None, tags: bytes = b"") -> bytes:
    """An Ethernet frame; `tags` stands between the addresses and the type."""
    if kind is None:
        kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes.fromhex("020000000020020000000010") + tags + struct.pack("!H", kind) + packet


def gre(payload: bytes, proto: int, flags: int = 0, words: bytes = b"") -> bytes:
    """GRE (RFC 2784, 2890) between two routers."""
    return ip(struct.pack("!HH", flags, proto) + words + payload, 47, "192.0.2.1", "192.0.2.2")


def tunnel(payload: bytes, port: int) -> bytes:
    return udp(payload, 40000, port, "192.0.2.1", "192.0.2.2")


@dataclass
class Frame:
    data: bytes
    time: int = 0
    original: int | None = None
    interface: int = 0


def timed(frames: list[bytes | Frame]) -> list[Frame]:
    made = [frame if isinstance(frame, Frame) else Frame(frame) for frame in frames]
    for number, frame in enumerate(made):
        frame.time = frame.time or BEGIN + number * STEP
    return made


def pcap(frames: list[bytes | Frame], link: int = 1, *, order: str = "<", nano: bool = False, modified: bool = False) -> bytes:
    magic = 0xA1B2CD34 if modified else 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for frame in timed(frames):
        sub = frame.time % 10**9
        length = len(frame.data) if frame.original is None else frame.original
        out.append(struct.pack(order + "IIII", frame.time // 10**9, sub if nano else sub // 1000, len(frame.data), length)
                   + (struct.pack(order + "IHBB", 1, 0x0800, 0, 0) if modified else b"") + frame.data)
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng(frames: list[bytes | Frame], links: tuple[int, ...] = (1,), *, order: str = "<", comment: bytes = b"",
           simple: bool = False) -> bytes:
    end = option(0, b"", order)
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
                 + (option(1, comment, order) + end if comment else b""), order)]
    out += [block(1, struct.pack(order + "HHI", link, 0, 0), order) for link in links]
    for frame in timed(frames):
        micro = frame.time // 1000
        length = len(frame.data) if frame.original is None else frame.original
        padded = frame.data + b"\0" * (-len(frame.data) % 4)
        if simple:
            out.append(block(3, struct.pack(order + "I", length) + padded, order))
            continue
        out.append(block(6, struct.pack(order + "IIIII", frame.interface, micro >> 32, micro & 0xFFFFFFFF,
                                        len(frame.data), length) + padded
                         + (option(1, comment, order) + end if comment else b""), order))
    return b"".join(out)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zstd(data: bytes) -> bytes:
    """A Zstandard frame of raw blocks (RFC 8878)."""
    parts = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    return (struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data))
            + b"".join(struct.pack("<I", len(part) << 3 | (number == len(parts) - 1))[:3] + part
                       for number, part in enumerate(parts)))


def lz4(data: bytes) -> bytes:
    """An LZ4 frame of blocks that are not compressed."""
    head = bytes([0x60, 0x40])
    parts = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    return (struct.pack("<I", 0x184D2204) + head + bytes([xxh32(head) >> 8 & 0xFF])
            + b"".join(struct.pack("<I", len(part) | 0x80000000) + part for part in parts) + bytes(4))


def xxh32(data: bytes) -> int:
    """xxHash32 with seed 0, for fewer than 4 bytes: as much as the header of an LZ4 frame needs."""
    mask = 0xFFFFFFFF
    value = (374761393 + len(data)) & mask
    for byte in data:
        value = (value + byte * 374761393) & mask
        value = ((value << 11 | value >> 21) & mask) * 2654435761 & mask
    value = (value ^ value >> 15) * 2246822519 & mask
    value = (value ^ value >> 13) * 3266489917 & mask
    return value ^ value >> 16
