"""Signs bundles with OpenSSF model-signing: by a key, by a certificate, or keyless by Sigstore."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.errors import EdgehoneError, UsageError
from edgehone.release import keys
from edgehone.system.library_errors import sentence
from edgehone.system.settings import CERTIFICATE, SIGN_CHAIN, SIGN_KEY, SIGN_SERVERS, SIGSTORE

SUFFIX = ".sig"
"""What the name of a signature has more than that of the bundle it lies beside."""

PASSWORD = "EDGEHONE_KEY_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable with the password of an encrypted key."""


@dataclass(frozen=True)
class Signer:
    """Who signs: `key`, a private key in PEM; with `certificate`, the one of that key, and `chain`,
    those between it and a root; or `sigstore`, an identity that Sigstore's servers vouch for.
    trust_config: other servers than Sigstore's public ones.
    """

    key: Path | None = None
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()
    sigstore: bool = False
    trust_config: Path | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is to be signed."""
        return self != Signer()

    def require_sense(self) -> None:
        """Refuse what does not go together: UsageError."""
        if self.sigstore and (self.key or self.certificate):
            raise UsageError(
                "Both a key and Sigstore were given to sign with.",
                f"Give {SIGN_KEY} or {SIGSTORE}.",
            )
        if self.certificate and not self.key:
            raise UsageError(
                "A certificate was given without its key.", f"Give its private key with {SIGN_KEY}."
            )
        if self.chain and not self.certificate:
            raise UsageError(
                "A chain of certificates was given without the one that signs.",
                f"Give that with {CERTIFICATE}.",
            )
        if self.trust_config and not self.sigstore:
            raise UsageError(
                f"{SIGN_SERVERS} is about Sigstore.", f"Give {SIGSTORE.set(True)} with it."
            )


def signature_of(bundle: Path) -> Path:
    """Where the signature of a bundle lies: beside it."""
    return bundle.with_name(bundle.name + SUFFIX)


def prepared(signer: Signer) -> Any:
    """model-signing, ready to sign. Raises UsageError for keys and certificates that cannot, and
    where Sigstore cannot be reached; nothing was written then.
    """
    signer.require_sense()
    with packages():
        from model_signing import signing
    config = signing.Config()
    if signer.sigstore:
        return _keyless(config, signer)
    assert signer.key is not None  # noqa: S101 - require_sense
    password = os.environ.get(PASSWORD, "").encode() or None
    key = keys.require_private(signer.key, None if signer.certificate else password)
    if signer.certificate is None:
        # model-signing says str, and hands the password to cryptography, which wants bytes.
        return config.use_elliptic_key_signer(
            private_key=signer.key,
            password=password,
        )
    keys.require_pair(signer.certificate, signer.key, key)
    for path in signer.chain:
        keys.require_certificates(path)
    return config.use_certificate_signer(
        private_key=signer.key,
        signing_certificate=signer.certificate,
        certificate_chain=signer.chain or (signer.certificate,),  # it fails on none
    )


def doubt(signer: Signer) -> str:
    """Which certificate whoever verifies must have beside the root, as far as that can be seen;
    "": those that were given reach beyond the signer's own, or none was given.
    """
    if signer.certificate is None:
        return ""
    (own,) = keys.require_certificates(signer.certificate)
    given = [each for path in signer.chain for each in keys.require_certificates(path)]
    if own.issuer in [own.subject, *(each.subject for each in given)]:
        return ""
    return (
        f"The certificate of {own.issuer.rfc4514_string()}, which issued the signer's, is not in "
        f"the signature. Unless that is the root itself, nobody can verify it: give {SIGN_CHAIN}."
    )


def sign(config: Any, bundle: Path, name: str, destination: Path) -> None:
    """Write the signature of a bundle that is called `name`. Raises EdgehoneError where a server
    refuses.
    """
    config.set_hashing_config(_named(name))
    try:
        config.sign(bundle, destination)
    except Exception as error:
        raise EdgehoneError(
            f"The bundle could not be signed: {reason_of(error)}.",
            f"Check the identity and the network, or sign with {SIGN_KEY}.",
        ) from error


def _named(name: str) -> Any:
    """How model-signing hashes a file that is not yet where it will lie, nor called so."""
    from model_signing import hashing, manifest

    class Named(hashing.Config):  # type: ignore[misc] # its class has no types to mypy
        def hash(self, model_path: Any, *, files_to_hash: Any = None) -> Any:
            found = super().hash(model_path, files_to_hash=files_to_hash)
            serialization = manifest.SerializationType.from_args(found.serialization_type)
            items = [
                serialization.new_item(each.identifier, each.digest)
                for each in found.resource_descriptors()
            ]
            return manifest.Manifest(name, items, serialization)

    return Named()


def _keyless(config: Any, signer: Signer) -> Any:
    from sigstore import oidc

    try:
        config.use_sigstore_signer(use_ambient_credentials=True, trust_config=signer.trust_config)
        known = oidc.detect_credential() is not None
    except Exception as error:
        raise UsageError(
            f"Sigstore cannot be used: {reason_of(error)}.",
            f"Keyless signing needs the network; without it, sign with {SIGN_KEY}.",
        ) from error
    if not known and not sys.stdin.isatty():
        raise UsageError(
            "Sigstore needs an identity, and there is none: this is neither a CI job that has one "
            "nor a terminal to log in from.",
            "Let the CI job have an identity token (on GitHub: permissions: id-token: write), or "
            f"sign with {SIGN_KEY}.",
        )
    return config


def reason_of(error: BaseException) -> str:
    """What a library says, and what lies behind it."""
    lines = [sentence(error).rstrip(".")]
    if error.__cause__ is not None:
        lines.append(sentence(error.__cause__).rstrip("."))
    return ": ".join(dict.fromkeys(lines))


@contextmanager
def packages() -> Iterator[None]:
    """Say what to install where model-signing, or what it needs, is not there: UsageError."""
    from edgehone.system import installing

    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"Signatures need the package model-signing, which is not installed ({error.name}).",
            f"Install it: {installing.command('sign')}.",
        ) from error
