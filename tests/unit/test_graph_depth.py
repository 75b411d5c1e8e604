"""Blocks that may be taken out of a model, and models without them."""

from typing import Any

import numpy as np
import pytest
from tests.keras_networks import dense_net, images, residual_net, shaken, squeeze_excite_net

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.depth import stages, without_blocks
from edgehone.graph.loading import load, save

pytestmark = pytest.mark.slow  # TensorFlow


def rows(model: Any) -> list[tuple[list[str], bool]]:
    return [([block.name for block in stage.blocks], stage.headed) for stage in stages(model)]


def blocks_net(*, operator: bool = False, activation: str = "relu") -> Any:
    """Two stages of three residual blocks; the second begins with a strided shortcut."""
    layers = backend.keras().layers
    x = inputs = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(x)
    for stage, width in enumerate((6, 10)):
        for number in range(3):
            name, step = f"s{stage}b{number}", 2 if stage and not number else 1
            y = layers.Conv2D(width, 3, step, "same", use_bias=False, name=f"{name}_conv")(x)
            y = layers.BatchNormalization(name=f"{name}_norm")(y)
            if step > 1:
                x = layers.Conv2D(width, 1, step, name=f"{name}_shortcut")(x)
            x = y + x if operator else layers.Add(name=f"{name}_add")([x, y])
            x = layers.Activation(activation, name=f"{name}_out")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return shaken(backend.keras().Model(inputs, layers.Dense(4, name="head")(x)))


def test_stages_are_rows_of_residual_blocks_headed_by_a_strided_one() -> None:
    assert rows(blocks_net()) == [
        (["s0b0_add", "s0b1_add", "s0b2_add"], False),
        (["s1b1_add", "s1b2_add"], True),
    ]
    first = stages(blocks_net())[0].blocks[0]
    assert first.layers == ("s0b0_conv", "s0b0_norm", "s0b0_add")
    assert first.residual


def test_stages_see_additions_written_as_operators() -> None:
    assert [(len(names), headed) for names, headed in rows(blocks_net(operator=True))] == [
        (3, False),
        (2, True),
    ]


@pytest.mark.parametrize(
    ("factor", "drops"),
    [(1.0, [0, 0]), (0.67, [1, 1]), (0.5, [1, 1]), (0.34, [2, 2]), (0.01, [2, 2])],
)
def test_stages_never_drop_their_first_block(factor: float, drops: list[int]) -> None:
    found = stages(blocks_net())
    assert [stage.drops(factor) for stage in found] == drops
    assert [len(stage.removable) for stage in found] == [2, 2]


@pytest.mark.parametrize("operator", [False, True])
def test_without_blocks_computes_what_is_left(operator: bool) -> None:
    model = blocks_net(operator=operator)
    names = [stage.removable[-1].name for stage in stages(model)]
    shallow = without_blocks(model, names)
    x = images(5, shape=(8, 8, 3))
    value: Any = x
    for name in ("stem", *LEFT):
        value = _step(model, name, value)
    expected = np.asarray(model.get_layer("head")(model.get_layer("pool")(value)))
    assert expected.std() > 0.01
    np.testing.assert_allclose(np.asarray(shallow(x)), expected, rtol=1e-5, atol=1e-6)
    assert np.abs(np.asarray(model(x)) - expected).max() > 1e-2


LEFT = ("s0b0", "s0b1", "s1b0", "s1b1")


def _step(model: Any, name: str, x: Any) -> Any:
    """The stem, or a residual block, by hand."""
    layer = model.get_layer
    if name == "stem":
        return layer("stem")(x)
    y = layer(f"{name}_norm")(layer(f"{name}_conv")(x), training=False)
    short = layer(f"{name}_shortcut")(x) if name == "s1b0" else x
    return np.maximum(np.asarray(y) + np.asarray(short), 0)


def test_without_blocks_leaves_no_relu_behind_a_relu() -> None:
    shallow = without_blocks(blocks_net(), ["s0b1_add", "s1b2_add"])
    names = {layer.name for layer in shallow.layers}
    assert not names & {"s0b1_add", "s0b1_out", "s0b1_conv", "s1b2_out"}
    assert {"s0b0_out", "s0b2_out", "s1b1_out"} <= names
    kept = without_blocks(blocks_net(activation="tanh"), ["s0b1_add"])
    assert "s0b1_out" in {layer.name for layer in kept.layers}


