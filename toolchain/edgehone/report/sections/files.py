"""The section on the exported files."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.files import files_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Files(Section):
    """What each file holds."""

    title = "Exported files"
    order = 100

    def applies(self, document: RunDocument) -> bool:
        """Whether any file was looked into."""
        return any(each.audit or each.parity for each in document.candidates)

    def note(self, document: RunDocument) -> str:
        """What is compared."""
        return (
            "What each file holds, and how close it computes to the Keras model it was made from."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One file a row."""
        return table_html(files_table(rows))
