"""Verifies a bundle: that not a byte of it was changed, and whose it is."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgehone.actions.documented import Documented
from edgehone.errors import VerificationError
from edgehone.release import signatures, signing
from edgehone.release.reading import Bundle, read
from edgehone.release.signatures import Signature, Trust, verified_with
from edgehone.units import plural

State = Literal["unsigned", "unchecked", "trusted"]


@dataclass(frozen=True)
class Request:
    """trust: whose signature the bundle must have; nothing in it: none is asked for. signature:
    where it lies, None: beside the bundle.
    """

    bundle: Path
    trust: Trust = field(default_factory=Trust)
    signature: Path | None = None


@dataclass(frozen=True, repr=False)
class Verified(Documented):
    """A bundle of which every byte is as its manifest says: a mapping, what `edgehone verify
    --json` prints. state: "trusted" where the signature is theirs whom the user trusts, "unchecked"
    where there is one over these bytes and nobody was named, else "unsigned".
    """

    bundle: Bundle
    state: State
    signature: Signature | None = None
    by: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """Schema "verify"."""
        signature = self.signature
        return {
            "bundle": str(self.bundle.path),
            "sha256": self.bundle.sha256,
            "size_bytes": self.bundle.size_bytes,
            "verified": True,
            "signature": {
                "state": self.state,
                "path": None if signature is None else str(signature.path),
                "method": None if signature is None else signature.method,
                "by": self.by or None,
            },
            "manifest": self.bundle.manifest.to_json(),
        }

    def __repr__(self) -> str:
        files = plural(len(self.bundle.manifest.files), "file")
        return f"<Verified {self.bundle.path}: {files}, signature {self.state}>"


def verify(request: Request) -> Verified:
    """Verify every byte, and the signature if somebody to trust is named.

    Raises VerificationError for a byte that was changed, is missing or was added, and for a
    signature that is missing, of other bytes, or not theirs; UsageError for keys that are none.
    """
    method = request.trust.method
    if method is not None:
        signatures.require_readable(request.trust)
    bundle = read(request.bundle)
    place = request.signature or signing.signature_of(request.bundle)
    if not place.exists():
        if method is not None or request.signature is not None:
            raise VerificationError(
                f"{request.bundle} is not signed: {place} is missing.",
                "Get the signature from where the bundle was released.",
            )
        return Verified(bundle, "unsigned")
    signature = signatures.found(place, bundle)
    if method is None:
        return Verified(bundle, "unchecked", signature, signature.by)
    by = signatures.require_trusted(signature, bundle, request.trust)
    return Verified(bundle, "trusted", signature, by)


def require_checked(found: Verified) -> None:
    """Refuse a bundle with a signature that nobody has checked: VerificationError."""
    if found.signature is not None and found.state == "unchecked":
        raise VerificationError(
            f"{found.bundle.path} is signed, and nothing says whose signature to trust.",
            f"Give {verified_with(found.signature.method)}.",
        )
