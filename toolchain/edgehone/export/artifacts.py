"""An artifact as it leaves the export stage: quantized, audited, compared, and weighed."""

from dataclasses import dataclass
from pathlib import Path

from edgehone import files
from edgehone.errors import ModelError
from edgehone.export._base import Array, Format
from edgehone.export.audit import audit
from edgehone.export.execution import outputs
from edgehone.export.parity import parity
from edgehone.values import Artifact, BitPlan, Candidate, Plain


@dataclass(frozen=True)
class Reference:
    """What the Keras model computes: x (n, *input_shape), its outputs, and whether they are class
    scores.
    """

    x: Array
    outputs: Array
    labels: bool


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
    calibration: Array,
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
        compared = parity(reference.outputs, _computed(destination, reference), reference.labels)
    return make_artifact(
        destination,
        precision=precision_label(plan, refused),
        candidate=candidate,
        parity=compared,
        refused=refused,
    )


def precision_label(plan: BitPlan, refused: Plain | None = None) -> str:
    """The plan in a word: its default, and "+" the others that layers have: "int8+float32"."""
    layers = {layer: kind for layer, kind in plan.layers.items() if layer not in (refused or {})}
    others = sorted(set(layers.values()) - {plan.default})
    return "+".join([plan.default, *others])


def _computed(file: Path, reference: Reference) -> Array:
    computed = outputs(file, reference.x)
    if computed.shape != reference.outputs.shape:
        raise ModelError(
            f"{file} computes outputs of shape {computed.shape}, "
            f"the Keras model {reference.outputs.shape}.",
            "Report this as a bug of edgehone, with the model.",
        )
    return computed
