"""Limits that a winner keeps and a release gate checks: `[[budget]]`."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from edgehone.budgets import Budget
from edgehone.config._fields import Finite, Name, Section, Text
from edgehone.config.quantities import WrongValueError, limit_of, nearest, ratio_of
from edgehone.decide.budget_metrics import METRICS
from edgehone.decide.metrics._base import BudgetMetric
from edgehone.decide.metrics._classes import WORST
from edgehone.decide.metrics._names import named
from edgehone.system.bounds import LISTED
from edgehone.system.settings import BUDGET, METRIC
from edgehone.system.user_code import is_reference
from edgehone.tasks.metrics import direction_of


def _listed(value: Any) -> Any:
    """A list as the tuple that it becomes; numbers in it, such as labels, as texts."""
    if not isinstance(value, list):
        return value
    return tuple(str(e) if isinstance(e, int) and not isinstance(e, bool) else e for e in value)


Names = Annotated[
    tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1, max_length=LISTED)
]


_CHANGE = re.compile(r"[-+\u2212]\s*[\d.]+\s*%", re.ASCII)
"""A limit such as "+2 %"."""


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
    relative_to: Literal["baseline"] | None = Field(
        default=None,
        description='"baseline": the limit is relative to the value of what the gate gets with '
        '--baseline: "+2 %", "-10 %", or a ratio such as 1.02. Only the gate checks such a budget.',
    )
    required: bool = Field(
        default=True,
        description="false: advisory; missing it is shown and fails nothing. Only the gate looks "
        "at such a budget.",
    )
    allowed: Names | None = Field(
        default=None,
        description="Of operators, types and io_types: the only names that may be there; * stands "
        "for any letters. max is then 0 unless it is given.",
    )
    banned: Names | None = Field(default=None, description="Names that may not be there, likewise.")
    classes: Names | None = Field(
        default=None,
        description="Of accuracy and accuracy_drop: labels it is about, taken together; or "
        '["worst"]: whichever class is worst.',
    )

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
                f"Keep one of them; for both limits write one {BUDGET} for each.",
            )
        metric = METRICS[name]
        _require_meaning(name, metric, data)
        listed = any(data.get(key) is not None for key in ("allowed", "banned", "relative_to"))
        if metric.NAMES and listed and not limits:
            limits = {"max": 0}
        return {**data, **{key: _limit(limit, metric, data) for key, limit in limits.items()}}

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
        limit = self.min if self.max is None else self.max
        return Budget(
            self.metric,
            "min" if self.max is None else "max",
            limit or 0.0,
            self.device,
            self._written,
            self.relative_to or "",
            self.required,
            self.allowed or (),
            self.banned or (),
            self.classes or (),
        )


def _limit(limit: Any, metric: BudgetMetric, data: dict[str, Any]) -> Any:
    """A limit in the metric's unit, or the ratio of a relative one."""
    if data.get("relative_to") is not None and not metric.NAMES:
        return ratio_of(limit)
    if not isinstance(limit, str):
        return limit
    if _CHANGE.fullmatch(limit.strip()) and metric.UNIT in ("bytes", "ms", "count"):
        raise WrongValueError(
            f"{limit!r} is a change, and nothing says of what",
            'Add relative_to = "baseline", or give the limit itself.',
        )
    return limit_of(limit, metric.UNIT)


def _require_meaning(name: str, metric: BudgetMetric, data: dict[str, Any]) -> None:
    """Refuse keys that say nothing about this metric: WrongValueError."""
    if data.get("relative_to") is not None and metric.quality:
        raise WrongValueError(
            f"the budget on {name} cannot be relative to the baseline",
            "Write the most that may be lost against it: "
            'metric = "accuracy_drop", max = "1 point".',
        )
    for key in ("allowed", "banned"):
        if data.get(key) is not None and not metric.NAMES:
            able = ", ".join(each for each in METRICS if METRICS[each].NAMES)
            raise WrongValueError(f"{key} says nothing about {name}", f"It is for {able}.")
        _require_known(metric, key, data.get(key))
    _require_disjoint(name, data.get("allowed"), data.get("banned"))
    if metric.NAMES and data.get("min") is not None:
        raise WrongValueError(
            f"the budget on {name} needs a max, not a min",
            f'Name the {metric.NAMES} that are not wanted: banned = ["…"], or allowed = ["…"].',
        )
    classes = data.get("classes")
    if classes is None:
        return
    if not metric.BY_CLASS:
        raise WrongValueError(
            f"classes says nothing about {name}", "It is for accuracy and accuracy_drop."
        )
    if isinstance(classes, list) and WORST in classes and len(classes) > 1:
        raise WrongValueError(
            f"classes names {WORST!r} and others", f'Write ["{WORST}"] alone, or the labels.'
        )


def _require_known(metric: BudgetMetric, key: str, names: Any) -> None:
    """Refuse a name that nothing can have, and which would ban nothing: WrongValueError."""
    if not metric.KNOWN or not isinstance(names, list | tuple):
        return
    for each in names:
        if isinstance(each, str) and not any(named(known, [each]) for known in metric.KNOWN):
            several = any(known.startswith(each.lower()) for known in metric.KNOWN)
            raise WrongValueError(
                f"{key} has {each!r}, which is none of the {metric.NAMES}",
                f"All that begin so are {each.lower() + '*'!r}. Known: {', '.join(metric.KNOWN)}."
                if several
                else nearest(each, metric.KNOWN),
            )


def _require_disjoint(name: str, allowed: Any, banned: Any) -> None:
    """Refuse a name that is allowed and banned at once: WrongValueError."""
    if not (isinstance(allowed, list | tuple) and isinstance(banned, list | tuple)):
        return
    for each in allowed:
        if each in banned:
            raise WrongValueError(
                f"{each!r} is both allowed and banned in the budget on {name}",
                "Keep it in one of the two.",
            )


def _meant(name: str) -> str:
    """What to write instead of an unknown budget metric, which may be one of a task."""
    rising = direction_of(name)
    if rising is None and not is_reference(name):
        return nearest(name, list(METRICS))
    own = "the side that is worse" if rising is None else "min" if rising else "max"
    return (
        f'A budget on the task\'s metric is called accuracy: metric = "accuracy" with '
        f"{'a ' if rising is not None else 'a limit on '}{own}; the task's is "
        f"{METRIC.set(name)}."
    )
