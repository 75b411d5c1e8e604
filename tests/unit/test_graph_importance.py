"""How strongly channels speak."""

import numpy as np
import pytest
from tests.keras_networks import dense_net, residual_net, squeeze_excite_net

from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.importance import channel_importance, gammas, scale_importance, strongest


def test_strongest_takes_the_largest_and_the_earlier_of_equals() -> None:
    assert strongest(np.array([1.0, 3.0, 2.0, 3.0, 1.0]), 2) == [1, 3]
    assert strongest(np.array([1.0, 1.0, 1.0]), 2) == [0, 1]
    assert strongest(np.array([1.0, 2.0]), 5) == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize(("norm", "order"), [("l1", 1), ("l2", 2)])
def test_channel_importance_is_the_norm_of_what_makes_a_channel(norm: str, order: int) -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5,))
    x = layers.Dense(4, activation="relu", name="first")(inputs)
    model = backend.keras().Model(inputs, layers.Dense(2)(x))
    found = channel_importance(model, analyse(model), "l1" if norm == "l1" else "l2")
    expected = np.linalg.norm(np.asarray(model.get_layer("first").kernel), ord=order, axis=0)
    np.testing.assert_allclose(found["first"], expected / expected.mean(), rtol=1e-5)


@pytest.mark.slow
def test_channel_importance_heeds_the_batch_norm() -> None:
    model = dense_net()
    gamma, *others = model.get_layer("norm").get_weights()
    gamma[:] = 1
    gamma[3] = 0
    model.get_layer("norm").set_weights([gamma, *others])
    assert channel_importance(model, analyse(model))["first"][3] == 0


@pytest.mark.slow
def test_channel_importance_counts_all_layers_that_are_tied() -> None:
    model = residual_net()
    found = channel_importance(model, analyse(model))
    assert set(found) == {group.name for group in analyse(model).groups if group.prunable}
    np.testing.assert_allclose(found["block1_b"].mean(), 2, rtol=1e-6)
    np.testing.assert_allclose(found["block1_a"].mean(), 1, rtol=1e-6)


@pytest.mark.slow
def test_scale_importance_is_the_mean_scale_of_the_batch_norms_of_a_unit() -> None:
    model = residual_net()
    found = scale_importance(model, analyse(model))
    norms = [np.abs(np.asarray(model.get_layer(f"block1_{part}_norm").gamma)) for part in "ab"]
    other = np.abs(np.asarray(model.get_layer("block1_shortcut_norm").gamma))
    np.testing.assert_allclose(found["block1_a"], norms[0], rtol=1e-6)
    np.testing.assert_allclose(found["block1_b"], (norms[1] + other) / 2, rtol=1e-6)
    assert norms[0].std() > 0.05


@pytest.mark.slow
def test_scale_importance_without_batch_norms_is_the_magnitude_at_the_level_of_the_scales() -> None:
    model = squeeze_excite_net()
    graph = analyse(model)
    found, magnitudes = scale_importance(model, graph), channel_importance(model, graph)
    norms = ("expand_norm", "depthwise_norm")
    scales = [np.abs(np.asarray(model.get_layer(name).gamma)) for name in norms]
    np.testing.assert_allclose(found["expand"], np.mean(scales, axis=0), rtol=1e-6)
    shares = magnitudes["hidden"] / magnitudes["hidden"].mean()
    np.testing.assert_allclose(found["hidden"] / found["hidden"].mean(), shares, rtol=1e-6)
    assert found["hidden"].mean() == pytest.approx(found["squeeze"].mean())
    assert 0.5 < found["hidden"].mean() < 1.5


@pytest.mark.slow
def test_scale_importance_of_a_model_without_batch_norms_is_its_magnitude() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((5,))
    x = layers.Dense(4, activation="relu", name="first")(inputs)
    model = backend.keras().Model(inputs, layers.Dense(2)(x))
    graph = analyse(model)
    assert list(gammas(model, graph)) == []
    found, expected = scale_importance(model, graph), channel_importance(model, graph)
    np.testing.assert_allclose(found["first"], expected["first"])


@pytest.mark.slow
def test_importance_is_known_for_every_group_of_layers_of_many_kinds() -> None:
    layers = backend.keras().layers
    inputs = layers.Input((6, 8))
    x = layers.Dense(12, name="embed")(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(4, 3, name="attend")(x, x)])
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.Bidirectional(layers.GRU(5, return_sequences=True), name="both")(x)
    x = layers.Conv1D(8, 3, groups=2, name="grouped")(layers.Dense(8, name="widen")(x))
    model = backend.keras().Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling1D()(x)))
    graph = analyse(model)
    prunable = {group.name: group.channels for group in graph.groups if group.prunable}
    assert {"attend/heads", "widen"} <= set(prunable)
    for found in (channel_importance(model, graph), scale_importance(model, graph)):
        assert {name: len(values) for name, values in found.items()} == prunable
        assert all(np.isfinite(v).all() and (v >= 0).all() and v.any() for v in found.values())
