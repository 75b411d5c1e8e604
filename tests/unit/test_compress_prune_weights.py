"""Zeros among weights: where they fall, when, and that they stay."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.tiny_nets import context, dense_net, images, outputs, residual_net, two_inputs

from edgehone.compress._gradual import Decay
from edgehone.compress._masks import block_mask, magnitude_mask, n_of_m_mask, threshold_mask
from edgehone.compress.prune_weights import PruneWeights
from edgehone.compress.recipe import compress
from edgehone.compress.training.held import Held
from edgehone.errors import ConfigError
from edgehone.values import Event, Recipe, Step

KERNELS = {"stem/kernel", "a/kernel", "b/kernel", "head/kernel"}


def kernel(model: Any, layer: str) -> NDArray[np.float32]:
    return np.asarray(model.get_layer(layer).kernel)


def drawn(*shape: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(("sparsity", "kept"), [(0.0, 30), (0.5, 15), (0.9, 3), (1.0, 1)])
def test_magnitude_mask_keeps_that_share_and_the_largest_of_all(sparsity: float, kept: int) -> None:
    values = drawn(5, 6)
    mask = magnitude_mask(values, sparsity)
    assert mask.sum() == kept
    assert mask.all() or np.abs(values[mask]).min() > np.abs(values[~mask]).max()


def test_magnitude_mask_keeps_the_earlier_of_equals() -> None:
    mask = magnitude_mask(np.array([1.0, -1, 0, 2, 1, 1]), 0.5)
    assert mask.tolist() == [True, True, False, True, False, False]


def test_threshold_mask_keeps_the_largest_whatever_the_bound() -> None:
    values = np.array([0.1, -0.5, 0.3])
    assert threshold_mask(values, 0.3).tolist() == [False, True, True]
    assert threshold_mask(values, 9).tolist() == [False, True, False]


@pytest.mark.parametrize("axis", [-2, -1])
@pytest.mark.parametrize("size", [8, 7])
def test_n_of_m_mask_keeps_the_largest_of_every_group_along_the_axis(axis: int, size: int) -> None:
    values = np.moveaxis(drawn(3, 3, 5, size), -1, axis)
    found = np.moveaxis(n_of_m_mask(values, 2, 4, axis), axis, -1).reshape(-1, size)
    for row, mask in zip(np.moveaxis(values, axis, -1).reshape(-1, size), found, strict=True):
        for start in range(0, size, 4):
            group = np.abs(row[start : start + 4])
            assert set(np.flatnonzero(mask[start : start + 4])) == set(np.argsort(-group)[:2])


@pytest.mark.parametrize("shape", [(8, 6), (7, 5), (2, 8, 6)])
def test_block_mask_keeps_whole_blocks_of_the_largest_mean(shape: tuple[int, ...]) -> None:
    values = drawn(*shape)
    mask = block_mask(values, 0.5, (4, 2), (-2, -1))
    means, kept = [], []
    for place in np.ndindex(*shape[:-2]):
        for top in range(0, shape[-2], 4):
            for left in range(0, shape[-1], 2):
                part = (*place, slice(top, top + 4), slice(left, left + 2))
                assert mask[part].all() or not mask[part].any()
                means.append(np.abs(values[part]).mean())
                kept.append(bool(mask[part].all()))
    strong = np.array(means)[kept]
    assert len(strong) == round(len(means) / 2)
    assert strong.min() > np.array(means)[~np.array(kept)].max()


def test_block_mask_looks_at_the_axes_it_is_given() -> None:
    values = drawn(4, 8)
    found = block_mask(values.T, 0.5, (2, 4), (-1, -2))
    assert (found == block_mask(values, 0.5, (2, 4), (-2, -1)).T).all()


def test_decay_is_the_cubic_of_zhu_and_gupta_and_ends_at_the_target() -> None:
    decay = Decay(0.2, 0.7, 5, 100)
    assert decay.span == (20, 70)
    assert [step for step in range(100) if decay.is_due(step)] == list(range(20, 71, 5))
    assert decay.progress(20) == 0
    assert decay.progress(45) == pytest.approx(1 - 0.5**3)
    assert decay.progress(70) == decay.progress(99) == 1


@pytest.mark.parametrize(
    ("decay", "due"),
    [
        (Decay(0.0, 1.0, 40, 100), [0, 40, 80, 99]),
        (Decay(0.0, 0.5, 0, 4), [0, 1, 2]),
        (Decay(1.0, 1.0, 7, 10), [9]),
        (Decay(0.0, 1.0, 0, 1), [0]),
    ],
)
def test_decay_always_comes_to_its_last_step(decay: Decay, due: list[int]) -> None:
    assert [step for step in range(decay.steps) if decay.is_due(step)] == due
    assert decay.progress(due[-1]) == 1


def test_decay_rises_fifty_times_unless_told() -> None:
    assert 50 <= sum(Decay(0.0, 0.5, 0, 100_000).is_due(step) for step in range(100_000)) <= 52


@pytest.mark.slow
def test_prune_weights_at_once_zeroes_the_share_and_changes_nothing_else() -> None:
    model = residual_net(8)
    before = model.get_weights()
    result = PruneWeights(0.75, epochs=0).apply(model, context())
    assert set(result.detail["sparsity"]) == KERNELS
    assert result.held == Held(zeros=frozenset(KERNELS))
    for name, share in result.detail["sparsity"].items():
        values, old = kernel(result.model, name[:-7]), kernel(model, name[:-7])
        assert share == pytest.approx(0.75, abs=0.5 / values.size)
        assert (values == np.where(magnitude_mask(old, 0.75), old, 0)).all()
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    assert outputs(model, images(8).x).std() > 0.01


@pytest.mark.slow
def test_prune_weights_says_what_it_saves_and_what_not() -> None:
    detail = PruneWeights(0.9, epochs=0).apply(residual_net(8), context()).detail
    assert detail["raw_bytes"][0] == detail["raw_bytes"][1]
    assert detail["compressed_bytes"][1] < 0.5 * detail["compressed_bytes"][0]
    assert "dense" in detail["note"]
    assert detail["zeros"] == pytest.approx(0.9, abs=0.01)


@pytest.mark.slow
def test_prune_weights_takes_shares_by_layer_and_skips_layers() -> None:
    technique = PruneWeights(0.5, {"a": 0.25}, epochs=0, skip=("head",))
    found = technique.apply(residual_net(8), context()).detail["sparsity"]
    expected = {"stem/kernel": 0.5, "a/kernel": 0.25, "b/kernel": 0.5}
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("absolute", "unit"), [(False, "std"), (True, "one")])
def test_prune_weights_by_threshold_zeroes_what_is_below_it(absolute: bool, unit: str) -> None:
    model = residual_net(8)
    settings = {"threshold": 0.5 if unit == "std" else 0.03, "absolute": absolute}
    after = PruneWeights(**settings, epochs=0).apply(model, context()).model  # type: ignore[arg-type] # numbers and a bool
    old = kernel(model, "a")
    bound = 0.5 * old.std() if unit == "std" else 0.03
    assert 0.1 < (kernel(after, "a") == 0).mean() < 0.6
    assert ((kernel(after, "a") == 0) == (np.abs(old) < bound)).all()


@pytest.mark.slow
def test_prune_weights_by_pattern_groups_along_the_inputs() -> None:
    model = residual_net(8)
    after = kernel(PruneWeights(pattern="1:4", epochs=0).apply(model, context()).model, "a")
    groups = np.moveaxis(after, -2, -1).reshape(-1, 4)
    assert ((groups != 0).sum(axis=1) == 1).all()
    block = PruneWeights(0.5, pattern="block", block=(2, 8), epochs=0)
    blocks = kernel(block.apply(model, context()).model, "a").reshape(3, 3, 4, 2, 2, 8) != 0
    assert (blocks.all(axis=(-3, -1)) == blocks.any(axis=(-3, -1))).all()
    assert blocks.mean() == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"frequency": 1}, {"schedule": "one_shot"}, {"pattern": "2:4"}, {"pattern": "block"}],
)
def test_prune_weights_trains_and_keeps_its_zeros(settings: dict[str, Any]) -> None:
    model, events = residual_net(8), list[Event]()
    technique = PruneWeights(0.5, epochs=3, batch_size=32, learning_rate=1e-2, **settings)
    result = technique.apply(model, context(progress=events.append))
    after = kernel(result.model, "a")
    assert (after == 0).mean() == 0.5
    assert not np.isclose(after[after != 0], kernel(model, "a")[after != 0]).any()
    assert len(result.detail["losses"]) == 3
    assert result.detail["losses"][-1] < result.detail["losses"][0]
    assert {event.stage for event in events} == {"prune_weights"}


@pytest.mark.slow
def test_prune_weights_keeps_what_was_held_before() -> None:
    model = residual_net(8)
    values = kernel(model, "a")
    values = np.where(values < 0, 0, values)
    model.get_layer("a").kernel.assign(values)
    shop = replace(context(), held=Held(zeros=frozenset({"a/kernel"})))
    after = PruneWeights(0.3, epochs=1).apply(model, shop).model
    assert (kernel(after, "a")[values == 0] == 0).all()
    assert (values == 0).mean() > 0.4


@pytest.mark.slow
def test_prune_weights_is_kept_in_a_recipe_though_only_compressed_bytes_shrink() -> None:
    steps = (Step("prune_weights", {"epochs": 0}), Step("prune_weights", {"epochs": 0}))
    _, (first, second) = compress(residual_net(8), Recipe(steps), context())
    assert not first.skipped
    assert first.params[0] == first.params[1]
    assert second.skipped.startswith("saved nothing: parameters")
    assert "compressed bytes" in second.skipped


@pytest.mark.slow
def test_prune_weights_without_training_takes_several_inputs() -> None:
    result = PruneWeights(0.5, epochs=0).apply(two_inputs(), context())
    assert list(result.detail["sparsity"].values()) == [0.5]


@pytest.mark.slow
def test_prune_weights_suggests_the_nearest_layer_for_an_unknown_one() -> None:
    model = dense_net(6, 3, "softmax")
    for settings in ({"layers": {"hiden": 0.5}}, {"skip": ["hiden"]}):
        with pytest.raises(ConfigError, match="'hiden'") as caught:
            PruneWeights(epochs=0, **settings).apply(model, context())
        assert "'hidden'" in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"sparsity": 1.1}, "sparsity"),
        ({"layers": {"a": -1}}, "'a'"),
        ({"threshold": -1}, "threshold"),
        ({"absolute": 1}, "absolute"),
        ({"pattern": "4:4"}, "pattern"),
        ({"pattern": "rows"}, "pattern"),
        ({"block": (4,)}, "block"),
        ({"block": (4, 0)}, "block"),
        ({"schedule": "linear"}, "schedule"),
        ({"begin": 0.6, "end": 0.5}, "begin"),
        ({"frequency": -1}, "frequency"),
        ({"epochs": -1}, "epochs"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"skip": "head"}, "skip"),
    ],
)
def test_prune_weights_refuses_settings_out_of_range(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        PruneWeights(**settings)
