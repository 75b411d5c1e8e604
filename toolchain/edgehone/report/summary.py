"""The top of the page: what was reached, against the float baseline and against the budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from edgehone.report import numbers
from edgehone.report.inputs import input_lines
from edgehone.report.parity import parity_line
from edgehone.report.rows import OUTCOMES, Row, measured_when
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.report.tradeoff import Limit
from edgehone.values import Plain

SAME = {"smaller": "size", "faster": "speed"}
"""What is the same where nothing got better or worse."""

SIGNS = {"max": "≤", "min": "≥"}


@dataclass(frozen=True)
class Claim:
    """One headline: how much better, and from what to what."""

    figure: str
    what: str
    detail: str
    good: bool | None = None


def claims(baseline: Row, winner: Row, speedup: Plain | None = None) -> list[Claim]:
    """What the winner gained over the baseline: bytes, latency or the instructions that an emulated
    device counted, memory, and what it cost.

    speedup: {"ratio", "ci95"} from blocks of the two side by side, better than two medians.
    """
    found = [_ratio("smaller", "larger", baseline.size_bytes, winner.size_bytes, "bytes")]
    if baseline.instructions and winner.instructions:
        counts = float(baseline.instructions), float(winner.instructions)
        found.append(_ratio("fewer instructions", "more instructions", *counts, "count"))
    elif baseline.p50_ms and winner.p50_ms:
        found.append(_speed(baseline.p50_ms, winner.p50_ms, speedup))
    before, after = _peak(baseline), _peak(winner)
    if before and after:
        found.append(_ratio("less memory", "more memory", before, after, "bytes"))
    if baseline.accuracy is not None and winner.accuracy is not None:
        found.append(_quality(baseline, winner))
    return found


def _speed(before_ms: float, after_ms: float, speedup: Plain | None) -> Claim:
    """A ratio is only a difference when its interval says so."""
    if not speedup:
        return _ratio("faster", "slower", before_ms, after_ms, "ms")
    ratio = float(speedup["ratio"])
    low, high = (bound if bound is None else float(bound) for bound in speedup["ci95"])
    claim = _ratio("faster", "slower", before_ms, after_ms, "ms")
    if low is None or high is None or not (low > 1 or high < 1):
        if not low or high is None:
            why = "too few blocks to tell"
        else:
            why = f"ratio {numbers.figures(low)} to {numbers.figures(high)}"
        return Claim("no clear", "difference in speed", f"{claim.detail} ({why})")
    faster = ratio >= 1
    if not faster:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    spread = f"{numbers.figures(low)} to {numbers.figures(high)}"
    what = "faster" if faster else "slower"
    return Claim(numbers.times(ratio), what, f"{claim.detail} ({spread})", good=faster)


def _ratio(better: str, worse: str, before: float, after: float, kind: str) -> Claim:
    ratio = before / after
    what = better.split()[-1] if " " in better else SAME[better]
    detail = f"{numbers.in_unit(before, kind)} → {numbers.in_unit(after, kind)}"
    if round(ratio, 2) == 1:
        return Claim("the same", what, detail)
    if ratio >= 1:
        return Claim(numbers.times(ratio), better, detail, good=True)
    return Claim(numbers.times(1 / ratio), worse, detail, good=False)


def _quality(baseline: Row, winner: Row) -> Claim:
    metric = winner.metric
    before, after = baseline.accuracy or 0.0, winner.accuracy or 0.0
    detail = f"{numbers.quantity(metric, before)} → {numbers.quantity(metric, after)}"
    change = after - before
    better = change >= 0 if winner.rising else change <= 0
    if numbers.kind_of(metric) == "share":
        return Claim(numbers.points(change), metric, detail, good=better)
    decimals = numbers.decimals_for([change])
    return Claim(numbers.signed(change, decimals, plus=True), metric, detail, good=better)


def _peak(row: Row) -> float | None:
    memory = row.measurement.get("memory_bytes") or {}
    peak = memory.get("peak")
    return float(peak) if peak else None


def claims_html(found: Sequence[Claim]) -> str:
    """The headlines side by side."""
    moods = {True: "good", False: "bad", None: ""}
    return (
        "<div class=claims>"
        + "".join(
            f'<div class="claim {moods[claim.good]}"><b>{escape(claim.figure)}</b> '
            f"<span>{escape(claim.what)}</span><small>{escape(claim.detail)}</small></div>"
            for claim in found
        )
        + "</div>\n"
    )


def headline(document: Plain, winner: Row | None, baseline: Row) -> str:
    """What came out, in one sentence; `claims` has the winner's numbers."""
    device = ", ".join(each["name"] for each in document.get("devices") or [document["device"]])
    if winner is not None:
        return f"{winner.name} keeps every budget on {device}. Against {baseline.name} it is:"
    scored = scored_by(document)
    if document["decision"] == "inconclusive":
        return _inconclusive(document, device, scored)
    stopping = [
        f"{numbers.named(bound['metric'], scored)} "
        f"({numbers.quantity(bound['metric'], bound['limit'], scored)})"
        for bound in document.get("binding") or ()
    ]
    because = f" What stops them: {', '.join(stopping)}." if stopping else ""
    return f"No candidate keeps every budget on {device}.{because}"


