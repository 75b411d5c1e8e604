"""Which layers lose most when quantized, and how few must stay float for a bound to hold."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np

from edgehone import precisions
from edgehone.errors import ConversionError, ExecutionError
from edgehone.export.execution import outputs_of
from edgehone.export.parity import decibels
from edgehone.formats._base import Array, Calibration, Format
from edgehone.formats._columns import worst_column
from edgehone.tasks.outputs import predicted_labels, threshold_of
from edgehone.values import Event, PrecisionPlan, Progress, silent

PROBES = 64
"""Samples that layers are ranked on; the bound is held on all that are given."""

Kind = Literal["accuracy_drop", "disagreement", "snr_db"]


@dataclass(frozen=True, eq=False)
class Bound:
    """What must hold over samples. inputs: (n, *shape) for each model input.

    kind: "accuracy_drop", at most `limit` in [0, 1] below the float file's accuracy on labels (n,);
    "disagreement", at most this fraction of samples with another label than the float file's;
    "snr_db", at least this ratio of each column's variance to its error, in the float file's
    outputs.
    """

    kind: Kind
    limit: float
    inputs: tuple[Array, ...]
    labels: Array | None = None

    def holds(self, value: float) -> bool:
        """Whether a value of this kind is within the limit."""
        return value >= self.limit if self.kind == "snr_db" else value <= self.limit + 1e-12

    def value(self, reference: Sequence[Array], computed: Sequence[Array]) -> float:
        """What `computed` has, against the float file's outputs on the same samples."""
        if self.kind == "snr_db":
            return _snr_db(reference, computed)
        least = threshold_of(reference[0])
        wanted, found = (predicted_labels(each, least) for each in (reference[0], computed[0]))
        if self.kind == "disagreement" or self.labels is None:
            return float(np.mean(wanted != found))
        return float(np.mean(wanted == self.labels) - np.mean(found == self.labels))


@dataclass(frozen=True)
class Loss:
    """A layer with the signal to noise of the model's outputs when it alone is quantized, in dB
    (inf: no error), and whether it was put back.
    """

    layer: str
    snr_db: float
    floated: bool = False


@dataclass(frozen=True)
class Floated:
    """The plan that was found. losses: worst layer first. before, after: the bound's value with no
    layer put back, and with the plan; within: whether the bound holds.
    """

    plan: PrecisionPlan
    losses: tuple[Loss, ...]
    before: float
    after: float
    within: bool
    tried: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """What plans are tried on: a float file, its format, and what ranges are taken from."""

    float_file: Path
    form: Format
    calibration: Calibration


