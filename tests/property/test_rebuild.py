"""Any network cut down to any of its channels equals itself with the others masked; any network
made wider equals itself.
"""

from collections.abc import Callable, Sequence
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
from edgehone.graph.growth import frozen, grow_channels
from edgehone.graph.rebuild import keep_channels, masked
from edgehone.graph.unfold import unfold

SIZE = 4
SHAPE = (SIZE, SIZE, 2)
MAPS = ["conv", "norm", "act", "add", "concat", "depthwise", "excite", "pad", "scale", "tie"]
MAPS += ["layer_norm", "rms_norm", "unit_norm", "group_norm", "grouped", "separable", "transposed"]
MAPS += ["einsum", "shared", "slice", "split", "shuffle", "slope", "mix", "volume"]
MAPS += ["average", "crop", "drop", "nested", "resize", "side"]
STEPS = ["line", "attend", "grouped_query", "recur", "both_ways", "each_step", "heads", "products"]
STEPS += ["slide", "words"]
WORDS = 7

Draw = Callable[[st.SearchStrategy[Any]], Any]

WHOLE = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@dataclass
class Growing:
    """A network while it grows. maps: (SIZE, SIZE, c) or, of sequences, (steps, c); sides: inputs
    beside the images, at most one of numbers and one of words.
    """

    draw: Draw
    maps: list[Any] = field(default_factory=list)
    sides: dict[str, Any] = field(default_factory=dict)

    def side(self, name: str, shape: tuple[int, ...], dtype: str) -> Any:
        if name not in self.sides:
            self.sides[name] = backend.keras().layers.Input(shape, dtype=dtype, name=name)
        return self.sides[name]

    def pick(self) -> Any:
        return self.draw(st.sampled_from(self.maps[-4:]))

    def width(self) -> int:
        return int(self.draw(st.integers(2, 5)))

    def conv(self, x: Any, width: int) -> Any:
        layers = backend.keras().layers
        kernel = self.draw(st.sampled_from([1, 3]))
        bias = self.draw(st.booleans())
        return layers.Conv2D(width, kernel, padding="same", use_bias=bias)(x)

    def grow(self, kind: str) -> None:
        self.maps.append(getattr(self, f"_{kind}")(backend.keras().layers, self.pick()))

    def _conv(self, layers: Any, x: Any) -> Any:
        return self.conv(x, self.draw(st.integers(1, 5)))

    def _norm(self, layers: Any, x: Any) -> Any:
        return layers.BatchNormalization(scale=self.draw(st.booleans()))(x)

    def _act(self, layers: Any, x: Any) -> Any:
        names = ["relu", "tanh", "hard_silu", "sigmoid", "gelu", "softmax"]
        return layers.Activation(self.draw(st.sampled_from(names)))(x)

    def _add(self, layers: Any, x: Any) -> Any:
        return layers.Add()([x, self.conv(self.pick(), x.shape[-1])])

    def _concat(self, layers: Any, x: Any) -> Any:
        return layers.Concatenate()([x, self.pick()])

    def _depthwise(self, layers: Any, x: Any) -> Any:
        multiplier = self.draw(st.sampled_from([1, 1, 2]))
        return layers.DepthwiseConv2D(3, padding="same", depth_multiplier=multiplier)(x)

    def _excite(self, layers: Any, x: Any) -> Any:
        gate = layers.Dense(3, activation="relu")(layers.GlobalAveragePooling2D()(x))
        gate = layers.Dense(x.shape[-1], activation="sigmoid")(gate)
        return layers.Multiply()([x, layers.Reshape((1, 1, x.shape[-1]))(gate)])

    def _pad(self, layers: Any, x: Any) -> Any:
        return layers.MaxPooling2D(3, strides=1)(layers.ZeroPadding2D(1)(x))

    def _scale(self, layers: Any, x: Any) -> Any:
        return x * 0.5 + self.draw(st.sampled_from([0.0, 1.0]))

    def _tie(self, layers: Any, x: Any) -> Any:
        others = [m for m in self.maps if m.shape[-1] == x.shape[-1]]
        return layers.Maximum()([x, self.draw(st.sampled_from(others))])

    def _layer_norm(self, layers: Any, x: Any) -> Any:
        return layers.LayerNormalization(center=self.draw(st.booleans()))(x)

    def _rms_norm(self, layers: Any, x: Any) -> Any:
        return layers.RMSNormalization()(x)

    def _unit_norm(self, layers: Any, x: Any) -> Any:
        return layers.UnitNormalization()(x)

    def _group_norm(self, layers: Any, x: Any) -> Any:
        made = layers.Conv2D(6, 1)(x)
        return layers.GroupNormalization(self.draw(st.sampled_from([-1, 1, 3])))(made)

    def _grouped(self, layers: Any, x: Any) -> Any:
        made = layers.Conv2D(6, 1)(x)
        outputs = 6 * self.draw(st.integers(1, 2))
        return layers.Conv2D(outputs, 1, groups=self.draw(st.sampled_from([2, 3, 6])))(made)

    def _separable(self, layers: Any, x: Any) -> Any:
        return layers.SeparableConv2D(self.width(), 3, padding="same", depth_multiplier=2)(x)

    def _transposed(self, layers: Any, x: Any) -> Any:
        return layers.Conv2DTranspose(self.width(), 3, padding="same")(x)

    def _einsum(self, layers: Any, x: Any) -> Any:
        width = self.width()
        return layers.EinsumDense("...x,xy->...y", width, bias_axes="y", activation="relu")(x)

    def _shared(self, layers: Any, x: Any) -> Any:
        layer = layers.Conv2D(x.shape[-1], 1, activation="relu")
        return layers.Subtract()([layer(layer(x)), x])

    def _slice(self, layers: Any, x: Any) -> Any:
        return x[..., : max(1, x.shape[-1] - 1)]

    def _split(self, layers: Any, x: Any) -> Any:
        ops = backend.keras().ops
        left, right = ops.split(layers.Conv2D(2 * self.width(), 1)(x), 2, axis=-1)
        return left * ops.sigmoid(right)

    def _shuffle(self, layers: Any, x: Any) -> Any:
        made = layers.Reshape((SIZE, SIZE, 2, 3))(layers.Conv2D(6, 1)(x))
        return layers.Reshape((SIZE, SIZE, 6))(layers.Permute((1, 2, 4, 3))(made))

    def _slope(self, layers: Any, x: Any) -> Any:
        return layers.PReLU(shared_axes=self.draw(st.sampled_from([[1, 2], [1, 2, 3], [2]])))(x)

    def _mix(self, layers: Any, x: Any) -> Any:
        tokens = layers.Permute((2, 1))(layers.Reshape((SIZE * SIZE, x.shape[-1]))(x))
        tokens = layers.Dense(SIZE * SIZE, use_bias=self.draw(st.booleans()))(tokens)
        mixed = layers.Reshape((SIZE, SIZE, x.shape[-1]))(layers.Permute((2, 1))(tokens))
        return layers.Add()([x, mixed])

    def _volume(self, layers: Any, x: Any) -> Any:
        made = layers.Reshape((SIZE, SIZE, 1, x.shape[-1]))(x)
        made = layers.Conv3D(self.width(), 2, padding="same", activation="relu")(made)
        made = layers.Conv3DTranspose(self.width(), (1, 1, 2))(made)
        return layers.Reshape((SIZE, SIZE, 2 * made.shape[-1]))(made)

    def _average(self, layers: Any, x: Any) -> Any:
        others = [self.conv(self.pick(), x.shape[-1]) for _ in range(self.draw(st.integers(1, 2)))]
        return layers.Average()([x, *others])

    def _crop(self, layers: Any, x: Any) -> Any:
        cropped = layers.Cropping2D(((1, 0), (0, 1)))(x)
        return layers.ZeroPadding2D(((0, 1), (1, 0)))(layers.LeakyReLU()(cropped))

    def _drop(self, layers: Any, x: Any) -> Any:
        kind = self.draw(st.sampled_from(["Dropout", "SpatialDropout2D", "GaussianNoise"]))
        return getattr(layers, kind)(0.4)(x)

    def _nested(self, layers: Any, x: Any) -> Any:
        inner = layers.Input(x.shape[1:])
        made = layers.BatchNormalization()(self.conv(inner, self.width()))
        model = backend.keras().Model(inner, layers.ReLU()(self.conv(made, x.shape[-1])))
        made = model(x)
        return layers.Add()([x, model(made) if self.draw(st.booleans()) else made])

    def _resize(self, layers: Any, x: Any) -> Any:
        large = layers.UpSampling2D(
            2, interpolation=self.draw(st.sampled_from(["nearest", "bilinear"]))
        )(x)
        return layers.AveragePooling2D(2)(self.conv(large, self.width()))

    def _side(self, layers: Any, x: Any) -> Any:
        hidden = layers.Dense(self.width(), activation="tanh")(
            self.side("numbers", (3,), "float32")
        )
        made = layers.Dense(x.shape[-1])(hidden)
        return layers.Add()([x, layers.Reshape((1, 1, x.shape[-1]))(made)])

    def _slide(self, layers: Any, x: Any) -> Any:
        dilation = self.draw(st.integers(1, 2))
        made = layers.Conv1D(self.width(), 3, padding="causal", dilation_rate=dilation)(x)
        made = layers.DepthwiseConv1D(2, padding="same")(made)
        kind = self.draw(st.sampled_from([layers.MaxPooling1D, layers.AveragePooling1D]))
        return kind(2, strides=1, padding="same")(made)

    def _words(self, layers: Any, x: Any) -> Any:
        words = self.side("words", (SIZE * SIZE,), "int32")
        return layers.Add()([x, layers.Embedding(WORDS, x.shape[-1])(words)])

    def _line(self, layers: Any, x: Any) -> Any:
        made = layers.SeparableConv1D(self.width(), 3, padding="same")(x)
        return layers.Conv1DTranspose(self.width(), 2, padding="same")(made)

    def _attend(self, layers: Any, x: Any) -> Any:
        value = self.draw(st.sampled_from([None, 3]))
        normed = layers.LayerNormalization()(x)
        attend = layers.MultiHeadAttention(3, 4, value_dim=value, use_bias=self.draw(st.booleans()))
        return layers.Add()([x, attend(normed, self.draw(st.sampled_from([normed, x])))])

    def _grouped_query(self, layers: Any, x: Any) -> Any:
        return layers.GroupQueryAttention(3, 4, 2)(x, x)

    def _recur(self, layers: Any, x: Any) -> Any:
        name = self.draw(st.sampled_from(["LSTM", "GRU", "SimpleRNN"]))
        return getattr(layers, name)(self.width(), return_sequences=True)(x)

    def _both_ways(self, layers: Any, x: Any) -> Any:
        inner = layers.GRU(self.width(), return_sequences=True)
        mode = self.draw(st.sampled_from(["concat", "sum", "mul"]))
        return layers.Bidirectional(inner, merge_mode=mode)(x)

    def _each_step(self, layers: Any, x: Any) -> Any:
        return layers.TimeDistributed(layers.Dense(self.width(), activation="relu"))(x)

    def _heads(self, layers: Any, x: Any) -> Any:
        made = layers.EinsumDense("btd,dnh->btnh", (None, 3, 2), bias_axes="nh")(x)
        return layers.EinsumDense("btnh,nhd->btd", (None, self.width()), bias_axes="d")(made)

    def _products(self, layers: Any, x: Any) -> Any:
        ops = backend.keras().ops
        query, key, value = (layers.Dense(4)(x) for _ in range(3))
        scores = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
        if self.draw(st.booleans()):
            return layers.Attention()([query, value, key])
        return ops.einsum("bts,bsc->btc", scores, value)


