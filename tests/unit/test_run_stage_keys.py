"""What every stage is looked up by: earlier runs are found again only while this stays.

tests/golden/stage_keys.json holds each stage's version, inputs and their hash for the fixed values
below. Where a stage's inputs or version change on purpose, change the file with it.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import run_parts

from edgehone.documents import plain
from edgehone.export.conversion import Layout
from edgehone.formats._base import Format
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.measure.device import Device, resolve
from edgehone.run import building, cost_tables
from edgehone.run.borders import with_io
from edgehone.run.cache import MemoryCache
from edgehone.run.context import RunContext
from edgehone.run.stages.compression import Built
from edgehone.run.stages.conversion import Conversion
from edgehone.run.stages.importing import import_model
from edgehone.run.stages.parent import Parenting, trained_parent
from edgehone.run.student import student_costs
from edgehone.run.whole_files import WholeFiles
from edgehone.run.workspace import Workspace
from edgehone.runners.setup.installation import Installation
from edgehone.search.decisions.precision import Precision
from edgehone.search.history import Tables
from edgehone.search.plan import LayerChoice, Losses
from edgehone.search.space import Space
from edgehone.store import Store
from edgehone.system.files import key_of
from edgehone.values import (
    NOTHING,
    Artifact,
    Candidate,
    LayerSpec,
    Model,
    Plain,
    PrecisionPlan,
    Recipe,
    Step,
    StepReport,
)

FIRST = "ce91dd5a80bed0d8cbb394763953190d6a5917e7a672c5a146076c3e0729f654"
"""The key of a conversion in the store of 0.1.0, for the inputs in the file."""
GOLDEN = Path(__file__).parents[1] / "golden" / "stage_keys.json"
STUDENT = Model(Path("s.keras"), "b" * 64, 10, 100)
RECIPE = Recipe(
    (Step("prune_channels", {"ratio": 0.5}), Step("distill", {"epochs": 2})),
    PrecisionPlan("int8", {"d": "float32"}),
)
REPORT = StepReport(
    "quantize_aware", NOTHING, (1, 1), (1, 1), (1, 1), detail={"ranges": {"d": [-1.0, 2.0]}}
)
ARTIFACT = Artifact(
    Path("m.tflite"),
    "tflite",
    "int8",
    1000,
    800,
    "1" * 64,
    Candidate(STUDENT, RECIPE, run_parts.TEACHER),
)
SPACE = Space(
    (LayerChoice("d", LayerSpec("dense", 1, 1, 16, 8), {}, 16, None),),
    (Precision({"d": ("int8", "float32")}),),
    ("int8", "float32"),
)


class _AskedError(Exception):
    """A stage was asked for."""


class Asked(MemoryCache):
    """A cache that holds float files, and notes what else it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.noted: dict[str, dict[str, Any]] = {}

    def stage(
        self,
        name: str,
        inputs: Plain,
        make: Callable[[], Plain],
        *,
        version: int = 1,
        stale: Callable[[dict[str, Any]], bool] = lambda _: False,
    ) -> dict[str, Any]:
        known = plain(inputs)
        key = key_of([name, version, known])
        self.noted[name] = {"version": version, "inputs": known, "key": key}
        if name == "convert":
            return {"file": {"object": "f" * 64}}
        raise _AskedError

    def path_of(self, sha256: str) -> Path:
        return Path(f"{sha256}.tflite")


def device() -> Device:
    """A device whose runner is known."""
    found = resolve("local@scripted://")
    packages = {"ai-edge-litert": "2.3"}
    vars(found)["installation"] = Installation(
        "python", ("python3",), packages=packages, source="e" * 64
    )
    return found


