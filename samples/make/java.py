"""The cells of the matrix with Java 17 on one end, which knows the ClientHello in the form of SSLv2."""
from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Iterator

import net
import pki
from cells import BOTH, CBC, GCM, GCM13, KEYLOG, PORT, Told, Talk, cell
from net import CUPS, LYNC
from openssl import NO_EXTENDED_MASTER_SECRET, PERIOD, TLS10, TLS12, TLS13, Context, End

SOURCE = Path(__file__).resolve().parent / "Peer.java"
PATIENCE = 60


@contextlib.contextmanager
def _peer(told: Told, host: net.Host, role: str, protocols: str, suite: str, reads: int,
          sends: bytes) -> Iterator[subprocess.Popen]:
    """Java in the namespace of a host, with the certificate of cups01."""
    with tempfile.NamedTemporaryFile(suffix=".p12") as store:
        subprocess.run(["openssl", "pkcs12", "-export", "-passout", "pass:changeit", "-in", pki.certificate_path("cups01"),
                        "-inkey", pki.key_path("cups01"), "-out", store.name], check=True, timeout=30)
        process = subprocess.Popen(
            ["ip", "netns", "exec", told.lab.namespace(host.name), "java", SOURCE, role, CUPS.ip, str(PORT), protocols,
             suite, store.name, str(reads), sends.hex()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        try:
            yield process
            _, said = process.communicate(timeout=PATIENCE)
            if process.returncode:
                raise RuntimeError(said.strip().splitlines()[:1])
        finally:
            watch.cancel()
            process.kill()
            process.wait()


def _finish(end: End) -> None:
    end.unwrap()
    end.close()


@cell("tls10-sslv2-hello", TLS10, 0x002f, BOTH)
def _sslv2_hello(told: Told) -> None:
    server = Context(True, TLS10, CBC, PERIOD, certificate="cups01", keylog=told.keylog)
    told.talks.append(Talk())
    request, response = told.request(), told.response()
    with (told.lab.listening(CUPS, PORT) as listener,
          _peer(told, LYNC, "client", "SSLv2Hello,TLSv1", "TLS_RSA_WITH_AES_128_CBC_SHA", len(response), request)):
        listener.settimeout(PATIENCE)
        end = End(server, listener.accept()[0])
        end.handshake()
        received = b""
        while len(received) < len(request):     # Java splits records
            received += end.recv(4096)
        end.sendall(response)
        told.said(request, response)
        _finish(end)


for _name, _version, _protocol, _ciphers, _suite, _number, _variants in (
        ("tls12-java-server", TLS12, "TLSv1.2", GCM, "TLS_RSA_WITH_AES_128_GCM_SHA256", 0x009c, BOTH),
        ("tls13-java-server", TLS13, "TLSv1.3", GCM13, GCM13, 0x1301, KEYLOG)):

    @cell(_name, _version, _number, _variants)
    def _java_server(told: Told, version: int = _version, protocol: str = _protocol, ciphers: str = _ciphers,
                suite: str = _suite) -> None:
        client = Context(False, version, ciphers, PERIOD & ~NO_EXTENDED_MASTER_SECRET, keylog=told.keylog)
        told.talks.append(Talk())
        request, response = told.request(), told.response()
        with _peer(told, CUPS, "server", protocol, suite, len(request), response) as process:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("Java does not listen")
            socket = told.lab.socket(LYNC)
            socket.connect((CUPS.ip, PORT))
            end = End(client, socket)
            end.handshake()
            end.sendall(request)
            received = b""
            while len(received) < len(response):
                received += end.recv(4096)
            told.said(request, response)
            _finish(end)
