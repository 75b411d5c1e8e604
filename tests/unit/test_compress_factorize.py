from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tiny_nets import context, dense_net, images, outputs, residual_net

from edgehone.compress._factors import Place, chain, options
from edgehone.compress._rank_choice import Choice, choice
from edgehone.compress.factorize import Factorize, _places
from edgehone.errors import ConfigError
from edgehone.graph import backend
from edgehone.graph.costs import layer_costs, total_macs, total_params
from edgehone.graph.rewrite import rewrite

pytestmark = pytest.mark.slow  # TensorFlow


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
    result = Factorize({"a": 3}).apply(model, context())
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
    result = Factorize({"one": 2, "wide": 2, "dense": 2}).apply(model, context())
    data = np.random.default_rng(1).normal(size=(5, 12, 6)).astype(np.float32)
    assert [layer.name for layer in result.model.layers[1:]] == [
        "one_svd", "one", "wide_svd", "wide", "dense_svd", "dense"
    ]  # fmt: skip
    assert not result.model.get_layer("one_svd").use_bias
    assert np.allclose(outputs(result.model, data), outputs(model, data), atol=1e-4)


def test_factorize_by_energy_takes_the_smallest_rank_that_holds_it() -> None:
    model = dense_net(24, 3, "softmax")
    low_rank(model.get_layer("hidden"), 4)
    result = Factorize(energy=0.999999).apply(model, context())
    assert result.detail["ranks"] == {"hidden": [4, 24]}
    before, after = layer_costs(model), layer_costs(result.model)
    assert sum(c.macs for c in before) - sum(c.macs for c in after) == 64 * 24 - 4 * (64 + 24)


def test_factorize_refuses_ranks_that_would_cost_more() -> None:
    result = Factorize({"head": 3, "hidden": 18}).apply(dense_net(24, 3, "softmax"), context())
    assert result.skipped
    assert "112%" in result.detail["refused"]["head"]
    assert set(result.detail["refused"]) == {"head", "hidden"}


def test_factorize_refuses_layers_that_are_no_kernels_or_were_split_before() -> None:
    model = residual_net()
    once = Factorize({"a": 2}).apply(model, context()).model
    refused = Factorize({"a": 1, "a_svd": 1, "pool": 1}).apply(once, context()).detail["refused"]
    assert "before" in refused["a"]
    assert "before" in refused["a_svd"]
    assert "GlobalAveragePooling2D" in refused["pool"]


def test_factorize_suggests_the_nearest_layer_for_an_unknown_one() -> None:
    with pytest.raises(ConfigError, match="'haed'") as caught:
        Factorize({"haed": 2}).apply(residual_net(), context())
    assert "'head'" in caught.value.hint


@pytest.mark.parametrize("wrong", [{"ranks": {"a": 0}}, {"energy": 0}, {"minimum_saving": 2}])
def test_factorize_refuses_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Factorize(**wrong)


def one_layer(layer: Any, shape: tuple[int, ...]) -> Any:
    """A model of one layer, with random weights."""
    keras = backend.keras()
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(7)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return model


def in_full(method: str, layer: Any) -> Choice:
    """The choice of full ranks, which costs more than the layer does."""
    place = Place(np.asarray(layer.kernel), (9, 8), (9, 8))
    found = options(place, method)
    return choice(found, found.nearest(found.full))