@pytest.fixture
def cache(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


@pytest.fixture
def context(cache: Asked, tmp_path: Path) -> RunContext:
    usual = run_parts.context(tmp_path)
    workspace = Workspace(cache, tmp_path / "run", trust=True, custom=("python:layers",))
    return RunContext(
        usual.config,
        usual.store,
        workspace,
        usual.data,
        usual.task,
        {"tflite": TFLite()},
        usual.converter,
    )


def asked(cache: Asked, work: Callable[[], Any]) -> None:
    with pytest.raises(_AskedError):
        work()


def test_every_stage_is_looked_up_by_what_it_always_was(cache: Asked, context: RunContext) -> None:
    teacher, outputs = run_parts.TEACHER, run_parts.OUTPUTS
    built = Built(Candidate(STUDENT, RECIPE, teacher, (REPORT,)), "9" * 64)
    asked(cache, lambda: import_model("t.keras", {"file": "c" * 64}, context.workspace))
    asked(cache, lambda: building.teacher_outputs(context, teacher))
    asked(cache, lambda: building.compressed(context, STUDENT, RECIPE, teacher, "make it"))
    asked(cache, lambda: building.scored(context, STUDENT))
    asked(cache, lambda: building.exported(context, built, "tflite", "name"))
    asked(cache, lambda: building.measured(context, [ARTIFACT], device(), outputs))
    asked(cache, lambda: building.winner_robustness(context, ARTIFACT, teacher, outputs))
    asked(cache, lambda: student_costs(context, teacher))
    asked(cache, lambda: cost_tables.losses_of(context, STUDENT, SPACE, "tflite"))
    whole = WholeFiles(context, STUDENT, device(), outputs, "tflite")
    tables = Tables(SPACE, Losses(), lambda spec, precision, default: 1.0)
    asked(cache, lambda: whole.beside(tables))
    parenting = Parenting(STUDENT, Step("slimmable", {"epochs": 2}), teacher, "train it")
    asked(cache, lambda: trained_parent(parenting, context.training, context.workspace))
    golden = json.loads(GOLDEN.read_text())
    assert sorted(cache.noted) == sorted(golden)
    for name, known in golden.items():
        assert cache.noted[name] == known, name


def test_sensitivities_are_those_of_their_calibration(cache: Asked, context: RunContext) -> None:
    def keys(**calibration: int) -> list[str]:
        config = run_parts.settings(data={"source": "d.npz", **calibration})
        other, outputs = replace(context, config=config), run_parts.OUTPUTS
        whole = WholeFiles(other, STUDENT, device(), outputs, "tflite")
        tables = Tables(SPACE, Losses(), lambda spec, precision, default: 1.0)
        asked(cache, lambda: cost_tables.losses_of(other, STUDENT, SPACE, "tflite"))
        asked(cache, lambda: whole.beside(tables))
        return [cache.noted[name]["key"] for name in ("sensitivity", "whole files")]

    usual = keys(calibration=5, seed=7)
    for other in (keys(calibration=6, seed=7), keys(calibration=5, seed=8)):
        assert all(one != another for one, another in zip(usual, other, strict=True))


def test_the_store_still_finds_what_the_first_release_kept(tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text())["convert"]
    store = Store(tmp_path)

    def made(version: int, value: int) -> dict[str, Any]:
        return store.stage("convert", golden["inputs"], lambda: {"n": value}, version=version)

    assert made(golden["version"], 1) == made(golden["version"], 2) == {"n": 1}
    assert made(golden["version"] + 1, 3) == {"n": 3}
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as database:
        keys = {key for (key,) in database.execute("select key from stages")}
    kept = key_of(["convert", golden["version"], "0.1.0", golden["inputs"]])
    assert kept == FIRST
    assert kept in keys


def test_a_layout_is_part_of_the_key_only_where_it_is_not_the_plain_one() -> None:
    usual = Conversion(STUDENT, "tflite", ".tflite")
    assert set(usual.inputs()) == {"model", "format"}
    free = Conversion(STUDENT, "tflite", ".tflite", Layout(None, "loop"))
    assert free.inputs()["layout"] == {"batch": None, "recurrent": "loop"}


def test_a_projects_border_type_goes_into_files_and_not_into_what_is_trained(
    cache: Asked, context: RunContext, tmp_path: Path
) -> None:
    config = run_parts.settings(export={"io": "uint8"})
    formats: dict[str, Format] = {"tflite": TFLite(), "onnx": Onnx()}
    unsigned = replace(context, config=config, formats=formats)
    asked(
        cache,
        lambda: building.compressed(unsigned, STUDENT, RECIPE, run_parts.TEACHER, "make it"),
    )
    trained = json.loads(GOLDEN.read_text())["compress"]
    assert cache.noted["compress"] == trained
    recipe = with_io(RECIPE, "uint8")
    built = Built(Candidate(STUDENT, recipe, run_parts.TEACHER, (REPORT,)), "9" * 64)
    asked(cache, lambda: building.exported(unsigned, built, "tflite", "name"))
    assert cache.noted["export"]["inputs"]["bits"]["io"] == "uint8"
    asked(cache, lambda: building.exported(unsigned, built, "onnx", "name"))
    assert cache.noted["export"]["inputs"]["bits"].get("io", "") == ""
