"""The cells of the matrix where the session takes a turn: resumption, new keys, small records, a wrong secret."""
from __future__ import annotations

import select
import socket
import threading
import time

import tls
from cells import (BOTH, CBC, ECDHE_GCM, EPHEMERAL, GCM, GCM13, KEY_ALONE, KEYLOG, Told, _tlslite, cell, connect,
                   contexts, simple)
from net import LYNC
from openssl import (CLIENT_RENEGOTIATION, NO_EMPTY_FRAGMENTS, NO_ENCRYPT_THEN_MAC, NO_EXTENDED_MASTER_SECRET,
                     NO_RESUMPTION_ON_RENEGOTIATION, NO_TICKET, PERIOD, TLS10, TLS11, TLS12, TLS13,
                     End)

ENCRYPT_THEN_MAC = PERIOD & ~NO_ENCRYPT_THEN_MAC
EXTENDED = PERIOD & ~NO_EXTENDED_MASTER_SECRET
LONG = 30       # messages each way, where a test takes segments away

# --- what newer peers negotiate ----------------------------------------------------------

for _version, _name in ((TLS10, "tls10"), (TLS11, "tls11"), (TLS12, "tls12")):
    cell(f"{_name}-encrypt-then-mac", _version, 0x002f, BOTH)(simple(_version, CBC, ENCRYPT_THEN_MAC))
cell("tls12-encrypt-then-mac-ecdhe-sha384", TLS12, 0xc028, EPHEMERAL)(
    simple(TLS12, "ECDHE-RSA-AES256-SHA384", ENCRYPT_THEN_MAC))

# The session hash has to be right: no key log says the master secret.
for _version, _name in ((TLS10, "tls10"), (TLS12, "tls12")):
    cell(f"{_name}-extended-master-secret", _version, 0x002f, KEY_ALONE)(simple(_version, CBC, EXTENDED))
    cell(f"{_name}-extended-master-secret-mutual", _version, 0x002f, KEY_ALONE)(
        simple(_version, CBC, EXTENDED, mutual=True))
cell("tls12-extended-master-secret-sha384", TLS12, 0x009d, KEY_ALONE)(
    simple(TLS12, "AES256-GCM-SHA384", EXTENDED, mutual=True))

cell("tls12-mutual", TLS12, 0x003c, BOTH)(simple(TLS12, "AES128-SHA256", mutual=True))
cell("tls13-mutual", TLS13, 0x1301, EPHEMERAL)(simple(TLS13, GCM13, mutual=True))
cell("tls10-empty-fragments", TLS10, 0x002f, BOTH)(simple(TLS10, CBC, PERIOD & ~NO_EMPTY_FRAGMENTS))

# --- records -----------------------------------------------------------------------------

for _name, _version, _suite, _cipher, _variants in (
        ("tls10-small-records", TLS10, 0x002f, CBC, BOTH), ("tls12-small-records", TLS12, 0x009c, GCM, BOTH),
        ("tls13-small-records", TLS13, 0x1301, GCM13, EPHEMERAL)):
    # 512 bytes at most: certificates too go out in several records.
    cell(_name, _version, _suite, _variants)(simple(
        _version, _cipher, mutual=True, padding=1500, server={"max_fragment": 512}, client={"max_fragment": 512}))

@cell("tls12-packed-handshake", TLS12, 0x002f, KEY_ALONE)
def _packed(told: Told) -> None:
    """All handshake messages of a flight in one record; the session hash does not mind."""
    leg = told.tcp()
    sockets = []
    for end in (leg.client_end, leg.server_end):
        inner, outer = socket.socketpair()
        sockets.append(inner)
        for args in ((outer, end, True), (end, outer, False)):
            threading.Thread(target=_forward, args=args, daemon=True).start()
    client, server = contexts(told, TLS12, CBC, EXTENDED, mutual=True)
    leg.client_end, leg.server_end = End(client, sockets[0]), End(server, sockets[1])
    for error in tls._both(leg.server_end.handshake, leg.client_end.handshake):
        if error:
            raise error
    told.exchange(leg)
    leg.close(LYNC)
    time.sleep(0.2)


