"""Plans with the same share of everything everywhere: what a user without measurements would do."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from edgehone.search.history import Tables
from edgehone.search.plan import Chosen, Plan
from edgehone.search.space import PRECISION, Space
from edgehone.search.summing import Summing
from edgehone.search.sums import Limits, Totals

STEPS = 64
"""Shares tried between leaving all as it is and the end of every ladder."""


@dataclass(frozen=True)
class EqualShares:
    """All plans with equal shares and what they sum to, by default precision of the file."""

    rungs: dict[str, list[tuple[Totals, Plan]]]

    @classmethod
    def of(cls, tables: Tables, *, widths_alone: bool = False) -> "EqualShares":
        """widths_alone: no other technique than those that tie layers together, where the space
        has any.
        """
        space = tables.space
        even = [each for each in space.decisions if not each.WHOLE]
        names = [each.NAME for each in even if each.NAME != PRECISION]
        widths = [each.NAME for each in even if each.SHARED and each.subjects]
        used = widths if widths_alone and widths else names
        summing = Summing(tables)
        return cls(
            {
                default: [(summing.totals(plan), plan) for plan in plans(space, default, used)]
                for default in space.defaults
            }
        )

    def best(self, limits: Limits, default: str) -> Plan | None:
        """The plan of least predicted loss within the limits; None: there is none."""
        fitting = [(sums, plan) for sums, plan in self.rungs[default] if sums.within(limits)]
        best = min(fitting, key=lambda each: (each[0].loss, each[0].cost), default=None)
        return best[1] if best else None


def plans(space: Space, default: str, techniques: Collection[str]) -> Iterator[Plan]:
    """All plans with equal shares of these techniques in one precision, each once: technique by
    technique and all together.
    """
    sets = [{name} for name in techniques]
    if len(techniques) > 1:
        sets.append(set(techniques))
    seen: list[Plan] = [space.unchanged(default)]
    yield seen[0]
    for together in sets:
        for step in range(1, STEPS + 1):
            choices = _at(space, together, step / STEPS)
            plan = space.effective(Plan({**seen[0].choices, **choices}, default))
            if plan != seen[-1]:
                seen.append(plan)
                yield plan


def _at(space: Space, techniques: Collection[str], share: float) -> Chosen:
    """The options at a share in [0, 1] of the way down every ladder of these techniques."""
    found = {}
    for decision in space.decisions:
        if decision.NAME in techniques:
            ladders = {name: decision.ladder(name) for name in decision.subjects}
            found[decision.NAME] = {
                name: ladder[round(share * (len(ladder) - 1))] for name, ladder in ladders.items()
            }
    return found
