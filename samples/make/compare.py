#!/usr/bin/env python3
"""Makes small captures, runs programs that list SIP on them, and writes the table of docs/comparison.md.

`compare.py SIPDIAG [--keep DIRECTORY] [--only TEXT] [--sip-doctor PATH] [--sipnab PATH] [--show]`: SIPDIAG is the binary. The
captures are kept in DIRECTORY. With --only (part of "group: title") or --show the table is printed and the document left alone.
"""
from __future__ import annotations

import argparse
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True

from compare_cases import CASES, Case  # noqa: E402
import compare_streams  # noqa: E402, F401 (registers cases)
import compare_sip  # noqa: E402, F401 (these come last)

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "comparison.md"
MARKS = ("<!-- table: samples/make/compare.py -->", "<!-- end of the table -->")
FAILED = "failed"
Key = tuple[str, str]


def squash(text: str | bytes) -> str:
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return re.sub(r"[\s\x00]+", "", text)


def key(text: bytes) -> Key:
    """Start line and Call-ID of a message as it was sent."""
    call = re.search(rb"(?im)^(?:call-id|i)[ \t]*:\s*([^\r\n]*)", text.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return squash(re.split(rb"[\r\n]", text, maxsplit=1)[0]), squash(call.group(1)) if call else ""


def run(*command: str, limit: int = 120) -> bytes:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=limit).stdout


class Sipdiag:
    name, shown = "sipdiag", "sipdiag --list messages --format json --net any [--keylog KEYS] FILE"

    def __init__(self, path: str) -> None:
        self.path = path

    def version(self) -> str:
        return run(self.path, "--version").decode().strip()

    def list(self, case: Case, path: str) -> list[Key]:
        keys = ("--keylog", case.keylog) if case.keylog else ()
        rows = [json.loads(line) for line in run(self.path, "--list", "messages", "--format", "json", "--net", "any", *keys, path).splitlines()]
        return [(squash(row["start_line"] or ""), squash(row["call_id"] or "")) for row in rows if not row["duplicate"]]


class Tshark(Sipdiag):
    name, shown = "tshark", "tshark -n [-o tls.keylog_file:KEYS] -r FILE -Y sip -T pdml"

    def version(self) -> str:
        return run(self.path, "--version").decode().splitlines()[0]

    def list(self, case: Case, path: str) -> list[Key]:
        keys = ("-o", f"tls.keylog_file:{case.keylog}") if case.keylog else ()
        found = []
        # PDML may hold bytes that XML does not allow.
        text = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", run(self.path, "-n", *keys, "-r", path, "-Y", "sip", "-T", "pdml"))
        for part in xml.fromstring(text.decode("utf-8", "replace")).iter("proto"):
            if part.get("name") != "sip":
                continue
            fields = {}
            for item in part.iter("field"):
                fields.setdefault(item.get("name"), item.get("show") or "")
            start = fields.get("sip.Request-Line") or fields.get("sip.Status-Line")
            if start is not None:
                found.append((squash(start), squash(fields.get("sip.Call-ID", ""))))
        return found


class Sngrep(Sipdiag):
    """Its list of messages is saved through its screen: F2, "all dialogs", ".txt"."""
    name, shown = "sngrep", "sngrep -F -f RC -I FILE, where RC says \"set sip.noincomplete off\"; the messages are saved as .txt (F2)"

    def version(self) -> str:
        return run(self.path, "--version").decode().splitlines()[0]

    def list(self, case: Case, path: str) -> list[Key]:
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "rc").write_text("set sip.noincomplete off\n")
            # A machine that is busy may need longer than the first try waits.
            saved = self.save(path, directory, 1) or self.save(path, directory, 4)
        parts = re.split(rb"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d+ \S+ -> \S+\n", saved)
        return [key(part.lstrip(b"\r\n")) for part in parts[1:]]

    def save(self, path: str, directory: str, patience: int) -> bytes:
        screen, inside = pty.openpty()
        program = subprocess.Popen([self.path, "-F", "-f", "rc", "-I", path], cwd=directory, stdin=inside, stdout=inside,
                                   stderr=subprocess.DEVNULL, env=os.environ | {"TERM": "xterm", "LANG": "C.UTF-8", "LINES": "50", "COLUMNS": "160"})
        os.close(inside)

        def quiet(seconds: float, limit: float) -> None:
            """Waits until the screen has not changed for that long, or for `limit` seconds."""
            end = time.monotonic() + limit
            while time.monotonic() < end and select.select([screen], [], [], seconds)[0]:
                os.read(screen, 65536)
        try:
            quiet(0.8 * patience, 2 * patience)
            for press in (b"\x1b[12~", b"out", *[b"\t"] * 5, b" ", b"\n"):
                os.write(screen, press)
                quiet(0.15, 0.3 * patience)
            quiet(0.6 * patience, 1.5 * patience)
            result = Path(directory) / "out.txt"
            return result.read_bytes() if result.exists() else b""
        except OSError:
            return b""
        finally:
            program.kill()
            program.wait()
            os.close(screen)


