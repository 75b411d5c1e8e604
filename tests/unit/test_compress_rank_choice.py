from itertools import product

import numpy as np
import pytest

from edgehone.compress._factors import METHODS, Options, Place, options
from edgehone.compress._rank_choice import cheapest, within


def place(*shape: int, seed: int = 0, size: int = 8) -> Place:
    """A kernel whose singular values fall."""
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=shape) * 0.7 ** np.arange(shape[-1])
    return Place(kernel.astype(np.float32), (size, size), (size, size))


def slow_cheapest(found: list[Options], energy: float) -> int:
    allowed = [
        int(o.macs[i]) for o in found for i in range(len(o.macs)) if o.lost[i] <= 1 - energy + 1e-9
    ]
    return min(allowed)


@pytest.mark.parametrize("energy", [0.5, 0.9, 0.99, 1.0])
def test_cheapest_has_the_fewest_macs_of_all_that_hold_the_energy(energy: float) -> None:
    found = [options(place(3, 3, 6, 8), method) for method in METHODS]
    picked = cheapest(found, energy)
    assert picked.macs == slow_cheapest(found, energy)
    assert picked.lost <= 1 - energy + 1e-9


def test_within_loses_as_little_as_any_choice_of_the_same_cost() -> None:
    places = {"a": place(1, 1, 6, 5), "b": place(1, 1, 5, 6, seed=1), "c": place(6, 4, seed=2)}
    ways = {name: [options(p, "svd")] for name, p in places.items()}
    whole = {name: (p.macs, int(p.kernel.size)) for name, p in places.items()}
    everything = sum(macs for macs, _ in whole.values())
    compared = set()
    for wanted in np.linspace(0.05, 0.6, 12) * everything:
        chosen, saved = within(ways, whole, wanted, "macs", 1.0)
        assert saved == sum(whole[n][0] - c.macs for n, c in chosen.items()) >= wanted
        lost = sum(c.lost for c in chosen.values())
        possible = [
            [
                (0, 0.0),
                *((whole[n][0] - int(m), float(lo)) for m, lo in zip(o.macs, o.lost, strict=True)),
            ]
            for n, (o,) in ways.items()
        ]
        best = min(
            sum(lo for _, lo in picks)
            for picks in product(*possible)
            if sum(gain for gain, _ in picks) >= saved
        )
        assert lost == pytest.approx(best, abs=1e-6)
        compared.add(round(lost, 6))
    assert len(compared) > 3


def test_within_says_what_it_could_save_when_that_is_not_enough() -> None:
    found = place(1, 1, 6, 5)
    chosen, saved = within({"a": [options(found, "svd")]}, {"a": (found.macs, 30)}, 1e9, "macs", 1)
    assert saved == found.macs - chosen["a"].macs
    assert chosen["a"].ranks == (1,)


def test_within_leaves_layers_alone_that_would_cost_more() -> None:
    found = place(1, 1, 2, 2)
    whole = {"a": (found.macs, 4)}
    assert within({"a": [options(found, "svd")]}, whole, 10, "params", 0.9) == ({}, 0)
