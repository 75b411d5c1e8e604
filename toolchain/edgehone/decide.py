"""Measurements held against budgets: pass, fail, or inconclusive, and why. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgehone.errors import ConfigError
from edgehone.stats import Blocks, percentile, percentile_ci, wilson
from edgehone.timing import Timing
from edgehone.values import NOTHING, Budget, Check, Decision, Measurement, Outcome

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
    """A metric budgets may limit. timed: it depends on how fast and how idle the device was."""

    unit: Unit
    read: Callable[[Measurement], Reading]
    timed: bool = False


@dataclass(frozen=True)
class Objective:
    """What the best candidate has most, or least, of."""

    metric: str
    minimize: bool = True


@dataclass(frozen=True)
class Binding:
    """A budget that stops candidates, and the best value any of them reached."""

    metric: str
    bound: Literal["max", "min"]
    limit: float
    best: float | None


def decide(measurement: Measurement, budgets: Iterable[Budget]) -> Decision:
    """Hold every budget that applies to the measurement's device against it.

    Raises ConfigError when none applies, because nothing was asked of the artifact then.
    """
    return decide_all([measurement], budgets)


def decide_all(
    measurements: Sequence[Measurement],
    budgets: Iterable[Budget],
    lost: Sequence[str] = (),
    timings: Mapping[str, Timing] = NOTHING,
) -> Decision:
    """Hold budgets against one artifact's measurements, each on another device.

    lost: devices it could not be measured on; their budgets are inconclusive. timings: by device,
    how timed metrics are read where the answer is to hold for more than this session (`check`).
    Raises ConfigError when no budget applies to any of the devices, because nothing was asked of
    the artifact then.
    """
    asked = list(budgets)
    checks = [
        check(measurement, budget, timings.get(measurement.device.name))
        for measurement in measurements
        for budget in applying(asked, measurement.device.name)
    ]
    checks += [
        Check(b.metric, b.bound, b.limit, None, None, "inconclusive", f"{name} was lost", name)
        for name in lost
        for b in applying(asked, name)
    ]
    require_some(asked, [*(each.device.name for each in measurements), *lost])
    return Decision(measurements[0], tuple(checks), combine(found.verdict for found in checks))


def require_some(budgets: Sequence[Budget], devices: Sequence[str]) -> None:
    """Refuse budgets of which none is about any of the devices: ConfigError."""
    if any(applying(budgets, name) for name in devices):
        return
    others = ", ".join(sorted({budget.device for budget in budgets}))
    raise ConfigError(
        f"No budget applies to {', '.join(map(repr, devices))}."
        + (f" All are about other devices: {others}." if others else ""),
        "Write at least one [[budget]] with a metric and a max or min, and no other device.",
    )


def applying(budgets: Iterable[Budget], device: str) -> list[Budget]:
    """The budgets that are about a device: those that name it, and those that name none."""
    return [budget for budget in budgets if budget.device in ("", device)]


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """All outcomes as one: fail if any failed, pass if all passed; none at all is no pass."""
    found = set(outcomes)
    if "fail" in found:
        return "fail"
    return "pass" if found == {"pass"} else "inconclusive"


def reading(measurement: Measurement, metric: str) -> Reading:
    """The metric's value in a measurement. Raises ConfigError for an unknown metric."""
    return _with_interval(_metric(metric).read(measurement))


def check(measurement: Measurement, budget: Budget, timing: Timing | None = None) -> Check:
    """One budget held against one measurement.

    Pass: the value, or its whole 95 % interval, keeps to the limit (reaching it is keeping to
    it). Fail: all of it lies beyond. Timed metrics of an emulated device are never judged, and
    those of a disturbed measurement fail only when even the most favourable sample is beyond.
    timing: its interval takes the place of the bootstrap's, and says how many blocks are missing.
    """
    metric = _metric(budget.metric)
    found = _with_interval(metric.read(measurement), timing)
    verdict, reason = _judged(found, budget)
    knows_of_noise = timing is not None and measurement.verdict == "noisy"
    if found.value is not None and metric.timed and not knows_of_noise:
        verdict, reason = _trusted(measurement, found, budget, verdict, reason)
    further = None
    if timing is not None and found.blocks and _open(measurement, verdict):
        further = timing.further(found.blocks, found.percent, budget.limit)
        reason += timing.missing(further, len(found.blocks))
    return Check(
        budget.metric,
        budget.bound,
        budget.limit,
        found.value,
        found.ci95,
        verdict,
        reason,
        measurement.device.name,
        further,
    )


def better(first: Measurement, second: Measurement, objective: Objective) -> bool:
    """Whether `first` has strictly more (or less) of what the objective asks for.

    A known value is better than an unknown one. Accuracy means quality: of a metric such as mae,
    the lower value is the higher accuracy.
    """
    mine, theirs = _worth(first, objective), _worth(second, objective)
    if mine is None or theirs is None:
        return mine is not None and theirs is None
    return mine > theirs


def choose(decisions: Sequence[Decision], objective: Objective) -> int | None:
    """Index of the best passing decision, the first among equals; None when nothing passes."""
    chosen: int | None = None
    for index, decision in enumerate(decisions):
        if decision.outcome != "pass" or _worth(decision.measurement, objective) is None:
            continue
        if chosen is None or better(decision.measurement, decisions[chosen].measurement, objective):
            chosen = index
    return chosen


