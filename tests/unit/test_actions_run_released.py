"""`gate --run`: the file is the one that was measured, and the decision is made anew."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import kept_run, tiny_models
from tests.kept_run import Kept, swap

from edgehone.actions.run.released import release_of
from edgehone.cli.app import main
from edgehone.store import Store

SIZE = 'metric = "size_bytes"\nmax = "{}"'


def gate(place: Path, table: str, *words: str) -> int:
    """The exit code of a gate on one budget."""
    budgets = place / "budgets.toml"
    budgets.write_text(f"[[budget]]\n{table}\n")
    return main(["gate", str(budgets), *words])


@pytest.fixture
def run(tmp_path: Path) -> Kept:
    return kept_run.kept_run(tmp_path)


def test_the_gate_takes_the_numbers_of_a_run(
    run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = run.winner.stat().st_size
    assert gate(tmp_path, SIZE.format(f"{size} B"), *run.words()) == 0
    assert gate(tmp_path, SIZE.format(f"{size - 1} B"), *run.words()) == 1
    assert "size_bytes" in capsys.readouterr().out


@pytest.mark.parametrize("metric", ["size_bytes", "compressed_bytes"])
def test_sizes_are_those_of_the_bytes(
    metric: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def smaller(document: Any) -> None:
        document["winner"]["artifact"]["compressed_bytes"] = 40

    run = kept_run.kept_run(tmp_path, smaller)
    table = f'metric = "{metric}"\nmax = "50 B"'
    assert gate(tmp_path, table, *run.words("--json")) == 1
    found = json.loads(capsys.readouterr().out)
    (check,) = found["checks"]
    assert check["value"] == found["measurements"][0]["artifact"][metric] > 50


def other_file(run: Kept) -> None:
    swap(run.winner, run.baseline)


def one_bit(run: Kept) -> None:
    content = bytearray(run.winner.read_bytes())
    content[-1] ^= 1
    run.winner.write_bytes(bytes(content))


def both_bits(run: Kept) -> None:
    one_bit(run)
    swap(run.stored, run.winner)


def another_folder(run: Kept) -> None:
    run.winner.unlink()
    run.winner.mkdir()


@pytest.mark.parametrize(
    ("attack", "text"),
    [
        (other_file, "is not the file that run"),
        (one_bit, "is not the file that run"),
        (both_bits, "The store cannot verify"),
        (lambda run: run.winner.write_bytes(b""), "is not the file that run"),
        (lambda run: run.winner.unlink(), "is missing"),
        (another_folder, "is missing"),
        (lambda run: run.stored.unlink(), "The store cannot verify"),
        (lambda run: run.stored.write_bytes(b"other"), "The store cannot verify"),
    ],
)
@pytest.mark.parametrize("again", [(), ("--on", "local@scripted://")])
def test_a_file_that_is_not_what_was_measured_is_never_released(
    attack: Callable[[Kept], None],
    text: str,
    again: tuple[str, ...],
    run: Kept,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    attack(run)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words(*again)) == 5
    assert text in capsys.readouterr().err


@pytest.mark.slow
def test_a_hint_puts_the_measured_file_back(
    run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other_file(run)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 5
    assert f"cp {run.stored} {run.winner}" in capsys.readouterr().err
    swap(run.winner, run.stored)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 0


def test_a_document_that_tells_of_other_bytes_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def smaller(document: Any) -> None:
        document["winner"]["artifact"]["size_bytes"] -= 8

    run = kept_run.kept_run(tmp_path, smaller)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 5
    assert "document was altered" in capsys.readouterr().err


def test_another_files_measurement_elsewhere_is_not_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def mixed(document: Any) -> None:
        board = {**document["baseline"]["device"], "name": "board"}
        document["winner_elsewhere"] = [{**document["baseline"], "device": board}]

    run = kept_run.kept_run(tmp_path, mixed)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 5
    assert "another file's measurement on 'board'" in capsys.readouterr().err


@pytest.mark.slow
def test_files_are_found_where_the_store_lies_now(run: Kept, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "store"
    moved.parent.mkdir()
    run.folder.rename(moved)
    words = ("--run", run.run, "--folder", str(moved))
    assert gate(tmp_path, SIZE.format("1 MiB"), *words) == 0
    assert release_of(moved, run.run).measured[0].artifact.path.is_relative_to(moved)


@pytest.mark.slow
def test_a_copied_store_is_judged_by_its_own_files(run: Kept, tmp_path: Path) -> None:
    """Also while the files that the run measured are still where it says."""
    copy = tmp_path / "copy"
    shutil.copytree(run.folder, copy)
    words = ("--run", run.run, "--folder", str(copy))
    assert gate(tmp_path, SIZE.format("1 MiB"), *words) == 0
    assert release_of(copy, run.run).measured[0].artifact.path.is_relative_to(copy)
    own = copy / run.winner.relative_to(run.folder)
    swap(own, run.baseline)
    assert gate(tmp_path, SIZE.format("1 MiB"), *words) == 5
    own.unlink()
    assert gate(tmp_path, SIZE.format("1 MiB"), *words) == 5
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 0


def test_the_decision_is_made_anew_from_what_was_measured(tmp_path: Path) -> None:
    def kept(document: Any) -> None:
        document |= {"decision": "pass"}
        document["winner"]["latency_ms"] |= {"p50": 1e-3, "ci95": [1e-3, 1e-3]}

    run = kept_run.kept_run(tmp_path, kept)
    table = 'metric = "latency_p50_ms"\nmax = "10 us"'
    assert gate(tmp_path, table, *run.words()) == 1


@pytest.mark.slow
def test_the_gate_holds_budgets_against_all_devices_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["local", "board", "gone"]

    def several(document: Any) -> None:
        board = {**document["winner"]["device"], "name": "board"}
        document["devices"] = [{**board, "name": name} for name in names]
        document["winner_elsewhere"] = [{**document["winner"], "device": board}]

    run = kept_run.kept_run(tmp_path, several)
    for device, limit, code in (
        ("board", "1 B", 1),
        ("board", "1 GiB", 0),
        ("gone", "1 GiB", 3),
    ):
        table = f'metric = "peak_memory_bytes"\nmax = "{limit}"\ndevice = "{device}"'
        assert gate(tmp_path, table, *run.words("--json")) == code
        (check,) = json.loads(capsys.readouterr().out)["checks"]
        assert check["device"] == device


@pytest.mark.parametrize("device", ["bench-pii", "local ", "Local"])
def test_a_budget_about_a_device_that_the_run_did_not_measure_is_left_open(
    device: str, run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = f'{SIZE.format("1 MiB")}\n[[budget]]\nmetric = "latency_p50_ms"\nmax = "1 us"'
    assert gate(tmp_path, f'{slow}\ndevice = "{device}"', *run.words("--json")) == 3
    kept, left = json.loads(capsys.readouterr().out)["checks"]
    assert (kept["verdict"], left["verdict"], left["device"]) == ("pass", "inconclusive", device)


def test_the_gate_fails_a_run_that_found_no_winner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = kept_run.kept_run(tmp_path, lambda document: document.update(winner=None))
    assert gate(tmp_path, SIZE.format("40 KiB"), *run.words()) == 1
    assert "no winner" in capsys.readouterr().err


@pytest.mark.parametrize(("limit", "code"), [("1 point", 3), ("3 points", 0)])
def test_the_gate_takes_the_best_unproven_candidate_of_an_inconclusive_run(
    limit: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def undecided(document: Any) -> None:
        best = document["winner"]
        best["accuracy"] |= {"n": 300, "drop": 0.0, "drop_ci95": [-0.02, 0.02]}
        unproven = {"best_unproven": best, "best_unproven_name": "candidate-4"}
        document |= {"winner": None, "decision": "inconclusive", **unproven}

    run = kept_run.kept_run(tmp_path, undecided)
    table = f'metric = "accuracy_drop"\nmax = "{limit}"'
    assert gate(tmp_path, table, *run.words("--json")) == code
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert check["verdict"] == {0: "pass", 3: "inconclusive"}[code]
    if code == 3:
        assert "reaches above 1 point" in check["reason"]


@pytest.mark.parametrize(
    ("status", "text"), [("failed", "failed (no space)"), ("running", "was interrupted")]
)
def test_a_run_that_was_gone_on_with_and_not_finished_is_told(
    status: Any, text: str, run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Store(run.folder).finish_run(run.run, status, reason="no space" if status == "failed" else "")
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 2
    error = capsys.readouterr().err
    assert text in error
    assert "--resume" in error


def without(*place: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in place[:-1]:
            document = document[key]
        del document[place[-1]]

    return change


def put(value: Any, *place: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = value

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        without("baseline"),
        without("winner", "artifact"),
        without("winner", "artifact", "sha256"),
        without("winner", "latency_ms", "samples"),
        without("winner", "verdict"),
        put([], "winner", "device"),
        put("fast", "winner", "latency_ms"),
        put([[]], "winner", "accuracy", "ci95"),
        put({"peak": 1}, "winner", "memory_bytes"),
        put([3], "winner_elsewhere"),
        put("board", "devices"),
        put([[]], "teacher"),
    ],
)
def test_a_document_of_another_shape_is_told_and_releases_nothing(
    change: Callable[[Any], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = kept_run.kept_run(tmp_path)
    document = Store(run.folder).document(run.run) or {}
    change(document)
    Store(run.folder).finish_run(run.run, "done", document)
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 2
    assert "is damaged or of another version" in capsys.readouterr().err


def test_a_store_of_another_layout_is_told(
    run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(run.folder / "store.sqlite") as connection:
        connection.execute("PRAGMA user_version=7")
    assert gate(tmp_path, SIZE.format("1 MiB"), *run.words()) == 2
    assert "layout 7" in capsys.readouterr().err


@pytest.mark.slow
def test_a_runs_winner_may_be_measured_again_beside_the_runs_baseline(
    run: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = run.words("--on", "local@scripted://")
    assert gate(tmp_path, SIZE.format("1 MiB"), *again) == 0
    other = tiny_models.dense(tmp_path, name="other")
    swap(run.baseline, other)
    run.baseline.write_bytes(b"other")
    assert gate(tmp_path, SIZE.format("1 MiB"), *again) == 5
    assert str(run.baseline) in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("trained", [True, False])
def test_a_run_is_measured_again_on_what_it_did_not_train_on(
    trained: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of data without splits a run tests on a part; data that are no run's are taken whole."""
    data = tmp_path / "data.npz"
    x = np.random.default_rng(0).random((120, 6)).astype(np.float32)
    np.savez(data, x=x, y=np.arange(120) % 3)

    def named(document: Any) -> None:
        document["project"]["data"] = str(data if trained else tmp_path / "other.npz")

    run = kept_run.kept_run(tmp_path, named)
    table = 'metric = "accuracy"\nmin = "90 %"'
    words = run.words("--on", "local", "--data", str(data), "--json")
    gate(tmp_path, table, *words)
    found = json.loads(capsys.readouterr().out)
    assert found["measurements"][0]["accuracy"]["n"] == (18 if trained else 120)
