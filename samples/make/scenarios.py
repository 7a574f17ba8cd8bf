"""The samples: one function each. What a sample shows is said in its docstring."""
from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import dns
import flows
import messages as sip
import net
import pki
import tls
from flows import play
from net import CUPS, CUPS2, LYNC, NODE

# Longer than the 32 s (64*T1) after which an unanswered SIP request is given up.
GIVEN_UP = 34.0

LYNC_TLS = tls.Side("lync01")
CUPS_TLS = tls.Side("cups01")
LYNC_CALLS = LYNC_TLS.but(server_name=pki.CUPS)   # Schannel sends SNI, the old OpenSSL of CUP does not
LYNC_PORT, CUPS_PEER_PORT, CUPS_SERVER_PORT = 5061, 5062, 5061


@dataclass(frozen=True)
class Sample:
    file: str
    make: Callable[["Stage"], None]
    capture_options: tuple[str, ...]
    captured_at: net.Host | None
    secrets: str | None

    @property
    def name(self) -> str:
        return self.file.split(".")[0]


SAMPLES: dict[str, Sample] = {}


def sample(file: str, *capture_options: str, at: net.Host | None = None, secrets: str | None = None):
    """Registers a sample. `secrets`: the key log of the sessions goes "beside" the capture or "inside" it."""
    def register(make: Callable[["Stage"], None]) -> Callable[["Stage"], None]:
        made = Sample(file, make, capture_options, at, secrets)
        SAMPLES[made.name] = made
        return make
    return register


class Stage:
    """The lab with the usual connections and dialogs of the two systems."""

    def __init__(self, lab: net.Lab, rng: random.Random, keylog: Path | None = None) -> None:
        self.lab, self.rng, self.keylog = lab, rng, keylog
        self._ports = {host: rng.randrange(49200, 52000) if host.windows else rng.randrange(34000, 47000)
                       for host in net.HOSTS}

    def tcp(self, client: net.Host, server: net.Host, port: int) -> net.Leg:
        return self.lab.connect(client, self.next_port(client), server, port)

    def next_port(self, host: net.Host) -> int:
        self._ports[host] += self.rng.randrange(1, 7)
        return self._ports[host]

    # Lync -> Cisco and Cisco -> Lync, readable: mutual TLS with the NULL cipher.
    def out(self) -> net.Leg:
        return tls.secure(self.tcp(LYNC, CUPS, CUPS_PEER_PORT), LYNC_CALLS, CUPS_TLS)

    def back(self) -> net.Leg:
        return tls.secure(self.tcp(CUPS, LYNC, LYNC_PORT), CUPS_TLS, LYNC_TLS)

    def lync_calls(self, user: str = "anna", caller: str = "tom") -> sip.Dialog:
        return sip.Dialog(sip.Lync(self.rng, caller), sip.Cisco(self.rng, user))

    def cisco_calls(self, user: str = "tom", **cisco: object) -> sip.Dialog:
        return sip.Dialog(sip.Cisco(self.rng, **cisco), sip.Lync(self.rng, user))

    def refused_by_cisco(self, calls: int, port: int = CUPS_PEER_PORT):
        """Lync's connections, one second apart, for a fault to be shown on each."""
        for number in range(calls):
            if number:
                time.sleep(1.0)
            yield self.tcp(LYNC, CUPS, port)

    def refused_by_lync(self, calls: int):
        for number in range(calls):
            if number:
                time.sleep(1.0)
            yield self.tcp(CUPS, LYNC, LYNC_PORT)

    def lync_to_cisco_works(self, leg: net.Leg | None = None) -> None:
        leg = leg or self.out()
        play(flows.chat(self.lync_calls(), leg), flows.keep_alive(leg, LYNC))
        leg.close(LYNC)

    def cisco_to_lync_works(self, leg: net.Leg | None = None) -> None:
        leg = leg or self.back()
        play(flows.chat(self.cisco_calls(), leg), flows.keep_alive(leg, CUPS))
        leg.close(CUPS)


# --- healthy -----------------------------------------------------------------------------

