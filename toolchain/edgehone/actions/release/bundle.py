"""Bundles a run's winner, or finished files, with the evidence for them, into one file."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehone import __version__, formats
from edgehone.actions.documented import Documented
from edgehone.actions.release import contract as agreement
from edgehone.actions.release import sources
from edgehone.errors import StorageError, UsageError, VerificationError
from edgehone.release import signatures, signing
from edgehone.release.contents import Contents, Extras, contents
from edgehone.release.evidence import Evidence
from edgehone.release.manifest import Manifest
from edgehone.release.reading import Bundle, read
from edgehone.release.signing import Signer
from edgehone.release.writing import write
from edgehone.store.store import DATABASE
from edgehone.system import interruption
from edgehone.system.apart import require_apart
from edgehone.system.bounds import MIB
from edgehone.system.files import content, require_writable, whole_file, writing
from edgehone.system.parsing import json_of
from edgehone.system.places import RUNS_FOLDER
from edgehone.system.settings import LICENCE, MEASURED
from edgehone.units import plural
from edgehone.values import Event, Progress, silent


@dataclass(frozen=True)
class Request:
    """sources: finished files, or one run in `folder`; licence: of the model, as its owner states
    it; measured: documents of bench, compare or gate that have measurements of the files;
    contract: `model.json` of an app kit for one of them; None: made here, where enough is known.
    """

    sources: tuple[str, ...]
    destination: Path
    folder: Path = RUNS_FOLDER
    licence: str = ""
    measured: tuple[Path, ...] = ()
    contract: Path | None = None
    signer: Signer = field(default_factory=Signer)


@dataclass(frozen=True, repr=False)
class Bundled(Documented):
    """A bundle as it was written: a mapping, what `edgehone bundle --json` prints."""

    path: Path
    sha256: str
    size_bytes: int
    manifest: Manifest
    signature: Path | None = None
    warnings: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """Schema "bundle"."""
        return {
            "bundle": str(self.path),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "signature": None if self.signature is None else str(self.signature),
            "manifest": self.manifest.to_json(),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        signed = "unsigned" if self.signature is None else "signed"
        files = plural(len(self.manifest.files), "file")
        return f"<Bundle {self.path}: {files}, {signed}>"


def bundle(request: Request, progress: Progress = silent) -> Bundled:
    """Write the bundle, and its signature beside it if one was asked for; both or neither.

    Raises UsageError, BudgetsMissedError for a run without a winner, ModelError for files that
    are not those that were measured, StorageError.
    """
    _require_apart(request)
    require_writable(request.destination.absolute().parent)
    config = signing.prepared(request.signer) if request.signer.asked else None
    progress(Event("gather", ", ".join(request.sources)))
    evidence, extras = _gathered(request)
    evidence = replace(evidence, licence=request.licence)
    agreed = _agreed(request, evidence, progress)
    extras = replace(extras, contract=agreed.content)
    found = contents(evidence, extras, __version__)
    progress(Event("write", str(request.destination)))
    doubts = (agreed.missing, signing.doubt(request.signer))
    warnings = (*_warnings(evidence), *(text for text in doubts if text))
    return _written(request, found, config, warnings)


def _agreed(request: Request, evidence: Evidence, progress: Progress) -> agreement.Agreed:
    """The contract that was given, or one that is made of what is known."""
    if request.contract is not None:
        return agreement.Agreed(_contract(request.contract, evidence))
    progress(Event("contract", evidence.artifacts[0].path.name))
    run = "" if evidence.origin is None else evidence.origin.run
    return agreement.made(evidence.artifacts, request.folder, run, request.licence)


def _require_apart(request: Request) -> None:
    """Refuse to write over what is bundled, or what signs it: UsageError."""
    signer = request.signer
    read = [*map(Path, request.sources), *request.measured, request.contract]
    read += [
        request.folder / DATABASE,
        signer.key,
        signer.certificate,
        *signer.chain,
        signer.trust_config,
    ]
    written = [request.destination, signing.signature_of(request.destination)]
    require_apart(written, read, "Give the bundle another name.", "which it is made of")


def _gathered(request: Request) -> tuple[Evidence, Extras]:
    if not request.sources:
        raise UsageError("Nothing to bundle was given.", "Give a run, or one or more files.")
    files = [Path(each) for each in request.sources if _is_file(each)]
    if not files and len(request.sources) == 1:
        if request.measured:
            raise UsageError(
                "A run has its own measurements.", f"Give {MEASURED} with files, not with a run."
            )
        return sources.of_run(request.folder, request.sources[0])
    if len(files) != len(request.sources):
        other = next(each for each in request.sources if not _is_file(each))
        raise UsageError(
            f"{other!r} is not a file that could be bundled.",
            "Give one run, or one or more finished files.",
        )
    return sources.of_files(files, request.folder, request.measured), Extras()


def _is_file(source: str) -> bool:
    return formats.of_suffix(Path(source)) is not None or Path(source).exists()


def _contract(path: Path, evidence: Evidence) -> bytes:
    """An app's contract, once it is about one of the files. Raises UsageError."""
    if not path.is_file():
        raise UsageError(f"File not found: {path}.", "Check the path.")
    raw = content(path, MIB, UsageError)
    hint = "Give the model.json of a kit that `edgehone app` made for one of the bundled files."
    try:
        about = json_of(raw, MIB, finite=True)["model"]["sha256"]
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{path} is not the contract of an app.", hint) from error
    if about not in {each.sha256 for each in evidence.artifacts}:
        raise UsageError(f"{path} is about none of the bundled files.", hint)
    return raw


def _warnings(evidence: Evidence) -> tuple[str, ...]:
    found = []
    origin = evidence.origin
    if origin is not None and origin.decision != "pass":
        found.append(f"Run {origin.run} is {origin.decision}: no file is proven to keep budgets.")
    if not evidence.measurements:
        found.append("Nothing was measured of these files: the bundle has no numbers but sizes.")
    if not evidence.licence:
        found.append(f"The licence of the model is not stated; state it with {LICENCE}.")
    return tuple(found)


def _written(request: Request, found: Contents, config: Any, warnings: tuple[str, ...]) -> Bundled:
    path = request.destination
    beside = signing.signature_of(path)
    with ExitStack() as stack:
        fresh = stack.enter_context(whole_file(path))
        manifest = write(fresh, found.about, found.parts)
        if config is not None:
            signing.sign(config, fresh, path.name, stack.enter_context(whole_file(beside)))
        bundle = replace(read(fresh), path=path)
        with interruption.delivery(path, last=True):
            stack.close()  # both are in their places, or neither
            if config is None:
                _remove_stale(beside, bundle)
    signature = beside if beside.exists() else None
    return Bundled(path, bundle.sha256, bundle.size_bytes, manifest, signature, warnings)


def _remove_stale(signature: Path, bundle: Bundle) -> None:
    """Remove the signature of what lay there before, unless it covers the same bytes."""
    if not signature.is_file():
        return
    try:
        signatures.found(signature, bundle)
    except (VerificationError, StorageError):
        with writing(signature):
            signature.unlink()
