"""Losses that never fall along a ladder, and what training does not give back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import search_worlds as worlds

from edgehone.search.decisions.factorize import Factorize
from edgehone.search.decisions.precision import Precision
from edgehone.search.decisions.prune_channels import PruneChannels
from edgehone.search.lasting import LASTING_WEIGHT, prepared, rising, without
from edgehone.search.plan import Option, Plan
from edgehone.values import LayerSpec


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=8))
def test_a_row_rises_as_near_to_what_was_found_as_can_be(losses: list[float]) -> None:
    """Against the min-max formula of isotonic regression, every interval tried."""
    n = len(losses)
    slow = [
        max(min(np.mean(losses[a : b + 1]) for b in range(place, n)) for a in range(place + 1))
        for place in range(n)
    ]
    found = rising(range(n), dict(enumerate(losses)))
    assert [found[place] for place in range(n)] == pytest.approx(slow)


def test_a_row_is_read_from_the_option_that_takes_least_away() -> None:
    tables = worlds.chain(("float32", "int8x4", "int8"))
    measured: dict[str, dict[str, dict[Option, float]]] = {
        "prune_channels": {"g0": {32: 0.0, 24: 0.4, 16: 0.2, 8: 0.6}},
        "precision": {"l0": {"int8x4": 0.1, "int8": 0.3}},
    }
    found = prepared(measured, tables.space)
    assert dict(found.table["prune_channels"]["g0"]) == {
        **{32: 0.0, 24: pytest.approx(0.3), 16: pytest.approx(0.3), 8: 0.6}
    }
    assert found.table["precision"]["l0"] == {
        **{"int8x4": pytest.approx(0.2), "int8": pytest.approx(0.2)}
    }
    assert "factorize" not in found.table


def test_of_equal_losses_before_training_those_that_leave_more_are_less() -> None:
    """All ends together count LASTING_WEIGHT times what was measured of them, and a group that is
    cut to a quarter three times as much as one cut to half.
    """
    tables = worlds.chain()
    measured = {name: rows for name, rows in tables.losses.table.items() if name != "factorize"}
    found = prepared(measured, tables.space)
    subjects = next(d for d in tables.space.decisions if d.NAME == "prune_channels").subjects
    ends = {name: options[-1] for name, options in subjects.items()}
    before = sum(found.before("prune_channels", *each) for each in ends.items())
    after = sum(found.at("prune_channels", *each) for each in ends.items())
    assert after == pytest.approx((1 + LASTING_WEIGHT) * before)

    def added(option: int) -> float:
        return found.at("prune_channels", "g0", option) - found.before(
            "prune_channels", "g0", option
        )

    assert added(32) == 0
    assert added(8) == pytest.approx(3 * added(16))
    whole = tables.space.unchanged("float32")
    assert found.of(whole) == 0
    assert without(found, "prune_channels").at("prune_channels", "g0", 8) == found.before(
        "prune_channels", "g0", 8
    )


def test_what_an_option_takes_is_by_channels_and_by_weights() -> None:
    assert PruneChannels({"g": (32, 16, 8)}).taken("g", 8) == 3
    spec = LayerSpec("conv", 8, 8, 16, 32, (3, 3))
    halved = Factorize({"l": (0, 8)}, {"l": spec})
    assert halved.taken("l", 0) == 0
    assert halved.taken("l", 8) == pytest.approx(9 * 16 * 32 / (9 * 16 * 8 + 8 * 32) - 1)
    assert Precision({"l": ("int8", "float32")}).taken("l", "int8") == 0


def test_losses_taken_again_go_on_from_what_was_measured() -> None:
    """What is added along the ladder counts once, however often losses are taken again."""
    tables = worlds.chain()
    measured = {"prune_channels": tables.losses.table["prune_channels"]}
    found = prepared(measured, tables.space)
    start = tables.space.unchanged("int8")
    kept = {**start.of("prune_channels"), "g0": 16}
    plan = Plan({**start.choices, "prune_channels": kept}, "int8")
    again = found.beyond(plan, {"prune_channels": {"g0": {16: 0.0, 8: 5.0}}})
    assert again.at("prune_channels", "g0", 16) == found.at("prune_channels", "g0", 16)
    gained = again.at("prune_channels", "g0", 8) - found.at("prune_channels", "g0", 8)
    table = found.table["prune_channels"]["g0"]
    assert gained == pytest.approx(table[16] + 5.0 - table[8])
