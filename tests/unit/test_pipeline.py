"""The whole loop, on a scripted device and on this machine."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import small_project

from edgehone import pipeline
from edgehone.config import load
from edgehone.documents import schema
from edgehone.errors import ConfigError, DeviceError
from edgehone.report.page import render
from edgehone.store import Store
from edgehone.values import Event

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    small_project.write(home, formats='["tflite", "onnx"]')
    return home


@pytest.fixture(scope="module")
def finished(folder: Path) -> dict[str, Any]:
    store = Store(folder / "runs")
    on = [small_project.device(folder)]
    return pipeline.run(load(folder / "edgehone.toml"), store=store, on=on)


def test_run_document_follows_the_published_schema(finished: dict[str, Any]) -> None:
    jsonschema.validate(finished, schema("run"))


def test_run_calls_classes_by_name(finished: dict[str, Any]) -> None:
    names = small_project.NAMES.tolist()
    assert finished["project"]["classes"] == names
    rows = finished["generalization"]["classes"]
    assert {each["label"]: each["name"] for each in rows} == dict(enumerate(names))
    page = render(finished)
    assert all(f"{name} ({label})" in page for label, name in enumerate(names))


def test_run_finds_a_smaller_model_within_the_budgets(finished: dict[str, Any]) -> None:
    winner = finished["winner"]
    assert finished["decision"] == "pass"
    smallest = min(m["artifact"]["size_bytes"] for m in finished["baselines"])
    assert winner["artifact"]["size_bytes"] < smallest
    assert winner["accuracy"]["drop_ci95"][1] <= 0.5


def test_run_measures_baselines_in_every_format(finished: dict[str, Any]) -> None:
    made = {(m["artifact"]["format"], m["artifact"]["precision"]) for m in finished["baselines"]}
    assert made == {(f, p) for f in ("tflite", "onnx") for p in ("float32", "int8")}
    assert (finished["baseline"]["artifact"]["precision"]) == "float32"


def test_run_sets_predicted_beside_measured(finished: dict[str, Any]) -> None:
    primary = [
        c for c in finished["candidates"] if c["measurement"]["artifact"]["format"] == "tflite"
    ]
    assert len(primary) == 2
    for candidate in primary:
        measured = candidate["measurement"]["artifact"]["size_bytes"]
        assert candidate["predicted_size_bytes"] == pytest.approx(measured, rel=0.35)
        assert candidate["predicted_latency_ms"] > 0


def test_run_writes_artifacts_that_are_what_the_document_says(finished: dict[str, Any]) -> None:
    for measurement in [
        *finished["baselines"],
        *(c["measurement"] for c in finished["candidates"]),
    ]:
        path = Path(measurement["artifact"]["path"])
        assert path.stat().st_size == measurement["artifact"]["size_bytes"]
        assert path.parent == Path(finished["artifacts"])


def test_run_again_looks_everything_up(folder: Path, finished: dict[str, Any]) -> None:
    events: list[Event] = []
    again = pipeline.run(
        load(folder / "edgehone.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
        progress=events.append,
    )
    assert again["run"] != finished["run"]
    assert {event.stage for event in events} == {"round"}
    hashes = [c["measurement"]["artifact"]["sha256"] for c in again["candidates"]]
    assert hashes == [c["measurement"]["artifact"]["sha256"] for c in finished["candidates"]]


def test_run_remembers_what_it_was_begun_with(folder: Path, finished: dict[str, Any]) -> None:
    config, on = pipeline.begun(Store(folder / "runs"), finished["run"])
    assert config == load(folder / "edgehone.toml")
    assert on == (small_project.device(folder),)


def test_run_that_cannot_meet_a_budget_says_which(folder: Path, tmp_path: Path) -> None:
    text = (folder / "edgehone.toml").read_text().replace('"64 KiB"', "900")
    (folder / "impossible.toml").write_text(text)
    found = pipeline.run(
        load(folder / "impossible.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
    )
    assert found["decision"] == "fail"
    assert found["winner"] is None
    assert [each["metric"] for each in found["binding"]] == ["size_bytes"]
    assert "within the budgets" in found["stopped"]


@pytest.mark.parametrize("kind", ["regression", "reconstruction"])
def test_run_handles_other_tasks(tmp_path: Path, kind: str) -> None:
    project = small_project.write(tmp_path, kind=kind, rounds=1)
    found = pipeline.run(
        load(project), store=Store(tmp_path / "runs"), on=[small_project.device(tmp_path)]
    )
    assert found["candidates"]
    assert found["winner"]["accuracy"]["higher_is_better"] is False


@pytest.mark.parametrize("student", ["auto", "python:tests.small_project:student"])
def test_run_distills_a_student_first(folder: Path, student: str) -> None:
    text = (folder / "edgehone.toml").read_text()
    named = text.replace("[data]", f'student = "{student}"\n[data]', 1)
    (folder / "student.toml").write_text(named.replace("rounds = 2", "rounds = 1"))
    found = pipeline.run(
        load(folder / "student.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
    )
    first = found["candidates"][0]
    assert first["name"] == "student"
    assert first["params"] < found["project"]["params"]


def test_run_measures_on_this_machine(folder: Path) -> None:
    text = (folder / "edgehone.toml").read_text()
    (folder / "local.toml").write_text(
        text.replace("size_bytes", "latency_p50_ms", 1).replace("rounds = 2", "rounds = 1")
    )
    found = pipeline.run(load(folder / "local.toml"), store=Store(folder / "runs"))
    candidate = found["candidates"][0]
    assert candidate["measurement"]["latency_ms"]["p50"] > 0
    assert candidate["speedup"]["ratio"] > 0
    assert found["rounds"][0]["target"] > 0


def test_run_measures_on_every_device_and_searches_on_the_first(
    folder: Path, finished: dict[str, Any]
) -> None:
    (folder / "slow.json").write_text('{"latency_ms": {"base": 9.0}}')
    slow = f"arm-cpu@scripted://{folder / 'slow.json'}"
    first = small_project.device(folder)
    store = Store(folder / "runs")
    found = pipeline.run(load(folder / "edgehone.toml"), store=store, on=[first, slow])
    jsonschema.validate(found, schema("run"))
    assert [each["name"] for each in found["devices"]] == [first, slow]
    for candidate in found["candidates"]:
        (other,) = candidate["elsewhere"]
        assert other["device"]["name"] == slow
        assert other["latency_ms"]["p50"] > candidate["measurement"]["latency_ms"]["p50"]
        devices = [check["device"] for check in candidate["decision"]["checks"]]
        assert devices == [first, first, slow, slow]
    hashes = [c["measurement"]["artifact"]["sha256"] for c in found["candidates"]]
    assert hashes == [c["measurement"]["artifact"]["sha256"] for c in finished["candidates"]]
    assert found["winner_elsewhere"][0]["device"]["name"] == slow
    page = render(found)
    assert "On the other devices" in page
    assert "On the other devices" not in render(finished)


def test_run_goes_on_without_a_lost_device_and_measures_there_when_resumed(folder: Path) -> None:
    script, first = folder / "cut.json", small_project.device(folder)
    script.write_text(json.dumps({"answers": [{"stdout": "", "exit_code": 255}] * 9}))
    cut = f"arm-cpu@scripted://{script}"
    store, config = Store(folder / "cut"), load(folder / "edgehone.toml")
    found = pipeline.run(config, store=store, on=[first, cut])
    assert found["decision"] == "inconclusive"
    assert [each["device"] for each in found["lost"]] == [cut]
    lost = [c for c in found["candidates"][0]["decision"]["checks"] if c["device"] == cut]
    assert {check["verdict"] for check in lost} == {"inconclusive"}
    script.write_text("{}")
    again = pipeline.run(config, store=store, on=[first, cut], resume=found["run"])
    assert (again["decision"], again["lost"]) == ("pass", [])
    assert again["baseline"] == found["baseline"]


def test_run_stops_when_the_device_it_searches_on_is_lost(folder: Path) -> None:
    (folder / "gone.json").write_text('{"answers": [{"stdout": "", "exit_code": 255}]}')
    gone = f"arm-cpu@scripted://{folder / 'gone.json'}"
    store, config = Store(folder / "gone"), load(folder / "edgehone.toml")
    with pytest.raises(DeviceError, match="no whole answer"):
        pipeline.run(config, store=store, on=[gone, small_project.device(folder)])
    assert store.runs()[0].status == "failed"
    kept = {each["device"]["name"] for each in store.measurements()}
    assert kept == {small_project.device(folder)}


def test_run_without_a_budget_is_an_error(folder: Path) -> None:
    config = load(folder / "edgehone.toml").model_copy(update={"budget": ()})
    with pytest.raises(ConfigError, match="budget"):
        pipeline.run(config, store=Store(folder / "runs"))
