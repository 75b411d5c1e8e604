"""The whole loop, on a scripted device and on this machine."""

import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests import small_project

from edgehone import units
from edgehone.cli.app import main
from edgehone.config import Config, load, load_recipes
from edgehone.documents import schema
from edgehone.documents.run.document import RunDocument
from edgehone.errors import ConfigError, DataError, DeviceError
from edgehone.report.page import render
from edgehone.run import loop
from edgehone.store import Store
from edgehone.system.files import sha256_of
from edgehone.values import BEST, ROUND, WARNING, Event

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
    return loop.run(load(folder / "edgehone.toml"), store=store, on=on).to_json()


def test_run_document_follows_the_published_schema(finished: dict[str, Any]) -> None:
    jsonschema.validate(finished, schema("run"))


def test_run_calls_classes_by_name(finished: dict[str, Any]) -> None:
    names = small_project.NAMES.tolist()
    assert finished["project"]["classes"] == names
    rows = finished["generalization"]["classes"]
    assert {each["label"]: each["name"] for each in rows} == dict(enumerate(names))
    page = render(RunDocument.from_json(finished))
    assert all(f"{name} ({label})" in page for label, name in enumerate(names))


def test_run_finds_a_smaller_model_within_the_budgets(finished: dict[str, Any]) -> None:
    winner = finished["winner"]
    assert finished["decision"] == "pass"
    smallest = min(m["artifact"]["size_bytes"] for m in finished["baselines"])
    assert winner["artifact"]["size_bytes"] < smallest
    assert winner["accuracy"]["drop_ci95"][1] <= 0.5


def test_run_says_what_share_of_the_weights_it_could_change(finished: dict[str, Any]) -> None:
    assert 0.9 < finished["searched_weights"] <= 1
    assert not any("layer by layer" in text for text in finished["warnings"])
    page = render(RunDocument.from_json(finished))
    assert "weights in layers the search can change" in page


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


def test_run_leaves_a_folder_of_its_winner(finished: dict[str, Any]) -> None:
    home = Path(finished["artifacts"]).with_name("winner")
    names = {f"winner.{suffix}" for suffix in ("tflite", "onnx", "keras")}
    assert {file.name for file in home.iterdir()} == {*names, "recipe.toml", "run.json"}
    assert sha256_of(home / "winner.tflite") == finished["winner"]["artifact"]["sha256"]
    onnx = [c for c in finished["candidates"] if c["measurement"]["artifact"]["format"] == "onnx"]
    same = [c for c in onnx if c["name"] == finished["winner_name"]]
    assert [c["measurement"]["artifact"]["sha256"] for c in same] == [
        sha256_of(home / "winner.onnx")
    ]
    assert json.loads((home / "run.json").read_text()) == json.loads(json.dumps(finished))


def test_the_winners_recipe_makes_its_files_again(
    folder: Path, finished: dict[str, Any], tmp_path: Path
) -> None:
    home = Path(finished["artifacts"]).with_name("winner")
    line = (home / "recipe.toml").read_text().splitlines()[1].removeprefix("# ")
    program, *words = shlex.split(line)
    assert program == "edgehone"
    words[words.index("recipe.toml")] = str(home / "recipe.toml")
    words[words.index("DIR")] = str(tmp_path)
    assert main([*words, "--format", "tflite,onnx"]) == 0
    for suffix in ("tflite", "onnx", "keras"):
        again, before = (each / f"winner.{suffix}" for each in (tmp_path, home))
        assert again.stat().st_size == pytest.approx(before.stat().st_size, rel=0.02)


