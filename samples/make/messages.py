"""SIP messages in the forms that Lync/OCS and Cisco Unified Presence are documented to use.

A `Party` is one user behind one server; a `Dialog` joins two of them and
gives the requests and responses as they pass between the two servers.
"""
from __future__ import annotations

import base64
import email.utils
import random
import time
from dataclasses import dataclass, field

import net

Header = tuple[str, str]

PIDF = "application/pidf+xml"
TEXT = "text/plain; charset=UTF-8"
SDP = "application/sdp"
ACCEPT_TYPES = ("a=accept-types:text/plain multipart/alternative image/gif text/rtf text/html "
                "application/x-ms-ink application/ms-imdn+xml text/x-msmsgsinvite")


@dataclass(frozen=True)
class Body:
    kind: str
    text: str

    @property
    def data(self) -> bytes:
        return self.text.replace("\n", "\r\n").encode()


def presence(entity: str, basic: str, note: str) -> Body:
    return Body(PIDF, f"""<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{entity}">
<tuple id="t1"><status><basic>{basic}</basic></status><contact>{entity}</contact></tuple>
<note>{note}</note>
</presence>
""")


def session(ip: str, peer: str) -> Body:
    """The offer or the answer of an IM session (session mode, not MSRP)."""
    return Body(SDP, f"v=0\no=- 0 0 IN IP4 {ip}\ns=session\nc=IN IP4 {ip}\nt=0 0\n"
                     f"m=message 5060 sip {peer}\n{ACCEPT_TYPES}\n")


def typing() -> Body:
    return Body("application/xml", '<?xml version="1.0"?>\n'
                '<KeyboardActivity><status status="type" /></KeyboardActivity>\n')


@dataclass(frozen=True)
class Release:
    """What a Microsoft server and its client call themselves."""

    server: str
    agent: str


LYNC_2013 = Release("RTC/5.0", "UCCAPI/15.0.4569.1503 OC/15.0.4569.1503 (Microsoft Lync)")
OCS_2007_R2 = Release("RTC/3.5", "UCCAPI/3.5.6907.244 OC/3.5.6907.244 "
                                 "(Microsoft Office Communicator 2007 R2)")