def _forward(source: socket.socket, target: socket.socket, packs: bool) -> None:
    """Passes bytes on until the end; `packs` joins the handshake records that come together, up to the ChangeCipherSpec."""
    source.settimeout(None)
    while data := source.recv(65536):
        if packs and data[0] == 22:
            time.sleep(0.1)     # OpenSSL writes a flight in parts
            data += source.recv(65536, socket.MSG_DONTWAIT) if select.select([source], [], [], 0)[0] else b""
            data = _packed_flight(data)
        packs = packs and data[0] == 22 and b"\x14\x03\x03\x00\x01\x01" not in data
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def _packed_flight(data: bytes) -> bytes:
    messages = b""
    while data[:1] == b"\x16":
        length = int.from_bytes(data[3:5], "big")
        messages, data = messages + data[5:5 + length], data[5 + length:]
    return b"\x16\x03\x03" + len(messages).to_bytes(2, "big") + messages + data


cell("tls12-wrong-secret", TLS12, 0x009c, {"wrong-keylog": "does-not-authenticate"})(simple(TLS12, GCM))
cell("tls12-wrong-secret-cbc", TLS12, 0x002f, {"wrong-keylog": "does-not-authenticate"})(simple(TLS12, CBC))
cell("tls13-wrong-secret", TLS13, 0x1301, {"wrong-keylog": "does-not-authenticate"})(simple(TLS13, GCM13))
cell("ssl30-wrong-secret", 0x300, 0x0005, {"wrong-keylog": "does-not-authenticate"})(
    lambda told: _short_tlslite(told, 0x300, "rc4", "sha"))


def _short_tlslite(told: Told, version: int, cipher: str, mac: str) -> None:
    leg = _tlslite(told, version, cipher, mac, splits=False)
    told.exchange(leg)
    leg.close(LYNC)


# --- resumption --------------------------------------------------------------------------

def _resumed(version: int, ciphers: str, options: int):
    def play(told: Told) -> None:
        client, server = contexts(told, version, ciphers, options)
        first = connect(told, client, server)
        told.exchange(first)
        session = first.client_end.session()
        first.close(LYNC)
        second = connect(told, client, server, session)
        if not second.client_end.reused():
            raise RuntimeError("not resumed")
        told.exchange(second)
        second.close(LYNC)
    return play


for _version, _name, _cipher, _suite in ((TLS10, "tls10", CBC, 0x002f), (TLS11, "tls11", CBC, 0x002f),
                                         (TLS12, "tls12", GCM, 0x009c)):
    cell(f"{_name}-resumed-by-id", _version, _suite, BOTH)(_resumed(_version, _cipher, PERIOD))
    cell(f"{_name}-resumed-by-ticket", _version, _suite, BOTH)(_resumed(_version, _cipher, PERIOD & ~NO_TICKET))
cell("tls12-resumed-by-ticket-extended", TLS12, 0x009c, BOTH)(_resumed(TLS12, GCM, EXTENDED & ~NO_TICKET))
cell("tls12-resumed-by-id-extended", TLS12, 0x002f, BOTH)(_resumed(TLS12, CBC, EXTENDED & ENCRYPT_THEN_MAC))
cell("tls13-resumed", TLS13, 0x1301, EPHEMERAL)(_resumed(TLS13, GCM13, PERIOD & ~NO_TICKET))


@cell("tls13-early-data", TLS13, 0x1301, KEYLOG)
def _early_data(told: Told) -> None:
    """The second connection sends its first request before the handshake (0-RTT)."""
    client, server = contexts(told, TLS13, GCM13, PERIOD & ~NO_TICKET, server={"early_data": 4096})
    first = connect(told, client, server)
    told.exchange(first)
    session = first.client_end.session()
    first.close(LYNC)
    early: list[bytes] = []

    def serve(end) -> None:
        early.append(end.receive_early())
        end.handshake()

    request = told.request()
    second = connect(told, client, server, session,
                     call=lambda end: (end.send_early(request), end.handshake()), serve=serve)
    told.said(client=request)
    if early != [request]:
        raise RuntimeError("no early data")
    told.answer(second)
    told.exchange(second)
    second.close(LYNC)