def network(draw: Draw, depth: int = 6, kind: str = "") -> Any:
    """A random network, with that kind of part if one is named; not a strategy of its own, as Keras
    draws weights while it is built.
    """
    keras = backend.keras()
    inputs = keras.layers.Input(SHAPE)
    growing = Growing(draw, [inputs])
    growing.maps.append(growing.conv(inputs, draw(st.integers(2, 5))))
    parts = draw(st.lists(st.sampled_from(MAPS), min_size=2, max_size=depth))
    for part in [*parts, kind] if kind in MAPS else parts:
        growing.grow(part)
    last = keras.layers.Concatenate()(growing.maps[-2:])
    steps = draw(st.lists(st.sampled_from(STEPS), max_size=depth // 3))
    steps += [kind] if kind in STEPS else []
    if steps:
        growing.maps = [keras.layers.Reshape((SIZE * SIZE, last.shape[-1]))(last)]
        for part in steps:
            growing.grow(part)
        last = growing.maps[-1]
    flat = draw(st.sampled_from([keras.layers.Flatten, keras.layers.GlobalMaxPooling2D]))
    flat = keras.layers.GlobalAveragePooling1D if steps else flat
    hidden = keras.layers.Dense(draw(st.integers(2, 6)), activation="relu")(flat()(last))
    answers = [keras.layers.Dense(3)(hidden)]
    if draw(st.booleans()):
        answers.append(keras.layers.Dense(2)(keras.layers.Dense(4, activation="tanh")(hidden)))
    model = keras.Model([inputs, *growing.sides.values()], answers)
    return unfold(shaken(model, draw(st.integers(0, 99))))


def samples(model: Any) -> list[Any]:
    """Three samples for all inputs of a network."""
    rng = np.random.default_rng(0)
    others = {
        "numbers": rng.normal(size=(3, 3)).astype(np.float32),
        "words": rng.integers(0, WORDS, (3, SIZE * SIZE)).astype(np.int32),
    }
    return [others.get(each.name, images(3, shape=SHAPE)) for each in model.inputs]


def computed(model: Any, x: list[Any]) -> list[Any]:
    """All outputs as arrays."""
    found = model(x, training=False)
    return [np.asarray(each) for each in (found if isinstance(found, list | tuple) else [found])]


def close(left: list[Any], right: list[Any]) -> None:
    for mine, theirs in zip(left, right, strict=True):
        scale = max(float(np.abs(theirs).max()), 1e-3)
        assert np.abs(mine - theirs).max() <= 1e-5 * scale


def cut_equals_masked(draw: Draw, model: Any) -> Any:
    """The model with some channels of every group, which computes what the masked one does."""
    graph = analyse(model)
    assert [group.reason for group in graph.groups if "not understood" in group.reason] == []
    kept: dict[str, Sequence[int]] = {}
    removed: dict[str, Sequence[int]] = {}
    for group in graph.groups:
        if group.prunable:
            count = draw(st.integers(1, group.channels))
            order = draw(st.permutations(range(group.channels)))
            kept[group.name], removed[group.name] = order[:count], order[count:]
    x = samples(model)
    with masked(model, graph, removed):
        expected = computed(model, x)
    small = keep_channels(model, graph, kept)
    assert [each.shape for each in small.inputs] == [each.shape for each in model.inputs]
    close(computed(small, x), expected)
    return small


def grown_equals_itself(draw: Draw, model: Any) -> None:
    """The model with more channels in every group that can be widened computes the same."""
    graph = analyse(model)
    wanted = {
        group.name: group.channels + draw(st.integers(0, 2 * group.channels))
        for group in graph.groups
        if not frozen(model, graph)[group.name]
    }
    wide = grow_channels(model, graph, wanted, noise=draw(st.sampled_from([0.0, 0.5])))
    after = analyse(wide)
    for name, count in wanted.items():
        assert after.group(name).channels == count
    x = samples(model)
    close(computed(wide, x), computed(model, x))


@pytest.mark.slow
@settings(WHOLE, max_examples=80)
@given(st.data())
def test_any_cut_network_equals_the_masked_one(data: st.DataObject) -> None:
    cut_equals_masked(data.draw, network(data.draw))


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAPS + STEPS)
@settings(WHOLE, max_examples=2)
@given(st.data())
def test_every_kind_of_part_is_cut_and_equals_the_masked_one_and_is_widened(
    kind: str, data: st.DataObject
) -> None:
    model = network(data.draw, depth=2, kind=kind)
    cut_equals_masked(data.draw, model)
    grown_equals_itself(data.draw, model)


@pytest.mark.slow
@settings(WHOLE, max_examples=20)
@given(st.data())
def test_any_deep_network_can_be_cut_twice(data: st.DataObject) -> None:
    small = cut_equals_masked(data.draw, network(data.draw, depth=12))
    cut_equals_masked(data.draw, small)


@pytest.mark.slow
@settings(WHOLE, max_examples=12)
@given(st.data())
def test_any_network_computes_the_same_with_its_batch_norms_folded(data: st.DataObject) -> None:
    model = network(data.draw)
    x = samples(model)
    close(computed(fold_batch_norms(model), x), computed(model, x))
