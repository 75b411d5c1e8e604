"""Makes the files that `export` was asked for; what cannot be made is kept with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone import formats, precisions
from edgehone.actions import lone_files
from edgehone.actions.calibration_checks import unalike
from edgehone.actions.export_options import Bits, floated, floated_json, judged_on
from edgehone.actions.export_reference import Comparison, comparison, targets_of
from edgehone.actions.guess_warnings import input_told
from edgehone.actions.parity_limit import ParityLimit
from edgehone.actions.samples import (
    Fed,
    Port,
    loader,
    ports_of_file,
    ports_of_model,
    random_samples,
    samples,
)
from edgehone.actions.settings import Setting
from edgehone.documents import artifact_json
from edgehone.errors import (
    ConversionError,
    ExecutionError,
    ModelError,
    UsageError,
)
from edgehone.export.artifacts import Reference, export
from edgehone.export.conversion import PLAIN, Converter, Layout
from edgehone.export.execution import outputs_of
from edgehone.export.float_worst import Bound, Source
from edgehone.export.requirements import findings
from edgehone.export.smaller import smaller
from edgehone.export.trial import require_survival
from edgehone.formats._base import Calibration, Format
from edgehone.formats._batches import batches
from edgehone.graph.running import running
from edgehone.graph.supported import require_formats, require_supported
from edgehone.measure.input_range import clipped_inputs
from edgehone.run.teacher_check import expectation
from edgehone.system.files import require_writable, write_whole
from edgehone.values import Artifact, BitPlan, Event, Progress

Array = NDArray[Any]


@dataclass(frozen=True)
class Order:
    """What was asked: a model, formats times precisions, data to calibrate with, how files are
    laid out, and what is required of each (`edgehone.export.requirements`), in parity as well.
    """

    model: str
    destination: Path
    formats: Sequence[str]
    precisions: Sequence[str]
    calibration: str | None = None
    samples: int = 200
    trust: bool = False
    custom: Sequence[str] = ()
    seed: int = 0
    bits: Bits = field(default_factory=Bits)
    layout: Layout = PLAIN
    require: Sequence[str] = ()
    parity: ParityLimit | None = None


def fulfil(order: Order, setting: Setting, progress: Progress) -> dict[str, Any]:
    """Make every file of the order: {"artifacts": […], "skipped": [{format, precision, reason}],
    "calibration", "warnings"}.

    Parity is taken on calibration data, or on random numbers where there is none; "data" in it
    says which. A file that does not run, or lacks what is required of it, is not written and
    counts as skipped. Raises ModelError when the model cannot be read.
    """
    require_writable(order.destination)
    with TemporaryDirectory(prefix="edgehone-") as folder:
        if formats.of_suffix(Path(order.model)):
            return _requantized(order, setting, progress, Path(folder))
        return _converted(order, setting, progress, Path(folder))


def _converted(order: Order, setting: Setting, progress: Progress, scratch: Path) -> dict[str, Any]:
    """The document for a Keras model."""
    from edgehone.graph import loading

    artifacts: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    # `load` is the gate
    with Converter(trust=True, sources=(order.model,), custom=order.custom) as converter:
        converter.warm()
        progress(Event("load the model", order.model))
        keras_model = loading.load(
            order.model, trust=order.trust, custom=order.custom, progress=progress
        )
        require_supported(keras_model, order.model, batch=order.layout.batch)
        require_formats(keras_model, order.formats)
        model = loading.save(keras_model, scratch / "model.keras")
        ports = ports_of_model(keras_model)
        fed = _calibration(order, setting, ports)
        calibration = fed.inputs
        compared = comparison(
            targets_of(order.calibration, order.samples, order.seed, setting, ports),
            fed,
            setting,
            partial(_predicted, keras_model),
            expectation(keras_model),
        )
        reference = compared.reference
        bound = partial(_bound, order, setting, ports, reference)

        def converted(name: str) -> Path:
            return converter.convert(
                model, name, scratch / f"float{formats.load(name).SUFFIX}", order.layout
            )

        for name in order.formats:
            maker = _Maker(order, converted, calibration, reference, scratch, progress, bound)
            made, refused = maker.make(name)
            artifacts += made
            skipped += refused
        return _document(artifacts, skipped, compared)


def _requantized(
    order: Order, setting: Setting, progress: Progress, scratch: Path
) -> dict[str, Any]:
    """The same document, made of a finished float32 file in its own format."""
    source = lone_files.artifact(Path(order.model))
    if source.precision != precisions.FLOAT32:
        raise ConversionError(
            f"{source.path} is {source.precision} already; other precisions are made of float32.",
            "Give the float32 file, or the Keras model it was made from.",
        )
    if tuple(order.formats) != (source.format,):
        raise UsageError(
            f"{source.path} is a finished {source.path.suffix} file, and cannot be made another "
            "format.",
            "Leave out --format, or give the Keras model it was made from.",
        )
    if order.layout != PLAIN:
        raise UsageError(
            f"{source.path} is a finished file, and its batch and loops are what they are.",
            "Leave out --batch and --recurrent, or give the Keras model it was made from.",
        )
    lone_files.require_fixed(source)
    require_survival(source.path, run=True)
    ports = ports_of_file(source.audit or {})
    fed = _calibration(order, setting, ports)
    calibration = fed.inputs
    compared = comparison(
        targets_of(order.calibration, order.samples, order.seed, setting, ports),
        fed,
        setting,
        partial(outputs_of, source.path),
        input_told(source),
    )
    reference = compared.reference
    bound = partial(_bound, order, setting, ports, reference)
    maker = _Maker(order, lambda _: source.path, calibration, reference, scratch, progress, bound)
    made, refused = maker.make(source.format)
    return _document(made, refused, compared)


def _document(
    made: list[dict[str, Any]], refused: list[dict[str, str]], compared: Comparison
) -> dict[str, Any]:
    return {
        "artifacts": made,
        "skipped": refused,
        "calibration": compared.fed.document(),
        "warnings": [*compared.warnings(made), *unalike(made)],
    }


@dataclass(frozen=True)
class _Maker:
    """Makes all precisions of one format from one float file, which `float_file` gives."""

    order: Order
    float_file: Callable[[str], Path]
    calibration: tuple[Array, ...]
    reference: Reference
    scratch: Path
    progress: Progress
    bound: Callable[[Path], Bound | None]

    def make(self, name: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
        """Documents of what was made, and what was refused with its reason."""
        made: list[dict[str, Any]] = []
        refused: list[dict[str, str]] = []
        form = formats.load(name)
        precisions = self.order.precisions
        self.progress(Event("convert", name))
        try:
            source = self.float_file(name)
        except ConversionError as error:
            return [], [_refusal(name, precision, error) for precision in precisions]
        bound = self.bound(source)
        for done, precision in enumerate(precisions):
            self.progress(Event("export", f"{name} {precision}", done, len(precisions)))
            try:
                made.append(self._made(form, source, precision, bound))
            except (ConversionError, ExecutionError) as error:
                refused.append(_refusal(name, precision, error))
        return made, refused

    def _made(
        self, form: Format, source: Path, precision: str, bound: Bound | None
    ) -> dict[str, Any]:
        plan = self.order.bits.plan(precision)
        if bound is None or precisions.named(precision).float_weights:
            return self._document(form, source, self._export(form, source, plan))
        trial = Source(source, form, Calibration(self.calibration))
        found = floated(trial, plan, bound, instead=self.order.bits.instead, progress=self.progress)
        document = self._document(form, source, self._export(form, source, found.plan))
        return {**document, "float_worst": floated_json(found, bound)}

    def _export(self, form: Format, source: Path, plan: BitPlan) -> Artifact:
        stem = Path(self.order.model.rpartition(":")[2]).stem
        name = f"{stem}-{plan.default}{form.SUFFIX}"
        artifact = export(
            source,
            form,
            plan,
            Calibration(self.calibration),
            self.scratch / name,
            reference=self.reference,
        )
        self._check(artifact)
        if self.order.parity is not None:
            self.order.parity.check(artifact.parity or {})
        destination = self.order.destination / name
        write_whole(destination, artifact.path.read_bytes())
        return replace(artifact, path=destination)

    def _check(self, artifact: Artifact) -> None:
        """Raise ConversionError when the file lacks what is required of it."""
        found = findings(artifact.audit or {}, self.order.require)
        if found:
            raise ConversionError(
                " ".join(f"It is not {each['requirement']}: {each['reason']}" for each in found),
                "Choose another precision or change these layers, or leave --require away.",
            )

    def _document(self, form: Format, source: Path, artifact: Artifact) -> dict[str, Any]:
        found = artifact_json(artifact, details=True)
        data = "calibration" if self.order.calibration else "random numbers"
        inputs = (
            clipped_inputs(self.calibration, artifact.audit, data) if data == "calibration" else []
        )
        return {
            **found,
            "parity": {**(found["parity"] or {}), "data": data},
            "smaller": smaller(form, source, artifact, self.scratch),
            "inputs": inputs,
        }


def _refusal(name: str, precision: str, error: ModelError) -> dict[str, str]:
    return {"format": name, "precision": precision, "reason": error.message, "hint": error.hint}


def _calibration(order: Order, setting: Setting, ports: Sequence[Port]) -> Fed:
    """Samples as the model takes them; random ones when no data was given."""
    if order.calibration is None:
        made_up = random_samples(ports, order.seed)
        return Fed(made_up, len(made_up[0]))
    return _noted(order, order.calibration, setting, ports)


def _noted(order: Order, source: str, setting: Setting, ports: Sequence[Port]) -> Fed:
    found = samples(source, ports, order.samples, order.seed, setting.scaling)
    setting.note(found.notes)
    return found


def _predicted(model: Any, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """Every output of a Keras model, which may have been built for a batch of its own."""
    from edgehone.export._tracing import flattened

    plain, count = flattened(model), len(inputs[0])
    size = plain.inputs[0].shape[0]
    size = model.inputs[0].shape[0]
    filled = [np.concatenate(each) for each in zip(*batches(inputs, size or 1), strict=True)]
    with running():
        found = plain.predict(filled, batch_size=size, verbose=0)
    outputs = found if isinstance(found, list) else [found]
    return tuple(np.asarray(each)[:count] for each in outputs)


def _bound(
    order: Order,
    setting: Setting,
    ports: Sequence[Port],
    reference: Reference,
    float_file: Path,
) -> Bound | None:
    """What --float-worst asks for: on validation samples, or on those given for several inputs."""
    if not order.bits.float_worst or order.calibration is None:
        return None
    gives_labels = "labels" in reference.kinds(float_file)
    if len(ports) > 1:
        fed = _noted(order, order.calibration, setting, ports)
        return order.bits.bound(fed.inputs, None, scores=gives_labels)
    x, labels = judged_on(loader(order.calibration, ports[0], order.seed, setting.scaling))
    return order.bits.bound((x,), labels, scores=gives_labels)
