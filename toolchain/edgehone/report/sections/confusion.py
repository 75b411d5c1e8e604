"""The section on which classes the winner takes for which."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.breakdown import confusion_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Confusion(Section):
    """Pairs of classes, with the teacher's count beside the winner's."""

    title = "Confused classes"
    order = 22

    def applies(self, document: RunDocument) -> bool:
        """Whether the task has classes."""
        found = document.generalization
        return found is not None and confusion_table(found) is not None

    def note(self, document: RunDocument) -> str:
        """How the table is read."""
        return (
            "Test samples (or places in them) of each class by the class that the winner gives; "
            "point at a number for the teacher's."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One table."""
        table = confusion_table(document.generalization) if document.generalization else None
        return table_html(table) if table else ""