class Party:
    """One user, and the server that speaks for the user."""

    def __init__(self, host: net.Host, uri: str, display: str, rng: random.Random) -> None:
        self.host, self.uri, self.display, self.rng = host, uri, display, rng
        self.cseq = 0

    def hex(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    # What the two makes of server do differently.
    tag: str
    contact: str

    def call_id(self) -> str: raise NotImplementedError
    def tag_parameters(self, code: int = 200) -> str: raise NotImplementedError
    def vias(self, transport: str, port: int) -> list[str]: raise NotImplementedError
    def record_route(self, transport: str) -> str | None: raise NotImplementedError
    def request_headers(self, method: str, peer: "Party") -> list[Header]: raise NotImplementedError
    def response_headers(self, method: str, code: int) -> list[Header]: raise NotImplementedError
    def received(self, via: str, sender: net.Host, port: int) -> str: raise NotImplementedError


class Lync(Party):
    """A user of Lync or OCS, behind the front end (or the edge)."""

    FQDN = "lync01.tomt.it"
    CLIENT = "10.1.1.101"

    def __init__(self, rng: random.Random, user: str = "tom", host: net.Host = net.LYNC,
                 release: Release = LYNC_2013) -> None:
        super().__init__(host, f"sip:{user}@tomt.it", f'"{user.capitalize()}"', rng)
        self.release = release
        self.tag, self.epid = self.hex(10), self.hex(10)
        self.client_port = rng.randrange(50000, 60000)
        self.cid = f"{rng.randrange(0x10, 0xff):X}{rng.randrange(0, 0xff):02X}00"
        opaque = base64.urlsafe_b64encode(rng.randbytes(16)).decode().rstrip("=") + "AA"
        self.contact = f"<{self.uri};opaque=user:epid:{opaque};gruu>"
        self.signature = "ga-" + base64.urlsafe_b64encode(rng.randbytes(27)).decode()
        self.route_tag = self.hex(32).upper()

    def call_id(self) -> str:
        return self.hex(32)

    def tag_parameters(self, code: int = 200) -> str:
        """The tag of the client, or where the server itself refuses, one of the server's form."""
        return f";tag={self.tag};epid={self.epid}" if code < 400 else f";tag={self.hex(32).upper()}"

    def vias(self, transport: str, port: int) -> list[str]:
        info = base64.b64encode(self.rng.randbytes(24)).decode()
        return [f"SIP/2.0/{transport} {self.host.ip}:{port};branch=z9hG4bK{self.hex(8).upper()}."
                f'{self.hex(16).upper()};branched=FALSE;ms-internal-info="{info}"',
                f"SIP/2.0/TLS {self.CLIENT}:{self.client_port};ms-received-port={self.client_port};"
                f"ms-received-cid={self.cid}"]

    def record_route(self, transport: str) -> str:
        port = 5061 if transport == "TLS" else 5060
        return (f"<sip:{self.FQDN}:{port};transport={transport.lower()};opaque=state:T:F:Ci.R{self.cid};"
                f"lr;ms-route-sig={self.signature}>;tag={self.route_tag}")

    def request_headers(self, method: str, peer: Party) -> list[Header]:
        headers = [("User-Agent", self.release.agent)]
        if method in ("SUBSCRIBE", "INVITE"):
            headers.insert(0, ("Contact", self.contact))
        if method == "SUBSCRIBE":
            headers += [
                ("Event", "presence"),
                ("Accept", "application/msrtc-event-categories+xml, application/xpidf+xml, "
                           "text/xml+msrtc.pidf, application/pidf+xml, application/rlmi+xml, "
                           "multipart/related"),
                ("Supported", "com.microsoft.autoextend"), ("Supported", "ms-benotify"),
                ("Proxy-Require", "ms-benotify"), ("Supported", "ms-piggyback-first-notify")]
        if method == "INVITE":
            conversation = base64.b64encode(self.rng.randbytes(22)).decode()
            headers += [
                ("Supported", "ms-delayed-accept"), ("Supported", "ms-renders-isf"),
                ("Supported", "ms-renders-gif"), ("Supported", "ms-renders-mime-alternative"),
                ("Ms-Conversation-ID", conversation), ("Supported", "timer"),
                ("Supported", "histinfo"), ("Supported", "ms-safe-transfer"),
                ("Supported", "ms-sender"), ("Supported", "ms-early-media"),
                ("Roster-Manager", self.uri), ("EndPoints", f"<{self.uri}>, <{peer.uri}>"),
                ("ms-keep-alive", "UAC;hop-hop=yes"),
                ("Allow", "INVITE, BYE, ACK, CANCEL, INFO, MESSAGE, UPDATE, REFER, NOTIFY, BENOTIFY"),
                ("ms-subnet", "10.1.1.0"), ("Supported", "ms-conf-invite"),
                ("history-info", f"<{peer.uri}>;index=1")]
        return headers

    def response_headers(self, method: str, code: int) -> list[Header]:
        by_server = code == 100 or code >= 400 or method == "SUBSCRIBE"
        headers = [("Server", self.release.server) if by_server
                   else ("User-Agent", self.release.agent)]
        if method in ("SUBSCRIBE", "INVITE") and 101 <= code < 300:
            headers.append(("Contact", self.contact))
        return headers

    def received(self, via: str, sender: net.Host, port: int) -> str:
        return f"{via};received={sender.ip};ms-received-port={port};ms-received-cid={self.cid}"


class Cisco(Party):
    """A user of Cisco Unified Presence: the SIP gateway on 5080 behind the SIP proxy."""

    def __init__(self, rng: random.Random, user: str = "anna", host: net.Host = net.CUPS,
                 fqdn: str = "cups01.tomt.local", port: int = 5062, maddr: str | None = "",
                 domain: str = "tomt.local", behind_proxy: bool = True) -> None:
        super().__init__(host, f"sip:{user}@{domain}", "", rng)
        self.fqdn, self.port, self.behind_proxy = fqdn, port, behind_proxy
        self.maddr = fqdn if maddr == "" else maddr
        self.tag = self._identifier()
        self.contact = f"<sip:{host.ip}:5080;transport=TCP>"

    def _identifier(self) -> str:
        """The gateway's form of an id: pointer, address, port, number, time, random, time."""
        address = "".join(f"{int(part):02x}" for part in reversed(self.host.ip.split(".")))
        now = f"{int(time.time()):08x}"
        return f"a{self.hex(5)}f0-{address}-13d8-45026-{now}-{self.hex(8)}-{now}"

    def call_id(self) -> str:
        return self._identifier()

    def tag_parameters(self, code: int = 200) -> str:
        return f";tag={self.tag}"

    def vias(self, transport: str, port: int) -> list[str]:
        gateway = (f"SIP/2.0/TCP {self.host.ip}:5080;branch=z9hG4bK-{int(time.time()):08x}-"
                   f"{self.hex(8)}-{self.hex(8)}")
        if not self.behind_proxy:
            return [gateway]
        return [f"SIP/2.0/{transport} {self.host.ip}:{self.port};branch=z9hG4bK{self.hex(8)}-"
                f"{self.hex(4)}-{self.hex(12)}", gateway]

    def record_route(self, transport: str) -> str | None:
        if not self.behind_proxy:
            return None
        maddr = f";maddr={self.maddr}" if self.maddr else ""
        return f"<sip:{self.host.ip}:{self.port};transport={transport.lower()}{maddr};lr>"

    def request_headers(self, method: str, peer: Party) -> list[Header]:
        headers: list[Header] = []
        if method in ("SUBSCRIBE", "INVITE", "NOTIFY"):
            headers.append(("Contact", self.contact))
        if method == "SUBSCRIBE":
            headers += [("Expires", "7446"), ("Event", "presence"),
                        ("Accept", "application/pidf+xml, application/cpim-pidf+xml")]
        if method == "INVITE":
            headers.append(("Allow", "INVITE, BYE, ACK, CANCEL, INFO, MESSAGE, SUBSCRIBE, NOTIFY"))
        return headers

    def response_headers(self, method: str, code: int) -> list[Header]:
        if method in ("SUBSCRIBE", "INVITE") and 101 <= code < 300:
            return [("Contact", self.contact)]
        return []

    def received(self, via: str, sender: net.Host, port: int) -> str:
        return via


@dataclass
class Request:
    method: str
    cseq: int
    sender: Party
    vias: list[str]
    record_routes: list[str]
    addresses: tuple[str, str]
    port: int
    data: bytes
    answered_to: str = ""   # the To of its last answer


@dataclass
class Dialog:
    """What two parties exchange under one Call-ID."""

    caller: Party
    callee: Party
    transport: str = "TLS"
    established: bool = False
    proxy: Party | None = None   # who answers in the peer's place, if anybody
    call_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.call_id = self.caller.call_id()

    def peer(self, party: Party) -> Party:
        return self.callee if party is self.caller else self.caller

    def _address(self, party: Party) -> str:
        """Only the caller's display name is in the messages: nobody tells the caller the callee's."""
        return (party.display if party is self.caller else "") + f"<{party.uri}>"

    def answerer(self, sender: Party) -> Party:
        return self.proxy or self.peer(sender)

    def request(self, sender: Party, method: str, port: int, headers: tuple[Header, ...] = (),
                body: Body | None = None, acknowledges: Request | None = None) -> Request:
        """A request of `sender`, leaving from TCP or UDP port `port`.

        `acknowledges` makes the ACK to a failed INVITE: same hop, same branch.
        """
        peer = self.peer(sender)
        if method != "ACK":
            sender.cseq += 1
        if acknowledges:
            vias = acknowledges.vias[:1]
        else:
            vias = sender.vias(self.transport, port)
        addresses = (self._address(sender) + sender.tag_parameters(), self._address(peer))
        if acknowledges:
            addresses = (acknowledges.addresses[0], acknowledges.answered_to)
        elif self.established:
            addresses = (addresses[0], addresses[1] + peer.tag_parameters())
        routes = [sender.record_route(self.transport)] if method in ("SUBSCRIBE", "INVITE") else []
        routes = [route for route in routes if route]
        uri = peer.contact.strip("<>") if self.established else peer.uri
        lines: list[Header] = [("Via", vias[0])]
        lines += [("Record-Route", route) for route in routes]
        peer_route = peer.record_route(self.transport)
        if self.established and peer_route:
            lines.append(("Route", peer_route.split(">")[0] + ">"))
        lines += [("Max-Forwards", "69"), *(("Via", via) for via in vias[1:]),
                  ("From", addresses[0]), ("To", addresses[1]), ("Call-ID", self.call_id),
                  ("CSeq", f"{sender.cseq} {method}")]
        if not acknowledges:
            lines += sender.request_headers(method, peer)
        data = _message(f"{method} {uri} SIP/2.0", lines + list(headers), body)
        return Request(method, sender.cseq, sender, vias, routes, addresses, port, data)

    def response(self, request: Request, code: int, reason: str,
                 headers: tuple[Header, ...] = (), body: Body | None = None) -> bytes:
        answerer = self.answerer(request.sender)
        source, target = request.addresses
        if code > 100 and ";tag=" not in target:
            # One tag for all provisional answers and the final one, except a server's own refusal.
            target += answerer.tag_parameters(code)
        request.answered_to = target
        top = answerer.received(request.vias[0], request.sender.host, request.port)
        lines: list[Header] = [("Via", top), *(("Via", via) for via in request.vias[1:])]
        if request.record_routes and 101 <= code < 300:
            own = answerer.record_route(self.transport)
            lines += [("Record-Route", route) for route in [own, *request.record_routes] if route]
        lines += [("From", source), ("To", target), ("Call-ID", self.call_id),
                  ("CSeq", f"{request.cseq} {request.method}")]
        lines += answerer.response_headers(request.method, code)
        if 200 <= code < 300:
            self.established = True
        return _message(f"SIP/2.0 {code} {reason}", lines + list(headers), body)


def _message(first: str, headers: list[Header], body: Body | None) -> bytes:
    data = body.data if body else b""
    if body:
        headers = headers + [("Content-Type", body.kind)]
    headers = headers + [("Content-Length", str(len(data)))]
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in headers), "", ""]).encode() + data


def digest_challenge(rng: random.Random, fqdn: str = "cups01.tomt.local") -> Header:
    return ("WWW-Authenticate", f'Digest realm="{fqdn}", nonce="{int(time.time())}:'
                                f'{rng.getrandbits(128):032x}", algorithm=MD5, qop="auth"')


def lync_challenge(fqdn: str = Lync.FQDN) -> tuple[Header, ...]:
    """The three schemes that a Lync server offers to whom it takes for a client."""
    realm = 'realm="SIP Communications Service"'
    return (("Date", email.utils.formatdate(usegmt=True)),
            ("WWW-Authenticate", f'NTLM {realm}, targetname="{fqdn}", version=4'),
            ("WWW-Authenticate", f'Kerberos {realm}, targetname="sip/{fqdn}", version=4'),
            ("WWW-Authenticate", f'TLS-DSK {realm}, targetname="{fqdn}", version=4, '
                                 f'sts-uri="https://{fqdn}:443/CertProv/CertProvisioningService.svc"'))
