"""TLS sessions between the two ends of a leg, by real stacks.

OpenSSL 3 (Python's ssl) does most; tlslite-ng gives what OpenSSL 3 no longer
has (3DES). Both are held to what peers of 2014 knew: no Encrypt-then-MAC, no
extended master secret, no session tickets.
"""
from __future__ import annotations

import contextlib
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Iterator

import tlslite.api as tlslite
from tlslite.messages import ApplicationData

import net
import pki

TLS10, TLS12, TLS13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

_NO_EXTENDED_MASTER_SECRET = 1 << 0
_NO_EMPTY_FRAGMENTS = 1 << 11
_NO_ENCRYPT_THEN_MAC = 1 << 19

NULL = "NULL-SHA"
AES = "AES128-SHA:AES256-SHA"


@dataclass(frozen=True)
class Side:
    """What one OpenSSL peer has and asks for."""

    certificate: str | None
    ciphers: str = NULL
    lowest: ssl.TLSVersion = TLS10
    highest: ssl.TLSVersion = TLS10
    authority: str = "ca"        # whom it trusts
    verify: bool = True          # as a server: ask for and require a certificate
    sends_root: bool = False     # adds its issuer to the chain
    server_name: str | None = None   # as a client: SNI, and the name the certificate must have
    keylog: Path | None = None   # where the secrets of its sessions are written

    def but(self, **changes: object) -> "Side":
        return replace(self, **changes)

    def context(self, server: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.set_ciphers(f"{self.ciphers}:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = self.lowest, self.highest
        context.options |= (ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE | _NO_ENCRYPT_THEN_MAC
                            | _NO_EXTENDED_MASTER_SECRET | _NO_EMPTY_FRAGMENTS)
        context.check_hostname = self.server_name is not None
        context.verify_mode = ssl.CERT_REQUIRED if self.verify else ssl.CERT_NONE
        context.load_verify_locations(pki.certificate_path(self.authority))
        if self.keylog:
            context.keylog_filename = str(self.keylog)
        if self.certificate:
            self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        chain = pki.certificate_path(self.certificate)
        if not self.sends_root:
            context.load_cert_chain(chain, pki.key_path(self.certificate))
            return
        issuer = pki.certificate_path(pki.LEAVES[self.certificate][1])
        with _joined(chain, issuer) as both:
            context.load_cert_chain(both, pki.key_path(self.certificate))


@contextlib.contextmanager
def _joined(*paths: Path) -> Iterator[str]:
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(b"".join(path.read_bytes() for path in paths))
        file.flush()
        yield file.name


def _both(server: Callable[[], object], client: Callable[[], object]) -> list[BaseException | None]:
    """Runs the two halves of a handshake at the same time; gives what each of them raised."""
    raised: list[BaseException | None] = [None, None]

    def half(index: int, work: Callable[[], object]) -> None:
        try:
            work()
        except (OSError, ssl.SSLError, tlslite.BaseTLSException) as error:
            raised[index] = error

    thread = threading.Thread(target=half, args=(0, server))
    thread.start()
    half(1, client)
    thread.join()
    return raised


def _handshake(end: ssl.SSLSocket) -> ssl.SSLSocket:
    """Does it, or closes what remains of the connection."""
    try:
        end.do_handshake()
    except OSError:
        time.sleep(0.02)
        end.close()
        raise
    return end


def _serve(leg: net.Leg, server: Side) -> None:
    leg.server_end = _handshake(server.context(True).wrap_socket(
        leg.server_end, server_side=True, do_handshake_on_connect=False))


def _call(leg: net.Leg, client: Side) -> None:
    leg.client_end = _handshake(client.context(False).wrap_socket(
        leg.client_end, server_hostname=client.server_name, do_handshake_on_connect=False))


def _shake(leg: net.Leg, client: Side, server: Side) -> list[BaseException | None]:
    return _both(lambda: _serve(leg, server), lambda: _call(leg, client))


def secure(leg: net.Leg, client: Side, server: Side) -> net.Leg:
    """A handshake that has to succeed."""
    for error in _shake(leg, client, server):
        if error:
            raise error
    return leg


def fail(leg: net.Leg, client: Side, server: Side, reason: str) -> None:
    """A handshake that has to fail, at one end at least, with `reason` in OpenSSL's words."""
    errors = [str(error) for error in _shake(leg, client, server) if error]
    if not any(reason in error for error in errors):
        raise RuntimeError(f"{reason} expected, not {errors}")


def reset_after_client_flight(leg: net.Leg, client: Side, server: Side) -> None:
    """The server reads the client's certificate flight and answers it with RST, without an alert."""
    def serve() -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = server.context(True).wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            incoming.write(leg.server_end.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                session.do_handshake()
        leg.server_end.sendall(outgoing.read())
        leg.server_end.recv(65536)
        time.sleep(0.03)
        leg.reset(by=leg.server)

    _, error = _both(serve, lambda: _call(leg, client))
    if not isinstance(error, ConnectionResetError):
        raise RuntimeError(f"a reset was expected, not {error}")


def refuse(leg: net.Leg, server: Side) -> None:
    """The server takes what is already on its way for a ClientHello, which it is not."""
    end = server.context(True).wrap_socket(leg.server_end, server_side=True, do_handshake_on_connect=False)
    try:
        end.do_handshake()
    except ssl.SSLError:
        end.close()
    else:
        raise RuntimeError("this was no ClientHello")
    time.sleep(0.05)
    leg.client_end.close()


def greet_plain_server(leg: net.Leg, client: Side, answer: bytes) -> None:
    """A ClientHello for a server that speaks no TLS and gives `answer` in clear."""
    def serve() -> None:
        leg.server_end.recv(65536)
        leg.server_end.sendall(answer)
        time.sleep(0.05)
        leg.server_end.close()

    errors = _both(serve, lambda: _call(leg, client))
    if "WRONG_VERSION_NUMBER" not in str(errors[1]):
        raise RuntimeError(f"this was no TLS: {errors}")


def _triple_des() -> tlslite.HandshakeSettings:
    settings = tlslite.HandshakeSettings()
    settings.minVersion = settings.maxVersion = (3, 1)
    settings.cipherNames, settings.macNames = ["3des"], ["sha"]
    settings.keyExchangeNames = ["rsa"]
    settings.useEncryptThenMAC = settings.useExtendedMasterSecret = False
    return settings


def _credentials(certificate: str) -> tuple[tlslite.X509CertChain, object]:
    chain = tlslite.X509CertChain()
    chain.parsePemList(pki.certificate_path(certificate).read_text())
    return chain, tlslite.parsePEMKey(pki.key_path(certificate).read_text(), private=True)


def offer_only_3des(leg: net.Leg, certificate: str, server: Side) -> None:
    """A tlslite-ng client with nothing but 3DES, refused by an OpenSSL server."""
    def call() -> None:
        chain, key = _credentials(certificate)
        try:
            tlslite.TLSConnection(leg.client_end).handshakeClientCert(
                certChain=chain, privateKey=key, settings=_triple_des())
        finally:
            leg.client_end.close()

    _, error = _both(lambda: _serve(leg, server), call)
    if not isinstance(error, tlslite.TLSRemoteAlert):
        raise RuntimeError(f"an alert was expected, not {error}")


class TlsliteEnd:
    """A tlslite-ng session with the few methods of a socket that a leg uses.

    `splits` cuts off the first byte of what is sent (1/n-1), as Schannel does against BEAST.
    """

    def __init__(self, session: tlslite.TLSConnection, splits: bool) -> None:
        self._session, self._splits = session, splits
        session.closeSocket = False

    def sendall(self, data: bytes) -> None:
        # tlslite-ng always splits; its public write() has no way to say otherwise.
        for _ in self._session._sendMsg(ApplicationData().create(bytearray(data)),
                                        randomizeFirstBlock=self._splits):
            pass

    def recv(self, most: int) -> bytes:
        return bytes(self._session.read(max=most, min=1))

    def settimeout(self, seconds: float) -> None:
        self._session.sock.settimeout(seconds)

    def unwrap(self) -> None:
        self._session.close()

    def close(self) -> None:
        self._session.sock.close()


def secure_3des(leg: net.Leg, client_certificate: str, server_certificate: str,
                server_name: str | None = None) -> net.Leg:
    """A mutual TLS 1.0 session with 3DES, tlslite-ng on both ends; the Windows side splits records."""
    client, server = (tlslite.TLSConnection(end) for end in (leg.client_end, leg.server_end))

    def serve() -> None:
        chain, key = _credentials(server_certificate)
        server.handshakeServer(certChain=chain, privateKey=key, reqCert=True, settings=_triple_des())

    def call() -> None:
        chain, key = _credentials(client_certificate)
        client.handshakeClientCert(certChain=chain, privateKey=key, settings=_triple_des(),
                                   serverName=server_name)

    for error in _both(serve, call):
        if error:
            raise error
    leg.client_end = TlsliteEnd(client, leg.client.windows)
    leg.server_end = TlsliteEnd(server, leg.server.windows)
    return leg
