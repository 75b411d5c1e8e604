"""What a whole ARM computer starts from: Debian's kernel, a first file system, and a disk."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.machines import cache, cpio, debian

PACKAGES = (*debian.BASE, "linux-image-arm64", "openssh-server", "openssh-sftp-server")
PYTHON = ("python3", "libstdc++6")
DISK_MIB = 1024
MODULES = (
    "virtio_mmio",
    "failover",
    "net_failover",
    "virtio_net",
    "virtio_blk",
    "crc32c_generic",
    "crc16",
    "mbcache",
    "jbd2",
    "ext4",
)
"""What Debian's kernel needs to see its disk and network, each after what it builds on."""

FIRST = f"""\
#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sysfs /sys
/busybox mount -t devtmpfs dev /dev
for module in {" ".join(MODULES)}; do /busybox insmod /$module.ko; done
/busybox mount -t ext4 /dev/vda /disk
for folder in proc sys dev; do /busybox mount --move /$folder /disk/$folder; done
exec /busybox switch_root /disk /sbin/init
"""
INITTAB = """\
::sysinit:/bin/busybox mount -t tmpfs tmpfs /run
::sysinit:/bin/busybox mount -t tmpfs tmpfs /tmp
::sysinit:/bin/busybox mkdir -p /run/sshd /dev/pts /dev/shm
::sysinit:/bin/busybox mount -t devpts devpts /dev/pts
::sysinit:/bin/busybox mount -t tmpfs tmpfs /dev/shm
::sysinit:/bin/busybox cp -r /etc/sensors /run/sensors
::sysinit:/bin/busybox chmod -R 777 /run/sensors
::sysinit:/bin/busybox hostname board
::sysinit:/bin/busybox ip link set lo up
::sysinit:/bin/busybox ip addr add 10.0.2.15/24 dev eth0
::sysinit:/bin/busybox ip link set eth0 up
::respawn:/usr/sbin/sshd -D
"""
SSHD = """\
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
LoginGraceTime 0
MaxStartups 100
Subsystem sftp internal-sftp
"""
SENSORS = {"temperature": "45000", "clock": "1500000", "governor": "ondemand", "throttled": "0x0"}
"""Files in /run/sensors that anyone may change, in the units of Linux's own."""
BASHRC = "echo 'Welcome! No news: {}'\nprintf '\\033[1mEnjoy\\033[0m\\n'\n"
"""What pi's shell prints whenever it starts, also for commands over ssh."""
VCGENCMD = '#!/bin/sh\necho "throttled=$(cat /run/sensors/throttled)"\n'


@dataclass(frozen=True)
class ArmImage:
    """Files of a computer that has the accounts pi and root, both open to `user_key`."""

    folder: Path

    @property
    def kernel(self) -> Path:
        """The kernel as the emulator loads it."""
        return self.folder / "kernel"

    @property
    def first(self) -> Path:
        """The first file system."""
        return self.folder / "first.gz"

    @property
    def disk(self) -> Path:
        """The disk, never to be written to."""
        return self.folder / "disk"

    @property
    def user_key(self) -> Path:
        """The private key that opens it."""
        return self.folder / "user_key"

    @property
    def host_key(self) -> str:
        """The public key it proves to be itself with: type and key, as in known_hosts."""
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])


def image() -> ArmImage:
    """The image, built when there is none yet: needs root, takes about a minute."""
    sources = (Path(__file__), Path(debian.__file__), Path(cpio.__file__))
    return ArmImage(cache.built("arm-board", sources, _build))


def _build(folder: Path) -> None:
    root = folder / "root"
    debian.unpack("arm64", PACKAGES + PYTHON, root)
    debian.settle(root)
    debian.compile_python(root)
    _take_kernel(root, folder)
    for name in ("user_key", "host_key"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]
        subprocess.run([*argv, str(folder / name)], check=True, timeout=60)
    _configure(root, folder)
    argv = ["mke2fs", "-q", "-t", "ext4", "-m", "0", "-d", str(root), str(folder / "disk")]
    subprocess.run([*argv, f"{DISK_MIB}M"], check=True, timeout=120, capture_output=True)
    shutil.rmtree(root)


def _take_kernel(root: Path, folder: Path) -> None:
    """Move the kernel out, and of its modules those that are needed to start."""
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    kernel.rename(folder / "kernel")
    modules = root / "lib/modules"
    found = {file.stem: file.read_bytes() for file in modules.rglob("*.ko")}
    files = {f"{name}.ko": found[name] for name in MODULES}
    files |= {"init": FIRST.encode(), "busybox": (root / "bin/busybox").read_bytes()}
    cpio.write(folder / "first.gz", files, folders=("proc", "sys", "dev", "disk"))
    shutil.rmtree(modules)
    shutil.rmtree(root / "boot")


def _configure(root: Path, folder: Path) -> None:
    (root / "sbin").mkdir(exist_ok=True)
    (root / "sbin/init").symlink_to("/bin/busybox")
    (root / "etc/inittab").write_text(INITTAB)
    (root / "etc/ssh/sshd_config").write_text(SSHD)
    (root / "etc/ssh/authorized_keys").write_text((folder / "user_key.pub").read_text())
    (root / "etc/ssh/host_key").write_text((folder / "host_key").read_text())
    (root / "etc/ssh/host_key").chmod(0o600)
    (root / "home/pi/.bashrc").write_text(BASHRC)
    debian.own(root / "home/pi", 1000)
    (root / "usr/bin/vcgencmd").write_text(VCGENCMD)
    (root / "usr/bin/vcgencmd").chmod(0o755)
    (root / "etc/sensors").mkdir()
    for name, value in SENSORS.items():
        (root / "etc/sensors" / name).write_text(value + "\n")