def test_run_says_what_is_best_after_every_round(folder: Path, finished: dict[str, Any]) -> None:
    events: list[Event] = []
    loop.run(
        load(folder / "edgehone.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
        progress=events.append,
    )
    lines = [event.text for event in events if event.stage in (ROUND, BEST)]
    assert lines[0].startswith("teacher int8: ")
    assert lines[1].startswith("1, candidates 1 and 2 of 2, looking for size_bytes of ")
    size = units.quantity("size_bytes", finished["winner"]["artifact"]["size_bytes"])
    score = units.quantity("accuracy", finished["winner"]["accuracy"]["value"])
    assert lines[2].startswith(f"{finished['winner_name']}: {size}, ")
    assert f"accuracy {score} (drop " in lines[2]
    assert lines[2].endswith("; keeps all budgets")
    assert len(lines) == 3


def test_a_round_measures_equally_narrow_widths_beside_the_searched_ones(
    finished: dict[str, Any],
) -> None:
    names = {candidate["name"] for candidate in finished["candidates"]}
    assert names == {"round-1", "round-1-uniform"}
    (only,) = finished["rounds"]
    assert only["candidates"] == 2
    assert finished["stopped"] == "all 2 candidates were built"
    equal = next(c for c in finished["candidates"] if c["name"] == "round-1-uniform")
    assert all(layer["rank"] == 0 for layer in equal["layers"])
    assert "round-1-uniform" in render(RunDocument.from_json(finished))


def test_run_again_looks_everything_up(folder: Path, finished: dict[str, Any]) -> None:
    events: list[Event] = []
    again = loop.run(
        load(folder / "edgehone.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
        progress=events.append,
    ).to_json()
    assert again["run"] != finished["run"]
    assert {event.stage for event in events} == {"start TensorFlow", ROUND, BEST}
    hashes = [c["measurement"]["artifact"]["sha256"] for c in again["candidates"]]
    assert hashes == [c["measurement"]["artifact"]["sha256"] for c in finished["candidates"]]


def test_run_remembers_what_it_was_begun_with(folder: Path, finished: dict[str, Any]) -> None:
    start = loop.start_of(Store(folder / "runs"), finished["run"])
    config, on = start.config, start.on
    assert config == load(folder / "edgehone.toml")
    assert on == (small_project.device(folder),)


def test_run_that_cannot_meet_a_budget_says_which(folder: Path, tmp_path: Path) -> None:
    text = (folder / "edgehone.toml").read_text().replace('"64 KiB"', "900")
    (folder / "impossible.toml").write_text(text)
    found = loop.run(
        load(folder / "impossible.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
    ).to_json()
    assert found["decision"] == "fail"
    assert found["winner"] is None
    assert [each["metric"] for each in found["binding"]] == ["size_bytes"]
    assert "within the budgets" in found["stopped"]
    assert not Path(found["artifacts"]).with_name("winner").exists()


def guessing(folder: Path) -> Config:
    """The project with its samples scaled to next to nothing."""
    text = (folder / "edgehone.toml").read_text()
    (folder / "guess.toml").write_text(text.replace("scale = 0.0625", "scale = 0.00001"))
    return load(folder / "guess.toml")


def test_run_refuses_a_teacher_that_guesses_before_any_work(folder: Path) -> None:
    store, events = Store(folder / "guess"), list[Event]()
    with pytest.raises(DataError, match="than a constant answer on the validation data") as caught:
        loop.run(
            guessing(folder),
            store=store,
            on=[small_project.device(folder)],
            progress=events.append,
        )
    assert "(here 1e-05 and 0)" in caught.value.hint
    begun = {"start TensorFlow", "load the model", "run the teacher"}
    assert {event.stage for event in events} <= begun
    assert store.runs()[0].status == "failed"
    assert store.measurements() == []


def test_run_goes_on_with_a_teacher_that_guesses_when_forced_and_says_so(folder: Path) -> None:
    events = list[Event]()
    store, on = Store(folder / "forced"), [small_project.device(folder)]
    config = guessing(folder)
    config = config.model_copy(update={"search": config.search.model_copy(update={"rounds": 0})})
    found = loop.run(config, store=store, on=on, force=True, progress=events.append).to_json()
    lines = [event.text for event in events if event.stage == WARNING]
    assert "than a constant answer" in lines[0]
    assert found["warnings"][0] == lines[0] == found["teacher"]["warning"]
    assert found["teacher"]["guess"]["gain_ci95"][0] <= 0
    jsonschema.validate(found, schema("run"))
    assert "than a constant answer" in render(RunDocument.from_json(found))
    again = loop.run(config, store=store, on=on, resume=found["run"]).to_json()
    assert again["warnings"][0] == lines[0]  # forced as it was begun
    assert loop.start_of(store, found["run"]).config == config


def test_run_that_samples_cannot_decide_says_so_at_the_start_and_names_who_may_win(
    folder: Path,
) -> None:
    text = (folder / "edgehone.toml").read_text().replace("max = 0.5", 'max = "0.2 points"')
    (folder / "tight.toml").write_text(text.replace("rounds = 2", "rounds = 1"))
    events = list[Event]()
    found = loop.run(
        load(folder / "tight.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
        progress=events.append,
    ).to_json()
    stages = [event.stage for event in events]
    sentence = next(event.text for event in events if event.stage == WARNING)
    assert "105 test samples cannot prove accuracy_drop ≤ 0.2 points" in sentence
    assert sentence in found["warnings"]
    assert stages.index(WARNING) < stages.index("round")
    (need,) = found["needs"]
    assert need["samples_needed"] > need["samples"] == 105
    assert need["provable"] > 0.002
    assert (found["decision"], found["winner"], found["winner_name"]) == ("inconclusive", None, "")
    assert found["best_unproven_name"]
    assert all(c["verdict"] != "fail" for c in found["best_unproven_decision"]["checks"])
    kept = Path(found["best_unproven_file"])
    assert kept.name == "best-unproven.tflite"
    assert sha256_of(kept) == found["best_unproven"]["artifact"]["sha256"]
    jsonschema.validate(found, schema("run"))
    page = render(RunDocument.from_json(found))
    assert "may keep every budget" in page
    assert "No candidate keeps" not in page
    quality = found["rounds"][0]["quality"]
    assert [check["metric"] for check in quality] == ["accuracy_drop"]


def test_run_measures_no_file_that_is_wrecked(folder: Path) -> None:
    text = (folder / "edgehone.toml").read_text().replace("rounds = 2", "rounds = 1")
    recipe = '[[recipe]]\nname = "clipped"\nprecision = "int8"\npercentile = 51\n'
    (folder / "wrecked.toml").write_text(text + recipe)
    found = loop.run(
        load(folder / "wrecked.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
    ).to_json()
    assert "clipped" not in [each["name"] for each in found["candidates"]]
    reasons = [item["reason"] for turn in found["rounds"] for item in turn["refused"]]
    assert any("clipped: The int8 file is wrecked" in reason for reason in reasons)


@pytest.mark.parametrize("kind", ["regression", "reconstruction"])
def test_run_handles_other_tasks(tmp_path: Path, kind: str) -> None:
    project = small_project.write(tmp_path, kind=kind, rounds=1)
    found = loop.run(
        load(project), store=Store(tmp_path / "runs"), on=[small_project.device(tmp_path)]
    ).to_json()
    assert found["candidates"]
    assert found["winner"]["accuracy"]["higher_is_better"] is False


@pytest.mark.parametrize("student", ["auto", "python:tests.small_project:student"])
def test_run_distills_a_student_first(folder: Path, finished: dict[str, Any], student: str) -> None:
    # No file of the teacher's own is small enough, so the winner is one made of the student.
    own = min(m["artifact"]["size_bytes"] for m in finished["baselines"])
    text = (folder / "edgehone.toml").read_text().replace('"64 KiB"', str(own - 1))
    named = text.replace("[data]", f'student = "{student}"\n[data]', 1)
    named = named.replace("rounds = 2", "rounds = 1")
    # One that is hardly trained knows so little that nothing of it is left in int8.
    (folder / "student.toml").write_text(named.replace("epochs = 1", "epochs = 30"))
    found = loop.run(
        load(folder / "student.toml"),
        store=Store(folder / "runs"),
        on=[small_project.device(folder)],
    ).to_json()
    first = found["candidates"][0]
    assert first["name"] == "student"
    assert first["params"] < found["project"]["params"]
    recipe = Path(found["artifacts"]).with_name("winner") / "recipe.toml"
    ((_, made),) = load_recipes(recipe)
    begin = ["scale_width", "distill"] if student == "auto" else ["distill"]
    assert [step.technique for step in made.steps][: len(begin)] == begin
    assert ("--teacher" in recipe.read_text()) == (student != "auto")


def test_run_measures_on_this_machine(folder: Path) -> None:
    text = (folder / "edgehone.toml").read_text()
    (folder / "local.toml").write_text(
        text.replace("size_bytes", "latency_p50_ms", 1).replace("rounds = 2", "rounds = 1")
    )
    found = loop.run(load(folder / "local.toml"), store=Store(folder / "runs")).to_json()
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
    found = loop.run(load(folder / "edgehone.toml"), store=store, on=[first, slow]).to_json()
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
    page = render(RunDocument.from_json(found))
    assert "On the other devices" in page
    assert "On the other devices" not in render(RunDocument.from_json(finished))


@pytest.mark.usefixtures("finished")
def test_run_goes_on_without_a_lost_device_and_measures_there_when_resumed(folder: Path) -> None:
    script, first = folder / "cut.json", small_project.device(folder)
    script.write_text(json.dumps({"answers": [{"stdout": "", "exit_code": 255}] * 9}))
    cut = f"arm-cpu@scripted://{script}"
    store, config = Store(folder / "runs"), load(folder / "edgehone.toml")
    found = loop.run(config, store=store, on=[first, cut]).to_json()
    assert found["decision"] == "inconclusive"
    assert [each["device"] for each in found["lost"]] == [cut]
    lost = [c for c in found["candidates"][0]["decision"]["checks"] if c["device"] == cut]
    assert {check["verdict"] for check in lost} == {"inconclusive"}
    script.write_text("{}")
    again = loop.run(config, store=store, on=[first, cut], resume=found["run"]).to_json()
    assert (again["decision"], again["lost"]) == ("pass", [])
    assert again["baseline"] == found["baseline"]


def test_run_stops_when_the_device_it_searches_on_is_lost(folder: Path) -> None:
    (folder / "gone.json").write_text('{"answers": [{"stdout": "", "exit_code": 255}]}')
    gone = f"arm-cpu@scripted://{folder / 'gone.json'}"
    store, config = Store(folder / "gone"), load(folder / "edgehone.toml")
    with pytest.raises(DeviceError, match="no whole answer"):
        loop.run(config, store=store, on=[gone, small_project.device(folder)])
    assert store.runs()[0].status == "failed"
    kept = {each["device"]["name"] for each in store.measurements()}
    assert kept == {small_project.device(folder)}


def test_run_without_a_budget_is_an_error(folder: Path) -> None:
    config = load(folder / "edgehone.toml").model_copy(update={"budget": ()})
    with pytest.raises(ConfigError, match="budget"):
        loop.run(config, store=Store(folder / "runs"))
