"""Models as callers hold them: what each becomes, and what is told of those that cannot."""

import importlib
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests import small_project

import edgehone as eh
from edgehone.actions.api.models import given
from edgehone.errors import ModelError, UsageError
from edgehone.graph import backend
from edgehone.values import WARNING

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model() -> Any:
    return small_project.student()


@pytest.fixture(scope="module")
def own_module() -> ModuleType:
    """A module of the caller's own with a layer that nobody registered."""
    module = ModuleType("own_layers_of_a_test")
    code = "import keras\nclass Twice(keras.layers.Layer):\n    def call(self, x): return 2 * x\n"
    backend.keras()
    exec(code, module.__dict__)  # noqa: S102 - a module that a caller would have written
    return module


def test_a_model_in_memory_is_a_file_under_its_own_name(model: Any, tmp_path: Path) -> None:
    found = given(model, tmp_path)
    assert Path(found.source) == tmp_path / f"{model.name}.keras"
    assert found.in_memory
    assert dict(eh.inspect(model)) == dict(eh.inspect(found.source))


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    for odd in (3, None, [], object(), lambda: None):
        with pytest.raises(UsageError, match="model is"):
            given(odd, tmp_path)


def test_models_that_no_file_can_hold_are_refused(tmp_path: Path) -> None:
    keras = backend.keras()

    class Net(keras.Model):  # type: ignore[misc, name-defined]  # keras has no types here
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="subclassed"):
        eh.inspect(Net())
    with pytest.raises(ModelError, match="shape of its input"):
        eh.inspect(keras.Sequential([keras.layers.Dense(2)]))
    assert not list(tmp_path.iterdir())


def test_layers_of_a_notebook_are_refused_with_what_to_do(own_module: ModuleType) -> None:
    keras = backend.keras()
    image = keras.Input((4,))
    net = keras.Model(image, own_module.Twice()(image))
    with pytest.raises(ModelError, match="cannot import it") as error:
        eh.inspect(net)
    assert "a module of its own" in error.value.hint


def test_a_model_of_keras_2_is_carried_over(tmp_path: Path) -> None:
    import tf_keras

    old = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)], name="old")
    found = given(old, tmp_path)
    assert Path(found.source).suffix == ".h5"
    assert eh.inspect(old)["params"] == 10

    class Net(tf_keras.Model):  # type: ignore[misc]  # it has no types here
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="subclassed"):
        eh.inspect(Net())


def test_errors_call_objects_by_their_own_names(model: Any) -> None:
    x, y = eh.digits()
    with pytest.raises(eh.errors.DataError) as error:
        eh.compress(model, [eh.Slim], (x[..., :5], y))
    assert "x in 'data' has samples of shape (8, 5)" in error.value.message
    keras = backend.keras()
    images = [keras.Input((4,), name=name) for name in ("left", "right")]
    two = keras.Model(images, keras.layers.Add()(images), name="two")
    with pytest.raises(eh.errors.ConversionError) as refused:
        eh.compress(two, [eh.Slim], (x, y))
    assert refused.value.message.startswith("Model 'two' has 2 inputs")


def test_an_own_technique_is_passed_in_wherever_its_class_is_made(model: Any) -> None:
    @dataclass(frozen=True)
    class Nothing(eh.Technique):
        """Leaves the model as it is."""

        reason: str = "there is nothing to do"

        def apply(self, model: Any, context: eh.TrainingContext) -> eh.Outcome:
            return eh.Outcome(model, self.reason)

    x, y = eh.digits()
    data = (x[:300, ..., None].astype(np.float32), y[:300])
    made = eh.compress(model, [Nothing("no reason")], data, force=True)
    (report,) = made.reports
    assert report.technique.endswith(":Nothing")
    assert report.skipped == "no reason"
    assert "no reason" in made._repr_html_()


def test_a_process_that_has_seeded_nothing_may_call_anything() -> None:
    code = "import keras, edgehone; print(len(edgehone.digits()[0]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1797\n", done.stderr


def test_the_process_stays_as_it_was(model: Any, capfd: pytest.CaptureFixture[str]) -> None:
    keras = backend.keras()
    config = importlib.import_module("tensorflow.python.framework.config")
    repeats = config.is_op_determinism_enabled
    before = (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]  # the legacy generator's
        dict(os.environ),
        list(sys.path),
        Path.cwd(),
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        dict(keras.saving.get_custom_objects()),
        repeats(),
    )
    x, y = eh.digits()
    data = (x[:300, ..., None].astype(np.float32), y[:300])
    capfd.readouterr()
    events: list[eh.Event] = []
    made = eh.compress(
        model,
        [eh.PruneChannels(ratio=0.5), eh.Distill(epochs=1)],
        data,
        force=True,
        seed=5,
        progress=events.append,
    )
    assert capfd.readouterr().out == ""
    assert before == (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]  # as above
        dict(os.environ),
        list(sys.path),
        Path.cwd(),
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        dict(keras.saving.get_custom_objects()),
        repeats(),
    )
    assert made.model.count_params() < model.count_params()
    assert [each.technique for each in made.reports] == ["prune_channels", "distill"]
    assert any(event.stage == WARNING for event in events)  # the untrained teacher guesses
