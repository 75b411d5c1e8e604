"""Conditions as a table: numbers as ranges, the rest in words, raw texts left out."""

from dataclasses import replace
from typing import Any

from tests import run_document

from edgehone.report.conditions import conditions_table
from edgehone.report.markup import table_html
from edgehone.report.rows import Row

TOLD: dict[str, Any] = {
    "machine": "aarch64",
    "steadied": ["governor"],
    "temperature_c": [61.0, None, 70.5],
    "holds": [[], ["throttled"], ["throttled", "clock capped"]],
    "held_since_boot": ["under-voltage"],
    "busiest": [["cc1", 0.9]],
    "battery": {"level": 0.5, "temperature_c": 25.3, "powered": False},
    "rejected": {"rounds": 3, "repeats": 1, "reasons": {"slowed down by cc1": 3}},
    "waits": {"calm": {"waited_s": 12.0, "reason": "hot"}},
    "told": {"throttled": ["throttled=0x50005"]},
}


def page(conditions: dict[str, Any]) -> str:
    measurement = run_document.run_value().baseline
    row = Row("net", replace(measurement, conditions=conditions))
    return table_html(conditions_table([row]))


def test_conditions_are_told_in_words() -> None:
    found = page(TOLD)
    for words in (
        "61.0 to 70.5",
        "throttled, clock capped",
        "under-voltage",
        "cc1 90.0 %",
        "50.0 %, 25.3 °C, on battery",
        "3: slowed down by cc1",
        "calm 12 s",
    ):
        assert words in found
    for words in ("0x50005", "aarch64", "steadied"):
        assert words not in found


def test_conditions_that_are_not_told_leave_no_column() -> None:
    found = page({"holds": [[], []], "temperature_c": [None]})
    assert "nothing" in found
    assert "busiest" not in found
