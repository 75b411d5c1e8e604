"""Differences between a device's and this machine's outputs: counted, sized, and blamed."""

from typing import Any

import numpy as np
import pytest

from edgehone.measure.agreement import FLOAT_NOISE, Outputs, Side, blame, differences
from edgehone.tasks.kinds import kind_of

HERE = Side("ai_edge_litert 2.3.0", "x86_64")
THERE = Side("ai_edge_litert 2.3.0", "aarch64")
SCALE = 1 / 256


def steps(*values: int) -> Any:
    """Outputs (1, n) of a quantized file."""
    return np.array([values], np.float32) * np.float32(SCALE)


def compared(theirs: Any, ours: Any, scale: float | None = SCALE, labels: bool = False) -> Any:
    kind = kind_of("classification" if labels else "regression")
    return differences(Outputs([theirs], [ours]), scale=scale, labels=kind.labels)


def test_differences_of_equal_outputs_are_none() -> None:
    assert compared(steps(1, 2, 3), steps(1, 2, 3)) == {
        "n": 1,
        "values": 3,
        "different": 0,
        "largest_steps": 0,
        "largest_relative": 0.0,
        "labels_different": None,
    }


def test_differences_of_integers_are_counted_in_steps() -> None:
    found = compared(steps(1, 2, 5, -4), steps(1, 3, 5, -6))
    assert (found["different"], found["largest_steps"]) == (2, 2)
    assert found["largest_relative"] == pytest.approx(2 / 6)


def test_differences_of_real_outputs_allow_for_rounding() -> None:
    ours = np.array([[1.0, -2.0, 0.0]])
    at, beyond = 2 * FLOAT_NOISE, 2.1 * FLOAT_NOISE
    assert compared(ours + at * np.array([[0, 0, 1]]), ours, None)["different"] == 0
    found = compared(ours + beyond * np.array([[0, 0, 1]]), ours, None)
    assert (found["different"], found["largest_steps"]) == (1, None)


def test_differences_add_up_over_splits() -> None:
    outputs = Outputs([steps(1, 2), steps(3, 4)], [steps(1, 3), steps(5, 4)])
    found = differences(outputs, scale=SCALE, labels=kind_of("classification").labels)
    assert [found[key] for key in ("n", "values", "different", "labels_different")] == [2, 4, 2, 1]


def test_differences_of_one_column_are_labels_of_a_sigmoid() -> None:
    theirs, ours = np.array([[0.4], [0.6], [0.9]]), np.array([[0.6], [0.7], [0.5]])
    assert compared(theirs, ours, None, labels=True)["labels_different"] == 2


def test_differences_of_dense_labels_count_samples_and_not_places() -> None:
    ours = np.eye(3)[np.array([[[0, 1], [2, 0]], [[1, 1], [2, 2]]])]
    theirs = ours.copy()
    theirs[0, 0] = ours[0, 0, ::-1]
    found = differences(
        Outputs([theirs], [ours]), scale=None, labels=kind_of("segmentation").labels
    )
    assert (found["n"], found["labels_different"]) == (2, 1)


def test_differences_survive_what_is_not_finite() -> None:
    ours = np.array([[1.0, np.nan, np.inf]])
    assert compared(ours, ours, None)["different"] == 0
    assert compared(np.array([[1.0, 2.0, 3.0]]), ours, SCALE)["different"] == 2
    zeros = np.zeros((1, 2))
    assert compared(zeros, zeros, None)["largest_relative"] is None


def test_blame_falls_on_the_delegate_when_plain_kernels_do_the_same() -> None:
    outputs = Outputs([steps(1, 2)], [steps(1, 3)], [steps(1, 2)])
    word, reason = blame(outputs, Side("older 1.0", "aarch64"), HERE, scale=SCALE)
    assert word == "delegate"
    assert "XNNPACK is not used" in reason


def test_blame_names_both_versions_when_they_differ() -> None:
    outputs = Outputs([steps(1, 2)], [steps(1, 3)], [steps(1, 3)])
    word, reason = blame(outputs, Side("tflite_runtime 2.14.0", "armv7l"), HERE, scale=SCALE)
    assert word == "version"
    assert "tflite_runtime 2.14.0" in reason
    assert "ai_edge_litert 2.3.0" in reason


def test_blame_falls_on_the_kernels_of_the_architecture_otherwise() -> None:
    word, reason = blame(Outputs([steps(1)], [steps(2)]), THERE, HERE, scale=SCALE)
    assert word == "kernels"
    assert "aarch64" in reason
    assert "x86_64" in reason


def test_blame_knows_one_version_under_several_names() -> None:
    outputs = Outputs([steps(1)], [steps(2)])
    library = Side("libLiteRt 2.3.0", "aarch64")
    assert blame(outputs, library, HERE, scale=SCALE)[0] == "kernels"
    unavailable = Side("libLiteRt", "aarch64")
    assert blame(outputs, unavailable, HERE, scale=SCALE)[0] == "version"
