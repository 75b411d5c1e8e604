"""Differences between a device's outputs and this machine's, told in a sentence."""

from typing import Any

import pytest

from edgehone.report.parity import parity_line

SOME: dict[str, Any] = {
    "n": 20,
    "values": 100,
    "different": 7,
    "largest_steps": 1,
    "largest_relative": 0.004,
    "labels_different": 0,
    "blame": "kernels",
    "reason": "because",
}


@pytest.mark.parametrize("parity", [None, {}, {"skipped": "why"}, {**SOME, "different": 0}])
def test_parity_line_is_silent_without_differences(parity: Any) -> None:
    assert parity_line({"host_parity": parity}) == ""
    assert parity_line({}) == ""


def test_parity_line_counts_values_steps_and_labels() -> None:
    expected = (
        "7 of 100 outputs differ from this machine's by at most 1 step, 0 of 20 labels: because"
    )
    assert parity_line({"host_parity": SOME}) == expected


def test_parity_line_of_real_outputs_tells_the_relative_difference() -> None:
    real = {**SOME, "largest_steps": None, "labels_different": None}
    assert "by at most 0.400 % of the largest: because" in parity_line({"host_parity": real})
    unknown = {**real, "largest_relative": None}
    assert parity_line({"host_parity": unknown}).endswith("this machine's: because")
