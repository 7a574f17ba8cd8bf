"""The throw-away certification authorities, certificates and keys of the lab (samples/pki).

Everything made here is public on purpose: it protects nothing and must be
trusted by nobody. `ensure` makes only what is missing, so that certificates
stay the same as those in the captures.
"""
from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DIRECTORY = Path(__file__).resolve().parent.parent / "pki"

MARK = "THROW-AWAY lab material of sipdiag. Public. Protects nothing. Trust it nowhere.\n"
ORGANISATION = "sipdiag throw-away lab"

SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH

VALID = (datetime.datetime(2020, 1, 1), datetime.datetime(2049, 12, 31))
EXPIRED = (datetime.datetime(2012, 3, 1), datetime.datetime(2014, 3, 1))

LYNC = "lync01.tomt.it"
CUPS = "cups01.tomt.local"
CUPS2 = "cups02.tomt.local"

# file name: (key, issuer, common name, further DNS names, extended key usage, validity)
LEAVES = {
    "lync01": ("lync01", "ca", LYNC, ("sip.tomt.it",), (SERVER, CLIENT), VALID),
    "lync01-server-only": ("lync01", "ca", LYNC, ("sip.tomt.it",), (SERVER,), VALID),
    "lync01-other-ca": ("lync01", "other-ca", LYNC, ("sip.tomt.it",), (SERVER, CLIENT), VALID),
    "cups01": ("cups01", "ca", CUPS, (), (SERVER, CLIENT), VALID),
    "cups01-client-only": ("cups01", "ca", CUPS, (), (CLIENT,), VALID),
    "cups01-expired": ("cups01", "ca", CUPS, (), (SERVER, CLIENT), EXPIRED),
    "cups01-wrong-name": ("cups01", "ca", "imp-old.tomt.local", (), (SERVER, CLIENT), VALID),
    "cups02": ("cups02", "ca", CUPS2, (), (SERVER, CLIENT), VALID),
}
AUTHORITIES = {"ca": "tomt lab CA (throw-away)", "other-ca": "other lab CA (throw-away)"}


def certificate_path(name: str) -> Path:
    return DIRECTORY / f"{name}.crt.pem"


def key_path(name: str) -> Path:
    """The key of a certificate; the faulty variants of a host share the host's key."""
    return DIRECTORY / f"{LEAVES[name][0] if name in LEAVES else name}.key.pem"


def ensure() -> None:
    """Makes the missing files of samples/pki."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, common_name in AUTHORITIES.items():
        if not certificate_path(name).exists():
            _write_certificate(name, _authority(name, common_name))
    for name in LEAVES:
        if not certificate_path(name).exists():
            _write_certificate(name, _leaf(name))


def _key(name: str) -> rsa.RSAPrivateKey:
    path = key_path(name)
    if path.exists():
        return serialization.load_pem_private_key(path.read_bytes(), None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    # Both PEM forms occur in the field: PKCS#1 on the Cisco side, PKCS#8 elsewhere.
    form = (serialization.PrivateFormat.TraditionalOpenSSL if name.startswith("cups")
            else serialization.PrivateFormat.PKCS8)
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(MARK.encode() + pem)
    return key


def _write_certificate(name: str, certificate: x509.Certificate) -> None:
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    certificate_path(name).write_bytes(MARK.encode() + pem)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(name: str, subject: str, issuer: str, public_key: rsa.RSAPublicKey,
             validity: tuple[datetime.datetime, datetime.datetime]) -> x509.CertificateBuilder:
    serial = int.from_bytes(b"\x5d" + hashlib.sha256(name.encode()).digest()[:9], "big")
    return (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
            .public_key(public_key).serial_number(serial)
            .not_valid_before(validity[0]).not_valid_after(validity[1]))


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_encipherment=not signs_certificates,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False)


def _authority(name: str, common_name: str) -> x509.Certificate:
    key = _key(name)
    return (_builder(name, common_name, common_name, key.public_key(), VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256()))


def _leaf(name: str) -> x509.Certificate:
    _, issuer, common_name, further, usage, validity = LEAVES[name]
    key, issuer_key = _key(name), _key(issuer)
    return (_builder(name, common_name, AUTHORITIES[issuer], key.public_key(), validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .add_extension(_dns_names((common_name, *further)), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                           critical=False)
            .sign(issuer_key, hashes.SHA256()))


def _dns_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
