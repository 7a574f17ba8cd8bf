"""Cases of transports, SIP and capture files; see compare_cases."""
from __future__ import annotations

import struct
from pathlib import Path

import compare_wire as w
from compare_cases import CASES, Case, call_id, case, exchange, over_tcp, over_udp, plain, request, response, said, sll
from compare_streams import LONG, M1, M2, M3, cut, snapped, three
from compare_wire import A, B, Frame, Tcp, ether, pcap, pcapng, udp

DECRYPT = Path(__file__).resolve().parent.parent.parent / "tests" / "decrypt"


# --- transports ------------------------------------------------------------------------------------------------------------

def chunk(data: bytes, number: int, flags: int = 3, stream: int = 0, ssn: int | None = None) -> bytes:
    size = 16 + len(data)
    return struct.pack("!BBHIHHI", 0, flags, size, number, stream, number if ssn is None else ssn, 0) + data + bytes(-size % 4)


def sctp(chunks: bytes, side: int = 0) -> bytes:
    head = struct.pack("!HHII", 5060, 5060, 7, 0) + chunks
    value = 0xFFFFFFFF
    for byte in head:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    head = head[:8] + struct.pack("<I", value ^ 0xFFFFFFFF) + head[12:]
    return w.ip(head, 132, *((A, B), (B, A))[side])


@case("Transports", "SCTP")
def _():
    return [sctp(chunk(text, 1 + number), side) for number, (side, text) in enumerate(exchange())], said(exchange())


@case("Transports", "SCTP, fragmented and bundled")
def _():
    m, number, packets = three(), 1, []
    for ssn, text in enumerate(m):
        parts = cut(text, 100, 200)
        for flags, part in zip((2, 0, 1), parts):
            packets.append(sctp(chunk(part, number, flags, ssn=ssn)))
            number += 1
    both = b"".join(chunk(request("MESSAGE", f"b{n}"), number + n, ssn=3 + n) for n in (0, 1))
    return [*packets, sctp(both)], [*m, request("MESSAGE", "b0"), request("MESSAGE", "b1")]


def frame(data: bytes, opcode: int = 0x81, mask: bytes = b"") -> bytes:
    size = len(data)
    head = struct.pack("!BB", opcode, size | (0x80 if mask else 0)) if size < 126 else \
        struct.pack("!BBH", opcode, 126 | (0x80 if mask else 0), size)
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)) if mask else data
    return head + mask + body


