"""How the winner compares with the teacher: by class, in confidence, and under noise."""

from edgehone.documents.run.robustness import Change, Generalization, Interval
from edgehone.report import numbers
from edgehone.report.tables import Cell, Column, Table, from_columns

MOST_CLASSES = 20
"""Rows of the table of classes; those that lost most come first."""


def classes_table(found: Generalization) -> Table:
    """The score of every class before and after, the greatest loss first; degraded ones marked."""
    classes = sorted(found.classes, key=lambda each: (not each.degraded, -(each.change.drop or 0)))
    shown = classes[:MOST_CLASSES]
    return from_columns(
        [
            (Column("class", numeric=False), [each.title for each in shown]),
            (Column("samples"), [str(each.n) for each in shown]),
            (Column("teacher"), [numbers.percent(each.change.before) for each in shown]),
            (Column("winner"), [numbers.percent(each.change.after) for each in shown]),
            (Column("95 % interval"), [_percents(each.change.after_ci95) for each in shown]),
            (Column("drop", "points"), [_points(each.change.drop) for each in shown]),
            (
                Column("drop, 95 % interval", "points"),
                [_spread(each.change.drop_ci95) for each in shown],
            ),
            (
                Column("verdict", numeric=False),
                [Cell("degraded", "fail") if each.degraded else Cell("") for each in shown],
            ),
        ],
        [row for row, each in enumerate(shown) if each.degraded],
    )


def overall_table(found: Generalization) -> Table:
    """The metric overall and under noise, and the calibration error, before and after."""
    changes = [("all samples", found.overall)]
    if found.noise:
        share = numbers.percent(found.noise.share, 0)
        changes.append((f"with noise, {share} of the inputs' deviation", found.noise.change))
    cells = [_compared(f"{change.metric}, {name}", change) for name, change in changes]
    if found.ece:
        before, after = (numbers.figures(value) for value in found.ece)
        cells.append(("expected calibration error", before, after, numbers.ABSENT))
    titles = ("what", "teacher", "winner", "drop, 95 % interval")
    columns = [
        (Column(title, numeric=number > 0), [row[number] for row in cells])
        for number, title in enumerate(titles)
    ]
    return from_columns(columns)


def note(found: Generalization) -> str:
    """What the tables are about, in a sentence or two."""
    text = f"The winner's file beside the teacher on {found.samples:,} test samples."
    if found.scored:  # which runs of older versions do not say
        text += f" The score of a class is {found.scored}."
    if found.classes:
        text += (
            " Degraded: more samples of a class turned wrong than right, beyond chance at 5 % over "
            "all classes together."
        )
    worst = next((each for each in found.classes if each.label == found.worst), None)
    if worst is not None:
        text += f" Class {worst.title} lost most: {100 * (worst.change.drop or 0):.1f} points."
    if len(found.classes) > MOST_CLASSES:
        text += f" Shown are the {MOST_CLASSES} of {len(found.classes)} classes that lost most."
    return text


def _compared(title: str, change: Change) -> tuple[str, str, str, str]:
    metric = change.metric
    difference = "accuracy_drop" if numbers.kind_of(metric) == "share" else metric
    return (
        title,
        numbers.quantity(metric, change.before),
        numbers.quantity(metric, change.after),
        numbers.interval(difference, change.drop_ci95),
    )


def _percents(bounds: Interval | None) -> str:
    if bounds is None:
        return numbers.ABSENT
    low, high = (numbers.percent(bound).removesuffix(" %") for bound in bounds)
    return f"{low} to {high} %"


def _points(drop: float | None) -> str:
    return numbers.ABSENT if drop is None else numbers.signed(100 * drop, 1, plus=True)


def _spread(bounds: Interval | None) -> str:
    return numbers.ABSENT if bounds is None else " to ".join(_points(bound) for bound in bounds)
