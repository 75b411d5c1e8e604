"""`gate --calibrate`: a file against itself, kept for later gates; and what a store has learnt."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import update
from tests import tiny_models

from edgehone import documents
from edgehone.actions.gate.calibrate import (
    Calibration,
    _disturbed,
    sentence,
    smallest_change,
    smallest_margin,
)
from edgehone.actions.gate.device_history import Earlier, calibration_identity, too_tight
from edgehone.budgets import Budget, Check
from edgehone.cli.app import main
from edgehone.decide.decision import decide_all
from edgehone.decide.timing import Timing
from edgehone.measure.comparison import Comparison
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan
from edgehone.store import Store
from edgehone.store.database import MEASUREMENTS, Database
from edgehone.values import Artifact, DeviceInfo, Latency, Measurement, RuntimeInfo

ARTIFACT = Artifact(Path("a.tflite"), "tflite", "int8", 1, 1, "f" * 64)
RUNTIME = RuntimeInfo("litert", "1", "xnnpack", 1)


def measured(p50: float, *, device: str = "board", blocks: int = 12) -> Measurement:
    around = tuple((p50 * 0.99, p50, p50 * 1.01) for _ in range(blocks))
    once = (p50,) * blocks
    info = DeviceInfo(device, "raspberry-pi-5")
    return Measurement(ARTIFACT, info, RUNTIME, Latency(around, once, once), None)


def compared(low: float, high: float, blocks: int = 12) -> Comparison:
    both = (measured(1.0, blocks=blocks), measured(1.0, blocks=blocks))
    return Comparison(1.0, (low, high), blocks, "same", both)


@pytest.mark.slow
def test_calibrating_measures_prints_and_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = tiny_models.dense(tmp_path)
    budgets = tmp_path / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "latency_p50_ms"\nmax = "10 s"\n')
    command = ["gate", str(budgets), str(model), "--calibrate", "1", "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, documents.schema("calibration"))
    (only,) = found["calibrations"]
    assert (only["comparisons"], only["device"]) == (1, "local")
    assert only["false_alarm_rate"] == only["false_alarms"]
    assert only["ci95"][0] <= only["false_alarm_rate"] <= only["ci95"][1]
    assert only["pairs"] == [each for each in only["pairs"] if 6 <= each <= 36]
    assert all("calibrate again" in text for text in found["warnings"])  # a busy machine says so
    with Database(tmp_path / "runs" / "store.sqlite").reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM stages").scalars().all()
    assert names == ["calibration"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--calibrate", "3"],
        ["a.tflite", "--calibrate", "0"],
        ["a.tflite", "--calibrate", "3", "--run", "latest"],
    ],
)
def test_calibrating_wants_a_file_and_a_number(tmp_path: Path, arguments: list[str]) -> None:
    budgets = tmp_path / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "latency_p50_ms"\nmax = "10 s"\n')
    assert main(["gate", str(budgets), *arguments]) == 2


def test_calibrating_an_emulated_device_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_models.dense(tmp_path)
    budgets = tmp_path / "budgets.toml"
    budgets.write_text('[[budget]]\nmetric = "latency_p50_ms"\nmax = "10 s"\n')
    on = ["--on", "local@scripted://"]
    assert main(["gate", str(budgets), str(model), "--calibrate", "3", *on]) == 2
    assert "emulated" in capsys.readouterr().err


def test_a_disturbed_calibration_says_so() -> None:
    calm, device = compared(0.99, 1.01), resolve("local")
    odd = replace(measured(1.0), verdict="contended", reason="others had the CPU")
    busy = replace(calm, measurements=(calm.measurements[0], odd))
    found = Calibration(device, ARTIFACT, MeasurePlan(), (calm, busy))
    (warning,) = _disturbed(found)
    assert warning.startswith("local was contended in 1 of 4 measurements (others had the CPU)")
    assert _disturbed(replace(found, comparisons=(calm,))) == []


def test_the_smallest_change_is_what_nine_of_ten_would_have_seen() -> None:
    comparisons = [compared(1 / 1.01, 1.01)] * 9 + [compared(1 / 1.05, 1.02)]
    assert smallest_change(comparisons[:9]) == pytest.approx(0.01)
    assert smallest_change(comparisons) == pytest.approx(0.05)
    assert smallest_change([compared(0.0, float("inf"))]) == float("inf")


def test_the_smallest_margin_is_by_the_blocks_of_both_sides() -> None:
    assert smallest_margin([compared(1, 1)] * 3) == pytest.approx(0.0)
    assert smallest_margin([compared(1, 1, blocks=4)]) == float("inf")


def test_what_a_calibration_found_is_said_in_words() -> None:
    found: dict[str, Any] = {
        "file": "a.tflite",
        "device": "board",
        "comparisons": 20,
        "false_alarms": 1,
        "false_alarm_rate": 0.05,
        "ci95": [0.01, 0.24],
        "smallest_change": 0.021,
        "smallest_margin": None,
    }
    said = sentence(found)
    assert "20 times: 1 false alarm (5.0%, 95 % interval 1.0% to 24.0%)" in said
    assert "changes of 2.1% and more" in said
    assert "decides no limits" in said
    assert "no change at all" in sentence({**found, "smallest_change": None})


@pytest.mark.parametrize(
    ("limit", "warned"), [(1.02, True), (0.98, True), (1.03, False), (0.96, False)]
)
def test_limits_nearer_than_the_margin_are_warned_about(limit: float, warned: bool) -> None:
    found = Check("latency_p50_ms", "max", limit, 1.0, (0.9, 1.1), "inconclusive", "", "board")
    assert bool(too_tight(found, {"smallest_margin": 0.03})) == warned
    assert too_tight(found, {"smallest_margin": None}) == ""


def kept(folder: Path, p50s: list[float], *, device: str = "board") -> Measurement:
    """A store in which these were measured, a day apart."""
    store = Store(folder)
    for day, p50 in enumerate(p50s):
        store.add_measurement(documents.measurement_json(measured(p50, device=device)))
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        with Database(folder / "store.sqlite").writing() as connection:
            last = connection.exec_driver_sql("SELECT max(id) FROM measurements").scalar_one()
            dated = update(MEASUREMENTS).where(MEASUREMENTS.c.id == last)
            connection.execute(dated.values(created=moment.isoformat()))
    return measured(1.0)


def test_days_are_learnt_from_earlier_measurements_of_the_same(tmp_path: Path) -> None:
    now = kept(tmp_path, [1.0, 1.05, 0.96])
    found = Earlier(tmp_path).timing(now)
    assert found.sessions == 3
    assert 0.02 < found.days < 0.08
    assert Earlier(tmp_path).timings([now]) == {"board": found}


def test_days_are_not_learnt_from_others_or_too_few(tmp_path: Path) -> None:
    assert Earlier(tmp_path).timing(measured(1.0)) == Timing()
    now = kept(tmp_path / "others", [1.0, 1.05, 0.96], device="phone")
    assert Earlier(tmp_path / "others").timing(now) == Timing()
    assert Earlier(tmp_path / "few").timing(kept(tmp_path / "few", [1.0, 1.1])) == Timing()


def test_measurements_of_one_sitting_are_one_session(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for p50 in (1.0, 1.1, 1.2, 1.3):
        store.add_measurement(documents.measurement_json(measured(p50)))
    assert Earlier(tmp_path).timing(measured(1.0)) == Timing()


def test_gates_remember_where_there_is_a_store_only(tmp_path: Path) -> None:
    Earlier(tmp_path / "none").remember([measured(1.0)])
    assert not (tmp_path / "none").exists()
    Store(tmp_path)
    Earlier(tmp_path).remember([measured(1.0)])
    assert len(Store(tmp_path).measurements(artifact="f" * 64)) == 1


def test_a_gate_warns_by_the_calibration_of_the_same_device_and_runtime(tmp_path: Path) -> None:
    device, plan, now = resolve("raspberry-pi-5@local"), MeasurePlan(), measured(1.0)
    now = replace(now, device=device.info)
    identity = calibration_identity(device, RUNTIME, plan)
    decision = decide_all([now], [Budget("latency_p50_ms", "max", 1.02)])
    earlier = Earlier(tmp_path)
    assert earlier.too_tight([device], plan, [decision], [now]) == ()
    earlier.keep_calibration(identity, {"smallest_margin": 0.05})
    (warning,) = earlier.too_tight([device], plan, [decision], [now])
    assert "lies 2.0% from" in warning
    longer = replace(plan, minimum_s=9.0)
    assert earlier.too_tight([device], longer, [decision], [now]) == ()
    earlier.keep_calibration(identity, {"smallest_margin": 0.01})
    assert earlier.too_tight([device], plan, [decision], [now]) == ()
