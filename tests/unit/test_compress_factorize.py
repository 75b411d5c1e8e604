from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import dense_net, images, outputs, residual_net, workshop

from edgehone.compress.factorize import Factorize
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.costs import layer_costs


def low_rank(layer: Any, rank: int) -> None:
    """Give a layer a kernel of exactly that rank."""
    rng = np.random.default_rng(5)
    kernel, *bias = layer.get_weights()
    made = rng.normal(size=(kernel.size // kernel.shape[-1], rank))
    layer.set_weights(
        [(made @ rng.normal(size=(rank, kernel.shape[-1]))).reshape(kernel.shape), *bias]
    )


def test_factorize_keeps_the_outputs_when_the_rank_holds_the_kernel() -> None:
    model, x = residual_net(), images(16).x
    low_rank(model.get_layer("a"), 3)
    result = Factorize({"a": 3}).apply(model, workshop())
    assert result.detail["ranks"] == {"a": [3, 16]}
    assert outputs(model, x).std() > 0.01
    assert np.allclose(outputs(result.model, x), outputs(model, x), atol=1e-5)


def test_factorize_keeps_strides_bias_and_activation_of_every_kind() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = keras.Input((12, 6))
    x = layers.Conv1D(9, 3, 2, "same", activation="relu", name="one")(inputs)
    x = layers.Conv1D(9, 2, dilation_rate=2, padding="valid", name="wide", use_bias=False)(x)
    model = keras.Model(inputs, layers.Dense(8, activation="tanh", name="dense")(x))
    for layer in model.layers[1:]:
        low_rank(layer, 2)
    result = Factorize({"one": 2, "wide": 2, "dense": 2}).apply(model, workshop())
    data = np.random.default_rng(1).normal(size=(5, 12, 6)).astype(np.float32)
    assert [layer.name for layer in result.model.layers[1:]] == [
        "one_svd", "one", "wide_svd", "wide", "dense_svd", "dense"
    ]  # fmt: skip
    assert not result.model.get_layer("one_svd").use_bias
    assert np.allclose(outputs(result.model, data), outputs(model, data), atol=1e-4)


def test_factorize_by_energy_takes_the_smallest_rank_that_holds_it() -> None:
    model = dense_net(24, 3, "softmax")
    low_rank(model.get_layer("hidden"), 4)
    result = Factorize(energy=0.999999).apply(model, workshop())
    assert result.detail["ranks"] == {"hidden": [4, 24]}
    before, after = layer_costs(model), layer_costs(result.model)
    assert sum(c.macs for c in before) - sum(c.macs for c in after) == 64 * 24 - 4 * (64 + 24)


def test_factorize_refuses_ranks_that_would_cost_more() -> None:
    result = Factorize({"head": 3, "hidden": 18}).apply(dense_net(24, 3, "softmax"), workshop())
    assert result.skipped
    assert "112%" in result.detail["refused"]["head"]
    assert set(result.detail["refused"]) == {"head", "hidden"}


def test_factorize_refuses_layers_that_are_no_kernels_or_were_split_before() -> None:
    model = residual_net()
    once = Factorize({"a": 2}).apply(model, workshop()).model
    refused = Factorize({"a": 1, "a_svd": 1, "pool": 1}).apply(once, workshop()).detail["refused"]
    assert "before" in refused["a"]
    assert "before" in refused["a_svd"]
    assert "GlobalAveragePooling2D" in refused["pool"]


def test_factorize_suggests_the_nearest_layer_for_an_unknown_one() -> None:
    with pytest.raises(ConfigError, match="'haed'") as caught:
        Factorize({"haed": 2}).apply(residual_net(), workshop())
    assert "'head'" in caught.value.hint


@pytest.mark.parametrize("settings", [{"ranks": {"a": 0}}, {"energy": 0}, {"minimum_saving": 2}])
def test_factorize_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Factorize(**settings)
