"""Shared values: how they are found, that they stay, and what int8 makes of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tiny_nets import context, dense_net, images, outputs, residual_net, two_inputs

from edgehone.compress._sharing import INITIALIZATIONS, Initialization, inertia, nearest, shared
from edgehone.compress.cluster import Cluster
from edgehone.compress.prune_weights import PruneWeights
from edgehone.compress.training.held import Held
from edgehone.errors import ConfigError
from edgehone.graph.fold import fold_batch_norms


def kernel(model: Any, layer: str) -> NDArray[np.float32]:
    return np.asarray(model.get_layer(layer).kernel)


def drawn(size: int = 500, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def lloyd_by_hand(values: NDArray[np.float64], means: NDArray[np.float64]) -> Any:
    """Plain k-means from these means on, with all distances."""
    for _ in range(1000):
        label = np.abs(values[:, None] - means).argmin(axis=1)
        moved = np.array([values[label == i].mean() for i in range(len(means))])
        if np.allclose(moved, means, rtol=0, atol=1e-12):
            return moved[label]
        means = moved
    raise AssertionError("k-means does not stand still")


def test_nearest_is_the_nearest() -> None:
    values, means = drawn().astype(np.float64), np.sort(drawn(7, seed=1)).astype(np.float64)
    expected = means[np.abs(values[:, None] - means).argmin(axis=1)]
    assert (nearest(values, means) == expected).all()


@pytest.mark.parametrize("initialization", ["linear", "density"])
def test_shared_is_k_means_from_the_starting_points_it_says(
    initialization: Initialization,
) -> None:
    values = drawn().astype(np.float64)
    start = np.linspace(values.min(), values.max(), 6)
    if initialization == "density":
        start = np.quantile(values, np.linspace(0, 1, 6))
    expected = lloyd_by_hand(values, start)
    np.testing.assert_allclose(shared(values, 6, initialization), expected, rtol=1e-9)


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("k", [2, 5, 16])
def test_shared_gives_at_most_k_values_and_no_other_split_of_neighbours_is_better(
    initialization: Initialization, k: int
) -> None:
    values = drawn(300).reshape(10, 30)
    found = shared(values, k, initialization)
    assert found.shape == values.shape
    assert found.dtype == values.dtype
    means = np.unique(found).astype(np.float64)
    assert len(means) == k or (initialization == "linear" and k - 3 < len(means) < k)
    flat = values.astype(np.float64).ravel()
    assert inertia(flat, nearest(flat, means)) == pytest.approx(inertia(values, found), rel=1e-5)


def test_shared_by_plus_plus_is_near_the_best_there_is() -> None:
    values = np.sort(drawn(60).astype(np.float64))
    best = np.inf
    for first in range(1, 59):  # every way to cut the line in three
        for second in range(first + 1, 60):
            parts = np.split(values, [first, second])
            best = min(best, sum(((part - part.mean()) ** 2).sum() for part in parts))
    assert inertia(values, shared(values, 3)) <= 1.05 * best


def test_shared_keeps_zeros_as_one_of_the_values() -> None:
    values = drawn(400)
    values[:150] = 0
    for initialization in INITIALIZATIONS:
        found = shared(values, 4, initialization)
        assert not found[:150].any()
        assert 0.1 < (found[150:] == 0).mean() < 0.6
        assert len(np.unique(found)) == 4
    assert 0 not in shared(values, 4, keep_zeros=False)


def test_shared_leaves_what_has_no_more_values_than_k() -> None:
    values = np.repeat(np.array([-1, 0, 2], np.float32), 9)
    assert (shared(values, 3) == values).all()
    assert (shared(values, 8) == values).all()
    assert not shared(np.zeros(5, np.float32), 4).any()
    assert not shared(values, 1).any()


def test_shared_is_the_same_for_a_seed() -> None:
    values = drawn(2000)
    assert (shared(values, 16, seed=3) == shared(values, 16, seed=3)).all()


@pytest.mark.parametrize("seed", range(3))
def test_shared_takes_a_large_kernel_by_a_sample_of_its_weights(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=200_001)
    values[:3] = 9.0
    found = shared(values, 4, seed=seed)
    expected = lloyd_by_hand(values, np.unique(found) + 0.01)
    assert inertia(values, found) <= 1.02 * inertia(values, expected)


@pytest.mark.slow
def test_cluster_folds_batch_norms_and_shares_values_in_every_kernel() -> None:
    model, x = residual_net(8), images(16).x
    result = Cluster(8, epochs=0).apply(model, context())
    assert not any("bn" in layer.name for layer in result.model.layers)
    names = {f"{layer}/kernel" for layer in ("stem", "a", "b", "head")}
    assert result.detail["values"] == dict.fromkeys(names, 8)
    assert result.held == Held(shared=frozenset(names))
    folded = kernel(fold_batch_norms(model), "b")
    lost = inertia(folded, kernel(result.model, "b"))
    assert result.detail["inertia"]["b/kernel"] == pytest.approx(lost, rel=1e-6)
    assert result.detail["compressed_bytes"][1] < 0.5 * result.detail["compressed_bytes"][0]
    assert "as fast as before" in result.detail["note"]
    wide = Cluster(256, epochs=0).apply(model, context()).model
    assert outputs(model, x).std() > 0.01
    assert np.abs(outputs(wide, x) - outputs(model, x)).max() < 0.01


@pytest.mark.slow
def test_cluster_trains_the_values_and_keeps_them_shared() -> None:
    model = residual_net(8)
    at_once = Cluster(4, epochs=0).apply(model, context()).model
    result = Cluster(4, epochs=4, batch_size=32, learning_rate=1e-2).apply(model, context())
    assert result.detail["values"]["a/kernel"] == 4
    assert result.detail["losses"][-1] < result.detail["losses"][0]
    before, after = kernel(at_once, "a"), kernel(result.model, "a")
    assert not np.isclose(before, after).all()
    for value in np.unique(before):  # members stay together
        assert len(np.unique(after[before == value])) == 1


@pytest.mark.slow
def test_cluster_keeps_zeros_of_the_step_before() -> None:
    model = residual_net(8)
    thin = PruneWeights(0.5, epochs=0).apply(model, context())
    shop = replace(context(), held=thin.held)
    result = Cluster(5, keep_zeros=False, epochs=1).apply(thin.model, shop)
    zero = kernel(thin.model, "a") == 0
    assert zero.mean() > 0.4
    assert not kernel(result.model, "a")[zero].any()
    assert result.detail["values"]["a/kernel"] == 5


@pytest.mark.slow
def test_cluster_takes_zeros_for_weights_like_others_where_it_may() -> None:
    thin = PruneWeights(0.1, epochs=0).apply(residual_net(8), context()).model
    assert (kernel(thin, "a") == 0).mean() > 0.05
    for keep in (True, False):
        after = Cluster(5, keep_zeros=keep, epochs=0).apply(thin, context()).model
        zero = kernel(thin, "a") == 0
        assert (not kernel(after, "a")[zero].any()) == keep


@pytest.mark.slow
def test_cluster_takes_counts_by_layer_and_leaves_layers_out() -> None:
    model = residual_net(8)
    technique = Cluster(8, {"a": 3}, first=False, last=False, epochs=0)
    assert technique.apply(model, context()).detail["values"] == {"a/kernel": 3, "b/kernel": 8}
    technique = Cluster(8, skip=["a", "b", "head"], epochs=0)
    assert set(technique.apply(model, context()).detail["values"]) == {"stem/kernel"}
    small = dense_net(4, 2, "softmax")
    assert "no layer" in Cluster(first=False, last=False).apply(small, context()).skipped


@pytest.mark.slow
def test_cluster_leaves_no_more_int8_values_per_channel_than_clusters(tmp_path: Path) -> None:
    from edgehone.export.conversion import Converter
    from edgehone.formats._base import Calibration
    from edgehone.formats.tflite import TFLite
    from edgehone.values import Model, PrecisionPlan

    model = Cluster(4, epochs=1).apply(residual_net(8), context()).model
    model.save(tmp_path / "model.keras")
    saved = Model(tmp_path / "model.keras", "0" * 64, model.count_params(), 0)
    with Converter() as converter:
        converter.convert(saved, "tflite", tmp_path / "float.tflite")
    calibration, file = Calibration((np.asarray(images(32).x),)), tmp_path / "int8.tflite"
    TFLite().quantize(tmp_path / "float.tflite", PrecisionPlan("int8"), calibration, file)
    kernels = int8_kernels(file)
    assert len(kernels) == 4
    for values in kernels:
        counts = [len(np.unique(channel)) for channel in values]
        assert max(counts) <= 4
        assert max(counts) > 1


def int8_kernels(file: Path) -> list[NDArray[np.int8]]:
    """Constant int8 tensors (output channels, ...) of two axes or more."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    found = []
    for tensor in interpreter.get_tensor_details():
        constant = len(tensor["shape"]) > 1 and len(tensor["quantization_parameters"]["scales"]) > 1
        if constant and tensor["dtype"] == np.int8:
            found.append(interpreter.get_tensor(tensor["index"]))
    return found


@pytest.mark.slow
def test_cluster_without_training_takes_several_inputs() -> None:
    assert list(Cluster(2, epochs=0).apply(two_inputs(), context()).detail["values"].values()) == [
        2
    ]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"clusters": 1}, "clusters"),
        ({"layers": {"a": 1}}, "'a'"),
        ({"initialization": "random"}, "initialization"),
        ({"keep_zeros": 1}, "keep_zeros"),
        ({"first": None}, "first"),
        ({"skip": "a"}, "skip"),
        ({"epochs": -1}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_cluster_refuses_settings_out_of_range(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Cluster(**settings)
