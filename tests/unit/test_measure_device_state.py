"""Outputs of vcgencmd and dumpsys as values; anything else tells nothing."""

import pytest

from edgehone.measure.device_state import Battery, Readings, battery, read, throttled

BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: {usb}
  Wireless powered: false
  Max charging current: 500000
  status: 2
  level: {level}
  scale: {scale}
  voltage: 4313
  temperature: {tenths}
"""
THERMAL = """IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 2
Thermal Status: 3
Cached temperatures:
\tTemperature{mValue=37.0, mType=3, mName=skin, mStatus=1}
"""


@pytest.mark.parametrize(
    ("text", "now", "since"),
    [
        ("throttled=0x0", (), ()),
        ("throttled=0x1\n", ("under-voltage",), ()),
        ("throttled=0x2", ("clock capped",), ()),
        ("throttled=0x50005", ("under-voltage", "throttled"), ("under-voltage", "throttled")),
        (
            "throttled=0xe0008",
            ("soft temperature limit",),
            ("clock capped", "throttled", "soft temperature limit"),
        ),
        ("VCHI initialization failed", (), ()),
        ("", (), ()),
    ],
)
def test_throttled_reads_the_bits(text: str, now: tuple[str], since: tuple[str]) -> None:
    assert throttled(text) == (now, since)


def test_battery_reads_level_temperature_and_power() -> None:
    text = BATTERY.format(usb="true", level=50, scale=100, tenths=253)
    assert battery(text) == Battery(level=0.5, temperature_c=25.3, powered=True)
    text = BATTERY.format(usb="false", level=50, scale=200, tenths=-40)
    assert battery(text) == Battery(level=0.25, temperature_c=-4.0, powered=False)


@pytest.mark.parametrize("text", ["", "Can't find service: battery", "level up: 3"])
def test_battery_is_none_where_there_is_none(text: str) -> None:
    assert battery(text) is None


def test_read_takes_each_command_by_its_name() -> None:
    found = read({"throttled": "throttled=0x40000", "thermal": THERMAL, "battery": "level: 7\n"})
    assert found == Readings((), ("throttled",), 3, Battery(level=0.07))
    assert read({}) == read({"uptime": "12 days", "thermal": "no service"}) == Readings()
