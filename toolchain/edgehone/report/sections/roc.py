"""The section on how teacher and winner tell yes from no at every threshold."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.breakdown import roc_chart
from edgehone.report.markup import figure_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class ROC(Section):
    """Their ROC curves, of tasks with one question a sample."""

    title = "Thresholds"
    order = 24

    def applies(self, document: RunDocument) -> bool:
        """Whether there are curves."""
        found = document.generalization
        return found is not None and bool(found.others.get("roc"))

    def note(self, document: RunDocument) -> str:
        """What the curves are."""
        return (
            "True against false positive rates on the test samples, threshold by threshold. On the "
            "dashed diagonal scores say nothing."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One chart."""
        found = document.generalization
        return figure_html(roc_chart(found), "ROC curves of teacher and winner") if found else ""
