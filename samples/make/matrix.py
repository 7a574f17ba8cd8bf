#!/usr/bin/env python3
"""Makes tests/decrypt: one small capture per cipher suite and per turn of a session. Needs root.

`matrix.py [NAME...]`: all of them without a name. The table EXPECTED.tsv is brought up to date.
"""
from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path


sys.dont_write_bytecode = True

import cells  # noqa: E402
import gnutls  # noqa: E402, F401 (registers cells, as java and turns do)
import java  # noqa: E402, F401
import net  # noqa: E402
import pki  # noqa: E402
import turns  # noqa: E402, F401

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "tests" / "decrypt"
COLUMNS = ("file", "stream", "with", "version", "suite", "resumed", "messages", "outcome",
           "client_bytes", "client_sha256", "server_bytes", "server_sha256")


def rows(cell: cells.Cell, table: cells.Told) -> list[str]:
    """One row for each connection and each kind of secret."""
    lines = []
    for variant, outcome in cell.variants.items():
        for number, talk in enumerate(table.talks):
            opened = [word for data in (talk.client, talk.server)
                      for word in (str(len(data)), hashlib.sha256(data).hexdigest())]
            lines.append("\t".join((
                f"{cell.name}.pcap", str(number), variant, cell.version, f"0x{cell.suite:04X}",
                "yes" if talk.resumed else "no", str(talk.messages) if outcome == "decrypted" else "0", outcome,
                *(opened if outcome == "decrypted" else ["-"] * 4))))
    return lines


def make(lab: net.Lab, cell: cells.Cell) -> list[str]:
    told = cells.Told(cell.name, lab)
    target = DIRECTORY / f"{cell.name}.pcap"
    with tempfile.TemporaryDirectory() as temporary:
        raw = Path(temporary) / "capture.pcap"
        with lab.capture(raw):
            cell.play(told)
        target.write_bytes(raw.read_bytes())
    logs = {"keylog": told.keylog, "wrong-keylog": [cells.spoilt(line) for line in told.keylog]}
    for variant, suffix in (("keylog", ".keys"), ("wrong-keylog", ".wrong.keys")):
        if variant in cell.variants:
            (DIRECTORY / f"{cell.name}{suffix}").write_text("".join(f"{line}\n" for line in logs[variant]))
    return rows(cell, told)


def main() -> None:
    if os.geteuid():
        sys.exit("network namespaces need root")
    pki.ensure()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    chosen = [cell for cell in cells.CELLS if not sys.argv[1:] or cell.name in sys.argv[1:]]
    made, failed = {}, []
    with net.Lab(f"sm{os.getpid()}", (net.LYNC, net.CUPS)) as lab:
        for cell in chosen:
            try:
                made[cell.name] = make(lab, cell)
                print(f"{cell.name}\t{(DIRECTORY / f'{cell.name}.pcap').stat().st_size}", flush=True)
            except Exception as error:  # noqa: BLE001 (said at the end)
                failed.append(f"{cell.name}: {type(error).__name__}: {error}")
    write_table(made)
    for line in failed:
        print(f"FAILED {line}")
    if failed:
        sys.exit(1)


def write_table(made: dict[str, list[str]]) -> None:
    """The table anew, with the lines of what was not made as they were."""
    path = DIRECTORY / "EXPECTED.tsv"
    lines = ["\t".join(COLUMNS)]
    old = path.read_text().splitlines()[1:] if path.exists() else []
    for cell in cells.CELLS:
        lines += made.get(cell.name) or [line for line in old if line.startswith(f"{cell.name}.pcap\t")]
    path.write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