def binding(decisions: Sequence[Decision]) -> tuple[Binding, ...]:
    """The budgets that keep every decision from passing; () when one passes.

    Those that no decision keeps; if each is kept by some but never all at once, those missed by
    the decision that misses fewest.
    """
    if not decisions or any(decision.outcome == "pass" for decision in decisions):
        return ()
    missed = [{_limit(c) for c in d.checks if c.verdict != "pass"} for d in decisions]
    stopping = set.intersection(*missed) or min(missed, key=len)
    ordered = dict.fromkeys(_limit(c) for d in decisions for c in d.checks)
    return tuple(Binding(*limit, _best(decisions, limit)) for limit in ordered if limit in stopping)


_Limit = tuple[str, Literal["max", "min"], float]


def _limit(found: Check) -> _Limit:
    return found.metric, found.bound, found.limit


def _best(decisions: Sequence[Decision], limit: _Limit) -> float | None:
    values = [
        c.value for d in decisions for c in d.checks if _limit(c) == limit and c.value is not None
    ]
    if not values:
        return None
    return min(values) if limit[1] == "max" else max(values)


def _judged(found: Reading, budget: Budget) -> tuple[Outcome, str]:
    if found.value is None:
        return "inconclusive", found.reason
    if found.exact:
        return ("pass", "") if _keeps(found.value, budget) else ("fail", _beyond(found, budget))
    if found.ci95 is None:
        return "inconclusive", "it was taken once, so its spread is unknown"
    kept = [_keeps(end, budget) for end in found.ci95]
    if all(kept):
        return "pass", ""
    if not any(kept):
        return "fail", _beyond(found, budget)
    side = "above" if budget.bound == "max" else "below"
    low, high = found.ci95
    return (
        "inconclusive",
        f"the 95 % interval {low:.4g} to {high:.4g} reaches {side} {budget.limit:.6g}",
    )


def _trusted(
    measurement: Measurement, found: Reading, budget: Budget, verdict: Outcome, reason: str
) -> tuple[Outcome, str]:
    """A timed metric's verdict after asking whether the clock could be trusted."""
    if measurement.device.emulated or measurement.verdict == "emulated":
        return "inconclusive", "the device is emulated, so its times say nothing about a real one"
    if measurement.verdict == "valid":
        return verdict, reason
    clear = found.extremes is not None and not any(_keeps(e, budget) for e in found.extremes)
    if verdict == "fail" and clear:
        return verdict, reason
    why = f": {measurement.reason}" if measurement.reason else ""
    return "inconclusive", f"the measurement is {measurement.verdict}{why}"


def _with_interval(found: Reading, timing: Timing | None = None) -> Reading:
    """The interval that its blocks give: of this session, or of the device in general."""
    if not found.blocks:
        return found
    if timing is None:
        return replace(found, ci95=percentile_ci(found.blocks, found.percent))
    return replace(found, ci95=timing.interval(found.blocks, found.percent))


def _open(measurement: Measurement, verdict: Outcome) -> bool:
    """Whether more of the same could decide it."""
    return verdict == "inconclusive" and measurement.verdict in ("valid", "noisy")


def _keeps(value: float, budget: Budget) -> bool:
    return value <= budget.limit if budget.bound == "max" else value >= budget.limit


def _beyond(found: Reading, budget: Budget) -> str:
    side = "above" if budget.bound == "max" else "below"
    return f"{found.value:.6g} is {side} {budget.limit:.6g}"


def _worth(measurement: Measurement, objective: Objective) -> float | None:
    """A number that is higher for the better measurement; None when it is not known."""
    value = reading(measurement, objective.metric).value
    if value is None:
        return None
    upside_down = (
        objective.metric == "accuracy"
        and measurement.accuracy is not None
        and not measurement.accuracy.higher_is_better
    )
    return -value if objective.minimize != upside_down else value


def _metric(name: str) -> BudgetMetric:
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
    if memory is None and measurement.device.emulated:
        return Reading(None, reason="the device is emulated, and its memory the emulator's as well")
    return _exact(None if memory is None else memory.peak, "memory was not measured")


def _instructions(measurement: Measurement) -> Reading:
    unable = "this device does not count instructions; arm-emulated does"
    crashed = measurement.latency is None and measurement.verdict != "emulated"
    return _exact(measurement.instructions, (measurement.reason if crashed else "") or unable)


def _accuracy(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None:
        return Reading(None, reason="no data was given, so accuracy is unknown")
    return Reading(found.value, found.ci95)


def _accuracy_drop(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None:
        return Reading(None, reason="no data was given, so accuracy is unknown")
    if found.drop is None:
        return Reading(None, reason="there is no baseline to count the drop from")
    return Reading(found.drop, found.drop_ci95)


def _agreement(measurement: Measurement) -> Reading:
    found = measurement.accuracy
    if found is None or found.agreement is None:
        return Reading(None, reason="there is no teacher or no data to agree on")
    return Reading(found.agreement, wilson(round(found.agreement * found.n), found.n))


METRICS: Mapping[str, BudgetMetric] = {
    "size_bytes": BudgetMetric("bytes", lambda m: _exact(m.artifact.size_bytes)),
    "compressed_bytes": BudgetMetric("bytes", lambda m: _exact(m.artifact.compressed_bytes)),
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