# --- TLS 1.3 -----------------------------------------------------------------------------

cell("tls13-hello-retry-request", TLS13, 0x1301, KEYLOG)(
    simple(TLS13, GCM13, server={"groups": "P-384"}, client={"groups": "X25519:P-384"}))
cell("tls13-hello-retry-request-sha384", TLS13, 0x1302, KEYLOG)(
    simple(TLS13, "TLS_AES_256_GCM_SHA384", mutual=True, server={"groups": "P-384"}, client={"groups": "X25519:P-384"}))


@cell("tls13-key-update", TLS13, 0x1301, KEYLOG)
def _key_update(told: Told) -> None:
    """The client updates its key, then both do, then the server does."""
    leg = connect(told, *contexts(told, TLS13, GCM13))
    told.exchange(leg)
    for end, both in ((leg.client_end, False), (leg.client_end, True), (leg.server_end, True)):
        end.update_key(both)
        told.exchange(leg, 2)
    leg.close(LYNC)


@cell("tls13-certificate-asked-later", TLS13, 0x1301, KEYLOG)
def _post_handshake_authentication(told: Told) -> None:
    leg = connect(told, *contexts(told, TLS13, GCM13, client={"certificate": "lync01"}))
    told.exchange(leg)
    leg.server_end.ask_for_certificate()
    leg.client_end.digest()
    told.exchange(leg, 2)
    leg.close(LYNC)


# --- renegotiation -----------------------------------------------------------------------

for _version, _name, _cipher, _suite, _variants in (
        (TLS10, "tls10", CBC, 0x002f, BOTH), (TLS12, "tls12", GCM, 0x009c, BOTH),
        (TLS12, "tls12-ecdhe", ECDHE_GCM, 0xc02f, KEYLOG)):

    @cell(f"{_name}-renegotiated-by-client", _version, _suite, _variants)
    def _by_client(told: Told, version: int = _version, ciphers: str = _cipher) -> None:
        client, server = contexts(told, version, ciphers, PERIOD | CLIENT_RENEGOTIATION)
        leg = connect(told, client, server)
        told.exchange(leg)
        for error in tls._both(leg.server_end.digest, leg.client_end.renegotiate):
            if error:
                raise error
        told.exchange(leg, 2)
        leg.close(LYNC)

    @cell(f"{_name}-renegotiated-for-certificate", _version, _suite, _variants)
    def _by_server(told: Told, version: int = _version, ciphers: str = _cipher,
                   options: int = PERIOD | NO_RESUMPTION_ON_RENEGOTIATION) -> None:
        """The server asks for a certificate only in the second handshake."""
        client, server = contexts(told, version, ciphers, options, client={"certificate": "lync01"})
        leg = connect(told, client, server)
        told.exchange(leg)
        leg.server_end.renegotiate(asks=True)
        for error in tls._both(leg.server_end.digest, leg.client_end.digest):
            if error:
                raise error
        told.exchange(leg, 2)
        leg.close(LYNC)

    @cell(f"{_name}-renegotiated-abbreviated", _version, _suite, _variants)
    def _abbreviated(told: Told, version: int = _version, ciphers: str = _cipher, by_server=_by_server) -> None:
        """The second handshake resumes the session of the first."""
        by_server(told, version, ciphers, PERIOD)


# --- longer ones, for tests that take segments away --------------------------------------

cell("long-tls12-aes-cbc", TLS12, 0x003c, BOTH)(simple(TLS12, "AES128-SHA256", times=LONG))
cell("long-tls12-aes-gcm", TLS12, 0x009c, BOTH)(simple(TLS12, GCM, times=LONG))
cell("long-tls13-aes-gcm", TLS13, 0x1301, KEYLOG)(simple(TLS13, GCM13, times=LONG))
for _name, _cipher, _suite in (("long-tls10-3des", "3des", 0x000a), ("long-tls10-rc4", "rc4", 0x0005)):

    @cell(_name, TLS10, _suite, BOTH)
    def _long(told: Told, cipher: str = _cipher) -> None:
        leg = _tlslite(told, TLS10, cipher, "sha", splits=False)
        told.exchange(leg, LONG)
        leg.close(LYNC)
