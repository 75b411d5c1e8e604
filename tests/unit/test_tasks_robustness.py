"""What compression did to classes, confidence and noise, against plain references."""

from math import comb
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests.run_document import run_document, run_value

from edgehone.documents import plain, schema
from edgehone.documents.run.robustness import Generalization
from edgehone.errors import DataError
from edgehone.report import robustness
from edgehone.report.page import render
from edgehone.system.rows import bounds
from edgehone.tasks.outputs import probabilities_of
from edgehone.tasks.robustness import (
    Noisy,
    check,
    expected_calibration_error,
    sign_test,
    with_noise,
)
from edgehone.values import Task

CLASSES = 5


def one_hot(labels: Any, certain: float = 0.9) -> Any:
    """Probabilities that are this certain of the labels."""
    rest = (1 - certain) / (CLASSES - 1)
    return np.where(np.eye(CLASSES)[labels] == 1, certain, rest).astype(np.float32)


def judged(
    harmed: int | None, lost: int, n: int = 500, names: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A teacher that is right in 9 of 10, and a model that errs on `lost` more of one class and,
    here and there, on others, where it is as often better.
    """
    rng = np.random.default_rng(0)
    y = np.arange(n) % CLASSES
    teacher = np.where(rng.random(n) < 0.9, y, (y + 1) % CLASSES)
    model = teacher.copy()
    for label in range(CLASSES):
        right = np.flatnonzero((y == label) & (teacher == y))
        wrong = np.flatnonzero((y == label) & (teacher != y))
        model[right[:3]] = (label + 2) % CLASSES
        model[wrong[:3]] = label
        if label == harmed:
            model[right[3 : 3 + lost]] = (label + 2) % CLASSES
    return check(Task(), y, one_hot(teacher), one_hot(model), classes=names)


def test_check_points_out_the_class_that_was_harmed() -> None:
    found = judged(harmed=3, lost=25)
    assert [each["label"] for each in found["classes"] if each["harmed"]] == [3]
    assert found["worst"] == 3
    mine = found["classes"][3]
    assert mine["n"] == 100
    assert mine["drop"] == pytest.approx(0.25, abs=0.011)
    assert mine["drop_ci95"][0] > 0.1
    assert mine["after_ci95"][0] < mine["after"] < mine["after_ci95"][1]
    (text,) = found["findings"]
    assert text.startswith("Class 3 lost 2")
    assert found["overall"]["drop"] == pytest.approx(mine["drop"] / CLASSES, abs=0.01)


def test_check_tells_of_the_most_harmed_in_full_and_names_the_others() -> None:
    y = np.arange(1000) % CLASSES
    collapsed = np.full(1000, 4)
    sentence = check(Task(), y, one_hot(y), one_hot(collapsed))["findings"]
    assert [text.split(" lost")[0] for text in sentence[:-1]] == ["Class 0", "Class 1", "Class 2"]
    assert sentence[-1] == "Also degraded, and no more than these: 3."
    (harmed,) = judged(harmed=3, lost=25)["findings"]
    assert "Also harmed" not in harmed


@pytest.mark.parametrize("lost", [0, 3])
def test_check_points_out_nobody_for_changes_that_chance_explains(lost: int) -> None:
    found = judged(harmed=3, lost=lost)
    assert not any(each["harmed"] for each in found["classes"])
    assert found["findings"] == []
    assert any(each["p"] < 1 for each in found["classes"])


def test_check_seldom_accuses_a_model_that_only_differs_by_chance() -> None:
    rng = np.random.default_rng(1)
    accused = 0
    for _ in range(200):
        y = rng.integers(0, CLASSES, 300)
        pair = [np.where(rng.random(300) < 0.8, y, (y + 1) % CLASSES) for _ in range(2)]
        found = check(Task(), y, one_hot(pair[0]), one_hot(pair[1]))
        accused += any(each["harmed"] for each in found["classes"])
    assert accused <= 20  # 5 % of 200, and three standard deviations


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (5, 0), (7, 3), (3, 7), (900, 850)])
def test_sign_test_is_the_binomial_tail(worse: int, better: int) -> None:
    n = worse + better
    exact = sum(comb(n, k) for k in range(worse, n + 1)) / 2**n
    assert sign_test(worse, better) == pytest.approx(exact, rel=2e-3)


def test_calibration_error_is_the_papers_sum_over_bins() -> None:
    rng = np.random.default_rng(2)
    scores = rng.dirichlet(np.ones(CLASSES) * 0.5, 400)
    y = np.where(rng.random(400) < 0.6, scores.argmax(-1), rng.integers(0, CLASSES, 400))
    wanted = 0.0
    for m in range(1, 16):
        members = [n for n, row in enumerate(scores) if (m - 1) / 15 < row.max() <= m / 15]
        if members:
            accuracy = sum(scores[n].argmax() == y[n] for n in members) / len(members)
            confidence = sum(scores[n].max() for n in members) / len(members)
            wanted += len(members) / 400 * abs(accuracy - confidence)
    assert wanted > 0.02
    assert expected_calibration_error(y, scores) == pytest.approx(wanted, abs=1e-12)


def test_calibration_error_of_certain_and_right_answers_is_none() -> None:
    y = np.arange(40) % CLASSES
    assert expected_calibration_error(y, one_hot(y, 1.0)) == 0
    assert expected_calibration_error((y + 1) % CLASSES, one_hot(y, 1.0)) == 1


def test_check_takes_logits_and_probabilities_alike() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, (300, CLASSES)).astype(np.float32)
    y = logits.argmax(-1)
    shares = probabilities_of(logits, logits=True).astype(np.float32)
    found = [check(Task(), y, each, each)["ece"] for each in (logits, shares)]
    assert found[0]["before"] > 0.05
    assert found[0]["before"] == pytest.approx(found[1]["before"], abs=1e-5)


def test_check_knows_the_two_classes_of_one_column() -> None:
    y = np.arange(200) % 2
    teacher = np.where(y == 1, 0.8, 0.2).astype(np.float32)[:, None]
    model = teacher.copy()
    model[1:80:2] = 0.4
    found = check(Task(), y, teacher, model)
    assert [each["label"] for each in found["classes"] if each["harmed"]] == [1]
    assert found["ece"]["before"] == pytest.approx(0.2, abs=1e-6)


def test_check_counts_dense_labels_by_sample() -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, (60, 4, 4))
    teacher = np.eye(3, dtype=np.float32)[y]
    harmed = np.where(y == 2, rng.integers(0, 3, y.shape), y)
    found = check(Task(), y, teacher, np.eye(3, dtype=np.float32)[harmed])
    assert [each["label"] for each in found["classes"] if each["harmed"]] == [2]
    assert found["classes"][2]["n"] <= 60
    assert found["classes"][2]["after"] == pytest.approx(1 / 3, abs=0.1)


def test_check_tells_of_a_model_that_noise_breaks() -> None:
    y = np.arange(400) % CLASSES
    broken = np.where(np.arange(400) % 3 == 0, (y + 1) % CLASSES, y)
    noisy = Noisy(one_hot(y), one_hot(broken), share=0.1)
    found = check(Task(), y, one_hot(y), one_hot(y), noisy)
    assert found["noise"]["drop"] == pytest.approx(1 / 3, abs=0.01)
    assert found["findings"] == [
        "Under mild noise (10 % of the inputs' deviation) it loses 0.335 of accuracy to the "
        "teacher, 0 without."
    ]


def test_check_of_numbers_has_no_classes() -> None:
    y = np.random.default_rng(5).normal(size=(50, 1))
    found = check(Task("regression", "mae"), y, y + 0.1, y + 0.3, Noisy(y + 0.1, y + 0.4))
    assert found["classes"] == []
    assert found["ece"] is None
    assert found["overall"]["drop"] == pytest.approx(0.2)
    assert found["noise"]["drop"] == pytest.approx(0.3)


def test_check_refuses_outputs_of_other_samples() -> None:
    with pytest.raises(DataError, match="3 outputs for 4 targets"):
        check(Task(), np.zeros(4, np.int64), one_hot(np.zeros(3, int)), one_hot(np.zeros(4, int)))


def test_noise_has_the_stated_share_and_stays_in_range() -> None:
    x = np.random.default_rng(6).uniform(0, 1, (500, 8, 8)).astype(np.float32)
    noisy = with_noise(x, 0.1, seed=1)
    assert noisy is not None
    assert noisy.dtype == np.float32
    assert (noisy - x)[(x > 0.2) & (x < 0.8)].std() == pytest.approx(0.1 * x.std(), rel=0.02)
    assert bounds(noisy)[0] >= x.min()
    assert bounds(noisy)[1] <= x.max()
    again = with_noise(x, 0.1, seed=1)
    assert again is not None
    assert np.array_equal(again, noisy)
    assert with_noise(np.arange(5)) is None


@pytest.mark.slow
def test_page_and_schema_show_the_harmed_class_first() -> None:
    found = plain(judged(harmed=3, lost=25))
    document = {**run_document(), "generalization": found}
    jsonschema.validate(document, schema("run"))
    value = Generalization.from_json(found)
    assert value is not None
    table = robustness.classes_table(value)
    assert table.rows[0][0] == "3"
    assert table.marked == {0}
    page = render(run_value(document))
    assert "Robustness of the winner" in page
    assert "Class 3 lost most: 2" in page


def test_classes_are_called_by_their_names() -> None:
    names = ("ant", "bee", "cat", "dog", "elk")
    found = judged(harmed=3, lost=25, names=names)
    assert [each["name"] for each in found["classes"]] == list(names)
    assert found["findings"][0].startswith("Class dog (3) lost 2")
    value = Generalization.from_json(found)
    assert value is not None
    assert robustness.classes_table(value).rows[0][0] == "dog (3)"
    assert "Class dog (3) lost most" in robustness.note(value)
    some = judged(harmed=None, lost=0, names=("ant",))["classes"]
    assert [each["name"] for each in some] == ["ant", None, None, None, None]
