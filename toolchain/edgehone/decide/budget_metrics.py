"""What a budget may limit, and how it is read from a measurement, with its interval. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from edgehone.decide.timing import Timing
from edgehone.errors import ConfigError
from edgehone.stats import Blocks, percentile, percentile_ci, wilson
from edgehone.values import Measurement

Interval = tuple[float, float]
Unit = Literal["bytes", "ms", "count", "fraction", "score"]


@dataclass(frozen=True)
class Reading:
    """One metric of a measurement. `reason` says why there is no value. An exact value is the same
    every time it is taken; any other has a 95 % interval, or None when its spread is not known.
    extremes: the lowest and highest sample; blocks: the samples of which it is the percentile
    `percent`.
    """

    value: float | None
    ci95: Interval | None = None
    exact: bool = False
    extremes: Interval | None = None
    reason: str = ""
    blocks: Blocks = ()
    percent: float = 50.0


@dataclass(frozen=True)
class BudgetMetric:
    """A metric budgets may limit. timed: it depends on how fast and how idle the device was;
    of_file: on the file alone.
    """

    unit: Unit
    read: Callable[[Measurement], Reading]
    timed: bool = False
    of_file: bool = False


def reading(measurement: Measurement, metric: str, timing: Timing | None = None) -> Reading:
    """The metric's value in a measurement, with the interval that its blocks give: of this session,
    or, with `timing`, of the device in general. Raises ConfigError for an unknown metric.
    """
    found = metric_of(metric).read(measurement)
    if not found.blocks:
        return found
    if timing is None:
        return replace(found, ci95=percentile_ci(found.blocks, found.percent))
    return replace(found, ci95=timing.interval(found.blocks, found.percent))


def metric_of(name: str) -> BudgetMetric:
    """The metric that has this name in a [[budget]] table. Raises ConfigError when none has."""
    found = METRICS.get(name)
    if found is None:
        raise ConfigError(f"There is no budget metric {name!r}.", f"Known: {', '.join(METRICS)}.")
    return found


def _exact(value: float | None, reason: str = "") -> Reading:
    return Reading(value, exact=True, reason=reason)


def _steady(percent: float) -> Callable[[Measurement], Reading]:
    def read(measurement: Measurement) -> Reading:
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

    return read


def _once_per_block(field: Literal["cold_ms", "init_ms"]) -> Callable[[Measurement], Reading]:
    def read(measurement: Measurement) -> Reading:
        latency = measurement.latency
        if latency is None:
            return Reading(None, reason=_untimed(measurement))
        samples = latency.cold_ms if field == "cold_ms" else latency.init_ms
        blocks = [(sample,) for sample in samples] if len(samples) > 1 else []
        extremes = (min(samples), max(samples))
        return Reading(percentile(samples, 50), extremes=extremes, blocks=blocks)

    return read


def _untimed(measurement: Measurement) -> str:
    return measurement.reason or "latency was not measured"


def _memory(measurement: Measurement) -> Reading:
    memory = measurement.memory
    if measurement.device.emulated:
        return Reading(None, reason="the device is emulated, and its memory the emulator's as well")
    own = measurement.reason if measurement.verdict == "failed" else ""
    return _exact(None if memory is None else memory.peak, own or "memory was not measured")


def _instructions(measurement: Measurement) -> Reading:
    unable = "this device does not count instructions; arm-emulated does"
    crashed = measurement.latency is None and measurement.verdict != "emulated"
    return _exact(measurement.instructions, (measurement.reason if crashed else "") or unable)


def _accuracy(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None:
        return Reading(None, reason=_unscored(measurement))
    return Reading(found.value, found.ci95)


def _accuracy_drop(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None:
        return Reading(None, reason=_unscored(measurement))
    if found.drop is None:
        return Reading(None, reason="there is no baseline to count the drop from")
    return Reading(found.drop, found.drop_ci95)


def _unscored(measurement: Measurement) -> str:
    """Why nothing is known of the quality: the file's own failure, before data that lack."""
    own = measurement.reason if measurement.verdict == "failed" else ""
    return own or "no data was given, so accuracy is unknown"


def _agreement(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None:
        return Reading(None, reason=_unscored(measurement))
    if found.agreement is None:
        return Reading(None, reason="there is no teacher or no data to agree on")
    return Reading(found.agreement, wilson(round(found.agreement * found.n), found.n))


METRICS: Mapping[str, BudgetMetric] = {
    "size_bytes": BudgetMetric("bytes", lambda m: _exact(m.artifact.size_bytes), of_file=True),
    "compressed_bytes": BudgetMetric(
        "bytes", lambda m: _exact(m.artifact.compressed_bytes), of_file=True
    ),
    "latency_p50_ms": BudgetMetric("ms", _steady(50), timed=True),
    "latency_p90_ms": BudgetMetric("ms", _steady(90), timed=True),
    "latency_p99_ms": BudgetMetric("ms", _steady(99), timed=True),
    "cold_ms": BudgetMetric("ms", _once_per_block("cold_ms"), timed=True),
    "init_ms": BudgetMetric("ms", _once_per_block("init_ms"), timed=True),
    "peak_memory_bytes": BudgetMetric("bytes", _memory),
    "instructions": BudgetMetric("count", _instructions),
    "accuracy": BudgetMetric("score", _accuracy),
    "accuracy_drop": BudgetMetric("score", _accuracy_drop),
    "agreement": BudgetMetric("fraction", _agreement),
}
"""What a budget may limit, by the name it has in a [[budget]] table."""
