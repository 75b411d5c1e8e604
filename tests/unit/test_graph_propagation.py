"""Which channels end up tied, held against a plain union-find."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.graph import backend
from edgehone.graph.ledger import Ledger, along, placed, reduced, varying
from edgehone.graph.propagation import RULES

COUNT = 12
PAIRS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=20)


@pytest.mark.slow
@given(PAIRS)
def test_roots_are_the_smallest_of_all_tied_channels(pairs: list[tuple[int, int]]) -> None:
    ledger = Ledger(count=COUNT)
    ledger.ties = [(np.array([left]), np.array([right])) for left, right in pairs]
    expected = list(range(COUNT))
    for left, right in pairs:
        low, high = sorted((expected[left], expected[right]))
        expected = [low if root == high else root for root in expected]
    assert ledger.roots().tolist() == expected


def test_roots_follow_long_chains() -> None:
    ledger = Ledger(count=1000)
    ledger.ties = [(np.arange(999, 0, -1), np.arange(998, -1, -1))]
    assert set(ledger.roots().tolist()) == {0}


def test_reduced_drops_axes_on_which_nothing_varies() -> None:
    heads = np.broadcast_to(np.arange(4)[None, :, None], (3, 4, 5))
    assert reduced(heads).shape == (1, 4, 1)
    assert varying(reduced(heads)) == (-2,)
    assert along(heads, -2).tolist() == [0, 1, 2, 3]
    assert placed(np.arange(4), -2, 3).tolist() == reduced(heads).tolist()
    assert reduced(np.arange(6).reshape(2, 3)).shape == (2, 3)


@pytest.mark.slow
def test_every_rule_is_of_a_layer_or_function_that_keras_has() -> None:
    """Fails when a name in the tables is misspelt, or Keras drops what it names."""
    backend.keras()
    modules = ["layers", "ops.nn", "ops.numpy", "ops.core", "ops.math", "ops.image"]
    modules += ["applications.convnext", "applications.inception_resnet_v2"]
    found = {name for each in modules for name in dir(import_module(f"keras.src.{each}"))}
    assert set(RULES) - found == set()
