"""What `export` was asked beyond names of precisions: algorithm, ranges, borders, bound."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehone.data import DataSet
from edgehone.errors import ConversionError, DataError, UsageError
from edgehone.export.float_worst import Bound, Floated, Source, float_worst
from edgehone.precisions import FLOAT32
from edgehone.system.rows import Rows
from edgehone.system.settings import FLOAT_WORST
from edgehone.tasks.kinds import SAMPLES
from edgehone.values import PrecisionPlan, Progress, Task

Array = NDArray[Any]


@dataclass(frozen=True)
class Bits:
    """Settings of every plan (see `PrecisionPlan`); until which bound worst layers are put back:
    "" for none, a fraction such as "0.01", or a ratio such as "30dB".
    """

    algorithm: str = "min_max"
    percentile: float = 100.0
    io: str = ""
    block: int = 0
    symmetric: bool = False
    float_worst: str = ""
    worst_as: str = FLOAT32

    def __post_init__(self) -> None:
        """Raise UsageError for a bound that cannot be read."""
        self.limit  # noqa: B018 - reading it checks it

    @property
    def limit(self) -> tuple[float, bool]:
        """The bound's number, and whether it is in dB."""
        text = self.float_worst.strip().lower() or "0"
        try:
            number = float(text.removesuffix("db"))
        except ValueError:
            number = math.nan
        decibels = text.endswith("db")
        if not math.isfinite(number) or number < 0 or (number >= 1 and not decibels):
            raise UsageError(
                f"{FLOAT_WORST.set(self.float_worst)} is not a bound.",
                "Give the accuracy that may be lost, as 0.01, or a signal to noise, as 30dB.",
            )
        return number, decibels

    def plan(self, precision: str) -> PrecisionPlan:
        """The plan that gives all layers this precision."""
        return PrecisionPlan(
            precision,
            algorithm=self.algorithm,
            percentile=self.percentile,
            io=self.io,
            block=self.block,
            symmetric=self.symmetric,
        )

    def bound(self, inputs: tuple[Array, ...], y: Array | None, *, scores: bool) -> Bound:
        """The bound over samples, an array for each input, and, where there are any, labels.
        scores: the model classifies.

        Raises UsageError for a fraction when the model does not classify.
        """
        number, decibels = self.limit
        if decibels:
            return Bound("snr_db", number, inputs)
        if not scores:
            raise UsageError(
                f"{FLOAT_WORST} as a fraction is about labels, and this model gives none.",
                f"Give a signal to noise instead: {FLOAT_WORST.set('30dB')}.",
            )
        if y is None:
            return Bound("disagreement", number, inputs)
        return Bound("accuracy_drop", number, inputs, y)


def floated(
    source: Source, plan: PrecisionPlan, bound: Bound, *, instead: str, progress: Progress
) -> Floated:
    """`float_worst`, but raises ConversionError when the bound cannot be kept."""
    found = float_worst(source, plan, bound, instead=instead, progress=progress)
    if not found.within:
        raise ConversionError(
            f"With every layer {instead} the {bound.kind} is still {found.after:.4g}, "
            f"and the bound is {bound.limit:g}.",
            f"Loosen {FLOAT_WORST}, or choose another precision.",
        )
    return found


def floated_json(found: Floated, bound: Bound) -> Mapping[str, Any]:
    """What was found, for the document. snr_db is null where a layer makes no error."""
    return {
        "kind": bound.kind,
        "limit": bound.limit,
        "before": _finite(found.before),
        "after": _finite(found.after),
        "layers": [
            {"layer": loss.layer, "snr_db": _finite(loss.snr_db), "floated": loss.floated}
            for loss in found.losses
        ],
    }


def judged_on(load: Callable[[Task], DataSet]) -> tuple[Rows, Array | None]:
    """Validation samples of the data that `load` gives for a task, and labels if there are any."""
    try:
        found = load(Task())
    except DataError:
        return load(SAMPLES).validation.x, None
    labels = np.asarray(found.validation.y)
    return found.validation.x, labels if labels.ndim == 1 else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
