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
    """A key, its certificate, the root that vouches for it, and one `between`, in PEM files: the
    root itself where nothing lies between.
    """

    key: Path
    certificate: Path
    root: Path
    between: Path


def chain(
    folder: Path,
    name: str = "team",
    *,
    begin: datetime = NOW - DAY,
    end: datetime = NOW + DAY,
    long: bool = False,
) -> Chain:
    """A root of twenty years, and a certificate for signing that is valid from `begin` to `end`;
    long: with another one between them.
    """
    years = (NOW - 3650 * DAY, NOW + 3650 * DAY)
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = between = _certificate("root", root_key, "root", root_key, years, authority=True)
    issuer, issuer_key = "root", root_key
    if long:
        issuer, issuer_key = "between", ec.generate_private_key(ec.SECP256R1())
        between = _certificate(issuer, issuer_key, "root", root_key, years, authority=True)
    leaf = _certificate(name, leaf_key, issuer, issuer_key, (begin, end), authority=False)
    pem = serialization.Encoding.PEM
    found = Chain(
        write(folder, name, leaf_key).private,
        folder / f"{name}.crt",
        folder / f"{name}-root.crt",
        folder / f"{name}-between.crt",
    )
    found.between.write_bytes(between.public_bytes(pem))
    found.certificate.write_bytes(leaf.public_bytes(pem))
    found.root.write_bytes(root.public_bytes(pem))
    return found


def _certificate(
    subject: str,
    key: Any,
    issuer: str,
    issuer_key: Any,
    valid: tuple[datetime, datetime],
    *,
    authority: bool,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    usage = x509.KeyUsage(not authority, *(False,) * 4, authority, authority, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
