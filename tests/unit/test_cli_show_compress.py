"""What `edgehone compress` shows of a candidate's classes."""

import pytest

from edgehone.cli.show.compress import _worst
from edgehone.units import MINUS


@pytest.mark.parametrize(
    ("drop", "shown"),
    [(0.0, "0.0 (cat (3))"), (0.0125, f"{MINUS}1.2 (cat (3))"), (-0.02, "+2.0 (cat (3))")],
)
def test_the_worst_class_has_a_real_sign_and_a_zero_has_none(drop: float, shown: str) -> None:
    assert _worst({"classes": [{"label": 3, "name": "cat", "drop": drop}]}) == shown
    assert _worst({"classes": []}) == _worst(None) == ""
