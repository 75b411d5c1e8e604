"""What passes between a search and its strategy: tables, trials so far, a proposal or a stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgehone.budgets import Budget
from edgehone.search.cost_table import CostTable
from edgehone.search.plan import Losses, Plan
from edgehone.search.space import Space
from edgehone.search.sums import NOTHING, Cost, Totals, costs_of, totals


@dataclass(frozen=True)
class Tables:
    """What the search knows about a model before any candidate is built.

    priced: the metric that `cost` gives the layers' shares of. rest: by precision of the whole
    file, what it has beside the layers of the space; left out where those are nearly all of it.
    overhead: by that precision, the cost of an inference beside all operators. noise: how far the
    cost of one layer is from what another measurement of it says, as a share of it. table: where
    the costs come from, if they were measured.
    """

    space: Space
    losses: Losses
    cost: Cost = field(repr=False)
    priced: str = "latency_p50_ms"
    rest: Mapping[str, Totals] = field(default_factory=dict)
    overhead: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.0
    table: CostTable | None = field(default=None, repr=False)

    def totals(self, plan: Plan) -> Totals:
        """What a plan sums to, before any correction."""
        layers = totals(self.space, self.losses, self.cost, plan)
        return layers.plus(self.rest_in(plan.default))

    def rest_in(self, default: str) -> Totals:
        """What a file of this precision has beside the layers of the space."""
        rest = self.rest.get(default, NOTHING)
        return replace(rest, cost=rest.cost + self.overhead.get(default, 0.0))

    def can_be_had(self, plan: Plan) -> bool:
        """Whether the format has every layer in the precision that the plan chose for it."""
        for layer in self.space.layers:
            piece = self.space.made(layer, plan.choices, plan.default)
            costs = costs_of(piece, self.cost, plan.default)
            if piece.precision != plan.default and None in costs:
                return False
        return True


@dataclass(frozen=True)
class Trial:
    """One plan that was built and measured. metrics: measured values by budget metric.

    sums: what the plan's layers add up to, uncorrected. quality: whether every quality budget was
    kept on the validation split. target: what the objective was asked to be, None for baselines.
    predicted: what was expected of it by metric; nothing for baselines.
    lost: why nothing could be measured of it; "" when something was.
    """

    plan: Plan
    sums: Totals
    metrics: Mapping[str, float]
    quality: bool = True
    target: float | None = None
    lost: str = ""
    predicted: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Goal:
    """The objective (a metric and whether to minimise it) and the budgets of one device."""

    metric: str
    minimize: bool
    budgets: tuple[Budget, ...]


@dataclass(frozen=True)
class Proposal:
    """A plan, what it was asked for, and what is predicted for it by metric.

    beside: other plans for the same target, to be built and measured in the same batch; each counts
    as a candidate of its own. label: how this plan was found, where that is not the strategy's way.
    halving: all of them begin with a part of the epochs, and only the best is trained in full and
    measured; they count as what they cost.
    """

    plan: Plan
    sums: Totals
    target: float
    predicted: Mapping[str, float]
    beside: tuple["Proposal", ...] = ()
    label: str = ""
    halving: bool = False

    @property
    def members(self) -> tuple["Proposal", ...]:
        """This proposal and those beside it, each alone."""
        return (replace(self, beside=()), *self.beside)

    def lost(self, reason: str) -> Trial:
        """The trial of a plan that could not be built or measured."""
        return Trial(self.plan, self.sums, {}, quality=False, target=self.target, lost=reason)


@dataclass(frozen=True)
class Stop:
    """Why there is nothing more to propose."""

    reason: str
