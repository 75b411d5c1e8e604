"""Measurements checked against budgets: pass, fail, or inconclusive, and why. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from edgehone import units
from edgehone.budgets import Budget, Check, Decision, Outcome
from edgehone.decide.budget_metrics import Reading, metric_of, with_interval
from edgehone.decide.relative import baseline_value, relative
from edgehone.decide.sample_sizes import need
from edgehone.decide.timing import Timing
from edgehone.errors import ConfigError
from edgehone.system.settings import BUDGET
from edgehone.values import NOTHING, Measurement


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
    baselines: Mapping[str, Measurement] = NOTHING,
) -> Decision:
    """Hold budgets against one artifact's measurements, each on another device.

    lost: devices it could not be measured on; their budgets are inconclusive, and so are those
    about devices that were not measured at all. timings: by device,
    how timed metrics are read where the answer is to hold for more than this session (`check`).
    baselines: by device, what relative budgets compare with. Advisory budgets decide nothing.
    Raises ConfigError when no budget applies to any of the devices, because nothing was asked of
    the artifact then.
    """
    asked = list(budgets)
    require_some(asked, [*(each.device.name for each in measurements), *lost])
    return decide_any(measurements, asked, lost, timings, baselines)


def decide_any(
    measurements: Sequence[Measurement],
    asked: Sequence[Budget],
    lost: Sequence[str] = (),
    timings: Mapping[str, Timing] = NOTHING,
    baselines: Mapping[str, Measurement] = NOTHING,
) -> Decision:
    """As `decide_all`, also where no budget applies to any of the devices."""
    checks = [
        check(
            measurement,
            budget,
            timings.get(measurement.device.name),
            baselines.get(measurement.device.name),
        )
        for measurement in measurements
        for budget in applying(asked, measurement.device.name)
    ]
    checks += [
        _checked(b, Reading(None), "inconclusive", f"{name} was lost", name)
        for name in lost
        for b in applying(asked, name)
    ]
    devices = [*(each.device.name for each in measurements), *lost]
    checks += [_unanswered(each, devices) for each in unmeasured(asked, devices)]
    return Decision(measurements[0], tuple(checks), outcome_of(checks))


def outcome_of(checks: Sequence[Check]) -> Outcome:
    """What checks decide together: those that are required; where all are advisory or waived, pass.
    No check at all is not a pass.
    """
    required = [found.verdict for found in checks if found.required]
    if checks and not required:
        return "pass"
    return combine(required)


def require_some(budgets: Sequence[Budget], devices: Sequence[str]) -> None:
    """Refuse budgets of which none is about any of the devices: ConfigError."""
    if any(applying(budgets, name) for name in devices):
        return
    others = ", ".join(sorted({budget.device for budget in budgets}))
    raise ConfigError(
        f"No budget applies to {', '.join(map(repr, devices))}."
        + (f" All are about other devices: {others}." if others else ""),
        f"Write at least one {BUDGET} with a metric and a max or min, and no other device.",
    )


def applying(budgets: Iterable[Budget], device: str) -> list[Budget]:
    """The budgets that are about a device: those that name it, and those that name none."""
    return [budget for budget in budgets if budget.device in ("", device)]


def unmeasured(budgets: Iterable[Budget], devices: Sequence[str]) -> list[Budget]:
    """The budgets that name none of the devices, which nothing measured there can answer."""
    return [budget for budget in budgets if budget.device not in ("", *devices)]


def meant(name: str, known: Sequence[str]) -> str:
    """Which of the known devices a name may stand for, as a question; ""."""
    alike = [each for each in known if each.strip().casefold() == name.strip().casefold()]
    close = alike or get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def _unanswered(budget: Budget, devices: Sequence[str]) -> Check:
    reason = f"nothing was measured on {budget.device!r}"
    if question := meant(budget.device, devices):
        reason += f"; {question[0].lower()}{question[1:]}"
    return _checked(budget, Reading(None), "inconclusive", reason, budget.device)


def combine(outcomes: Iterable[Outcome]) -> Outcome:
    """All outcomes as one: fail if any failed, pass if all passed; none at all is not a pass."""
    found = set(outcomes)
    if "fail" in found:
        return "fail"
    return "pass" if found == {"pass"} else "inconclusive"


def check(
    measurement: Measurement,
    budget: Budget,
    timing: Timing | None = None,
    baseline: Measurement | None = None,
) -> Check:
    """One budget held against one measurement.

    Pass: the value, or its whole 95 % interval, keeps to the limit (reaching it is keeping to
    it). Fail: all of it lies beyond. Timed metrics of an emulated device are never judged. Those
    of a disturbed measurement fail only when even the most favourable sample is beyond; a "max" is
    kept all the same when the device was throttled or contended, which only adds to a time.
    timing: its interval takes the place of the bootstrap's, and says how many blocks are missing.
    baseline: what a relative budget compares with, measured beside it.
    """
    metric = metric_of(budget.metric)
    if budget.relative_to and timing is not None:
        timing = Timing()  # days move both alike
    found = _read(measurement, budget, timing, baseline)
    verdict, reason = _judged(found, budget, _scored(measurement))
    if doubt := _doubt(measurement, budget):
        return _checked(budget, found, "inconclusive", doubt, measurement.device.name)
    certain = verdict == "fail" and budget.bound == "max" and _is_clear(found, budget)
    by_clock = metric.timed and found.value is not None and not found.exact  # equal files are exact
    if not certain and by_clock and (why := _unlike(baseline, budget)):
        return _checked(budget, found, "inconclusive", why, measurement.device.name)
    emulated = measurement.device.emulated
    knows_of_noise = timing is not None and measurement.verdict == "noisy" and not emulated
    if by_clock and not knows_of_noise:
        verdict, reason = _trusted(measurement, found, budget, verdict, reason)
    elif verdict == "inconclusive" and measurement.accuracy is not None and _of_samples(budget):
        wanted = need(budget, measurement.accuracy)
        reason += f"; {wanted.remedy}" if wanted else ""
    further = None
    if timing is not None and found.blocks and _open(measurement, verdict):
        further = timing.further(found.blocks, found.percent, budget.limit)
        reason += timing.missing(further, len(found.blocks))
    checked = _checked(budget, found, verdict, reason, measurement.device.name, further)
    return replace(checked, against=baseline_value(budget, baseline))


def _read(
    measurement: Measurement, budget: Budget, timing: Timing | None, baseline: Measurement | None
) -> Reading:
    """What the budget limits, with its interval."""
    if budget.relative_to:
        return with_interval(relative(budget, measurement, baseline), timing)
    found = metric_of(budget.metric).read_for(budget, measurement, baseline)
    return with_interval(found, timing)


def _of_samples(budget: Budget) -> bool:
    """Whether a number of samples of the data would tell."""
    return not (metric_of(budget.metric).timed or budget.classes or budget.relative_to)


def _unlike(baseline: Measurement | None, budget: Budget) -> str:
    """Why the baseline's times say nothing, where a relative budget is about times; ""."""
    if baseline is None or not budget.relative_to or not metric_of(budget.metric).timed:
        return ""
    if baseline.verdict in ("valid", "noisy", "emulated"):
        return ""
    why = f": {baseline.reason}" if baseline.reason else ""
    return f"the baseline's measurement is {baseline.verdict}{why}"


