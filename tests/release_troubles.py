"""Troubles with bundles, their signatures, and releases."""

from collections.abc import Callable, Sequence
from pathlib import Path

import model_signing

from edgehone.actions.release import releases
from edgehone.release import signing
from edgehone.release.signing import Signer
from edgehone.store import Store
from edgehone.system.files import sha256_of
from tests import bundle_files, release_keys, tiny_models
from tests.release_keys import DAY, NOW
from tests.troubles import Make, Trouble

VERIFY = ("verify", "r.zip", "--key", "release.pub")


def _signed(folder: Path) -> release_keys.Pair:
    keys = release_keys.pair(folder)
    path = bundle_files.small(folder / "r.zip")
    config = signing.prepared(Signer(key=keys.private))
    signing.sign(config, path, path.name, signing.signature_of(path))
    return keys


def _verifying(attack: Callable[[Path], object], *words: str) -> Make:
    """`verify` of a signed bundle, after something befell the files in its folder."""

    def make(folder: Path) -> Sequence[str]:
        _signed(folder)
        attack(folder)
        return words or VERIFY

    return make


def _changed(folder: Path) -> None:
    path = folder / "r.zip"
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)


def _other_signature(folder: Path) -> None:
    bundle_files.with_parts(folder / "r.zip", {"a": b"b"})


def _expired(folder: Path) -> Sequence[str]:
    path = bundle_files.small(folder / "r.zip")
    chain = release_keys.chain(folder, begin=NOW - 9 * DAY, end=NOW - DAY)
    config = model_signing.signing.Config().use_certificate_signer(
        private_key=chain.key,
        signing_certificate=chain.certificate,
        certificate_chain=[chain.root],
    )
    config.sign(path, signing.signature_of(path))
    return ["verify", "r.zip", "--certificate-chain", chain.root.name]


def _releasing(folder: Path) -> Sequence[str]:
    """A name that another bundle has; the store lies beside the folder."""
    store = folder.parent / f"{folder.name}-store"
    path = bundle_files.with_parts(folder / "o.zip", {"a": b"b"})
    releases.tag(releases.Request(path, "v1", store))
    bundle_files.small(folder / "r.zip")
    return ["release", "r.zip", "--name", "v1", "--folder", str(store)]


def _damaged(folder: Path) -> Sequence[str]:
    """A release whose bundle was changed in the store, which lies beside the folder."""
    store = folder.parent / f"{folder.name}-store"
    releases.tag(releases.Request(bundle_files.small(folder / "r.zip"), "v1", store))
    sha256 = sha256_of(folder / "r.zip")
    Store(store).path_of(sha256).chmod(0o644)
    Store(store).path_of(sha256).write_bytes(b"changed")
    (folder / "b.toml").write_text('[[budget]]\nmetric = "size_bytes"\nmax = "1 MiB"\n')
    model = tiny_models.dense(folder)
    return ["gate", "b.toml", str(model), "--baseline", "release", "--folder", str(store)]


def _with_public(folder: Path) -> Sequence[str]:
    release_keys.pair(folder)
    bundle_files.small(folder / "net.zip")
    return ["bundle", "latest", "-o", "r.zip", "--key", "release.pub"]


RELEASES = (
    Trouble(
        "a release that was changed in the store",
        _damaged,
        2,
        "Release v1 cannot be read",
        "Tag its bundle once more",
    ),
    Trouble(
        "no bundle there",
        lambda _: ["verify", "r.zip"],
        5,
        "File not found: r.zip",
        "Check the path",
    ),
    Trouble(
        "a bundle that was changed", _verifying(_changed), 5, "was changed or damaged", "Do not"
    ),
    Trouble(
        "a bundle without its signature",
        _verifying(lambda folder: (folder / "r.zip.sig").unlink()),
        5,
        "is not signed: r.zip.sig is missing",
        "Get the signature",
    ),
    Trouble(
        "the signature of another bundle",
        _verifying(_other_signature),
        5,
        "is the signature of another file",
        "get both again",
    ),
    Trouble(
        "what is no signature",
        _verifying(lambda folder: (folder / "r.zip.sig").write_text("{}")),
        5,
        "is not a signature of model-signing",
        "Get the signature again",
    ),
    Trouble(
        "another key than the signer's",
        _verifying(lambda folder: release_keys.pair(folder)),
        5,
        "does not verify with release.pub",
        "check that this is the signer's",
    ),
    Trouble("an expired certificate", _expired, 5, "certificate has expired", "Do not use"),
    Trouble(
        "certificates for a signature by a key",
        _verifying(
            lambda folder: release_keys.chain(folder),
            *("verify", "r.zip", "--certificate-chain", "team-root.crt"),
        ),
        5,
        "is signed by a key",
        "Verify it with --key PUBLIC",
    ),
    Trouble(
        "a private key to verify with",
        _verifying(lambda _: None, "verify", "r.zip", "--key", "release.key"),
        2,
        "is a private key",
        "-pubout",
    ),
    Trouble("a public key to sign with", _with_public, 2, "is not a private key", "openssl"),
    Trouble(
        "a certificate without its key",
        lambda _: ["bundle", "latest", "-o", "r.zip", "--certificate", "team.crt"],
        2,
        "A certificate was given without its key",
        "--key",
    ),
    Trouble(
        "a signed bundle to tag, and nobody to trust",
        _verifying(lambda _: None, "release", "r.zip", "--name", "v1"),
        5,
        "nothing says whose signature to trust",
        "Give --key PUBLIC",
    ),
    Trouble(
        "the name of another release",
        _releasing,
        2,
        "is already there, with another bundle",
        "another name",
    ),
)
"""Troubles with `bundle`, `verify` and `release`."""
