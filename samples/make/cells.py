"""The cells of the matrix: what each session is, and what is said in it."""
from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Callable

import tlslite.api as tlslite

import net
import openssl
import tls
from net import CUPS, LYNC
from openssl import PERIOD, TLS10, TLS11, TLS12, TLS13, Context, End

PORT = 5061
VERSIONS = {0x300: "SSL 3.0", TLS10: "TLS 1.0", TLS11: "TLS 1.1", TLS12: "TLS 1.2", TLS13: "TLS 1.3"}
DECRYPTED = "decrypted"
_PORTS = itertools.count(49301)


def spoilt(line: str) -> str:
    """A line of a key log with another last byte."""
    return f"{line[:-2]}{int(line[-2:], 16) ^ 1:02x}"


@dataclass
class Talk:
    """What is said on one connection."""

    client: bytes = b""
    server: bytes = b""
    messages: int = 0
    resumed: bool = False


@dataclass
class Told:
    """What a cell did, while it is made."""

    name: str
    lab: net.Lab
    keylog: list[str] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    port: int = 0
    number: int = 0

    def tcp(self) -> net.Leg:
        self.port = next(_PORTS)    # one lab makes all: a pair of ports is not free again at once
        self.talks.append(Talk())
        return self.lab.connect(LYNC, self.port, CUPS, PORT)

    def request(self, padding: int = 0) -> bytes:
        self.number += 1
        return (f"OPTIONS sip:tomt.local SIP/2.0\r\nVia: SIP/2.0/TLS 10.1.1.10:{self.port};branch=z9hG4bK{self.number}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:lync01.tomt.it>;tag=1\r\nTo: <sip:tomt.local>\r\n"
                f"Call-ID: {self.name}\r\nCSeq: {self.number} OPTIONS\r\nContent-Length: {padding}\r\n\r\n"
                + "x" * padding).encode()

    def response(self) -> bytes:
        return (f"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 10.1.1.10:{self.port};branch=z9hG4bK{self.number}\r\n"
                f"From: <sip:lync01.tomt.it>;tag=1\r\nTo: <sip:tomt.local>;tag=2\r\n"
                f"Call-ID: {self.name}\r\nCSeq: {self.number} OPTIONS\r\nContent-Length: 0\r\n\r\n").encode()

    def said(self, client: bytes = b"", server: bytes = b"") -> None:
        talk = self.talks[-1]
        talk.client += client
        talk.server += server
        talk.messages += bool(client) + bool(server)

    def ask(self, leg: net.Leg, padding: int = 0) -> None:
        request = self.request(padding)
        leg.send(LYNC, request)
        self.said(client=request)

    def answer(self, leg: net.Leg) -> None:
        response = self.response()
        leg.send(CUPS, response)
        self.said(server=response)

    def exchange(self, leg: net.Leg, times: int = 1, padding: int = 0) -> None:
        for _ in range(times):
            self.ask(leg, padding)
            self.answer(leg)


@dataclass(frozen=True)
class Cell:
    name: str
    number: int                 # of the version
    suite: int
    play: Callable[[Told], None]
    variants: dict[str, str]    # kind of secret: outcome

    @property
    def version(self) -> str:
        return VERSIONS[self.number]


KEYLOG = {"keylog": DECRYPTED}
BOTH = {"keylog": DECRYPTED, "rsa-key": DECRYPTED}
KEY_ALONE = {"rsa-key": DECRYPTED}
EPHEMERAL = {"keylog": DECRYPTED, "rsa-key": "ephemeral-key-exchange"}
CELLS: list[Cell] = []


def cell(name: str, version: int, suite: int, variants: dict[str, str]):
    def register(play: Callable[[Told], None]) -> Callable[[Told], None]:
        CELLS.append(Cell(name, version, suite, play, variants))
        return play
    return register


# --- tlslite-ng: SSL 3.0, RC4, 3DES ------------------------------------------------------

