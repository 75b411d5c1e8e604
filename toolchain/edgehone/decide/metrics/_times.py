"""How times are read from a measurement: percentiles of all samples, or one value a block."""

from typing import Literal

from edgehone.decide.metrics._base import MOST, Range, Reading
from edgehone.stats import percentile
from edgehone.values import Measurement

TIME = Range(
    1e-6,
    3.6e6,
    1e-9,
    3.6e6,
    "an inference takes between a nanosecond and an hour",
    MOST.format("30 ms"),
)


def steady(measurement: Measurement, percent: float) -> Reading:
    """A percentile of the steady-state samples of all blocks."""
    if measurement.latency is None:
        return Reading(None, reason=_untimed(measurement))
    blocks = measurement.latency.blocks_ms
    pool = [sample for block in blocks for sample in block]
    return Reading(
        percentile(pool, percent),
        extremes=(min(pool), max(pool)),
        blocks=blocks,
        percent=percent,
    )


def once_per_block(measurement: Measurement, field: Literal["cold_ms", "init_ms"]) -> Reading:
    """The median of what is taken once a block."""
    latency = measurement.latency
    if latency is None:
        return Reading(None, reason=_untimed(measurement))
    samples = latency.cold_ms if field == "cold_ms" else latency.init_ms
    blocks = [(sample,) for sample in samples] if len(samples) > 1 else []
    extremes = (min(samples), max(samples))
    return Reading(percentile(samples, 50), extremes=extremes, blocks=blocks)


def _untimed(measurement: Measurement) -> str:
    return measurement.reason or "latency was not measured"
