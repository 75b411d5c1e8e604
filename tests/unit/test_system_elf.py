"""Shared libraries are read for their processor and for how their segments lie."""

from pathlib import Path

import pytest
from tests import elf_files

from edgehone.errors import DataError, UsageError
from edgehone.export.apps._download import libraries, rows
from edgehone.system import elf


@pytest.mark.parametrize("abi", elf_files.MACHINES)
def test_libraries_say_their_processor_and_that_they_fit(abi: str) -> None:
    assert elf.library(elf_files.library(abi), "a.so") == elf.Library(abi, "")


@pytest.mark.parametrize("abi", ["arm64-v8a", "armeabi-v7a"])
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"align": 4096}, "aligned to 4,096 bytes"),
        ({"align": 65536, "offset": 4096, "address": 8192}, "belongs at 8,192"),
    ],
)
def test_segments_that_do_not_fit_are_named(
    abi: str, settings: dict[str, int], reason: str
) -> None:
    """Android's linker goes by where segments lie, whatever the header claims."""
    assert reason in elf.library(elf_files.library(abi, **settings), "a.so").unaligned


def test_the_boundary_is_16384() -> None:
    def at(align: int) -> str:
        return elf.library(elf_files.library("x86_64", align=align), "a.so").unaligned

    assert not at(16384)
    assert at(16383)


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF", b"MZ" + bytes(100), elf_files.library("x86")[:60]]
)
def test_what_is_no_library_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"odd\.so is not a shared library"):
        elf.library(content, "odd.so")


def test_archives_are_looked_through(tmp_path: Path) -> None:
    members = {f"jni/{abi}/libx.so": elf_files.library(abi) for abi in elf_files.MACHINES}
    found = libraries([elf_files.archive(tmp_path / "x.aar", members)])
    assert {each.abi for each in found} == set(elf_files.MACHINES)
    assert found[0].source.startswith("x.aar!jni/")
    with pytest.raises(UsageError, match="holds no shared library"):
        libraries([elf_files.archive(tmp_path / "y.apk", {})])
    (tmp_path / "z.apk").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"z\.apk is not an archive"):
        libraries([tmp_path / "z.apk"])


def test_abis_without_a_library_have_no_size_for_the_runtime() -> None:
    found = rows("android", "tflite", 10, (), ("arm64-v8a",))
    assert found[0]["runtime_bytes"] is None
    assert found[0]["total_bytes"] is None
