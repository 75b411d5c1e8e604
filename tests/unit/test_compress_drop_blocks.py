"""Block dropping as a technique."""

from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import context, dense_net, images, outputs

from edgehone.compress.drop_blocks import DropBlocks
from edgehone.errors import ConfigError
from edgehone.graph import backend

pytestmark = pytest.mark.slow  # TensorFlow

SCALES = (0.01, 1.5, 0.001, 1.5)


@pytest.fixture(scope="module")
def model() -> Any:
    """(8, 8, 1) -> 3 classes: residual blocks whose branches have these sizes, then two layers of
    one shape; one addition is shared by two places, and so closes no block.
    """
    backend.seed(1)
    keras = backend.keras()
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(6, 3, 2, "same", activation="relu", name="stem")(x)
    for number, scale in enumerate(SCALES):
        conv = layers.Conv2D(6, 3, padding="same", name=f"conv{number}")
        y = layers.BatchNormalization(name=f"norm{number}")(conv(x))
        conv.kernel.assign(scale * conv.kernel)
        x = layers.Add(name=f"add{number}")([x, y])
    both = layers.Add(name="both")
    x = both([x, layers.Conv2D(6, 1, name="one")(x)])
    x = both([x, layers.Conv2D(6, 1, name="two")(x)])
    for number in range(2):
        x = layers.Conv2D(6, 3, padding="same", activation="relu", name=f"equal{number}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x))


def by_hand(model: Any, dropped: set[str]) -> Any:
    """What the layers that are left compute, one after the other."""

    def run(name: str, *x: Any) -> Any:
        given = [np.asarray(each) for each in x]
        return np.asarray(model.get_layer(name)(given if len(given) > 1 else given[0]))

    x = run("stem", images().x)
    for number in range(len(SCALES)):
        if f"add{number}" not in dropped:
            x = x + run(f"norm{number}", run(f"conv{number}", x))
    for name in ("one", "two"):
        x = x + run(name, x)
    for name in ("equal0", "equal1"):
        x = x if name in dropped else run(name, x)
    return run("head", x.mean(axis=(1, 2)))


@pytest.mark.parametrize("names", [["add0"], ["equal1", "add3", "add2"], ["add1", "add0", "add0"]])
def test_drop_blocks_computes_what_the_layers_that_are_left_do(
    model: Any, names: list[str]
) -> None:
    result = DropBlocks(names).apply(model, context(model))
    assert not result.skipped
    expected = by_hand(model, set(names))
    assert np.ptp(expected) > 0.1
    assert np.abs(expected - by_hand(model, set())).max() > 1e-4
    np.testing.assert_allclose(outputs(result.model, images().x), expected, rtol=1e-5, atol=1e-6)
    assert set(result.detail["dropped"]) == set(names)
    left = {layer.name for layer in result.model.layers}
    assert not left & set(result.detail["layers"])


def test_drop_blocks_takes_those_that_change_their_input_least(model: Any) -> None:
    result = DropBlocks(count=2).apply(model, context(model))
    assert result.detail["dropped"] == ["add0", "add2"]
    assert result.detail["kept"] == ["add1", "add3", "equal1"]
    assert result.detail["layers"] == ["conv0", "norm0", "add0", "conv2", "norm2", "add2"]
    every = DropBlocks(count=99).apply(model, context(model))
    assert every.detail["kept"] == []


def test_drop_blocks_names_the_blocks_there_are(model: Any) -> None:
    with pytest.raises(ConfigError, match="no block that can be dropped called 'both'") as caught:
        DropBlocks(["both"]).apply(model, context(model))
    assert "add0" in caught.value.hint
    plain = dense_net(8, 3, "softmax")
    assert DropBlocks().apply(plain, context(plain)).skipped
    with pytest.raises(ConfigError, match="no block that can be dropped called 'add'") as caught:
        DropBlocks(["add"]).apply(plain, context(plain))
    assert caught.value.hint == "Known: none."


@pytest.mark.parametrize("settings", [{"blocks": "add"}, {"blocks": [1]}, {"count": 0}])
def test_drop_blocks_refuses_settings_of_another_kind(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DropBlocks(**settings)
