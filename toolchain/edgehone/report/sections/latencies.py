"""The section on how latencies spread."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.markup import figure_html
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section
from edgehone.report.spreads import latencies


class Latencies(Section):
    """All inferences of every model, in time and against its own median."""

    title = "Latency distributions"
    order = 80

    def note(self, document: RunDocument) -> str:
        """How the chart is read."""
        return (
            "The line spans 1 % to 99 % of all inferences, the bar the middle half, the tick is "
            "the median. Dots are the medians of blocks, each a fresh process. On the right, lines "
            "that reach the edge go on beyond it."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """The chart; nothing where nothing was timed."""
        count = sum(1 for row in rows if row.blocks_ms)
        name = f"Spread of the latency of {count} models; the table of the trade-off has quantiles"
        return figure_html(latencies(rows), name)