def websocket() -> Tcp:
    t = Tcp(dport=80)
    return t.send(0, b"GET / HTTP/1.1\r\nHost: lync.local\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n"
                  ).send(1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n")


@case("Transports", "WebSocket, masked by the client")
def _():
    t = websocket()
    for side, text in exchange("WS"):
        t.send(side, frame(text, mask=b"" if side else b"\x12\x34\x56\x78"))
    return t.close(), said(exchange("WS"))


@case("Transports", "WebSocket, fragmented, a ping between")
def _():
    t, m = websocket(), three(over="WS")
    for text in m:
        one, two = cut(text, 100)
        t.send(0, frame(one, 0x01, b"abcd"), frame(b"", 0x89, b"abcd"), frame(two, 0x80, b"efgh"))
    return t.close(), m


def opened(title: str, name: str) -> None:
    """A cell of tests/decrypt: its table says how many messages it has."""
    def made() -> Case:
        rows = [line.split("\t") for line in (DECRYPT / "EXPECTED.tsv").read_text().splitlines()]
        count = sum(int(row[6]) for row in rows if row[0] == f"{name}.pcap" and row[2] == "keylog")
        return Case("Transports", title, (DECRYPT / f"{name}.pcap").read_bytes(), [], keylog=str(DECRYPT / f"{name}.keys"), count=count)
    CASES.append(made)


opened("TLS 1.2 with its key log", "tls12-ecdhe-rsa-aes256-gcm-sha384")
opened("TLS 1.3 with its key log", "tls13-aes-256-gcm-sha384")


# --- SIP -------------------------------------------------------------------------------------------------------------------

def tcp_case(title: str, texts: list[bytes]) -> None:
    case("SIP", title)(lambda: (Tcp().send(0, *(part for text in texts for part in cut(text, *range(1400, len(text), 1400)))).close(), texts))


def udp_case(title: str, texts: list[bytes], sent: list[bytes] | None = None) -> None:
    case("SIP", title)(lambda: ([udp(text, ident=n + 1) for n, text in enumerate(sent or texts)], texts))


def sip() -> None:
    udp_case("bare LF, UDP", three(eol="\n", over="UDP"))
    tcp_case("bare LF, TCP", three(eol="\n"))
    udp_case("bare CR, UDP", three(eol="\r", over="UDP"))
    udp_case("CRLF before the start line, UDP", three(over="UDP"), [b"\r\n" + text for text in three(over="UDP")])
    tcp_case("folded headers", three(more=("Subject: one\r\n two", "Supported: 100rel,\r\n\ttimer")))
    udp_case("Call-ID on a folded line", [text.replace(b"Call-ID: ", b"Call-ID:\r\n ") for text in three(over="UDP")])
    tcp_case("compact form", three(names=("v", "f", "t", "i", "l")))
    tcp_case("header names in lower case", three(names=("via", "from", "to", "call-id", "content-length")))
    tcp_case("header names in upper case, space before the colon", three(names=("VIA ", "FROM ", "TO ", "CALL-ID ", "CONTENT-LENGTH ")))
    tcp_case("Content-Length missing, TCP", three(length=""))
    case("SIP", "Content-Length missing, three in one TCP segment, no bodies")(lambda: (
        Tcp().send(0, b"".join(no_length())).close(), no_length()))
    tcp_case("Content-Length 20 too long, TCP", [request("MESSAGE", "m1", body="text", length="24"), *three()[1:]])
    tcp_case("Content-Length 3 too short, TCP", [request("MESSAGE", "m1", body="text 1", length="3"), *three()[1:]])
    tcp_case("Content-Length not a number, TCP", [request("MESSAGE", "m1", body="text 1", length="six"), *three()[1:]])
    tcp_case("Content-Length negative, TCP", [request("MESSAGE", "m1", body="text 1", length="-1"), *three()[1:]])
    tcp_case("Content-Length of 4 GB, TCP", [request("MESSAGE", "m1", body="text 1", length="4294967300"), *three()[1:]])
    tcp_case("Content-Length twice, different", [request("MESSAGE", "m1", body="text 1", more=("Content-Length: 0",)), *three()[1:]])
    udp_case("Content-Length too long, UDP", [request("MESSAGE", "m1", over="UDP", body="text", length="99"), *three(over="UDP")[1:]])
    udp_case("three messages in one datagram", three(over="UDP"), [b"".join(three(over="UDP"))])
    udp_case("NUL bytes behind the message, UDP", three(over="UDP"), [text + bytes(6) for text in three(over="UDP")])
    udp_case("NUL in a header value", three(over="UDP", more=("Subject: a\0b",)))
    udp_case("UTF-8 in headers and Request-URI", [text.replace(b"sip:maria", "sip:mária".encode()) for text in
                                                  three(over="UDP", more=("Subject: Ωμέγα ☎",))])
    udp_case("invalid UTF-8 in a header", [text.replace(b"Max-Forwards", b"Subject: \xff\xfe\r\nMax-Forwards") for text in three(over="UDP")])
    tcp_case("header of 100 000 bytes", [request("MESSAGE", "big", more=("X-Long: " + "z" * 100_000,)), *three()])
    tcp_case("2000 headers", [request("MESSAGE", "big", more=tuple(f"X-{n}: {n}" for n in range(2000))), *three()])
    tcp_case("methods SERVICE, BENOTIFY and NEGOTIATE", [request(word, word.lower()) for word in ("SERVICE", "BENOTIFY", "NEGOTIATE")])
    tcp_case("a method that is not registered", [request("FROBNICATE", "frob"), *three()])
    tcp_case("reason phrase empty; status 699", [response("200 ", "m1", "MESSAGE"), response("699 Odd", "m2", "MESSAGE")])
    tcp_case("a response is the body (message/sipfrag)", [request("NOTIFY", "ref", body="SIP/2.0 100 Trying\r\n"), *three()])
    tcp_case("a whole request is the body (message/sip)", [request("MESSAGE", "out", body=request("MESSAGE", "inner")), *three()])
    tcp_case("a binary body with CRLFCRLF", [request("MESSAGE", "bin", body=b"\r\n\r\n\x00\xff\r\n\r\n" * 9), *three()])
    tcp_case("start lines in the value of a header", three(more=("Subject: INVITE sip:x@y SIP/2.0",)))
    tcp_case("message without Call-ID between others", [M1, M3])
    CASES.pop()
    bare = M2.replace(b"Call-ID: " + call_id("m2").encode() + b"\r\n", b"")
    case("SIP", "message without Call-ID between others")(lambda: (Tcp().send(0, M1, bare, M3).close(), [M1, M3], [bare]))
    case("SIP", "STUN, RTP and SIP on one UDP port")(lambda: (
        [udp(bytes.fromhex("000100002112a442") + bytes(12), ident=1), udp(three()[0], ident=2),
         udp(bytes.fromhex("800000010000000000000001") + bytes(160), ident=3), udp(three()[1], ident=4),
         udp(b"\0\0\0\0", ident=5), udp(b"jaK\0", ident=6), udp(three()[2], ident=7)], three()))
    case("SIP", "text that speaks of SIP/2.0, in HTTP and syslog")(lambda: (
        Tcp(dport=80).send(0, b"GET /?SIP/2.0 HTTP/1.1\r\nX: INVITE sip:a@b SIP/2.0\r\n\r\n").close()
        + [udp(b"<13>log: INVITE sip:a@b SIP/2.0", 514, 514, ident=77)], []))


def no_length() -> list[bytes]:
    return [request("SUBSCRIBE", f"m{number}", length="") for number in (1, 2, 3)]


@case("SIP", "snap length cuts UDP messages behind Call-ID")
def _():
    texts = [request("NOTIFY", f"c{number}", over="UDP", body=LONG[:800]) for number in (1, 2)]
    return snapped([udp(text, ident=n + 1) for n, text in enumerate(texts)], 400), texts


# --- capture files ---------------------------------------------------------------------------------------------------------

def files() -> None:
    plain("Files", "nanosecond pcap", ether, file=lambda frames, link: pcap(frames, link, nano=True))
    plain("Files", "big-endian pcap", ether, file=lambda frames, link: pcap(frames, link, order=">"))
    plain("Files", "modified pcap (Kuznetzov)", ether, file=lambda frames, link: pcap(frames, link, modified=True))
    plain("Files", "pcap, link type with FCS length in its upper bits", ether, file=lambda frames, link: pcap(
        [frame + b"\xde\xad\xbe\xef" for frame in frames], 0x24000001))
    ng = {"suffix": ".pcapng"}
    plain("Files", "pcapng with comments", ether, file=lambda frames, link: pcapng(frames, (link,), comment=b"seen at the edge"), **ng)
    plain("Files", "big-endian pcapng", ether, file=lambda frames, link: pcapng(frames, (link,), order=">"), **ng)
    plain("Files", "pcapng, simple packet blocks", ether, file=lambda frames, link: pcapng(frames, (link,), simple=True), **ng)
    plain("Files", "pcapng, unknown and custom blocks between", ether, file=lambda frames, link: strange(frames), **ng)
    case("Files", "pcapng, two interfaces with different link types", **ng)(lambda: (pcapng(
        [Frame(ether(p), interface=0) if n % 2 else Frame(sll(p), interface=1) for n, p in enumerate(over_tcp(exchange()))],
        (1, 113)), said(exchange())))
    case("Files", "pcapng, two sections with different link types", **ng)(lambda: (
        pcapng([ether(p) for p in over_tcp(exchange())]) + pcapng([sll(p) for p in Tcp(sport=51004).send(0, *three()).close()], (113,)),
        said(exchange()) + three()))
    for title, suffix, pack in (("gzip", ".pcap.gz", w.gzipped), ("zstd", ".pcap.zst", w.zstd), ("lz4", ".pcap.lz4", w.lz4)):
        plain("Files", title, ether, suffix=suffix, file=lambda frames, link, pack=pack: pack(pcap(frames, link)))
    whole = [ether(p) for p in over_udp([(0, text) for text in three(over="UDP")])]
    case("Files", "cut in the last packet")(lambda: (pcap(whole)[:-30], three(over="UDP")[:2], three(over="UDP")[2:]))
    case("Files", "gzip cut before its end", suffix=".pcap.gz")(lambda: (w.gzipped(pcap(whole))[:-12], three(over="UDP")[:2], three(over="UDP")[2:]))
    case("Files", "pcapng cut in the last packet", **ng)(lambda: (pcapng(whole)[:-40], three(over="UDP")[:2], three(over="UDP")[2:]))
    case("Files", "pcap, damaged record in the middle")(lambda: (damaged(whole), three(over="UDP")[::2], three(over="UDP")[1:2]))
    case("Files", "pcapng, damaged block in the middle", **ng)(lambda: (damaged_ng(whole), three(over="UDP")[::2], three(over="UDP")[1:2]))
    case("Files", "two pcap files joined (cat)")(lambda: (
        pcap(whole) + pcap([ether(p) for p in over_udp([(0, text) for text in three("n", over="UDP")])]), three(over="UDP") + three("n", over="UDP")))


def strange(frames: list[bytes]) -> bytes:
    data = pcapng(frames)
    at = 28 + 20
    return data[:at] + w.block(0x0BAD, struct.pack("<I", 32473) + b"custom") + w.block(0x7777, b"who knows") + data[at:]


def damaged(frames: list[bytes]) -> bytes:
    """The second record claims a length of 2 GiB."""
    data, at = bytearray(pcap(frames)), 24 + 16 + len(frames[0])
    data[at + 8:at + 16] = struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF)
    return bytes(data)


def damaged_ng(frames: list[bytes]) -> bytes:
    """Both lengths of the second packet's block are overwritten."""
    data, one = bytearray(pcapng(frames)), pcapng(frames[:1])
    size = struct.unpack_from("<I", data, len(one) + 4)[0]
    data[len(one) + 4:len(one) + 8] = data[len(one) + size - 4:len(one) + size] = b"\xee\xee\xee\x7e"
    return bytes(data)


sip()
files()
