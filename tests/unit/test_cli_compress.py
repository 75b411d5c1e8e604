import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import small_project

from edgehone.cli.app import main
from edgehone.compress._base import Technique
from edgehone.compress.recipe import PACKAGE
from edgehone.compress.recipe.catalogue import catalogue, entry
from edgehone.documents import schema
from edgehone.errors import UsageError
from edgehone.system.variants import names

RECIPES = """\
[[recipe]]
name = "half"
steps = [{technique = "prune_channels", ratio = 0.5}, {technique = "distill", epochs = 1}]

[[recipe]]
name = "plain"
precision = "float32"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    small_project.write(home)
    (home / "recipes.toml").write_text(RECIPES)
    return home


def compress(project: Path, out: Path, *more: str) -> list[str]:
    about = ["compress", str(project / "teacher.keras"), str(project / "recipes.toml")]
    return [*about, "--config", str(project / "edgehone.toml"), "-o", str(out), *more]


@pytest.mark.slow
def test_compress_makes_a_model_and_a_file_of_every_recipe(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(compress(project, tmp_path, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("compress"))
    names = small_project.NAMES.tolist()
    assert found["classes"] == names
    half, plain = found["recipes"]
    rows = half["artifacts"][0]["generalization"]["classes"]
    assert {each["label"]: each["name"] for each in rows} == dict(enumerate(names))
    assert half["model"]["params"] < plain["model"]["params"] == found["start"]["model"]["params"]
    assert [step["technique"] for step in half["steps"]] == ["prune_channels", "distill"]
    assert half["artifacts"][0]["precision"] == "int8"
    assert half["artifacts"][0]["size_bytes"] < plain["artifacts"][0]["size_bytes"] / 2
    assert plain["artifacts"][0]["score"] == pytest.approx(found["start"]["score"], abs=1e-6)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {f"{name}.{kind}" for name in ("half", "plain") for kind in ("keras", "tflite")}


@pytest.mark.slow
def test_compress_refuses_a_teacher_that_guesses_unless_forced(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (project / "edgehone.toml").read_text()
    odd = project / "guess.toml"
    odd.write_text(text.replace("scale = 0.0625", "scale = 0.00001"))
    arguments = compress(project, tmp_path / "out", "--only", "plain")
    arguments[arguments.index("--config") + 1] = str(odd)
    assert main(arguments) == 2
    sentence = capsys.readouterr().err
    assert "than a constant answer on the validation data" in sentence
    assert "(here 1e-05 and 0)" in sentence
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--force", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("compress"))
    assert "than a constant answer" in found["warnings"][0]


@pytest.mark.slow
def test_compress_keeps_no_file_that_is_wrecked(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = project / "wrecked.toml"
    recipes.write_text('[[recipe]]\nname = "clipped"\nprecision = "int8"\npercentile = 51\n')
    arguments = compress(project, tmp_path, "--json")
    arguments[2] = str(recipes)
    assert main(arguments) == 5
    (found,) = json.loads(capsys.readouterr().out)["recipes"]
    assert found["artifacts"] == []
    assert "The int8 file is wrecked" in found["skipped"][0]["reason"]
    assert {path.name for path in tmp_path.iterdir()} == {"clipped.keras"}


@pytest.mark.slow
def test_compress_shows_what_came_of_the_recipes_asked_for(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(compress(project, tmp_path, "--only", "plain")) == 0
    shown = capsys.readouterr().out
    assert "plain" in shown
    assert "half" not in shown
    assert "accuracy" in shown


@pytest.mark.slow
def test_compress_says_what_a_step_is_not_good_for_and_what_a_file_has_not_got(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipes.toml").write_text(
        '[[recipe]]\nname = "thin"\nprecision = "weights4"\n'
        'steps = [{technique = "prune_weights", sparsity = 0.5, epochs = 0}]\n'
    )
    arguments = compress(project, tmp_path / "out", "--format", "onnx")
    arguments[2] = str(tmp_path / "recipes.toml")
    assert main(arguments) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "thin: prune_weights: Zeros make the compressed file smaller" in shown
    assert "4-bit weights exist for Gemm and MatMul" in shown


@pytest.mark.parametrize(
    ("recipes", "code", "message"),
    [
        ("", 2, "has no recipe"),
        ('[[recipe]]\nname = "../x"\n', 2, "name"),
        ('[[recipe]]\nname = "round-1"\n', 2, "a run gives its own"),
        ('[[recipe]]\nname = "a"\n[[recipe]]\nname = "a"\n', 2, "two recipes"),
        ('[[recipe]]\nname = "a"\nsteps = [{ratio = 0.5}]\n', 2, "technique"),
        ('[[recipe]]\nname = "a"\nsteps = [{technique = "prune"}]\n', 2, "prune"),
        ('[[recipe]]\nname = "a"\nsteps = [{technique = "distill", epoch = 1}]\n', 2, "epoch"),
        ('[[recipe]]\nname = "a"\nprecision = "int7"\n', 2, "int7"),
    ],
)
def test_compress_refuses_recipes_before_any_work(
    recipes: str, code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipes.toml"
    file.write_text(recipes)
    arguments = ["compress", "nothing.keras", str(file), "--data", "digits"]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_compress_wants_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "recipes.toml"
    file.write_text('[[recipe]]\nname = "a"\n')
    assert main(["compress", "nothing.keras", str(file), "-o", str(tmp_path / "out")]) == 2
    assert "--data" in capsys.readouterr().err


def test_catalogue_tells_every_technique_with_its_settings() -> None:
    found = {each["name"]: each for each in catalogue()}
    assert sorted(found) == names(PACKAGE, Technique)
    ratio = next(s for s in found["prune_channels"]["settings"] if s["name"] == "ratio")
    assert ratio["type"] == "float"
    assert ratio["default"] in ratio["search"]
    for each in found.values():
        assert each["summary"].endswith(".")
        assert each["settings"]


def test_catalogue_refuses_unknown_techniques() -> None:
    with pytest.raises(UsageError, match="prune_chanels"):
        entry("prune_chanels")


def test_techniques_are_listed_for_people_and_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["techniques"]) == 0
    assert "factorize" in capsys.readouterr().out
    assert main(["techniques", "distill"]) == 0
    assert "temperature" in capsys.readouterr().out
    assert main(["techniques", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {each["name"] for each in found["techniques"]} >= {"distill", "factorize"}


@pytest.mark.slow
def test_run_measures_recipes_of_the_project_beside_its_own(tmp_path: Path) -> None:
    from edgehone.config import load
    from edgehone.run import loop
    from edgehone.store import Store

    project = small_project.write(tmp_path / "home", rounds=0)
    steps = 'steps = [{technique = "distill", features = 0.1, feature_pairs = [["a", "b"]]}]'
    stray = f'[[recipe]]\nname = "stray"\n{steps}\n'
    project.write_text(project.read_text() + RECIPES + stray)
    config = load(project)
    store = Store(tmp_path / "runs")
    found = loop.run(config, store=store, on=[small_project.device(tmp_path / "home")]).to_json()
    jsonschema.validate(found, schema("run"))
    assert [candidate["name"] for candidate in found["candidates"]] == ["half", "plain"]
    assert found["winner_name"] == "half"
    assert found["rounds"][0]["refused"][0]["reason"].startswith("stray: ")
    assert np.isfinite(found["candidates"][0]["measurement"]["accuracy"]["value"])
    from edgehone.documents.run.document import RunDocument
    from edgehone.report.page import render

    assert "half" in render(RunDocument.from_json(found))


@pytest.mark.slow
def test_compress_tells_how_each_file_holds_up_class_by_class(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(compress(project, tmp_path, "--only", "half", "--json")) == 0
    found = json.loads(capsys.readouterr().out)["recipes"][0]["artifacts"][0]["generalization"]
    assert len(found["classes"]) == 10
    assert sum(each["n"] for each in found["classes"]) == found["samples"]
    drops = {each["label"]: each["drop"] for each in found["classes"]}
    assert max(drops.values()) > 0
    assert drops[found["worst"]] == max(drops.values())
    assert 0 <= found["ece"]["after"] <= 1
    assert found["noise"]["after"] <= 1


@pytest.mark.slow
def test_compress_goes_on_after_a_recipe_that_does_not_fit_the_model(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipes.toml"
    steps = 'steps = [{technique = "prune_channels", channels = {nowhere = 4}}]'
    file.write_text(f'[[recipe]]\nname = "stray"\n{steps}\n[[recipe]]\nname = "plain"\n')
    arguments = ["compress", str(project / "teacher.keras"), str(file), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--config", str(project / "edgehone.toml"), "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema("compress"))
    assert [recipe["name"] for recipe in found["recipes"]] == ["plain"]
    (failed,) = found["failed"]
    assert failed["name"] == "stray"
    assert "nowhere" in failed["reason"]
    assert not (tmp_path / "out" / "stray.keras").exists()
