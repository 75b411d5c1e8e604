"""What adb says when a device cannot be used, or no longer, as an error of ours."""

import re

from edgehone.errors import DeviceError
from edgehone.system.processes import Finished

CONFIRM = "Unlock its screen and allow debugging by this computer there; then try again."
REPLUG = "Plug it in again, or restart it; `adb devices` shows when it is back."
KNOWN_ERRORS = (
    (r"unauthorized|failed to authenticate", "{serial} does not trust this computer", CONFIRM),
    (
        r"no permissions|insufficient permissions",
        "This user may not talk to {serial} over USB",
        "Plug it in again after: apt-get install android-sdk-platform-tools-common",
    ),
    (r"more than one", "More than one device is called {serial}", "Unplug all but one."),
    (
        r"failed to resolve|not known|No address",
        "There is no machine named as in {serial}",
        "Check the spelling, or give its IP address.",
    ),
    (
        r"Connection refused",
        "{serial} takes no adb connections",
        "Switch wireless debugging on, or run `adb tcpip 5555` once over USB; check the port.",
    ),
    (
        r"failed to connect|unable to connect|timed out|unreachable|No route",
        "There is no way to {serial} in the network",
        "Check that it is on and in the same network.",
    ),
    (r"(error|adb): device offline|^offline", "{serial} is offline", REPLUG),
    (
        r"device '.*' not found|device not found|no devices",
        "adb knows no device {serial}",
        "Switch USB debugging on, check the cable, and compare with what `adb devices` lists.",
    ),
    (
        r"daemon|server didn't ACK|[Cc]annot (connect|bind)",
        "The adb server cannot be started",
        "See what `adb start-server` says.",
    ),
    (
        r"^(recovery|sideload|bootloader|rescue|host)$",
        "{serial} has not started Android",
        "Restart it: adb reboot",
    ),
)
"""In order: what adb prints, our message, and what to do next."""


def translated(finished: Finished, serial: str) -> DeviceError:
    """The error that adb's words mean when it did not reach the device, or not to the end."""
    said = finished.stdout + finished.stderr
    for pattern, message, hint in KNOWN_ERRORS:
        if re.search(pattern, said, re.MULTILINE):
            return DeviceError(f"{message.format(serial=serial)}.", hint)
    return lost(serial)


def lost(serial: str) -> DeviceError:
    """The error when the device was reached, and then no more."""
    return DeviceError(
        f"The connection to {serial} was lost.",
        "Check cable, battery and network, then run the same command again.",
    )


def silent(timeout_s: float, serial: str) -> DeviceError:
    """The error when a time limit has passed."""
    return DeviceError(
        f"{serial} did not answer within {timeout_s:g} s.",
        "Check that it is on and not stuck; restart it, then run the same command again.",
    )
