"""What of the model itself every training keeps: frozen layers, constraints, regularizers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, SIDE, context

from edgehone.compress.cluster import Cluster
from edgehone.compress.distill import Distill
from edgehone.compress.prune_weights import PruneWeights
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.recipe import compress
from edgehone.compress.slim import Slim
from edgehone.compress.training.options import TrainingOptions
from edgehone.graph import backend
from edgehone.values import Recipe, Step

pytestmark = pytest.mark.slow  # TensorFlow


def net(frozen: tuple[str, ...] = ("backbone",), *, penalty: float = 0.0) -> Any:
    """(8, 8, 1) -> 3 classes: a frozen convolution, a batch norm, and a head of two layers."""
    keras = backend.keras()
    backend.seed(2)
    layers, limit = keras.layers, keras.constraints.MaxNorm(0.3)
    x = inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(6, 3, use_bias=False, name="backbone")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.GlobalAveragePooling2D()(x)
    regularizer = keras.regularizers.L2(penalty) if penalty else None
    x = layers.Dense(8, "relu", kernel_regularizer=regularizer, name="mid")(x)
    x = layers.Dense(CLASSES, "softmax", kernel_constraint=limit, name="head")(x)
    model = keras.Model(inputs, x)
    for name in frozen:
        model.get_layer(name).trainable = False
    return model


def moved(before: Any, after: Any, name: str) -> float:
    one, other = (each.get_layer(name).get_weights()[0] for each in (before, after))
    return float(np.abs(one - other).max())


STEPS = {
    "labels": Distill(1, 32, 1e-2, soft=0.0),
    "distill": Distill(1, 32, 1e-2, soft=0.5),
    "features": Distill(1, 32, 1e-2, soft=0.5, features=1.0),
    "slim": Slim(epochs=1, batch_size=32),
    "prune_weights": PruneWeights(sparsity=0.5, epochs=1, batch_size=32, skip=("backbone",)),
    "cluster": Cluster(clusters=4, epochs=1, batch_size=32, skip=("backbone",)),
    "quantize_aware": QuantizeAware(epochs=1, batch_size=32, learning_rate=1e-2, soft=0.0),
}


@pytest.mark.parametrize("name", STEPS)
def test_frozen_layers_stay_frozen_and_constraints_hold(name: str) -> None:
    model = net(("backbone", "norm"))
    found = STEPS[name].apply(model, context(model)).model
    if name not in ("cluster", "quantize_aware", "slim"):  # which fold batch norms or cut channels
        assert moved(model, found, "backbone") == 0
        assert moved(model, found, "norm") == 0
    assert not found.get_layer("backbone").trainable
    assert moved(model, found, "head") > 0
    if name not in ("cluster", "prune_weights"):  # whose own rules come after the constraint
        norms = np.linalg.norm(found.get_layer("head").get_weights()[0], axis=0)
        assert norms.max() < 0.3 + 1e-4


def test_frozen_layers_train_when_asked_and_where_nothing_else_would() -> None:
    model, step = net(), STEPS["labels"]
    asked = replace(context(), options=TrainingOptions(frozen="train"))
    assert moved(model, step.apply(model, asked).model, "backbone") > 0
    model.trainable = False
    assert moved(model, step.apply(model, context()).model, "backbone") > 0


def test_layers_that_a_step_has_cut_train() -> None:
    model = net(("backbone", "mid"))
    steps = Step("prune_channels", {"ratio": 0.5}), Step("distill", {"epochs": 1})
    cut, _ = compress(model, Recipe(steps[:1]), context(model))
    found, _ = compress(model, Recipe(steps), context(model))
    assert found.get_layer("backbone").get_weights()[0].shape[-1] < 6
    assert moved(cut, found, "backbone") > 0


@pytest.mark.parametrize("asked", [False, True])
def test_regularizers_count_beside_a_teacher_when_asked(asked: bool) -> None:
    model = net(penalty=100.0)
    shop = replace(context(model), options=TrainingOptions(regularizers=asked))
    loss = Distill(1, 96, 1e-9, soft=0.5).apply(model, shop).detail["losses"][0]
    penalty = 100 * (model.get_layer("mid").get_weights()[0] ** 2).sum()
    assert (loss > penalty) == asked
