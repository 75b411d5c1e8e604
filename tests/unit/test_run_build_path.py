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
from edgehone.run.stages import Built, Refused, Workplace
from edgehone.system.files import sha256_of
from edgehone.values import Artifact, BitPlan, Event, Model, Recipe, Step

pytestmark = pytest.mark.slow

EVENTS: list[Event] = []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    found = run_parts.context(tmp_path_factory.mktemp("run"))
    shelf = replace(found.shelf, progress=EVENTS.append)
    shelf.scratch.mkdir(parents=True)
    with found.converter:
        yield replace(found, shelf=shelf, formats={"tflite": TFLite(), "onnx": Onnx()})


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
def teacher(place: Workplace) -> Model:
    return place.shelf.model(place.shelf.keep_model(network()))


@pytest.fixture(scope="module")
def built(place: Workplace, teacher: Model) -> Built:
    return place.compressed(teacher, Recipe((), BitPlan("int8")), teacher, "export the teacher")


def heard(stage: str) -> int:
    return sum(event.stage == stage for event in EVENTS)


def test_the_teacher_is_run_once(place: Workplace, teacher: Model) -> None:
    first, again = (place.teacher_outputs(teacher) for _ in range(2))
    assert heard("run the teacher") == 1
    expected = network().predict(place.data.test.x, verbose=0)
    np.testing.assert_allclose(first.test, expected, atol=1e-6)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert len(first.probe) == len(place.probe_x)


def test_a_teacher_whose_outputs_are_no_numbers_is_refused(place: Workplace) -> None:
    broken = network(bias=float("inf"))
    model = place.shelf.model(place.shelf.keep_model(broken))
    with pytest.raises(ExecutionError, match="not all numbers"):
        place.teacher_outputs(model)


def test_a_model_is_imported_once(place: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "mine.keras"
    network().save(file)
    identity = {"file": sha256_of(file)}
    first = place.shelf.imported(str(file), identity)
    file.unlink()
    assert place.shelf.imported(str(file), identity) == first
    assert (first.params, first.macs) == (6 * 16 + 16 + 16 * 3 + 3, 6 * 16 + 16 * 3)


def test_a_recipe_without_steps_keeps_the_model_and_its_outputs(
    place: Workplace, teacher: Model, built: Built
) -> None:
    assert built.candidate.model == teacher
    assert built.candidate.steps == ()
    expected = network().predict(place.parity_x, verbose=0)
    outputs = np.load(place.shelf.store.path_of(built.reference))
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_a_recipe_is_carried_out_once(place: Workplace, teacher: Model) -> None:
    recipe = Recipe((Step("prune_channels", {"ratio": 0.5}),), BitPlan("float32"))
    first = place.compressed(teacher, recipe, teacher, "make half")
    events = len(EVENTS)
    again = place.compressed(teacher, recipe, teacher, "make half")
    assert len(EVENTS) == events
    assert again == first
    assert first.candidate.model.params < teacher.params
    assert [each.technique for each in first.candidate.steps] == ["prune_channels"]


def test_a_model_is_scored_over_the_validation_split(place: Workplace, teacher: Model) -> None:
    split = place.data.validation
    expected = np.mean(network().predict(split.x, verbose=0).argmax(1) == split.y)
    assert place.score(teacher) == pytest.approx(expected)
    assert place.score(teacher) == pytest.approx(expected)


def test_a_float_file_is_converted_once(place: Workplace, teacher: Model) -> None:
    first, again = (place.float_file(teacher, "tflite") for _ in range(2))
    assert first == again
    assert heard("convert") == 1


def test_a_candidate_becomes_a_file_with_audit_and_parity(place: Workplace, built: Built) -> None:
    made = place.exported(built, "tflite", "teacher-int8")
    assert isinstance(made, Artifact)
    assert made.path == place.shelf.folder / "artifacts" / "teacher-int8.tflite"
    assert made.sha256 == sha256_of(made.path)
    assert made.size_bytes == made.path.stat().st_size
    assert made.audit is not None
    assert made.parity is not None
    assert made.audit["integer_only"]
    assert made.parity["agreement"] is not None
    assert made.parity["accuracy"] is not None  # validation samples have targets
    assert made.candidate == built.candidate
    made.path.unlink()
    again = place.exported(built, "tflite", "again")
    assert isinstance(again, Artifact)
    assert replace(again, path=made.path) == made


def test_a_format_that_cannot_be_made_is_refused_with_its_reason(
    place: Workplace, teacher: Model
) -> None:
    built = place.compressed(teacher, Recipe((), BitPlan("int16x8")), teacher, "make it")
    made = place.exported(built, "onnx", "teacher-int16x8")
    assert isinstance(made, Refused)
    assert made.format == "onnx"
    assert "int16x8" in made.reason
    assert made.hint


def test_a_file_is_checked_class_by_class_beside_the_teacher(
    place: Workplace, teacher: Model, built: Built
) -> None:
    made = place.exported(built, "tflite", "teacher-int8")
    assert isinstance(made, Artifact)
    outputs = place.teacher_outputs(teacher)
    found = place.generalization(made, teacher, outputs)
    assert [each["label"] for each in found["classes"]] == [0, 1, 2]
    assert place.generalization(made, teacher, outputs) == found
    assert heard("check the winner") == 1
