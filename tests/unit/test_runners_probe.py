"""What devices say of themselves, read into facts: boards old and new, phones, and noise."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgehone.devices.local import Local
from edgehone.errors import DeviceError
from edgehone.runners._probe import Facts, Interpreter, probe
from edgehone.system.processes import Finished

PI_4 = """\
Linux raspberrypi 6.6.51+rpt-rpi-v8
#edgehone system Linux
#edgehone machine aarch64
#edgehone bits 64
#edgehone libc glibc 2.36
#edgehone abi
#edgehone disk /dev/mmcblk0p2  29583360 5412340  22640940      20% /
#edgehone memory MemTotal:        3884376 kB
#edgehone features Features\t: fp asimd evtstrm crc32 cpuid
#edgehone model Raspberry Pi 4 Model B Rev 1.5
#edgehone site site-0123456789abcdef
#edgehone python 3.11 64 - /usr/bin/python3
#edgehone end
"""

PI_32_BIT = """\
$ #edgehone system Linux
#edgehone machine aarch64
#edgehone bits 32
#edgehone libc ldd (Debian GLIBC 2.31-13+rpt2+rpi1+deb11u5) 2.31
#edgehone python 3.9 32 1.19.5 /usr/bin/python3
#edgehone python
#edgehone python 2.7 32 - /usr/bin/python3.7
#edgehone python 3.9 32 1.19.5 /usr/bin/python3
#edgehone end
"""

PHONE = """\
#edgehone system Linux
#edgehone machine aarch64
#edgehone bits 64
#edgehone libc getconf: GNU_LIBC_VERSION unknown
#edgehone abi arm64-v8a
#edgehone disk /dev/block/dm-47 112345672 70123456 42222216      63% /data
#edgehone model Pixel 8
#edgehone end
"""


class Says(Local):
    """A device that says one thing, whatever it is asked."""

    def __init__(self, stdout: str, exit_code: int = 0, stderr: str = "") -> None:
        super().__init__("")
        self._finished = Finished(exit_code, stdout, stderr)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        on_line: Callable[[str], None] | None = None,
        overdue: Callable[[], bool] | None = None,
    ) -> Finished:
        return self._finished


def test_a_board_is_read_whole() -> None:
    assert probe(Says(PI_4)) == Facts(
        system="Linux",
        machine="aarch64",
        bits=64,
        glibc=(2, 36),
        pythons=(Interpreter("/usr/bin/python3", (3, 11), 64),),
        free_bytes=22640940 * 1024,
        memory_bytes=3884376 * 1024,
        features=("fp", "asimd", "evtstrm", "crc32", "cpuid"),
        model="Raspberry Pi 4 Model B Rev 1.5",
        sites=("site-0123456789abcdef",),
    )


def test_32_bit_programs_on_a_64_bit_kernel_make_a_32_bit_device() -> None:
    facts = probe(Says(PI_32_BIT))
    assert (facts.machine, facts.architecture) == ("aarch64", "armv7l")
    assert facts.glibc == (2, 31)
    assert facts.pythons == (Interpreter("/usr/bin/python3", (3, 9), 32, "1.19.5"),)
    assert (facts.free_bytes, facts.model) == (None, "")


def test_a_phone_has_neither_glibc_nor_python() -> None:
    facts = probe(Says(PHONE))
    assert (facts.glibc, facts.pythons) == (None, ())
    assert (facts.android, facts.architecture) == (True, "aarch64")


@pytest.mark.parametrize(
    ("libc", "version"),
    [
        ("glibc 2.41", (2, 41)),
        ("ldd (Ubuntu GLIBC 2.35-0ubuntu3.8) 2.35", (2, 35)),
        ("musl libc (aarch64) Version 1.2.5", None),
        ("", None),
    ],
)
def test_the_c_library_is_told_apart(libc: str, version: tuple[int, int] | None) -> None:
    assert probe(Says(f"#edgehone libc {libc}\n#edgehone end\n")).glibc == version


def test_an_answer_that_was_cut_is_no_answer() -> None:
    with pytest.raises(DeviceError, match="did not say what it is") as caught:
        probe(Says(PI_4.replace("#edgehone end\n", ""), 255, "one\nConnection closed\n"))
    assert "Connection closed" in caught.value.message
    assert "exit code 255" in caught.value.message


@pytest.mark.slow
def test_this_machine_really_says_what_it_is() -> None:
    local = Local("")
    facts = probe(local)
    assert facts.system == "Linux"
    assert facts.free_bytes
    assert facts.memory_bytes
    assert facts.features
    assert facts.sites == ()
    assert any(python.version >= (3, 7) for python in facts.pythons)
    assert all(Path(python.path).is_file() for python in facts.pythons)
    assert {python.bits for python in facts.pythons} <= {32, 64}
    assert sys.maxsize > 2**32
