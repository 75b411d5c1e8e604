"""Whether a device is fit to measure on: busy by its target's idea of idle, or slowed down."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehone import targets
from edgehone.actions.devices.readiness import device_readiness
from edgehone.measure.device import resolve
from edgehone.measure.settling import busy_remark


def test_a_machine_is_busy_by_its_load_per_processor_and_its_targets_idea_of_idle() -> None:
    usual = targets.named("arm-cpu")
    assert busy_remark({"load1": 1.0}, {"cpus": 2}, usual) == []
    assert busy_remark({"load1": 1.1}, {"cpus": 2}, usual) != []
    assert busy_remark({"load1": 1.1}, {"cpus": 2}, replace(usual, idle_load=0.6)) == []
    assert busy_remark({"load1": 9.0}, {}, usual) != []
    assert busy_remark({}, {}, usual) == []


@pytest.mark.parametrize(
    ("now", "word"),
    [
        ({"temperature_c": 80.0}, "80 °C"),
        ({"told": {"throttled": "throttled=0x4"}}, "throttled"),
        ({"told": {"thermal": "Thermal Status: 3"}}, "severe"),
    ],
)
def test_a_device_that_is_slowed_down_is_not_fit(
    now: dict[str, Any], word: str, tmp_path: Path
) -> None:
    start = {"event": "start", "protocol": 2, "runtimes": {"litert": "litert 2"}, "conditions": now}
    lines = [start, {"event": "end", "jobs": 0}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"answers": [{"stdout": "\n".join(map(json.dumps, lines))}]}))
    found = device_readiness(resolve(f"arm-cpu@scripted://{script}"))
    assert (found["reachable"], found["fit"]) == (True, False)
    assert word in found["remarks"][0]
