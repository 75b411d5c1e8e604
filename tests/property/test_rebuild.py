"""Any network cut down to any of its channels equals itself with the others masked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.keras_networks import images, shaken

from edgehone.graph import backend
from edgehone.graph.fold import fold_batch_norms
from edgehone.graph.groups import analyse
from edgehone.graph.rebuild import keep_channels, masked

SIZE = 4
SHAPE = (SIZE, SIZE, 2)
KINDS = ("conv", "norm", "act", "add", "concat", "depthwise", "excite", "pad", "scale", "tie")

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class Growing:
    """A network while it grows: maps (SIZE, SIZE, c) that later layers may take."""

    draw: Draw
    maps: list[Any] = field(default_factory=list)

    def pick(self) -> Any:
        return self.draw(st.sampled_from(self.maps[-4:]))

    def conv(self, x: Any, width: int) -> Any:
        layers = backend.keras().layers
        kernel = self.draw(st.sampled_from([1, 3]))
        bias = self.draw(st.booleans())
        return layers.Conv2D(width, kernel, padding="same", use_bias=bias)(x)

    def grow(self, kind: str) -> None:
        layers, x = backend.keras().layers, self.pick()
        match kind:
            case "conv":
                made = self.conv(x, self.draw(st.integers(1, 5)))
            case "norm":
                made = layers.BatchNormalization()(x)
            case "act":
                names = ["relu", "tanh", "hard_silu", "softmax"]
                made = layers.Activation(self.draw(st.sampled_from(names)))(x)
            case "add":
                made = layers.Add()([x, self.conv(self.pick(), x.shape[-1])])
            case "concat":
                made = layers.Concatenate()([x, self.pick()])
            case "depthwise":
                multiplier = self.draw(st.sampled_from([1, 1, 2]))
                made = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=multiplier)(x)
            case "excite":
                gate = layers.Dense(3, activation="relu")(layers.GlobalAveragePooling2D()(x))
                gate = layers.Dense(x.shape[-1], activation="sigmoid")(gate)
                made = layers.Multiply()([x, layers.Reshape((1, 1, x.shape[-1]))(gate)])
            case "pad":
                made = layers.MaxPooling2D(3, strides=1)(layers.ZeroPadding2D(1)(x))
            case "scale":
                made = x * 0.5 + 1.0
            case _:
                others = [m for m in self.maps if m.shape[-1] == x.shape[-1]]
                made = layers.Maximum()([x, self.draw(st.sampled_from(others))])
        self.maps.append(made)


def network(draw: Draw) -> Any:
    """A random network; not a strategy of its own, as Keras draws weights while it is built."""
    keras = backend.keras()
    inputs = keras.layers.Input(SHAPE)
    growing = Growing(draw, [inputs])
    growing.maps.append(growing.conv(inputs, draw(st.integers(2, 5))))
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=9)):
        growing.grow(kind)
    last = keras.layers.Concatenate()(growing.maps[-2:])
    flat = draw(st.sampled_from([keras.layers.Flatten, keras.layers.GlobalMaxPooling2D]))()(last)
    hidden = keras.layers.Dense(draw(st.integers(2, 6)), activation="relu")(flat)
    model = keras.Model(inputs, keras.layers.Dense(3)(hidden))
    return shaken(model, draw(st.integers(0, 99)))


def close(left: Any, right: Any) -> None:
    scale = max(float(np.abs(right).max()), 1e-3)
    assert np.abs(left - right).max() <= 1e-5 * scale


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_cut_network_equals_the_masked_one(data: st.DataObject) -> None:
    model = network(data.draw)
    graph = analyse(model)
    kept, removed = {}, {}
    for group in graph.groups:
        if group.prunable:
            count = data.draw(st.integers(1, group.channels))
            order = data.draw(st.permutations(range(group.channels)))
            kept[group.name], removed[group.name] = order[:count], order[count:]
    x = images(3, shape=SHAPE)
    with masked(model, graph, removed):
        expected = np.asarray(model(x, training=False))
    close(np.asarray(keep_channels(model, graph, kept)(x, training=False)), expected)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_network_computes_the_same_with_its_batch_norms_folded(data: st.DataObject) -> None:
    model = network(data.draw)
    x = images(3, shape=SHAPE)
    folded = fold_batch_norms(model)
    close(np.asarray(folded(x, training=False)), np.asarray(model(x, training=False)))
