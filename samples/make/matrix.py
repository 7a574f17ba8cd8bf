#!/usr/bin/env python3
"""Makes tests/decrypt: one small capture per cipher suite and per turn of a session. Needs root.

`matrix.py [NAME...]`; the table EXPECTED.tsv is written when all of them are made.
"""
from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path


sys.dont_write_bytecode = True

import cells  # noqa: E402
import net  # noqa: E402
import pki  # noqa: E402

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
    table = ["\t".join(COLUMNS)]
    failed = []
    with net.Lab(f"sm{os.getpid()}", (net.LYNC, net.CUPS)) as lab:
        for cell in chosen:
            try:
                table += make(lab, cell)
                print(f"{cell.name}\t{(DIRECTORY / f'{cell.name}.pcap').stat().st_size}", flush=True)
            except Exception as error:  # noqa: BLE001 (said at the end)
                failed.append(f"{cell.name}: {type(error).__name__}: {error}")
    for line in failed:
        print(f"FAILED {line}")
    if len(chosen) == len(cells.CELLS) and not failed:
        (DIRECTORY / "EXPECTED.tsv").write_text("".join(f"{line}\n" for line in table))
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
