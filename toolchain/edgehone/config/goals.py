"""What a winner has least or most of: `[objective]`."""

from pydantic import Field, model_validator

from edgehone.config._fields import Section, Text
from edgehone.config.quantities import WrongValueError, nearest
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.choice import Objective


class ObjectiveSection(Section):
    """What the winner has least (or most) of, among all that keep the budgets."""

    minimize: Text | None = Field(
        default=None,
        description="latency_p50_ms (the default), size_bytes, peak_memory_bytes, instructions, …",
    )
    maximize: Text | None = Field(default=None, description="accuracy or agreement, instead.")

    @model_validator(mode="after")
    def _one_known_metric(self) -> "ObjectiveSection":
        if self.minimize and self.maximize:
            raise ValueError("minimize and maximize cannot both be given")
        for verb, name in (("minimize", self.minimize), ("maximize", self.maximize)):
            if name and not _is_objective(name, verb):
                known = [each for each in METRICS if _is_objective(each, verb)]
                raise WrongValueError(f"{name!r} is nothing to {verb}", nearest(name, known))
        return self

    @property
    def value(self) -> Objective:
        """The objective these keys describe."""
        if self.maximize:
            return Objective(self.maximize, minimize=False)
        return Objective(self.minimize or "latency_p50_ms")


def _is_objective(name: str, verb: str) -> bool:
    """Whether a search may minimize (or maximize) this metric."""
    return name in METRICS and verb == METRICS[name].OBJECTIVE
