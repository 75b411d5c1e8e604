"""What is concluded from pairs: looks, words and intervals that agree, and reasons."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests import tiny_models

from edgehone.measure.comparison import (
    ALPHA,
    LOOKS,
    Finding,
    Look,
    compare,
    conclude,
    looks_up_to,
    trusted,
)
from edgehone.measure.device import resolve
from edgehone.measure.jobs import ordered
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.randomization import Pairs, orders, pairs_of
from edgehone.values import Artifact, DeviceInfo, Measurement, RuntimeInfo, Verdict


def pairs(ratio: float, noise: float, count: int = 12, seed: int = 0) -> Pairs:
    random = np.random.default_rng(seed)
    times = np.exp(random.normal(0, noise, (count, 2))) * np.array([ratio, 1.0])
    return pairs_of(times, np.arange(count), seed)


@pytest.mark.parametrize("most", [12, 13, 18, 20, 36, 50])
def test_looks_spend_the_same_however_many_pairs_are_allowed(most: int) -> None:
    looks = looks_up_to(most)
    assert sum(look.alpha for look in looks) == pytest.approx(ALPHA)
    assert looks[-1].pairs == most
    assert sorted({look.pairs for look in looks}) == [look.pairs for look in looks]


def test_looks_of_too_few_pairs_are_one_of_the_fewest() -> None:
    assert looks_up_to(3) == (Look(12, ALPHA),)
    assert [look.pairs for look in looks_up_to(36)] == [look.pairs for look in LOOKS]
    assert [look.alpha for look in looks_up_to(36)] == pytest.approx([x.alpha for x in LOOKS])


@pytest.mark.parametrize("ratio", [0.9, 0.98, 1.0, 1.01, 1.02, 1.1])
@pytest.mark.parametrize("noise", [0.001, 0.01, 0.1])
def test_word_and_interval_agree(ratio: float, noise: float) -> None:
    found = conclude(pairs(ratio, noise), LOOKS[0], 0.02)
    low, high = found.ci95
    assert low <= found.ratio <= high
    expected = {
        "faster": high <= 1,
        "slower": low >= 1,
        "same": low >= 1 / 1.02 and high <= 1.02,
        "inconclusive": low <= 1 <= high or found.reason != "",
    }
    assert expected[found.verdict]


def test_what_is_left_open_has_a_reason() -> None:
    found = conclude(pairs(1.0, 0.1), LOOKS[0], 0.02)
    assert found.verdict == "inconclusive"
    assert "contains 1" in found.reason
    assert "only 5 of 12 pairs" in conclude(pairs(1.0, 0.1, 5), LOOKS[0], 0.02).reason


def test_files_that_no_factor_makes_alike_are_compared_by_ranks() -> None:
    random = np.random.default_rng(2)
    times = np.stack([random.uniform(1.2, 1.8, 36), np.exp(random.normal(0, 0.003, 36))], axis=1)
    found = conclude(pairs_of(times, np.arange(36), 0), LOOKS[-1], 0.02)
    assert found.verdict == "slower"
    assert found.ci95[0] > 1
    assert "more than one factor" in found.reason


def test_blocks_of_two_come_in_the_drawn_order() -> None:
    drawn = orders(7, 30)
    for number in range(30):
        assert ordered("ab", number, seed=7) == (["a", "b"] if drawn[number] > 0 else ["b", "a"])
    assert sorted(ordered("abc", 1, seed=7)) == ["a", "b", "c"]


def test_compare_uses_the_orders_in_which_blocks_were_measured(tmp_path: Path) -> None:
    script = {"conditions": [{"reference_ms": 0.1}], "latency_ms": {"per_kib": 1.0}}
    (tmp_path / "script.json").write_text(json.dumps(script))
    device = resolve(f"local@scripted://{tmp_path / 'script.json'}")
    a, b = (tiny_models.artifact(tiny_models.dense(tmp_path, p)) for p in ("float32", "int8"))
    found = compare(a, b, device, MeasurePlan(seed=3))
    assert found.pairs == 12
    assert found.looks == 1
    assert found.measurements[0].conditions["rounds"] == list(range(12))


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (("valid", "valid"), "slower"),
        (("noisy", "valid"), "slower"),
        (("contended", "contended"), "inconclusive"),
        (("valid", "throttled"), "inconclusive"),
    ],
)
def test_ratios_of_slowed_down_measurements_stay_open(
    verdicts: tuple[Verdict, Verdict], word: str
) -> None:
    artifact = Artifact(Path("m.tflite"), "tflite", "int8", 1, 1, "0" * 64)
    device, runtime = DeviceInfo("pi", "pi"), RuntimeInfo("litert", "2", "", 1)
    both = [
        Measurement(artifact, device, runtime, None, None, verdict=verdict, reason="others ran")
        for verdict in verdicts
    ]
    found = trusted(Finding(2.08, (2.0, 2.1), "slower"), both)
    assert (found.verdict, found.ratio) == (word, 2.08)
    assert ("others ran" in found.reason) == (word == "inconclusive")
