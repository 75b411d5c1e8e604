"""Budgets relative to a baseline, advisory ones, those about names in files and about classes."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from edgehone.budgets import Budget
from edgehone.decide.decision import check, decide, decide_all
from edgehone.decide.timing import Timing
from edgehone.values import Accuracy, Artifact, DeviceInfo, Latency, Measurement, RuntimeInfo

AUDIT = {
    "operators": {"CONV_2D": 2, "FlexErf": 1},
    "types": {"int8": 5, "float32": 2},
    "inputs": [{"name": "x", "shape": [1, 4], "dtype": "float32"}],
    "outputs": [{"name": "y", "shape": [1, 3], "dtype": "float32"}],
    "delegates": {
        "xnnpack": {
            "delegated": 2,
            "nodes": 3,
            "macs": {"delegated": 75, "total": 100},
            "left": {"FlexErf": 1},
        }
    },
}


_files = count(1)


def measured(size: int = 1000, blocks: tuple[tuple[float, ...], ...] = ()) -> Measurement:
    """A file of its own content."""
    sha256 = f"{next(_files):064x}"
    artifact = Artifact(Path("m.tflite"), "tflite", "int8", size, size // 2, sha256, audit=AUDIT)
    latency = Latency(blocks, (1.0,) * len(blocks), (1.0,) * len(blocks)) if blocks else None
    return Measurement(
        artifact, DeviceInfo("pi", "arm-cpu"), RuntimeInfo("litert", "2", "", 1), latency, None
    )


def times(seed: int, factor: float = 1.0, blocks: int = 24) -> tuple[tuple[float, ...], ...]:
    """Blocks that drift together, whichever file they are of, and differ by a factor."""
    own = np.random.default_rng(seed)
    drift = 1 + 0.5 * np.random.default_rng(99).random(blocks)
    return tuple(tuple(factor * each * own.normal(1, 0.003, 20)) for each in drift)


def relative(metric: str, limit: float) -> Budget:
    return Budget(metric, "max", limit, relative_to="baseline")


@pytest.mark.parametrize(("size", "verdict"), [(1019, "pass"), (1020, "pass"), (1021, "fail")])
def test_a_size_is_held_to_a_ratio_of_the_baselines(size: int, verdict: str) -> None:
    found = check(measured(size), relative("size_bytes", 1.02), baseline=measured(1000))
    assert (found.verdict, found.against) == (verdict, 1000)
    assert found.value == pytest.approx(size / 1000)


def test_a_count_that_is_missed_is_told_without_what_a_device_could_lack() -> None:
    counted = replace(measured(), instructions=900)
    found = check(counted, Budget("instructions", "max", 500))
    assert found.reason == "900 is above 500"


def test_a_file_of_the_baselines_content_is_its_equal() -> None:
    """Whatever the clock says: noise cannot fail what did not change."""
    base = measured(blocks=times(2))
    again = replace(base, latency=measured(blocks=times(1, 3.0)).latency)
    found = check(again, relative("latency_p50_ms", 1.02), Timing(), base)
    assert (found.value, found.verdict) == (1.0, "pass")


def test_without_a_baseline_a_relative_budget_is_open() -> None:
    found = check(measured(), relative("size_bytes", 1.02))
    assert (found.verdict, found.value) == ("inconclusive", None)
    assert "no baseline" in found.reason


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "pass"), (1.04, "fail")])
def test_times_are_compared_block_by_block_so_that_drift_cancels(
    factor: float, verdict: str
) -> None:
    """The blocks of either file alone vary by half; their ratios by half a percent."""
    found = check(
        measured(blocks=times(1, factor)),
        relative("latency_p50_ms", 1.02),
        Timing(),
        measured(blocks=times(2)),
    )
    assert found.verdict == verdict
    assert found.ci95 is not None
    assert found.ci95[1] - found.ci95[0] < 0.02


def test_times_that_were_not_measured_beside_each_other_are_not_compared() -> None:
    other = measured(blocks=times(2, blocks=12))
    found = check(measured(blocks=times(1)), relative("latency_p50_ms", 1.5), baseline=other)
    assert found.verdict == "inconclusive"
    assert "together with it" in found.reason


def test_a_disturbed_baseline_decides_nothing() -> None:
    """A slow baseline would flatter the file."""
    slow = replace(measured(blocks=times(2, 5.0)), verdict="contended", reason="cc1 ran")
    found = check(measured(blocks=times(1)), relative("latency_p50_ms", 1.0), baseline=slow)
    assert found.verdict == "inconclusive"
    assert "contended: cc1 ran" in found.reason


def test_what_is_slower_than_a_slowed_baseline_fails() -> None:
    slow = replace(measured(blocks=times(2)), verdict="contended", reason="cc1 ran")
    found = check(measured(blocks=times(1, 9.0)), relative("latency_p50_ms", 2.0), baseline=slow)
    assert found.verdict == "fail"


def test_being_slowed_down_does_not_keep_a_relative_limit() -> None:
    """Contention only adds time to a file, but it may have been added to the baseline as well."""
    busy = replace(measured(blocks=times(1)), verdict="contended")
    found = check(busy, relative("latency_p50_ms", 1.5), baseline=measured(blocks=times(2)))
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("budget", "value", "named"),
    [
        (Budget("operators", "max", 0, banned=("Flex*",)), 1, "FlexErf (1)"),
        (Budget("operators", "max", 0, allowed=("CONV_2D",)), 1, "FlexErf (1)"),
        (Budget("operators", "max", 0, banned=("ADD",)), 0, ""),
        (Budget("operators", "max", 2), 3, ""),
        (Budget("operators", "max", 0, banned=("flex_erf",)), 1, "FlexErf (1)"),
        (Budget("types", "max", 0, banned=("float*",)), 2, "float32 (2)"),
        (Budget("io_types", "max", 0, allowed=("int8", "uint8")), 2, "float32 (2)"),
    ],
)
def test_names_are_allowed_or_banned(budget: Budget, value: float, named: str) -> None:
    found = check(measured(), budget)
    assert found.value == value
    assert found.verdict == ("fail" if value > budget.limit else "pass")
    assert named in found.reason


@pytest.mark.parametrize("metric", ["operators", "types", "io_types", "delegate_coverage"])
def test_what_nobody_looked_into_is_open(metric: str) -> None:
    unread = replace(measured(), artifact=replace(measured().artifact, audit=None))
    assert check(unread, Budget(metric, "max", 0)).verdict == "inconclusive"


def test_operators_that_the_baseline_does_not_have_are_counted() -> None:
    audit = {**AUDIT, "operators": {"CONV_2D": 1}}
    base = replace(measured(), artifact=replace(measured().artifact, audit=audit))
    found = check(measured(), relative("operators", 0), baseline=base)
    assert (found.value, found.verdict) == (1, "fail")
    assert check(base, relative("operators", 0), baseline=measured()).verdict == "pass"


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [("name", "z", "name"), ("shape", [1, 5], "shape"), ("dtype", "int8", "type")],
)
def test_an_input_that_an_app_would_have_to_be_changed_for_fails(
    key: str, value: object, word: str
) -> None:
    audit = {**AUDIT, "inputs": [{**AUDIT["inputs"][0], key: value}]}  # type: ignore[index]
    base = replace(measured(), artifact=replace(measured().artifact, audit=audit))
    budget = relative("io_types", 0)
    found = check(measured(), budget, baseline=base)
    assert found.verdict == "fail"
    assert f": {word} " in found.reason
    assert check(measured(), budget, baseline=measured()).verdict == "pass"
    implied = check(measured(), replace(budget, implied=True), baseline=base)
    assert implied.verdict == ("pass" if word == "name" else "fail")


def test_the_share_that_a_delegate_takes_is_that_of_the_arithmetic() -> None:
    found = check(measured(), Budget("delegate_coverage", "min", 0.8))
    assert (found.value, found.verdict) == (0.75, "fail")
    assert "FlexErf (1)" in found.reason


def scored(classes: dict[str, tuple[int, float]]) -> Measurement:
    total = sum(n for n, _ in classes.values())
    value = sum(n * mean for n, mean in classes.values()) / total
    about = Accuracy("accuracy", value, total, (value - 0.01, value + 0.01), classes=classes)
    return replace(measured(), accuracy=about)


FINE = {"0": (1000, 0.99), "1": (1000, 0.98), "2": (1000, 0.97)}
POOR = {**FINE, "2": (1000, 0.60)}


@pytest.mark.parametrize(
    ("classes", "wanted", "verdict"),
    [
        (FINE, ("worst",), "pass"),
        (POOR, ("worst",), "fail"),
        (POOR, ("0", "1"), "pass"),
        (POOR, ("2",), "fail"),
        (POOR, ("0", "1", "2"), "inconclusive"),
        ({**FINE, "2": (20, 0.95)}, ("worst",), "inconclusive"),
        (FINE, ("7",), "inconclusive"),
    ],
)
def test_a_budget_is_about_the_classes_that_it_names(
    classes: dict[str, tuple[int, float]], wanted: tuple[str, ...], verdict: str
) -> None:
    limit = 0.856 if len(wanted) == 3 else 0.9
    assert (
        check(scored(classes), Budget("accuracy", "min", limit, classes=wanted)).verdict == verdict
    )


@pytest.mark.parametrize(("after", "verdict"), [(FINE, "pass"), (POOR, "fail")])
def test_the_class_that_lost_most_is_found(
    after: dict[str, tuple[int, float]], verdict: str
) -> None:
    budget = Budget("accuracy_drop", "max", 0.05, classes=("worst",))
    assert check(scored(after), budget, baseline=scored(FINE)).verdict == verdict
    assert check(scored(after), budget).verdict == "inconclusive"


def test_scores_without_classes_leave_a_budget_on_them_open() -> None:
    unlabelled = replace(measured(), accuracy=Accuracy("mae", 1.0, 100, (0.9, 1.1)))
    found = check(unlabelled, Budget("accuracy", "min", 0.5, classes=("worst",)))
    assert (found.verdict, found.value) == ("inconclusive", None)


KEPT, MISSED = Budget("size_bytes", "max", 2000), Budget("compressed_bytes", "max", 10)
ADVISORY = replace(MISSED, required=False)


@pytest.mark.parametrize(
    ("budgets", "outcome"),
    [
        ([KEPT, ADVISORY], "pass"),
        ([ADVISORY], "pass"),
        ([KEPT, MISSED], "fail"),
        ([MISSED, ADVISORY], "fail"),
        ([Budget("instructions", "max", 5), ADVISORY], "inconclusive"),
    ],
)
def test_advisory_budgets_decide_nothing(budgets: list[Budget], outcome: str) -> None:
    found = decide(measured(), budgets)
    assert found.outcome == outcome
    assert len(found.checks) == len(budgets)


def test_each_device_is_compared_with_the_baseline_there() -> None:
    here, there = measured(1000), replace(measured(1000), device=DeviceInfo("phone", "arm-cpu"))
    bases = {"pi": measured(1000), "phone": replace(measured(500), device=there.device)}
    found = decide_all([here, there], [relative("size_bytes", 1.1)], baselines=bases)
    assert [each.verdict for each in found.checks] == ["pass", "fail"]


def test_ids_do_not_depend_on_limits() -> None:
    first = decide(measured(), [KEPT]).checks[0].id
    assert (
        first == decide(measured(), [replace(KEPT, limit=5.0)]).checks[0].id == "size_bytes.max@pi"
    )
    others = [relative("size_bytes", 1), replace(KEPT, bound="min"), Budget("types", "max", 0)]
    assert len({first, *(check(measured(), each).id for each in others)}) == 4