@sample("healthy-presence-im-tcp.pcapng")
def healthy_presence_im_tcp(stage: Stage) -> None:
    """OCS 2007 R2 and CUP over plain TCP: presence and IM, both ways."""
    def dialog(lync_calls: bool) -> sip.Dialog:
        ocs = sip.Lync(stage.rng, release=sip.OCS_2007_R2)
        cisco = sip.Cisco(stage.rng, port=5060)
        pair = (ocs, cisco) if lync_calls else (cisco, ocs)
        return sip.Dialog(*pair, transport="TCP")

    out = stage.tcp(LYNC, CUPS, 5060)
    watched = dialog(True)
    play(flows.accepted_subscription(watched, out))
    back = stage.tcp(CUPS, LYNC, 5060)
    play(flows.notify(watched, back, watched.callee, "active;expires=3600", "open", "Available"),
         flows.watch(dialog(False), back, out, 7446),
         flows.keep_alive(out, LYNC),
         flows.chat(dialog(True), out, back=back),
         flows.keep_alive(back, CUPS),
         flows.chat(dialog(False), back, back=out),
         flows.wait(0.5))
    out.close(LYNC)
    back.close(CUPS)


@sample("healthy-mutual-tls-null.pcapng", "--time-stamp-precision=nano")
def healthy_mutual_tls_null(stage: Stage) -> None:
    """The same over mutual TLS 1.0 with TLS_RSA_WITH_NULL_SHA: readable without keys."""
    out = stage.out()
    watched = stage.lync_calls()
    play(flows.accepted_subscription(watched, out))
    back = stage.back()
    play(flows.notify(watched, back, watched.callee, "active;expires=3600", "open", "Available"),
         flows.watch(stage.cisco_calls(), back, out, 7446),
         flows.keep_alive(out, LYNC),
         flows.chat(stage.lync_calls(), out, back=back),
         flows.wait(0.5))
    out.close(LYNC)
    back.close(CUPS)


@sample("mutual-tls-no-secrets.pcapng")
def mutual_tls_no_secrets(stage: Stage) -> None:
    """Healthy mutual TLS that cannot be read: AES128-SHA (TLS 1.2) out, 3DES (TLS 1.0) back."""
    aes = {"ciphers": tls.AES, "lowest": tls.TLS12, "highest": tls.TLS12}
    out = tls.secure(stage.tcp(LYNC, CUPS, CUPS_PEER_PORT), LYNC_CALLS.but(**aes), CUPS_TLS.but(**aes))
    watched = stage.lync_calls()
    play(flows.accepted_subscription(watched, out))
    back = tls.secure_3des(stage.tcp(CUPS, LYNC, LYNC_PORT), "cups01", "lync01")
    play(flows.notify(watched, back, watched.callee, "active;expires=3600", "open", "Available"),
         flows.watch(stage.cisco_calls(), back, out, 7446),
         flows.chat(stage.lync_calls(), out, back=back),
         flows.wait(0.5))
    out.close(LYNC)
    back.close(CUPS)


@sample("udp-fragments.pcap", "-y", "LINUX_SLL", at=CUPS)
def udp_fragments(stage: Stage) -> None:
    """A legacy leg between two Cisco nodes: SIP over UDP, larger than a frame, all fragments there."""
    near, far = (lambda: sip.Cisco(stage.rng, port=5060),
                 lambda: sip.Cisco(stage.rng, "maria", NODE, "imp02.tomt.local", port=5060))
    wire = stage.lab.datagrams(NODE, 5060, CUPS, 5060)
    long_note = "Back at two. " * 230
    watched, talk = sip.Dialog(far(), near(), "UDP"), sip.Dialog(near(), far(), "UDP")
    play(flows.accepted_subscription(watched, wire, 7446),
         flows.notify(watched, wire, watched.callee, "active;expires=7446", "open", long_note),
         flows.chat(talk, wire, ("Here is the whole list. " * 150, "Thank you."), back=wire))
    wire.close()