def _checked(
    budget: Budget,
    found: Reading,
    verdict: Outcome,
    reason: str,
    device: str,
    further: int | None = None,
) -> Check:
    limit = (budget.metric, budget.bound, budget.limit)
    return Check(*limit, found.value, found.ci95, verdict, reason, device, further, budget)


def _judged(found: Reading, budget: Budget, scored: str) -> tuple[Outcome, str]:
    if found.value is None:
        return "inconclusive", found.reason
    beyond = _beyond(found.value, budget, scored)
    if found.exact:
        detail = f"; {found.detail}" if found.detail else ""
        return ("pass", "") if keeps(found.value, budget) else ("fail", f"{beyond}{detail}")
    if found.ci95 is None:
        return "inconclusive", "it was taken once, so its spread is unknown"
    kept = [keeps(each, budget) for each in (found.value, *found.ci95)]
    if all(kept):
        return "pass", ""
    if not any(kept):
        return "fail", beyond
    side = "above" if budget.bound == "max" else "below"
    spread = units.interval(budget.metric, found.ci95, scored)
    limit = units.quantity(budget.metric, budget.limit, scored)
    if _is_ratio(budget):
        low, high = (units.change(end) for end in found.ci95)
        spread, limit = f"{low} to {high}", units.change(budget.limit)
    return "inconclusive", f"the 95 % interval, {spread}, reaches {side} {limit}"


