"""Rewrites a finished file in fewer bytes, where that is proven to change nothing."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgehone import formats
from edgehone.actions.documented import Written
from edgehone.documents import artifact_json
from edgehone.errors import UsageError
from edgehone.values import Event, Progress, silent


@dataclass(frozen=True)
class Request:
    """source: a .tflite or .onnx file. destination: the file to write, or the folder to write it to
    under the source's name, which need not be there and has no ending; it may be the source itself.
    """

    source: Path
    destination: Path


@dataclass(frozen=True, repr=False)
class Repacking(Written):
    """A mapping: what `edgehone repack --json` prints (schema "repack")."""

    @property
    def path(self) -> Path:
        """The file that was written."""
        return Path(self.document["artifact"]["path"])

    def __repr__(self) -> str:
        before, after = (self.document[key]["size_bytes"] for key in ("before", "artifact"))
        return f"<Repacking of {before:,} bytes into {after:,}>"


def repack(request: Request, progress: Progress = silent) -> Repacking:
    """Write the repacked file, and say what that saved and what proves it equal.

    A file that has nothing to leave out is copied. Raises UsageError for a destination of another
    ending, ModelError for a file that cannot be read, ConversionError when the smaller file cannot
    be proven equal; nothing is written then.
    """
    from edgehone.actions import lone_files
    from edgehone.export.artifacts import make_artifact
    from edgehone.export.repack_alone import refusal, repack_alone
    from edgehone.formats._base import LEAN
    from edgehone.system.files import require_writable, whole_file

    lone_files.form_of(request.source)
    destination = _destination(request)
    require_writable(destination.absolute().parent)
    progress(Event("repack", str(request.source)))
    before = lone_files.artifact(request.source)
    form = formats.load(before.format)
    found = repack_alone(request.source, form)
    if found.reason not in ("", LEAN):
        raise refusal(request.source, found)
    with whole_file(destination, last=True) as temporary:
        temporary.write_bytes(found.content)
        made = make_artifact(temporary, precision=before.precision, form=form)
        after = replace(made, path=destination)
    sizes = {"size_bytes": before.size_bytes, "compressed_bytes": before.compressed_bytes}
    document = {
        "artifact": artifact_json(after),
        "before": {**sizes, "sha256": before.sha256},
        "reason": found.reason,
        "proof": {"kernels": list(found.kernels), "runs": found.runs},
    }
    return Repacking(document)


def _destination(request: Request) -> Path:
    source, destination = request.source, request.destination
    if destination.is_dir() or not destination.suffix:
        return destination / source.name
    if destination.suffix.lower() != source.suffix.lower():
        raise UsageError(
            f"{destination} does not end in {source.suffix!r} as {source} does.",
            "Repacking keeps a file's format: give a file of the same ending, or a folder.",
        )
    return destination
