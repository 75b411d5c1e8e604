"""What the winner gained over the float baseline: bytes, speed, memory, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgehone.documents.run.chosen import Speedup
from edgehone.report import numbers
from edgehone.report.rows import Row


@dataclass(frozen=True)
class Claim:
    """One headline: how much better, and from what to what. good: None where it is neither."""

    figure: str
    what: str
    detail: str
    good: bool | None = None

    @property
    def words(self) -> str:
        """The headline as part of a sentence."""
        return f"{self.figure} {self.what} ({self.detail})"


def claims(baseline: Row, winner: Row, speedup: Speedup | None = None) -> list[Claim]:
    """What the winner gained over the baseline: bytes, latency or the instructions that an emulated
    device counted, memory, and what it cost. None of a file beside itself.

    speedup: from blocks of the two side by side, which tells more than two medians.
    """
    if same_file(baseline, winner):
        return []
    found = [_ratio("smaller", "larger", baseline.size_bytes, winner.size_bytes, "bytes")]
    if baseline.instructions and winner.instructions:
        counts = float(baseline.instructions), float(winner.instructions)
        found.append(_ratio("fewer instructions", "more instructions", *counts, "count"))
    elif baseline.p50_ms and winner.p50_ms:
        found.append(_speed(baseline.p50_ms, winner.p50_ms, speedup))
    if baseline.peak_bytes and winner.peak_bytes:
        found.append(_memory(baseline.peak_bytes, winner.peak_bytes))
    if baseline.accuracy is not None and winner.accuracy is not None:
        found.append(_quality(baseline, winner))
    return found


def same_file(first: Row, second: Row) -> bool:
    """Whether two rows are about the same bytes."""
    return first.measurement.artifact.sha256 == second.measurement.artifact.sha256


def listed(found: Sequence[Claim]) -> str:
    """Headlines one after another."""
    return ", ".join(claim.words for claim in found)


def _speed(before_ms: float, after_ms: float, speedup: Speedup | None) -> Claim:
    """A ratio is only a difference when its interval says so."""
    claim = _ratio("faster", "slower", before_ms, after_ms, "ms")
    if speedup is None:
        return claim
    ratio, (low, high) = speedup.ratio, speedup.ci95
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
    return Claim(numbers.times(ratio), what, f"{claim.detail} ({spread})", faster)


def _ratio(better: str, worse: str, before: float, after: float, kind: str) -> Claim:
    detail = _from_to(before, after, kind)
    ratio = max(before / after, after / before)
    if numbers.times(ratio) == numbers.times(1.0):
        what = {"bytes": "size", "count": "count of instructions"}.get(kind, "speed")
        return Claim("the same", what, detail)
    good = before > after
    return Claim(numbers.times(ratio), better if good else worse, detail, good)


def _memory(before: float, after: float) -> Claim:
    """Memory is given as a share, as nothing is so many times less."""
    share, detail = abs(1 - after / before), _from_to(before, after, "bytes")
    if share < 0.005:
        return Claim("the same", "peak memory", detail)
    good = after < before
    what = "less peak memory" if good else "more peak memory"
    return Claim(numbers.percent(share, 0), what, detail, good)


def _from_to(before: float, after: float, kind: str) -> str:
    return f"{numbers.in_unit(before, kind)} → {numbers.in_unit(after, kind)}"


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
