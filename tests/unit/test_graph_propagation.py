"""Which channels end up tied, held against a plain union-find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgehone.graph.propagation import Ledger

COUNT = 12
PAIRS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=20)


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
