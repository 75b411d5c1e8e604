import pytest

from edgehone.errors import DeviceError
from edgehone.runners._starting import explained


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "bin/runner: /lib/libc.so.6: version `GLIBC_2.34' not found (required by bin/runner)",
            "The runner needs glibc 2.34",
        ),
        (
            "The runtime litert does not work on the device: it cannot be opened: version "
            "`GLIBC_2.38' not found",
            "The library of litert needs glibc 2.38",
        ),
        ("bin/runner cannot be started here: Exec format error.", "processor than the device's"),
        ("sh: bin/runner: cannot execute binary file", "processor than the device's"),
        ("CANNOT LINK EXECUTABLE: has wrong ELF class: ELFCLASS32", "processor than the device's"),
        ("sh: 1: bin/runner: not found", "has not the C library"),
        ("bash: bin/runner: cannot execute: required file not found", "has not the C library"),
    ],
)
def test_errors_of_starting_are_told_in_words(text: str, meant: str) -> None:
    error = explained(DeviceError(text), "The runner", "armv7l")
    assert meant in error.message
    assert error.hint


@pytest.mark.parametrize(
    "text",
    [
        "The link was cut.",
        "The runtime litert does not work on the device: libx.so: No such file or directory.",
    ],
)
def test_other_errors_stay_as_they_are(text: str) -> None:
    error = DeviceError(text, "Try again.")
    assert explained(error, "The runner", "aarch64") is error
