"""Makes the files that `export` was asked for; what cannot be made is kept with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import variants
from edgehone.admission import require_single
from edgehone.cli.setting import Setting
from edgehone.documents import artifact_json
from edgehone.errors import ConversionError
from edgehone.export._base import Format
from edgehone.export.artifacts import Reference, export
from edgehone.export.conversion import Converter
from edgehone.files import require_writable
from edgehone.values import Artifact, BitPlan, Event, Model, Progress, Task

Array = NDArray[Any]

PARITY_SAMPLES = 64


@dataclass(frozen=True)
class Order:
    """What was asked: a model, formats times precisions, and data to calibrate with."""

    model: str
    destination: Path
    formats: Sequence[str]
    precisions: Sequence[str]
    calibration: str | None = None
    samples: int = 200
    trust: bool = False
    seed: int = 0


def fulfil(order: Order, setting: Setting, progress: Progress) -> dict[str, Any]:
    """Make every file of the order: {"artifacts": […], "skipped": [{format, precision, reason}]}.

    Parity is taken on calibration data, or on random numbers where there is none; "data" in it
    says which. Raises ModelError when the model cannot be read.
    """
    from edgehone.graph import loading

    require_writable(order.destination)
    artifacts: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    with (
        TemporaryDirectory(prefix="edgehone-") as scratch,
        Converter(trust=True, sources=(order.model,)) as converter,  # `load` is the gate
    ):
        converter.warm()
        progress(Event("load the model", order.model))
        keras_model = loading.load(order.model, trust=order.trust)
        require_single(keras_model, order.model)
        model = loading.save(keras_model, Path(scratch) / "model.keras")
        calibration = _calibration(order, setting, keras_model)
        reference = _reference(keras_model, calibration, setting.task)
        for name in order.formats:
            maker = _Maker(order, model, calibration, reference, converter, Path(scratch), progress)
            made, refused = maker.make(name)
            artifacts += made
            skipped += refused
    return {"artifacts": artifacts, "skipped": skipped}


@dataclass(frozen=True)
class _Maker:
    """Makes all precisions of one format from one conversion."""

    order: Order
    model: Model
    calibration: Array
    reference: Reference
    converter: Converter
    scratch: Path
    progress: Progress

    def make(self, name: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """Documents of what was made, and what was refused with its reason."""
        made: list[dict[str, Any]] = []
        refused: list[dict[str, str]] = []
        form = variants.load("edgehone.export", Format, name)()
        precisions = self.order.precisions
        self.progress(Event("convert", name))
        try:
            source = self.converter.convert(self.model, name, self.scratch / f"float.{name}")
        except ConversionError as error:
            return [], [_refusal(name, precision, error) for precision in precisions]
        for done, precision in enumerate(precisions):
            self.progress(Event("export", f"{name} {precision}", done, len(precisions)))
            try:
                made.append(self._document(self._export(form, source, precision)))
            except ConversionError as error:
                refused.append(_refusal(name, precision, error))
        return made, refused

    def _export(self, form: Format, source: Path, precision: str) -> Artifact:
        stem = Path(self.order.model.rpartition(":")[2]).stem
        destination = self.order.destination / f"{stem}-{precision}{form.SUFFIX}"
        return export(
            source,
            form,
            BitPlan(precision),
            self.calibration,
            destination,
            reference=self.reference,
        )

    def _document(self, artifact: Artifact) -> dict[str, Any]:
        found = artifact_json(artifact, details=True)
        data = "calibration" if self.order.calibration else "random numbers"
        return {**found, "parity": {**(found["parity"] or {}), "data": data}}


def _refusal(name: str, precision: str, error: ConversionError) -> dict[str, str]:
    return {"format": name, "precision": precision, "reason": error.message, "hint": error.hint}


def _calibration(order: Order, setting: Setting, model: Any) -> Array:
    """Samples as the model takes them; random ones when no data was given."""
    from edgehone.data import load

    tensor = model.inputs[0]
    shape = tuple(tensor.shape[1:])
    if order.calibration is None:
        random = np.random.default_rng(order.seed).uniform(0, 1, (PARITY_SAMPLES, *shape))
        return random.astype(np.float32)
    about = setting.config.data if setting.config else None
    found = load(
        order.calibration,
        seed=order.seed,
        task=Task("reconstruction", "mse"),  # labels are of no use here, and may be missing
        scale=about.scale if about else 1.0,
        offset=about.offset if about else 0.0,
        input_shape=shape,
        input_dtype=str(tensor.dtype),
    )
    return found.calibration(order.samples, order.seed)


def _reference(model: Any, calibration: Array, task: Task) -> Reference:
    x = calibration[:PARITY_SAMPLES]
    outputs = np.asarray(model.predict(x, verbose=0))
    scores = outputs.ndim == 2 and outputs.shape[1] > 1 and task.kind == "classification"
    return Reference(x, outputs, labels=scores)