@sample("busy-mixed.pcapng.gz")
def busy_mixed(stage: Stage) -> None:
    """Two Cisco nodes and Lync, healthy, several conversations at once, among DNS and web traffic."""
    rng, lab = stage.rng, stage.lab
    out = stage.out()
    back = stage.back()
    out2 = tls.secure(stage.tcp(LYNC, CUPS2, CUPS_PEER_PORT), LYNC_TLS.but(server_name=pki.CUPS2),
                      tls.Side("cups02"))
    back2 = tls.secure(stage.tcp(CUPS2, LYNC, LYNC_PORT), tls.Side("cups02"), LYNC_TLS)
    second = {"host": CUPS2, "fqdn": pki.CUPS2}
    web = stage.tcp(CUPS2, net.DNS, 8080)

    def second_node(user: str, lync_user: str) -> sip.Dialog:
        return sip.Dialog(sip.Lync(rng, lync_user), sip.Cisco(rng, user, **second))

    flows.interleave(
        rng,
        flows.watch(stage.lync_calls("anna"), out, back),
        flows.watch(stage.lync_calls("paul", "eva"), out, back),
        flows.watch(second_node("maria", "tom"), out2, back2),
        flows.watch(sip.Dialog(sip.Cisco(rng, "paul"), sip.Lync(rng, "eva")), back, out, 7446),
        flows.watch(sip.Dialog(sip.Cisco(rng, "maria", **second), sip.Lync(rng, "tom")), back2, out2, 7446),
        flows.chat(stage.lync_calls("anna"), out, ("Lunch?", "At one", "Good"), back=back),
        flows.chat(sip.Dialog(sip.Cisco(rng, "maria", **second), sip.Lync(rng, "eva")), back2,
                   ("The report is ready", "Thanks"), back=out2),
        flows.chat(second_node("maria", "tom"), out2, ("One more thing",)),
        flows.keep_alive(out, LYNC), flows.keep_alive(back2, CUPS2),
        dns.lookup(lab, rng, CUPS, "10.1.1.10.in-addr.arpa", dns.PTR, pki.LYNC),
        dns.lookup(lab, rng, CUPS2, pki.LYNC, dns.A, LYNC.ip),
        dns.lookup(lab, rng, LYNC, pki.CUPS, dns.A, CUPS.ip),
        dns.lookup(lab, rng, LYNC, "_sipfederationtls._tcp.tomt.local", dns.SRV, f"5061 {pki.CUPS}"),
        _web(web))
    for leg, first in ((web, CUPS2), (out, LYNC), (back, CUPS), (out2, LYNC), (back2, CUPS2)):
        leg.close(first)


