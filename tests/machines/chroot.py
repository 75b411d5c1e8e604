"""Commands of another processor's programs in a root file system of their own, emulated one by one.

The kernel hands such programs to qemu (binfmt_misc). They see an ARM processor in /proc/cpuinfo and
in /sys, which are made up: what the machine underneath has would mislead them.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.machines import enter

CPUS = 4
CPUINFO = "cpuinfo"


@dataclass(frozen=True)
class Processor:
    """architecture and qemu: as qemu calls the family and the model. cpuinfo: what /proc/cpuinfo
    says of each CPU.
    """

    architecture: str
    qemu: str
    cpuinfo: str


CORTEX_A72 = Processor(
    "aarch64",
    "cortex-a72",
    "processor\t: {cpu}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
    "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\n"
    "CPU revision\t: 3\n\n",
)
"""As in a Raspberry Pi 4."""
CORTEX_A15 = Processor(
    "arm",
    "cortex-a15",
    "processor\t: {cpu}\nmodel name\t: ARMv7 Processor rev 1 (v7l)\nBogoMIPS\t: 108.00\n"
    "Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae\n"
    "CPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x2\nCPU part\t: 0xc0f\n"
    "CPU revision\t: 1\n\n",
)
"""The latest that is 32 bits wide and that qemu knows."""


@dataclass(frozen=True)
class Chroot:
    """A root file system on this machine, furnished for a processor."""

    root: Path
    processor: Processor

    def argv(
        self, *command: str, user: int, folder: str, environment: Mapping[str, str]
    ) -> tuple[str, ...]:
        """What runs a command inside as a user; when it is killed, so is all it started."""
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private")
        given = {"QEMU_CPU": self.processor.qemu, **environment}
        pairs = (f"{name}={value}" for name, value in given.items())
        where = (str(self.root), str(user), folder, str(self.root / CPUINFO))
        python = (sys.executable, "-I", "-S", enter.__file__)
        return (*apart, "--", *python, *where, *pairs, "--", *command)


def furnish(root: Path, processor: Processor) -> None:
    """Make up what a root file system's programs read of the processor and its sensors."""
    (root / "proc").mkdir(exist_ok=True)
    text = processor.cpuinfo
    (root / CPUINFO).write_text("".join(text.format(cpu=cpu) for cpu in range(CPUS)))
    cpus = root / "sys/devices/system/cpu"
    for cpu in range(CPUS):
        clock = cpus / f"cpu{cpu}/cpufreq"
        clock.mkdir(parents=True)
        (clock / "scaling_cur_freq").write_text("1500000\n")
        (clock / "cpuinfo_max_freq").write_text("1500000\n")
        (clock / "scaling_governor").write_text("ondemand\n")
    for name in ("possible", "present", "online"):
        (cpus / name).write_text(f"0-{CPUS - 1}\n")
    zone = root / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("45000\n")


def emulate(processor: Processor) -> None:
    """Have the kernel hand such a processor's programs to qemu, as Debian does when it starts.

    Raises CalledProcessError where that is not permitted.
    """
    name = f"qemu-{processor.architecture}"
    if not Path(f"/proc/sys/fs/binfmt_misc/{name}").exists():
        argv = ["update-binfmts", "--enable", name]
        subprocess.run(argv, check=True, timeout=60, capture_output=True)
