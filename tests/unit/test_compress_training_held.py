"""What earlier steps made stays through later training."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tiny_nets import context, images, residual_net

from edgehone.compress._base import Outcome, TrainingContext
from edgehone.compress.cluster import Cluster
from edgehone.compress.distill import Distill
from edgehone.compress.prune_channels import PruneChannels
from edgehone.compress.prune_weights import PruneWeights
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.held import (
    Held,
    constrained,
    keeping,
    named_weights,
    shared_rule,
    zeros_rule,
)
from edgehone.data import Split
from edgehone.graph import backend
from edgehone.graph.fold import fold_batch_norms

HELD = Held(frozenset({"a/kernel", "head/kernel"}), frozenset({"b/kernel"}))
VALUES = 6


def kernel(model: Any, layer: str) -> NDArray[np.float32]:
    return np.asarray(model.get_layer(layer).kernel)


def thinned() -> Any:
    """A net with half the weights of `a` and `head` at 0, and six values in `b`."""
    model = residual_net(8)
    for layer in ("a", "head"):
        values = kernel(model, layer)
        model.get_layer(layer).kernel.assign(
            np.where(np.abs(values) < np.median(np.abs(values)), 0, values)
        )
    levels = np.linspace(-0.1, 0.1, VALUES).astype(np.float32)
    values = kernel(model, "b")
    model.get_layer("b").kernel.assign(levels[np.abs(values[..., None] - levels).argmin(-1)])
    return model


def on_labels(model: Any, shop: TrainingContext) -> Outcome:
    return fit_hard(model, shop, Schedule(2, 32, 1e-2))


def with_teacher(model: Any, shop: TrainingContext) -> Outcome:
    return Distill(epochs=2, batch_size=32, learning_rate=1e-2, features=0.2).apply(model, shop)


@pytest.mark.slow
@pytest.mark.parametrize("train", [on_labels, with_teacher])
def test_training_keeps_zeros_and_shared_values_and_nothing_else(
    train: Callable[[Any, TrainingContext], Outcome],
) -> None:
    model = thinned()
    after = train(model, replace(context(model), held=HELD)).model
    for layer in ("a", "head"):
        zero = kernel(model, layer) == 0
        assert 0.4 < zero.mean() < 0.6
        assert (kernel(after, layer) == 0).tolist() == zero.tolist()
        assert not np.isclose(kernel(after, layer)[~zero], kernel(model, layer)[~zero]).all()
    assert len(np.unique(kernel(after, "b"))) == VALUES
    assert not np.isclose(kernel(after, "b"), kernel(model, "b")).any()
    free = train(model, context(model)).model
    assert (kernel(free, "a") == 0).mean() < 0.01
    assert len(np.unique(kernel(free, "b"))) > 100


@pytest.mark.slow
def test_what_is_held_survives_folding_and_the_loss_of_channels() -> None:
    model = thinned()
    shop = replace(context(model), held=HELD)
    folded = fold_batch_norms(model)
    smaller = PruneChannels({"a": 9}).apply(folded, shop).model
    after = on_labels(smaller, shop).model
    assert kernel(after, "a").shape == (3, 3, 8, 9)
    zero = kernel(smaller, "a") == 0
    assert zero.any()
    assert (kernel(after, "a") == 0).tolist() == zero.tolist()
    assert not np.isclose(kernel(after, "a")[~zero], kernel(smaller, "a")[~zero]).all()


@pytest.mark.slow
def test_layers_constraints_of_their_own_stay_and_come_first() -> None:
    keras = backend.keras()
    inputs = keras.layers.Input((4,))
    bound = keras.constraints.MaxNorm(0.5)
    outputs = keras.layers.Dense(3, kernel_constraint=bound, name="first")(inputs)
    model = keras.Model(inputs, outputs)
    weight = model.get_layer("first").kernel
    weight.assign(np.where(np.eye(4, 3), 0, 2.0))
    with keeping(model, Held(zeros=frozenset({"first/kernel"}))):
        changed = np.asarray(weight.constraint(weight + 1.0))
        assert (changed[np.eye(4, 3) == 1] == 0).all()
        norms = np.linalg.norm(np.asarray(bound(weight + 1.0)), axis=0)
        assert (np.linalg.norm(changed, axis=0) < norms).all()
        assert norms == pytest.approx(0.5, rel=1e-5)
    assert weight.constraint is bound


@pytest.mark.slow
def test_constraints_are_put_back_also_when_the_training_fails() -> None:
    weight = residual_net(8).get_layer("a").kernel

    def fail() -> None:
        with constrained([(weight, lambda value: value), (weight, lambda value: value * 2)]):
            assert float(np.asarray(weight.constraint(np.float32(3)))) == 6
            raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        fail()
    assert weight.constraint is None


@pytest.mark.slow
def test_zeros_rule_puts_zeros_back_whatever_came_of_them() -> None:
    rule = zeros_rule(np.array([[0.0, 1.0], [2.0, 0.0]]))
    found = rule(np.array([[np.nan, 3.0], [0.0, np.inf]], np.float32))
    assert np.asarray(found).tolist() == [[0, 3], [0, 0]]


@pytest.mark.slow
def test_shared_rule_gives_members_their_mean() -> None:
    values = np.array([[1.0, 2.0, 1.0], [2.0, 5.0, 1.0]])
    found = np.asarray(shared_rule(values)(np.array([[3, 1, 6], [2, 7, 0]], np.float32)))
    assert found.tolist() == [[3, 1.5, 3], [1.5, 7, 3]]


def test_held_joins_and_is_true_when_anything_is_held() -> None:
    assert not Held()
    joined = Held(zeros=frozenset({"a/kernel"})) | Held(shared=frozenset({"a/kernel"}))
    assert joined == Held(frozenset({"a/kernel"}), frozenset({"a/kernel"}))
    assert joined


@pytest.mark.slow
def test_held_names_that_a_model_lacks_mean_nothing() -> None:
    model = residual_net(8)
    with keeping(model, Held(frozenset({"gone/kernel"}), frozenset({"a/gone"}))):
        assert all(weight.constraint is None for weight in model.weights)


@pytest.mark.slow
def test_named_weights_are_those_that_train() -> None:
    model = residual_net(8)
    model.get_layer("a").trainable = False
    found = named_weights(model)
    assert {"stem/kernel", "stem_bn/gamma", "head/bias"} <= set(found)
    assert not {"a/kernel", "stem_bn/moving_mean"} & set(found)


def layered_net() -> Any:
    """Two attention layers and a bidirectional GRU: kernels that lie in layers inside layers."""
    layers = backend.keras().layers
    x = sequence = layers.Input((8, 8), name="sequence")
    for number in range(2):
        x = layers.MultiHeadAttention(2, 4, name=f"attention{number}")(x, x)
    x = layers.Bidirectional(layers.GRU(6), name="both_ways")(x)
    return backend.keras().Model(sequence, layers.Dense(3, activation="softmax", name="head")(x))


@pytest.mark.slow
def test_weights_inside_layers_inside_layers_have_names_of_their_own() -> None:
    model = layered_net()
    found = named_weights(model)
    assert all(len(weights) == 1 for weights in found.values())
    assert len(found) == len(model.trainable_variables)
    assert {"attention0/query/kernel", "attention1/query/kernel", "head/kernel"} <= set(found)


@pytest.mark.slow
@pytest.mark.parametrize("technique", [PruneWeights(0.5, epochs=1), Cluster(4, epochs=1)])
def test_kernels_inside_layers_inside_layers_are_thinned_and_shared(technique: Any) -> None:
    model = layered_net()
    split = Split(np.squeeze(images().x, -1), images().y)
    done = technique.apply(model, context(model, train=split))
    kernels = {
        name: np.asarray(weight)
        for name, (weight,) in named_weights(done.model).items()
        if name.endswith("kernel")
    }
    assert len(kernels) == 4 + 4 + 2 + 2 + 1
    for name, kernel in kernels.items():
        if isinstance(technique, Cluster):
            assert len(np.unique(kernel)) <= 4, name
        else:
            assert (kernel == 0).mean() == pytest.approx(0.5, abs=0.03), name
