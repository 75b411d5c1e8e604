"""`bundle`, `verify` and `release`: files with their evidence, from here to who uses them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgehone.actions.api import arguments
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.api.results import Run
from edgehone.actions.release import bundle as bundling
from edgehone.actions.release import releases
from edgehone.actions.release import verify as verifying
from edgehone.release.signatures import Trust
from edgehone.release.signing import Signer
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Progress, silent

_SIGNATURE = "where the signature lies, if not beside the bundle, as its path with .sig."
_TRUST = (
    "the PEM file of the signer's public key; or a `Trust` with that, with certificates up to a "
    "root, or with an identity. None: no signature is asked for."
)


@public
@explained(
    {
        "what": "a `Run`, a run in `folder` by its id or name, or .tflite and .onnx files or "
        "artifacts, one or a list.",
        "path": "the ZIP file to write.",
        "licence": "the model's, as its owner states it.",
        "measured": "documents of `bench`, `compare` or `gate` with measurements of files.",
        "contract": "the model.json of an app kit for one of the files; None: made here, where "
        "enough is known.",
        "signer": "a private key's PEM file, or a `Signer`; the signature lies beside the bundle, "
        "as its path with .sig. None: it is not signed.",
    }
)
def bundle(
    what: Any,
    path: PathOrText,
    *,
    licence: str = "",
    measured: PathOrText | Sequence[PathOrText] = (),
    contract: PathOrText | None = None,
    signer: Signer | PathOrText | None = None,
    folder: PathOrText = RUNS_FOLDER,
    progress: Progress = silent,
) -> bundling.Bundled:
    """Write a run's winner, or finished files, with all evidence for them into one ZIP file.

    The same again is the same bytes. Returns a mapping: "bundle", "sha256", "size_bytes",
    "signature", "manifest" with the SHA-256 of every file, "warnings". Raises UsageError,
    BudgetsMissedError for a run without a winner, ModelError for files that are not those that
    were measured, StorageError.
    """
    place = arguments.path(folder, "folder")
    sources, place = _sources(what, place)
    request = bundling.Request(
        sources,
        arguments.path(path, "path"),
        place,
        _text(licence, "licence"),
        _paths(measured, "measured"),
        _path(contract, "contract"),
        _signer(signer),
    )
    return bundling.bundle(request, progress)


@public
@explained(
    {
        "bundle": "a file that `bundle` wrote.",
        "trust": _TRUST,
        "signature": _SIGNATURE,
    }
)
def verify(
    bundle: PathOrText,
    *,
    trust: Trust | PathOrText | None = None,
    signature: PathOrText | None = None,
) -> verifying.Verified:
    """Verify every byte of a bundle and, if `trust` is given, whose signature it has; without a
    network.

    Returns a mapping: "verified", "sha256", "manifest", "signature" with its "state" ("unsigned",
    "unchecked", "trusted") and "by". Raises ModelError for a byte that was changed, is missing or
    was added, and for a signature that is missing, of other bytes, expired, or not theirs.
    """
    return verifying.verify(
        verifying.Request(
            arguments.path(bundle, "bundle"),
            _trust(trust),
            _path(signature, "signature"),
        )
    )


@public
@explained(
    {
        "bundle": "a file that `bundle` wrote.",
        "name": "what the release is called.",
        "trust": f"{_TRUST} A bundle that is signed needs somebody to trust.",
        "signature": _SIGNATURE,
        "folder": "the folder whose store keeps the release.",
    }
)
def release(
    bundle: PathOrText,
    name: str,
    *,
    trust: Trust | PathOrText | None = None,
    signature: PathOrText | None = None,
    folder: PathOrText = RUNS_FOLDER,
) -> releases.Tagged:
    """Tag a verified bundle in the store of `folder`, as the baseline of the next gate.

    Returns a mapping: "release", with its "name", "created" (UTC), "bundle_sha256", "artifacts".
    Raises UsageError for a name that another bundle has, and what `verify` raises.
    """
    return releases.tag(
        releases.Request(
            arguments.path(bundle, "bundle"),
            arguments.text(name, "name"),
            arguments.path(folder, "folder"),
            _trust(trust),
            _path(signature, "signature"),
        )
    )


def _sources(what: Any, folder: Path) -> tuple[tuple[str, ...], Path]:
    """What to bundle, as the command line has it, and the folder of runs it is in."""
    if isinstance(what, Run):
        return (what.id,), what.place
    if isinstance(what, str):
        return (arguments.text(what, "what"),), folder
    return tuple(str(each) for each in arguments.files(what, "what")), folder


def _signer(given: Any) -> Signer:
    if given is None:
        return Signer()
    if not isinstance(given, Signer):
        return Signer(key=arguments.path(given, "signer"))
    return Signer(
        _path(given.key, "signer.key"),
        _path(given.certificate, "signer.certificate"),
        _paths(given.chain, "signer.chain"),
        arguments.flag(given.sigstore, "signer.sigstore"),
        _path(given.trust_config, "signer.trust_config"),
    )


def _trust(given: Any) -> Trust:
    if given is None:
        return Trust()
    if not isinstance(given, Trust):
        return Trust(key=arguments.path(given, "trust"))
    return Trust(
        _path(given.key, "trust.key"),
        _paths(given.chain, "trust.chain"),
        _text(given.identity, "trust.identity"),
        _text(given.issuer, "trust.issuer"),
        _path(given.trust_config, "trust.trust_config"),
    )


def _path(given: Any, what: str) -> Path | None:
    return None if given is None else arguments.path(given, what)


def _paths(given: Any, what: str) -> tuple[Path, ...]:
    """Any number of paths, none among them."""
    none = isinstance(given, list | tuple) and not given
    return () if none else arguments.files(given, what)


def _text(given: Any, what: str) -> str:
    return "" if isinstance(given, str) and not given else arguments.text(given, what)