UNCONFIRMED = "unconfirmed"
"""The condition that says why a device may not be of the kind that it is measured as."""


def _doubt(measurement: Measurement, budget: Budget) -> str:
    """Why no value could answer the budget, whatever it is; ""."""
    unconfirmed = str(measurement.conditions.get(UNCONFIRMED) or "")
    if unconfirmed and not metric_of(budget.metric).of_file:
        return unconfirmed
    accuracy = measurement.accuracy
    if budget.metric != "accuracy_drop" or budget.bound != "max" or accuracy is None:
        return ""
    if accuracy.drop is None or units.kind_of(budget.metric, accuracy.metric) != "difference":
        return ""
    start = accuracy.value + accuracy.drop
    if budget.limit < start:
        return ""
    text = units.quantity("accuracy", start, accuracy.metric)
    limit = units.quantity(budget.metric, budget.limit, accuracy.metric)
    return f"the baseline itself has {text}, so no file can lose more than {limit}"


ONLY_SLOWER = ("throttled", "contended")
"""Verdicts on measurements that can only have become slower."""


def _trusted(
    measurement: Measurement, found: Reading, budget: Budget, verdict: Outcome, reason: str
) -> tuple[Outcome, str]:
    """A timed metric's verdict after asking whether the clock could be trusted."""
    if measurement.device.emulated or measurement.verdict == "emulated":
        return "inconclusive", "the device is emulated, so its times say nothing about a real one"
    if measurement.verdict == "valid":
        return verdict, reason
    slower = measurement.verdict in ONLY_SLOWER and not budget.relative_to
    if verdict == "pass" and budget.bound == "max" and slower:
        return verdict, f"it keeps the limit although {measurement.verdict}, which only adds time"
    if verdict == "fail" and _is_clear(found, budget):
        return verdict, reason
    why = f": {measurement.reason}" if measurement.reason else ""
    return "inconclusive", f"the measurement is {measurement.verdict}{why}"


def _is_clear(found: Reading, budget: Budget) -> bool:
    """Whether even the most favourable sample is beyond the limit."""
    return found.extremes is not None and not any(keeps(end, budget) for end in found.extremes)


def _open(measurement: Measurement, verdict: Outcome) -> bool:
    """Whether more of the same could decide it."""
    return verdict == "inconclusive" and measurement.verdict in ("valid", "noisy")


def keeps(value: float, budget: Budget) -> bool:
    """Whether a value keeps the limit of an absolute budget."""
    return value <= budget.limit if budget.bound == "max" else value >= budget.limit


def _beyond(value: float, budget: Budget, scored: str) -> str:
    """What lies on which side of what, in the unit of tables; in full where rounding hides it."""
    side = "above" if budget.bound == "max" else "below"
    both = (value, budget.limit)
    if _is_ratio(budget):
        found, limit = (units.change(each) for each in both)
        if found == limit:
            found, limit = (f"{100 * (each - 1):+.12g} %" for each in both)
        return f"{found} against the baseline is {side} {limit}"
    found, limit = (units.quantity(budget.metric, each, scored) for each in both)
    if found == limit:
        found, limit = (f"{each:,.12g}" for each in both)
        limit += {"bytes": " B", "ms": " ms"}.get(units.kind_of(budget.metric), "")
    return f"{found} is {side} {limit}"


def _is_ratio(budget: Budget) -> bool:
    """Whether the limit is on a ratio to the baseline's value."""
    return bool(budget.relative_to) and not metric_of(budget.metric).NAMES


def _scored(measurement: Measurement) -> str:
    """The task's metric, "accuracy" where nothing was scored."""
    return measurement.accuracy.metric if measurement.accuracy else "accuracy"
