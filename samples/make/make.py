#!/usr/bin/env python3
"""Makes samples: `make.py [NAME...]`, all of them without a name. Needs root (network namespaces)."""
from __future__ import annotations

import argparse
import gzip
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

import encrypted  # noqa: E402, F401 (registers its samples)
import net  # noqa: E402
import pki  # noqa: E402
import scenarios  # noqa: E402

SAMPLES_DIRECTORY = Path(__file__).resolve().parent.parent


def make(sample: scenarios.Sample, directory: Path) -> Path:
    """Plays one scenario in a lab of its own and leaves the capture in `directory`."""
    target = directory / sample.file
    with tempfile.TemporaryDirectory() as temporary:
        raw = Path(temporary) / "capture.pcap"
        with net.Lab(f"sd{os.getpid()}") as lab:
            keylog = Path(temporary) / "sessions.keys"
            stage = scenarios.Stage(lab, random.Random(sample.name), keylog)
            with lab.capture(raw, sample.capture_options, sample.captured_at):
                sample.make(stage)
        if sample.secrets == "beside":
            (directory / f"{sample.name}.keys").write_bytes(keylog.read_bytes())
        inside = keylog if sample.secrets == "inside" else None
        target.write_bytes(_contained(raw, sample.file, inside))
    return target


def _contained(raw: Path, file: str, keylog: Path | None = None) -> bytes:
    """The capture in the container that the file name promises, with a key log inside if there is one."""
    if ".pcapng" in file:
        converted = raw.with_suffix(".pcapng")
        secrets = ["--inject-secrets", f"tls,{keylog}"] if keylog else []
        subprocess.run(["editcap", "-F", "pcapng", *secrets, raw, converted], check=True)
        raw = converted
    data = raw.read_bytes()
    return gzip.compress(data, mtime=0) if file.endswith(".gz") else data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="samples to make; default: all")
    parser.add_argument("--list", action="store_true", help="say what there is, make nothing")
    parser.add_argument("-o", "--output", type=Path, default=SAMPLES_DIRECTORY, help="directory for the captures")
    arguments = parser.parse_args()
    if arguments.list:
        for name, sample in scenarios.SAMPLES.items():
            print(f"{name}: {' '.join(sample.make.__doc__.split())}")
        return
    unknown = set(arguments.names) - scenarios.SAMPLES.keys()
    if unknown:
        parser.error(f"no such sample: {', '.join(sorted(unknown))}")
    if os.geteuid():
        parser.error("network namespaces need root")
    pki.ensure()
    for name in arguments.names or scenarios.SAMPLES:
        path = make(scenarios.SAMPLES[name], arguments.output)
        print(f"{path.name}\t{path.stat().st_size}", flush=True)


if __name__ == "__main__":
    main()