def _settings(version: int, cipher: str, mac: str) -> tlslite.HandshakeSettings:
    settings = tlslite.HandshakeSettings()
    settings.minVersion = settings.maxVersion = (version >> 8, version & 0xff)
    settings.cipherNames, settings.macNames = [cipher], [mac]
    settings.keyExchangeNames = ["rsa"]
    settings.useEncryptThenMAC = settings.useExtendedMasterSecret = False
    return settings


def _tlslite(told: Told, version: int, cipher: str, mac: str, splits: bool) -> net.Leg:
    """A session of tlslite-ng on both ends; with `splits` both send records 1/n-1."""
    leg = told.tcp()
    client, server = (tlslite.TLSConnection(end) for end in (leg.client_end, leg.server_end))
    settings = _settings(version, cipher, mac)
    chain, key = tls._credentials("cups01")

    errors = tls._both(
        lambda: server.handshakeServer(certChain=chain, privateKey=key, settings=settings),
        lambda: client.handshakeClientCert(settings=settings))
    for error in errors:
        if error:
            raise error
    secret, random = bytes(client.session.masterSecret), bytes(client._clientRandom)
    told.keylog.append(f"CLIENT_RANDOM {random.hex()} {secret.hex()}")
    leg.client_end, leg.server_end = tls.TlsliteEnd(client, splits), tls.TlsliteEnd(server, splits)
    return leg


def _add_tlslite() -> None:
    suites = (("rc4", "sha", 0x0005, "rc4-sha"), ("rc4", "md5", 0x0004, "rc4-md5"), ("3des", "sha", 0x000a, "3des-sha"),
              ("aes128", "sha", 0x002f, "aes128-sha"), ("aes256", "sha", 0x0035, "aes256-sha"))
    for version in (0x300, TLS10, TLS11, TLS12):
        for cipher, mac, suite, label in suites:
            def play(told: Told, version: int = version, cipher: str = cipher, mac: str = mac) -> None:
                leg = _tlslite(told, version, cipher, mac, splits=version <= TLS10 and cipher == "aes128")
                told.exchange(leg)
                leg.close(LYNC)

            cell(f"{VERSIONS[version].lower().replace(' ', '').replace('.', '')}-{label}", version, suite, BOTH)(play)


_add_tlslite()


# --- OpenSSL: one cell per suite ---------------------------------------------------------

def connect(told: Told, client: Context, server: Context, session: int | None = None,
            call: Callable[[End], object] = End.handshake, serve: Callable[[End], object] = End.handshake) -> net.Leg:
    leg = told.tcp()
    leg.client_end, leg.server_end = End(client, leg.client_end, session), End(server, leg.server_end)
    for error in tls._both(lambda: serve(leg.server_end), lambda: call(leg.client_end)):
        if error:
            raise error
    told.talks[-1].resumed = leg.client_end.reused()
    return leg


def contexts(told: Told, version: int, ciphers: str, options: int = PERIOD, *, mutual: bool = False,
             server: dict | None = None, client: dict | None = None) -> tuple[Context, Context]:
    """The two peers, client first; the client writes the key log."""
    client = {"certificate": "lync01" if mutual else None, **(client or {})}
    return (Context(False, version, ciphers, options, keylog=told.keylog, **client),
            Context(True, version, ciphers, options, certificate="cups01", asks=mutual, **server or {}))


def simple(version: int, ciphers: str, options: int = PERIOD, *, times: int = 1, padding: int = 0,
           **more: object) -> Callable[[Told], None]:
    """A session with one request and one response, or several."""
    def play(told: Told) -> None:
        leg = connect(told, *contexts(told, version, ciphers, options, **more))
        told.exchange(leg, times, padding)
        leg.close(LYNC)
    return play


