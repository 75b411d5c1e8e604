"""What differs between two files' layers: which belong together, what they cost, what to try."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgehone.decide.layer_changes import advice, changes, documented, sentence
from edgehone.values import LayerSpec


def layer(name: str, channels: tuple[int, int] = (16, 16), **more: Any) -> dict[str, Any]:
    spec = LayerSpec("conv", 8, 8, *channels, (3, 3))
    return {
        "name": name,
        "operator": "CONV_2D",
        "type": "int8",
        "bytes": channels[0] * channels[1] * 9,
        "macs": channels[0] * channels[1] * 576,
        "channels": channels,
        "spec": spec,
        **more,
    }


NET = [layer("conv1", (8, 16)), layer("conv2", (16, 24)), layer("conv3", (24, 32))]


def test_equal_files_have_no_changes() -> None:
    assert changes(NET, NET) == []
    assert changes([], []) == []


def test_a_layer_that_grew_says_by_how_much_and_why() -> None:
    grown = [NET[0], layer("conv2", (16, 26)), layer("conv3", (26, 32))]
    second, third = changes(NET, grown)
    assert sentence(second) == (
        "conv2 +8.3 % MACs, +288 B: 24 -> 26 channels leaves the multiple of 8"
    )
    assert advice(second) == "24 or 32 channels"
    assert "reads 24 -> 26 channels leaves the multiple of 8" in sentence(third)


def test_what_was_measured_is_told_first() -> None:
    before = [layer("conv", instructions=1000.0)]
    after = [layer("conv", (16, 18), instructions=1180.0)]
    assert sentence(changes(before, after)[0]).startswith("conv +18 % instructions, ")


def test_times_are_told_in_their_unit() -> None:
    (found,) = changes([], [layer("conv", ms=0.25)])
    assert "+250 \u00b5s" in sentence(found)
    assert "time" in sentence(changes([layer("c", ms=1.0)], [layer("c", (16, 17), ms=2.0)])[0])


@pytest.mark.parametrize("named", [True, False])
def test_layers_that_came_or_went_are_found_with_and_without_names(named: bool) -> None:
    """Repacked files have no names inside."""
    pool = {"operator": "MAX_POOL_2D", "channels": None, "spec": None, "bytes": 0, "macs": 0}
    before = [NET[0], {**layer("pool"), **pool}, NET[1], NET[2]]
    after = [NET[0], NET[1], NET[2], layer("dense", operator="FULLY_CONNECTED")]
    if not named:
        before, after = ([{**each, "name": ""} for each in net] for net in (before, after))
    kinds = {(each["change"], each["layer"]) for each in map(documented, changes(before, after))}
    gone, new = ("pool", "dense") if named else ("MAX_POOL_2D #2", "FULLY_CONNECTED #5")
    assert kinds == {("removed", gone), ("added", new)}
    assert f"{gone}: removed" in [sentence(each) for each in changes(before, after)]


def test_a_layer_that_became_float_is_told_so() -> None:
    (found,) = changes([layer("conv")], [layer("conv", type="float32", bytes=9216)])
    assert "int8 -> float32" in sentence(found)
    assert "export it in integers again" in advice(found)


def test_a_layer_whose_cost_is_not_known_makes_no_claim() -> None:
    (found,) = changes([layer("conv", macs=None)], [layer("conv", (16, 32), macs=None)])
    assert "MACs" not in sentence(found)
    assert "macs" not in documented(found)


SIZES = st.sampled_from([4, 8, 12, 16, 24])


@given(st.lists(SIZES, max_size=6), st.lists(SIZES, max_size=6), st.booleans())
def test_bytes_of_changes_add_up_to_the_difference_of_the_files(
    before: list[int], after: list[int], named: bool
) -> None:
    nets = [
        [layer(f"c{number}" if named else "", (8, size)) for number, size in enumerate(sizes)]
        for sizes in (before, after)
    ]
    total = [sum(each["bytes"] for each in net) for net in nets]
    found = changes(*nets)
    assert sum(change.added("bytes") for change in found) == total[1] - total[0]
    assert all(sentence(change) for change in found)
