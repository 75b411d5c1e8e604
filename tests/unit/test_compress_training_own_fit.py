"""A user's function may train in the place of what trains here, and what is held stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, context, dense_net

from edgehone.compress.distill import Distill
from edgehone.compress.training.held import Held
from edgehone.compress.training.options import TrainingOptions
from edgehone.compress.training.trial import passes_of
from edgehone.errors import ConfigError

pytestmark = pytest.mark.slow  # TensorFlow

NOISE = 0.25


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def own(name: str) -> TrainingOptions:
    return TrainingOptions(fit=f"python:{Path(__file__).stem}:{name}")


def shift(model: Any, data: Any, teacher: Any, epochs: int) -> Any:
    assert len(data.train.x) == 96
    teacher.set_weights([each + 1 for each in teacher.get_weights()])
    model.set_weights([each + NOISE * epochs for each in model.get_weights()])
    return model


def stepping(model: Any, data: Any, teacher: Any, epochs: int) -> Any:
    from edgehone.graph import backend

    keras = backend.keras()
    base: Any = keras.Model

    class Stepping(base):  # type: ignore[misc]  # Keras has no types
        def train_step(self, batch: Any) -> Any:
            for variable in self.trainable_variables:
                variable.assign(variable + 1)
            return {"loss": keras.ops.zeros(())}

    trainer = Stepping(model.inputs, model.outputs)
    trainer.compile("adam")
    trainer.fit(data.train.x, data.train.y, 48, epochs, verbose=0)
    return model


def other(model: Any, data: Any, teacher: Any, epochs: int) -> Any:
    return dense_net(4, CLASSES + 1, "softmax")


def nothing(model: Any, data: Any, teacher: Any, epochs: int) -> None:
    return None


def wrecked(model: Any, data: Any, teacher: Any, epochs: int) -> Any:
    model.set_weights([each * np.nan for each in model.get_weights()])
    return model


def failing(model: Any, data: Any, teacher: Any, epochs: int) -> Any:
    raise RuntimeError("no more disk")


def test_the_function_trains_a_copy_and_what_is_held_stays() -> None:
    model, teacher = (dense_net(5, CLASSES, "softmax", seed=seed) for seed in (1, 2))
    model.get_layer("hidden").kernel.assign(model.get_layer("hidden").kernel * (np.arange(5) > 2))
    before, taught = model.get_weights(), teacher.get_weights()
    held = Held(zeros=frozenset({"hidden/kernel"}))
    found = Distill(epochs=3).apply(
        model, replace(context(teacher), options=own("shift"), held=held)
    )
    assert all(map(np.array_equal, model.get_weights(), before))
    assert all(map(np.array_equal, teacher.get_weights(), taught))
    after = found.model.get_weights()
    assert np.allclose(after[0], np.where(before[0] == 0, 0, before[0] + 3 * NOISE))
    assert np.allclose(after[2], before[2] + 3 * NOISE)
    assert passes_of(found.detail) == 3


def test_the_train_step_of_a_class_of_the_users_trains_the_models_layers() -> None:
    model = dense_net(5, CLASSES, "softmax")
    found = Distill(epochs=2).apply(model, replace(context(model), options=own("stepping"))).model
    for before, after in zip(model.get_weights(), found.get_weights(), strict=True):
        assert after == pytest.approx(before + 2 * 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [("other", "outputs of shapes"), ("nothing", "NoneType"), ("failing", "no more disk")],
)
def test_what_is_no_such_model_is_refused(name: str, message: str) -> None:
    model = dense_net(5, CLASSES, "softmax")
    with pytest.raises(ConfigError, match=message):
        Distill(epochs=1).apply(model, replace(context(model), options=own(name)))


def test_weights_that_are_not_finite_are_not_taken() -> None:
    model = dense_net(5, CLASSES, "softmax")
    found = Distill(epochs=1).apply(model, replace(context(model), options=own("wrecked")))
    assert found.model is model
    assert "not finite" in found.skipped
