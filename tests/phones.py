"""Two Android-like phones that are plugged in, and set up with the runner in C."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edgehone.runners import _building
from edgehone.runners._probe import Facts
from edgehone.runners._wheels import library_from_wheel
from tests.adb_device import AdbDevice, AdbServer
from tests.host import Host, Said
from tests.machines import android_phone

STEADY = """
[sensors.commands]
thermal = ["dumpsys", "thermalservice"]
battery = ["dumpsys", "battery"]
[[steady.commands]]
on = ["cmd", "power", "set-fixed-performance-mode-enabled", "true"]
off = ["cmd", "power", "set-fixed-performance-mode-enabled", "false"]
"""
"""As android-arm64 has them."""
NAMES = ("first", "second")


class Phones:
    """Phones by name, the adb server that knows them, and a user who has named them so too."""

    def __init__(self, folder: Path, server: AdbServer, devices: Mapping[str, AdbDevice]) -> None:
        self.server, self.devices, self._folder = server, devices, folder
        self.host = Host(folder, server.environment)
        self.host.target("phone", program="native", packages=(), more=STEADY)
        for name, device in devices.items():
            self.host.device(name, "phone", device.address)

    def own_folder(self, name: str) -> Path:
        """Where edgehone may write on a phone, as this machine sees it."""
        return self.devices[name].inside.path("/data/local/tmp")

    def state(self, name: str, service: str) -> Path:
        """What a service of a phone tells, or was told."""
        return self.devices[name].inside.path(f"/data/local/state/{service}")

    def set_up(self, name: str) -> Said:
        """Set a phone up, with a runner and a LiteRT that the user has got for it."""
        arm = Facts("Linux", "aarch64", glibc=(2, 36))
        library = library_from_wheel("ai-edge-litert>=2.1", "libLiteRt.so*", arm)
        program = _building.build(_building.LINUX["aarch64"], self._folder / "runner")
        words = ("--program", program, "--library", library)
        return self.host.edgehone("devices", "setup", name, *words)


@contextmanager
def plugged_in(folder: Path) -> Iterator[Phones]:
    """Both phones. Needs root."""
    with ExitStack() as stack:
        server = stack.enter_context(AdbServer(folder / "adb"))
        devices = {}
        for name in NAMES:
            inside = android_phone.phone(folder / name)
            device = AdbDevice(folder / name, inside=inside, keys=[server.key])
            devices[name] = stack.enter_context(device)
        phones = Phones(folder, server, devices)
        for name in NAMES:
            said = phones.set_up(name)
            assert said.exit_code == 0, said.stderr
            assert set(said.document["libraries"]) == {"litert"}
        yield phones