def _web(leg: net.Leg) -> flows.Flow:
    for page in ("/status", "/status?node=2", "/cups/health"):
        leg.send(leg.client, f"GET {page} HTTP/1.1\r\nHost: dns.tomt.local:8080\r\n\r\n".encode())
        yield 0.01
        leg.send(leg.server, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")
        yield 0.01


# --- TCP ---------------------------------------------------------------------------------

@sample("syn-unanswered.pcap")
def syn_unanswered(stage: Stage) -> None:
    """Lync's firewall drops 5061: Cisco's SYNs stay unanswered, its proxy tells the node 408."""
    stage.lync_to_cisco_works()
    stage.lab.drop(LYNC, LYNC_PORT)
    inner = stage.tcp(NODE, CUPS, 5060)
    for user in ("tom", "eva"):
        dialog = _inner_dialog(stage, user)
        request = dialog.request(dialog.caller, "SUBSCRIBE", inner.port_of(NODE))
        inner.send(NODE, request.data)
        stage.lab.attempt(CUPS, stage.next_port(CUPS), LYNC, LYNC_PORT, 7.6)
        inner.send(CUPS, dialog.response(request, 408, "Request Timeout"))
        time.sleep(0.5)
    inner.close(NODE)


def _inner_dialog(stage: Stage, user: str) -> sip.Dialog:
    """Node 10.1.1.21 asks the Cisco proxy for a Lync user."""
    return sip.Dialog(sip.Cisco(stage.rng, "maria", NODE, "imp02.tomt.local", behind_proxy=False),
                      sip.Lync(stage.rng, user), "TCP", proxy=sip.Cisco(stage.rng, port=5060))


@sample("connect-refused.pcap", "--time-stamp-precision=nano")
def connect_refused(stage: Stage) -> None:
    """Lync's route points to 5061, where nothing listens on CUP: RST to each SYN."""
    stage.cisco_to_lync_works()
    for number in range(3):
        stage.lab.attempt(LYNC, stage.next_port(LYNC), CUPS, CUPS_SERVER_PORT, 2.0)
        time.sleep(1.0)


@sample("plain-sip-to-tls-port.pcap")
def plain_sip_to_tls_port(stage: Stage) -> None:
    """Cisco's static route says TCP, but port 5061 of Lync speaks TLS (OpenSSL 3: closes with RST)."""
    stage.lync_to_cisco_works()
    for leg in stage.refused_by_lync(3):
        dialog = sip.Dialog(sip.Cisco(stage.rng, port=5060), sip.Lync(stage.rng), "TCP")
        leg.client_end.sendall(dialog.request(dialog.caller, "SUBSCRIBE", leg.client_port).data)
        tls.refuse(leg, LYNC_TLS)


@sample("tls-to-plain-port.pcap", at=CUPS)
def tls_to_plain_port(stage: Stage) -> None:
    """Lync's route points with TLS to 5060, a plain SIP port: the ClientHello is answered 400."""
    stage.cisco_to_lync_works()
    for leg in stage.refused_by_cisco(3, 5060):
        tls.greet_plain_server(leg, LYNC_CALLS, b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


# --- TLS ---------------------------------------------------------------------------------

@sample("no-common-cipher.pcap")
def no_common_cipher(stage: Stage) -> None:
    """Cisco offers 3DES alone, Lync takes AES alone: alert 40. The second node offers AES and is served."""
    hardened = LYNC_TLS.but(ciphers=tls.AES)
    other = tls.secure(stage.tcp(CUPS2, LYNC, LYNC_PORT), tls.Side("cups02", tls.AES), hardened)
    play(flows.chat(stage.cisco_calls(host=CUPS2, fqdn=pki.CUPS2), other))
    for leg in stage.refused_by_lync(3):
        tls.offer_only_3des(leg, "cups01", hardened)
    other.close(CUPS2)


@sample("protocol-version.pcap")
def protocol_version(stage: Stage) -> None:
    """Cisco can TLS 1.0 at most, the hardened Lync wants 1.2: alert 70."""
    for leg in stage.refused_by_lync(3):
        tls.fail(leg, CUPS_TLS.but(ciphers=tls.AES),
                 LYNC_TLS.but(ciphers=tls.AES, lowest=tls.TLS12, highest=tls.TLS12), "PROTOCOL_VERSION")


@sample("alert-unknown-ca.pcap")
def alert_unknown_ca(stage: Stage) -> None:
    """Lync's certificate comes from a CA that CUP does not have: alert 48, whichever side connects."""
    stranger = tls.Side("lync01-other-ca", tls.AES, sends_root=True)
    cups = CUPS_TLS.but(ciphers=tls.AES)
    for leg in stage.refused_by_cisco(2):
        tls.fail(leg, stranger.but(server_name=pki.CUPS), cups, "UNKNOWN_CA")
    for leg in stage.refused_by_lync(1):
        tls.fail(leg, cups, stranger, "UNKNOWN_CA")


@sample("alert-unsupported-certificate-eku.pcapng")
def alert_unsupported_certificate_eku(stage: Stage) -> None:
    """Lync's certificate is for servers only: as a client it gets alert 43 from CUP, in clear,
    after its own ChangeCipherSpec. As a server the same certificate works."""
    server_only = tls.Side("lync01-server-only")
    back = tls.secure(stage.tcp(CUPS, LYNC, LYNC_PORT), CUPS_TLS, server_only)
    play(flows.chat(stage.cisco_calls(), back))
    for leg in stage.refused_by_cisco(3):
        tls.fail(leg, server_only.but(server_name=pki.CUPS), CUPS_TLS, "UNSUPPORTED_CERTIFICATE")
    back.close(CUPS)


@sample("cert-missing-server-auth.pcap")
def cert_missing_server_auth(stage: Stage) -> None:
    """CUP's certificate is for clients only: as a server it gets alert 43 from Lync."""
    client_only = tls.Side("cups01-client-only")
    back = tls.secure(stage.tcp(CUPS, LYNC, LYNC_PORT), client_only, LYNC_TLS)
    play(flows.chat(stage.cisco_calls(), back))
    for leg in stage.refused_by_cisco(3):
        tls.fail(leg, LYNC_CALLS, client_only, "UNSUPPORTED_CERTIFICATE")
    back.close(CUPS)


@sample("cert-expired.pcap")
def cert_expired(stage: Stage) -> None:
    """CUP's certificate ended in 2014: alert 45 from Lync, whichever side connects."""
    expired = tls.Side("cups01-expired")
    for leg in stage.refused_by_cisco(2):
        tls.fail(leg, LYNC_CALLS, expired, "CERTIFICATE_EXPIRED")
    for leg in stage.refused_by_lync(1):
        tls.fail(leg, expired, LYNC_TLS, "CERTIFICATE_EXPIRED")


@sample("cert-name-mismatch.pcap")
def cert_name_mismatch(stage: Stage) -> None:
    """Lync asks for cups01.tomt.local and gets a certificate for imp-old.tomt.local: alert 42."""
    for leg in stage.refused_by_cisco(3):
        tls.fail(leg, LYNC_CALLS, tls.Side("cups01-wrong-name"), "BAD_CERTIFICATE")


@sample("client-cert-empty.pcap")
def client_cert_empty(stage: Stage) -> None:
    """CUP asks for a certificate, Lync sends an empty list: alert 40."""
    for leg in stage.refused_by_cisco(3):
        tls.fail(leg, LYNC_CALLS.but(certificate=None), CUPS_TLS, "HANDSHAKE_FAILURE")


@sample("reset-during-handshake.pcap")
def reset_during_handshake(stage: Stage) -> None:
    """Lync answers CUP's certificate flight with a RST and no alert, as Schannel does."""
    for leg in stage.refused_by_lync(3):
        tls.reset_after_client_flight(leg, CUPS_TLS.but(ciphers=tls.AES), LYNC_TLS.but(ciphers=tls.AES))


@sample("close-after-handshake.pcap")
def close_after_handshake(stage: Stage) -> None:
    """The handshake ends well, then CUP closes at once, without application data. Three times."""
    aes = {"ciphers": tls.AES}
    for leg in stage.refused_by_cisco(3):
        tls.secure(leg, LYNC_CALLS.but(**aes), CUPS_TLS.but(**aes))
        time.sleep(0.01)
        leg.close_bare(CUPS)


# --- SIP over readable TLS ---------------------------------------------------------------

@sample("wrong-cup-listener.pcapng")
def wrong_cup_listener(stage: Stage) -> None:
    """Lync reaches CUP's server-auth listener on 5061: no CertificateRequest, then 401 Digest."""
    stage.cisco_to_lync_works()
    leg = tls.secure(stage.tcp(LYNC, CUPS, CUPS_SERVER_PORT), LYNC_CALLS, CUPS_TLS.but(verify=False))
    digest_challenges(stage, leg)


@sample("digest-401-unanswered.pcapng")
def digest_401_unanswered(stage: Stage) -> None:
    """The right listener, but no ACL entry for Lync: 401 Digest to everything, never answered."""
    stage.cisco_to_lync_works()
    digest_challenges(stage, stage.out())


def _challenge(stage: Stage) -> tuple:
    return 401, "Unauthorized", (sip.digest_challenge(stage.rng),)


def digest_challenges(stage: Stage, leg: net.Leg) -> None:
    for user in ("anna", "paul", "maria"):
        dialog = stage.lync_calls(user)
        play(flows.transact(dialog, leg, dialog.caller, "SUBSCRIBE", _challenge(stage)))
    play(flows.refused_invite(stage.lync_calls(), leg, _challenge(stage)),
         flows.wait(GIVEN_UP / 2), flows.keep_alive(leg, LYNC),
         flows.wait(GIVEN_UP / 2), flows.keep_alive(leg, LYNC))
    leg.close(LYNC)


@sample("lync-challenges-cisco.pcapng")
def lync_challenges_cisco(stage: Stage) -> None:
    """Lync takes CUP for a client, not for a trusted server: 401 NTLM, Kerberos, TLS-DSK."""
    stage.lync_to_cisco_works()
    leg = stage.back()
    for user in ("tom", "eva", "tom"):
        dialog = stage.cisco_calls(user)
        play(flows.transact(dialog, leg, dialog.caller, "SUBSCRIBE",
                            (401, "Unauthorized", sip.lync_challenge())))
    play(flows.wait(GIVEN_UP / 2), flows.keep_alive(leg, CUPS),
         flows.wait(GIVEN_UP / 2), flows.keep_alive(leg, CUPS))
    leg.close(CUPS)


@sample("maddr-not-trusted-504.pcapng")
def maddr_not_trusted_504(stage: Stage) -> None:
    """CUP's Record-Route says maddr=cup-pub.tomt.local, its certificate cups01.tomt.local: 504, 1010."""
    stage.lync_to_cisco_works()
    refuse_the_maddr(stage)


def refuse_the_maddr(stage: Stage, leg: net.Leg | None = None) -> None:
    reason = ("ms-diagnostics",
              '1010;reason="Certificate trust with another server could not be established";'
              'ErrorType="The peer certificate does not contain a matching FQDN";'
              'tls-target="cup-pub.tomt.local";PeerServer="cups01.tomt.local";'
              f'HRESULT="0x80090322(SEC_E_WRONG_PRINCIPAL)";source="{pki.LYNC}"')
    _refusals(stage, (504, "Server time-out", (reason,)), leg, port=5061, maddr="cup-pub.tomt.local")


@sample("forbidden-403.pcapng")
def forbidden_403(stage: Stage) -> None:
    """Lync refuses CUP's users with 403 and ms-diagnostics 1002."""
    stage.lync_to_cisco_works()
    reason = ("ms-diagnostics", '1002;reason="From URI not authorized to communicate with federated '
                                f'partners";source="{pki.LYNC}"')
    _refusals(stage, (403, "Forbidden", (reason,)))


@sample("naked-504.pcapng")
def naked_504(stage: Stage) -> None:
    """504 from Lync within milliseconds, without a reason; CUP's Record-Route has no maddr."""
    stage.lync_to_cisco_works()
    _refusals(stage, (504, "Server time-out"), maddr=None)


def _refusals(stage: Stage, answer: tuple, leg: net.Leg | None = None, **cisco: object) -> None:
    """Lync gives every request of CUP the same answer."""
    leg = leg or stage.back()
    for user in ("tom", "eva"):
        dialog = stage.cisco_calls(user, **cisco)
        play(flows.transact(dialog, leg, dialog.caller, "SUBSCRIBE", answer), flows.wait(0.4))
    play(flows.refused_invite(stage.cisco_calls(**cisco), leg, answer), flows.wait(1.0))
    leg.close(CUPS)


# --- presence and timeouts ---------------------------------------------------------------

@sample("subscribe-no-notify.pcapng")
def subscribe_no_notify(stage: Stage) -> None:
    """CUP accepts Lync's subscriptions and never sends a NOTIFY; IM on the same connection works."""
    leg = stage.out()
    for user in ("anna", "paul"):
        play(flows.accepted_subscription(stage.lync_calls(user), leg))
    play(flows.chat(stage.lync_calls(), leg),
         flows.wait(18), flows.keep_alive(leg, LYNC),
         flows.wait(19), flows.keep_alive(leg, LYNC),
         flows.chat(stage.lync_calls(), leg, ("Why are you offline?",)))
    leg.close(LYNC)


@sample("sip-408.pcapng")
def sip_408(stage: Stage) -> None:
    """The Cisco proxy answers its node's NOTIFY and INVITE to Lync users 408; why is not in the capture."""
    stage.lync_to_cisco_works()
    leg = stage.tcp(NODE, CUPS, 5060)
    notified = _inner_dialog(stage, "tom")
    notified.established = True
    timeout = (408, "Request Timeout")
    play(flows.transact(notified, leg, notified.caller, "NOTIFY", timeout, thinks=6,
                        headers=(("Event", "presence"), ("Subscription-State", "active;expires=3600")),
                        body=sip.presence(notified.caller.uri, "open", "Available")),
         flows.refused_invite(_inner_dialog(stage, "eva"), leg, timeout, thinks=6))
    leg.close(NODE)
