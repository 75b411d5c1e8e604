"""The section on accuracy against cost."""

from collections.abc import Sequence

from edgehone.documents.run.document import RunDocument
from edgehone.report.budgets import limits
from edgehone.report.markup import figure_html, filled, table_html
from edgehone.report.rows import Row, cost_kind, measurements_table
from edgehone.report.sections._base import Section
from edgehone.report.tradeoff import trade_off


class TradeOff(Section):
    """The chart of all models, and their numbers."""

    title = "Trade-off"
    order = 30

    def note(self, document: RunDocument) -> str:
        """How the chart is read."""
        return (
            "Up and to the left is better. A bubble's area is the file's size on disk, grey lines "
            "are 95 % intervals, the stepped line joins what nothing else beats, dashes are "
            "budgets."
        )

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """The chart, a short table, and a full one that opens."""
        cost = "median latency" if cost_kind(rows) == "ms" else "instructions"
        name = f"{rows[0].metric} of {len(rows)} models against {cost}; the table has the numbers"
        chart = figure_html(
            trade_off(rows, limits(document, rows[0])), name, "no model has both a cost and a score"
        )
        everything = table_html(measurements_table(rows))
        rest = filled("details.html", {"summary": "All numbers", "body": everything})
        return chart + table_html(measurements_table(rows, brief=True)) + rest
