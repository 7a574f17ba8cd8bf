"""OpenSSL 3 by its C interface: what Python's ssl does not reach.

TLS 1.3 suites by name, key updates, renegotiation, early data, small records.
An `End` has the few methods of a socket that a leg uses.
"""
from __future__ import annotations

import ctypes
import socket
import struct

import pki

_ssl = ctypes.CDLL("libssl.so.3")
_crypto = ctypes.CDLL("libcrypto.so.3")
_KEYLOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)

for _name in ("TLS_server_method", "TLS_client_method", "SSL_CTX_new", "SSL_new", "SSL_get1_session"):
    getattr(_ssl, _name).restype = ctypes.c_void_p
_ssl.SSL_CTX_set_options.argtypes = (ctypes.c_void_p, ctypes.c_uint64)
_ssl.SSL_CTX_set_keylog_callback.argtypes = (ctypes.c_void_p, _KEYLOG)
_crypto.ERR_error_string_n.argtypes = (ctypes.c_ulong, ctypes.c_char_p, ctypes.c_size_t)
_crypto.ERR_get_error.restype = ctypes.c_ulong

SSL3, TLS10, TLS11, TLS12, TLS13 = range(0x300, 0x305)
NO_EXTENDED_MASTER_SECRET = 1 << 0
CLIENT_RENEGOTIATION = 1 << 8
NO_EMPTY_FRAGMENTS = 1 << 11
NO_TICKET = 1 << 14
NO_RESUMPTION_ON_RENEGOTIATION = 1 << 16
NO_ENCRYPT_THEN_MAC = 1 << 19
# What peers of 2014 did not know.
PERIOD = NO_EXTENDED_MASTER_SECRET | NO_EMPTY_FRAGMENTS | NO_TICKET | NO_ENCRYPT_THEN_MAC

_CONTROL = {"max_fragment": 52, "groups": 92, "dh_auto": 118, "lowest": 123, "highest": 124}
_VERIFY_PEER = 1
_PEM = 1


