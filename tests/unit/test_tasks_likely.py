"""Which kinds of task an output suggests."""

import pytest

from edgehone.tasks.kinds import known
from edgehone.tasks.likely import likely_kinds


@pytest.mark.parametrize(
    ("activation", "shape", "same", "first"),
    [
        ("softmax", (10,), False, "classification"),
        ("sigmoid", (1,), False, "classification"),
        ("sigmoid", (5,), False, "multilabel"),
        ("softmax", (8, 8, 3), False, "segmentation"),
        ("softmax", (None, 3), False, "sequence"),
        ("linear", (2,), False, "regression"),
        ("", (4, 4, 1), True, "reconstruction"),
        ("softmax", (2,), True, "classification"),  # two columns, two classes
    ],
)
def test_an_output_suggests_a_kind_and_leaves_out_none(
    activation: str, shape: tuple[int | None, ...], same: bool, first: str
) -> None:
    found = likely_kinds(activation, shape, same=same)
    assert found[0] == first
    assert {*known()} - {*found} == {"anomaly", "detection", "embedding"}  # for whoever means them
