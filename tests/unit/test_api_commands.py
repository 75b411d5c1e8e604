"""Every public function does what the command of its name does: documents equal but for times."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import small_project, tiny_models

import edgehone as eh
from edgehone.cli.app import main

TIMES = (
    "created",
    "seconds",
    "took_s",
    "latency_ms",
    "memory_bytes",
    "conditions",
    "speedup",
    "schema",
)
"""Keys of what differs from one measurement to the next, and of the version, which commands add."""

NAMES = ("run", "report", "artifacts", "best_unproven_file", "folder")
"""Keys of what is called after a run."""

RECIPES = """\
[[recipe]]
name = "half"
steps = [{technique = "prune_channels", ratio = 0.5}, {technique = "distill", epochs = 1}]
"""

BUDGETS = '[[budget]]\nmetric = "size_bytes"\nmax = "64 KiB"\n'


@dataclass(frozen=True)
class Place:
    """A small project, and two finished files."""

    folder: Path
    project: Path
    files: tuple[Path, Path]

    @property
    def teacher(self) -> Path:
        return self.folder / "teacher.keras"

    @property
    def data(self) -> Path:
        return self.folder / "data.npz"

    @property
    def bundle(self) -> Path:
        return self.folder / "release.zip"

    @property
    def device(self) -> str:
        return small_project.device(self.folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    project = small_project.write(folder, rounds=1)
    files = tiny_models.dense(folder), tiny_models.dense(folder, "int8")
    (folder / "recipes.toml").write_text(RECIPES)
    (folder / "budgets.toml").write_text(BUDGETS)
    eh.bundle(files, folder / "release.zip", folder=folder / "none")
    return Place(folder, project, files)


@dataclass(frozen=True)
class Case:
    """A command's words, and the function that does the same; both write below a folder."""

    words: Callable[[Place, Path], list[str]]
    function: Callable[[Place, Path], Any]


CASES = {
    "bench": Case(
        lambda at, _: ["bench", *map(str, at.files), "--on", at.device, "--blocks", "3"],
        lambda at, _: eh.bench(at.files, on=at.device, blocks=3).document,
    ),
    "compare": Case(
        lambda at, _: ["compare", *map(str, at.files), "--on", at.device, "--pairs", "12"],
        lambda at, _: eh.compare(*at.files, on=at.device, pairs=12).document,
    ),
    "gate": Case(
        lambda at, out: [
            *("gate", str(at.folder / "budgets.toml"), *map(str, at.files)),
            *("--folder", str(out)),
        ],
        lambda at, out: (
            eh.gate([eh.Budget("size_bytes", max="64 KiB")], at.files, folder=out).document
        ),
    ),
    "bundle": Case(
        lambda at, out: [
            *("bundle", *map(str, at.files), "-o", str(out / "r.zip")),
            *("--license", "MIT", "--folder", str(out)),
        ],
        lambda at, out: eh.bundle(at.files, out / "r.zip", licence="MIT", folder=out).document,
    ),
    "verify": Case(
        lambda at, _: ["verify", str(at.bundle)], lambda at, _: eh.verify(at.bundle).document
    ),
    "release": Case(
        lambda at, out: ["release", str(at.bundle), "--name", "v1", "--folder", str(out)],
        lambda at, out: eh.release(at.bundle, "v1", folder=out).document,
    ),
    "devices": Case(
        lambda at, _: ["devices", "--on", at.device],
        lambda at, _: {"devices": eh.devices(at.device)},
    ),
    "inspect a file": Case(
        lambda at, _: ["inspect", str(at.files[1]), "--require", "no-flex"],
        lambda at, _: dict(eh.inspect(at.files[1], require="no-flex")),
    ),
    "inspect a model": Case(
        lambda at, _: ["inspect", str(at.teacher)], lambda at, _: dict(eh.inspect(at.teacher))
    ),
    "techniques": Case(
        lambda at, _: ["techniques", "prune_channels"],
        lambda at, _: {"techniques": eh.techniques("prune_channels")},
    ),
    "export": Case(
        lambda at, out: [
            *("export", str(at.teacher), "-o", str(out), "--precision", "float32,int8"),
            *("--calibration", str(at.data), "--scale", "1/16"),
        ],
        lambda at, out: (
            eh.export(
                at.teacher,
                out,
                precision=["float32", "int8"],
                calibration=at.data,
                scale=1 / 16,
            ).document
        ),
    ),
    "run": Case(
        lambda at, out: ["run", str(at.project), "--on", at.device, "--folder", str(out)],
        lambda at, out: eh.run(at.project, on=at.device, folder=out).document,
    ),
}


def timeless(value: Any, folder: Path) -> Any:
    """A document without times and names of runs; files below `folder` by their place in it."""
    if isinstance(value, dict):
        return {
            key: timeless(each, folder)
            for key, each in value.items()
            if key not in (*TIMES, *NAMES) and not key.startswith("predicted")
        }
    if isinstance(value, list | tuple):
        return [timeless(each, folder) for each in value]
    if isinstance(value, str) and str(folder) in value:
        return Path(value).name
    return value


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_function_and_its_command_lead_to_the_same_document(
    name: str,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    case = CASES[name]
    assert main([*case.words(place, tmp_path / "command"), "--json"]) in (0, 1, 3)
    printed = json.loads(capsys.readouterr().out)
    found = json.loads(json.dumps(case.function(place, tmp_path / "function")))
    assert timeless(found, tmp_path) == timeless(printed, tmp_path)
    assert not capsys.readouterr().out


@pytest.mark.slow
def test_compress_makes_the_model_that_its_command_makes(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compress", str(place.teacher), str(place.folder / "recipes.toml")]
    options = ["-o", str(tmp_path), "--data", str(place.data), "--scale", "1/16", "--json"]
    assert main([*command, *options]) == 0
    (recipe,) = json.loads(capsys.readouterr().out)["recipes"]
    techniques = [eh.PruneChannels(ratio=0.5), eh.Distill(epochs=1)]
    found = eh.compress(place.teacher, techniques, place.data, scale=1 / 16)
    assert json.loads(json.dumps(found.document)) == recipe["steps"]
    again = found.save(tmp_path / "again.keras")
    assert again.read_bytes() == (tmp_path / "half.keras").read_bytes()
    assert not capsys.readouterr().out
