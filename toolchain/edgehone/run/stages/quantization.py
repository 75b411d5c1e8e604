"""A float file in other precisions: audited, compared with its model, and verified."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edgehone.documents import recipe_json
from edgehone.errors import ModelError
from edgehone.formats._base import Array, Calibration, Format, learned_ranges
from edgehone.run.borders import held_by
from edgehone.run.stages.compression import Built
from edgehone.run.workspace import Workspace
from edgehone.system import interruption
from edgehone.system.files import write_whole
from edgehone.values import Artifact, Candidate, Plain, PrecisionPlan, Recipe

if TYPE_CHECKING:
    from edgehone.export.artifacts import Reference

STAGE, VERSION = "export", 7

KEPT = ("precision", "size_bytes", "compressed_bytes", "audit", "parity")
"""Fields of an artifact that the cache keeps."""

Check = Callable[[Artifact], None]
"""Raises ConversionError when a file is not what is required."""


@dataclass(frozen=True, eq=False)
class Quantization:
    """A float file, the precisions wanted, and what the result is held against.

    calibrated_by: what the calibration samples are identified by; reference: what the Keras model
    computes, asked for when the file is made; compared_by: what identifies that; checks: what a
    file must pass, the first failure refuses it; name: what the file is called in messages.
    """

    float_file: Path
    format: str
    form: Format
    plan: PrecisionPlan
    calibration: Calibration
    calibrated_by: Sequence[Any]
    reference: "Callable[[], Reference]"
    compared_by: str
    candidate: Candidate | None = None
    checks: Sequence[Check] = ()
    name: str = "artifact"

    def inputs(self) -> dict[str, Any]:
        """What the file depends on."""
        return {
            "float": self.float_file.name,
            "bits": recipe_json(Recipe((), self.plan))["bits"],
            "calibration": list(self.calibrated_by),
            "ranges": self.calibration.ranges,
            "reference": self.compared_by,
        }


@dataclass(frozen=True, eq=False)
class Samples:
    """What files are calibrated on, what identifies it, and what files are compared with."""

    calibration: Array
    identified_by: Sequence[Any]
    reference: "Callable[[], Reference]"


@dataclass(frozen=True)
class Refused:
    """A format that could not be made of a candidate, and why."""

    format: str
    reason: str
    hint: str = ""

    @classmethod
    def by(cls, format_name: str, error: ModelError) -> "Refused":
        """A format that an error kept from being made."""
        return cls(format_name, error.message, error.hint)


def of_candidate(
    built: Built, float_file: Path, format_name: str, form: Format, samples: Samples
) -> Quantization:
    """What is asked of a candidate's file: its recipe's precisions, with what its training learned
    of ranges, and that it still computes the same.
    """
    from edgehone.export.artifacts import require_sound

    candidate = built.candidate
    return Quantization(
        float_file,
        format_name,
        form,
        held_by(form, candidate.recipe.precision),
        Calibration((samples.calibration,), learned_ranges(candidate.steps)),
        calibrated_by=samples.identified_by,
        reference=samples.reference,
        compared_by=built.reference,
        candidate=candidate,
        checks=(require_sound,),
    )


def quantize(asked: Quantization, workspace: Workspace) -> Artifact:
    """The file in the plan's precisions, as an object of the cache.

    Raises ConversionError when it cannot be made or fails a check, ExecutionError when it does
    not run.
    """
    value = workspace.cache.stage(
        STAGE, asked.inputs(), lambda: _quantized(asked, workspace), version=VERSION
    )
    return Artifact(
        path=workspace.cache.path_of(value["object"]),
        format=asked.format,
        sha256=value["object"],
        candidate=asked.candidate,
        **{key: value[key] for key in KEPT},
    )


def _quantized(asked: Quantization, workspace: Workspace) -> dict[str, Any]:
    from edgehone.export.artifacts import export

    with TemporaryDirectory(dir=workspace.scratch) as scratch:
        artifact = export(
            asked.float_file,
            asked.form,
            asked.plan,
            asked.calibration,
            Path(scratch) / f"{asked.name}{asked.form.SUFFIX}",
            candidate=asked.candidate,
            reference=asked.reference(),
        )
        for check in asked.checks:
            check(artifact)
        made = {key: getattr(artifact, key) for key in KEPT}
        return {"object": workspace.cache.add_file(artifact.path), **made}


def smaller_form(asked: Quantization, artifact: Artifact, workspace: Workspace) -> Plain | None:
    """{"precision", "size_bytes"} of the smallest form of the float file where the artifact made
    of it is larger; None where it is not.
    """
    from edgehone.export import smaller

    if not smaller.is_larger(asked.form, asked.float_file, artifact):
        return None
    inputs = {"float": asked.float_file.name, "format": asked.format}

    def work() -> dict[str, Any]:
        with TemporaryDirectory(dir=workspace.scratch) as scratch:
            return smaller.smallest(asked.form, asked.float_file, Path(scratch))

    return workspace.cache.stage("smallest form", inputs, work, version=3)


def publish(artifact: Artifact, destination: Path) -> None:
    """Put a copy of an artifact where the user wants it, whole or not at all."""
    with interruption.delivery(destination):
        write_whole(destination, artifact.path.read_bytes())
