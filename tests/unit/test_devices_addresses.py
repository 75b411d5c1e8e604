"""Addresses of ssh and adb are taken apart strictly."""

import pytest

from edgehone.devices._ssh_address import Address
from edgehone.devices.adb import Adb
from edgehone.devices.ssh import Ssh
from edgehone.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words", "folder"),
    [
        ("board", ["--", "board"], '"$HOME/.edgehone"'),
        ("pi@board", ["-l", "pi", "--", "board"], '"$HOME/.edgehone"'),
        ("board:2222", ["-p", "2222", "--", "board"], '"$HOME/.edgehone"'),
        (
            "pi@board.local/opt/my edgehone/",
            ["-l", "pi", "--", "board.local"],
            "'/opt/my edgehone'",
        ),
        ("pi@192.168.1.7:22/x", ["-l", "pi", "-p", "22", "--", "192.168.1.7"], "'/x'"),
        ("[fe80::1%eth0]:22/x", ["-p", "22", "--", "fe80::1%eth0"], "'/x'"),
        ("[::1]", ["--", "::1"], '"$HOME/.edgehone"'),
    ],
)
def test_an_ssh_address_is_taken_apart(text: str, words: list[str], folder: str) -> None:
    address = Address.parse(text)
    assert (address.words, address.folder) == (words, folder)


@pytest.mark.parametrize(
    "text",
    [
        "pi@",
        "@board",
        "pi:secret@board",
        "a@b@c",
        "-l@board",
        "pi@-oProxyCommand=x",
        "board:",
        "board:0",
        "board:65536",
        "board:٢٢",
        "board:22x",
        "board:-1",
        "::1",
        "[::1",
        "[board]",
        "[::1%-x]",
        "[]",
        "board/",
        "board//",
        "board/../etc",
        "board/a\tb",
        "board/a\0b",
        "board\n",
    ],
)
def test_what_is_no_ssh_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="address") as raised:
        Ssh(text)
    assert "ssh://pi@raspberrypi.local" in raised.value.hint or "/home/pi" in raised.value.hint


SERIALS = (
    "R58M123ABC",
    "emulator-5554",
    "192.168.1.7:5555",
    "[::1]:5555",
    "adb-R58M-x1y2z3._adb-tls-connect._tcp",
)


@pytest.mark.parametrize("serial", SERIALS)
@pytest.mark.parametrize("folder", ["", "/data/local/tmp/mine", "/sdcard/with space"])
def test_an_adb_address_is_a_serial_number_perhaps_with_a_folder(serial: str, folder: str) -> None:
    assert Adb(serial + folder).address == serial + folder


@pytest.mark.parametrize("text", ["", "-s", "a b", "a/b/../c", "/data", "a\n", "a;b", "a$b"])
def test_what_is_no_adb_address_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="address") as raised:
        Adb(text)
    assert "adb" in raised.value.hint or "/home/pi" in raised.value.hint
