#!/usr/bin/env python3
"""Makes wss-tls13.pcap and its key log: SIP over secure WebSocket, with permessage-deflate and context takeover.

TLS is OpenSSL's (Python's ssl, in memory), compression is zlib's; the frames of Ethernet, IP and TCP around it are written here.
    tests/transports/make.py        in the project's root
"""
import os, ssl, struct, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
PKI = os.path.join(HERE, "..", "..", "samples", "pki")
KEYS = os.path.join(HERE, "wss-tls13.keys")
MASK = bytes([0x37, 0xFA, 0x21, 0x3D])


def request(n, body):
    head = (
        "MESSAGE sip:number%d@tomt.it SIP/2.0\r\nVia: SIP/2.0/WSS 10.1.1.10;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"
        "From: <sip:a@tomt.local>;tag=1\r\nTo: <sip:number%d@tomt.it>\r\nCall-ID: %d@tomt.local\r\nCSeq: %d MESSAGE\r\n"
        "Content-Type: text/plain\r\n\r\n" % (n, n, n, n, n))
    return head.encode() + b"x" * body


def frame(first, masked, payload):
    bit, n = (0x80 if masked else 0), len(payload)
    out = bytes([first]) + (bytes([bit | n]) if n < 126 else struct.pack(">BH", bit | 126, n))
    if masked:
        return out + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(payload))
    return out + payload


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Wire:
    ADDRESSES = [bytes([10, 1, 1, 10]), bytes([10, 1, 1, 20])]
    PORTS = [49301, 8443]

    def __init__(self):
        self.seq, self.frames = [1000, 9000], []
        for side, flags in ((0, 2), (1, 0x12), (0, 0x10)):
            self.segment(side, flags, b"")

    def segment(self, side, flags, payload):
        src, dst = self.ADDRESSES[side], self.ADDRESSES[1 - side]
        ack = self.seq[1 - side] if flags & 0x10 else 0
        tcp = struct.pack(">HHIIBBHHH", self.PORTS[side], self.PORTS[1 - side], self.seq[side], ack, 0x50, flags, 64240, 0, 0)
        tcp += payload
        total = checksum(src + dst + struct.pack(">HH", 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack(">H", total) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), len(self.frames) + 1, 0x4000, 64, 6, 0) + src + dst
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        mac = [b"\x02\0" + a for a in (dst, src)]
        self.frames.append(mac[0] + mac[1] + b"\x08\0" + ip + tcp)
        self.seq[side] += len(payload) + (1 if flags & 3 else 0)

    def send(self, side, data):
        for at in range(0, len(data), 1400):
            self.segment(side, 0x18, data[at : at + 1400])
        if data:
            self.segment(1 - side, 0x10, b"")

    def save(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for n, data in enumerate(self.frames):
                out.write(struct.pack("<IIII", 1709491574 + n // 50, n % 50 * 20000, len(data), len(data)) + data)


def main():
    if os.path.exists(KEYS):
        os.remove(KEYS)
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.keylog_filename = KEYS
    server.load_cert_chain(os.path.join(PKI, "cups01.crt.pem"), os.path.join(PKI, "cups01.key.pem"))
    to, by = [ssl.MemoryBIO(), ssl.MemoryBIO()], [ssl.MemoryBIO(), ssl.MemoryBIO()]  # what each side reads, and writes
    ends = [client.wrap_bio(to[0], by[0], server_hostname="cups01.tomt.local"), server.wrap_bio(to[1], by[1], server_side=True)]
    wire = Wire()

    def flush(side):
        data = by[side].read()
        wire.send(side, data)
        to[1 - side].write(data)

    done = [False, False]
    while not all(done):
        for side in (0, 1):
            if not done[side]:
                try:
                    ends[side].do_handshake()
                    done[side] = True
                except ssl.SSLWantReadError:
                    pass
                flush(side)

    def say(side, data):
        ends[side].write(data)
        flush(side)
        try:
            ends[1 - side].read(1 << 20)
        except ssl.SSLWantReadError:
            pass

    extension = "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    say(0, ("GET /ws HTTP/1.1\r\nHost: cups01.tomt.local\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + extension).encode())
    say(1, ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + extension).encode())
    packers = [zlib.compressobj(wbits=-15), zlib.compressobj(wbits=-15)]
    for n in range(1, 7):
        side = n % 2
        packed = packers[side].compress(request(n, 400)) + packers[side].flush(zlib.Z_SYNC_FLUSH)
        packed = packed[:-4]
        if n == 3:
            say(side, frame(0x41, side == 0, packed[:40]))
            say(side, frame(0x89, side == 0, b"ping"))
            say(side, frame(0x80, side == 0, packed[40:]))
        else:
            say(side, frame(0xC1, side == 0, packed))
    say(0, frame(0x81, True, request(7, 3000)))
    say(0, frame(0x88, True, struct.pack(">H", 1000)))
    wire.save(os.path.join(HERE, "wss-tls13.pcap"))


main()
