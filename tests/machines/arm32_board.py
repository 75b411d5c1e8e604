"""A 32-bit board: Debian for armhf with Python and numpy, its sshd and all it runs emulated."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.machines import cache, chroot, debian
from tests.ssh_server import SshKeys

PACKAGES = (*debian.BASE, "openssh-server", "openssh-sftp-server", "libstdc++6", "python3-numpy")
BLAS = ("blas/libblas.so.3", "lapack/liblapack.so.3")
START_S = 60.0
SSHD = f"""\
ListenAddress 127.0.0.1
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
UsePAM no
UseDNS no
PidFile none
LoginGraceTime 0
Subsystem sftp internal-sftp
SetEnv QEMU_CPU={chroot.CORTEX_A15.qemu}
"""


class Arm32Board:
    """Serves its account pi while the `with` block lasts, from a copy of the built root."""

    def __init__(self, folder: Path) -> None:
        chroot.emulate(chroot.CORTEX_A15)
        self._root = folder / "board"
        built = cache.built("arm32-board", _made_of(), _build)
        folder.mkdir(parents=True, exist_ok=True)
        copy = ["cp", "-a", "--", str(built / "root"), str(self._root)]
        subprocess.run(copy, check=True, timeout=120)
        self.keys = SshKeys(folder / "keys")
        self.config = self.keys.config
        ssh = self._root / "etc/ssh"
        (ssh / "authorized_keys").write_bytes(self.keys.user_key.with_suffix(".pub").read_bytes())
        (ssh / "host_key").write_bytes(self.keys.host_key.read_bytes())
        (ssh / "host_key").chmod(0o600)
        self.port = 0

    def __enter__(self) -> Self:
        place = chroot.Chroot(self._root, chroot.CORTEX_A15)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        sshd = ("/usr/sbin/sshd", "-D", "-p", str(self.port))
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        argv = place.argv(*sshd, user=0, folder="/", environment=environment)
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as talk:
                if talk.recv(4) == b"SSH-":
                    return self
            time.sleep(0.05)
        self._process.kill()
        raise TimeoutError("The 32-bit board's sshd does not start.")

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # and with it all that it started
        self._process.wait(START_S)

    @property
    def address(self) -> str:
        """As `[devices.NAME]` has it."""
        return f"ssh://pi@127.0.0.1:{self.port}"


def _made_of() -> tuple[Path, ...]:
    return (Path(__file__), Path(debian.__file__), Path(chroot.__file__))


def _build(scratch: Path) -> None:
    root = scratch / "root"
    debian.unpack("armhf", PACKAGES, root)
    debian.settle(root)
    debian.compile_python(root)
    chroot.furnish(root, chroot.CORTEX_A15)
    (root / "run/sshd").mkdir()
    libraries = root / "usr/lib/arm-linux-gnueabihf"
    for name in BLAS:  # Debian's own scripts choose among several by such a link
        (libraries / Path(name).name).symlink_to(name)
    (root / "etc/ssh/sshd_config").write_text(SSHD)
