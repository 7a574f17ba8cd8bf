"""Cases of IP fragments, TCP streams and captures taken at more than one point; see compare_cases."""
from __future__ import annotations

import struct

import compare_wire as w
from compare_cases import CASES, Case, case, exchange, over_tcp, over_udp, request, response, said, vlan
from compare_wire import A, A6, ACK, B, B6, FIN, PSH, RST, SYN, URG, Frame, Tcp, ether, fragments, pcap, udp

LONG = "x" * 1500


def three(prefix: str = "m", **more) -> list[bytes]:
    return [request("MESSAGE", f"{prefix}{number}", body=f"text {number}", **more) for number in (1, 2, 3)]


def cut(data: bytes, *at: int) -> list[bytes]:
    edges = (0, *at, len(data))
    return [data[a:b] for a, b in zip(edges, edges[1:])]


# --- IP fragments ----------------------------------------------------------------------------------------------------------

def large(ends: tuple[str, str] = (A, B)) -> tuple[list[bytes], list[bytes]]:
    texts = [request("NOTIFY", f"frag{number}", over="UDP", body=LONG) for number in (1, 2)]
    return [udp(text, src=ends[0], dst=ends[1], ident=40 + number) for number, text in enumerate(texts)], texts


def split(order, ends=(A, B), wrap=lambda packet: packet, size=560):
    packets, texts = large(ends)
    return [wrap(part) for packet in packets for part in order(fragments(packet, size))], texts


case("Fragments", "UDP, in order")(lambda: split(list))
case("Fragments", "UDP, reversed")(lambda: split(lambda parts: parts[::-1]))
case("Fragments", "UDP, with VLAN")(lambda: split(list, wrap=lambda packet: ether(packet, tags=vlan((0x8100, 7)))))
case("Fragments", "UDP, each fragment twice")(lambda: split(lambda parts: [part for part in parts for _ in (1, 2)]))
case("Fragments", "UDP, two datagrams interleaved")(lambda: (
    [part for pair in zip(*(fragments(packet, 560) for packet in large()[0])) for part in pair], large()[1]))
case("Fragments", "IPv6, in order")(lambda: split(list, (A6, B6)))
case("Fragments", "IPv6, reversed")(lambda: split(lambda parts: parts[::-1], (A6, B6)))
case("Fragments", "last fragment missing, then a whole message")(lambda: (
    fragments(large()[0][0], 560)[:-1] + [udp(request("MESSAGE", "whole", over="UDP"), ident=60)],
    [request("MESSAGE", "whole", over="UDP")], [large()[1][0]]))
case("Fragments", "of a TCP segment")(lambda: (
    [part for packet in over_tcp(exchange(size=1200)) for part in (fragments(packet, 400) if len(packet) > 500 else [packet])],
    said(exchange(size=1200))))
case("Fragments", "inside VXLAN")(lambda: split(list, wrap=lambda packet: ether(
    w.tunnel(bytes.fromhex("0800000000002a00") + ether(packet), 4789))))
case("Fragments", "of the packet that carries VXLAN")(lambda: (
    [part for number, packet in enumerate(over_tcp(exchange(size=1200)))
     for part in fragments(w.udp(bytes.fromhex("0800000000002a00") + ether(packet), 40000, 4789, ident=100 + number), 400)],
    said(exchange(size=1200))))


# --- TCP streams -----------------------------------------------------------------------------------------------------------

def stream(title: str, partial: list[bytes] | None = None):
    """Registers a function that gets (a new connection, three messages) and gives its packets."""
    def add(play):
        def made() -> Case:
            texts = three()
            packets = play(Tcp(), texts)
            return Case("TCP", title, pcap([p if isinstance(p, Frame) else ether(p) for p in packets]),
                        [text for text in texts if text not in (partial or [])], partial or [])
        CASES.append(made)
        return play
    return add


M1, M2, M3 = three()
stream("one byte per segment")(lambda t, m: [t.send(0, *(bytes([byte]) for text in m for byte in text))] and t.close())
stream("three messages in one segment")(lambda t, m: t.send(0, b"".join(m)).close())
stream("each message over three segments")(lambda t, m: t.send(0, *(part for text in m for part in cut(text, 11, 200))).close())
stream("segments that end between CR and LF of the blank line")(lambda t, m: t.send(0, *cut(
    b"".join(m), m[0].index(b"\r\n\r\n") + 3, len(m[0]) + 5)).close())
stream("body in a segment of its own")(lambda t, m: t.send(0, *(part for text in m for part in cut(
    text, text.index(b"\r\n\r\n") + 4))).close())
stream("CRLFCRLF before a request in one segment")(lambda t, m: t.send(0, *(b"\r\n\r\n" + text for text in m)).close())
stream("CRLFCRLF and CRLF in segments of their own")(lambda t, m: t.send(0, b"\r\n\r\n").send(1, b"\r\n").send(
    0, m[0]).send(0, b"\r\n\r\n").send(1, b"\r\n").send(0, *m[1:]).close())