class SipDoctor(Sipdiag):
    """Its JSON has no Request-URI: method, or status and reason, and Call-ID are compared."""
    name, shown = "sip-doctor", "sip-doctor read --all --json FILE"

    def version(self) -> str:
        return run(self.path, "--version").decode().strip()

    def list(self, case: Case, path: str) -> list[Key]:
        dialogs = json.loads(run(self.path, "read", "--all", "--json", path) or b"{}").get("dialogs", [])
        full = {(squash(short(start)), call): start for start, call in map(key, [*case.messages, *case.partial])}
        found = []
        for dialog in dialogs:
            for row in dialog["messages"]:
                if row["retransmission"]:
                    continue
                start = row["request"] or f"SIP/2.0{row['status']}{row['reason'] or ''}"
                call = "" if dialog["call_id"].startswith("(no Call-ID") else squash(dialog["call_id"])
                found.append((full.get((squash(start), call), squash(start)), call))
        return found


def short(start: str) -> str:
    return start if start.startswith("SIP/2.0") else re.split(r"(?:sips?|tel):", start, maxsplit=1)[0]


class Sipnab(Sipdiag):
    """Its JSON has no Request-URI either."""
    name, shown = "sipnab", "sipnab -N --json --portrange 1-65535 --ws-portrange 1-65535 [--keylog KEYS] -I FILE"

    def version(self) -> str:
        return run(self.path, "--version").decode().splitlines()[0]

    def list(self, case: Case, path: str) -> list[Key]:
        keys = ("--keylog", case.keylog) if case.keylog else ()
        full = {(squash(short(start)), call): start for start, call in map(key, [*case.messages, *case.partial])}
        found = []
        for line in run(self.path, "-N", "--json", "--portrange", "1-65535", "--ws-portrange", "1-65535", *keys, "-I", path).splitlines():
            row = json.loads(line)
            if "call_id" not in row:
                continue
            start = squash(row.get("method") or f"SIP/2.0{row.get('status_code')}{row.get('reason') or ''}")
            found.append((full.get((start, squash(row["call_id"])), start), squash(row["call_id"])))
        return found


