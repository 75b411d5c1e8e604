"""Which metrics are fractions, and so read in percent, by their names."""

import pytest

from edgehone import units


@pytest.mark.parametrize(
    ("metric", "share"),
    [
        ("accuracy", True),
        ("top5", True),
        ("agreement", True),
        ("mean_iou", True),
        ("pixel_accuracy", True),
        ("micro_f1", True),
        ("mean_average_precision", True),
        ("mae", False),
        ("r2", False),
        ("share_of_errors", False),
        ("python:mine:f1", False),
        ("python:mine:my_f1", False),
    ],
)
def test_the_last_word_of_a_metrics_name_says_whether_it_is_a_fraction(
    metric: str, share: bool
) -> None:
    assert units.is_share(metric) is share
    assert units.kind_of("accuracy", metric) == ("share" if share else "plain")
    assert units.kind_of("accuracy_drop", metric) == ("difference" if share else "plain")
    assert units.quantity("accuracy", 0.875, metric) == ("87.5 %" if share else "0.875")
