"""Measurements are looked up by all that they depend on."""

from dataclasses import replace

from edgehone.measure.device import resolve
from edgehone.stages import device_key
from edgehone.targets import Target


def test_a_device_that_answers_by_another_program_is_measured_anew() -> None:
    device, again = resolve("local"), resolve("local")
    assert device_key(device) == device_key(again)
    vars(again)["fitting"] = replace(device.fitting, program="native")
    assert device_key(again) != device_key(device)


def test_another_runtime_or_another_kind_of_device_is_measured_anew() -> None:
    device, newer = resolve("local"), resolve("local")
    assert device.fitting.packages["ai-edge-litert"]
    packages = {**device.fitting.packages, "ai-edge-litert": "99.0"}
    vars(newer)["fitting"] = replace(device.fitting, packages=packages)
    other = replace(device, target=Target("other"))
    keys = [str(device_key(each)) for each in (device, newer, other)]
    assert len(set(keys)) == len(keys)
