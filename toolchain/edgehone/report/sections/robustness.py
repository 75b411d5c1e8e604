"""The section on how the winner compares with the teacher beyond the average."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report import robustness
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Robustness(Section):
    """The metric overall, by class and under noise, before and after compression."""

    title = "Robustness of the winner"
    order = 20

    def applies(self, document: RunDocument) -> bool:
        """Whether a winner was looked at."""
        return document.generalization is not None

    def note(self, document: RunDocument) -> str:
        """What is compared with what."""
        return robustness.note(document.generalization) if document.generalization else ""

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One table of the whole, and one of the classes."""
        found = document.generalization
        if found is None:
            return ""
        overall = table_html(robustness.overall_table(found))
        classes = robustness.classes_table(found)
        return overall + table_html(classes) if classes.rows else overall
