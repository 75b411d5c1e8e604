"""The contest is honest: what is unfair or missing is found in its rows, and claims are counted."""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "contest"
MODULES = ("rows", "effort", "datasets", "honesty", "curve", "claims", "searching", "contestants")
PLACE = ("digits", 0)
BILL = 12


@pytest.fixture(scope="module")
def parts() -> Iterator[SimpleNamespace]:
    """The contest's modules, under names that no other test sees."""
    before, names = set(sys.modules), {path.stem for path in FOLDER.glob("*.py")}
    for name in names & before:
        sys.modules.pop(name)
    sys.path.insert(0, str(FOLDER))
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    sys.path.remove(str(FOLDER))
    for name in [n for n in sys.modules if n.partition(".")[0] in {*names, "contestants"}]:
        sys.modules.pop(name)


def file_row(parts: SimpleNamespace, contestant: str, number: int, **others: Any) -> Any:
    """A file that some contestant made."""
    row = parts.rows.FileRow(
        f"key {contestant}",
        *PLACE,
        contestant,
        file=f"{contestant} {number}",
        path=f"files/{contestant}{number}.tflite",
        format="tflite",
        precision="float32",
        sha256=f"{contestant} {number}",
        size_bytes=1000 * (number + 1),
        compressed_bytes=900 * (number + 1),
        validation=0.9,
        teacher="of all",
    )
    return replace(row, **others)


def measured_row(parts: SimpleNamespace, file: Any, p50_ms: float, accuracy: float) -> Any:
    """What was measured of a file, in the one batch."""
    return parts.rows.MeasuredRow(
        "key of the batch",
        *PLACE,
        parts.honesty.BATCH,
        batch="one",
        sha256=file.sha256,
        device="local",
        accuracy=accuracy,
        p50_ms=p50_ms,
        rounds=(0, 1),
        verdict="valid",
    )


def honest(parts: SimpleNamespace) -> list[Any]:
    """A contest of two, one of which trains two files at once, and half of its bill for a third."""
    both = {"both": BILL // 2}
    files = [
        file_row(parts, "teacher", 0),
        file_row(parts, "trained", 0, trainings=both),
        file_row(parts, "trained", 1, trainings=both),
        file_row(parts, "trained", 2, trainings={"other": BILL // 2}),
    ]
    return [*files, *(measured_row(parts, file, 1.0, 0.9) for file in files)]


def entrants(parts: SimpleNamespace) -> list[Any]:
    return [parts.honesty.Entrant("teacher", 0), parts.honesty.Entrant("trained", BILL)]


def test_nothing_is_said_of_an_honest_contest(parts: SimpleNamespace) -> None:
    assert not parts.honesty.complaints(honest(parts), PLACE, _trained(entrants(parts)))


def _trained(several: Sequence[Any]) -> list[Any]:
    return [replace(each, trained=each.bill > 0) for each in several]


def without(kind: str, contestant: str) -> Callable[[list[Any]], list[Any]]:
    return lambda rows: [
        row for row in rows if (row.KIND, row.sha256.split()[0]) != (kind, contestant)
    ]


def changed(kind: str, number: int, **others: Any) -> Callable[[list[Any]], list[Any]]:
    """One row of a kind with something else in it."""

    def change(rows: list[Any]) -> list[Any]:
        several = [row for row in rows if kind == row.KIND]
        return [replace(row, **others) if row is several[number] else row for row in rows]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [r for r in rows if "trained" not in r.sha256], "trained has no row"),
        (without("measured", "trained"), "was not measured on local"),
        (without("measured", "teacher"), "the teacher is not in the batch"),
        (lambda rows: [r for r in rows if r.KIND == "file"], "nothing was measured"),
        (changed("file", 3, trainings={"other": 5}), "spent 11 passes over the data, not 12"),
        (changed("file", 3, trainings={"other": 7}), "spent 13 passes over the data, not 12"),
        (changed("file", 0, trainings={"x": 1}), "teacher spent 1 passes over the data, not 0"),
        (changed("file", 1, size_bytes=0), "is not whole"),
        (changed("file", 1, validation=1.2), "has a validation accuracy of 1.2"),
        (changed("file", 1, teacher="another"), "began with 2 teachers"),
        (changed("file", 1, contestant="stranger"), "stranger has rows and did not take part"),
        (changed("measured", 1, batch="two"), "measured in 2 batches"),
        (changed("measured", 1, rounds=(0,)), "in different rounds"),
        (changed("measured", 1, contestant="trained"), "measured on its own"),
        (changed("measured", 1, p50_ms=None), "has no time on local, and no reason"),
        (lambda rows: [*rows, rows[-1]], "are not one a file"),
    ],
)
def test_what_is_unfair_is_said(
    parts: SimpleNamespace, change: Callable[[list[Any]], list[Any]], said: str
) -> None:
    found = parts.honesty.complaints(change(honest(parts)), PLACE, _trained(entrants(parts)))
    assert any(said in text for text in found), found


