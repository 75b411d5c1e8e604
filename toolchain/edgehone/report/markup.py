"""Values as HTML, by the templates beside this file; whatever they hold is escaped there."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from edgehone.report import drawing
from edgehone.report.tables import Cell, Table

if TYPE_CHECKING:
    from jinja2 import Environment


def filled(template: str, values: Mapping[str, object]) -> Markup:
    """A template of this package with these values in it."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 - escaped


def table_html(table: Table) -> Markup:
    """A table that scrolls sideways where the page is too narrow."""
    rows = [[_cell(given) for given in row] for row in table.rows]
    return filled("table.html", {"columns": table.columns, "rows": rows, "marked": table.marked})


def facts_html(facts: Mapping[str, object]) -> Markup:
    """Names and values as a list of terms; those that say nothing are left out."""
    detail = {key: _shown(value) for key, value in facts.items()}
    known = {key: value for key, value in detail.items() if value}
    return filled("facts.html", {"facts": known}) if known else Markup()


def figure_html(chart: Any | None, name: str, missing: str = "") -> Markup:
    """A chart with its accessible name, or why there is none."""
    if chart is None:
        return filled("nothing.html", {"missing": missing}) if missing else Markup()
    return filled("figure.html", {"svg": Markup(drawing.svg(chart, name))})  # noqa: S704 - drawn


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)


def _cell(given: Cell | str) -> Cell:
    return given if isinstance(given, Cell) else Cell(given)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("edgehone.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
