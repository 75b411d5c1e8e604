"""Measurements are looked up by all that they depend on."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import tiny_models

from edgehone.config import Config
from edgehone.data import DataSet, Split
from edgehone.export.conversion import Converter
from edgehone.measure.device import resolve
from edgehone.run.stages import TeacherOutputs, Workplace, device_key
from edgehone.run.workspace import Shelf
from edgehone.store import Store
from edgehone.targets import Target
from edgehone.values import Measurement, Task


def test_a_device_that_answers_by_another_program_is_measured_anew() -> None:
    device, again = resolve("local"), resolve("local")
    assert device_key(device) == device_key(again)
    vars(again)["installation"] = replace(device.installation, program="native")
    assert device_key(again) != device_key(device)


def test_another_runtime_or_another_kind_of_device_is_measured_anew() -> None:
    device, newer = resolve("local"), resolve("local")
    assert device.installation.packages["ai-edge-litert"]
    packages = {**device.installation.packages, "ai-edge-litert": "99.0"}
    vars(newer)["installation"] = replace(device.installation, packages=packages)
    other = replace(device, target=Target("other"))
    keys = [str(device_key(each)) for each in (device, newer, other)]
    assert len(set(keys)) == len(keys)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """What measuring needs of a run: data, a task, and a store."""
    random = np.random.default_rng(0)
    split = Split(random.random((6, 6)).astype(np.float32), np.arange(6) % 3)
    data = DataSet(split, split, split, "made here", "0" * 64, 3)
    config = Config.model_validate(
        {
            "model": {"teacher": "t.keras"},
            "data": {"source": "d.npz"},
            "budget": ({"metric": "size_bytes", "max": 9.0},),
            "measure": {"blocks": 2, "minimum_s": 0.01, "warmup_s": 0.0},
        }
    )
    store = Store(tmp_path / "store")
    with Converter() as converter:
        return Workplace(config, Shelf(store, store.folder / "a"), data, Task(), {}, converter)


def measured(place: Workplace, folder: Path, idle_load: float) -> tuple[Measurement, Measurement]:
    """A file measured, called contended, and looked up by a device with this idea of calm."""
    device = resolve("local")
    device = replace(device, target=replace(device.target, idle_load=idle_load))
    artifacts = [tiny_models.artifact(tiny_models.dense(folder))]
    answers = np.zeros((6, 3), np.float32)
    outputs = TeacherOutputs(answers, answers, answers)
    (first,) = place.measured(artifacts, device, outputs)
    with closing(sqlite3.connect(place.shelf.store.folder / "store.sqlite")) as database:
        (text,) = database.execute("select value from stages where name = 'measure'").fetchone()
        value = json.loads(text)
        value["measurements"][0].update(verdict="contended", reason="others ran")
        value["measurements"][0]["conditions"] = {}
        value["measured"] = "2026-01-02T03:04:05+00:00"
        database.execute("update stages set value = ? where name = 'measure'", (json.dumps(value),))
        database.commit()
    (again,) = place.measured(artifacts, device, outputs)
    return first, again


@pytest.mark.slow
def test_what_was_measured_as_contended_is_measured_again_when_the_device_is_calm(
    place: Workplace, tmp_path: Path
) -> None:
    _, again = measured(place, tmp_path, idle_load=1e6)
    assert again.reason != "others ran"
    assert again.conditions["reference_ms"]  # of a new measurement
    assert "measured" not in again.conditions
    assert len(place.shelf.store.measurements()) == 2


@pytest.mark.slow
def test_what_was_measured_as_contended_says_from_when_it_is_while_the_device_is_busy(
    place: Workplace, tmp_path: Path
) -> None:
    _, again = measured(place, tmp_path, idle_load=1e-9)
    assert (again.verdict, again.reason) == ("contended", "others ran")
    assert again.conditions["measured"] == "2026-01-02T03:04:05+00:00"
    assert len(place.shelf.store.measurements()) == 1
