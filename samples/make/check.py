#!/usr/bin/env python3
"""Checks with tshark that each sample has on the wire what it claims. Needs no root."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SAMPLES_DIRECTORY = Path(__file__).resolve().parent.parent
PROJECT = SAMPLES_DIRECTORY.parent

# TLS and SIP by port, as tshark does not find either by content everywhere.
DECODE = [option for rule in ("tcp.port==5060,sip", "tcp.port==5061,tls", "tcp.port==5062,tls",
                              "tls.port==5061,sip", "tls.port==5062,sip")
          for option in ("-d", rule)]

LYNC, CUPS = "ip.src==10.1.1.10", "ip.src==10.1.1.20"
RESET_AFTER_NOTHING = f"tcp.flags.reset==1 && {LYNC}"
FATAL = "tls.alert_message.level==2 && tls.alert_message.desc=="
GREETED = "tls.handshake.type==1"
ASKED_FOR_CERTIFICATE = "tls.handshake.type==13"
SYN = "tcp.flags.syn==1 && tcp.flags.ack==0"


def status(code: int, method: str = "") -> str:
    return f"sip.Status-Code=={code}" + (f' && sip.CSeq.method=="{method}"' if method else "")


def request(method: str) -> str:
    return f'sip.Method=="{method}"'


def chosen(suite: int, times: int) -> tuple[tuple[str, int], ...]:
    return ((f"tls.handshake.type==2 && tls.handshake.ciphersuite==0x{suite:04x}", times),)


LYNC_PORT = 5061
# Presence and IM both ways, over connections for each direction.
HEALTHY = (
    (request("SUBSCRIBE"), 2), (status(200, "SUBSCRIBE"), 2), (request("NOTIFY"), 3), (status(200, "NOTIFY"), 3),
    (request("MESSAGE"), 4), (status(200, "MESSAGE"), 4), (request("BYE"), 2), (status(200, "BYE"), 2),
    ("sip.Status-Code>=300", 0), ("tcp.flags.reset==1", 0))

# sample: (display filter, number of frames it must match)...
CLAIMS: dict[str, tuple[tuple[str, int], ...]] = {
    "healthy-presence-im-tcp.pcapng": (
        (request("SUBSCRIBE"), 2), (status(200, "SUBSCRIBE"), 2), (request("NOTIFY"), 3),
        (status(200, "NOTIFY"), 3), (request("MESSAGE"), 4), (status(200, "MESSAGE"), 4),
        (request("INFO"), 4), (request("BYE"), 2), ('sip.Server contains "RTC/3.5"', 2),
        ("sip.Status-Code>=300", 0), ("tcp.flags.reset==1", 0)),
    "healthy-mutual-tls-null.pcapng": (
        (ASKED_FOR_CERTIFICATE, 2), ("tls.handshake.type==2 && tls.handshake.ciphersuite==0x0002", 2),
        (request("NOTIFY"), 3), (status(200, "NOTIFY"), 3), (request("MESSAGE"), 2),
        ("sip.Status-Code>=300", 0), ("tcp.flags.reset==1", 0)),
    "mutual-tls-no-secrets.pcapng": (
        ("tls.handshake.type==2 && tls.handshake.ciphersuite==0x002f", 1),
        ("tls.handshake.type==2 && tls.handshake.ciphersuite==0x000a", 1),
        (ASKED_FOR_CERTIFICATE, 2), ("sip", 0), ("tcp.flags.reset==1", 0)),
    "udp-fragments.pcap": (
        ("ip.flags.mf==1", 4), (request("NOTIFY"), 1), (status(200, "NOTIFY"), 1),
        (request("MESSAGE"), 2), (status(200, "MESSAGE"), 2), ("sip.Status-Code>=300", 0)),
    "busy-mixed.pcapng.gz": (
        ("dns", 8), ("http", 6), (ASKED_FOR_CERTIFICATE, 4), (request("NOTIFY"), 10),
        (status(200, "NOTIFY"), 10), (request("MESSAGE"), 6), (status(200, "MESSAGE"), 6),
        ("sip.Status-Code>=300", 0), ("tcp.flags.reset==1", 0)),
    "syn-unanswered.pcap": (
        (f"{SYN} && {CUPS} && tcp.dstport==5061", 8), (f"{LYNC} && tcp.srcport==5061", 0),
        (status(408), 2)),
    "connect-refused.pcap": ((f"tcp.flags.reset==1 && {CUPS} && tcp.srcport==5061", 3),),
    "plain-sip-to-tls-port.pcap": (
        (f'{CUPS} && tcp.dstport==5061 && tcp.payload contains "SUBSCRIBE sip:"', 3),
        (f"{RESET_AFTER_NOTHING} && tcp.srcport==5061", 3)),
    "tls-to-plain-port.pcap": (
        (f"{LYNC} && tcp.dstport==5060 && tcp.payload[0:2]==16:03", 3),
        (f'{CUPS} && tcp.payload contains "SIP/2.0 400"', 3)),
    "no-common-cipher.pcap": (
        (f"{GREETED} && {CUPS} && tls.handshake.ciphersuite==0x000a", 3), (f"{FATAL}40", 3),
        ("tls.handshake.type==2 && tls.handshake.ciphersuite==0x002f", 1)),
    "protocol-version.pcap": ((f"{FATAL}70 && {LYNC}", 3),),
    "alert-unknown-ca.pcap": ((f"{FATAL}48 && {CUPS}", 3),),
    "alert-unsupported-certificate-eku.pcapng": (
        (f"{FATAL}43 && {CUPS} && tcp.srcport==5062 && tcp.len==7", 3), (request("MESSAGE"), 2)),
    "cert-missing-server-auth.pcap": ((f"{FATAL}43 && {LYNC} && tcp.dstport==5062", 3),),
    "cert-expired.pcap": ((f"{FATAL}45 && {LYNC}", 3),),
    "cert-name-mismatch.pcap": (
        (f"{FATAL}42 && {LYNC}", 3),
        ('tls.handshake.extensions_server_name=="cups01.tomt.local"', 3),
        ('x509ce.dNSName=="imp-old.tomt.local"', 3)),
    "client-cert-empty.pcap": (
        (f"{LYNC} && tls.handshake.certificates_length==0", 3), (f"{FATAL}40 && {CUPS}", 3)),
    "reset-during-handshake.pcap": (
        ("tls.handshake.type==15", 3), ("tls.alert_message", 0), (RESET_AFTER_NOTHING, 3)),
    "close-after-handshake.pcap": (
        (f"tcp.flags.fin==1 && {CUPS}", 3), ("tls.app_data", 0), ("tls.alert_message.level==2", 0)),
    "wrong-cup-listener.pcapng": (
        (f"{ASKED_FOR_CERTIFICATE} && {CUPS}", 0), (f"{status(401)} && {CUPS}", 4),
        ("sip.Authorization", 0)),
    "digest-401-unanswered.pcapng": (
        (f"{ASKED_FOR_CERTIFICATE} && {CUPS}", 1), (f"{status(401)} && {CUPS}", 4),
        ("sip.Authorization", 0)),
    "lync-challenges-cisco.pcapng": (
        (f'{status(401)} && sip contains "TLS-DSK realm="', 3), ("sip.Authorization", 0)),
    "maddr-not-trusted-504.pcapng": (
        ('sip.Record-Route contains "maddr=cup-pub.tomt.local"', 3),
        (f'{status(504)} && sip contains "ms-diagnostics: 1010;"', 3)),
    "forbidden-403.pcapng": ((f'{status(403)} && sip contains "ms-diagnostics: 1002;"', 3),),
    "naked-504.pcapng": (
        (status(504), 3), ('sip contains "ms-diagnostics"', 0),
        (f'{CUPS} && tcp.dstport==5061 && sip contains "maddr"', 0)),
    "subscribe-no-notify.pcapng": (
        (status(200, "SUBSCRIBE"), 2), (request("NOTIFY"), 0), (request("BENOTIFY"), 0),
        (f"{SYN} && {CUPS}", 0), (f'{request("MESSAGE")} && frame.time_relative>35', 1)),
    "sip-408.pcapng": ((status(408, "NOTIFY"), 1), (status(408, "INVITE"), 1)),
    "healthy-tls10-3des.pcapng": (*HEALTHY, *chosen(0x000a, 2), (ASKED_FOR_CERTIFICATE, 2)),
    "healthy-tls12-ecdhe.pcapng": (*HEALTHY, *chosen(0xc02f, 2), (ASKED_FOR_CERTIFICATE, 2)),
    "healthy-tls13-secrets-inside.pcapng": (
        *HEALTHY, *chosen(0x1302, 2), (ASKED_FOR_CERTIFICATE, 2),
        ("tls.handshake.type==2 && tls.handshake.extensions.supported_version==0x0304", 2)),
    "digest-401-tls10-aes.pcapng": (
        *chosen(0x002f, 2), (f"{status(401)} && {CUPS}", 4), ("sip.Authorization", 0),
        (f"sip && tcp.port=={LYNC_PORT}", 0), (f"{CUPS} && tcp.dstport=={LYNC_PORT} && tls.app_data", 8)),
    "maddr-not-trusted-tls12.pcapng": (
        *chosen(0x003c, 2), ('sip.Record-Route contains "maddr=cup-pub.tomt.local"', 3),
        (f'{status(504)} && sip contains "ms-diagnostics: 1010;"', 3)),
}

# Nothing of it may be readable without the secrets.
HIDDEN = ("healthy-tls10-3des.pcapng", "healthy-tls12-ecdhe.pcapng", "digest-401-tls10-aes.pcapng",
          "maddr-not-trusted-tls12.pcapng")


def secrets() -> dict[str, list[str]]:
    """What tshark needs to open a sample, from the options that EXPECTED.tsv gives sipdiag."""
    spelling = {"--keylog": "tls.keylog_file:{}", "--rsa-key": 'uat:rsa_keys:"{}",""'}
    found = {}
    for line in (SAMPLES_DIRECTORY / "EXPECTED.tsv").read_text().splitlines()[1:]:
        sample, *_, options = line.split("\t")
        words = iter([] if options == "-" else options.split())
        found[sample] = [part for option, file in zip(words, words)
                         for part in ("-o", spelling[option].format(PROJECT / file))]
    return found


def frames(sample: str, display_filter: str, options: list[str]) -> list[str]:
    """The numbers of the frames of a sample that match."""
    command = ["tshark", "-r", str(SAMPLES_DIRECTORY / sample), *DECODE, *options, "-Y", display_filter,
               "-T", "fields", "-e", "frame.number"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def main() -> int:
    wrong = 0
    opened = secrets()
    claims = [(sample, claim, opened[sample]) for sample, claims in CLAIMS.items() for claim in claims]
    claims += [(sample, ("sip", 0), []) for sample in HIDDEN]
    for sample, (display_filter, expected), options in claims:
        found = frames(sample, display_filter, options)
        right = len(found) == expected
        wrong += not right
        print(f"{'ok   ' if right else 'WRONG'} {sample}: {display_filter}: {expected}"
              f"{'' if right else f', not {len(found)}'} [{' '.join(found)}]")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
