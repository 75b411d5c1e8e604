"""An artifact as it leaves the export stage: quantized, audited, compared, and weighed."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgehone import files
from edgehone.errors import ModelError
from edgehone.export._base import Array, Calibration, Format
from edgehone.export.audit import audit
from edgehone.export.divergence import divergence
from edgehone.export.execution import outputs_of
from edgehone.export.parity import parities
from edgehone.values import Artifact, BitPlan, Candidate, Plain


@dataclass(frozen=True)
class Reference:
    """What the Keras model computes: x (n, *input_shape), its outputs, and whether they are class
    scores. Models of several inputs or outputs have a tuple with an array for each; labels are
    then the outputs of shape (n, k) with k > 1.
    """

    x: Array | tuple[Array, ...]
    outputs: Array | tuple[Array, ...]
    labels: bool

    @property
    def inputs(self) -> tuple[Array, ...]:
        """One array for each input."""
        return self.x if isinstance(self.x, tuple) else (self.x,)

    @property
    def results(self) -> tuple[Array, ...]:
        """One array for each output."""
        return self.outputs if isinstance(self.outputs, tuple) else (self.outputs,)

    @property
    def scores(self) -> tuple[bool, ...]:
        """Whether each output is class scores."""
        if len(self.results) == 1:
            return (self.labels,)
        return tuple(self.labels and _is_table(array) for array in self.results)


def make_artifact(
    file: Path,
    *,
    precision: str,
    candidate: Candidate | None = None,
    parity: Plain | None = None,
    refused: Plain | None = None,
) -> Artifact:
    """The value for a .tflite or .onnx file on disk, with its sizes, hash and audit.

    refused: layers that kept another precision than asked, with reasons; goes into the audit.
    """
    found = dict(audit(file))
    if refused is not None:
        found["refused"] = dict(refused)
    return Artifact(
        path=file,
        format=file.suffix.lower().removeprefix("."),
        precision=precision,
        size_bytes=int(found["size_bytes"]),
        compressed_bytes=files.compressed_size(file),
        sha256=files.sha256_of(file),
        candidate=candidate,
        audit=found,
        parity=parity,
    )


def export(
    float_file: Path,
    form: Format,
    plan: BitPlan,
    calibration: Calibration,
    destination: Path,
    *,
    candidate: Candidate | None = None,
    reference: Reference | None = None,
) -> Artifact:
    """Write `float_file` in the plan's precisions, look into the result and compare what it
    computes with the reference. Raises ConversionError, ExecutionError, StorageError.
    """
    notes = form.quantize(float_file, plan, calibration, destination)
    refused = notes.get("refused", {})
    compared = None
    if reference is not None:
        computed = _computed(destination, reference)
        compared = {
            **parities(reference.results, computed, reference.scores),
            **divergence(float_file, destination, reference.inputs, plan.default),
        }
    made = make_artifact(
        destination,
        precision=precision_label(plan, refused),
        candidate=candidate,
        parity=compared,
        refused=refused,
    )
    stand_ins = dict(notes.get("stand_ins", {}))
    return replace(made, audit={**(made.audit or {}), "stand_ins": stand_ins})


def precision_label(plan: BitPlan, refused: Plain | None = None) -> str:
    """The plan in a word: its default, and "+" the others that layers have: "int8+float32"."""
    layers = {layer: kind for layer, kind in plan.layers.items() if layer not in (refused or {})}
    others = sorted(set(layers.values()) - {plan.default})
    return "+".join([plan.default, *others])


def _is_table(array: Array) -> bool:
    return array.ndim == 2 and array.shape[1] > 1


def _computed(file: Path, reference: Reference) -> tuple[Array, ...]:
    computed = outputs_of(file, reference.inputs)
    shapes = [each.shape for each in computed]
    wanted = [each.shape for each in reference.results]
    if shapes != wanted:
        raise ModelError(
            f"{file.name} computes outputs of shape {', '.join(map(str, shapes))}, "
            f"the Keras model {', '.join(map(str, wanted))}.",
            "Report this as a bug of edgehone, with the model.",
        )
    return computed
