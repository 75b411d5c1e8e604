"""A signature proves whose a bundle is: theirs whom the user trusts, as of today."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import model_signing
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests import bundle_files, release_keys
from tests.release_keys import DAY, NOW

from edgehone.errors import UsageError, VerificationError
from edgehone.release import signatures, signing
from edgehone.release.reading import read
from edgehone.release.signatures import Trust
from edgehone.release.signing import Signer


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_files.small(tmp_path / "r.zip")


def sign(bundle: Path, signer: Signer) -> Path:
    place = signing.signature_of(bundle)
    signing.sign(signing.prepared(signer), bundle, bundle.name, place)
    return place


def verify(bundle: Path, trust: Trust) -> str:
    known = read(bundle)
    found = signatures.found(signing.signature_of(bundle), known)
    return signatures.require_trusted(found, known, trust)


def refused(bundle: Path, trust: Trust) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(bundle, trust)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_key_that_signed_verifies(curve: Any, bundle: Path, tmp_path: Path) -> None:
    keys = release_keys.pair(tmp_path, curve=curve)
    sign(bundle, Signer(key=keys.private))
    assert verify(bundle, Trust(key=keys.public)).startswith("key ")


def test_another_key_does_not(bundle: Path, tmp_path: Path) -> None:
    sign(bundle, Signer(key=release_keys.pair(tmp_path).private))
    other = release_keys.pair(tmp_path, "other")
    assert "does not verify with" in refused(bundle, Trust(key=other.public))
    content = json.loads(signing.signature_of(bundle).read_text())
    mine = signing.signature_of(bundle_files.small(bundle.with_name("o.zip")))
    sign(mine.with_name("o.zip"), Signer(key=other.private))
    hint = json.loads(mine.read_text())["verificationMaterial"]
    content["verificationMaterial"] = hint  # as if the other key had signed
    signing.signature_of(bundle).write_text(json.dumps(content))
    assert "does not verify with" in refused(bundle, Trust(key=other.public))


def test_an_encrypted_key_signs_with_its_password(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = release_keys.pair(tmp_path, password="open sesame")  # noqa: S106
    with pytest.raises(UsageError, match="is encrypted"):
        signing.prepared(Signer(key=keys.private))
    monkeypatch.setenv(signing.PASSWORD, "wrong")
    with pytest.raises(UsageError, match="is not a private key"):
        signing.prepared(Signer(key=keys.private))
    monkeypatch.setenv(signing.PASSWORD, "open sesame")
    sign(bundle, Signer(key=keys.private))
    verify(bundle, Trust(key=keys.public))


def test_a_certificate_of_a_trusted_root_verifies(bundle: Path, tmp_path: Path) -> None:
    chain = release_keys.chain(tmp_path)
    sign(bundle, Signer(key=chain.key, certificate=chain.certificate))
    assert verify(bundle, Trust(chain=(chain.root,))) == "CN=team"
    other = release_keys.chain(tmp_path, "other")
    assert "does not verify with" in refused(bundle, Trust(chain=(other.root,)))


def test_certificates_between_the_signers_and_the_root_come_along(
    bundle: Path, tmp_path: Path
) -> None:
    chain = release_keys.chain(tmp_path, long=True)
    sign(bundle, Signer(key=chain.key, certificate=chain.certificate, chain=(chain.between,)))
    assert verify(bundle, Trust(chain=(chain.root,))) == "CN=team"
    alone = Signer(key=chain.key, certificate=chain.certificate)
    assert "certificate of CN=between" in signing.doubt(alone)
    assert signing.doubt(replace(alone, chain=(chain.between,))) == ""
    sign(bundle, alone)
    assert "does not verify with" in refused(bundle, Trust(chain=(chain.root,)))
    assert verify(bundle, Trust(chain=(chain.root, chain.between))) == "CN=team"


def sign_unasked(bundle: Path, chain: release_keys.Chain) -> None:
    """Sign with a certificate whenever it is valid."""
    config = model_signing.signing.Config().use_certificate_signer(
        private_key=chain.key,
        signing_certificate=chain.certificate,
        certificate_chain=[chain.root],
    )
    config.sign(bundle, signing.signature_of(bundle))


def test_an_expired_certificate_does_not_verify(bundle: Path, tmp_path: Path) -> None:
    chain = release_keys.chain(tmp_path, begin=NOW - 9 * DAY, end=NOW - DAY)
    signer = Signer(key=chain.key, certificate=chain.certificate)
    with pytest.raises(UsageError, match="and not now"):
        signing.prepared(signer)
    sign_unasked(bundle, chain)
    assert "expired" in refused(bundle, Trust(chain=(chain.root,)))


def test_a_certificate_that_is_not_valid_yet_does_not_verify(bundle: Path, tmp_path: Path) -> None:
    chain = release_keys.chain(tmp_path, begin=NOW + DAY, end=NOW + 9 * DAY)
    sign_unasked(bundle, chain)
    assert "not yet valid" in refused(bundle, Trust(chain=(chain.root,)))


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    chain, keys = release_keys.chain(tmp_path), release_keys.pair(tmp_path)
    with pytest.raises(UsageError, match="is not of the key in"):
        signing.prepared(Signer(key=keys.private, certificate=chain.certificate))
    with pytest.raises(UsageError, match="holds no certificates"):
        signing.prepared(Signer(key=keys.private, certificate=keys.public))


def test_the_signature_of_another_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    keys = release_keys.pair(tmp_path)
    other = tmp_path / "other.zip"
    bundle_files.with_parts(other, {"a": b"other"})
    sign(other, Signer(key=keys.private)).rename(signing.signature_of(bundle))
    assert "signature of another file" in refused(bundle, Trust(key=keys.public))


def test_a_signature_is_verified_by_what_made_it(bundle: Path, tmp_path: Path) -> None:
    keys, chain = release_keys.pair(tmp_path), release_keys.chain(tmp_path)
    sign(bundle, Signer(key=keys.private))
    assert "is signed by a key" in refused(bundle, Trust(chain=(chain.root,)))
    assert "is signed by a key" in refused(bundle, Trust(identity="me", issuer="https://x"))
    sign(bundle, Signer(key=chain.key, certificate=chain.certificate))
    assert "is signed by a certificate" in refused(bundle, Trust(key=keys.public))


def test_a_signature_of_which_a_byte_was_changed_does_not_verify(
    bundle: Path, tmp_path: Path
) -> None:
    keys = release_keys.pair(tmp_path)
    place = sign(bundle, Signer(key=keys.private))
    content = place.read_bytes()
    for what, step in ((b'"payload":"', 97), (b'"sig":"', 11)):
        start = content.index(what) + len(what)
        for number in range(start, content.index(b'"', start) - 3, step):
            changed = bytearray(content)
            changed[number] = changed[number] ^ 1
            place.write_bytes(changed)
            refused(bundle, Trust(key=keys.public))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"[" * 9999, b"\xff", b"null", b'{"a":1}'])
def test_what_is_no_signature_is_refused(content: bytes, bundle: Path) -> None:
    signing.signature_of(bundle).write_bytes(content)
    assert "is not a signature of model-signing" in refused(bundle, Trust(key=Path("k")))


@pytest.mark.slow
def test_model_signing_itself_verifies_what_was_signed(bundle: Path, tmp_path: Path) -> None:
    keys = release_keys.pair(tmp_path)
    place = sign(bundle, Signer(key=keys.private))
    words = [sys.executable, "-m", "model_signing", "verify", "key", str(bundle)]
    words += ["--signature", str(place), "--public_key", str(keys.public)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    bundle.write_bytes(bundle.read_bytes() + b"x")
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


def test_what_model_signing_signed_verifies(bundle: Path, tmp_path: Path) -> None:
    keys = release_keys.pair(tmp_path)
    words = [sys.executable, "-m", "model_signing", "sign", "key", str(bundle)]
    words += ["--signature", str(signing.signature_of(bundle)), "--private_key", str(keys.private)]
    subprocess.run(words, check=True, capture_output=True)
    verify(bundle, Trust(key=keys.public))


UNFIT: dict[str, Callable[[Path], Path]] = {
    "is a private key": lambda folder: release_keys.pair(folder).private,
    "is a certificate": lambda folder: release_keys.chain(folder).certificate,
    "is of another kind": lambda folder: release_keys.rsa_pair(folder).public,
    "is on curve secp256k1": lambda folder: release_keys.pair(folder, curve=ec.SECP256K1()).public,
    "File not found": lambda folder: folder / "none.pub",
    "is not a public key": lambda folder: bundle_files.small(folder / "b.zip"),
}


@pytest.mark.parametrize("message", UNFIT)
def test_keys_that_cannot_verify_are_refused_by_name(
    message: str, bundle: Path, tmp_path: Path
) -> None:
    sign(bundle, Signer(key=release_keys.pair(tmp_path, "mine").private))
    with pytest.raises(UsageError, match=message):
        verify(bundle, Trust(key=UNFIT[message](tmp_path)))


def test_keys_that_cannot_sign_are_refused_by_name(tmp_path: Path) -> None:
    for path in (release_keys.pair(tmp_path).public, bundle_files.small(tmp_path / "b.zip")):
        with pytest.raises(UsageError, match="is not a private key"):
            signing.prepared(Signer(key=path))
    with pytest.raises(UsageError, match="is of another kind"):
        signing.prepared(Signer(key=release_keys.rsa_pair(tmp_path).private))


def test_what_does_not_go_together_is_refused() -> None:
    key = Path("k")
    for signer, message in (
        (Signer(key=key, sigstore=True), "Both a key and Sigstore"),
        (Signer(certificate=key), "without its key"),
        (Signer(key=key, chain=(key,)), "without the one that signs"),
        (Signer(key=key, trust_config=key), "about Sigstore"),
    ):
        with pytest.raises(UsageError, match=message):
            signer.require_sense()
    with pytest.raises(UsageError, match="--key and --certificate-chain were given at once"):
        Trust(key=key, chain=(key,)).method  # noqa: B018 - reading it checks
    with pytest.raises(UsageError, match="who signed and which issuer"):
        Trust(identity="me").method  # noqa: B018 - reading it checks


def test_without_a_network_keyless_signing_says_what_to_do_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match=r"Sigstore cannot be used: .*TUF") as caught:
        signing.prepared(Signer(sigstore=True))
    assert "sign with --key" in caught.value.hint
