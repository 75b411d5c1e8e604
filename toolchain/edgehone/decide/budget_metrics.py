"""What a budget may limit, by name, and how it is read from a measurement, with its interval."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from edgehone.decide.metrics import PACKAGE
from edgehone.decide.metrics._base import BudgetMetric, Capabilities, Interval, Reading, Unit
from edgehone.decide.timing import Timing
from edgehone.errors import ConfigError, UsageError
from edgehone.stats import percentile_ci
from edgehone.system import variants
from edgehone.system.user_code import is_reference
from edgehone.values import Measurement

__all__ = ["METRICS", "BudgetMetric", "Capabilities", "Interval", "Reading", "Unit"]


def reading(measurement: Measurement, metric: str, timing: Timing | None = None) -> Reading:
    """The metric's value in a measurement, with the interval that its blocks give: of this session,
    or, with `timing`, of the device in general. Raises ConfigError for an unknown metric.
    """
    return with_interval(metric_of(metric).read(measurement), timing)


def with_interval(found: Reading, timing: Timing | None = None) -> Reading:
    """The reading with the interval that its blocks give (see `reading`), where it has any."""
    if not found.blocks:
        return found
    if timing is None:
        return replace(found, ci95=percentile_ci(found.blocks, found.percent))
    return replace(found, ci95=timing.interval(found.blocks, found.percent))


def metric_of(name: str) -> BudgetMetric:
    """The metric that has this name in a [[budget]] table, or the user's own class that
    "python:module:Class" names. Raises ConfigError when there is none.
    """
    if is_reference(name):
        return variants.built(PACKAGE, BudgetMetric, name)
    try:
        return _loaded(name)
    except UsageError as error:
        known = ", ".join(METRICS)
        raise ConfigError(f"Unknown budget metric {name!r}.", f"Known: {known}.") from error


@cache
def _loaded(name: str) -> BudgetMetric:
    return variants.load(PACKAGE, BudgetMetric, name)()


class _Metrics(Mapping[str, BudgetMetric]):
    """All metrics of the package, looked up when asked."""

    def __getitem__(self, name: str) -> BudgetMetric:
        if not is_reference(name) and name not in variants.module_names(PACKAGE):
            raise KeyError(name)
        return metric_of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(variants.module_names(PACKAGE))

    def __len__(self) -> int:
        return len(variants.module_names(PACKAGE))


METRICS: Mapping[str, BudgetMetric] = _Metrics()
"""What a budget may limit, by the name it has in a [[budget]] table."""
