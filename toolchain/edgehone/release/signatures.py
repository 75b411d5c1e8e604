"""Whose signature lies beside a bundle, and whether it is theirs whom the user trusts."""

import base64
import binascii
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from edgehone.errors import UsageError, VerificationError
from edgehone.release import keys
from edgehone.release.reading import Bundle
from edgehone.release.signing import packages, reason_of
from edgehone.system.bounds import SIGNATURE_BYTES
from edgehone.system.files import content
from edgehone.system.interface import Setting, all_named
from edgehone.system.parsing import json_of
from edgehone.system.settings import IDENTITY, ISSUER, VERIFY_CHAIN, VERIFY_KEY

Method = Literal["key", "certificate", "sigstore"]

_VERIFIED_WITH: dict[Method, tuple[Setting, str]] = {
    "key": (VERIFY_KEY, "PUBLIC"),
    "certificate": (VERIFY_CHAIN, "TRUSTED"),
    "sigstore": (IDENTITY, "WHO"),
}
"""What each kind of signature is verified with; Sigstore's needs an issuer as well."""

_WAYS: dict[Method, str] = {
    "key": "a key",
    "certificate": "a certificate",
    "sigstore": "an identity of Sigstore",
}

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"


def verified_with(method: Method) -> str:
    """What a signature of this kind is verified with, as the user writes it."""
    setting, placeholder = _VERIFIED_WITH[method]
    given = setting.given(placeholder)
    return f"{given} and {ISSUER.given('URL')}" if method == "sigstore" else given


@dataclass(frozen=True)
class Trust:
    """Whom the user trusts: the public `key` of the signer; `chain`, certificates up to a root;
    or the `identity` at an `issuer` that Sigstore vouches for. trust_config: as of `Signer`.
    """

    key: Path | None = None
    chain: tuple[Path, ...] = ()
    identity: str = ""
    issuer: str = ""
    trust_config: Path | None = None

    @property
    def method(self) -> Method | None:
        """How a signature is to be verified; None: not at all. Raises UsageError for several."""
        found: list[Method] = ["key"] if self.key else []
        found += ["certificate"] if self.chain else []
        found += ["sigstore"] if self.identity or self.issuer or self.trust_config else []
        if len(found) > 1:
            options = " and ".join(str(_VERIFIED_WITH[each][0]) for each in found)
            raise UsageError(f"{options} were given at once.", "Give what the signer has.")
        if found == ["sigstore"] and not (self.identity and self.issuer):
            raise UsageError(
                "A keyless signature is verified by who signed and which issuer confirms it.",
                f"Give both {all_named((IDENTITY, ISSUER))}.",
            )
        return found[0] if found else None


@dataclass(frozen=True)
class Signature:
    """A signature that covers a bundle's bytes: how it was made, and by whom as far as it says."""

    path: Path
    content: bytes
    method: Method
    by: str


def found(path: Path, bundle: Bundle) -> Signature:
    """The signature in a file, once it says to be over this bundle; whether that is true is not
    known yet. Raises VerificationError.
    """
    raw = content(path, SIGNATURE_BYTES, VerificationError)
    try:
        data = json_of(raw, SIGNATURE_BYTES, finite=True)
        method, by = _made(data["verificationMaterial"])
        digest = _digest(data["dsseEnvelope"])
    except (ValueError, LookupError, TypeError, AttributeError, binascii.Error) as error:
        raise VerificationError(
            f"{path} is not a signature of model-signing ({reason_of(error)}).",
            "Get the signature again from where the bundle was released.",
        ) from error
    if digest != bundle.sha256:
        raise VerificationError(
            f"{path} is the signature of another file: it covers SHA-256 {digest[:12]}…, and "
            f"{bundle.path} has {bundle.sha256[:12]}….",
            "Do not use the bundle; get both again from where they were released.",
        )
    return Signature(path, raw, method, by)


def require_trusted(signature: Signature, bundle: Bundle, trust: Trust) -> str:
    """Who signed, once that is proven to be whom the user trusts. Raises VerificationError."""
    method = trust.method
    if method != signature.method:
        raise VerificationError(
            f"{bundle.path} is signed by {_WAYS[signature.method]}, and what was given verifies "
            f"signatures by {_WAYS[method or 'key']}.",
            f"Verify it with {verified_with(signature.method)}.",
        )
    require_readable(trust)
    with packages(), _quiet():
        import model_signing  # noqa: F401 - said to be missing before anything is blamed

        with _refusals(signature, trust), TemporaryDirectory(prefix="edgehone-") as folder:
            copy = Path(folder) / "signature"
            copy.write_bytes(signature.content)  # what was read, whatever lies there by now
            return _verify(copy, bundle, trust) or signature.by


