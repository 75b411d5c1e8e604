"""What a run has to release: its winner's measurements, and proof that its files are the same."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from edgehone.actions.run.history import document_of
from edgehone.actions.run.rejudge import rejudged
from edgehone.documents.run.document import RunDocument
from edgehone.documents.shape import shaped
from edgehone.errors import BudgetsMissedError, EdgehoneError, ModelError, StorageError
from edgehone.store import Store
from edgehone.system.files import compressed_size, sha256_of
from edgehone.system.settings import GATE_FILE, GATE_THERE
from edgehone.values import Artifact, Measurement


@dataclass(frozen=True)
class Release:
    """What a run led to: its winner's measurements by device, or else those of its best unproven
    candidate; the devices that lack one; the float file it started from, as the run measured it;
    the task's metric; what to know besides; the float file's own measurement; the data it
    trained on.
    """

    run: str
    measured: tuple[Measurement, ...]
    absent: tuple[str, ...]
    baseline: Artifact
    metric: str
    warnings: tuple[str, ...]
    base: Measurement
    data: str = ""


@dataclass(frozen=True)
class Files:
    """The files of a run: in its own folder, and those that the store keeps by their hash."""

    folder: Path
    run: str

    def proven(self, artifact: Artifact) -> Artifact:
        """The artifact as its bytes are now. Raises ModelError (5) unless they are there and those
        that the run measured.
        """
        path = self._found(artifact.path)
        kept = self._kept(artifact)
        try:
            sha256, size_bytes = sha256_of(path), path.stat().st_size
            compressed_bytes = compressed_size(path)
        except (EdgehoneError, OSError) as error:
            text = error.message if isinstance(error, EdgehoneError) else str(error)
            raise ModelError(text, "Check that the file may be read.") from error
        if sha256 != artifact.sha256:
            raise ModelError(
                f"{path} is not the file that run {self.run} measured: its SHA-256 is "
                f"{sha256[:12]}…, that of the measured one {artifact.sha256[:12]}….",
                f"Put the measured file back: cp {_quoted(kept)} {_quoted(path)}",
            )
        if size_bytes != artifact.size_bytes:
            raise ModelError(
                f"Run {self.run} says that {path} has {artifact.size_bytes:,} bytes, and it has "
                f"{size_bytes:,}: the run's document was altered.",
                f"Check the file itself: {GATE_FILE}.",
            )
        return replace(artifact, path=path, compressed_bytes=compressed_bytes)

    def _found(self, named: Path) -> Path:
        """Where the file is: in the run's folder as it lies now, if the run has one there, else
        where the run says. A folder that was copied is judged by its own files.
        """
        own = self.folder.absolute() / self.run
        inside = named.parts[named.parts.index(self.run) + 1 :] if self.run in named.parts else ()
        path = own.joinpath(*inside) if inside and own.is_dir() else named
        if path.is_file():
            return path
        raise ModelError(
            f"{path}, the file that run {self.run} measured, is missing.",
            f"Make it again: edgehone run --resume {self.run}",
        )

    def _kept(self, artifact: Artifact) -> Path:
        try:
            return Store(self.folder, read_only=True).path_of(artifact.sha256)
        except StorageError as error:
            raise ModelError(
                f"The store cannot verify {artifact.path.name}: {error.message}",
                f"Make it again: edgehone run --resume {self.run}",
            ) from error


def release_of(folder: Path, run: str) -> Release:
    """What a finished run has to release; its file is the very one that the run measured.

    Raises BudgetsMissedError for a run without a winner, ModelError when a file was swapped,
    altered or lost, StorageError when the run's document cannot be read.
    """
    document = document_of(folder, run)
    with shaped(f"The document of run {document.run}"):
        found = _read(document)
    files = Files(folder, found.run)
    artifact = files.proven(_one_artifact(found))
    measured = tuple(replace(each, artifact=artifact) for each in found.measured)
    return replace(found, measured=measured)


def _read(document: RunDocument) -> Release:
    chosen = document.chosen
    if chosen is None:
        raise BudgetsMissedError(
            f"Run {document.run} has no winner, so there is nothing to release.",
            f"See which budget is not met: edgehone report {document.run}",
        )
    measured = tuple(rejudged(each) for each in (chosen.measurement, *chosen.elsewhere))
    there = {each.device.name for each in measured}
    asked = dict.fromkeys(device.name for device in document.devices)
    warning = document.teacher.warning if document.teacher else ""
    scored = measured[0].accuracy
    return Release(
        document.run,
        measured,
        tuple(name for name in asked if name not in there),
        document.baseline.artifact,
        scored.metric if scored else document.project.metric,
        (warning,) if warning else (),
        rejudged(document.baseline),
        document.project.data,
    )


def _one_artifact(found: Release) -> Artifact:
    """The artifact that all devices measured. Raises ModelError when they are several."""
    first = found.measured[0].artifact
    for each in found.measured[1:]:
        if each.artifact.sha256 != first.sha256:
            raise ModelError(
                f"Run {found.run} holds another file's measurement on {each.device.name!r}: its "
                "document was altered.",
                f"Measure the file there: {GATE_THERE}.",
            )
    return first


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