def _inconclusive(document: Plain, device: str, scored: str) -> str:
    """Which candidate may keep the budgets, and why that is not proven."""
    name = document.get("best_unproven_name")
    if not name:
        return f"Inconclusive on {device}: no budget is missed, and not all are proven to be kept."
    checks = (document.get("best_unproven_decision") or {}).get("checks", ())
    several = len({check.get("device") for check in checks}) > 1
    reasons = [
        check_words(check, scored) + (f" on {check['device']}" if several else "")
        for check in checks
        if check["verdict"] == "inconclusive"
    ]
    return (
        f"Inconclusive on {device}: {name} may keep every budget, but that is not proven. "
        f"{'; '.join(reasons)}."
    )


def check_words(check: Plain, scored: str) -> str:
    """One check in words: accuracy_drop ≤ 1 point: 0.33 points, and the 95 % interval …."""
    metric = check["metric"]
    limit = f"{SIGNS[check['bound']]} {numbers.quantity(metric, check['limit'], scored)}"
    value = f"{numbers.quantity(metric, check['value'], scored)}, and "
    known = value if check.get("value") is not None else ""
    return f"{numbers.named(metric, scored)} {limit}: {known}{check['reason']}"


def scored_by(document: Plain) -> str:
    """The task's metric, which says what unit accuracy has."""
    found = (document.get("baseline") or {}).get("accuracy") or {}
    return str(found.get("metric") or "accuracy")


def sentence(document: Plain, rows: Sequence[Row]) -> str:
    """The result with its numbers, for a terminal."""
    baseline = rows[0]
    winner = next((row for row in rows if row.role == "winner"), None)
    told = headline(document, winner, baseline)
    if winner is None:
        return told
    if winner.measurement["artifact"]["sha256"] == baseline.measurement["artifact"]["sha256"]:
        kept = told.partition(" Against ")[0]
        return f"{kept} It is the model as it was: nothing better was found."
    found = claims(baseline, winner, document.get("winner_speedup"))
    parts = [f"{claim.figure} {claim.what} ({claim.detail})" for claim in found]
    return f"{told} {', '.join(parts)}."


def warnings(document: Plain, rows: Sequence[Row]) -> list[str]:
    """Reasons not to take the numbers at face value."""
    found = [str(text) for text in document.get("warnings") or ()]
    if document["device"].get("emulated"):
        found.append("The device is emulated: latencies are not those of real hardware.")
    found.extend(
        f"{row.name} was measured as {row.measurement['verdict']}"
        + (f" at {when}" if (when := measured_when(row.measurement)) else "")
        + (f": {row.measurement['reason']}." if row.measurement.get("reason") else ".")
        for row in rows
        if row.role != "candidate" and row.measurement.get("verdict") not in ("valid", "emulated")
    )
    lines = {row.name: parity_line(row.measurement) for row in rows if row.role != "candidate"}
    found.extend(f"{name} on the device: {line}." for name, line in lines.items() if line)
    found.extend(
        f"{row.name}: {line}"
        for row in rows
        if row.role != "candidate"
        for line in input_lines(row.measurement)
    )
    return found