def _verify(signature: Path, bundle: Bundle, trust: Trust) -> str:
    """What is known of the signer beyond what the signature itself says."""
    from model_signing import verifying

    config = verifying.Config()
    match trust.method:
        case "key":
            config.use_elliptic_key_verifier(public_key=trust.key)
            config.verify(bundle.path, signature)
            return ""
        case "certificate":
            config.use_certificate_verifier(certificate_chain=trust.chain)
            config.verify(bundle.path, signature)
            return _valid_now(signature, trust.chain)
        case _:
            _verify_keyless(signature, trust)
            return trust.identity


def _valid_now(signature: Path, trusted: tuple[Path, ...]) -> str:
    """Verify the chain of certificates as of now; whose the first one is. model-signing verifies it
    as of the day on which that became valid, since when it may have expired.
    """
    from cryptography import x509
    from OpenSSL import crypto

    data = json_of(signature.read_bytes(), SIGNATURE_BYTES)
    chain = data["verificationMaterial"]["x509CertificateChain"]["certificates"]
    certificates = [
        x509.load_der_x509_certificate(base64.b64decode(each["rawBytes"])) for each in chain
    ]
    found = [crypto.X509.from_cryptography(each) for each in certificates]
    store = crypto.X509Store()
    for path in trusted:
        for certificate in keys.require_certificates(path):
            store.add_cert(crypto.X509.from_cryptography(certificate))
    crypto.X509StoreContext(store, found[0], found[1:]).verify_certificate()
    return certificates[0].subject.rfc4514_string()


def _verify_keyless(signature: Path, trust: Trust) -> None:
    """Verify a signature of Sigstore by its roots as this machine has them, without a network."""
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import ClientTrustConfig
    from sigstore.verify import Verifier, policy

    if trust.trust_config is None:
        config = ClientTrustConfig.production(offline=True)
    else:
        config = ClientTrustConfig.from_json(trust.trust_config.read_text())
    verifier = Verifier(trusted_root=config.trusted_root)
    who = policy.Identity(identity=trust.identity, issuer=trust.issuer)
    verifier.verify_dsse(SigstoreBundle.from_json(signature.read_text()), who)


def require_readable(trust: Trust) -> None:
    """Refuse keys and certificates that could verify nothing: UsageError."""
    with packages():
        import cryptography  # noqa: F401 - said to be missing before any file is blamed
    if trust.key:
        keys.require_public(trust.key)
    for path in trust.chain:
        keys.require_certificates(path)
    if trust.trust_config and not trust.trust_config.is_file():
        raise UsageError(f"File not found: {trust.trust_config}.", "Check the path.")


@contextmanager
def _refusals(signature: Signature, trust: Trust) -> Iterator[None]:
    """Any reason why a signature does not verify, as one error of ours."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        by = trust.key or ", ".join(map(str, trust.chain)) or trust.identity
        raise VerificationError(
            f"{signature.path} does not verify with {by}: {reason_of(error)}.",
            "Do not use the bundle unless you know why; check that this is the signer's.",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries log to themselves: what matters of it is an error."""
    before = logging.root.manager.disable
    try:
        logging.disable(logging.CRITICAL)
        yield
    finally:
        logging.disable(before)


def _made(material: Any) -> tuple[Method, str]:
    """How a signature was made, and by whom as it says."""
    if "publicKey" in material:
        hint = material["publicKey"]["hint"]
        if not isinstance(hint, str) or not hint:
            raise ValueError("it does not say which key")
        return "key", f"key {hint[:16]}"
    if "x509CertificateChain" in material:
        return "certificate", _WAYS["certificate"]
    if "certificate" in material:
        return "sigstore", _WAYS["sigstore"]
    raise ValueError("it does not say how it was made")


def _digest(envelope: Any) -> str:
    """The SHA-256 of the one file that a signed statement is about."""
    if len(envelope["signatures"]) != 1:
        raise ValueError("it has several signatures")
    statement = json_of(base64.b64decode(envelope["payload"], validate=True), SIGNATURE_BYTES)
    if statement["_type"] != _STATEMENT or statement["predicateType"] != _PREDICATE:
        raise ValueError("its statement is of another kind")
    (resource,) = statement["predicate"]["resources"]
    if resource["name"] != "." or resource["algorithm"] != "sha256":
        raise ValueError("it is not about one file by its SHA-256")
    return str(resource["digest"])
