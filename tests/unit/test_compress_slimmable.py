"""A slimmable parent: trained once, cut to any widths, the same again for the same seed."""

from dataclasses import replace

import numpy as np
import pytest
from tests.tiny_nets import (
    accuracy,
    context,
    dense_net,
    depthwise_net,
    images,
    outputs,
    residual_net,
)

from edgehone.compress._parent import Parent, trained
from edgehone.compress._statistics import BATCH
from edgehone.compress.recipe import compress
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training.held import Held
from edgehone.compress.training.sandwich import SUBNETWORKS, drawn
from edgehone.errors import ConfigError
from edgehone.search.sensitivity import divergence
from edgehone.values import Recipe, Step

QUICK = {"epochs": 2, "batch_size": 32, "samples": 64}


def test_drawn_widths_are_the_widest_the_narrowest_and_two_between() -> None:
    sizes = np.array([16, 3, 40], np.int32)
    rng = np.random.default_rng(0)
    seen = np.stack([drawn(sizes, 0.25, rng) for _ in range(50)])
    assert seen.shape == (50, SUBNETWORKS, 3)
    assert (seen[:, 0] == sizes).all()
    assert (seen[:, 1] == [4, 1, 10]).all()
    assert (seen >= [4, 1, 10]).all()
    assert (seen <= sizes).all()
    shares = seen[:, 2] / sizes
    assert np.abs(shares[:, 0] - shares[:, 2]).max() <= 0.5 / 16 + 0.5 / 40
    assert set(seen[:, 3, 0].tolist()) == set(range(4, 17))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"narrowest": 0.0}, "narrowest"),
        ({"narrowest": 1.5}, "narrowest"),
        ({"soft": 0.0, "hard": 0.0}, "soft and hard"),
        ({"channels": {"a": 0}}, "channels of 'a'"),
        ({"samples": 0}, "samples"),
    ],
)
def test_settings_are_refused(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Slimmable(**settings)  # type: ignore[arg-type] # what is refused


@pytest.mark.slow
def test_unknown_group_is_refused_before_any_training() -> None:
    shop = context(None)
    with pytest.raises(ConfigError, match="'stam'"):
        Slimmable(channels={"stam": 2}).apply(residual_net(4), shop)
    assert not shop.parents


@pytest.mark.slow
def test_nothing_to_cut_is_skipped_before_any_training() -> None:
    shop = context(None)
    outcome = Slimmable(ratio=0.0).apply(residual_net(4), shop)
    assert outcome.skipped == "no channel group gets smaller"
    assert not shop.parents


@pytest.mark.slow
def test_steps_of_the_same_training_share_one_parent() -> None:
    model = residual_net(8)
    shop = context(model)
    first = Slimmable(channels={"a": 4}, **QUICK).apply(model, shop)  # type: ignore[arg-type]
    second = Slimmable(ratio=0.75, **QUICK).apply(model, shop)  # type: ignore[arg-type]
    assert len(shop.parents) == 1
    assert first.detail["losses"] == second.detail["losses"]
    assert first.detail["epochs"] == 2 * SUBNETWORKS
    assert first.model.get_layer("a").filters == 4
    assert [first.model.get_layer("stem").filters, second.model.get_layer("stem").filters] == [8, 2]
    Slimmable(ratio=0.75, **{**QUICK, "epochs": 1}).apply(model, shop)  # type: ignore[arg-type]
    assert len(shop.parents) == 2


@pytest.mark.slow
@pytest.mark.parametrize("teacher", [True, False])
def test_same_seed_gives_the_same_weights(teacher: bool) -> None:
    model = depthwise_net(8)
    found = [
        Slimmable(**QUICK).apply(model, context(model if teacher else None)).model  # type: ignore[arg-type]
        for _ in range(2)
    ]
    pairs = zip(found[0].get_weights(), found[1].get_weights(), strict=True)
    assert all((one == other).all() for one, other in pairs)
    if teacher:
        return
    again = replace(context(), seed=4)
    other = Slimmable(**QUICK).apply(model, again).model  # type: ignore[arg-type]
    assert np.abs(other.get_weights()[0] - found[0].get_weights()[0]).max() > 1e-4


@pytest.mark.slow
def test_sub_networks_are_scored_as_they_would_be_built() -> None:
    model = residual_net(8)
    shop = context(model, train=images(64))
    parent = trained(model, Slimmable(**QUICK).sandwich, "l2", shop)  # type: ignore[arg-type]
    rng, x = np.random.default_rng(0), np.asarray(images(64).x)
    sizes = parent.prefixes.sizes
    widths = [{name: int(rng.integers(1, n + 1)) for name, n in sizes.items()} for _ in range(6)]
    before = [weight.copy() for weight in parent.model.get_weights()]
    many = np.concatenate([x, x, x[:10]])  # full batches alone tell the statistics
    several = zip(widths, parent.outputs(widths, x), parent.outputs(widths, many), strict=True)
    for each, found, more in several:
        expected = outputs(parent.slice(each, shop.data.train, BATCH), x)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(more, [*expected, *expected, *expected[:10]], atol=1e-5)
    after = parent.model.get_weights()
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


@pytest.mark.slow
def test_kept_parent_is_the_same_again() -> None:
    model = dense_net(16, 3, "softmax")
    parent = trained(model, Slimmable(**QUICK).sandwich, "l2", context(model))  # type: ignore[arg-type]
    again = Parent.restored(parent.model, parent.plain())
    assert again.plain() == parent.plain()
    assert not again.diverged
    assert Parent.restored(parent.model, {**parent.plain(), "losses": [1.0, None]}).diverged
    one, other = (each.slice({"hidden": 5}, images()) for each in (parent, again))
    assert all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.mark.slow
def test_training_keeps_zeros_of_earlier_steps() -> None:
    model = residual_net(8)
    kernel = model.get_layer("a").kernel
    values = np.asarray(kernel).copy()
    values[:, :, ::2] = 0
    kernel.assign(values)
    shop = replace(context(model), held=Held(zeros=frozenset({"a/kernel"})))
    parent = trained(model, Slimmable(**QUICK).sandwich, "l2", shop)  # type: ignore[arg-type]
    found = np.asarray(parent.model.get_layer("a").kernel)
    assert (found[values == 0] == 0).all()
    assert np.abs(found - values).max() > 0


@pytest.mark.slow
def test_narrow_sub_networks_of_a_parent_know_more_than_cuts_of_the_model() -> None:
    train = images(192)
    teacher = compress(
        residual_net(8),
        Recipe((Step("distill", {"epochs": 20, "batch_size": 32, "learning_rate": 5e-3}),)),
        context(None, train=train),
    )[0]
    shop = context(teacher, train=train)
    settings = Slimmable(epochs=12, batch_size=32, learning_rate=5e-3)
    parent = trained(teacher, settings.sandwich, "l2", shop)
    rng, sizes = np.random.default_rng(0), parent.prefixes.sizes
    widths = [{name: int(rng.integers(1, n // 2)) for name, n in sizes.items()} for _ in range(8)]
    test = images(192, seed=1)
    answers = outputs(teacher, test.x)

    def divergences(each: Parent) -> float:
        found = each.outputs(widths, np.asarray(test.x))
        return float(np.mean([divergence("classification", answers, one) for one in found]))

    assert accuracy(parent.slice({}, train), test) > accuracy(teacher, test) - 0.1
    assert divergences(parent) < 0.7 * divergences(Parent(teacher, parent.prefixes))
