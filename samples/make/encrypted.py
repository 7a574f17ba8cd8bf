"""The samples with ciphers that hide the SIP, and the secrets that open them."""
from __future__ import annotations

from typing import Callable

import flows
import net
import pki
import scenarios
import tls
from flows import play
from net import CUPS, LYNC
from scenarios import CUPS_PEER_PORT, CUPS_TLS, LYNC_CALLS, LYNC_PORT, LYNC_TLS, Stage, sample

ECDHE_GCM = "ECDHE-RSA-AES128-GCM-SHA256"
Open = Callable[[], net.Leg]


def _presence_and_im(stage: Stage, open_out: Open, open_back: Open) -> None:
    """Healthy: a subscription and an IM session each way, over a connection for each."""
    out = open_out()
    watched = stage.lync_calls()
    play(flows.accepted_subscription(watched, out))
    back = open_back()
    play(flows.notify(watched, back, watched.callee, "active;expires=3600", "open", "Available"),
         flows.watch(stage.cisco_calls(), back, out, 7446),
         flows.keep_alive(out, LYNC),
         flows.chat(stage.lync_calls(), out, back=back),
         flows.keep_alive(back, CUPS),
         flows.chat(stage.cisco_calls(), back, back=out),
         flows.wait(0.5))
    out.close(LYNC)
    back.close(CUPS)


def _legs(stage: Stage, **both: object) -> tuple[Open, Open]:
    """Lync -> Cisco and Cisco -> Lync by OpenSSL; `both` is what the two sides have in common.

    The clients write the key log: one end is enough for a session.
    """
    def out() -> net.Leg:
        return tls.secure(stage.tcp(LYNC, CUPS, CUPS_PEER_PORT),
                          LYNC_CALLS.but(keylog=stage.keylog, **both), CUPS_TLS.but(**both))

    def back() -> net.Leg:
        return tls.secure(stage.tcp(CUPS, LYNC, LYNC_PORT),
                          CUPS_TLS.but(keylog=stage.keylog, **both), LYNC_TLS.but(**both))

    return out, back


@sample("healthy-tls10-3des.pcapng")
def healthy_tls10_3des(stage: Stage) -> None:
    """Healthy mutual TLS 1.0 with 3DES and static RSA: the private keys of both servers open it."""
    def out() -> net.Leg:
        return tls.secure_3des(stage.tcp(LYNC, CUPS, CUPS_PEER_PORT), "lync01", "cups01", pki.CUPS)

    def back() -> net.Leg:
        return tls.secure_3des(stage.tcp(CUPS, LYNC, LYNC_PORT), "cups01", "lync01")

    _presence_and_im(stage, out, back)


@sample("healthy-tls12-ecdhe.pcapng", secrets="beside")
def healthy_tls12_ecdhe(stage: Stage) -> None:
    """Healthy mutual TLS 1.2 with ECDHE: no private key opens it, its key log does."""
    _presence_and_im(stage, *_legs(stage, ciphers=ECDHE_GCM, lowest=tls.TLS12, highest=tls.TLS12))


@sample("healthy-tls13-secrets-inside.pcapng", secrets="inside")
def healthy_tls13_secrets_inside(stage: Stage) -> None:
    """Healthy mutual TLS 1.3; the secrets are in the capture file itself."""
    _presence_and_im(stage, *_legs(stage, ciphers=ECDHE_GCM, lowest=tls.TLS13, highest=tls.TLS13))


@sample("digest-401-tls10-aes.pcapng")
def digest_401_tls10_aes(stage: Stage) -> None:
    """401 Digest to everything, never answered, under AES128-SHA: Cisco's private key shows it.
    What Cisco sends to Lync works, and stays closed without Lync's key."""
    out, back = _legs(stage, ciphers="AES128-SHA")
    stage.cisco_to_lync_works(back())
    scenarios.digest_challenges(stage, out())


@sample("maddr-not-trusted-tls12.pcapng", secrets="beside")
def maddr_not_trusted_tls12(stage: Stage) -> None:
    """Lync does not trust Cisco's maddr (504, 1010), under TLS 1.2 with AES128-SHA256."""
    out, back = _legs(stage, ciphers="AES128-SHA256", lowest=tls.TLS12, highest=tls.TLS12)
    stage.lync_to_cisco_works(out())
    scenarios.refuse_the_maddr(stage, back())
