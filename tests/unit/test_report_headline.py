from typing import Any

from tests.run_document import measured, measurement, run_document, run_value

from edgehone.documents.run.chosen import Speedup
from edgehone.report.budgets import budgets_table, limits
from edgehone.report.claims import claims
from edgehone.report.headline import sentence
from edgehone.report.rows import Row, measurements_table, rows_of_run
from edgehone.report.tables import Cell, Table
from edgehone.report.warnings import shared, warnings


def pair(before: dict[str, Any], after: dict[str, Any]) -> tuple[Row, Row]:
    first, second = measured(before, {**after, "artifact": {**after["artifact"], "sha256": "b"}})
    return Row("before", first, "baseline"), Row("after", second, "winner")


def told_of(document: Any) -> str:
    value = run_value(document)
    return sentence(value, rows_of_run(value))


def warned_of(document: Any) -> list[str]:
    value = run_value(document)
    return warnings(value, rows_of_run(value))


def budgets_of(document: Any) -> Table:
    value = run_value(document)
    return budgets_table(value, rows_of_run(value))


def test_claims_say_how_much_better_and_from_what_to_what() -> None:
    rows = pair(measurement("a", 0.2, 200_000, 0.9), measurement("b", 0.05, 50_000, 0.88))
    size, speed, memory, quality = claims(*rows)
    assert (size.figure, size.what, size.good) == ("4.00×", "smaller", True)  # noqa: RUF001
    assert (speed.what, memory.what) == ("faster", "less peak memory")
    assert quality.figure.endswith("2.0 points")
    assert quality.good is False


def test_claims_own_up_to_what_became_worse() -> None:
    rows = pair(measurement("a", 0.05, 50_000, 0.9), measurement("b", 0.2, 200_000, 0.95))
    size, speed, _, quality = claims(*rows)
    assert (size.what, size.good) == ("larger", False)
    assert (speed.what, speed.good) == ("slower", False)
    assert quality.good is True


def test_counted_instructions_are_claimed_instead_of_an_emulated_speed() -> None:
    before, after = measurement("a", 0.2, 200_000, 0.9), measurement("b", 0.05, 50_000, 0.88)
    before["instructions"], after["instructions"] = 1_200_000, 400_000
    rows = pair(before, after)
    found = claims(*rows, Speedup(4.0, (3.9, 4.1)))
    lines = [(claim.figure, claim.what) for claim in found]
    assert lines[1] == ("3.00×", "fewer instructions")  # noqa: RUF001
    assert "faster" not in {what for _, what in lines}


def test_a_speedup_whose_interval_contains_one_is_no_difference() -> None:
    rows = pair(measurement("a", 0.2, 200_000, 0.9), measurement("b", 0.19, 50_000, 0.9))
    clear = claims(*rows, Speedup(1.05, (1.01, 1.09)))[1]
    assert clear.what == "faster"
    unclear = claims(*rows, Speedup(1.05, (0.98, 1.12)))[1]
    assert (unclear.figure, unclear.good) == ("no clear", None)
    unknown = claims(*rows, Speedup(1.05, (0.0, None)))[1]
    assert unknown.figure == "no clear"
    assert "too few blocks to tell" in unknown.detail
    assert "ratio" not in unknown.detail


def test_lower_errors_count_as_better() -> None:
    before, after = measurement("a", 1, 100, 0.5), measurement("b", 1, 100, 0.4)
    for one in (before, after):
        one["accuracy"].update(metric="mae", higher_is_better=False)
    quality = claims(*pair(before, after))[-1]
    assert (quality.what, quality.good) == ("mae", True)


def test_the_sentence_without_a_winner_names_what_stops_the_candidates() -> None:
    document = {
        **run_document(),
        "winner": None,
        "binding": [{"metric": "size_bytes", "limit": 10_240, "best": 19_000}],
    }
    text = told_of(document)
    assert "No candidate keeps every budget" in text
    assert "size_bytes (10.0 KiB)" in text


def test_the_budgets_table_holds_each_budget_against_the_winner() -> None:
    document = run_document()
    table = budgets_of(document)
    assert len(table.rows) == len(document["budgets"])
    assert "accuracy_drop ≤ 2 points" in table.rows[0]


def test_warnings_name_emulated_devices_and_doubtful_baselines() -> None:
    document = run_document()
    assert warned_of(document) == []
    document["device"]["emulated"] = True
    document["baseline"].update(verdict="noisy", reason="too busy")
    text = " ".join(warned_of(document))
    assert "emulated" in text
    assert "too busy" in text


def test_budgets_become_lines_on_latency_and_quality_only() -> None:
    document = run_document()
    rows = rows_of_run(run_value(document))
    found = {limit.axis: limit.value for limit in limits(run_value(document), rows[0])}
    assert found["ms"] == 0.09
    assert abs(found["metric"] - (0.912 - 0.02)) < 1e-9
    assert len(limits(run_value(document), rows[0])) == 2


def unproven(**changes: Any) -> dict[str, Any]:
    """A run whose best candidate may keep the budgets, which its samples do not prove."""
    document = run_document()
    best = document["candidates"][3]
    best["measurement"]["accuracy"].update(drop=-0.0033, drop_ci95=[-0.018, 0.011])
    reason = (
        "the 95 % interval, -1.8 to 1.1 points, reaches above 1 point; max = 1.1 points would do"
    )
    checks = [
        {
            "metric": "accuracy_drop",
            "bound": "max",
            "limit": 0.01,
            "value": -0.0033,
            "ci95": [-0.018, 0.011],
            "verdict": "inconclusive",
            "reason": reason,
            "device": "local",
        }
    ]
    return {
        **document,
        "winner": None,
        "winner_name": "",
        "decision": "inconclusive",
        "budgets": [{"metric": "accuracy_drop", "max": 0.01}],
        "binding": [{"metric": "accuracy_drop", "limit": 0.01, "best": -0.0033}],
        "best_unproven": best["measurement"],
        "best_unproven_name": "candidate-4",
        "best_unproven_decision": {"outcome": "inconclusive", "checks": checks},
        "best_unproven_file": "runs/x/artifacts/best-unproven.tflite",
        **changes,
    }


