"""The section on what was predicted, and how the rounds went."""

from collections.abc import Sequence

from markupsafe import Markup

from edgehone.documents.run.document import RunDocument
from edgehone.report.markup import figure_html, filled, table_html
from edgehone.report.predictions import QUANTITIES, predicted
from edgehone.report.predictions_table import predictions_table
from edgehone.report.rounds import rounds_table
from edgehone.report.rows import Row
from edgehone.report.sections._base import Section


class Predictions(Section):
    """Predicted against measured, and round after round."""

    title = "Predicted against measured"
    order = 70

    def note(self, document: RunDocument) -> str:
        """How the charts are read."""
        return "On the dashed diagonal a prediction is perfect. Each miss corrects the next round."

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """A chart a quantity, then the numbers, then the rounds."""
        figures = Markup().join(
            figure_html(predicted(rows, what), f"Measured against predicted {what}; see the table")
            for what in QUANTITIES
        )
        if not figures:
            return ""
        rounds = rounds_table(document)
        values = {
            "figures": figures,
            "table": table_html(predictions_table(rows)),
            "rounds": table_html(rounds) if rounds.rows else "",
            "stopped": document.stopped,
        }
        return filled("predictions.html", values)