def _pointer(value: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(value)


def _error(what: str) -> OSError:
    text = ctypes.create_string_buffer(256)
    _crypto.ERR_error_string_n(_crypto.ERR_get_error(), text, 256)
    return OSError(f"{what}: {text.value.decode()}")


def _demand(done: int, what: str) -> None:
    if done != 1:
        raise _error(what)


class Context:
    """What one peer has and asks for; resumption needs the same one for both connections."""

    def __init__(self, server: bool, version: int, ciphers: str, options: int = PERIOD, *,
                 certificate: str | None = None, asks: bool = False, keylog: list[str] | None = None,
                 groups: str | None = None, max_fragment: int | None = None, early_data: int = 0) -> None:
        self.server = server
        method = _ssl.TLS_server_method() if server else _ssl.TLS_client_method()
        self.raw = _pointer(_ssl.SSL_CTX_new(_pointer(method)))
        self._control("lowest", version)
        self._control("highest", version)
        _ssl.SSL_CTX_set_options(self.raw, options)
        if version == TLS13:
            _demand(_ssl.SSL_CTX_set_ciphersuites(self.raw, ciphers.encode()), ciphers)
        else:
            _demand(_ssl.SSL_CTX_set_cipher_list(self.raw, f"{ciphers}:@SECLEVEL=0".encode()), ciphers)
        if server:
            self._control("dh_auto", 1)
            _ssl.SSL_CTX_set_session_id_context(self.raw, b"lab", 3)
            _ssl.SSL_CTX_set_max_early_data(self.raw, early_data)
            _ssl.SSL_CTX_set_recv_max_early_data(self.raw, early_data)
        if groups:
            _demand(_ssl.SSL_CTX_ctrl(self.raw, _CONTROL["groups"], 0, groups.encode()), groups)
        if max_fragment:
            self._control("max_fragment", max_fragment)
        if certificate:
            chain, key = str(pki.certificate_path(certificate)), str(pki.key_path(certificate))
            _demand(_ssl.SSL_CTX_use_certificate_file(self.raw, chain.encode(), _PEM), chain)
            _demand(_ssl.SSL_CTX_use_PrivateKey_file(self.raw, key.encode(), _PEM), key)
        authority = str(pki.certificate_path("ca")).encode()
        _demand(_ssl.SSL_CTX_load_verify_locations(self.raw, authority, None), "ca")
        if asks:
            _ssl.SSL_CTX_set_verify(self.raw, _VERIFY_PEER, None)
        if not server:
            _ssl.SSL_CTX_set_post_handshake_auth(self.raw, 1)
        self._callback = _KEYLOG(lambda _, line: keylog.append(line.decode()) if keylog is not None else None)
        _ssl.SSL_CTX_set_keylog_callback(self.raw, self._callback)

    def _control(self, name: str, value: int) -> None:
        _demand(_ssl.SSL_CTX_ctrl(self.raw, _CONTROL[name], value, None), name)


class End:
    """One end of a session on a connected socket."""

    def __init__(self, context: Context, end: socket.socket, session: int | None = None) -> None:
        self.context, self._socket = context, end
        end.setblocking(True)
        self.wait(8.0)
        self._raw = _pointer(_ssl.SSL_new(context.raw))
        _demand(_ssl.SSL_set_fd(self._raw, end.fileno()), "fd")
        if session:
            _demand(_ssl.SSL_set_session(self._raw, _pointer(session)), "session")

    def wait(self, seconds: float) -> None:
        """How long a read waits."""
        timeval = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)

    def handshake(self) -> None:
        call = _ssl.SSL_accept if self.context.server else _ssl.SSL_connect
        _demand(call(self._raw), "handshake")

    def sendall(self, data: bytes) -> None:
        if _ssl.SSL_write(self._raw, data, len(data)) != len(data):
            raise _error("write")

    def recv(self, most: int) -> bytes:
        buffer = ctypes.create_string_buffer(most)
        count = _ssl.SSL_read(self._raw, buffer, most)
        if count > 0:
            return buffer.raw[:count]
        if _ssl.SSL_get_error(self._raw, count) == 6:   # close_notify
            return b""
        raise _error("read")

    def digest(self, seconds: float = 0.3) -> None:
        """Answers handshake messages that wait to be read, where no data does."""
        self.wait(seconds)
        if _ssl.SSL_peek(self._raw, ctypes.create_string_buffer(1), 1) > 0:
            raise ConnectionError("data in the place of a handshake")
        self.wait(8.0)

    def send_early(self, data: bytes) -> None:
        """Data of a client before its handshake (0-RTT)."""
        written = ctypes.c_size_t()
        _demand(_ssl.SSL_write_early_data(self._raw, data, len(data), ctypes.byref(written)), "early data")

    def receive_early(self) -> bytes:
        """What a server gets before the handshake is over."""
        received = b""
        while True:
            buffer, count = ctypes.create_string_buffer(4096), ctypes.c_size_t()
            state = _ssl.SSL_read_early_data(self._raw, buffer, 4096, ctypes.byref(count))
            received += buffer.raw[:count.value]
            if state == 2:      # all of it
                return received
            _demand(state, "early data")

    def update_key(self, both: bool) -> None:
        """A KeyUpdate goes out with the next data; `both` asks the peer for one as well."""
        _demand(_ssl.SSL_key_update(self._raw, 1 if both else 0), "key update")

    def renegotiate(self, asks: bool = False) -> None:
        """A client does it here; a server sends HelloRequest and has to read after that."""
        if asks:
            _ssl.SSL_set_verify(self._raw, _VERIFY_PEER, None)
        _demand(_ssl.SSL_renegotiate(self._raw), "renegotiate")
        _demand(_ssl.SSL_do_handshake(self._raw), "renegotiation")

    def ask_for_certificate(self) -> None:
        """A server of TLS 1.3 asks after the handshake."""
        _ssl.SSL_set_verify(self._raw, _VERIFY_PEER, None)
        _demand(_ssl.SSL_verify_client_post_handshake(self._raw), "post-handshake authentication")
        _demand(_ssl.SSL_do_handshake(self._raw), "post-handshake authentication")

    def session(self) -> int:
        return _ssl.SSL_get1_session(self._raw)

    def reused(self) -> bool:
        return bool(_ssl.SSL_session_reused(self._raw))

    def unwrap(self) -> None:
        if _ssl.SSL_shutdown(self._raw) == 0:
            _ssl.SSL_shutdown(self._raw)

    def settimeout(self, seconds: float) -> None:
        self.wait(seconds)

    def close(self) -> None:
        self._socket.close()
