"""Conversations over legs. Each is a generator that yields the pause before its next step,
so that several can run one after the other or interleaved."""
from __future__ import annotations

import random
import time
from typing import Generator, Protocol

import messages as sip
import net

Flow = Generator[float, None, object]
KEEP_ALIVE = b"\r\n\r\n"

TRYING, RINGING, OK = (100, "Trying"), (180, "Ringing"), (200, "OK")


class Wire(Protocol):
    def send(self, sender: net.Host, data: bytes) -> None: ...
    def port_of(self, host: net.Host) -> int: ...


def play(*flows: Flow) -> None:
    """One after the other, in real time."""
    for flow in flows:
        for pause in flow:
            time.sleep(pause)


def interleave(rng: random.Random, *flows: Flow) -> None:
    """Steps of all flows mixed, each flow in its own order."""
    running = list(flows)
    while running:
        flow = rng.choice(running)
        try:
            next(flow)
        except StopIteration:
            running.remove(flow)
        time.sleep(rng.uniform(0.002, 0.03))


def wait(seconds: float) -> Flow:
    yield seconds


def keep_alive(wire: Wire, sender: net.Host) -> Flow:
    wire.send(sender, KEEP_ALIVE)
    yield 0.05


STEP = 0.02


def transact(dialog: sip.Dialog, wire: Wire, sender: sip.Party, method: str,
             *answers: tuple, headers: tuple[sip.Header, ...] = (),
             body: sip.Body | None = None, thinks: float = STEP) -> Flow:
    """A request, then its answers: (code, reason[, headers[, body]]) each, `thinks` seconds apart."""
    request = dialog.request(sender, method, wire.port_of(sender.host), headers, body)
    wire.send(sender.host, request.data)
    for answer in answers:
        yield thinks
        wire.send(dialog.answerer(sender).host, dialog.response(request, *answer))
    yield STEP
    return request


def refused_invite(dialog: sip.Dialog, wire: Wire, answer: tuple, thinks: float = STEP) -> Flow:
    """An INVITE, its failure after `thinks` seconds, and the ACK of the same hop."""
    caller = dialog.caller
    request = yield from transact(dialog, wire, caller, "INVITE", TRYING,
                                  body=sip.session(caller.host.ip, "null"))
    yield thinks
    wire.send(dialog.answerer(caller).host, dialog.response(request, *answer))
    yield STEP
    ack = dialog.request(caller, "ACK", wire.port_of(caller.host), acknowledges=request)
    wire.send(caller.host, ack.data)
    yield STEP


def notify(dialog: sip.Dialog, wire: Wire, notifier: sip.Party, state: str, basic: str,
           note: str) -> Flow:
    yield from transact(dialog, wire, notifier, "NOTIFY", OK,
                        headers=(("Event", "presence"), ("Subscription-State", state)),
                        body=sip.presence(notifier.uri, basic, note))


def accepted_subscription(dialog: sip.Dialog, out: Wire, expires: int = 3600) -> Flow:
    """SUBSCRIBE answered 200, without a body: the state is still to come."""
    yield from transact(dialog, out, dialog.caller, "SUBSCRIBE",
                        (*OK, (("Event", "presence"), ("Expires", str(expires)))))


def watch(dialog: sip.Dialog, out: Wire, back: Wire, expires: int = 3600) -> Flow:
    """A presence subscription that works: the caller asks over `out`, NOTIFYs come over `back`."""
    yield from accepted_subscription(dialog, out, expires)
    yield from notify(dialog, back, dialog.callee, f"active;expires={expires}", "open", "Available")
    yield 0.2
    yield from notify(dialog, back, dialog.callee, f"active;expires={expires - 1}", "open", "In a meeting")


def chat(dialog: sip.Dialog, wire: Wire, lines: tuple[str, ...] = ("Hello", "Are you there?"),
         back: Wire | None = None) -> Flow:
    """An IM session; with `back` the callee answers over its own connection."""
    caller, callee = dialog.caller, dialog.callee
    answer = sip.session(callee.host.ip, callee.uri)
    yield from transact(dialog, wire, caller, "INVITE", TRYING, RINGING, (*OK, (), answer),
                        body=sip.session(caller.host.ip, "null"))
    ack = dialog.request(caller, "ACK", wire.port_of(caller.host))
    wire.send(caller.host, ack.data)
    yield 0.1
    for number, line in enumerate(lines):
        speaker, over = (callee, back) if back and number % 2 else (caller, wire)
        yield from transact(dialog, over, speaker, "INFO", OK, body=sip.typing())
        yield 0.1
        yield from transact(dialog, over, speaker, "MESSAGE", OK, body=sip.Body(sip.TEXT, line))
        yield 0.1
    yield from transact(dialog, wire, caller, "BYE", OK)
