"""Any network masked down to any widths computes what it does cut down to them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_rebuild import MAPS, STEPS, WHOLE, close, computed, network, samples

from edgehone.compress._masked_network import MaskedNetwork
from edgehone.graph.groups import analyse
from edgehone.graph.prefixes import Prefixes
from edgehone.graph.rebuild import keep_channels


def masked_equals_cut(draw: Any, model: Any) -> None:
    """At two draws of widths, with the channels in a random order."""
    graph = analyse(model)
    order = {
        group.name: draw(st.permutations(range(group.channels)))
        for group in graph.groups
        if group.prunable
    }
    prefixes, x = Prefixes(graph, order), samples(model)
    masked = MaskedNetwork.of(model, prefixes, prefixes.places(model))
    for _ in range(2):
        widths = {name: draw(st.integers(1, size)) for name, size in prefixes.sizes.items()}
        small = keep_channels(model, graph, prefixes.kept(widths))
        found, _, _ = masked.call(prefixes.vector(widths), x, training=False)
        close(list(found) if isinstance(found, list | tuple) else [found], computed(small, x))


@pytest.mark.slow
@settings(WHOLE, max_examples=30)
@given(st.data())
def test_any_masked_network_equals_the_cut_one(data: st.DataObject) -> None:
    masked_equals_cut(data.draw, network(data.draw))


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAPS + STEPS)
@settings(WHOLE, max_examples=1)
@given(st.data())
def test_every_kind_of_part_is_masked_exactly(kind: str, data: st.DataObject) -> None:
    masked_equals_cut(data.draw, network(data.draw, depth=2, kind=kind))
