"""An integer program over measured costs and sensitivities, corrected by every measurement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from edgehone.errors import ConfigError
from edgehone.search.accountability import account_of
from edgehone.search.bracketing import Solve, Ways, bracketed
from edgehone.search.equal_shares import EqualShares
from edgehone.search.halving import STARTERS
from edgehone.search.history import Goal, Proposal, Stop, Tables, Trial
from edgehone.search.plan import Plan
from edgehone.search.program import Question, Region, solve
from edgehone.search.promotion import promoted
from edgehone.search.random_plans import near
from edgehone.search.strategies._base import Strategy
from edgehone.search.sums import Limits

UNIFORM, RANDOM = "uniform", "random"
"""What candidates are called that were not found by the program."""

WIDEST = 4.0
"""A radius within which every width lies: 50 times narrower."""


@dataclass(frozen=True)
class Allocate(Strategy):
    """Least predicted loss within the corrected limits, layer by layer; draws nothing.

    uniform: every round has the widths beside it that are equally narrow everywhere and meet the
    same limits, so that what is best is never worse than those. promote: both are given the widths
    and precisions back that the cost table says are free. doubt: once the order of losses turns out
    to be a guess, rounds are halvings of equally narrow and random widths instead.

    fall: the least share in [0, 1) of what was kept that is asked for next (HALP, Shen et al. 2022,
    lowers its latency target geometrically). trust: how far in the mean, at least 0, the logarithms
    of widths may be from those of the best candidate so far, where that leaves a plan; 0: as far as
    they like.
    again: sensitivities are taken again around that candidate.
    """

    uniform: bool = True
    promote: bool = True
    doubt: bool = True
    fall: float = 0.25
    trust: float = 0.0
    again: bool = False

    def __post_init__(self) -> None:
        _require("fall", self.fall, 0.0, 1.0)
        _require("trust", self.trust, 0.0, inf)

    def incumbent(self, trials: Sequence[Trial]) -> Trial | None:
        """The best candidate so far, if sensitivities are to be taken again."""
        return best_so_far(trials) if self.again else None

    def ask(self, tables: Tables, trials: Sequence[Trial], goal: Goal) -> Proposal | Stop:
        """The next plans of the bracketed objective."""

        def allocated(limits: Limits, default: str) -> Plan | None:
            best = best_so_far(trials)
            return self._allocated(tables, best.plan if best else None, limits, default)

        def random(draw: int) -> Solve:
            seed = self.seed + STARTERS * len(trials) + draw
            return lambda limits, default: near(tables, limits, default, seed)

        equal = EqualShares.of(tables, widths_alone=True).best
        ways: Ways = (("", allocated), (UNIFORM, equal)) if self.uniform else (("", allocated),)
        doubted = self.doubt and account_of(trials).guessing
        if doubted:
            drawn = [(f"{RANDOM}-{draw}", random(draw)) for draw in range(1, STARTERS)]
            ways = ((UNIFORM, equal), *drawn)
        if self.promote:
            ways = tuple((label, _promoting(solve, tables, goal)) for label, solve in ways)
        return bracketed(tables, trials, goal, ways, self.fall, halving=doubted)

    def _allocated(
        self, tables: Tables, known: Plan | None, limits: Limits, default: str
    ) -> Plan | None:
        """The program's plan, near to the best so far if that is wanted and possible."""
        left = limits.beside(tables.rest_in(default))
        question = Question(tables.space, tables.losses, tables.cost, left, default)
        start = known or tables.space.unchanged(default)
        radius = self.trust
        while 0 < radius <= WIDEST:
            plan = solve(replace(question, around=Region(start, radius)))
            if plan is not None:
                return plan
            radius *= 2
        return solve(question)


def _require(name: str, value: float, least: float, below: float) -> None:
    """Raise ConfigError unless least <= value < below."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if real and least <= value < below:
        return
    limit = "" if below == inf else f" and below {below:g}"
    message = f"{name} = {value!r} is not a number of at least {least:g}{limit}."
    raise ConfigError(message, "Correct the setting of the strategy.")


def best_so_far(trials: Sequence[Trial]) -> Trial | None:
    """The best candidate: the lowest target that was kept, and there the least drop."""
    kept = [t for t in trials if t.target and t.quality]
    return min(kept, key=lambda t: (t.target, t.metrics.get("accuracy_drop", 0.0)), default=None)


def _promoting(found: Solve, tables: Tables, goal: Goal) -> Solve:
    """The same plans, given back what is free."""

    def solve_and_promote(limits: Limits, default: str) -> Plan | None:
        plan = found(limits, default)
        return None if plan is None else promoted(tables, plan, limits, goal)

    return solve_and_promote
