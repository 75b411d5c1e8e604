"""How quantities are written for people: units, digits, signs, intervals, ratios."""

import math
from collections.abc import Iterable, Sequence

ABSENT = "\u2013"
"""Shown where there is no number."""

TIMES = "\u00d7"
MINUS = "\u2212"
"""The minus sign, as wide as a plus."""

SCALES: dict[str, tuple[tuple[str, float], ...]] = {
    "ms": (("s", 1e3), ("ms", 1.0), ("µs", 1e-3)),
    "bytes": (("MiB", 2.0**20), ("KiB", 2.0**10), ("B", 1.0)),
    "count": (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)),
}
"""Units by kind of quantity, largest first, with how much of the base unit each is."""

TINY = 1e-4
"""Below it a bare number is written with a power of ten."""

COUNTS = ("instructions", "operators", "types", "io_types")
"""Metrics that are numbers of things."""

SHARES = (
    "accuracy",
    "agreement",
    "top5",
    "topk",
    "map",
    "map50",
    "f1",
    "precision",
    "recall",
    "iou",
    "dice",
    "share",
    "coverage",
)
"""Last words of the names of metrics that are fractions in [0, 1] and read better in percent:
accuracy, pixel_accuracy, mean_iou. A user's function, "python:module:function", is none.
"""


def unit_for(values: Iterable[float | None], kind: str) -> tuple[str, float]:
    """One unit for a column: the largest in which its smallest value is still at least 0.1."""
    sizes = [abs(value) for value in values if value]
    smallest = min(sizes, default=0.0)
    largest = max(sizes, default=0.0)
    for name, scale in SCALES[kind]:
        if largest >= scale and (smallest >= 0.1 * scale or largest >= 1000 * scale):
            return name, scale
    return SCALES[kind][-1]


def decimals_for(values: Iterable[float | None], scale: float = 1.0, *, digits: int = 3) -> int:
    """Decimals for a column, so that its smallest value keeps `digits` significant digits."""
    sizes = [abs(value) / scale for value in values if value]
    if not sizes:
        return 0
    return max(0, min(6, digits - 1 - math.floor(math.log10(min(sizes)))))


def figures(value: float | None, digits: int = 3) -> str:
    """A bare number with `digits` significant digits: 1,234, 0.0123, 8.9e-08."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if 0 < abs(value) < TINY:
        return f"{value:.1e}".replace("-", MINUS, 1) if value < 0 else f"{value:.1e}"
    return signed(value, decimals_for([value], digits=digits))


def signed(value: float, decimals: int, *, plus: bool = False) -> str:
    """A number with a real minus sign, and a plus where asked; a rounded zero has neither."""
    text = f"{abs(value):,.{decimals}f}"
    if not any(digit in "123456789" for digit in text):
        return text
    return (MINUS if value < 0 else "+" if plus else "") + text


def in_unit(value: float | None, kind: str) -> str:
    """A lone quantity in the unit that suits it: 78.1 µs, 90.9 KiB, 1.20 M."""
    if value is None:
        return ABSENT
    name, scale = unit_for([value], kind)
    decimals = 0 if scale == 1 and kind != "ms" else decimals_for([value], scale)
    return f"{signed(value / scale, decimals)} {name}".strip()


def percent(fraction: float | None, decimals: int = 1) -> str:
    """A fraction in [0, 1] in percent: 97.2 %."""
    return ABSENT if fraction is None else f"{signed(100 * fraction, decimals)} %"


def points(fraction: float | None, decimals: int = 1) -> str:
    """A difference of two fractions in percentage points, with its sign."""
    if fraction is None:
        return ABSENT
    return f"{signed(100 * fraction, decimals, plus=True)} points"


def times(ratio: float | None) -> str:
    """A ratio, such as 3.42 with a multiplication sign."""
    return ABSENT if ratio is None else f"{signed(ratio, decimals_for([ratio]))}{TIMES}"


def change(ratio: float | None) -> str:
    """A ratio to a baseline as what it adds or takes away: +2 %, ±0 %."""
    if ratio is None:
        return ABSENT
    share = 100 * (ratio - 1)
    text = signed(share, 2 if abs(share) < 100 else 0, plus=True)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text if text != '0' else '±0'} %"


def quantity(metric: str, value: float | None, scored: str = "accuracy") -> str:
    """The value of a budget metric in its own unit: 43.9 µs, 35.8 KiB, 91.2 %, 1.3 points.

    scored: the task's metric, which says what unit accuracy and its drop have.
    """
    return " ".join(part for part in _parts(metric, value, scored) if part)


def named(metric: str, scored: str = "accuracy") -> str:
    """A budget metric as tables name it: accuracy (mae) where the task's own metric is another."""
    if metric not in ("accuracy", "accuracy_drop") or scored == "accuracy":
        return metric
    return f"{metric} ({scored.rpartition(':')[2]})"


def kind_of(metric: str, scored: str = "accuracy") -> str:
    """What a metric measures: "ms", "bytes", "share" (a fraction), "difference" (of two
    fractions), "count" or "plain". scored: as `quantity` takes it.
    """
    if metric.endswith("_ms"):
        return "ms"
    if metric.endswith("_bytes"):
        return "bytes"
    if metric in ("accuracy", "accuracy_drop") and not is_share(scored):
        return "plain"
    if metric == "accuracy_drop":
        return "difference"
    if is_share(metric):
        return "share"
    return "count" if metric in COUNTS else "plain"


def is_share(metric: str) -> bool:
    """Whether a metric is a fraction in [0, 1], by the last word of its name."""
    name = metric.partition("(")[0]
    return ":" not in name and name.rpartition("_")[2] in SHARES


def interval(metric: str, bounds: Sequence[float] | None, scored: str = "accuracy") -> str:
    """A confidence interval in the metric's unit: 77.2 to 79.0 µs."""
    if not bounds:
        return ABSENT
    (low, low_unit), high = (_parts(metric, bound, scored) for bound in bounds)
    same = low_unit.removesuffix("s") == high[1].removesuffix("s")
    if same:  # of "1 point" and "1.5 points" the plural tells both
        return f"{low} to {high[0]} {max(low_unit, high[1], key=len)}".strip()
    return f"{low} {low_unit} to {' '.join(high)}".strip()


def plural(count: float, word: str) -> str:
    """A number of things: 1 sample, 2,400 samples."""
    return f"{count:,.0f} {word}{'' if count == 1 else 's'}"


def _parts(metric: str, value: float | None, scored: str) -> tuple[str, str]:
    """A quantity's number and its unit."""
    if value is None:
        return ABSENT, ""
    match kind_of(metric, scored):
        case "difference":
            number = _short(100 * value)
            return number, "point" if number.lstrip(MINUS) == "1" else "points"
        case "share":
            return _short(100 * value), "%"
        case "plain":
            return figures(value), ""
        case "count":
            return f"{value:,.0f}", ""
        case kind:
            number, _, unit = in_unit(value, kind).partition(" ")
            return number, unit


def _short(value: float) -> str:
    """Up to two decimals, none that say nothing: 91.25, 2, 0.9."""
    text = signed(value, 2)
    return text.rstrip("0").rstrip(".")
