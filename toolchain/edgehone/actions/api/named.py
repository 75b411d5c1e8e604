"""Classes and objects of the caller's, in settings too, by the names that project files have."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgehone.actions.api.arguments import task_table
from edgehone.actions.api.references import metric_name, variant
from edgehone.decide.metrics import PACKAGE as METRICS
from edgehone.decide.metrics._base import BudgetMetric
from edgehone.formats._base import Format
from edgehone.formats._finding import PACKAGE as FORMATS
from edgehone.report.page import SECTIONS, sections_named
from edgehone.report.sections._base import Section
from edgehone.search.decisions import PACKAGE as DECISIONS
from edgehone.search.decisions._base import Decision
from edgehone.search.strategies import PACKAGE as STRATEGIES
from edgehone.search.strategies._base import Strategy
from edgehone.system import variants

Point = tuple[type, str, str]
"""A base, where its variants are, and what an argument of it is called."""

STRATEGY: Point = (Strategy, STRATEGIES, "strategy")
FORMAT: Point = (Format, FORMATS, "A format")
SECTION: Point = (Section, SECTIONS, "A section of the report")
METRIC: Point = (BudgetMetric, METRICS, "The metric of the objective")
DECISION: Point = (Decision, DECISIONS, "A technique of the search")

_PLACES: Mapping[tuple[str, str], Point] = {
    ("search", "strategy"): STRATEGY,
    ("search", "techniques"): DECISION,
    ("export", "formats"): FORMAT,
    ("report", "sections"): SECTION,
    ("objective", "minimize"): METRIC,
    ("objective", "maximize"): METRIC,
}


def one(given: Any, point: Point) -> str:
    """The name of a variant."""
    base, package, what = point
    return variant(given, base, package, what)


def several(given: Any, point: Point) -> list[str]:
    """The names of one variant or of several."""
    single = isinstance(given, str | type | point[0]) or not isinstance(given, Sequence)
    return [one(each, point) for each in ([given] if single else given)]


def sections(given: Any) -> list[Section]:
    """Sections of the report: objects as they are, classes with their default settings."""
    single = isinstance(given, str | type | Section) or not isinstance(given, Sequence)
    found: list[Section] = []
    for each in [given] if single else given:
        if isinstance(each, Section):
            found.append(each)
        elif isinstance(each, type) and issubclass(each, Section):
            found.append(
                variants.instance(variants.checked(each, Section, each.__name__), each.__name__)
            )
        else:
            found += sections_named([one(each, SECTION)])
    return found


def tables(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings with names in the place of classes and objects."""
    return {name: _table(name, table) for name, table in settings.items()}


def _table(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: _value(name, key, value) for key, value in table.items()}
    if name != "task":
        return found
    kind = {} if "kind" not in table else task_table(table["kind"])
    metric = {} if "metric" not in table else {"metric": metric_name(table["metric"])}
    return {**found, **kind, **metric}


def _value(name: str, key: str, value: Any) -> Any:
    point = _PLACES.get((name, key))
    if point is None or isinstance(value, str) or value is None:
        return value
    if isinstance(value, Sequence):
        return [one(each, point) for each in value]
    return one(value, point)
