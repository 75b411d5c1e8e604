"""What set-up makes of the files that a user brings."""

from pathlib import Path

import pytest

from edgehone.actions.devices.setup import SetupRequest, library, set_up
from edgehone.devices.local import Local
from edgehone.errors import UsageError
from edgehone.measure.device import Device
from edgehone.targets import named
from edgehone.values import silent


@pytest.mark.parametrize(
    ("text", "runtime", "file"),
    [
        ("lib/libLiteRt.so", "litert", "lib/libLiteRt.so"),
        ("libonnxruntime.so.1.32.0", "onnxruntime", "libonnxruntime.so.1.32.0"),
        ("litert=mine.so", "litert", "mine.so"),
        ("onnxruntime=a=b.so", "onnxruntime", "a=b.so"),
        ("a=b/libLiteRt.so", "litert", "a=b/libLiteRt.so"),
    ],
)
def test_a_library_is_told_by_its_name_or_by_the_user(text: str, runtime: str, file: str) -> None:
    assert library(text) == (runtime, Path(file))


def test_a_library_of_unknown_runtime_is_asked_about() -> None:
    with pytest.raises(UsageError, match="cannot be seen") as caught:
        library("libmine.so")
    assert "litert=libmine.so" in caught.value.hint


def test_files_that_are_not_there_are_told_before_anything_is_done() -> None:
    class Bare(Local):
        PYTHON = ()

    device = Device("bare", named("arm-cpu"), Bare(""))
    for request in (
        SetupRequest("python", Path("none")),
        SetupRequest("python", None, ("libLiteRt.so",)),
    ):
        with pytest.raises(UsageError, match="File not found"):
            set_up(device, request, silent)
    with pytest.raises(UsageError, match="Unknown runner"):
        set_up(device, SetupRequest("ruby"), silent)
