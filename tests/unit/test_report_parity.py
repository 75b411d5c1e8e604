"""Differences between a device's outputs and this machine's, told in a sentence."""

from dataclasses import replace
from typing import Any

import pytest
from tests.run_document import run_value

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


def line(parity: Any) -> str:
    return parity_line(replace(run_value().baseline, host_parity=parity))


@pytest.mark.parametrize("parity", [None, {}, {"skipped": "why"}, {**SOME, "different": 0}])
def test_parity_line_is_silent_without_differences(parity: Any) -> None:
    assert line(parity) == ""


def test_parity_line_counts_values_steps_and_labels() -> None:
    expected = (
        "7 of 100 outputs differ from this machine's by at most 1 step, 0 of 20 labels: because"
    )
    assert line(SOME) == expected


def test_parity_line_of_real_outputs_tells_the_relative_difference() -> None:
    real = {**SOME, "largest_steps": None, "labels_different": None}
    assert "by at most 0.400 % of the largest: because" in line(real)
    unknown = {**real, "largest_relative": None}
    assert line(unknown).endswith("this machine's: because")
