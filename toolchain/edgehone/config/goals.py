"""What is asked of a winner: `[objective]` and `[[budget]]`."""

from typing import Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from edgehone.config._fields import Finite, Name, Section, Text
from edgehone.config.quantities import WrongValueError, limit_of, nearest
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.decision import Objective
from edgehone.system.user_code import is_reference
from edgehone.tasks.metrics import direction_of
from edgehone.values import Budget


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


class BudgetTable(Section):
    """A limit that the winner keeps and the release gate checks."""

    metric: Text = Field(description=f"One of {', '.join(METRICS)}.")
    max: Finite | None = Field(
        default=None,
        description="The limit: a number in the unit that the metric is named after (bytes, ms; "
        'fractions such as 0.01), or with a unit: "200 KiB", "1.5 MB", "30 ms", "1 %", "1 point".',
    )
    min: Finite | None = Field(default=None, description="The least, instead of max.")
    device: Name = Field(default="", description="The device it is about; every one when left out.")

    _written: str = PrivateAttr(default="")

    @model_validator(mode="wrap")
    @classmethod
    def _remember_the_unit(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep the limit as it was written with its unit, which the task may not have."""
        found = handler(data)
        texts = [data.get(key) for key in ("max", "min")] if isinstance(data, dict) else []
        found._written = next((text for text in texts if isinstance(text, str)), "")
        return found

    def __eq__(self, other: object) -> bool:
        """The same budget, however its limit was written."""
        return isinstance(other, BudgetTable) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash((self.metric, self.max, self.min, self.device))

    @model_validator(mode="after")
    def _some_device(self) -> "BudgetTable":
        if self.device and not (self.device.strip() and self.device.isprintable()):
            raise WrongValueError(
                f"no device can be called {self.device!r}",
                "Name one that `edgehone devices` lists, or leave the key out for every device.",
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _known_metric_and_one_limit_with_its_unit(cls, data: Any) -> Any:
        """What is wrong with a budget as a whole is reported before what is wrong with a value."""
        if not isinstance(data, dict) or not isinstance(data.get("metric"), str):
            return data
        name = data["metric"]
        if name not in METRICS:
            raise WrongValueError(f"metric {name!r} is unknown", _meant(name))
        limits = {key: data[key] for key in ("max", "min") if data.get(key) is not None}
        if len(limits) == 2:
            raise WrongValueError(
                f"max and min are both given; the budget on {name} needs either a max or a min",
                "Keep one of them; for both limits write two [[budget]] tables.",
            )
        unit = METRICS[name].UNIT
        texts = {key: limit for key, limit in limits.items() if isinstance(limit, str)}
        return {**data, **{key: limit_of(text, unit) for key, text in texts.items()}}

    @model_validator(mode="after")
    def _some_limit(self) -> "BudgetTable":
        if self.max is None and self.min is None:
            raise WrongValueError(
                f"the budget on {self.metric} needs either a max or a min",
                'Add one, such as metric = "size_bytes", max = "200 KiB".',
            )
        return self

    @property
    def value(self) -> Budget:
        """The budget these keys describe."""
        if self.max is not None:
            return Budget(self.metric, "max", self.max, self.device, self._written)
        return Budget(self.metric, "min", self.min or 0.0, self.device, self._written)


def _meant(name: str) -> str:
    """What to write instead of an unknown budget metric, which may be one of a task."""
    rising = direction_of(name)
    if rising is None and not is_reference(name):
        return nearest(name, list(METRICS))
    own = "the side that is worse" if rising is None else "min" if rising else "max"
    return (
        f'A budget on the task\'s metric is called accuracy: metric = "accuracy" with '
        f'{"a " if rising is not None else "a limit on "}{own}; and metric = "{name}" stands '
        "under [task]."
    )
