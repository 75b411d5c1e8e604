"""What ssh and adb say is told as documented, also where no test can bring it about."""

import re
from pathlib import Path

import pytest
from tests.device_troubles import ADB, FILES, LATER, SAID_BY_ADB, SAID_BY_SSH, SSH

from edgehone.devices import _adb_errors, _ssh_errors
from edgehone.devices._adb_calls import Found
from edgehone.devices._ssh_address import Address
from edgehone.system.processes import Finished

GUIDE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
SECTION = re.compile(r"^## Devices reached by ssh and adb\n(.*?)^## ", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("said", "message"), SAID_BY_ADB)
def test_what_adb_says_is_told_in_our_words(said: str, message: str) -> None:
    for finished in (Finished(1, said, ""), Finished(1, "", f"x\n{said}\n")):
        error = _adb_errors.translated(finished, "R58M123ABC")
        assert message in error.message
        assert error.hint


@pytest.mark.parametrize(("said", "message"), SAID_BY_SSH)
def test_what_ssh_says_is_told_in_our_words(said: str, message: str) -> None:
    error = _ssh_errors.translated(Finished(255, "", f"{said}\n"), Address("board", "pi", 2222))
    assert message in error.message
    assert error.hint


def test_what_nobody_foresaw_is_told_as_ssh_says_it() -> None:
    error = _ssh_errors.translated(Finished(255, "", "a\nsomething new\n"), Address("board", "pi"))
    assert error.message == "ssh cannot talk to board: something new"
    assert error.hint == "Try by hand: ssh pi@board"


def test_every_trouble_is_documented_and_every_documented_one_is_tried() -> None:
    section = SECTION.search(GUIDE.read_text())
    assert section
    documented = re.findall(r"^\| … `([^`]+)`", section[1], re.MULTILINE)
    tried = [each.message for each in SSH] + [each.message for each in ADB]
    tried += [message for _, message in (*SAID_BY_ADB, *SAID_BY_SSH)] + [*FILES, *LATER]
    assert len(documented) == len(set(documented))
    assert [row for row in documented if not any(row in each for each in tried)] == []
    assert [each for each in tried if not any(row in each for row in documented)] == []


LISTED = """\
* daemon started successfully
List of devices attached
R58M123ABC             device usb:1-1 product:b0q model:SM_S908B device:b0q transport_id:1
0123456789ABCDEF       unauthorized usb:1-2 transport_id:2
192.168.1.7:5555       offline product:x model:Pixel_8 device:x transport_id:4
????????????           no permissions (user in plugdev group); see [http://x] usb:1-3

"""


def test_a_list_of_devices_is_read() -> None:
    found = [each for line in LISTED.splitlines() if (each := Found.read(line))]
    assert found == [
        Found("R58M123ABC", "device", "SM S908B"),
        Found("0123456789ABCDEF", "unauthorized"),
        Found("192.168.1.7:5555", "offline", "Pixel 8"),
        Found("????????????", "no permissions"),
    ]
