"""Waivers: which checks they let be missed, until when, and what is said of the others."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from edgehone.budgets import Budget, Decision, Waiver
from edgehone.decide.decision import decide
from edgehone.decide.waivers import waive
from edgehone.values import Artifact, DeviceInfo, Measurement, RuntimeInfo

TODAY = date(2026, 11, 30)
WAIVER = Waiver("size_bytes", "new head", "ana", date(2026, 12, 31))
ARTIFACT = Artifact(Path("out/m-int8.tflite"), "tflite", "int8", 1000, 800, "0" * 64)


def decision(*budgets: Budget) -> Decision:
    runtime = RuntimeInfo("none", "", "", 0)
    return decide(Measurement(ARTIFACT, DeviceInfo("pi", "arm-cpu"), runtime, None, None), budgets)


MISSED = Budget("size_bytes", "max", 10)
OPEN = Budget("instructions", "max", 10)


@pytest.mark.parametrize(
    ("waiver", "outcome", "warned"),
    [
        (WAIVER, "pass", ""),
        (replace(WAIVER, expires=TODAY), "pass", ""),
        (replace(WAIVER, expires=date(2026, 11, 29)), "fail", ""),
        (replace(WAIVER, metric="compressed_bytes"), "fail", "no effect"),
        (replace(WAIVER, device="pi"), "pass", ""),
        (replace(WAIVER, device="phone"), "fail", "on phone has no effect"),
        (replace(WAIVER, file="*-int8.tflite"), "pass", ""),
        (replace(WAIVER, file="out/*"), "pass", ""),
        (replace(WAIVER, file="m.tflite"), "fail", "of m.tflite has no effect"),
    ],
)
def test_a_waiver_holds_for_what_it_is_about_until_it_expires(
    waiver: Waiver, outcome: str, warned: str
) -> None:
    found = waive([decision(MISSED)], [waiver], TODAY)
    assert found.decisions[0].outcome == outcome
    assert bool(found.warnings) == bool(warned)
    assert warned in "".join(found.warnings)


def test_an_expired_waiver_says_so_beside_the_failure() -> None:
    found = waive([decision(MISSED)], [replace(WAIVER, expires=date(2026, 1, 1))], TODAY)
    (check,) = found.decisions[0].checks
    assert check.verdict == "fail"
    assert "the waiver of ana (new head) expired on 2026-01-01" in check.reason


def test_an_expired_waiver_makes_what_is_open_a_failure() -> None:
    """It was waived because it was known to be missed."""
    old = replace(WAIVER, metric="instructions", expires=date(2026, 1, 1))
    assert waive([decision(OPEN)], [old], TODAY).decisions[0].outcome == "fail"
    new = replace(old, expires=TODAY)
    assert waive([decision(OPEN)], [new], TODAY).decisions[0].outcome == "pass"


def test_a_waiver_of_one_budget_leaves_the_others() -> None:
    other = Budget("compressed_bytes", "max", 10)
    found = waive([decision(MISSED, other)], [WAIVER], TODAY).decisions[0]
    assert found.outcome == "fail"
    assert [each.waived for each in found.checks] == [WAIVER, None]


@pytest.mark.parametrize("expires", [TODAY, date(2026, 1, 1)])
def test_a_waiver_that_nothing_needs_is_warned_about(expires: date) -> None:
    kept = decision(Budget("size_bytes", "max", 2000))
    found = waive([kept], [replace(WAIVER, expires=expires)], TODAY)
    assert found.decisions[0].outcome == "pass"
    assert "remove it" in found.warnings[0]


def test_of_several_waivers_the_last_to_expire_counts() -> None:
    old = replace(WAIVER, expires=date(2026, 1, 1), owner="bo")
    found = waive([decision(MISSED)], [old, WAIVER], TODAY).decisions[0]
    assert (found.outcome, found.checks[0].waived) == ("pass", WAIVER)


def test_an_advisory_budget_needs_no_waiver() -> None:
    found = waive([decision(replace(MISSED, required=False))], [WAIVER], TODAY)
    assert found.decisions[0].checks[0].waived is None
    assert found.warnings