def test_an_inconclusive_run_names_who_may_keep_the_budgets_and_what_would_prove_it() -> None:
    document = unproven()
    text = told_of(document)
    assert text.startswith("Inconclusive on local: candidate-4 may keep every budget")
    assert "accuracy_drop ≤ 1 point" in text
    assert "max = 1.1 points would do" in text
    assert " 1 points" not in text
    for word in ("No candidate", "missed", "stops"):
        assert word not in text


def test_an_inconclusive_run_without_names_still_says_that_nothing_is_missed() -> None:
    document = unproven(best_unproven_name="", best_unproven=None, best_unproven_decision=None)
    text = told_of(document)
    assert text.startswith("Inconclusive on local: no budget is missed")


def test_the_budgets_of_an_inconclusive_run_are_those_of_its_best_unproven() -> None:
    document = unproven()
    rows = rows_of_run(run_value(document))
    table = budgets_of(document)
    assert "candidate-4" in [column.title for column in table.columns]
    (row,) = table.rows
    words = [cell.text if isinstance(cell, Cell) else cell for cell in row]
    assert "inconclusive" in words
    assert not any("closest" in word for word in words)
    assert [row.name for row in rows if row.leading] == ["candidate-4"]


def test_budgets_on_errors_are_told_without_points() -> None:
    document = unproven()
    for each in (document["baseline"], *document["baselines"]):
        each["accuracy"].update(metric="mae", higher_is_better=False)
    text = told_of(document)
    assert "accuracy_drop (mae) ≤ 0.0100" in text


def test_a_disturbed_number_of_an_earlier_run_says_from_when_it_is() -> None:
    document = run_document()
    document["baselines"][1].update(verdict="contended", reason="other programs")
    document["baselines"][1]["conditions"]["measured"] = "2026-11-28T14:03:11+00:00"
    text = "Measured as contended: teacher int8 (tflite) (at 2026-11-28 14:03 UTC); other programs."
    assert text in warned_of(document)
    rows = rows_of_run(run_value(document))
    table = measurements_table(rows)
    place = [column.title for column in table.columns].index("measured")
    cells = [row[place] for row in table.rows]
    assert any(
        isinstance(cell, Cell) and cell.text == "contended, measured 2026-11-28 14:03 UTC"
        for cell in cells
    )


def test_a_winner_that_is_the_baseline_is_not_compared_with_itself() -> None:
    document = run_document()
    document.update(winner=document["baseline"], winner_name="teacher", winner_speedup=None)
    text = told_of(document)
    assert "It is the model as it was" in text
    assert "1.00" not in text


def test_what_is_the_same_is_no_times_smaller() -> None:
    before, after = measurement("a", 0.2, 200_000, 0.9), measurement("b", 0.2, 199_990, 0.9)
    size, speed, memory, _ = claims(*pair(before, after))
    assert (size.figure, size.what, size.good) == ("the same", "size", None)
    assert (speed.figure, speed.what) == ("the same", "speed")
    assert (memory.figure, memory.what) == ("the same", "peak memory")


def test_memory_is_told_as_a_share() -> None:
    before, after = measurement("a", 0.2, 200_000, 0.9), measurement("b", 0.2, 200_000, 0.9)
    before["memory_bytes"]["peak"], after["memory_bytes"]["peak"] = 552 * 1024, 308 * 1024
    memory = claims(*pair(before, after))[2]
    assert memory.words == "44 % less peak memory (552 KiB → 308 KiB)"
    assert claims(*pair(after, before))[2].words.startswith("79 % more peak memory")


def test_a_winner_that_is_another_baseline_is_called_the_teacher_converted() -> None:
    document = run_document()
    document.update(winner=document["baselines"][1], winner_name="teacher int8 (tflite)")
    text = told_of(document)
    assert "It is the teacher, converted and no more" in text
    assert "smaller (309 KiB → 90.9 KiB)" in text


def test_one_trouble_of_several_models_is_one_sentence() -> None:
    document = run_document()
    for share, each in zip((70, 62, 76, 70), document["baselines"], strict=True):
        each.update(verdict="contended", reason=f"other programs had the CPU {share} % of the time")
    document["baseline"] = document["baselines"][0]
    (text,) = warned_of(document)
    assert text == (
        "Measured as contended: teacher float32 (tflite), teacher int8 (tflite), teacher float32 "
        "(onnx) and 1 more model; other programs had the CPU 62 to 76 % of the time."
    )


def test_sentences_are_shared_only_where_no_word_differs() -> None:
    pairs = [
        ("a", "hot at 61.5 °C"),
        ("b", "hot at 70 °C"),
        ("c", "cold"),
        ("a", "hot at 9,000 °C"),
    ]
    assert shared(pairs) == [("a, b", "hot at 61.5 to 9,000 °C"), ("c", "cold")]
    assert shared([("a", "int8 of 3"), ("b", "int16 of 3")]) == [
        ("a", "int8 of 3"),
        ("b", "int16 of 3"),
    ]
    assert shared([]) == []
