"""How the winner holds up beside the teacher: by class, in confidence, and under noise."""

from collections.abc import Sequence

from edgehone.report import numbers
from edgehone.report.tables import Cell, Column, Table, from_columns
from edgehone.tasks.robustness import called
from edgehone.values import Plain

MOST_CLASSES = 20
"""Rows of the table of classes; those that lost most come first."""


def classes_table(found: Plain) -> Table:
    """The score of every class before and after, the greatest loss first; harmed ones marked."""
    classes = sorted(found["classes"], key=lambda each: (not each["harmed"], -each["drop"]))
    shown = classes[:MOST_CLASSES]
    return from_columns(
        [
            (Column("class", numeric=False), [called(each) for each in shown]),
            (Column("samples"), [str(each["n"]) for each in shown]),
            (Column("teacher"), [numbers.percent(each["before"]) for each in shown]),
            (Column("winner"), [numbers.percent(each["after"]) for each in shown]),
            (Column("95 % interval"), [_percents(each["after_ci95"]) for each in shown]),
            (Column("drop", "points"), [_points(each["drop"]) for each in shown]),
            (
                Column("drop, 95 % interval", "points"),
                [_spread(each["drop_ci95"]) for each in shown],
            ),
            (
                Column("verdict", numeric=False),
                [Cell("harmed", "fail") if each["harmed"] else Cell("") for each in shown],
            ),
        ],
        [row for row, each in enumerate(shown) if each["harmed"]],
    )


def overall_table(found: Plain) -> Table:
    """The metric overall and under noise, and the calibration error, before and after."""
    rows = [("all samples", found["overall"])]
    if found["noise"]:
        share = numbers.percent(found["noise"]["share"], 0)
        rows.append((f"with noise, {share} of the inputs' deviation", found["noise"]))
    cells: list[tuple[str, ...]] = [
        (
            f"{pair['metric']}, {name}",
            numbers.quantity(pair["metric"], pair["before"]),
            numbers.quantity(pair["metric"], pair["after"]),
            numbers.interval(_difference(pair["metric"]), pair["drop_ci95"]),
        )
        for name, pair in rows
    ]
    if found["ece"]:
        errors = [numbers.figures(found["ece"][key]) for key in ("before", "after")]
        cells.append(("expected calibration error", *errors, numbers.ABSENT))
    titles = ("what", "teacher", "winner", "drop, 95 % interval")
    columns = [
        (Column(title, numeric=number > 0), [row[number] for row in cells])
        for number, title in enumerate(titles)
    ]
    return from_columns(columns)


def note(found: Plain) -> str:
    """What the tables are about, in a sentence or two."""
    told = f"The winner's file beside the teacher on {found['samples']:,} test samples."
    classes = found["classes"]
    if scored := found.get("scored"):  # which runs of older versions do not say
        told += f" The score of a class is {scored}."
    if classes:
        told += (
            " Harmed: more of a class turned wrong than right, beyond chance at 5 % over all "
            "classes together."
        )
    if found["worst"] is not None:
        worst = next(each for each in classes if each["label"] == found["worst"])
        told += f" Class {called(worst)} lost most: {100 * worst['drop']:.1f} points."
    if len(classes) > MOST_CLASSES:
        told += f" Shown are {MOST_CLASSES} of {len(classes)} classes, the greatest losses."
    return told


def _difference(metric: str) -> str:
    """What a difference of two values of a metric is written as."""
    return "accuracy_drop" if numbers.kind_of(metric) == "share" else metric


def _percents(bounds: Sequence[float]) -> str:
    low, high = (numbers.percent(bound).removesuffix(" %") for bound in bounds)
    return f"{low} to {high} %"


def _points(drop: float) -> str:
    return numbers.signed(100 * drop, 1, plus=True)


def _spread(bounds: Sequence[float]) -> str:
    return " to ".join(_points(bound) for bound in bounds)
