"""What an emulated Arm program finds around it: the C libraries of a cross toolchain, and a CPU."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgehone.errors import DeviceError
from edgehone.system import scratch
from edgehone.system.files import key_of, reading, writing

MACHINE = "aarch64"

FOLDERS = (
    "/usr/aarch64-linux-gnu/lib",  # Debian's and Arch's cross toolchains
    "/usr/aarch64-linux-gnu/lib64",
    "/usr/aarch64-linux-gnu/sys-root/lib64",  # Fedora's
    "/usr/aarch64-linux-gnu/sys-root/usr/lib64",
    "/lib/aarch64-linux-gnu",  # Debian's own for arm64, on Arm or beside another architecture
    "/usr/lib/aarch64-linux-gnu",
)

LIBRARIES = (
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
)
"""What the runtimes and the native runner are linked with."""

GET_LIBRARIES = "Install libc6-arm64-cross and libstdc++6-arm64-cross (Debian, Ubuntu)."

UNFINISHED = ".root-"
"""How folders begin in which a root is made."""

CORES = 4


@dataclass(frozen=True)
class Processor:
    """A kind of CPU as Linux tells of it: Arm's part number and the features."""

    part: int
    features: str

    @property
    def cpuinfo(self) -> str:
        """Its /proc/cpuinfo."""
        one = (
            "processor\t: {}\nBogoMIPS\t: 108.00\n"
            f"Features\t: {self.features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
            f"CPU variant\t: 0x0\nCPU part\t: 0x{self.part:03x}\nCPU revision\t: 0\n\n"
        )
        return "".join(one.format(number) for number in range(CORES))


_ARMV8 = "fp asimd aes pmull sha1 sha2 crc32 cpuid"
_ARMV82 = f"{_ARMV8} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"

PROCESSORS: Mapping[str, Processor] = {
    "cortex-a53": Processor(0xD03, _ARMV8),
    "cortex-a72": Processor(0xD08, _ARMV8),
    "cortex-a76": Processor(0xD0B, _ARMV82),
}
"""By QEMU's name, with the features QEMU gives each: those of Raspberry Pi 3 and Zero 2, 4, and 5.
"""


def libraries() -> dict[str, Path]:
    """Every library of LIBRARIES that this machine has for Arm, by name."""
    found = {}
    for name in LIBRARIES:
        places = (Path(folder) / name for folder in FOLDERS)
        place = next((place for place in places if place.is_file()), None)
        if place is not None:
            found[name] = place
    return found


def missing_libraries() -> list[str]:
    """Names of the libraries that this machine lacks."""
    return [name for name in LIBRARIES if name not in libraries()]


def glibc() -> tuple[int, int]:
    """The version of the C library that emulated programs get. Raises DeviceError without one."""
    place = libraries().get("libc.so.6")
    if place is None:
        raise DeviceError("This machine has no C library for Arm.", GET_LIBRARIES)
    with reading(place):
        cpuinfo = re.search(rb"GNU C Library [^\n]* version (\d+)\.(\d+)", place.read_bytes())
    if cpuinfo is None:
        raise DeviceError(f"{place} is not a GNU C library.", GET_LIBRARIES)
    return int(cpuinfo[1]), int(cpuinfo[2])


def sysroot(folder: Path, processor: Processor) -> Path:
    """A file system's root for emulated programs, made in `folder` unless it is there already.

    It holds only what must not be this machine's own: libraries, as links, and the CPU in /proc
    and /sys, which runtimes choose their kernels by; QEMU takes the rest from this machine. Raises
    DeviceError that names the libraries this machine lacks.
    """
    if lacking := missing_libraries():
        message = f"This machine lacks libraries for Arm: {', '.join(lacking)}."
        raise DeviceError(message, GET_LIBRARIES)
    links = {name: str(place) for name, place in libraries().items()}
    files = _files(processor)
    place = folder / f"root-{key_of([links, files])[:16]}"
    if place.is_dir():
        return place
    with writing(place):
        folder.mkdir(parents=True, exist_ok=True)
        scratch.sweep(folder, UNFINISHED)
        with scratch.Folder(folder, UNFINISHED) as unfinished:
            _make(unfinished / "root", files, links)
            with suppress(OSError):  # another process was faster
                os.rename(unfinished / "root", place)  # noqa: PTH104 # Path.rename: less on folders
    return place


def _make(made: Path, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    """Fill a root with files by name, and with links to this machine's libraries."""
    for name, text in files.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    (made / "lib").mkdir()
    for name, target in links.items():
        (made / "lib" / name).symlink_to(target)


def _files(processor: Processor) -> dict[str, str]:
    """The files by which a runtime knows its CPU, each core of one cluster."""
    every, cpus = f"0-{CORES - 1}\n", "sys/devices/system/cpu"
    found = {"proc/cpuinfo": processor.cpuinfo, f"{cpus}/kernel_max": f"{CORES - 1}\n"}
    found |= {f"{cpus}/{name}": every for name in ("online", "possible", "present")}
    for number in range(CORES):
        topology, clock = f"{cpus}/cpu{number}/topology", f"{cpus}/cpu{number}/cpufreq"
        found |= {
            f"{topology}/core_id": f"{number}\n",
            f"{topology}/physical_package_id": "0\n",
            f"{topology}/core_siblings_list": every,
            f"{topology}/cluster_cpus_list": every,
            f"{topology}/thread_siblings_list": f"{number}\n",
            f"{clock}/cpuinfo_max_freq": "1500000\n",
            f"{clock}/cpuinfo_min_freq": "600000\n",
        }
    return found
