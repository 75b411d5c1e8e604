"""The section on candidates that were trained on."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.finalists import finalists_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Finalists(Section):
    """The best candidates, trained on once the search had ended."""

    title = "Finalists"
    order = 55

    def applies(self, document: RunDocument) -> bool:
        """Whether any was trained on."""
        return bool(document.finalists)

    def note(self, document: RunDocument) -> str:
        """What was done, and what was kept."""
        return (
            "Once the search had ended, its best candidates were trained on until the validation "
            "samples gained nothing more, those with integer layers with their rounding as well. "
            "Of each network the file is kept that does better by the budgets, and then on "
            "validation samples."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One file a row."""
        return table_html(finalists_table(document))
