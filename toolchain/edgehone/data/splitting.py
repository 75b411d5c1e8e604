"""Which samples a split gets: drawn at random, in equal shares of every stratum."""

import numpy as np

from edgehone.system.numbers import Array


def drawn(n: int, share: float, seed: int, strata: Array | None) -> Array:
    """A mask (n,) of a share of n samples, drawn at random.

    strata: (n,) equal for samples that are alike, such as their classes. Samples are shuffled, then
    sorted by stratum, and every 1/share-th is drawn, so that each gives its share to within one
    sample.
    """
    shuffled = order(n, seed)
    if strata is not None:
        shuffled = shuffled[np.argsort(strata[shuffled], kind="stable")]
    count = round(share * n)
    found = np.zeros(n, dtype=bool)
    found[shuffled[((np.arange(count) + 0.5) * n / max(count, 1)).astype(int)]] = True
    return found


def order(n: int, seed: int) -> Array:
    """The numbers below n, shuffled by a seed: (n,)."""
    return np.random.default_rng(seed).permutation(n)
