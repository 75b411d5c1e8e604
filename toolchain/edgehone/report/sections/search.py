"""The section on how well the search predicted, and where the time went."""

from collections.abc import Sequence

from markupsafe import Markup

from edgehone.documents.run.document import RunDocument
from edgehone.report.accounts import errors_table, ranking, time_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Search(Section):
    """The search's account of itself."""

    title = "How far the search can be trusted"
    order = 72

    def applies(self, document: RunDocument) -> bool:
        """Whether the run tells."""
        return document.search is not None

    def note(self, document: RunDocument) -> str:
        """The order of losses, in a sentence."""
        text = ranking(document.search) if document.search else ""
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """Two tables."""
        found = document.search
        if found is None:
            return ""
        errors = table_html(errors_table(found)) if found.errors else Markup()
        times = table_html(time_table(found.seconds)) if any(found.seconds.values()) else Markup()
        return errors + times
