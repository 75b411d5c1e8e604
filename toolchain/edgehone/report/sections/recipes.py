"""The section on recipes and what each of their steps did."""

from collections.abc import Sequence

from edgehone.documents.run.candidate import CandidateEntry
from edgehone.documents.run.document import RunDocument
from edgehone.report.markup import filled, table_html
from edgehone.report.rows import Row, one_each
from edgehone.report.sections._base import Section
from edgehone.report.steps import recipes_table, rules_of, steps_table


class Recipes(Section):
    """How every candidate was made."""

    title = "Recipes and their steps"
    order = 90

    def applies(self, document: RunDocument) -> bool:
        """Whether any candidate had steps."""
        return any(_worth_showing(each) for each in document.candidates)

    def render(self, document: RunDocument, rows: Sequence[Row]) -> str:
        """All recipes, then the steps of each candidate."""
        made = [row for row in one_each(rows) if row.candidate and _worth_showing(row.candidate)]
        parts = [
            {
                "name": row.candidate.name,
                "open": row.leading,
                "steps": table_html(steps_table(row.candidate)),
                "rules": rules_of(row.candidate),
            }
            for row in made
            if row.candidate
        ]
        return filled("steps.html", {"recipes": table_html(recipes_table(made)), "made": parts})


def _worth_showing(candidate: CandidateEntry) -> bool:
    return bool(candidate.steps)
