"""Sections on confused classes, thresholds and single outputs: shown where a task has them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.run_document import run_value

from edgehone.documents.run.robustness import Generalization
from edgehone.report.breakdown import confusion_table, outputs_table, roc_chart
from edgehone.report.sections.confusion import Confusion
from edgehone.report.sections.outputs import Outputs
from edgehone.report.sections.roc import ROC
from edgehone.tasks.kinds import task_of
from edgehone.tasks.robustness import check

Array = NDArray[Any]
RNG = np.random.default_rng(1)
SECTIONS = (Confusion(), ROC(), Outputs())


def looked_at(kind: str, y: Array, before: Array, after: Array) -> Generalization:
    """A winner beside its teacher, as a run's document has it."""
    found = check(task_of(kind), y, before, after, classes=("cat", "dog <i>", "cow"))
    again = Generalization.from_json(Generalization.from_json(found).to_json())  # type: ignore[union-attr]
    assert again is not None
    return again


def shown(found: Generalization | None) -> dict[str, str]:
    """What each section that applies shows of it."""
    document = replace(run_value(), generalization=found)
    return {s.title: s.render(document, ()) for s in SECTIONS if s.applies(document)}


def test_confused_classes_are_a_square_with_names() -> None:
    y = np.array([0, 0, 1, 1, 2, 2])
    found = looked_at("classification", y, np.eye(3)[y], np.eye(3)[[0, 1, 1, 1, 0, 2]])
    table = confusion_table(found)
    assert table is not None
    counts = [[cell.text for cell in row[1:] if not isinstance(cell, str)] for row in table.rows]
    assert counts == [["1", "1", "0"], ["0", "2", "0"], ["1", "0", "1"]]
    assert table.columns[1].title == "as cat (0)"
    html = shown(found)
    assert set(html) == {"Confused classes"}
    assert "dog &lt;i&gt; (1)" in html["Confused classes"]


def test_of_many_classes_the_worst_pairs_are_listed() -> None:
    y = RNG.integers(0, 15, 600)
    before = np.eye(15)[y] + RNG.random((600, 15))
    after = np.eye(15)[y] + 3 * RNG.random((600, 15))
    table = confusion_table(looked_at("classification", y, before, after))
    assert table is not None
    assert [column.title for column in table.columns] == ["class", "taken for", "teacher", "winner"]
    counts = [int(str(row[3])) for row in table.rows]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.slow
def test_curves_are_drawn_with_their_areas() -> None:
    y = RNG.integers(0, 2, 300)
    before, after = (1 / (1 + np.exp(-(y - 0.5 + RNG.normal(size=300) * s))) for s in (0.3, 1))
    found = looked_at("binary", y, before, after)
    chart = roc_chart(found)
    assert chart is not None
    drawn = shown(found)["Thresholds"]
    assert "<svg" in drawn
    assert "AUC" in drawn
    assert set(shown(found)) == {"Confused classes", "Thresholds"}


def test_each_of_several_outputs_has_a_row() -> None:
    y = RNG.normal(size=(40, 3))
    found = looked_at("regression", y, y + 0.1, y + np.array([0.1, 0.5, 0.2]))
    table = outputs_table(found)
    assert table is not None
    assert [str(row[2]) for row in table.rows] == ["0.100", "0.500", "0.200"]
    assert set(shown(found)) == {"Error of each output"}
    assert shown(looked_at("regression", y[:, :1], y[:, :1], y[:, :1])) == {}
    assert shown(None) == {}