def budgets_table(document: Plain, rows: Sequence[Row]) -> Table:
    """Every budget and what the winner makes of it on every device it is about; without a winner,
    what the candidate makes of it that may keep them all, or the best that any reached.
    """
    scored = scored_by(document)
    winner = next((row for row in rows if row.role == "winner"), None)
    decision = winner.source.get("decision") if winner else document.get("best_unproven_decision")
    best = {b["metric"]: b.get("best") for b in document.get("binding") or ()}
    pairs: list[tuple[Plain, Plain]] = [
        (budget, check)
        for budget in document["budgets"]
        for check in checks_of(decision, budget) or ({"device": budget.get("device")},)
    ]
    told = [
        check.get("reason") or ("" if decision else _closest(budget["metric"], best, scored))
        for budget, check in pairs
    ]
    values = [numbers.quantity(b["metric"], c.get("value"), scored) for b, c in pairs]
    spreads = [numbers.interval(b["metric"], c.get("ci95"), scored) for b, c in pairs]
    title = "winner" if winner else str(document.get("best_unproven_name") or "winner")
    return from_columns(
        [
            (Column("budget", numeric=False), [_named(budget, scored) for budget, _ in pairs]),
            (Column("device", numeric=False), [str(c.get("device") or "") for _, c in pairs]),
            (Column(title), values),
            (Column("95 % interval"), spreads),
            (Column("verdict", numeric=False), [_verdict(check) for _, check in pairs]),
            (Column("", numeric=False), [str(text) for text in told]),
        ]
    )


def checks_of(decision: Plain | None, budget: Plain) -> list[Plain]:
    """A decision's checks of one budget: one on every device it is about."""
    return [
        check
        for check in (decision or {}).get("checks", ())
        if check["metric"] == budget["metric"]
        and budget.get(check["bound"]) == check["limit"]
        and budget.get("device", "") in ("", check.get("device", ""))
    ]


def _named(budget: Plain, scored: str) -> str:
    metric = numbers.named(budget["metric"], scored)
    return f"{metric} {_bound(budget)[0]} {quantity_of(budget, scored)}"


def _closest(metric: str, best: Plain, scored: str) -> str:
    reached = best.get(metric)
    return "" if reached is None else f"closest: {numbers.quantity(metric, reached, scored)}"


def _verdict(check: Plain) -> Cell:
    verdict = str(check.get("verdict") or "")
    return Cell(verdict, OUTCOMES.get(verdict, ""))


def limits(document: Plain, baseline: Row) -> list[Limit]:
    """The budgets that the trade-off chart can show as lines."""
    found = []
    for budget in document["budgets"]:
        metric = budget["metric"]
        sign, value = _bound(budget)
        text = f"{numbers.named(metric, baseline.metric)} "
        text += f"{sign} {quantity_of(budget, baseline.metric)}"
        if metric == "latency_p50_ms":
            found.append(Limit("ms", value, text))
        elif metric == "instructions":
            found.append(Limit("count", value, text))
        elif metric == "accuracy":
            found.append(Limit("metric", value, text))
        elif metric == "accuracy_drop" and baseline.accuracy is not None:
            down = -value if baseline.rising else value
            found.append(Limit("metric", baseline.accuracy + down, text))
    return found


def _bound(budget: Plain) -> tuple[str, float]:
    key = "max" if budget.get("max") is not None else "min"
    return SIGNS[key], float(budget[key])


def quantity_of(budget: Plain, scored: str = "accuracy") -> str:
    """A budget's limit in its own unit. scored: the task's metric."""
    return numbers.quantity(budget["metric"], _bound(budget)[1], scored)
