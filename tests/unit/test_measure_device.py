"""Names of devices: what they resolve to, and what is suggested when they do not."""

import sys
from dataclasses import dataclass

import pytest

from edgehone.devices.local import Local
from edgehone.devices.scripted import Scripted
from edgehone.errors import ConfigError, UsageError
from edgehone.measure.device import resolve


@dataclass(frozen=True)
class Named:
    target: str
    address: str


def test_resolve_finds_the_local_device() -> None:
    device = resolve("local")
    assert isinstance(device.transport, Local)
    assert (device.info.name, device.info.target, device.info.emulated) == ("local", "local", False)


def test_resolve_finds_a_configured_device() -> None:
    device = resolve("bench", {"bench": Named("arm-cpu", "scripted://")})
    assert isinstance(device.transport, Scripted)
    assert (device.name, device.target.name) == ("bench", "arm-cpu")
    assert device.info.emulated


def test_resolve_takes_a_target_at_an_address() -> None:
    assert resolve("arm-cpu@local").target.name == "arm-cpu"


def test_resolve_suggests_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="bentch") as caught:
        resolve("bentch", {"bench": Named("local", "local")})
    assert "'bench'" in caught.value.hint


@pytest.mark.parametrize("name", ["nowhere@local", "local@carrier-pigeon://roof"])
def test_resolve_names_an_unknown_target_or_way(name: str) -> None:
    with pytest.raises(ConfigError):
        resolve(name)


@pytest.mark.parametrize("name", ["", "@local", "local@"])
def test_resolve_refuses_half_a_name(name: str) -> None:
    with pytest.raises(UsageError):
        resolve(name)


def test_resolving_and_measuring_need_no_tensorflow() -> None:
    import subprocess

    code = (
        "import sys, edgehone.measure.comparison, edgehone.measure.layer_costs;"
        "from edgehone.measure.device import resolve; resolve('local');"
        "print({'tensorflow', 'keras', 'onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
