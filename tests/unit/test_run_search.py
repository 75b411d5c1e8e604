"""The keys of [search]: strategies and techniques, the package's and the user's own, in a run."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import small_project

from edgehone.config import load
from edgehone.errors import ConfigError
from edgehone.run import loop, preflight, rounds
from edgehone.store import Store
from edgehone.values import Event

pytestmark = pytest.mark.slow

OWN = '''
from dataclasses import replace

from edgehone.search.history import Proposal, Stop
from edgehone.search.strategies._base import Strategy


class Halves(Strategy):
    """Half of every group, once; what became of it is among the trials, lost or not."""

    LEFT = 1

    def ask(self, tables, trials, goal):
        built = [trial for trial in trials if trial.target is not None]
        if built:
            return Stop(built[0].lost or "one was enough")
        plan = tables.space.unchanged("int8")
        for group, options in tables.space.decisions[0].subjects.items():
            plan.choices["prune_channels"][group] = options[self.LEFT]
        return Proposal(plan, tables.totals(plan), 0.0, {})


class Unknown(Halves):
    def ask(self, tables, trials, goal):
        found = super().ask(tables, trials, goal)
        if isinstance(found, Stop):
            return found
        return Proposal(replace(found.plan, default="int16x8"), found.sums, 0.0, {})


class Slow(Halves):
    """Thinks about its second candidate for longer than any run may take."""

    TOOK = [0.0]

    def ask(self, tables, trials, goal):
        if any(trial.target is not None for trial in trials):
            self.TOOK[0] = 1e9
        return super().ask(tables, [], goal)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    small_project.write(home, rounds=2)
    (home / "halves.py").write_text(OWN)
    return home


@pytest.fixture(autouse=True)
def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield
    sys.modules.pop("halves", None)


def written(folder: Path, keys: str) -> Path:
    """The project with further keys under [search]."""
    text = (folder / "edgehone.toml").read_text().replace("[search]", f"[search]\n{keys}")
    path = folder / "other.toml"
    path.write_text(text)
    return path


def run(folder: Path, keys: str) -> dict[str, Any]:
    on = [small_project.device(folder)]
    return loop.run(load(written(folder, keys)), store=Store(folder / "runs"), on=on).to_json()


def test_a_run_asks_the_strategy_that_the_project_names(folder: Path) -> None:
    found = run(folder, 'strategy = "python:halves:Halves"')
    assert found["stopped"] == "one was enough"
    (candidate,) = found["candidates"]
    assert {layer["channels"] for layer in candidate["layers"] if layer["name"] == "conv1"} == {12}


def test_a_strategy_hears_of_candidates_that_were_lost(folder: Path) -> None:
    """ONNX has no int16x8, and so the only file is refused."""
    path = written(folder, 'strategy = "python:halves:Unknown"')
    path.write_text(path.read_text().replace('["tflite"]', '["onnx"]'))
    on = [small_project.device(folder)]
    found = loop.run(load(path), store=Store(folder / "runs"), on=on).to_json()
    (only,) = found["rounds"]
    (refused,) = only["refused"]
    assert found["stopped"] == refused["reason"]


def test_no_round_begins_after_the_time_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        def monotonic(self) -> float:
            halves = sys.modules.get("halves")
            return time.monotonic() + (halves.Slow.TOOK[0] if halves else 0.0)

    monkeypatch.setattr(rounds, "time", Clock())
    found = run(folder, 'strategy = "python:halves:Slow"\nminutes = 600')
    assert found["stopped"] == "the time limit of 600 minutes was reached"
    assert len(found["rounds"]) == 1


def test_random_plans_are_built_as_they_are_drawn(folder: Path) -> None:
    found = run(folder, 'strategy = "random"\nseed = 3')
    assert [each["target"] for each in found["rounds"]] == [None, None]
    refused = [each for turn in found["rounds"] for each in turn["refused"]]
    assert len(found["candidates"]) + len(refused) == 2


def test_sensitivities_are_taken_again_around_the_best_so_far(folder: Path) -> None:
    allocate = "python:edgehone.search.strategies.allocate:Allocate"
    path = written(folder, f'strategy = "{allocate}(again=True, trust=0.5, uniform=False)"')
    probed: list[str] = []

    def heard(event: Event) -> None:
        if event.stage == "sensitivity of channels" and event.done == 0:
            probed.append(event.stage)

    on = [small_project.device(folder)]
    found = loop.run(load(path), store=Store(folder / "again"), on=on, progress=heard).to_json()
    assert [each["candidates"] for each in found["rounds"]] == [1, 1]
    assert found["rounds"][0]["quality_kept"]
    assert len(probed) == 2
    first, second = (each["layers"] for each in found["candidates"])
    assert first != second


def test_zeros_are_searched_where_the_project_names_them(folder: Path) -> None:
    path = written(folder, 'techniques = ["prune_weights"]')
    path.write_text(
        path.read_text().replace('minimize = "size_bytes"', 'minimize = "compressed_bytes"')
    )
    on = [small_project.device(folder)]
    found = loop.run(load(path), store=Store(folder / "runs"), on=on).to_json()
    layers = [layer for each in found["candidates"] for layer in each["layers"]]
    assert any(layer["sparsity"] for layer in layers)
    assert all(layer["channels"] == layer["channels_before"] for layer in layers)
    sizes = [each["measurement"]["artifact"] for each in found["candidates"]]
    whole = min(each["artifact"]["compressed_bytes"] for each in found["baselines"])
    assert min(each["compressed_bytes"] for each in sizes) < whole


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ('strategy = "python:halves:Other"', "has no function 'Other'"),
        ('strategy = "python:halves:Proposal"', "is not a Strategy"),
        ('techniques = ["python:halves:Halves"]', "is not a Decision"),
    ],
)
def test_what_cannot_search_is_refused_before_any_work(folder: Path, keys: str, text: str) -> None:
    config = load(written(folder, keys))
    with pytest.raises(ConfigError, match=text):
        preflight.require_search(config)
    store = Store(folder / "empty")
    with pytest.raises(ConfigError, match=text):
        loop.run(config, store=store, on=[small_project.device(folder)])
    assert store.runs() == []
