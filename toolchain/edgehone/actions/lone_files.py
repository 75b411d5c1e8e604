"""How a lone finished file becomes an artifact: what it is, judged by what is in it."""

from pathlib import Path

from edgehone import formats
from edgehone.errors import ModelError, UsageError
from edgehone.formats._base import Format
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES, bytes_text
from edgehone.system.settings import EXPORT
from edgehone.values import Artifact


def artifact(path: Path) -> Artifact:
    """The artifact at `path`, read without TensorFlow. Raises UsageError for another kind of file,
    ModelError for one that is missing or damaged.
    """
    from edgehone.export.artifacts import make_artifact

    form = form_of(path)
    _require_openable(path, form)
    audited = formats.audit(path, form)
    precision = formats.precision(audited)
    return make_artifact(path, precision=precision, audited=audited, form=form)


def without_delegates(path: Path) -> Artifact:
    """The artifact at `path` in less time: its audit lacks "delegates". Raises as `artifact` does:
    a file that ends the process of its runtime is refused, however small it is.
    """
    form = form_of(path)
    _require_openable(path, form)
    found = formats.contents(path, form)
    return Artifact(
        path,
        form.name,
        formats.precision(found),
        int(found["size_bytes"]),
        files.compressed_size(path),
        files.sha256_of(path),
        audit=found,
    )


def _require_openable(path: Path, form: Format) -> None:
    """Refuse a file that a runtime cannot address, or that ends the process of its runtime:
    ModelError. It is tried in a process of its own.
    """
    from edgehone.export.trial import require_survival

    if not form.AUDIT_OPENS:
        return
    size = path.stat().st_size
    if size > MODEL_BYTES:
        raise ModelError(
            f"{path} has {bytes_text(size)}, more than is read of such a file "
            f"({bytes_text(MODEL_BYTES)}).",
            "Check that it is the file you mean.",
        )
    require_survival(path, run=True)


def form_of(path: Path) -> Format:
    """The format of an existing file, by its name. Raises UsageError for another kind of file,
    ModelError for one that is missing, StorageError for one that may not be read.
    """
    form = formats.of_suffix(path)
    if form is None:
        hint = f"Make one of it first: {EXPORT}."
        raise UsageError(f"{path} is neither {formats.any_of('nor')} file.", hint)
    if not path.is_file():
        raise ModelError(f"File not found: {path}.", "Check the path.")
    with files.reading(path):
        files.opened(path).close()  # what cannot be read is not to be reported as a crash
    return form


def require_fixed(artifact: Artifact) -> None:
    """Refuse a file with an input of no fixed size (its batch apart): ModelError."""
    for port in (artifact.audit or {})["inputs"]:
        if not all(isinstance(size, int) and size > 0 for size in port["shape"][1:]):
            raise ModelError(
                f"The input of {artifact.path} has no fixed size: {port['shape'][1:]}.",
                "Make it of a model with a fixed input shape.",
            )
