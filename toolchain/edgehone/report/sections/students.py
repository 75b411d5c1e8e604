"""The section on students that were tried."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section
from edgehone.report.students import students_table


class Students(Section):
    """Students of several sizes, and which was chosen."""

    title = "Students tried"
    order = 50

    def applies(self, document: RunDocument) -> bool:
        """Whether several were tried."""
        return bool(document.students)

    def note(self, document: RunDocument) -> str:
        """How they were tried."""
        return (
            "Students of several sizes after short trainings; those left at the end were measured "
            "so, and the chosen one was then trained in full."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One student a row."""
        return table_html(students_table(document))
