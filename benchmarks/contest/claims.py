"""What the contest set out to show, and whether it did."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from arena import TEACHER
from contestants.ours import NAME as OURS
from contestants.tensorflow_int8 import NAME as PLAIN
from curve import Place, Point, chosen, drop_at, points
from measuring import EMULATED
from rows import Row, RunRow

UNIFORM, HALF = "uniform width", "uniform width, half the epochs"
REACHED, MISSED, OPEN = "reached", "not reached", "not measured"
DEEP = 0.03
SHALLOW = 0.005


@dataclass(frozen=True)
class Claim:
    """verdict: REACHED, MISSED or OPEN; found: in words."""

    text: str
    verdict: str
    found: str


@dataclass(frozen=True)
class Evidence:
    """rows: all; places: data sets and seeds that were contested; budgets: by data set; rivals: the
    contestants that are no ablations.
    """

    rows: Sequence[Row]
    places: Sequence[Place]
    budgets: Mapping[str, Sequence[float]]
    rivals: Sequence[str]

    def curves(self, name: str) -> list[list[Point]]:
        """The points of each seed of a data set."""
        return [points(self.rows, place) for place in self.places if place[0] == name]

    @property
    def names(self) -> list[str]:
        """The data sets."""
        return list(dict.fromkeys(name for name, _ in self.places))


def of(contestant: str | Iterable[str], several: Iterable[Point]) -> list[Point]:
    """The files of one contestant or of several."""
    names = {contestant} if isinstance(contestant, str) else set(contestant)
    return [point for point in several if point.contestant in names]


def claims(evidence: Evidence) -> list[Claim]:
    """All of them."""
    return [
        *_against_uniform(evidence, "latency_ms", "measured latency"),
        _near_the_teacher(evidence),
        *(_best(evidence, name, "size_bytes", "bytes") for name in evidence.names),
        *(_best(evidence, name, "latency_ms", "latency") for name in evidence.names),
        _stopped_gaining(evidence),
        _predicted(evidence),
        _time(evidence),
        *(
            claim
            for name in EMULATED
            for claim in _against_uniform(evidence, name, f"instructions of a {name}")
        ),
        Claim(
            "95 % of latencies of 30 random nets predicted within ±5 %, 99 % within ±10 %",
            OPEN,
            "another study, benchmarks/cost_table, has these",
        ),
        Claim(
            "the same seed and tables give the same recipes under every strategy",
            OPEN,
            "a test of the package has it, tests/contract",
        ),
        Claim(
            "a latency budget on an unknown device is met in at most 6 candidates, 9 times in 10",
            OPEN,
            "all searches here minimise latency within a budget of accuracy",
        ),
    ]


def gains(evidence: Evidence, name: str, quantity: str) -> dict[float, float]:
    """Points of accuracy by which edgehone is above the best uniform width at an equal cost, by
    budget; the mean over seeds. A budget that it keeps with no file in some seed is left out.
    """
    found = {}
    for budget in evidence.budgets[name]:
        each = [_gain(curve, budget, quantity) for curve in evidence.curves(name)]
        known = [value for value in each if value is not None]
        if known and len(known) == len(each):
            found[budget] = 100 * fmean(known)
    return found


def _gain(curve: Sequence[Point], budget: float, quantity: str) -> float | None:
    mine = chosen(of(OURS, curve), budget, quantity)
    if mine is None:
        return None
    cost = mine.cost(quantity)
    other = drop_at(of((UNIFORM, TEACHER), curve), cost or 0.0, quantity)
    return None if other is None else other - mine.drop


def _against_uniform(evidence: Evidence, quantity: str, called: str) -> list[Claim]:
    never = f"at equal {called} never more than 0.3 points below the best uniform width"
    above = f"at equal {called} at least 1.0 point above it, in the mean over budgets of 3 to 10"
    found = {name: gains(evidence, name, quantity) for name in evidence.names}
    if not any(found.values()):
        return [Claim(never, OPEN, ""), Claim(above, OPEN, "")]
    lacking = [
        f"{name}: no file within {100 * budget:g}"
        for name in evidence.names
        for budget in evidence.budgets[name]
        if budget not in found[name]
    ]
    least = min(gain for each in found.values() for gain in each.values())
    texts = [
        f"{name}: " + ", ".join(f"{gain:+.1f} at {100 * b:g}" for b, gain in each.items())
        for name, each in found.items()
        if each
    ]
    deep = {n: [g for b, g in each.items() if b >= DEEP] for n, each in found.items()}
    means = {name: fmean(each) for name, each in deep.items() if each}
    said = "; ".join(f"{name}: {mean:+.1f}" for name, mean in means.items())
    whole = bool(means) and len(means) == len(evidence.names)
    return [
        Claim(never, _verdict(least >= -0.3 and not lacking), "; ".join([*texts, *lacking])),
        Claim(above, _verdict(whole and min(means.values()) >= 1.0) if means else OPEN, said),
    ]


def _near_the_teacher(evidence: Evidence) -> Claim:
    text = (
        "residual net, within 0.5 points of the teacher: at least 4 times smaller than plain int8 "
        "and 2.5 times faster"
    )
    if "fashion" not in evidence.names:
        return Claim(text, OPEN, "the residual net was not contested on its data")
    ratios = []
    for curve in evidence.curves("fashion"):
        plain = chosen([p for p in of(PLAIN, curve) if p.file == "int8"], 1.0, "latency_ms")
        mine = [chosen(of(OURS, curve), SHALLOW, q) for q in ("size_bytes", "latency_ms")]
        if plain is None or None in mine:
            return Claim(text, MISSED, "no file within 0.5 points in some seed")
        small, fast = (each for each in mine if each is not None)
        ratios.append((plain.size_bytes / small.size_bytes, plain.latency_ms / fast.latency_ms))
    smaller, faster = (fmean(each) for each in zip(*ratios, strict=True))
    said = f"{smaller:.2f} times smaller (its smallest), {faster:.2f} times faster (its fastest)"
    return Claim(text, _verdict(smaller >= 4 and faster >= 2.5), said)


def _best(evidence: Evidence, name: str, quantity: str, called: str) -> Claim:
    text = f"{name}: at every budget the least {called} of all contestants"
    lost, known = [], False
    if OURS not in evidence.rivals:
        return Claim(text, OPEN, "")
    for budget in evidence.budgets[name]:
        least = {
            rival: cost
            for rival in evidence.rivals
            if (cost := least_cost(evidence.curves(name), rival, budget, quantity)) is not None
        }
        if OURS not in least:
            lost.append(f"{100 * budget:g}: no file in some seed")
            continue
        known = True
        rival = min(least, key=lambda each: least[each])
        if rival != OURS:
            lost.append(f"{100 * budget:g}: {rival} needs {least[rival] / least[OURS]:.2f} of it")
    if not known and not lost:
        return Claim(text, OPEN, "")
    return Claim(text, _verdict(not lost), "; ".join(lost) or "at every budget")


def least_cost(
    curves: Sequence[Sequence[Point]], contestant: str, budget: float, quantity: str
) -> float | None:
    """The least cost at which a contestant keeps a budget, the mean over seeds; None: in one of
    them it does not.
    """
    found = [chosen(of(contestant, curve), budget, quantity) for curve in curves]
    costs = [point.cost(quantity) for point in found if point is not None]
    known = [cost for cost in costs if cost is not None]
    return fmean(known) if known and len(known) == len(found) else None


def _stopped_gaining(evidence: Evidence) -> Claim:
    text = "trained for long enough: twice the epochs give uniform widths at most 0.3 points more"
    more = []
    for place in evidence.places:
        curve = points(evidence.rows, place)
        short = {point.file: point.drop for point in of(HALF, curve)}
        more += [
            short[point.file] - point.drop for point in of(UNIFORM, curve) if point.file in short
        ]
    if not more:
        return Claim(text, OPEN, "")
    mean = 100 * fmean(more)
    return Claim(
        text, _verdict(mean <= 0.3), f"{mean:+.2f} points in the mean of {len(more)} files"
    )


def _predicted(evidence: Evidence) -> Claim:
    text = "95 % of candidates' latencies predicted within ±5 %, 99 % within ±10 %"
    errors = [
        abs(each["predicted_ms"] * each["speedup"] / each["baseline_ms"] - 1)
        for row in _runs(evidence)
        for each in row.predictions
        if each["speedup"]
    ]
    if not errors:
        return Claim(text, OPEN, "")
    near, nearly = (_share(errors, lambda e, at=at: e <= at) for at in (0.05, 0.10))  # type: ignore[misc]
    said = f"{near:.0%} and {nearly:.0%} of {len(errors)} candidates"
    return Claim(text, _verdict(near >= 0.95 and nearly >= 0.99), said)


def _time(evidence: Evidence) -> Claim:
    text = "everything but training takes less than 15 % of a run"
    seconds = [row.seconds for row in _runs(evidence) if row.seconds]
    total = sum(sum(each.values()) for each in seconds)
    if not total:
        return Claim(text, OPEN, "")
    rest = 1 - sum(each.get("training", 0.0) for each in seconds) / total
    return Claim(text, _verdict(rest < 0.15), f"{rest:.0%} of {total:.0f} s in {len(seconds)} runs")


def _runs(evidence: Evidence) -> list[RunRow]:
    return [
        row
        for row in evidence.rows
        if isinstance(row, RunRow) and row.contestant == OURS and row.place in evidence.places
    ]


def _share(values: Sequence[float], holds: Callable[[float], bool]) -> float:
    return sum(map(holds, values)) / len(values)


def _verdict(good: bool) -> str:
    return REACHED if good else MISSED