RSA = {
    "NULL-MD5": 0x0001, "NULL-SHA": 0x0002, "NULL-SHA256": 0x003b,
    "AES128-SHA256": 0x003c, "AES256-SHA256": 0x003d, "AES128-GCM-SHA256": 0x009c, "AES256-GCM-SHA384": 0x009d,
    "AES128-CCM": 0xc09c, "AES256-CCM": 0xc09d, "AES128-CCM8": 0xc0a0, "AES256-CCM8": 0xc0a1,
    "CAMELLIA128-SHA": 0x0041, "CAMELLIA256-SHA": 0x0084, "CAMELLIA128-SHA256": 0x00ba, "CAMELLIA256-SHA256": 0x00c0,
    "ARIA128-GCM-SHA256": 0xc050, "ARIA256-GCM-SHA384": 0xc051,
}
FORWARD_SECRET = {
    "DHE-RSA-AES128-SHA": 0x0033, "DHE-RSA-AES256-SHA": 0x0039,
    "DHE-RSA-AES128-SHA256": 0x0067, "DHE-RSA-AES256-SHA256": 0x006b,
    "DHE-RSA-AES128-GCM-SHA256": 0x009e, "DHE-RSA-AES256-GCM-SHA384": 0x009f,
    "DHE-RSA-AES128-CCM": 0xc09e, "DHE-RSA-AES256-CCM8": 0xc0a3, "DHE-RSA-CHACHA20-POLY1305": 0xccaa,
    "DHE-RSA-CAMELLIA256-SHA256": 0x00c4, "DHE-RSA-ARIA256-GCM-SHA384": 0xc053,
    "ECDHE-RSA-NULL-SHA": 0xc010, "ECDHE-RSA-AES128-SHA": 0xc013, "ECDHE-RSA-AES256-SHA": 0xc014,
    "ECDHE-RSA-AES128-SHA256": 0xc027, "ECDHE-RSA-AES256-SHA384": 0xc028,
    "ECDHE-RSA-AES128-GCM-SHA256": 0xc02f, "ECDHE-RSA-AES256-GCM-SHA384": 0xc030,
    "ECDHE-RSA-CAMELLIA128-SHA256": 0xc076, "ECDHE-RSA-CAMELLIA256-SHA384": 0xc077,
    "ECDHE-ARIA128-GCM-SHA256": 0xc060, "ECDHE-ARIA256-GCM-SHA384": 0xc061,
    "ECDHE-RSA-CHACHA20-POLY1305": 0xcca8,
}
SUITES13 = {
    "TLS_AES_128_GCM_SHA256": 0x1301, "TLS_AES_256_GCM_SHA384": 0x1302, "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
    "TLS_AES_128_CCM_SHA256": 0x1304, "TLS_AES_128_CCM_8_SHA256": 0x1305,
}
GCM13, CBC, GCM = "TLS_AES_128_GCM_SHA256", "AES128-SHA", "AES128-GCM-SHA256"
ECDHE_GCM = "ECDHE-RSA-AES128-GCM-SHA256"

for _cipher, _suite in RSA.items():
    cell(f"tls12-{_cipher.lower()}", TLS12, _suite, BOTH)(simple(TLS12, _cipher))
for _cipher, _suite in FORWARD_SECRET.items():
    cell(f"tls12-{_cipher.lower()}", TLS12, _suite, KEYLOG if "NULL" in _cipher else EPHEMERAL)(simple(TLS12, _cipher))
for _cipher, _suite in SUITES13.items():
    cell(f"tls13-{_cipher.lower()[4:].replace('_', '-')}", TLS13, _suite, EPHEMERAL)(simple(TLS13, _cipher))
cell("tls10-ecdhe-rsa-aes128-sha", TLS10, 0xc013, EPHEMERAL)(simple(TLS10, "ECDHE-RSA-AES128-SHA"))
cell("tls11-dhe-rsa-aes256-sha", TLS11, 0x0039, EPHEMERAL)(simple(TLS11, "DHE-RSA-AES256-SHA"))
