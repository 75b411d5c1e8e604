"""Labels may be learned from by a loss of Keras, of the model's file, or the user's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, context, dense_net, images, outputs

from edgehone.compress.distill import Distill
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.options import TrainingOptions
from edgehone.data import Split
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.values import Task

pytestmark = pytest.mark.slow  # TensorFlow

ONCE = Schedule(1, 96, 1e-12)
"""One batch at a rate near 0: the reported loss is that of the start."""


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def squares(targets: Any, answers: Any) -> Any:
    ops = backend.keras().ops
    return ops.mean(ops.square(ops.one_hot(targets, CLASSES) - answers), axis=-1)


OWN = f"python:{Path(__file__).stem}:squares"


def start(model: Any, split: Split, **options: Any) -> float:
    task = Task("regression", "mse") if split.y.dtype.kind == "f" else Task()
    shop = replace(context(train=split, task=task), options=TrainingOptions(**options))
    loss: Any = fit_hard(model, shop, ONCE).detail["losses"]
    return float(loss[0])


@pytest.mark.parametrize("activation", ["softmax", "linear"])
@pytest.mark.parametrize(
    ("name", "sparse"),
    [("categorical_focal_crossentropy", False), ("SparseCategoricalCrossentropy", True)],
)
def test_a_loss_of_keras_sees_probabilities_and_labels_as_it_takes_them(
    activation: str, name: str, sparse: bool
) -> None:
    model, split = dense_net(6, CLASSES, activation), images()
    answers = outputs(model, split.x)
    if activation == "linear":
        answers = np.exp(answers) / np.exp(answers).sum(-1, keepdims=True)
    targets = split.y if sparse else np.eye(CLASSES, dtype=np.float32)[split.y]
    expected = np.mean(backend.keras().losses.get(name)(targets, answers))
    assert start(model, split, loss=name) == pytest.approx(float(expected), rel=1e-4)


def test_one_column_is_shown_as_one() -> None:
    model, split = dense_net(6, 1, "sigmoid"), images()
    split = Split(split.x, split.y % 2)
    expected = backend.keras().losses.binary_focal_crossentropy(
        split.y[:, None].astype(np.float32), outputs(model, split.x)
    )
    found = start(model, split, loss="binary_focal_crossentropy")
    assert found == pytest.approx(float(np.mean(expected)), rel=1e-4)


def test_numbers_are_learned_by_a_loss_of_keras() -> None:
    model, split = dense_net(6, 2, "linear"), images()
    split = Split(split.x, np.stack([split.y, -split.y], -1).astype(np.float32))
    expected = backend.keras().losses.huber(split.y, outputs(model, split.x))
    assert start(model, split, loss="huber") == pytest.approx(float(np.mean(expected)), rel=1e-4)


@pytest.mark.parametrize(
    "step",
    [
        Distill(1, 96, 1e-12, soft=1e-9, hard=1.0),
        QuantizeAware(epochs=1, batch_size=96, learning_rate=1e-12, soft=0.0),
        Slimmable(epochs=1, batch_size=96, learning_rate=1e-12, soft=0.0),
    ],
    ids=["distill", "quantize_aware", "slimmable"],
)
def test_every_training_has_a_function_of_the_users(step: Any) -> None:
    model = dense_net(6, CLASSES, "softmax")
    shop = replace(context(model), options=TrainingOptions(loss=OWN))
    split = shop.data.train
    errors = np.square(np.eye(CLASSES)[split.y] - outputs(model, split.x)).mean()
    found = step.apply(model, shop).detail["losses"][0]
    assert found == pytest.approx(errors, rel=0.02 if isinstance(step, QuantizeAware) else 1e-4)


def test_the_loss_of_a_models_file_is_found(tmp_path: Path) -> None:
    keras = backend.keras()
    model = dense_net(6, CLASSES, "linear")
    model.compile("sgd", keras.losses.CategoricalHinge())
    model.save(tmp_path / "net.keras")
    asked = TrainingOptions(loss="compiled")
    found = asked.of_model(str(tmp_path / "net.keras"))
    assert (found.loss, found.loss_settings["name"]) == ("CategoricalHinge", "categorical_hinge")
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", logits)
    model.save(tmp_path / "net.keras")
    found = asked.of_model(str(tmp_path / "net.keras"))
    own, usual = (
        start(model, images(), **each)
        for each in ({"loss": found.loss, "loss_settings": found.loss_settings}, {})
    )
    assert own == pytest.approx(usual, rel=1e-5)
    dense_net(6, CLASSES, "linear").save(tmp_path / "bare.keras")
    for source in ("bare.keras", "absent.keras"):
        with pytest.raises(ConfigError, match=source):
            asked.of_model(str(tmp_path / source))


def test_an_unknown_loss_and_one_beside_weights_are_refused() -> None:
    with pytest.raises(ConfigError, match="Keras has no loss 'crossentropy'"):
        start(dense_net(6, CLASSES, "softmax"), images(), loss="crossentropy")
    with pytest.raises(ConfigError, match="beside class_weights"):
        TrainingOptions(loss="huber", class_weights="balanced")
