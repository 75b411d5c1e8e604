"""Ways in which a device cannot be reached or used, and what the user is then told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.adb_device import AdbDevice
from tests.ssh_server import SshServer

Peer = TypeVar("Peer")


@dataclass(frozen=True)
class DeviceTrouble(Generic[Peer]):
    """make: breaks the peer, and returns the address to try. message, hint: as documented."""

    name: str
    make: Callable[[Peer], str]
    message: str
    hint: str


def _after(broken: Callable[[SshServer], None]) -> Callable[[SshServer], str]:
    def make(server: SshServer) -> str:
        broken(server)
        return server.address

    return make


def _without_its_folder(server: SshServer) -> str:
    return f"{server.address.removesuffix(str(server.home / 'edgehone'))}/sys/edgehone"


SSH: tuple[DeviceTrouble[SshServer], ...] = (
    DeviceTrouble(
        "an unknown host key",
        _after(SshServer.become_unknown),
        "The host key of 127.0.0.1 is not known.",
        "compare the key and accept it",
    ),
    DeviceTrouble(
        "another host key",
        _after(SshServer.change_host_key),
        "127.0.0.1 shows another host key than before.",
        "ssh-keygen -R '[127.0.0.1]:",
    ),
    DeviceTrouble(
        "a refused key",
        _after(SshServer.refuse_key),
        "127.0.0.1 lets nobody in with the keys at hand.",
        "ssh-copy-id -p ",
    ),
    DeviceTrouble(
        "a name that is none",
        lambda _: f"ssh://{'board' * 14}",  # longer than names may be: nobody is asked for it
        "There is no machine named board",
        "Check the spelling",
    ),
    DeviceTrouble(
        "no server",
        _after(SshServer.kill),
        "127.0.0.1 is there but takes no ssh connections.",
        "do_ssh 0",
    ),
    DeviceTrouble(
        "no way",
        lambda _: "ssh://255.255.255.255",
        "There is no way to 255.255.255.255 in the network.",
        "in the same network",
    ),
    DeviceTrouble(
        "a frozen machine",
        _after(SshServer.freeze),
        "127.0.0.1 does not answer.",
        "not stuck; then try `ssh -p",
    ),
    DeviceTrouble(
        "a server that hangs up",
        _after(SshServer.hang_up),
        "127.0.0.1 hangs up before ssh can begin.",
        "journalctl -u ssh",
    ),
    DeviceTrouble(
        "a folder that may not be written",
        _without_its_folder,
        "Edgehone may not write to its folder on 127.0.0.1: mkdir: ",
        "Give another folder in the address",
    ),
)
"""Troubles with machines reached by ssh."""


def _unauthorized(phone: AdbDevice) -> str:
    phone.keys = []
    return phone.address


def _unplugged(phone: AdbDevice) -> str:
    phone.unplug()
    return phone.address


ADB: tuple[DeviceTrouble[AdbDevice], ...] = (
    DeviceTrouble(
        "a phone that does not know this computer",
        _unauthorized,
        "does not trust this computer.",
        "Unlock its screen and allow debugging",
    ),
    DeviceTrouble(
        "a phone that is not plugged in",
        lambda _: "adb://R58M123ABC",
        "adb knows no device R58M123ABC.",
        "Switch USB debugging on",
    ),
    DeviceTrouble(
        "a phone whose wireless debugging is off",
        _unplugged,
        "takes no adb connections.",
        "adb tcpip 5555",
    ),
    DeviceTrouble(
        "a name that is none",
        lambda _: f"adb://{'phone' * 14}:5555",
        "There is no machine named as in phone",
        "Check the spelling",
    ),
    DeviceTrouble(
        "a folder that may not be written",
        lambda phone: f"adb://{phone.serial}/sys/edgehone",
        "Edgehone may not write to its folder on 127.0.0.1",
        "Give another folder in the address",
    ),
)
"""Troubles with devices reached by adb."""

TO_USB = "This user may not talk to R58M123ABC over USB."
SAID_BY_ADB = (
    ("error: device offline", "R58M123ABC is offline."),
    ("error: insufficient permissions for device: user in plugdev group", TO_USB),
    ("error: more than one device/emulator", "More than one device is called R58M123ABC."),
    (
        "* failed to start daemon *\nerror: cannot connect to daemon",
        "The adb server cannot be started.",
    ),
    ("recovery", "R58M123ABC has not started Android."),
    ("failed to connect to 'phone:5555': No route to host", "There is no way to R58M123ABC"),
    (
        "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set",
        "does not trust this computer",
    ),
    ("error: closed", "The connection to R58M123ABC was lost."),
    ("", "The connection to R58M123ABC was lost."),
)
"""What adb says, also where no test can bring it about, and what we make of it."""

SAID_BY_SSH = (
    ("ssh: connect to host board port 22: No route to host", "There is no way to board"),
    ("ssh: connect to host board port 22: Connection timed out", "board does not answer."),
    ("Connection closed by 192.168.1.7 port 22", "board hangs up before ssh can begin."),
    ("", "The connection to board was lost."),
    ("Bad owner or permissions on /home/me/.ssh/config", "ssh cannot talk to board: Bad owner"),
)
"""The same of ssh, for a machine called board."""

FILES = (
    "The disk of 127.0.0.1 is full: cat: write error: No space left on device",
    "A file cannot be written on 127.0.0.1: mkdir: cannot create directory: Not a directory",
    "A file was damaged on its way between here and 127.0.0.1.",
    "Folder '/home' on 127.0.0.1 holds more than edgehone.",
)
LATER = (
    "127.0.0.1 did not answer within 60 s.",
    "sha256sum cannot be started on 127.0.0.1.",
    "ssh cannot be started here: No such file or directory.",
    "File not found: x on 127.0.0.1.",
)
"""What tests/peers/test_ssh.py, test_adb.py and tests/contract/test_transports.py bring about."""