@given(
    method=st.sampled_from(["svd", "spatial", "tucker"]),
    window=st.tuples(st.integers(2, 4), st.integers(2, 3)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.sampled_from(["same", "valid"]),
    bias=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_chain_of_full_rank_computes_what_the_convolution_did(
    method: str,
    window: tuple[int, int],
    channels: tuple[int, int],
    stride: int,
    dilation: int,
    padding: str,
    bias: bool,
) -> None:
    layer = backend.keras().layers.Conv2D(
        channels[1],
        window,
        stride,
        padding,
        dilation_rate=dilation if stride == 1 else 1,
        use_bias=bias,
        activation="relu",
        name="conv",
    )
    model = one_layer(layer, (9, 8, channels[0]))
    found = in_full(method, layer)

    def replace(other: Any) -> Any:
        return chain(other, method, found.ranks) if other.name == "conv" else None

    result = rewrite(model, replace)
    x = np.random.default_rng(1).normal(size=(3, 9, 8, channels[0])).astype(np.float32)
    wanted = outputs(model, x)
    assert np.abs(wanted).max() > 1e-3
    assert np.allclose(outputs(result, x), wanted, atol=1e-4 * np.abs(wanted).max())
    assert result.layers[-1].name == "conv"


@pytest.mark.parametrize("method", ["svd", "spatial", "tucker"])
@pytest.mark.parametrize("strides", [1, 2])
def test_options_cost_what_the_built_layers_cost(method: Any, strides: int) -> None:
    layer = backend.keras().layers.Conv2D(12, 3, strides, "same", name="conv")
    model = one_layer(layer, (8, 8, 10))
    ranks = [4, 3] if method == "tucker" else 4
    result = Factorize({"conv": ranks}, method=method, minimum_saving=0).apply(model, context())
    found = options(_places(model)["conv"].place, method)
    picked = choice(found, found.nearest(ranks if isinstance(ranks, list) else [ranks]))
    assert not result.skipped
    assert total_macs(result.model) == picked.macs
    assert total_params(result.model) == picked.params + 12
    assert result.detail["methods"] == {"conv": method}


@pytest.mark.parametrize("method", ["spatial", "tucker"])
def test_factorize_names_parts_and_keeps_batch_norms_behind_the_last(method: Any) -> None:
    model, x = residual_net(16), images(16).x
    kernel = model.get_layer("b").kernel
    rng = np.random.default_rng(2)
    if method == "spatial":
        made = np.einsum("hir,wro->hwio", rng.normal(size=(3, 32, 3)), rng.normal(size=(3, 3, 16)))
        ranks: Any = 3
    else:
        core = np.einsum("ir,hwrs->hwis", rng.normal(size=(32, 4)), rng.normal(size=(3, 3, 4, 5)))
        made = core @ rng.normal(size=(5, 16))
        ranks = [4, 5]
    kernel.assign(made / 10)
    result = Factorize({"b": ranks}, method=method).apply(model, context())
    names = [layer.name for layer in result.model.layers]
    parts = ["b_a", "b"] if method == "spatial" else ["b_a", "b_b", "b"]
    start = names.index("b_a")
    assert names[start : start + len(parts) + 1] == [*parts, "b_bn"]
    assert outputs(model, x).std() > 0.01
    assert np.allclose(outputs(result.model, x), outputs(model, x), atol=1e-4)
    assert result.detail["lost"]["b"] < 1e-6


def test_factorize_auto_takes_the_cheapest_method_for_each_layer() -> None:
    model = residual_net(16)
    rng = np.random.default_rng(2)
    spatial = np.einsum("hir,wro->hwio", rng.normal(size=(3, 16, 1)), rng.normal(size=(3, 1, 32)))
    model.get_layer("a").kernel.assign(spatial)
    narrow = np.einsum("ir,hwrs->hwis", rng.normal(size=(32, 2)), rng.normal(size=(3, 3, 2, 2)))
    model.get_layer("b").kernel.assign(narrow @ rng.normal(size=(2, 16)))
    result = Factorize(energy=0.9999, method="auto").apply(model, context())
    assert result.detail["methods"] == {"a": "spatial", "b": "tucker"}
    assert result.detail["ranks"] == {"a": [1, 48], "b": [[2, 2], [32, 16]]}
    by_name = Factorize(energy=0.9999, method="auto", methods={"b": "svd"})
    assert by_name.apply(model, context()).detail["methods"] == {"a": "spatial", "b": "svd"}


def test_factorize_by_budget_keeps_it_and_gives_up_the_least() -> None:
    model = residual_net(16)
    low_rank(model.get_layer("a"), 3)
    for counted, total in (("macs", total_macs), ("params", total_params)):
        step = Factorize(budget=0.7, method="auto", counted=counted)  # type: ignore[arg-type]
        done = step.apply(model, context())
        assert total(done.model) <= 0.7 * total(model)
        assert done.detail["lost"]["a"] < 1e-6
    assert done.detail["ranks"]


def test_factorize_says_when_a_budget_cannot_be_kept() -> None:
    model = residual_net(16)
    done = Factorize(budget=0.01).apply(model, context())
    assert "stay at the lowest ranks, not 0.01" in done.skipped
    assert done.model is model


def test_factorize_by_threshold_drops_the_small_singular_values() -> None:
    model = dense_net(24, 3, "softmax")
    layer = model.get_layer("hidden")
    kernel, bias = layer.get_weights()
    u, values, v = np.linalg.svd(kernel, full_matrices=False)
    values[:] = [8.0] * 5 + [0.7] * 19
    layer.set_weights([(u * values) @ v, bias])
    done = Factorize(threshold=0.1).apply(model, context())
    assert done.detail["ranks"] == {"hidden": [5, 24]}
    assert Factorize(threshold=0.01).apply(model, context()).skipped


def test_factorize_refuses_methods_that_a_layer_cannot_have() -> None:
    model = residual_net(16)
    refused = {
        **Factorize({"head": 1}, method="spatial").apply(model, context()).detail["refused"],
        **Factorize({"a": 1}, method="tucker", minimum_saving=1.0)
        .apply(model, context())
        .detail["refused"],
    }
    assert "has no window" in refused["head"]
    assert "at rank 1 and 1" in refused["a"]


def test_factorize_never_lets_macs_grow() -> None:
    """With a stride of 3, the first 1 x 1 of Tucker runs on nine times as many places."""
    layer = backend.keras().layers.Conv2D(8, 3, 3, name="conv")
    model = one_layer(layer, (9, 9, 8))
    done = Factorize({"conv": [7, 2]}, method="tucker", minimum_saving=0).apply(model, context())
    assert done.skipped
    assert "of what they are" in done.detail["refused"]["conv"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "cp"},
        {"methods": {"a": "cp"}},
        {"ranks": {"a": [1, 2]}},
        {"ranks": {"a": [1, 2, 3]}, "method": "tucker"},
        {"ranks": {"a": [0, 2]}, "method": "tucker"},
        {"ranks": {"a": "many"}},
        {"threshold": 2},
        {"budget": -1},
        {"counted": "bytes"},
    ],
)
def test_factorize_refuses_new_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Factorize(**wrong)
