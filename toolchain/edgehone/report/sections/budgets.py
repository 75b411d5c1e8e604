"""The section on the budgets."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.budgets import budgets_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Budgets(Section):
    """Every budget, and what came of it."""

    title = "Budgets"
    order = 10

    def applies(self, document: RunDocument) -> bool:
        """Whether there are any."""
        return bool(document.budgets)

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One budget a row."""
        return table_html(budgets_table(document, rows))
