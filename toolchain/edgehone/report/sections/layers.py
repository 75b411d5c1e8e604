"""The section on what was decided layer by layer."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.layers import layers_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Layers(Section):
    """Channels, ranks and precisions, one candidate a column."""

    title = "What was decided, layer by layer"
    order = 60

    def applies(self, document: RunDocument) -> bool:
        """Whether the search decided anything."""
        return any(each.layers for each in document.candidates)

    def note(self, document: RunDocument) -> str:
        """How the table is read."""
        return (
            "Channels kept of those there were; darker means more was kept. A chip names a rank, "
            "or a precision other than the candidate's own."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """One layer a row; darker: more was kept."""
        return layers_html(rows)
