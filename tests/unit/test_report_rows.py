from typing import Any

import jsonschema
from referencing import Registry, Resource
from tests.run_document import measured, measurement, run_document, run_value

from edgehone.documents import schema
from edgehone.report.rows import measurements_table, rows_of_files, rows_of_run
from edgehone.report.tables import Cell


def titles(rows: Any, *, brief: bool = False) -> list[str]:
    return [column.title for column in measurements_table(rows, brief=brief).columns]


def test_rows_of_run_begin_with_the_float_baseline_and_hold_every_candidate() -> None:
    rows = rows_of_run(run_value())
    assert rows[0].name == "teacher float32 (tflite)"
    assert rows[0].role == "baseline"
    assert len(rows) == 4 + 6


def test_the_winner_is_found_by_its_file() -> None:
    rows = rows_of_run(run_value())
    assert [row.name for row in rows if row.role == "winner"] == ["candidate-4"]


def test_a_baseline_may_win() -> None:
    document = run_document()
    document["winner"] = document["baselines"][1]
    winners = [row.name for row in rows_of_run(run_value(document)) if row.role == "winner"]
    assert winners == ["teacher int8 (tflite)"]


def test_no_row_wins_without_a_winner() -> None:
    document = {**run_document(), "winner": None}
    assert all(row.role != "winner" for row in rows_of_run(run_value(document)))


def test_baselines_are_held_against_the_budgets_too() -> None:
    rows = rows_of_run(run_value())
    assert rows[0].outcome == "fail"


def test_a_candidate_without_measurement_is_left_out() -> None:
    document = run_document()
    document["candidates"][0]["measurement"] = None
    assert "candidate-1" not in [row.name for row in rows_of_run(run_value(document))]


def test_a_candidate_in_several_formats_is_named_with_each() -> None:
    document = run_document()
    first, second = document["candidates"][:2]
    second["name"] = first["name"]
    second["measurement"]["artifact"]["format"] = "onnx"
    names = [row.name for row in rows_of_run(run_value(document))]
    assert {"candidate-1 (tflite)", "candidate-1 (onnx)", "candidate-3"} <= set(names)


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    first, second = measurement("m", 1.0, 10, 0.9), measurement("m", 1.0, 10, 0.9)
    first["artifact"]["path"], second["artifact"]["path"] = "a/m.tflite", "b/m.tflite"
    assert [row.name for row in rows_of_files(measured(first, second))] == [
        "a/m.tflite",
        "b/m.tflite",
    ]
    assert [row.name for row in rows_of_files(measured(first))] == ["m.tflite"]


def test_the_table_has_no_column_for_what_was_not_measured() -> None:
    bare = measurement("m", 1.0, 1000, 0.9)
    assert "accuracy" in titles(rows_of_files(measured(bare)))
    bare.update(accuracy=None, latency_ms=None, memory_bytes=None)
    found = titles(rows_of_files(measured(bare)))
    assert not {"accuracy", "p50", "peak memory", "drop"} & set(found)
    assert {"model", "size", "measured"} <= set(found)


def test_the_brief_table_leaves_out_what_a_first_look_can_do_without() -> None:
    rows = rows_of_run(run_value())
    assert "compressed" in titles(rows)
    assert "compressed" not in titles(rows, brief=True)


def test_doubtful_measurements_stand_out_with_their_reason() -> None:
    doubtful = measurement("m", 1.0, 1000, 0.9, verdict="noisy")
    (row,) = measurements_table(rows_of_files(measured(doubtful))).rows
    (cell,) = [c for c in row if isinstance(c, Cell) and c.text == "noisy"]
    assert cell.emphasis == "inconclusive"
    assert "medians" in cell.remark


def test_the_made_up_document_is_one_that_a_run_could_print() -> None:
    found = schema("run")
    parts = [(part["$id"], Resource.from_contents(part)) for part in found["$defs"].values()]
    registry: Registry[Any] = Registry().with_resources(parts)
    jsonschema.Draft202012Validator(found, registry=registry).validate(run_document())
