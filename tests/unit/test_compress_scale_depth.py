"""Depth scaling as a technique."""

from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import context, dense_net, images, outputs

from edgehone.compress.scale_depth import ScaleDepth
from edgehone.errors import ConfigError
from edgehone.graph import backend

pytestmark = pytest.mark.slow  # TensorFlow


def deep_net(scales: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)) -> Any:
    """(8, 8, 1) -> 3 classes through residual blocks whose branches have these sizes."""
    backend.seed(1)
    keras = backend.keras()
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(6, 3, 2, "same", activation="relu", name="stem")(x)
    for number, scale in enumerate(scales):
        y = layers.Conv2D(6, 3, padding="same", name=f"conv{number}")(x)
        x = layers.Add(name=f"add{number}")([x, y])
        model = keras.Model(inputs, x)
        kernel, bias = model.get_layer(f"conv{number}").get_weights()
        model.get_layer(f"conv{number}").set_weights([scale * kernel, bias])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x))


@pytest.mark.parametrize(("factor", "kept"), [(1.0, 4), (0.75, 3), (0.5, 2), (0.34, 1), (0.05, 1)])
def test_scale_depth_keeps_its_share_of_the_blocks(factor: float, kept: int) -> None:
    model = deep_net()
    result = ScaleDepth(factor).apply(model, context(model))
    convs = [layer.name for layer in result.model.layers if layer.name.startswith("conv")]
    assert len(convs) == kept
    assert convs[0] == "conv0"
    assert bool(result.skipped) == (kept == 4)
    if kept < 4:
        assert result.detail["stages"] == [[kept, 4]]


def test_scale_depth_drops_the_blocks_that_change_least() -> None:
    model = deep_net((0.01, 1.5, 0.001, 1.5))
    result = ScaleDepth(0.75).apply(model, context(model))
    assert result.detail["dropped"] == ["add2"]  # add0 changes little too, but is the first
    assert np.ptp(outputs(model, images().x)) > 0.1
    assert np.allclose(outputs(result.model, images().x), outputs(model, images().x), atol=5e-3)
    for layer in (layer for layer in result.model.layers if layer.weights):
        pairs = zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True)
        assert all((mine == its).all() for mine, its in pairs)


def test_scale_depth_without_inheriting_draws_all_weights_anew() -> None:
    model = deep_net()
    runs = [ScaleDepth(0.5, inherit=False).apply(model, context(model)) for _ in range(2)]
    assert runs[0].detail["dropped"] == ["add3", "add2"]
    kernels = [run.model.get_layer("conv0").get_weights()[0] for run in runs]
    assert (kernels[0] == kernels[1]).all()
    assert not np.allclose(kernels[0], model.get_layer("conv0").get_weights()[0])


def test_scale_depth_says_when_there_is_nothing_to_drop() -> None:
    model = dense_net(8, 3, "softmax")
    result = ScaleDepth(0.5).apply(model, context(model))
    assert result.model is model
    assert result.skipped == "the model has no removable blocks"


@pytest.mark.parametrize("settings", [{"factor": 0}, {"factor": 1.1}, {"inherit": "yes"}])
def test_scale_depth_refuses_settings_out_of_range(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ScaleDepth(**settings)
