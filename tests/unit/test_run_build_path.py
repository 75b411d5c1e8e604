"""From a Keras model to a candidate, a file and a score: each step is done once, then looked up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import run_parts

from edgehone.errors import ExecutionError
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.graph import backend
from edgehone.run import building
from edgehone.run.cache import MemoryCache
from edgehone.run.context import RunContext
from edgehone.run.stages.compression import Built
from edgehone.run.stages.importing import import_model
from edgehone.run.stages.quantization import Refused
from edgehone.system.files import sha256_of
from edgehone.values import Artifact, Event, Model, PrecisionPlan, Recipe, Step

pytestmark = pytest.mark.slow

EVENTS: list[Event] = []


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    found = run_parts.context(tmp_path_factory.mktemp("run"))
    workspace = replace(found.workspace, progress=EVENTS.append)
    workspace.scratch.mkdir(parents=True)
    with found.converter:
        yield replace(found, workspace=workspace, formats={"tflite": TFLite(), "onnx": Onnx()})


def network(bias: float = 0.0) -> Any:
    keras: Any = backend.keras()
    backend.seed(3)
    layers = keras.layers
    x = start = layers.Input((6,), name="values")
    x = layers.Dense(16, activation="relu", name="hidden")(x)
    label = layers.Dense(
        3,
        activation="softmax",
        name="label",
        bias_initializer=keras.initializers.Constant(bias),
    )
    return keras.Model(start, label(x))


@pytest.fixture(scope="module")
def teacher(context: RunContext) -> Model:
    return context.workspace.model(context.workspace.keep_model(network()))


@pytest.fixture(scope="module")
def built(context: RunContext, teacher: Model) -> Built:
    return building.compressed(
        context, teacher, Recipe((), PrecisionPlan("int8")), teacher, "export the teacher"
    )


def on_line(stage: str) -> int:
    return sum(event.stage == stage for event in EVENTS)


def test_the_teacher_is_run_once(context: RunContext, teacher: Model) -> None:
    first, again = (building.teacher_outputs(context, teacher) for _ in range(2))
    assert on_line("run the teacher") == 1
    expected = network().predict(context.data.test.x, verbose=0)
    np.testing.assert_allclose(first.test, expected, atol=1e-6)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert len(first.probe) == len(context.probe.x)


def test_a_teacher_whose_outputs_are_no_numbers_is_refused(context: RunContext) -> None:
    broken = network(bias=float("inf"))
    model = context.workspace.model(context.workspace.keep_model(broken))
    with pytest.raises(ExecutionError, match="not all numbers"):
        building.teacher_outputs(context, model)


def test_a_model_is_imported_once(context: RunContext, tmp_path: Path) -> None:
    file = tmp_path / "mine.keras"
    network().save(file)
    identity = {"file": sha256_of(file)}
    first = import_model(str(file), identity, context.workspace)
    file.unlink()
    assert import_model(str(file), identity, context.workspace) == first
    assert (first.params, first.macs) == (6 * 16 + 16 + 16 * 3 + 3, 6 * 16 + 16 * 3)


def test_a_recipe_without_steps_keeps_the_model_and_its_outputs(
    context: RunContext, teacher: Model, built: Built
) -> None:
    assert built.candidate.model == teacher
    assert built.candidate.steps == ()
    expected = network().predict(context.training.compared_x, verbose=0)
    outputs = np.load(context.workspace.cache.path_of(built.reference))
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_a_recipe_is_carried_out_once(context: RunContext, teacher: Model) -> None:
    recipe = Recipe((Step("prune_channels", {"ratio": 0.5}),), PrecisionPlan("float32"))
    first = building.compressed(context, teacher, recipe, teacher, "make half")
    events = len(EVENTS)
    again = building.compressed(context, teacher, recipe, teacher, "make half")
    assert len(EVENTS) == events
    assert again == first
    assert first.candidate.model.params < teacher.params
    assert [each.technique for each in first.candidate.steps] == ["prune_channels"]


def test_a_recipe_that_goes_on_from_its_beginning_makes_the_same_as_in_one_go(
    context: RunContext, teacher: Model, tmp_path: Path
) -> None:
    first = (Step("prune_weights", {"sparsity": 0.5}), Step("distill", {"epochs": 1}))
    recipe = Recipe((*first, Step("distill", {"epochs": 2})))
    begun = Recipe(first)
    building.compressed(context, teacher, begun, teacher, "begin")
    events = len(EVENTS)
    gone_on = building.compressed(context, teacher, recipe, teacher, "go on", begun)
    told = [event.text for event in EVENTS[events:]]
    assert not any("prune_weights" in text for text in told)
    assert [each.technique for each in gone_on.candidate.steps] == [
        "prune_weights",
        "distill",
        "distill",
    ]
    alone = replace(context, workspace=replace(context.workspace, cache=MemoryCache(tmp_path)))
    whole = building.compressed(alone, teacher, recipe, teacher, "in one go")
    assert gone_on.candidate.steps == whole.candidate.steps
    models = [
        each.workspace.keras_model(made.candidate.model)
        for each, made in ((context, gone_on), (alone, whole))
    ]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
    kernel = models[0].get_layer("hidden").get_weights()[0]
    assert (kernel == 0).mean() == pytest.approx(0.5, abs=0.01)  # held through the last step
    assert building.compressed(context, teacher, recipe, teacher, "again") == gone_on


def test_a_model_is_scored_over_the_validation_split(context: RunContext, teacher: Model) -> None:
    split = context.data.validation
    expected = np.mean(network().predict(split.x, verbose=0).argmax(1) == split.y)
    assert building.scored(context, teacher) == pytest.approx(expected)
    assert building.scored(context, teacher) == pytest.approx(expected)


def test_a_float_file_is_converted_once(context: RunContext, teacher: Model) -> None:
    first, again = (building.float_file(context, teacher, "tflite") for _ in range(2))
    assert first == again
    assert on_line("convert") == 1


def test_a_candidate_becomes_a_file_with_audit_and_parity(
    context: RunContext, built: Built
) -> None:
    made = building.exported(context, built, "tflite", "teacher-int8")
    assert isinstance(made, Artifact)
    assert made.path == context.workspace.folder / "artifacts" / "teacher-int8.tflite"
    assert made.sha256 == sha256_of(made.path)
    assert made.size_bytes == made.path.stat().st_size
    assert made.audit is not None
    assert made.parity is not None
    assert made.audit["integer_only"]
    assert made.parity["agreement"] is not None
    assert made.parity["accuracy"] is not None  # validation samples have targets
    assert made.candidate == built.candidate
    made.path.unlink()
    again = building.exported(context, built, "tflite", "again")
    assert isinstance(again, Artifact)
    assert replace(again, path=made.path) == made


def test_a_format_that_cannot_be_made_is_refused_with_its_reason(
    context: RunContext, teacher: Model
) -> None:
    built = building.compressed(
        context, teacher, Recipe((), PrecisionPlan("int16x8")), teacher, "make it"
    )
    made = building.exported(context, built, "onnx", "teacher-int16x8")
    assert isinstance(made, Refused)
    assert made.format == "onnx"
    assert "int16x8" in made.reason
    assert made.hint


def test_a_file_is_checked_class_by_class_beside_the_teacher(
    context: RunContext, teacher: Model, built: Built
) -> None:
    made = building.exported(context, built, "tflite", "teacher-int8")
    assert isinstance(made, Artifact)
    outputs = building.teacher_outputs(context, teacher)
    found = building.winner_robustness(context, made, teacher, outputs)
    assert [each["label"] for each in found["classes"]] == [0, 1, 2]
    assert building.winner_robustness(context, made, teacher, outputs) == found
    assert on_line("check the winner") == 1
