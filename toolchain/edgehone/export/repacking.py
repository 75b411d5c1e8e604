"""A finished file in fewer bytes, proven to compute the same bits; else as it was, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.errors import ConversionError, ModelError
from edgehone.export.proof_inputs import proof_inputs, stored_inputs
from edgehone.formats._base import LEAN, RUNTIME_ERRORS, Array, Format
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.library_errors import sentence
from edgehone.values import Plain

SAMPLES = 3
"""Real samples that are run beside made-up ones."""


@dataclass(frozen=True)
class Repacked:
    """A file's content; why it is the original one, "" where it is smaller; and what proved the
    smaller one equal: the sets of kernels, and how many runs each did.
    """

    content: bytes
    reason: str = ""
    kernels: tuple[str, ...] = ()
    runs: int = 0

    def about(self, before_bytes: int) -> dict[str, Any]:
        """{"before_bytes", "reason", "kernels", "runs"} for documents."""
        return {
            "before_bytes": before_bytes,
            "reason": self.reason,
            "kernels": list(self.kernels),
            "runs": self.runs,
        }


def in_place(
    file: Path, form: Format, audit: Plain, samples: Sequence[Array] = ()
) -> dict[str, Any]:
    """Put a finished file's repacked content in its place where that is proven equal; see
    `repacked` and `Repacked.about`. Raises StorageError.
    """
    content = files.content(file, MODEL_BYTES, ModelError)
    found = repacked(content, form, audit, samples, layers=True)
    if found.content != content:
        files.write_whole(file, found.content)
    return found.about(len(content))


def lean_size(file: Path, form: Format) -> int:
    """The bytes that a file has once it is repacked, if that can be."""
    content = files.content(file, MODEL_BYTES, ModelError)
    try:
        return min(len(form.repack(content, layers=True)), len(content))
    except (ConversionError, ModelError):
        return len(content)


def repacked(
    content: bytes,
    form: Format,
    audit: Plain,
    samples: Sequence[Array] = (),
    *,
    layers: bool = False,
) -> Repacked:
    """The content that `form.repack` makes of a file's, where it is smaller and proven equal.

    Proven: all its tables say the same, and every set of kernels computes the same bits of edge
    and random inputs, and of the first samples. audit: of the file; samples: an array (n, *shape)
    for each input; layers: whether names of layers are kept, see `Format.repack`.
    """
    try:
        smaller = form.repack(content, layers=layers)
        if len(smaller) >= len(content):
            return Repacked(content, LEAN)
        return _proven(content, smaller, form, _runs(audit, samples))
    except ConversionError as error:
        return Repacked(content, error.message[:1].lower() + error.message[1:].rstrip("."))
    except ModelError as error:
        return Repacked(content, error.message.rstrip("."))


def _runs(audit: Plain, samples: Sequence[Array]) -> tuple[tuple[Array, ...], ...]:
    return (*proof_inputs(audit), *stored_inputs(audit, samples, SAMPLES))


def _proven(
    content: bytes, smaller: bytes, form: Format, runs: tuple[tuple[Array, ...], ...]
) -> Repacked:
    if not form.same_meaning(content, smaller):
        return Repacked(content, "what it says cannot be kept in the smaller form")
    try:
        before = form.computed(content, runs)
        if dict(form.computed(content, runs)) != dict(before):
            return Repacked(content, "it computes something else each time it runs")
        after = form.computed(smaller, runs)
    except RUNTIME_ERRORS as error:
        return Repacked(content, f"it cannot be run here: {sentence(error)}")
    if dict(after) != dict(before):
        return Repacked(content, "the smaller file does not compute the same bits")
    return Repacked(smaller, "", tuple(after), len(runs))
