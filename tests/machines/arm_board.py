"""A whole ARM computer in an emulator, reached by ssh on loopback; made to fail at will."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeVar

from tests.machines import monitor
from tests.machines.arm_image import ArmImage

T = TypeVar("T")
START_S = 300.0
CALL_S = 120.0


class ArmBoard:
    """Runs while the `with` block lasts; what it writes to its disk is forgotten with it."""

    def __init__(self, image: ArmImage, *, name: str = "board", memory_mib: int = 512) -> None:
        self.name, self._image, self._memory_mib = name, image, memory_mib
        self._scratch = TemporaryDirectory(prefix="board-")
        self.folder = Path(self._scratch.name)
        self.port = 0

    def __enter__(self) -> "ArmBoard":
        with (self.folder / "console").open("wb") as console:
            self._qemu = subprocess.Popen(
                self._argv(), stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        try:
            self.port = self._wait_until(self._forwarded)
            self.wait_until_up()
        except BaseException:
            self.power_off()
            raise
        self._write_ssh_config()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.power_off()
        self._scratch.cleanup()

    @property
    def ssh_config(self) -> Path:
        """A configuration of the ssh client that knows the computer by its name."""
        return self.folder / "ssh_config"

    @property
    def address(self) -> str:
        """As `[devices.NAME]` has it, with `ssh_config` in EDGEHONE_SSH_CONFIG."""
        return f"ssh://pi@{self.name}"

    def do(self, *argv: str, user: str = "root", given: str = "") -> str:
        """Have its shell run the words; what they print. Raises CalledProcessError."""
        call = self.call(*argv, user=user)
        done = subprocess.run(
            call, input=given, capture_output=True, text=True, timeout=CALL_S, check=True
        )
        return done.stdout

    def call(self, *argv: str, user: str = "root") -> list[str]:
        """The command of this machine that has its shell run the words."""
        return ["ssh", "-F", str(self.ssh_config), "-l", user, self.name, "--", *argv]

    def sense(self, sensor: str, value: str) -> None:
        """Have a sensor (a name of `arm_image.SENSORS`) tell a value from now on."""
        self.do("cat", ">", f"/run/sensors/{sensor}", given=value + "\n")

    def set_clock(self, seconds: int) -> None:
        """Move its clock by so many seconds, backwards when negative."""
        now = int(self.do("date", "+%s"))
        self.do("date", "-s", f"@{now + seconds}")

    def cut_link(self) -> None:
        """Pull the network cable: nothing arrives any more, and nobody is told."""
        self._pass_on("set_link", name="nic", up=False)

    def heal_link(self) -> None:
        """Put the cable back."""
        self._pass_on("set_link", name="nic", up=True)

    def freeze(self) -> None:
        """Stop its processors."""
        self._pass_on("stop")

    def thaw(self) -> None:
        """Let its processors go on."""
        self._pass_on("cont")

    def reset(self) -> None:
        """Cut the power for a moment: it starts anew, and what was not yet on its disk is lost."""
        self._pass_on("system_reset")

    def power_off(self) -> None:
        """Cut the power for good."""
        if self._qemu.poll() is None:
            os.kill(self._qemu.pid, signal.SIGKILL)
        self._qemu.wait(CALL_S)

    def wait_until_up(self) -> None:
        """Wait until it answers. Raises TimeoutError with what its console said."""
        self._wait_until(self._greets)

    def _argv(self) -> list[str]:
        forward = "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"
        disk = f"file={self._image.disk},format=raw,if=none,id=disk,snapshot=on"
        return [
            *("setpriv", "--pdeathsig", "KILL"),  # not to outlive the tests, however they end
            "qemu-system-aarch64",
            *("-machine", "virt", "-cpu", "cortex-a72", "-smp", "2"),
            *("-m", str(self._memory_mib), "-nographic"),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.first)),
            *("-append", "console=ttyAMA0 quiet panic=1"),
            *("-drive", disk, "-device", "virtio-blk-device,drive=disk"),
            *("-netdev", forward, "-device", "virtio-net-device,netdev=net,id=nic"),
            *("-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"),
        ]

    def _pass_on(self, command: str, **arguments: Any) -> Any:
        return monitor.tell(self.folder / "qmp", command, **arguments)

    def _forwarded(self) -> int:
        """The port of this machine that leads to its port 22; 0 while there is none."""
        try:
            text = self._pass_on("human-monitor-command", **{"command-line": "info usernet"})
        except (FileNotFoundError, ConnectionRefusedError):  # qemu is not so far
            return 0
        found = re.search(r"HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", text)
        return int(found[1]) if found else 0

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.settimeout(1)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _wait_until(self, condition: Callable[[], T]) -> T:
        limit = time.monotonic() + START_S
        while time.monotonic() < limit and self._qemu.poll() is None:
            if found := condition():
                return found
            time.sleep(0.1)
        said = (self.folder / "console").read_text(errors="replace")[-2000:]
        raise TimeoutError(f"The board did not come up; its console said:\n{said}")

    def _write_ssh_config(self) -> None:
        known = self.folder / "known_hosts"
        known.write_text(f"{self.name} {self._image.host_key}\n")
        self.ssh_config.write_text(
            f"Host {self.name}\n  HostKeyAlias {self.name}\n"
            f"  HostName 127.0.0.1\n  Port {self.port}\n"
            f"  IdentityFile {self._image.user_key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f"  UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n  LogLevel ERROR\n"
        )