@case("TCP", "keep-alives alone")
def _():
    return Tcp().send(0, b"\r\n\r\n").send(1, b"\r\n").send(0, b"\r\n\r\n").send(1, b"\r\n").close(), []


stream("junk before the first request, in one segment")(lambda t, m: t.send(0, b"\x00\x01junk\xff " + m[0], *m[1:]).close())
stream("junk between messages, in a segment of its own")(lambda t, m: t.send(0, m[0], b"\x80\x81" * 40, *m[1:]).close())


@stream("out-of-order segments")
def _(t, m):
    made = [t.make(0, part) for part in cut(b"".join(m), 100, 300, 500, 700)]
    t.out += [made[0], made[2], made[1], made[4], made[3]]
    return t.close()


@stream("all segments reversed")
def _(t, m):
    t.out += [t.make(0, part) for part in cut(b"".join(m), 100, 300, 500, 700)][::-1]
    return t.close()


@stream("handshake and data recorded in the wrong order")
def _(t, m):
    packets = t.send(0, *m).close()
    return [packets[0], packets[3], packets[1], packets[2], *packets[4:]]


@stream("retransmission, same segments")
def _(t, m):
    for text in m:
        again = t.packet(0, text)
        t.put(0, text)
        t.out.append(again)
    return t.close()


@stream("retransmission with other segmentation")
def _(t, m):
    data, begin = b"".join(m), t.next[0]
    for part in cut(data, 120, 350, 600):
        t.put(0, part)
    t.out += [t.packet(0, data[a:b], seq=begin + a) for a, b in ((0, 400), (400, 650), (650, len(data)))]
    return t.close()


@stream("overlapping segments")
def _(t, m):
    data, begin = b"".join(m), t.next[0]
    t.out += [t.packet(0, data[a:b], seq=begin + a) for a, b in ((0, 200), (150, 420), (400, 600), (300, 700), (690, len(data)))]
    t.next[0] += len(data)
    return t.close()


@stream("partial retransmission that brings new bytes")
def _(t, m):
    begin = t.next[0]
    t.out += [t.packet(0, m[0][:150]), t.packet(0, m[0] + m[1], seq=begin), t.packet(0, m[2], seq=begin + len(m[0] + m[1]))]
    t.next[0] += len(b"".join(m))
    return t.close()


@stream("one message lost in the capture, acknowledged", [M2])
def _(t, m):
    t.send(0, m[0])
    t.make(0, m[1])
    t.out.append(t.packet(1, b"", ACK))
    return t.send(0, m[2]).close()


@stream("middle of a message lost in the capture", [M2])
def _(t, m):
    head, middle, tail = cut(m[1], 60, 160)
    t.send(0, m[0] + head)
    t.make(0, middle)
    return t.send(0, tail + m[2]).close()


@stream("body of a message lost in the capture", [M2])
def _(t, m):
    at = m[1].index(b"\r\n\r\n") + 4
    t.send(0, m[0], m[1][:at])
    t.make(0, m[1][at:])
    return t.send(0, m[2]).close()


@stream("connection without its beginning")
def _(t, m):
    return t.send(0, *m).close()[3:]


@stream("capture begins in the middle of a message", [M1])
def _(t, m):
    return t.send(0, *cut(m[0], 90), *m[1:]).close()[5:]


@stream("one direction only")
def _(t, m):
    return [packet for packet in t.send(0, *m).close() if packet[15] == 10]


@stream("only the server's direction, without its beginning")
def _(t, m):
    return [packet for packet in t.send(1, *m).close() if packet[15] == 20][1:]


def snapped(packets: list[bytes], snap: int) -> list[Frame]:
    return [Frame(ether(packet)[:snap], original=len(ether(packet))) for packet in packets]


@case("TCP", "snap length cuts one segment in the middle of a stream")
def _():
    texts = [request("MESSAGE", "s1"), request("NOTIFY", "s2", body=LONG[:900]), request("MESSAGE", "s3")]
    return snapped(Tcp().send(0, *texts).close(), 600), [texts[0], texts[2]], [texts[1]]


@case("TCP", "snap length cuts, next message in the lost bytes' segment")
def _():
    texts = [request("NOTIFY", "s1", body=LONG[:900]), request("MESSAGE", "s2"), request("MESSAGE", "s3")]
    return snapped(Tcp().send(0, texts[0] + texts[1], texts[2]).close(), 600), [texts[2]], [texts[0], texts[1]]


@stream("zero-window probes and keep-alives with one byte")
def _(t, m):
    for text in m:
        t.out.append(t.packet(0, b"\0", ACK, seq=t.next[0] - 1))
        t.send(0, text)
        t.out.append(t.packet(0, b"\0", ACK, seq=t.next[0] - 1))
    return t.close()


@case("TCP", "TSO frame of more than 64 KiB with IP length 0")
def _():
    texts = [request("NOTIFY", f"tso{number}", body="y" * 23000) for number in (1, 2, 3)]
    t = Tcp()
    t.put(0, b"".join(texts), total=0)
    return t.close(), texts