@dataclass
class _Trials:
    """Files made of plans; counts how many."""

    source: Source
    folder: Path
    count: int = 0

    def outputs(self, plan: PrecisionPlan, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        """What the file of this plan computes."""
        self.count += 1
        source = self.source
        file = self.folder / f"trial{source.form.SUFFIX}"
        source.form.quantize(source.float_file, plan, source.calibration, file)
        return outputs_of(file, inputs)


def float_worst(
    source: Source,
    plan: PrecisionPlan,
    bound: Bound,
    *,
    instead: str = precisions.FLOAT32,
    progress: Progress = silent,
) -> Floated:
    """Put the worst layers of a plan back to `instead` until the bound holds, as few as suffice.

    Layers are ranked by the error that each one makes at the model's outputs when it alone is
    quantized. How many of the worst must go is found by doubling and then halving the step; those
    of them that turn out not to be needed are then quantized again. Every step is a real file,
    run on the bound's samples; one that the runtime refuses misses the bound. Raises
    ExecutionError when the plan's own file cannot be run, else as `Format.quantize` does.
    """
    with TemporaryDirectory() as scratch:
        trials = _Trials(source, Path(scratch))
        reference = outputs_of(source.float_file, bound.inputs)

        def judged(layers: Sequence[str]) -> float:
            progress(Event("float the worst layers", f"{len(layers)} layers {instead}"))
            try:
                computed = trials.outputs(_with(plan, layers, instead), bound.inputs)
            except ExecutionError:
                if not layers:
                    raise
                return -math.inf if bound.kind == "snr_db" else math.inf
            return bound.value(reference, computed)

        before = after = judged(())
        if bound.holds(before):
            return Floated(plan, (), before, before, within=True, tried=trials.count)
        losses = _ranked(trials, plan, bound.inputs, instead, progress)
        layers = [loss.layer for loss in losses if loss.snr_db < math.inf]
        chosen, after = _fewest(layers, judged, bound)
        if bound.holds(after):
            chosen, after = _without_needless(chosen, after, judged, bound)
        marked = tuple(replace(loss, floated=loss.layer in chosen) for loss in losses)
        found = _with(plan, chosen, instead)
        return Floated(found, marked, before, after, bound.holds(after), trials.count)


def _ranked(
    trials: _Trials,
    plan: PrecisionPlan,
    inputs: tuple[Array, ...],
    instead: str,
    progress: Progress,
) -> list[Loss]:
    """Every layer that the plan quantizes, worst first."""
    probes = tuple(array[:PROBES] for array in inputs)
    reference = outputs_of(trials.source.float_file, probes)
    layers = [
        layer
        for layer in _layers(trials.source)
        if plan.layers.get(layer, plan.default) not in (precisions.FLOAT32, instead)
    ]
    losses = []
    for number, layer in enumerate(layers):
        progress(Event("quantize each layer alone", layer, number, len(layers)))
        precision = plan.layers.get(layer, plan.default)
        alone = replace(plan, default=precisions.FLOAT32, layers={layer: precision}, io="")
        losses.append(Loss(layer, _snr_of(trials, alone, probes, reference)))
    return sorted(losses, key=lambda loss: loss.snr_db)


def _snr_of(
    trials: _Trials, plan: PrecisionPlan, probes: tuple[Array, ...], reference: Sequence[Array]
) -> float:
    """The outputs' signal to noise, in dB. A layer that alone cannot have the plan's algorithm is
    judged with min_max.
    """
    try:
        computed = trials.outputs(plan, probes)
    except ConversionError:
        if plan.algorithm == "min_max" and not plan.block:
            raise
        computed = trials.outputs(replace(plan, algorithm="min_max", block=0), probes)
    return _snr_db(reference, computed)


def _fewest(
    layers: Sequence[str], judged: Callable[[Sequence[str]], float], bound: Bound
) -> tuple[list[str], float]:
    """The shortest beginning of `layers` with which the bound holds, else all of them."""
    failed, count = 0, 1
    value = math.nan
    while count < len(layers) and not bound.holds(value := judged(layers[:count])):
        failed, count = count, count * 2
    if count >= len(layers):
        count = len(layers)
        value = judged(layers)
        if not bound.holds(value):
            return list(layers), value
    while count - failed > 1:
        middle = (failed + count) // 2
        found = judged(layers[:middle])
        if bound.holds(found):
            count, value = middle, found
        else:
            failed = middle
    return list(layers[:count]), value


def _without_needless(
    chosen: Sequence[str], value: float, judged: Callable[[Sequence[str]], float], bound: Bound
) -> tuple[list[str], float]:
    """`chosen` without those layers, least bad first, that the bound holds without as well."""
    kept = list(chosen)
    for layer in list(reversed(chosen))[1:]:  # without the last one it was judged already
        fewer = [each for each in kept if each != layer]
        found = judged(fewer) if fewer else math.nan
        if fewer and bound.holds(found):
            kept, value = fewer, found
    return kept, value


def _with(plan: PrecisionPlan, layers: Sequence[str], precision: str) -> PrecisionPlan:
    changed: Mapping[str, str] = {**plan.layers, **dict.fromkeys(layers, precision)}
    return replace(plan, layers=changed)


def _layers(source: Source) -> list[str]:
    """Layers of a float file in the order of computation, each once."""
    names = (
        layer["name"].split("/")[0] for layer in source.form.audit(source.float_file)["layers"]
    )
    return [name for name in dict.fromkeys(names) if name]


def _snr_db(reference: Sequence[Array], computed: Sequence[Array]) -> float:
    """Of the column that fares worst, of any output, in dB; of powers where none varies."""
    worst = math.inf
    for wanted, found in zip(reference, computed, strict=True):
        column = worst_column(wanted, found)
        if column is None:
            wanted = wanted.astype(np.float64)
            noise = float(np.sum((found.astype(np.float64) - wanted) ** 2))
            worst = min(worst, decibels(float(np.sum(wanted**2)), noise))
        else:
            worst = min(worst, column.snr_db)
    return worst