def test_without_blocks_shares_nothing_and_can_be_saved(tmp_path: Any) -> None:
    model = blocks_net()
    before = [weight.copy() for weight in model.get_weights()]
    shallow = without_blocks(model, ["s0b2_add"])
    for weight in shallow.weights:
        weight.assign(weight * 0 + 1)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    save(shallow, tmp_path / "shallow.keras")
    x = images(3, shape=(8, 8, 3))
    again = load(str(tmp_path / "shallow.keras"))
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(shallow(x)))


def test_without_blocks_names_the_blocks_there_are() -> None:
    with pytest.raises(UsageError, match="Unknown block 'stem'") as caught:
        without_blocks(blocks_net(), ["stem"])
    assert "s0b0_add" in caught.value.hint


def chain(*stack: Any, shape: tuple[int, ...]) -> Any:
    keras = backend.keras()
    return shaken(keras.Sequential([keras.Input(shape), *stack]))


def test_stages_of_a_perceptron_are_layers_with_what_follows_them() -> None:
    layers = backend.keras().layers
    hidden = [
        part
        for n in range(4)
        for part in (layers.Dense(8, name=f"d{n}"), layers.ReLU(name=f"r{n}"))
    ]
    model = chain(*hidden, layers.Dense(3, name="head"), shape=(5,))
    assert rows(model) == [(["d1", "d2", "d3"], True)]
    assert stages(model)[0].blocks[0].layers == ("d1", "r1")
    shallow = without_blocks(model, ["d1", "d3"])
    assert [layer.name for layer in shallow.layers if layer.weights] == ["d0", "d2", "head"]
    x = images(4, shape=(5,))
    by_hand = np.asarray(x)
    for name in ("d0", "d2"):
        by_hand = np.maximum(np.asarray(model.get_layer(name)(by_hand)), 0)
    expected = np.asarray(model.get_layer("head")(by_hand))
    np.testing.assert_allclose(np.asarray(shallow(x)), expected, rtol=1e-5)


def test_stages_keep_a_depthwise_layer_with_its_pointwise_one() -> None:
    layers = backend.keras().layers
    stack: list[Any] = [layers.Conv2D(6, 3, padding="same", name="stem")]
    for number in range(3):
        stack += [
            layers.DepthwiseConv2D(3, padding="same", name=f"deep{number}"),
            layers.ReLU(6.0, name=f"relu{number}"),
            layers.Conv2D(6, 1, name=f"point{number}"),
            layers.BatchNormalization(name=f"norm{number}"),
        ]
    model = chain(*stack, layers.Flatten(), layers.Dense(2), shape=(6, 6, 3))
    assert rows(model) == [(["deep0", "deep1", "deep2"], False)]
    assert stages(model)[0].blocks[0].layers == ("deep0", "relu0", "point0", "norm0")


def test_stages_leave_alone_what_others_read_and_what_makes_outputs() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((8,))
    x = layers.Dense(8, name="first")(inputs)
    y = layers.Dense(8, name="branch")(x)
    added = layers.Add(name="add")([x, y])
    last = layers.Dense(8, name="last")(added)
    tapped = keras.Model(inputs, [last, y])
    assert rows(tapped) == [(["first"], False)]
    assert rows(keras.Model(inputs, added)) == [(["first"], False)]
    whole = keras.Model(inputs, last)
    assert rows(whole) == [(["add"], False), (["first"], False)]


def test_stages_do_not_take_an_hourglass_for_a_block() -> None:
    keras = backend.keras()
    layers = keras.layers
    inputs = layers.Input((8, 8, 4))
    x = layers.Conv2D(6, 3, padding="same", name="stem")(inputs)
    y = layers.Conv2D(12, 3, 2, padding="same", name="down")(x)
    y = layers.Conv2DTranspose(6, 3, 2, padding="same", name="up")(y)
    x = layers.Add(name="add")([x, y])
    assert rows(keras.Model(inputs, layers.Conv2D(2, 1, name="head")(x))) == []


def test_stages_of_other_nets() -> None:
    assert rows(residual_net()) == [(["block0_add"], False)]
    (names, headed), *_ = rows(squeeze_excite_net())
    assert (len(names), headed) == (1, False)
    assert rows(dense_net()) == []
