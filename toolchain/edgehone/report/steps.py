"""How candidates were made: recipes, and what each of their steps did."""

from collections.abc import Sequence

from edgehone.compress._tree_rules import rules_text
from edgehone.documents.run.candidate import CandidateEntry
from edgehone.report import numbers
from edgehone.report.recipes import recipe_words
from edgehone.report.rows import Row
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.values import StepReport


def recipes_table(rows: Sequence[Row]) -> Table:
    """How each candidate was made."""
    made = [(row, row.candidate) for row in rows if row.candidate is not None]
    return from_columns(
        [
            (Column("candidate", numeric=False), [candidate.name for _, candidate in made]),
            (Column("round"), [str(candidate.round) for _, candidate in made]),
            (
                Column("recipe", numeric=False),
                [recipe_words(candidate.recipe) for _, candidate in made],
            ),
        ],
        [n for n, (row, _) in enumerate(made) if row.leading],
    )


def steps_table(candidate: CandidateEntry) -> Table:
    """What every step of a candidate did: parameters, MACs, float bytes, before and after."""
    steps = candidate.steps
    return from_columns(
        [
            (Column("step", numeric=False), [step.technique for step in steps]),
            (Column("parameters"), [_change(step.params, "count") for step in steps]),
            (Column("MACs"), [_change(step.macs, "count") for step in steps]),
            (Column("float32 size"), [_change(step.size_bytes, "bytes") for step in steps]),
            (Column("remarks", numeric=False), [Cell(_remark(step), "quiet") for step in steps]),
        ]
    )


def rules_of(candidate: CandidateEntry) -> list[str]:
    """What a soft decision tree has learned, where one is among the steps."""
    return [
        rules_text(step.detail["rules"])
        for step in candidate.steps
        if step.detail.get("rules") and not step.skipped
    ]


def _remark(step: StepReport) -> str:
    """Why a step was left out, or what it noted."""
    return f"left out: {step.skipped}" if step.skipped else str(step.detail.get("note", ""))


def _change(pair: tuple[int, int], kind: str) -> str:
    before, after = (numbers.in_unit(value, kind) for value in pair)
    if pair[0] == pair[1]:
        return before
    return f"{before} → {after} ({numbers.signed(100 * (pair[1] / pair[0] - 1), 0, plus=True)} %)"
