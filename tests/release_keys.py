"""Keys and certificates to sign releases with, made anew for each test."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A private key, and the public one, in PEM files."""

    private: Path
    public: Path


def pair(folder: Path, name: str = "release", *, curve: Any = None, password: str = "") -> Pair:
    """A pair of EC keys, on P-256 unless another curve is given."""
    return write(folder, name, ec.generate_private_key(curve or ec.SECP256R1()), password)


def rsa_pair(folder: Path) -> Pair:
    """A pair of keys of a kind that does not sign releases."""
    return write(folder, "rsa", rsa.generate_private_key(65537, 2048))


def write(folder: Path, name: str, key: Any, password: str = "") -> Pair:
    found = Pair(folder / f"{name}.key", folder / f"{name}.pub")
    secret: Any = serialization.NoEncryption()
    if password:
        secret = serialization.BestAvailableEncryption(password.encode())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    found.private.write_bytes(key.private_bytes(pem, form, secret))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    found.public.write_bytes(key.public_key().public_bytes(pem, public))
    return found


@dataclass(frozen=True)
class Chain:
    """A key, its certificate and the root that vouches for it, in PEM files."""

    key: Path
    certificate: Path
    root: Path


def chain(
    folder: Path, name: str = "team", *, begin: datetime = NOW - DAY, end: datetime = NOW + DAY
) -> Chain:
    """A root of ten years, and a certificate for signing that is valid from `begin` to `end`."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("root", root_key, "root", root_key, (NOW - 3650 * DAY, NOW + 3650 * DAY))
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = _certificate(name, leaf_key, "root", root_key, (begin, end))
    pem = serialization.Encoding.PEM
    found = Chain(
        write(folder, name, leaf_key).private, folder / f"{name}.crt", folder / f"{name}-root.crt"
    )
    found.certificate.write_bytes(leaf.public_bytes(pem))
    found.root.write_bytes(root.public_bytes(pem))
    return found


def _certificate(
    subject: str, key: Any, issuer: str, issuer_key: Any, valid: tuple[datetime, datetime]
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    root = key is issuer_key
    usage = x509.KeyUsage(not root, *(False,) * 4, root, root, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
