"""When a file no longer computes what its model does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgehone import precisions
from edgehone.formats._columns import place
from edgehone.values import Plain

LEAST_SKILL = 0.5
"""Below it a file is unusable: less than half is left of what the model knows (`parity.skill`).

Skill is 0 for a constant answer and 1 for the model's own, so this is half way: a kappa of 0.5, or
an R2 of 0.5 (3 dB) in the worst column. Files that lost accuracy but can be judged by it have more:
int8x4 and dynamic4 of small nets keep 80 to 95 % of ten labels, a kappa of 0.78 to 0.94.
"""

GOOD_SKILL = 0.9
"""Labels below it are called poor; 10 dB, where 4-bit numbers are, is an R2 of 0.9 as well."""

FEWEST_CHANGES = 5
"""Samples with another label from which on a kappa says something: where one of several labels is
rare, two of them make it anything."""

Verdict = Literal["good", "poor", "wrecked"]


@dataclass(frozen=True)
class Judged:
    """A verdict on a file, and why, in half a sentence; "" where it is good."""

    verdict: Verdict
    reason: str = ""


def judged(parity: Plain, precision: str) -> Judged:
    """The verdict on a file with this parity: on the worst of its outputs.

    precision: its default one, which says how many dB numbers should have.
    """
    outputs = parity.get("outputs") or [parity]
    found = [_judged(each, precision, _name(parity, n)) for n, each in enumerate(outputs)]
    order: Mapping[str, int] = {"wrecked": 0, "poor": 1, "good": 2}
    return min(found, key=lambda each: order[each.verdict])


def _name(parity: Plain, number: int) -> str:
    names = parity.get("names") or ()
    return f"output {names[number]!r}" if number < len(names) else f"output {number}"


def _judged(parity: Plain, precision: str, name: str) -> Judged:
    if parity["agreement"] is None or "label_agreement" in parity:
        return _of_numbers(parity, precisions.named(precision).bound_db, name)
    return _of_labels(parity, name)


def _of_numbers(parity: Plain, bound_db: float, name: str) -> Judged:
    worst, skill = parity["worst"], parity["skill"]
    column = f"{place(worst['column'], worst['axis'])} of {name}" if worst["of"] > 1 else name
    if skill < LEAST_SKILL and worst["snr_db"] is None:
        return Judged("wrecked", f"{name} is not all numbers (NaN or infinity)")
    text = f"{column} has an SNR of {worst['snr_db'] or 0:.1f} dB"
    if skill < LEAST_SKILL:
        return Judged("wrecked", f"{text}, and a constant answer would have 0 dB")
    if worst["snr_db"] is not None and worst["snr_db"] < bound_db:
        return Judged("poor", f"{text}; sound files of this precision have {bound_db:g} or more")
    return Judged("good")


def _of_labels(parity: Plain, name: str) -> Judged:
    agreement, skill = parity["agreement"], parity["skill"]
    if skill == 0 and parity["max_error"] is None:
        return Judged("wrecked", f"{name} is not all numbers (NaN or infinity)")
    if skill >= GOOD_SKILL or (1 - agreement) * parity["n"] < FEWEST_CHANGES:
        return Judged("good")
    chance = (agreement - skill) / (1 - skill)
    text = (
        f"{name} has the model's label for {100 * agreement:.1f} % of the samples, and chance "
        f"gives {100 * max(chance, 0):.1f} %"
    )
    return Judged("wrecked" if skill < LEAST_SKILL else "poor", text)
