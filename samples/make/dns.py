"""A few DNS messages: enough for a lab whose names resolve."""
from __future__ import annotations

import random
import struct

import net
from flows import Flow

A, PTR, SRV = 1, 12, 33


def _name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _data(kind: int, value: str) -> bytes:
    if kind == A:
        return bytes(int(part) for part in value.split("."))
    if kind == PTR:
        return _name(value)
    port, target = value.split()
    return struct.pack("!HHH", 0, 0, int(port)) + _name(target)


def lookup(lab: net.Lab, rng: random.Random, asker: net.Host, name: str, kind: int, value: str) -> Flow:
    """One question and its answer, over UDP port 53."""
    wire = lab.datagrams(asker, rng.randrange(33000, 60000), net.DNS, 53)
    number, question = rng.getrandbits(16), _name(name) + struct.pack("!HH", kind, 1)
    wire.send(asker, struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + question)
    yield 0.001
    data = _data(kind, value)
    wire.send(net.DNS, struct.pack("!HHHHHH", number, 0x8580, 1, 1, 0, 0) + question
              + struct.pack("!HHHIH", 0xC00C, kind, 1, 3600, len(data)) + data)
    wire.close()
    yield 0.001
