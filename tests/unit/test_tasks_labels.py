"""Labels: read right in every usual form, refused with the shapes that the user's arrays have."""

from typing import Any

import numpy as np
import pytest

from edgehone.errors import DataError
from edgehone.tasks.labels import beyond_hint, labels_of

Y = np.arange(60) % 3
MASKS = np.random.default_rng(0).integers(0, 3, (20, 4, 5))
ROWS = np.random.default_rng(1).integers(0, 2, (60, 5))


@pytest.mark.parametrize(
    ("values", "output", "right"),
    [
        (Y.astype(float), (3,), Y),
        (Y.astype(np.uint8), None, Y),
        (Y[:, None], (3,), Y),
        (Y[:, None], None, Y),
        (np.eye(3)[Y], (3,), Y),
        (np.eye(3, dtype=bool)[Y], None, Y),
        (Y > 0, (1,), (Y > 0) * 1),
        ((Y > 0)[:, None].astype(np.float32), (1,), (Y > 0) * 1),
        (np.eye(2)[(Y > 0) * 1], (1,), (Y > 0) * 1),
        (MASKS, (4, 5, 3), MASKS),
        (MASKS[..., None], (4, 5, 3), MASKS),
        (np.eye(3)[MASKS], (4, 5, 3), MASKS),
        (np.eye(3)[MASKS], (None, None, 3), MASKS),
        (np.eye(3)[MASKS], None, MASKS),
        ((MASKS > 1)[..., None], (4, 5, 1), (MASKS > 1) * 1),
        (Y[:, None], (1, 3), Y[:, None]),  # sequences of one step
        (np.eye(3)[Y][:, None], (1, 3), Y[:, None]),
    ],
)
def test_labels_come_in_many_forms(values: Any, output: Any, right: Any) -> None:
    found = labels_of(values, "y", output)
    assert found.dtype == np.int64
    assert np.array_equal(found, right)


def test_one_label_in_each_row_is_not_one_hot_where_the_model_labels_positions() -> None:
    """Which token is the answer: one 1 in every row of labels, not a row of class scores."""
    starts = np.eye(5, dtype=int)[np.arange(60) % 5]
    assert np.array_equal(labels_of(starts, "y", (5, 2)), starts)


@pytest.mark.parametrize(
    ("values", "output", "message", "hint"),
    [
        (ROWS, (5,), r"multi-label targets of shape \(60, 5\)", 'kind = "multilabel"'),
        (ROWS.astype(bool), (5,), r"multi-label targets of shape \(60, 5\)", "multilabel"),
        (ROWS * 0.0, (5,), r"multi-label targets of shape \(60, 5\)", "multilabel"),
        (np.ones((20, 4, 5, 3)), (4, 5, 3), r"multi-label .* \(20, 4, 5, 3\)", "multilabel"),
        (np.full((60, 5), 0.2), (5,), r"shares of classes of shape \(60, 5\)", "argmax"),
        (ROWS * 7.5, (5,), r"numbers of shape \(60, 5\)", "regression"),
        (
            np.eye(4)[Y],
            (3,),
            r"shape \(60, 4\), but the model's outputs have \(n, 3\)",
            r"(n), or one-hot rows (n, 3)",
        ),
        (Y, (4, 5, 3), r"shape \(60,\), but the model's outputs have \(n, 4, 5, 3\)", "(n, 4, 5)"),
        (MASKS, (3,), r"shape \(20, 4, 5\)", "(n, 3)"),
        (Y - 1.5, (3,), "not an integer", "from 0"),
        (Y - 1, (3,), "label -1, which is out of range", "segmentation(void=-1)"),
        (np.where(Y > 0, 1, -1), (1,), "label -1", "y > 0"),
        (np.array(["cat", "dog"] * 9), (2,), r"texts \('cat', 'dog'\)", "numpy.unique"),
        (np.array(["cat", "dog"] * 9, object), (2,), r"texts \('cat', 'dog'\)", "class_names"),
        (np.array([b"a", b"b", b"c", b"d"] * 9), (4,), r"texts \('a', 'b', 'c', …\)", "return"),
        (np.array([None, 1] * 9), (2,), "Python objects", "astype"),
        (Y.astype(complex), (3,), "complex numbers", "astype"),
        (np.where(Y == 1, np.nan, Y), (3,), "NaN or infinity, first in sample 1", "Clean"),
        (np.where(Y == 1, np.inf, Y), None, "NaN or infinity", "Clean"),
        (np.full(60, 2**63, np.uint64), None, "not an integer|out of range", ""),
    ],
)
def test_what_are_no_labels_is_refused_as_what_it_is(
    values: Any, output: Any, message: str, hint: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        labels_of(values, "y in 'data.npz'", output)
    assert hint in caught.value.hint
    assert caught.value.message.startswith("y in 'data.npz' has")


def test_texts_follow_the_advice_to_labels_and_names() -> None:
    class_names, y = np.unique(np.array(["owl", "cat", "owl"]), return_inverse=True)
    assert labels_of(y, "y", (2,)).tolist() == [1, 0, 1]
    assert class_names.tolist() == ["cat", "owl"]


@pytest.mark.parametrize(
    ("lowest", "highest", "known", "text"),
    [
        (1, 10, 10, "subtract 1"),
        (0, 255, 21, "segmentation(void=255)"),
        (0, 10, 10, "from 0 to 9."),
    ],
)
def test_labels_beyond_the_classes_get_the_likely_reason(
    lowest: int, highest: int, known: int, text: str
) -> None:
    assert text in beyond_hint(lowest, highest, known)