def test_contestants_with_different_bills_are_unfair(parts: SimpleNamespace) -> None:
    given = [*_trained(entrants(parts)), parts.honesty.Entrant("other", BILL + 1)]
    found = parts.honesty.complaints(honest(parts), PLACE, given)
    assert any("different bills: [12, 13]" in text for text in found), found


def test_who_failed_has_a_row_that_says_why(parts: SimpleNamespace) -> None:
    rows = without("file", "trained")(without("measured", "trained")(honest(parts)))
    failed = parts.rows.FileRow(
        "", *PLACE, "trained", "file", teacher="of all", failed="it crashed"
    )
    assert not parts.honesty.complaints([*rows, failed], PLACE, _trained(entrants(parts)))


def test_the_page_names_who_spent_less_as_trainings_failed(parts: SimpleNamespace) -> None:
    rows = honest(parts)
    assert list(parts.honesty.shortfalls(rows, PLACE, {"trained": BILL})) == []
    rows = changed("file", 3, trainings={}, failed="no memory", sha256="")(rows)
    found = list(parts.honesty.shortfalls(rows, PLACE, {"trained": BILL}))
    assert found == ["trained spent 6 of 12 epochs on digits, seed 0"]


def test_everyone_whom_the_contest_promises_takes_part(parts: SimpleNamespace) -> None:
    found = parts.contestants.found()
    assert {each.name for each in found if not each.ablation} == {
        "teacher",
        "TensorFlow int8",
        "litert-quantizer",
        "ONNX Runtime int8",
        "TFMOT",
        "uniform width",
        "NetAdapt",
        "Optuna",
        "edgehone",
    }
    assert len([each for each in found if each.ablation]) == 8
    effort = parts.effort.QUICK
    assert {each.bill(effort) for each in found if each.trained and not each.ablation} == {
        effort.bill
    }


def test_every_budget_leaves_something_for_finalists(parts: SimpleNamespace) -> None:
    for effort in (*parts.effort.FULL.values(), parts.effort.QUICK):
        searched = len(effort.budgets) * effort.rounds * effort.searching + effort.parent
        assert searched < 0.8 * effort.bill
        assert sum(parts.effort.shares(effort.bill, 7)) == effort.bill


def test_rows_are_read_as_they_were_written(parts: SimpleNamespace, tmp_path: Path) -> None:
    journal = parts.rows.Journal(tmp_path / "rows.jsonl")
    rows = honest(parts)
    journal.add(rows)
    assert list(parts.rows.Journal(tmp_path / "rows.jsonl")) == rows
    again = file_row(parts, "trained", 5)
    journal.add([again])
    kept = list(parts.rows.Journal(tmp_path / "rows.jsonl"))
    assert [row for row in kept if row.contestant == "trained"] == [again]
    with pytest.raises(ValueError, match="not whole: \\['seed'\\]"):
        parts.rows.read(parts.rows.written(rows[0]).replace('"seed": 0, ', ""))


