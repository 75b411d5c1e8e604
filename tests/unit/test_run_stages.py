"""Measurements are looked up by all that they depend on."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests import run_parts, tiny_models

from edgehone.measure.device import resolve
from edgehone.run import building
from edgehone.run.context import RunContext
from edgehone.run.stages.measurement import device_key
from edgehone.run.stages.teaching import TeacherOutputs
from edgehone.targets import Target
from edgehone.values import Measurement


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
def context(tmp_path: Path) -> RunContext:
    return run_parts.context(tmp_path)


def looked_up(
    context: RunContext, folder: Path, idle_load: float
) -> tuple[Measurement, Measurement]:
    """A file measured, called contended, and looked up by a device with this idea of calm."""
    device = resolve("local")
    device = replace(device, target=replace(device.target, idle_load=idle_load))
    artifacts = [tiny_models.artifact(tiny_models.dense(folder))]
    answers = np.zeros((6, 3), np.float32)
    outputs = TeacherOutputs(answers, answers, answers)
    (first,) = building.measured(context, artifacts, device, outputs)
    with closing(sqlite3.connect(context.store.folder / "store.sqlite")) as database:
        (text,) = database.execute("select value from stages where name = 'measure'").fetchone()
        value = json.loads(text)
        value["measurements"][0].update(verdict="contended", reason="others ran")
        value["measurements"][0]["conditions"] = {}
        value["measured"] = "2026-01-02T03:04:05+00:00"
        database.execute("update stages set value = ? where name = 'measure'", (json.dumps(value),))
        database.commit()
    (again,) = building.measured(context, artifacts, device, outputs)
    return first, again


@pytest.mark.slow
def test_what_was_measured_as_contended_is_measured_again_when_the_device_is_calm(
    context: RunContext, tmp_path: Path
) -> None:
    _, again = looked_up(context, tmp_path, idle_load=1e6)
    assert again.reason != "others ran"
    assert again.conditions["reference_ms"]  # of a new measurement
    assert "measured" not in again.conditions
    assert len(context.store.measurements()) == 2


@pytest.mark.slow
def test_what_was_measured_as_contended_says_from_when_it_is_while_the_device_is_busy(
    context: RunContext, tmp_path: Path
) -> None:
    _, again = looked_up(context, tmp_path, idle_load=1e-9)
    assert (again.verdict, again.reason) == ("contended", "others ran")
    assert again.conditions["measured"] == "2026-01-02T03:04:05+00:00"
    assert len(context.store.measurements()) == 1
