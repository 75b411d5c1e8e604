"""Tags bundles as releases in the store, and finds them again as the baseline of a gate."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehone.actions.documented import Documented
from edgehone.actions.release import verify as verifying
from edgehone.documents import artifact_from_json, measurement_from_json
from edgehone.documents.plain import Json
from edgehone.documents.published import require_version
from edgehone.documents.shape import shaped
from edgehone.errors import StorageError, UsageError, VerificationError
from edgehone.release.contents import CONTRACT, EVIDENCE
from edgehone.release.reading import Bundle, read
from edgehone.release.released import Released
from edgehone.release.signatures import Trust
from edgehone.release.unpacking import content_of, unpack
from edgehone.store import LATEST, ReleaseRecord, Store
from edgehone.store.objects import REFERENCE
from edgehone.system import interruption, scratch
from edgehone.system.bounds import DESCRIPTION_BYTES, DOCUMENT_BYTES
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import json_of
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Artifact, Measurement, Plain

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""What a release may be called: what no option looks like."""

UNFINISHED = ".release-"
"""How folders begin in which a bundle is unpacked."""


@dataclass(frozen=True)
class Request:
    """bundle: to be tagged as `name` in the store of `folder`; trust, signature: as of verify."""

    bundle: Path
    name: str
    folder: Path = RUNS_FOLDER
    trust: Trust = field(default_factory=Trust)
    signature: Path | None = None


@dataclass(frozen=True, repr=False)
class Tagged(Documented):
    """A release as it was tagged: a mapping, what `edgehone release --json` prints."""

    record: ReleaseRecord
    folder: Path

    @property
    def document(self) -> dict[str, Any]:
        """Schema "release"."""
        return {"release": _row(self.record), "folder": str(self.folder)}

    def __repr__(self) -> str:
        return f"<Release {self.record.name}: bundle {self.record.bundle[:12]}>"


def tag(request: Request) -> Tagged:
    """Keep a verified bundle, and its files by their hash, under a name.

    Raises VerificationError for a bundle that does not verify, or is signed by nobody who is
    trusted; UsageError for a name that is taken or cannot be one; StorageError.
    """
    _require_name(request.name)
    found = verifying.verify(verifying.Request(request.bundle, request.trust, request.signature))
    verifying.require_checked(found)
    store = Store(request.folder)
    document = {**_facts(found), **_kept(store, found)}
    with interruption.delivery(last=True):
        record = store.releases.add(request.name, found.bundle.sha256, document)
    return Tagged(record, request.folder)


def rows(folder: Path) -> list[Json]:
    """All releases of a folder, newest first."""
    return [_row(each) for each in Store(folder, read_only=True).releases.all()]


def last_release(folder: Path, name: str = "") -> Released:
    """The newest release in a folder's store, or the one of that name, its files as the store
    keeps them. Raises UsageError where there is none, StorageError when its files are gone.
    """
    store = Store(folder, read_only=True)
    record = store.releases.named("" if name == LATEST else name)
    try:
        bundle = read(store.path_of(record.bundle))
        hashes = [each["sha256"] for each in record.document["artifacts"]]
        paths = {each: store.path_of(each) for each in hashes}
    except StorageError as error:
        raise StorageError(
            f"Release {record.name} cannot be read: {error.message}",
            f"Tag its bundle once more: edgehone release BUNDLE --name {record.name}",
        ) from error
    return replace(
        _released(bundle, paths),
        name=record.name,
        created=record.created,
        signed_by=record.document["signed_by"],
    )


def unpacked(bundle: Path, into: Path) -> Released:
    """A bundle given as a file, every byte of it verified, its artifacts written into a folder.

    Raises VerificationError, StorageError.
    """
    found = read(bundle)
    paths = {}
    for entry in found.manifest.of_role("artifact"):
        paths[entry.sha256] = into.joinpath(*Path(entry.path).parts)  # which `read` found plain
        unpack(found, entry, paths[entry.sha256])
    return _released(found, paths)


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name) or name == LATEST:
        raise UsageError(
            f"A release cannot be called {name[:80]!r}.",
            "Letters, digits, '.', '_', '+' and '-', 64 at most, a letter or digit first; not "
            f"{LATEST}.",
        )


def _facts(found: verifying.Verified) -> Json:
    """What is listed of a release."""
    manifest = found.bundle.manifest
    return {
        "title": manifest.title,
        "run": manifest.run,
        "decision": manifest.decision,
        "made_by": manifest.made_by,
        "size_bytes": found.bundle.size_bytes,
        "signed_by": found.by if found.state == "trusted" else "",
    }


def _kept(store: Store, found: verifying.Verified) -> Json:
    """What the store keeps of a bundle: itself, its signature and its artifacts, by their hash."""
    kept: Json = {"bundle": {REFERENCE: store.add_file(found.bundle.path)}, "signature": None}
    if kept["bundle"][REFERENCE] != found.bundle.sha256:
        raise UsageError(
            f"{found.bundle.path} changed while it was tagged.",
            "Let nothing else write to it and run the same command again.",
        )
    if found.signature is not None:
        kept["signature"] = {REFERENCE: store.add_file(found.signature.path)}
    artifacts = []
    scratch.sweep(store.folder, UNFINISHED)
    with scratch.Folder(store.folder, UNFINISHED) as folder:
        for entry in found.bundle.manifest.of_role("artifact"):
            copy = folder / f"{entry.sha256}{Path(entry.path).suffix}"
            unpack(found.bundle, entry, copy)
            sha256 = store.add_file(copy)
            artifacts.append({"path": entry.path, "sha256": sha256, REFERENCE: sha256})
    return {**kept, "artifacts": artifacts}


def _row(record: ReleaseRecord) -> Json:
    known = ("title", "run", "decision", "made_by", "size_bytes", "signed_by")
    artifacts = record.document["artifacts"]
    return {
        "name": record.name,
        "created": record.created,
        "bundle_sha256": record.bundle,
        **{key: record.document[key] for key in known},
        "artifacts": [{key: each[key] for key in ("path", "sha256")} for each in artifacts],
    }


def _released(bundle: Bundle, paths: Mapping[str, Path]) -> Released:
    """What a verified bundle tells of the files at these places, by their hash."""
    try:
        data = _json(bundle, EVIDENCE, DOCUMENT_BYTES) or {}
        require_version(data, f"{EVIDENCE} in {bundle.path}")
        contract = _json(bundle, CONTRACT, DESCRIPTION_BYTES)
        with shaped(f"{EVIDENCE} in {bundle.path}"):
            artifacts = {
                each["sha256"]: replace(artifact_from_json(each), path=paths[each["sha256"]])
                for each in data["artifacts"]
            }
            measured = _measurements(data["measurements"], artifacts)
    except StorageError as error:
        raise VerificationError(
            error.message, "Bundle the files again with this version."
        ) from error
    return Released("", bundle.sha256, "", "", tuple(artifacts.values()), measured, contract)


def _measurements(
    found: Sequence[Plain], artifacts: Mapping[str, Artifact]
) -> tuple[Measurement, ...]:
    return tuple(
        measurement_from_json(each, artifacts[each["artifact"]["sha256"]]) for each in found
    )


def _json(bundle: Bundle, path: str, most: int) -> Json | None:
    """A JSON file of a bundle; None: it has none of that name."""
    entry = next((each for each in bundle.manifest.files if each.path == path), None)
    if entry is None:
        return None
    with shaped(f"{path} in {bundle.path}"):
        try:
            return dict(json_of(content_of(bundle, entry, most), most, finite=True))
        except ValueError as error:
            raise ValueError(sentence(error)) from error