@case("TCP", "TCP Fast Open: request in the SYN")
def _():
    t, texts = Tcp(opened=False), [request("MESSAGE", "tfo1"), response("200 OK", "tfo1", "MESSAGE"), request("MESSAGE", "tfo2")]
    t.put(0, texts[0], SYN, ack=0)
    t.put(1, b"", SYN | ACK)
    t.put(0, b"", ACK)
    return t.send(1, texts[1]).send(0, texts[2]).close(), texts


@stream("last message on the FIN")
def _(t, m):
    t.send(0, m[0], m[1])
    t.put(0, m[2], FIN | PSH | ACK)
    t.put(1, b"", FIN | ACK)
    return t.out


@stream("RST behind the last message, none answered")
def _(t, m):
    t.send(0, *m)
    t.put(1, b"", RST | ACK)
    return t.out


@stream("urgent pointer")
def _(t, m):
    t.put(0, m[0], PSH | ACK | URG, urgent=5)
    return t.send(0, *m[1:]).close()


@case("TCP", "wrong checksums (offload)")
def _():
    return over_tcp(exchange(), good=False), said(exchange())


@case("TCP", "sequence numbers pass 2^32")
def _():
    return over_tcp(exchange(), isn=(2**32 - 300, 2**32 - 100)), said(exchange())


@case("TCP", "timestamps option")
def _():
    return over_tcp(exchange(), options=bytes.fromhex("0101080a0000000100000002")), said(exchange())


@case("TCP", "short frames padded with old bytes")
def _():
    """As drivers send them that reuse a buffer."""
    frames = [ether(packet) for packet in over_tcp(exchange())]
    return [frame + b"SIP/2.0 200 OK"[:max(0, 60 - len(frame))] for frame in frames], said(exchange())


@case("TCP", "the same ports again, lower sequence numbers")
def _():
    first, second = three("p"), three("q")
    return Tcp().send(0, *first).close() + Tcp(isn=(500, 4000)).send(0, *second).close(), first + second


@case("TCP", "the same ports again without FIN or RST")
def _():
    first, second = three("p"), three("q")
    return Tcp().send(0, *first).out + Tcp(isn=(700_000, 4000)).send(0, *second).close(), first + second


@case("TCP", "simultaneous open")
def _():
    t = Tcp(opened=False)
    t.put(0, b"", SYN, ack=0)
    t.out.append(t.packet(1, b"", SYN, ack=0))
    t.out.append(t.packet(0, b"", SYN | ACK, seq=1000, ack=9001))
    t.next[1] += 1
    t.out.append(t.packet(1, b"", SYN | ACK, seq=9000))
    for side, text in exchange():
        t.send(side, text)
    return t.close(), said(exchange())


@case("TCP", "two connections interleaved, both in pieces")
def _():
    one, two = (Tcp(sport=port).send(0, *(part for text in three(name) for part in cut(text, 50, 150))).close()
                for port, name in ((51000, "p"), (51002, "q")))
    return [packet for pair in zip(one, two) for packet in pair], three("p") + three("q")


@case("TCP", "HTTP CONNECT to a proxy, then SIP")
def _():
    t = Tcp(dport=443)
    t.send(0, b"CONNECT lync.local:443 HTTP/1.1\r\nHost: lync.local\r\n\r\n").send(1, b"HTTP/1.1 200 OK\r\n\r\n")
    for side, text in exchange():
        t.send(side, text)
    return t.close(), said(exchange())


# --- captures of more than one point, time ---------------------------------------------------------------------------------

@case("Captures", "mirror of both ports: each packet twice")
def _():
    return [packet for packet in over_tcp(exchange()) for _ in (1, 2)], said(exchange())


@case("Captures", "mirror of both ports, UDP")
def _():
    return [packet for packet in over_udp(exchange("UDP")) for _ in (1, 2)], said(exchange("UDP"))


@case("Captures", "each packet before and behind a router (other TTL, other MAC, VLAN)")
def _():
    def routed(packet: bytes) -> bytes:
        head = packet[:8] + bytes([packet[8] - 1, packet[9], 0, 0]) + packet[12:20]
        return head[:10] + struct.pack("!H", w.checksum(head)) + head[12:] + packet[20:]
    return [frame for packet in over_tcp(exchange()) for frame in (
        ether(packet, tags=vlan((0x8100, 7))), ether(routed(packet), tags=vlan((0x8100, 8))))], said(exchange())


@case("Captures", "timestamps go backwards")
def _():
    return [Frame(ether(packet), w.BEGIN - number * w.STEP) for number, packet in enumerate(over_tcp(exchange()))], said(exchange())


@case("Captures", "all timestamps 0")
def _():
    data = bytearray(pcap([ether(packet) for packet in over_tcp(exchange())]))
    at = 24
    while at < len(data):
        data[at:at + 8] = bytes(8)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    return bytes(data), said(exchange())
