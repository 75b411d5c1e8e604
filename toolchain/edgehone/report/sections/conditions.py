"""The section on the machine's state while it measured."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.conditions import common_conditions, conditions_table, reasons_of
from edgehone.report.markup import facts_html, filled, table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Conditions(Section):
    """What the device reported of itself around each measurement."""

    title = "Conditions"
    order = 110

    def note(self, document: RunDocument) -> str:
        """What is shown, and where the rest is."""
        return (
            "The machine before and after each measurement, as far as it tells: first what was the "
            "same for every model, then what differed."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """What all share, a table of the rest, and why measurements are doubtful."""
        table = table_html(conditions_table(rows))
        reasons = reasons_of(rows)
        lines = filled("lines.html", {"lines": reasons}) if reasons else ""
        return facts_html(common_conditions(rows)) + table + lines
