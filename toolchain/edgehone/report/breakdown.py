"""Tables and the chart of what scores are made of: pairs of classes, thresholds, each output."""

from collections.abc import Sequence
from typing import Any

from edgehone.documents.run.robustness import Generalization
from edgehone.report import numbers
from edgehone.report.drawing import LIGHT
from edgehone.report.marks import over
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.values import Plain

MOST_CLASSES = 12
"""Up to so many classes the confusions are a square; beyond, a list."""

MOST_PAIRS = 20
SIDE = 300


def confusion_table(found: Generalization) -> Table | None:
    """How many samples (or places) of each class are given which one by the winner; None: none."""
    confusion: Plain = found.others.get("confusion") or {}
    cells = [tuple(int(each) for each in cell) for cell in confusion.get("cells") or ()]
    if not cells:
        return None
    names = {each.label: each.title for each in found.classes}
    count = int(confusion["classes"])
    if count <= MOST_CLASSES:
        return _square(cells, [names.get(label, str(label)) for label in range(count)])
    wrong = sorted((c for c in cells if c[0] != c[1]), key=lambda c: (-c[3], -c[2]))[:MOST_PAIRS]
    return from_columns(
        [
            (Column("class", numeric=False), [names.get(c[0], str(c[0])) for c in wrong]),
            (Column("taken for", numeric=False), [names.get(c[1], str(c[1])) for c in wrong]),
            (Column("teacher"), [f"{c[2]:,}" for c in wrong]),
            (Column("winner"), [f"{c[3]:,}" for c in wrong]),
        ]
    )


def _square(cells: Sequence[tuple[int, ...]], names: Sequence[str]) -> Table:
    counts = {(true, given): (before, after) for true, given, before, after in cells}
    rows = []
    for true, name in enumerate(names):
        row: list[Cell | str] = [name]
        for given in range(len(names)):
            before, after = counts.get((true, given), (0, 0))
            emphasis = "strong" if true == given else "" if after else "quiet"
            row.append(Cell(f"{after:,}", emphasis, f"teacher: {before:,}"))  # type: ignore[arg-type]
        rows.append(tuple(row))
    heads = (Column("class", numeric=False), *(Column(f"as {name}") for name in names))
    return Table(heads, tuple(rows))


def outputs_table(found: Generalization) -> Table | None:
    """The mean absolute error of each output before and after; None for one output."""
    rows = found.others.get("outputs") or ()
    if not rows:
        return None
    return from_columns(
        [
            (Column("output"), [str(each["output"]) for each in rows]),
            (Column("teacher", "mae"), [numbers.figures(each["before"]) for each in rows]),
            (Column("winner", "mae"), [numbers.figures(each["after"]) for each in rows]),
            (
                Column("more error, 95 % interval"),
                [numbers.interval("mae", each["drop_ci95"]) for each in rows],
            ),
        ]
    )


def roc_chart(found: Generalization) -> Any | None:
    """The ROC curves of teacher and winner; None where the task has none."""
    import altair as alt

    curves: Plain = found.others.get("roc") or {}
    if not curves:
        return None
    roles = {"before": "teacher", "after": "winner"}
    points = [
        {"x": x, "y": y, "who": f"{who}, AUC {numbers.figures(curves[key]['auc'])}", "at": place}
        for key, who in roles.items()
        for place, (x, y) in enumerate(zip(curves[key]["fpr"], curves[key]["tpr"], strict=True))
    ]
    unit = alt.Scale(domain=[0, 1], nice=False)
    along = alt.X("x:Q", title="false positive rate", scale=unit)
    up = alt.Y("y:Q", title="true positive rate", scale=unit)
    named = list(dict.fromkeys(point["who"] for point in points))
    colour = alt.Color(
        "who:N",
        scale=alt.Scale(domain=named, range=[LIGHT["baseline"], LIGHT["winner"]]),
        legend=alt.Legend(title=None),
    )
    lines = (
        over(points)
        .mark_line(strokeWidth=2, aria=False)
        .encode(x=along, y=up, color=colour, order="at:Q")
    )
    chance = over([{"x": 0, "y": 0}, {"x": 1, "y": 1}]).mark_line(
        color=LIGHT["quiet"], strokeWidth=1, strokeDash=[4, 3], aria=False
    )
    return alt.layer(chance.encode(x=along, y=up), lines).properties(width=SIDE, height=SIDE)