def test_absent_data_are_named(parts: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(parts.datasets.AbsentDataError, match=r"no activity\.npz in"):
        parts.datasets.prepared("activity", tmp_path, 10, tmp_path / "made.npz")
    with pytest.raises(parts.datasets.AbsentDataError, match="give --data FOLDER"):
        parts.datasets.prepared("spoken", None, 10, tmp_path / "made.npz")
    assert not list(tmp_path.iterdir())


def test_splits_do_not_overlap(parts: SimpleNamespace, tmp_path: Path) -> None:
    x = np.arange(200 * 52 * 3).reshape(200, 52, 3).astype(np.int16)
    y: Any = np.arange(200)
    arrays: dict[str, Any] = {"x_train": x, "y_train": y, "x_test": x[:9], "y_test": y[:9]}
    np.savez(tmp_path / "activity.npz", **arrays)
    data = parts.datasets.prepared("activity", tmp_path, 100, tmp_path / "made.npz")
    (train, labels), (val, held) = data.split("train"), data.split("val")
    assert train.shape == (100, 52, 3)
    assert val.shape == (30, 52, 3)
    assert not set(labels) & set(held)
    assert train.dtype == np.float32


def contest(parts: SimpleNamespace, mine: Sequence[tuple[float, float]]) -> list[Any]:
    """Files of edgehone's and of uniform widths, as (milliseconds, accuracy) on both splits."""
    uniform = ((1.0, 0.88), (0.5, 0.84), (0.25, 0.80))
    files = [file_row(parts, "teacher", 0)]
    rows: list[Any] = [files[0], measured_row(parts, files[0], 2.0, 0.9)]
    for name, several in (("uniform width", uniform), ("edgehone", mine)):
        for number, (p50_ms, accuracy) in enumerate(several):
            file = file_row(parts, name, number, validation=accuracy)
            rows += [file, measured_row(parts, file, p50_ms, accuracy)]
    return rows


@pytest.mark.parametrize(
    ("mine", "verdicts", "gain"),
    [
        (((0.75, 0.88), (0.25, 0.86), (0.2, 0.82)), ("reached", "reached"), 2.0),
        (((0.75, 0.87), (0.25, 0.81), (0.2, 0.80)), ("reached", "not reached"), 0.0),
        (((0.75, 0.87), (0.5, 0.83)), ("not reached", "not reached"), None),
    ],
)
def test_claims_against_uniform_widths_are_counted(
    parts: SimpleNamespace,
    mine: Sequence[tuple[float, float]],
    verdicts: tuple[str, str],
    gain: float | None,
) -> None:
    budgets = (0.03, 0.06, 0.10)
    rivals = ("edgehone", "uniform width")
    evidence = parts.claims.Evidence(contest(parts, mine), [PLACE], {"digits": budgets}, rivals)
    never, above, *others = parts.claims.claims(evidence)
    assert (never.verdict, above.verdict) == verdicts, (never, above)
    found = parts.claims.gains(evidence, "digits", "latency_ms")
    if gain is not None:
        assert found[0.10] == pytest.approx(gain)
    assert {each.verdict for each in others} <= {"reached", "not reached", "not measured"}


def test_the_validation_split_chooses_and_the_test_split_does_not(parts: SimpleNamespace) -> None:
    rows = contest(parts, ((0.75, 0.88),))
    lucky = file_row(parts, "edgehone", 7, validation=0.5)
    rows += [lucky, measured_row(parts, lucky, 0.1, 0.9)]
    several = parts.claims.of("edgehone", parts.curve.points(rows, PLACE))
    assert len(several) == 2
    assert parts.curve.chosen(several, 0.03, "latency_ms").latency_ms == 0.75
    assert parts.curve.chosen(several, 0.01, "latency_ms") is None


def test_drops_are_interpolated_along_the_front(parts: SimpleNamespace) -> None:
    several = parts.claims.of("uniform width", parts.curve.points(contest(parts, ()), PLACE))
    for cost, drop in ((0.1, 0.1), (0.25, 0.1), (0.375, 0.08), (0.75, 0.04), (5.0, 0.02)):
        assert parts.curve.drop_at(several, cost, "latency_ms") == pytest.approx(drop)


def test_finalists_are_the_fastest_that_kept_a_budget_and_the_next_faster(
    parts: SimpleNamespace,
) -> None:
    recipe = {"steps": [{"technique": "distill", "settings": {"epochs": 1}}], "bits": {}}

    def row(number: int, speedup: float, drop: float, steps: Any = recipe) -> Any:
        settings = {"recipe": steps, "speedup": speedup, "drop": drop}
        return file_row(parts, "edgehone", number, settings=settings)

    rows = [row(0, 1.2, 0.002), row(1, 2.0, 0.02), row(2, 3.0, 0.08), row(3, 1.9, 0.05)]
    untrained = row(4, 9.0, 0.0, {"steps": [], "bits": {}})
    for budgets, wanted in (((0.01,), [0, 1]), ((0.03,), [1, 2]), ((0.001,), [0, 1]), ((1,), [2])):
        found = parts.searching.finalists([*rows, untrained], budgets)
        assert [each.file for each in found] == [f"edgehone {n}" for n in wanted]
    assert len(parts.searching.finalists(rows, (0.001, 0.01, 0.03, 0.1))) == 3
