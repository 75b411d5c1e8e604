"""Batches of lazy samples are the batches of the array, and train the same weights."""

import numpy as np
import pytest
from tests.tiny_nets import context, images, residual_net

from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training import feeding
from edgehone.compress.training.feeding import shuffled
from edgehone.compress.training.stopping import score_of
from edgehone.data import Split
from edgehone.system.rows import Array, Changed

pytestmark = pytest.mark.slow

X = np.asarray(images().x)


def lazy(x: Array) -> Changed:
    return Changed(x * 2, lambda part: part / np.float32(2), x.shape[1:], x.dtype, 4096)


@pytest.mark.parametrize("copied", [feeding.COPIED_BYTES, 0])
def test_batches_are_those_of_the_array_in_the_same_order(
    copied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "COPIED_BYTES", copied)
    y = np.arange(len(X))
    for _ in range(2):
        pairs = zip(shuffled((X, y), 32, 5), shuffled((lazy(X), y), 32, 5), strict=True)
        count = 0
        for (x, rows), (lazy_x, lazy_rows) in pairs:
            count += 1
            assert np.array_equal(rows, lazy_rows)
            assert np.array_equal(x, lazy_x)
            assert np.array_equal(x, X[np.asarray(rows)])
            assert lazy_x.shape == (32, *X.shape[1:])
        assert count == len(X) // 32


def test_a_parent_and_its_statistics_are_the_same_on_lazy_samples() -> None:
    whole, model = images(), residual_net(4)
    weights = []
    for x in (X, lazy(X)):
        shop = context(residual_net(8, seed=2), train=Split(x, whole.y))
        done = Slimmable(epochs=1, batch_size=32).apply(model, shop)
        weights.append([*done.model.get_weights(), score_of(done.model, shop)])
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))
