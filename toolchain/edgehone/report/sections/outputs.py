"""The section on each of several measured values."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.breakdown import outputs_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Outputs(Section):
    """The error of each output, before and after."""

    title = "Error of each output"
    order = 26

    def applies(self, document: RunDocument) -> bool:
        """Whether the model gives several numbers."""
        found = document.generalization
        return found is not None and outputs_table(found) is not None

    def note(self, document: RunDocument) -> str:
        """What the numbers are."""
        return "Mean absolute errors on the test samples, paired sample by sample."

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One table."""
        table = outputs_table(document.generalization) if document.generalization else None
        return table_html(table) if table else ""