def cell(program: Sipdiag, case: Case, path: str) -> str:
    """How many of the messages were listed; what else was."""
    try:
        listed = Counter(program.list(case, path))
    except (subprocess.TimeoutExpired, ValueError, KeyError, xml.ParseError, UnicodeError) as error:
        print(f"{program.name} on {case.title}: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    if case.count:
        return verdict(min(listed.total(), case.count), case.count, max(listed.total() - case.count, 0), 0)
    sent, partial = Counter(map(key, case.messages)), Counter(map(key, case.partial))
    starts = Counter(start for start, _ in partial.elements())
    wrong = unnamed = 0
    for (start, call), count in listed.items():
        if (start, call) in sent or (start, call) in partial:
            continue
        if call:
            wrong += count
            continue
        # Of a message of which bytes are missing, the start line may be all there is.
        count = max(count - starts[start], 0)
        if start in {one for one, _ in sent}:
            unnamed += count
        else:
            wrong += count
    again = sum(count - sent[one] for one, count in listed.items() if one in sent and count > sent[one])
    return verdict((sent & listed).total(), sent.total(), wrong, again, unnamed)


def verdict(found: int, sent: int, wrong: int, again: int, unnamed: int = 0) -> str:
    text = str(found) if found == sent else f"**{found}**"
    return (text + (f", {unnamed} without Call-ID" if unnamed else "") + (f", {wrong} wrong" if wrong else "")
            + (f", {again} again" if again else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sipdiag")
    parser.add_argument("--keep")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    for name in ("tshark", "sngrep", "sip-doctor", "sipnab"):
        parser.add_argument(f"--{name}", default=name)
    told = parser.parse_args()
    programs = [Sipdiag(str(Path(told.sipdiag).resolve()))] + [
        kind(shutil.which(path) or "") for kind, path in
        ((Tshark, told.tshark), (Sngrep, told.sngrep), (SipDoctor, told.sip_doctor), (Sipnab, told.sipnab))]
    cases = [made for made in (make() for make in CASES) if told.only in f"{made.group}: {made.title}"]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(told.jobs) as pool:
        directory = Path(told.keep or temporary)
        directory.mkdir(parents=True, exist_ok=True)
        waiting = []
        for case in cases:
            name = re.sub(r"[^a-z0-9]+", "-", f"{case.group} {case.title}".lower()).strip("-")
            path = directory / f"{name}{case.suffix}"
            path.write_bytes(case.data)
            waiting.append([pool.submit(cell, program, case, str(path)) if program.path else None for program in programs])
        rows = []
        for case, row in zip(cases, waiting):
            rows.append([one.result() if one else "not run" for one in row])
            print(case.group, case.title, len(case.messages), *rows[-1], sep="\t", file=sys.stderr, flush=True)
    text = table(programs, cases, rows)
    if told.only or told.show:
        print(text)
    else:
        document = DOCUMENT.read_text()
        before, rest = document.split(MARKS[0])
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.split(MARKS[1])[1]}")
    print(f"{len(cases)} cases in {time.monotonic() - began:.0f} s", file=sys.stderr)


def better(one: str, than: str) -> bool:
    """More found, or as many and nothing besides."""
    counts = [int(re.sub(r"\D.*", "", text.strip("*")) or 0) if text[:1] in "*0123456789" else -1 for text in (one, than)]
    return counts[0] > counts[1] or counts[0] == counts[1] and "," in than and "," not in one


def table(programs: list[Sipdiag], cases: list[Case], rows: list[list[str]]) -> str:
    out = ["| Program | As run |", "| --- | --- |"]
    for program in programs:
        out.append(f"| {program.version()} | `{program.shown}` |" if program.path else f"| {program.name} | not run |")
    group = None
    for case, row in zip(cases, rows):
        if case.group != group:
            group = case.group
            out += ["", f"### {group}", "", "| Case | Messages | " + " | ".join(program.name for program in programs) + " |",
                    "| --- |" + " ---: |" * (len(programs) + 1)]
        out.append(f"| {case.title} | {case.count or len(case.messages)} | " + " | ".join(row) + " |")
    whole = [sum(one.isdigit() for one in column) for column in zip(*rows)]
    out += ["", "### Cases with all messages, each once, and no other", "",
            "| Cases | " + " | ".join(program.name for program in programs) + " |", "| ---: |" + " ---: |" * len(programs),
            f"| {len(cases)} | " + " | ".join(str(count) if program.path else "not run" for count, program in zip(whole, programs)) + " |"]
    out += ["", "### Where another program finds more than sipdiag, or sipdiag is wrong", ""]
    less = [(case, row) for case, row in zip(cases, rows) if not row[0].isdigit()]
    for case, row in less:
        best = [f"{program.name} {one}".replace("*", "") for program, one in zip(programs[1:], row[1:]) if better(one, row[0])]
        out.append(f"- {case.group}, {case.title} ({case.count or len(case.messages)}): sipdiag {row[0]}; ".replace("*", "")
                   + (", ".join(best) if best else "no other finds more"))
    out += [] if less else ["None."]
    out += ["", "### Where another program lists what was not sent, or twice, or without its Call-ID", ""]
    for at, program in enumerate(programs[1:], 1):
        odd = [f"{case.group}, {case.title} ({row[at].partition(', ')[2]})" for case, row in zip(cases, rows) if ", " in row[at]]
        out += [f"- {program.name}: {'; '.join(odd)}"] if odd else []
    return "\n".join(out)


if __name__ == "__main__":
    main()
