"""GnuTLS 3.7 by its C interface, for the suites that OpenSSL 3 does not have: Camellia with GCM."""
from __future__ import annotations

import ctypes
import socket

import pki
import tls
from cells import BOTH, EPHEMERAL, Told, cell
from net import LYNC
from openssl import TLS12

_gnutls = ctypes.CDLL("libgnutls.so.30")
_SERVER, _CLIENT = 1, 2
_CERTIFICATE, _PEM = 1, 1
_BEFORE_EXTENSIONS = "%NO_ETM:%NO_SESSION_HASH:%NO_TICKETS"


class _Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_ubyte)), ("size", ctypes.c_uint)]


_KEYLOG = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(_Datum))


def _demand(result: int, what: str) -> int:
    if result < 0:
        raise OSError(f"{what}: GnuTLS error {result}")
    return result


class GnutlsEnd:
    """One end of a session on a connected socket, with the few methods of a socket that a leg uses."""

    def __init__(self, end: socket.socket, server: bool, priority: str, keylog: list[str]) -> None:
        self._socket, self._keylog = end, keylog
        end.setblocking(True)
        self._raw, self._credentials = ctypes.c_void_p(), ctypes.c_void_p()
        _demand(_gnutls.gnutls_init(ctypes.byref(self._raw), _SERVER if server else _CLIENT), "init")
        _demand(_gnutls.gnutls_priority_set_direct(self._raw, priority.encode(), None), priority)
        _gnutls.gnutls_certificate_allocate_credentials(ctypes.byref(self._credentials))
        if server:
            _demand(_gnutls.gnutls_certificate_set_x509_key_file(
                self._credentials, str(pki.certificate_path("cups01")).encode(), str(pki.key_path("cups01")).encode(),
                _PEM), "key")
        else:
            self._callback = _KEYLOG(self._log)
            _gnutls.gnutls_session_set_keylog_function(self._raw, self._callback)
        _demand(_gnutls.gnutls_credentials_set(self._raw, _CERTIFICATE, self._credentials), "credentials")
        _gnutls.gnutls_transport_set_int2(self._raw, end.fileno(), end.fileno())

    def _log(self, _: int, label: bytes, secret: ctypes.POINTER(_Datum)) -> int:
        random, server_random = _Datum(), _Datum()
        _gnutls.gnutls_session_get_random(self._raw, ctypes.byref(random), ctypes.byref(server_random))
        said = [bytes(part.data[:part.size]).hex() for part in (random, secret.contents)]
        self._keylog.append(f"{label.decode()} {said[0]} {said[1]}")
        return 0

    def handshake(self) -> None:
        _demand(_gnutls.gnutls_handshake(self._raw), "handshake")

    def sendall(self, data: bytes) -> None:
        if _demand(_gnutls.gnutls_record_send(self._raw, data, ctypes.c_size_t(len(data))), "send") != len(data):
            raise OSError("sent in part")

    def recv(self, most: int) -> bytes:
        buffer = ctypes.create_string_buffer(most)
        return buffer.raw[:_demand(_gnutls.gnutls_record_recv(self._raw, buffer, ctypes.c_size_t(most)), "recv")]

    def unwrap(self) -> None:
        _gnutls.gnutls_bye(self._raw, 1)

    def settimeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def close(self) -> None:
        self._socket.close()


for _name, _number, _kx, _cipher, _variants in (
        ("tls12-camellia128-gcm-sha256", 0xc07a, "RSA", "CAMELLIA-128-GCM", BOTH),
        ("tls12-camellia256-gcm-sha384", 0xc07b, "RSA", "CAMELLIA-256-GCM", BOTH),
        ("tls12-ecdhe-rsa-camellia128-gcm-sha256", 0xc08a, "ECDHE-RSA", "CAMELLIA-128-GCM", EPHEMERAL)):

    @cell(_name, TLS12, _number, _variants)
    def _camellia_gcm(told: Told, kx: str = _kx, cipher: str = _cipher) -> None:
        priority = f"NONE:+VERS-TLS1.2:+{kx}:+{cipher}:+AEAD:+SIGN-ALL:+GROUP-ALL:+COMP-NULL:{_BEFORE_EXTENSIONS}"
        leg = told.tcp()
        leg.client_end = GnutlsEnd(leg.client_end, False, priority, told.keylog)
        leg.server_end = GnutlsEnd(leg.server_end, True, priority, told.keylog)
        for error in tls._both(leg.server_end.handshake, leg.client_end.handshake):
            if error:
                raise error
        told.exchange(leg)
        leg.close(LYNC)
