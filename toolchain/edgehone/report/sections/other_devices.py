"""The section on devices other than the one that was searched for."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.elsewhere import elsewhere_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class OtherDevices(Section):
    """Every candidate on every other device."""

    title = "On the other devices"
    order = 40

    def applies(self, document: RunDocument) -> bool:
        """Whether anything was measured elsewhere."""
        return any(each.elsewhere for each in document.candidates)

    def note(self, document: RunDocument) -> str:
        """Why these count."""
        return (
            f"Candidates are searched for on {document.device.name}; these are the other devices, "
            "whose budgets count all the same."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One measurement a row."""
        return table_html(elsewhere_table(document))
