"""Keys and certificates from PEM files, refused where they could not sign or verify a release."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgehone.errors import UsageError
from edgehone.system.bounds import SIGNATURE_BYTES
from edgehone.system.files import content
from edgehone.system.library_errors import sentence
from edgehone.system.settings import SIGN_CHAIN, VERIFY_CHAIN

CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""Those of model-signing: P-256, P-384 and P-521."""

MAKE = (
    "Make a pair with: openssl ecparam -name prime256v1 -genkey -noout -out release.key && "
    "openssl ec -in release.key -pubout -out release.pub"
)


def require_private(path: Path, password: bytes | None) -> Any:
    """The private key in a PEM file. Raises UsageError for anything but an EC key that can be read
    with the password, or without one.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = _pem(path)
    try:
        key = load_pem_private_key(pem, password)
    except TypeError as error:
        if password is None:
            raise UsageError(
                f"The key in {path} is encrypted.",
                "Put its password into the environment variable EDGEHONE_KEY_PASSWORD.",
            ) from error
        raise UsageError(
            f"The key in {path} is not encrypted, and a password for it was given.",
            "Unset the environment variable EDGEHONE_KEY_PASSWORD.",
        ) from error
    except Exception as error:
        hint = "Check EDGEHONE_KEY_PASSWORD." if password else f"Give a private key. {MAKE}"
        raise UsageError(f"{path} is not a private key ({sentence(error)}).", hint) from error
    _require_curve(path, key)
    return key


def require_public(path: Path) -> Any:
    """The public key in a PEM file. Raises UsageError for anything but an EC key."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    pem = _pem(path)
    if b"PRIVATE KEY" in pem:
        raise UsageError(
            f"{path} is a private key, and a release is verified with the public one.",
            f"Make the public one with: openssl ec -in {path} -pubout -out release.pub",
        )
    if b"CERTIFICATE" in pem:
        raise UsageError(
            f"{path} is a certificate and not a public key.",
            f"Give the certificates that you trust with {VERIFY_CHAIN}.",
        )
    try:
        key = load_pem_public_key(pem)
    except Exception as error:
        raise UsageError(f"{path} is not a public key ({sentence(error)}).", MAKE) from error
    _require_curve(path, key)
    return key


def require_certificates(path: Path) -> list[Any]:
    """The certificates in a PEM file. Raises UsageError where there are none."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(_pem(path))
    except ValueError as error:
        raise UsageError(
            f"{path} holds no certificates ({sentence(error)}).",
            "Give a PEM file of X.509 certificates.",
        ) from error


def require_pair(certificate: Path, private: Path, key: Any) -> None:
    """Refuse a certificate that is of another key, or not valid now: UsageError."""
    found = require_certificates(certificate)
    if len(found) != 1:
        raise UsageError(
            f"{certificate} holds {len(found)} certificates, and one signs.",
            f"Give the others with {SIGN_CHAIN}.",
        )
    if found[0].public_key() != key.public_key():
        raise UsageError(
            f"The certificate in {certificate} is not of the key in {private}.",
            "Give the key that the certificate was made for.",
        )
    now = datetime.now(UTC)
    if not found[0].not_valid_before_utc <= now <= found[0].not_valid_after_utc:
        raise UsageError(
            f"The certificate in {certificate} is valid from {found[0].not_valid_before_utc:%F} "
            f"to {found[0].not_valid_after_utc:%F}, and not now.",
            "Sign with one that is valid; nobody could verify the signature.",
        )


def _require_curve(path: Path, key: Any) -> None:
    curve = getattr(getattr(key, "curve", None), "name", "")
    if curve not in CURVES:
        what = f"on curve {curve}" if curve else "of another kind"
        raise UsageError(
            f"The key in {path} is {what}, and releases are signed with EC keys on P-256, P-384 "
            "or P-521.",
            MAKE,
        )


def _pem(path: Path) -> bytes:
    if not path.exists():
        raise UsageError(f"File not found: {path}.", "Check the path.")
    return content(path, SIGNATURE_BYTES, UsageError)
