"""What a number of samples can prove about a budget on quality, and how many would prove it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgehone import units
from edgehone.budgets import Budget
from edgehone.stats import paired_interval, wilson
from edgehone.units import is_share, plural
from edgehone.values import Accuracy

End = Callable[[int], float]
"""The end of the 95 % interval that has to keep the limit, for a number of samples."""

MOST_SAMPLES = 10_000_000
"""Beyond it nobody is advised to collect samples."""


@dataclass(frozen=True)
class Need:
    """What proves a budget at the rates that were seen over n samples.

    samples: the fewest (a round number) that would; None when no number does. limit: the tightest
    that n samples prove, rounded to what is printed. scored: the task's metric.
    """

    budget: Budget
    n: int
    samples: int | None
    limit: float
    scored: str
    changed: int | None = None

    @property
    def remedy(self) -> str:
        """What would do, in words."""
        bound = self.budget.bound
        limit = f"{bound} = {units.quantity(self.budget.metric, self.limit, self.scored)}"
        if self.samples is None:
            return f"{limit} would do"
        return f"about {plural(self.samples, 'sample')} would do, or {limit}"


def need(budget: Budget, accuracy: Accuracy, *, flawless: bool = False) -> Need | None:
    """What would prove a budget on quality that these samples leave open; None when they prove it,
    or nothing is known.

    flawless: not for what was scored, but for one that loses nothing (or always agrees) and
    changes as many answers.
    """
    end = _end(budget, accuracy, flawless=flawless)
    if end is None or _keeps(end(accuracy.n), budget):
        return None
    samples = next((n for n in _round_numbers(accuracy.n) if _keeps(end(n), budget)), None)
    limit = _outward(end(accuracy.n), budget, accuracy.metric)
    changed = None if accuracy.discordant is None else sum(accuracy.discordant)
    return Need(budget, accuracy.n, samples, limit, accuracy.metric, changed)


def needs_of(
    budgets: Sequence[Budget], start: Accuracy | None, int8: Accuracy | None
) -> tuple[Need, ...]:
    """What can be known before any candidate is made: budgets on quality that these samples are too
    few for, even for one that loses nothing.

    start: of the float32 baseline; int8: of the int8 one, which changes some answers as candidates
    do.
    """
    found = []
    for budget in budgets:
        seen = start if budget.metric == "accuracy" else int8 or start
        wanted = None if seen is None else need(budget, seen, flawless=True)
        if wanted is not None and wanted.samples is not None:
            found.append(wanted)
    return tuple(found)


def foreseen(need: Need) -> str:
    """One sentence for the start of a run, and what would do."""
    budget, n = need.budget, plural(need.n, "test sample")
    limit = units.quantity(budget.metric, budget.limit, need.scored)
    named, sign = units.named(budget.metric, need.scored), "≤" if budget.bound == "max" else "≥"
    many = "" if need.changed is None else f" ({need.changed})"
    alike = {
        "accuracy": "is as good as the teacher",
        "accuracy_drop": "loses nothing and changes as many answers as the int8 baseline" + many,
        "agreement": "always agrees with the teacher",
    }[budget.metric]
    return (
        f"{n} cannot prove {named} {sign} {limit} for a candidate that {alike}, so the "
        f"result may be inconclusive: {need.remedy}."
    )


def _end(budget: Budget, accuracy: Accuracy, *, flawless: bool) -> End | None:
    match budget.metric:
        case "accuracy_drop" if budget.bound == "max":
            return _drop_end(accuracy, flawless=flawless)
        case "accuracy":
            return _accuracy_end(accuracy, upper=budget.bound == "max")
        case "agreement" if budget.bound == "min" and accuracy.agreement is not None:
            share = 1.0 if flawless else accuracy.agreement
            return lambda n: wilson(math.floor(share * n + 1e-9), n)[0]
    return None


def _drop_end(accuracy: Accuracy, *, flawless: bool) -> End | None:
    """The upper end of the paired interval: by counts where samples are right or wrong."""
    if accuracy.drop is None or accuracy.drop_ci95 is None:
        return None
    if accuracy.discordant is None:
        drop = 0.0 if flawless else accuracy.drop
        return _scaled(drop, accuracy.drop_ci95[1] - accuracy.drop, accuracy.n)
    worse, better = accuracy.discordant
    if flawless:
        return lambda n: _even_end(n, (worse + better) * n / accuracy.n)

    def end(n: int) -> float:
        more, fewer = worse * n / accuracy.n, better * n / accuracy.n
        return paired_interval(n, math.ceil(more - 1e-9), math.floor(fewer + 1e-9))[1]

    return end


def _even_end(n: int, changed: float) -> float:
    """The upper end where half of the changed samples became right, and half wrong."""
    half = math.ceil(changed - 1e-9) / 2
    return paired_interval(n, half, half)[1]


def _accuracy_end(accuracy: Accuracy, *, upper: bool) -> End:
    right = round(accuracy.value * accuracy.n)
    low, _ = wilson(right, accuracy.n)
    if is_share(accuracy.metric) and math.isclose(low, accuracy.ci95[0]):
        share, which = right / accuracy.n, 1 if upper else 0
        shift = math.ceil if upper else math.floor
        return lambda n: wilson(shift(share * n), n)[which]
    distance = (accuracy.ci95[1] if upper else accuracy.ci95[0]) - accuracy.value
    return _scaled(accuracy.value, distance, accuracy.n)


def _scaled(value: float, distance: float, seen: int) -> End:
    """An interval's end that comes closer with the root of the number of samples."""
    return lambda n: value + distance * math.sqrt(seen / n)


def _keeps(value: float, budget: Budget) -> bool:
    return value <= budget.limit if budget.bound == "max" else value >= budget.limit


def _round_numbers(least: int) -> Iterator[int]:
    """Numbers of two digits and zeros above `least`."""
    size = max(1, 10 ** (len(str(least)) - 2))
    while size <= MOST_SAMPLES:
        yield from (lead * size for lead in range(10, 100) if lead * size > least)
        size *= 10


def _outward(value: float, budget: Budget, scored: str) -> float:
    """The next limit beyond `value` that has no more digits than are printed."""
    kind = units.kind_of(budget.metric, scored)
    if kind in ("difference", "share"):
        step = 1e-4
    else:
        step = 10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else 1e-4
    whole = value / step
    rounded = math.ceil(whole - 1e-9) if budget.bound == "max" else math.floor(whole + 1e-9)
    return float(f"{rounded * step:.12g}")
