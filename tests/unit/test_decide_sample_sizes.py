"""What samples prove, checked by the same intervals that decide."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.test_decide_decision import MEASURED

from edgehone.budgets import Budget
from edgehone.decide.decision import check
from edgehone.decide.sample_sizes import foreseen, need, needs_of
from edgehone.tasks.evaluate import evaluate
from edgehone.values import Accuracy, Task

DROP = Budget("accuracy_drop", "max", 0.01)


def classified(n: int, worse: int, better: int) -> Accuracy:
    """n samples of two classes, of which so many changed against the reference; 90 % were right."""
    y = np.zeros(n, dtype=int)
    wrong = max(better, round(0.1 * n))
    before = (np.arange(n) < wrong).astype(int)
    after = before.copy()
    after[:better] = 0
    after[n - worse :] = 1
    rows = np.eye(2)
    return evaluate(Task(), y, rows[after], reference=rows[before], teacher=rows[before])


def verdict(accuracy: Accuracy, budget: Budget) -> str:
    return check(replace(MEASURED, accuracy=accuracy), budget).verdict


def test_what_is_proven_needs_nothing() -> None:
    assert need(DROP, classified(3000, 5, 5)) is None
    assert need(DROP, classified(300, 0, 0)) is None
    unknown = Accuracy("accuracy", 0.9, 300, (0.86, 0.93))
    assert need(DROP, unknown) is None
    assert need(Budget("size_bytes", "max", 3), classified(300, 2, 2)) is None


def test_three_hundred_samples_that_change_cannot_prove_one_point() -> None:
    seen = classified(300, 3, 4)
    assert verdict(seen, DROP) == "inconclusive"
    found = need(DROP, seen)
    assert found is not None
    assert found.samples is not None
    assert found.n < found.samples < 3000
    assert 0.01 < found.limit < 0.03
    assert found.remedy == f"about {found.samples:,} samples would do, or max = " + (
        f"{100 * found.limit:.2f}".rstrip("0") + " points"
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(40, 900), st.integers(0, 12), st.integers(0, 12), st.floats(0.002, 0.05))
def test_the_limit_and_the_number_of_samples_that_are_named_decide(
    n: int, worse: int, better: int, limit: float
) -> None:
    budget, seen = Budget("accuracy_drop", "max", limit), classified(n, worse, better)
    found = need(budget, seen)
    assert (found is None) == (verdict(seen, budget) == "pass")
    assume(found is not None)
    assert found is not None
    assert verdict(seen, replace(budget, limit=found.limit)) == "pass"
    assert verdict(seen, replace(budget, limit=found.limit - 1.1e-4)) != "pass"
    if found.samples is None:
        return
    many = found.samples
    more, fewer = (round(count * many / n) for count in (worse, better))
    assert many > n
    assert verdict(classified(many, more, fewer), budget) == "pass"


def test_no_number_of_samples_proves_what_is_not_so() -> None:
    found = need(DROP, classified(1000, 40, 20))
    assert found is not None
    assert found.samples is None
    assert "samples" not in found.remedy
    assert found.remedy.startswith("max = ")


def test_a_start_is_judged_as_if_nothing_were_lost() -> None:
    seen = classified(300, 6, 1)
    as_seen, flawless = need(DROP, seen), need(DROP, seen, flawless=True)
    assert as_seen is not None
    assert flawless is not None
    assert as_seen.samples is None  # it lost 1.7 points
    assert flawless.limit < as_seen.limit
    assert flawless.samples is not None
    half = round(3.5 * flawless.samples / 300)
    assert verdict(classified(flawless.samples, half, half), DROP) == "pass"


def test_the_start_names_budgets_that_the_samples_are_too_few_for() -> None:
    start, int8 = classified(300, 0, 0), classified(300, 3, 4)
    budgets = [
        DROP,
        Budget("accuracy_drop", "max", 0.05),
        Budget("accuracy", "min", 0.89),
        Budget("accuracy", "min", 0.8),
        Budget("accuracy", "min", 0.99),  # the teacher itself has 90 %
        Budget("agreement", "min", 0.995),
        Budget("size_bytes", "max", 9),
    ]
    found = needs_of(budgets, start, int8)
    assert [(each.budget.metric, each.budget.limit) for each in found] == [
        ("accuracy_drop", 0.01),
        ("accuracy", 0.89),
        ("agreement", 0.995),
    ]
    text = foreseen(found[0])
    assert text.startswith("300 test samples cannot prove accuracy_drop ≤ 1 point for a candidate")
    assert "as many answers as the int8 baseline (7)" in text
    assert found[0].remedy in text
    assert "as good as the teacher" in foreseen(found[1])
    assert needs_of(budgets, None, None) == ()


@pytest.mark.parametrize(("metric", "limit"), [("accuracy", 0.89), ("agreement", 0.97)])
def test_shares_are_proven_by_the_samples_that_are_named(metric: str, limit: float) -> None:
    budget, seen = Budget(metric, "min", limit), classified(300, 3, 3)
    found = need(budget, seen)
    assert found is not None
    assert found.samples is not None
    scaled = round(3 * found.samples / 300)
    assert verdict(classified(found.samples, scaled, scaled), budget) == "pass"
    assert verdict(seen, replace(budget, limit=found.limit)) == "pass"


def test_errors_are_proven_by_more_samples_of_the_same_spread() -> None:
    random = np.random.default_rng(0)

    def measured(n: int) -> Accuracy:
        y = random.normal(size=n)
        start = y + random.normal(size=n) * 0.3
        outputs = start + random.normal(size=n) * 0.1
        return evaluate(Task("regression", "mae"), y, outputs, reference=start)

    budget, seen = Budget("accuracy_drop", "max", 0.02), measured(100)
    assert verdict(seen, budget) == "inconclusive"
    found = need(budget, seen, flawless=True)
    assert found is None or found.limit < 0.06
    tight = need(Budget("accuracy_drop", "max", 0.001), seen, flawless=True)
    assert tight is not None
    assert tight.samples is not None
    assert "points" not in tight.remedy
    assert seen.drop_ci95 is not None
    assert seen.drop is not None
    half = (seen.drop_ci95[1] - seen.drop) * (100 / tight.samples) ** 0.5
    assert half <= 0.001
