#!/usr/bin/env python3
"""Checks with tshark that the secrets in tests/decrypt open what was said. Needs no root."""
from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
DIRECTORY = PROJECT / "tests" / "decrypt"
DECODE = ["-d", "tcp.port==5061,tls", "-d", "tls.port==5061,sip"]


def secrets(row: dict[str, str]) -> list[str]:
    stem = row["file"].removesuffix(".pcap")
    match row["with"]:
        case "keylog":
            return ["-o", f"tls.keylog_file:{DIRECTORY / stem}.keys"]
        case "wrong-keylog":
            return ["-o", f"tls.keylog_file:{DIRECTORY / stem}.wrong.keys"]
        case _:
            return ["-o", f'uat:rsa_keys:"{PROJECT / "samples/pki/cups01.key.pem"}",""']


def plaintext(row: dict[str, str]) -> tuple[bytes, bytes]:
    """What tshark reads of both directions of a connection, the client's first."""
    command = ["tshark", "-n", "-r", str(DIRECTORY / row["file"]), *DECODE, *secrets(row), "-q",
               "-z", f"follow,tls,raw,{row['stream']}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sides, client_is_first = ["", ""], True
    for line in output.splitlines():
        digits = line.strip()
        if digits.startswith("Node 0:"):
            client_is_first = not digits.endswith(":5061")
        elif digits and set(digits) <= set("0123456789abcdef"):
            sides[line.startswith("\t") is client_is_first] += digits
    return bytes.fromhex(sides[0]), bytes.fromhex(sides[1])


def main() -> int:
    lines = (DIRECTORY / "EXPECTED.tsv").read_text().splitlines()
    columns = lines[0].split("\t")
    wrong = 0
    for line in lines[1:]:
        row = dict(zip(columns, line.split("\t")))
        if sys.argv[1:] and row["file"].removesuffix(".pcap") not in sys.argv[1:]:
            continue
        if "-aria" in row["file"]:
            print(f"-     {row['file']}: tshark 4.0 has no ARIA")
            continue
        found = plaintext(row)
        expected = (row["client_sha256"], row["server_sha256"])
        if row["outcome"] == "decrypted":
            right = tuple(hashlib.sha256(side).hexdigest() for side in found) == expected
        else:
            right = found == (b"", b"")
        wrong += not right
        said = "" if right else f": {len(found[0])} and {len(found[1])} bytes, not {row['client_bytes']} and {row['server_bytes']}"
        print(f"{'ok   ' if right else 'WRONG'} {row['file']} {row['stream']} {row['with']} {row['outcome']}{said}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
