"""An artifact as it leaves the export stage: quantized, audited, compared, and weighed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgehone import formats, precisions
from edgehone.errors import ConversionError, ModelError
from edgehone.export.divergence import divergence
from edgehone.export.execution import outputs_of
from edgehone.export.judging import Kind, accuracy, kinds, thresholds
from edgehone.export.parity import parities
from edgehone.export.repacking import in_place, lean_size
from edgehone.export.wrecked import judged
from edgehone.formats._base import Array, Calibration, Format
from edgehone.formats._exact import layer_of
from edgehone.system import files
from edgehone.values import Artifact, Candidate, Plain, PrecisionPlan


@dataclass(frozen=True)
class Reference:
    """What the Keras model computes: x (n, *input_shape) and its outputs. Models of several inputs
    or outputs have a tuple with an array for each.

    answer: what the task's outputs are compared by; None where no task is set, and the model's own
    end tells (`edgehone.export.judging`). targets: what the data have for these samples, if
    anything.
    """

    x: Array | tuple[Array, ...]
    outputs: Array | tuple[Array, ...]
    answer: Kind | None = None
    targets: Array | None = None

    @property
    def inputs(self) -> tuple[Array, ...]:
        """One array for each input."""
        return self.x if isinstance(self.x, tuple) else (self.x,)

    @property
    def results(self) -> tuple[Array, ...]:
        """One array for each output."""
        return self.outputs if isinstance(self.outputs, tuple) else (self.outputs,)

    def decides(self, kind: Kind) -> bool:
        """Whether an output of that kind says yes or no to each of several labels."""
        return self.answer == "probabilities" and kind == "numbers" and len(self.results) == 1

    def kinds(self, float_file: Path, form: Format | None = None) -> tuple[Kind, ...]:
        """What each output is."""
        return kinds(float_file, self.results, answer=self.answer, targets=self.targets, form=form)


@dataclass(frozen=True)
class Pair:
    """A file and the float file that it was made of, in their format."""

    float_file: Path
    file: Path
    form: Format


def make_artifact(
    file: Path,
    *,
    precision: str,
    candidate: Candidate | None = None,
    parity: Plain | None = None,
    refused: Plain | None = None,
    audited: Plain | None = None,
    form: Format | None = None,
) -> Artifact:
    """The value for a finished file on disk, with its sizes, hash and audit.

    refused: layers that kept another precision than asked, with reasons; goes into the audit.
    audited: the file's audit, where it has been made already. form: its format, by its ending if
    None.
    """
    form = form or formats.of_file(file)
    found = dict(formats.audit(file, form) if audited is None else audited)
    if refused is not None:
        found["refused"] = dict(refused)
    return Artifact(
        path=file,
        format=form.name,
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
    plan: PrecisionPlan,
    calibration: Calibration,
    destination: Path,
    *,
    candidate: Candidate | None = None,
    reference: Reference | None = None,
) -> Artifact:
    """Write `float_file` in the plan's precisions, look into the result, compare what it computes
    with the reference, and repack it where that is proven to change nothing.

    The audit gets what `Format.quantize` noted ("refused", "stand_ins", "kept_float",
    "per_tensor"), "float_size_bytes" (of the float file, repacked as well) and "repacked" (see
    `edgehone.export.repacking.in_place`); the parity is that of `parities` and `divergence`, with
    "kinds" and "names" of the outputs, "accuracy" {"float", "file"} where the data have labels,
    "verdict" and "reason" (`wrecked.judged`). Raises ConversionError, ExecutionError, StorageError.
    """
    notes = form.quantize(float_file, plan, calibration, destination)
    refused = notes.get("refused", {})
    audited = formats.audit(destination, form)
    compared = None
    if reference is not None:
        compared = {
            **_compared(Pair(float_file, destination, form), reference, plan.default, audited),
            **divergence(float_file, destination, reference.inputs, plan.default, form),
        }
    samples = () if reference is None else reference.inputs
    lean = in_place(destination, form, audited, samples)
    audited = {**audited, "size_bytes": destination.stat().st_size}
    made = make_artifact(
        destination,
        precision=precision_label(plan, refused),
        candidate=candidate,
        parity=compared,
        refused=refused,
        audited=audited,
        form=form,
    )
    detail = {
        "stand_ins": dict(notes.get("stand_ins", {})),
        "kept_float": dict(notes.get("kept_float", {})),
        "per_tensor": list(notes.get("per_tensor", ())),
        "float_size_bytes": lean_size(float_file, form),
        "repacked": lean,
    }
    found = {**(made.audit or {}), **detail}
    return replace(made, audit=found, precision=_with_floats(made.precision, found, plan))


def require_sound(artifact: Artifact) -> None:
    """Refuse a file that no longer computes what its model does. Raises ConversionError."""
    found = artifact.parity or {}
    if found.get("verdict") == "wrecked":
        raise ConversionError(
            f"The {artifact.precision} file is wrecked: {found['reason']}.",
            "Try another precision (int16x8, float16), or keep its worst layers float.",
        )


def _compared(pair: Pair, reference: Reference, precision: str, audited: Plain) -> dict[str, Any]:
    """The parity of a file, with its verdict and, where the data have labels, its accuracy."""
    computed = _computed(pair.file, reference, pair.form)
    found = reference.kinds(pair.float_file, pair.form)
    least = thresholds(pair.float_file, reference.results, pair.form)
    compared: dict[str, Any] = {
        **parities(
            reference.results,
            computed,
            [kind == "labels" for kind in found],
            [kind == "probabilities" for kind in found],
            least,
            [kind == "probabilities" or reference.decides(kind) for kind in found],
        ),
        "kinds": list(found),
        "names": [each["name"] for each in audited["outputs"]],
        "accuracy": _accuracy(found[0], reference, computed[0], least[0]),
    }
    verdict = judged(compared, precision)
    return {**compared, "verdict": verdict.verdict, "reason": verdict.reason}


def _accuracy(kind: Kind, reference: Reference, computed: Array, threshold: float) -> Plain | None:
    """{"float", "file": shares of the first output's labels that are right}, or None."""
    before, after = (
        accuracy(each, kind, reference.targets, threshold)
        for each in (reference.results[0], computed)
    )
    return None if before is None else {"float": before, "file": after}


def _with_floats(label: str, found: Plain, plan: PrecisionPlan) -> str:
    """The label, with float32 where operators stay float in spite of the plan."""
    layers = {layer_of(layer["name"]) for layer in found["layers"]}
    kept = layers & {*found["kept_float"]}
    default = precisions.named(plan.default)
    if default.static:  # of integers throughout; other layers of the plan have their own
        floats = {layer_of(layer["name"]) for layer in found["float_layers"]}
        kept |= floats - {*plan.layers}
    kinds = label.split("+")
    if not kept or precisions.FLOAT32 in kinds or default.float_weights:
        return label
    return "+".join([kinds[0], *sorted({*kinds[1:], precisions.FLOAT32})])


def precision_label(plan: PrecisionPlan, refused: Plain | None = None) -> str:
    """The plan in a word: its default, and "+" the others that layers have: "int8+float32"."""
    layers = {layer: kind for layer, kind in plan.layers.items() if layer not in (refused or {})}
    others = sorted(set(layers.values()) - {plan.default})
    return "+".join([plan.default, *others])


def _computed(file: Path, reference: Reference, form: Format) -> tuple[Array, ...]:
    computed = outputs_of(file, reference.inputs, form)
    shapes = [each.shape for each in computed]
    wanted = [each.shape for each in reference.results]
    if shapes != wanted:
        raise ModelError(
            f"{file.name} computes outputs of shape {', '.join(map(str, shapes))}, "
            f"the Keras model {', '.join(map(str, wanted))}.",
            "Report this as a bug of edgehone, with the model.",
        )
    return computed
