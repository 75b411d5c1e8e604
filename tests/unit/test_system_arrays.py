"""Arrays out of files are NumPy's; what a header declares must be there, and fit into memory."""

import os
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from tests import archive_files

from edgehone.system.arrays import BROKEN, Array, npy, npz
from edgehone.system.bounds import GIB, MIB, BeyondBoundsError
from edgehone.system.kept_arrays import kept
from edgehone.system.memory import free_memory

Save = Callable[..., None]


def kinds() -> dict[str, Array]:
    random = np.random.default_rng(0)
    return {
        "float": random.random((7, 3)).astype(np.float32),
        "bytes": random.integers(0, 256, (5, 4, 3)).astype(np.uint8),
        "turned": np.asfortranarray(random.random((6, 4))),
        "one": np.array(3.5),
        "none": np.empty((0, 4), np.int16),
        "texts": np.array(["a", "bcd"]),
        "truths": np.array([True, False]),
        "big endian": np.arange(5, dtype=">i8"),
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_reads_what_numpy_writes(save: Any, tmp_path: Path) -> None:
    expected = kinds()
    save(tmp_path / "a.npz", **expected)
    found = npz(tmp_path / "a.npz", [*expected])
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)
        found[name][...] = values  # may be written to, as NumPy's own may


def test_npz_tells_of_others_without_reading_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones(3), z=np.array([{}], object))
    found = npz(tmp_path / "a.npz", ["x"])
    assert [*found] == ["x", "z"]
    assert found["z"].shape == ()


@pytest.mark.parametrize("name", [*kinds()])
def test_npy_reads_what_numpy_writes(name: str, tmp_path: Path) -> None:
    expected = kinds()[name]
    np.save(tmp_path / "a.npy", expected)
    np.testing.assert_array_equal(npy(tmp_path / "a.npy", GIB), expected)


def test_large_arrays_that_are_not_packed_stay_in_the_file(tmp_path: Path) -> None:
    expected = np.arange(20 * MIB, dtype=np.float32)
    np.savez(tmp_path / "a.npz", x=expected)
    tracemalloc.start()
    found = npz(tmp_path / "a.npz", ["x"])["x"]
    assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    tracemalloc.stop()
    np.testing.assert_array_equal(found[::100_000], expected[::100_000])
    found[0] = 7  # in memory alone
    assert npz(tmp_path / "a.npz", ["x"])["x"][0] == 0


def test_a_flipped_bit_of_a_large_array_is_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(20 * MIB, dtype=np.float32))
    with (tmp_path / "a.npz").open("r+b") as stream:
        stream.seek(40 * MIB)
        stream.write(b"\x01")
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        npz(tmp_path / "a.npz", ["x"])


def test_declared_numbers_must_be_there(tmp_path: Path) -> None:
    content = archive_files.npy_header(2**40) + bytes(100)
    path = archive_files.with_member(tmp_path / "a.npz", "x.npy", content)
    with pytest.raises(EOFError, match="declares 4 TiB of numbers and holds 100 bytes"):
        npz(path, ["x"])
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(EOFError, match="4 TiB"):
        npy(tmp_path / "a.npy", GIB)


def test_large_packed_arrays_are_unpacked_once_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    expected = np.arange(20 * MIB, dtype=np.float32)
    np.savez_compressed(tmp_path / "a.npz", x=expected, y=np.arange(3))
    tracemalloc.start()
    found = npz(tmp_path / "a.npz", ["x", "y"])
    assert tracemalloc.get_traced_memory()[1] < 60 * MIB
    tracemalloc.stop()
    np.testing.assert_array_equal(found["x"], expected)
    np.testing.assert_array_equal(found["y"], np.arange(3))
    found["x"][0] = 7  # in memory alone
    [kept] = (tmp_path / "cache" / "edgehone" / "arrays").iterdir()
    made = kept.stat().st_ino
    (tmp_path / "a.npz").rename(tmp_path / "moved.npz")
    assert npz(tmp_path / "moved.npz", ["x"])["x"][0] == 0
    assert [each.stat().st_ino for each in kept.parent.iterdir()] == [made]
    np.savez_compressed(tmp_path / "a.npz", x=expected[::-1])
    assert npz(tmp_path / "a.npz", ["x"])["x"][-1] == 0
    assert len([*kept.parent.iterdir()]) == 2


def test_what_nobody_asked_for_in_a_month_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old, used = (kept(name, lambda stream: np.save(stream, np.arange(2))) for name in "ab")
    for each in (old, used):
        os.utime(each, (0, 0))
    assert kept("b", _fail) == used
    kept("c", lambda stream: np.save(stream, np.arange(2)))
    assert not old.exists()
    assert used.exists()


def _fail(stream: IO[bytes]) -> None:
    raise AssertionError(f"{stream} is there already")


def test_damaged_packed_arrays_are_noticed_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    size = 64 * MIB
    head = archive_files.npy_header(size // 4)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head + bytes(1000))
        archive.filelist[0].file_size = len(head) + size
    with pytest.raises((EOFError, zipfile.BadZipFile)):
        npz(tmp_path / "a.npz", ["x"])
    assert not [*(tmp_path / "edgehone" / "arrays").iterdir()]


def test_arrays_larger_than_disk_and_memory_are_refused_before_they_are_unpacked(
    tmp_path: Path,
) -> None:
    size = max(free_memory(), shutil.disk_usage(Path.home()).free) // 4 * 4
    head = archive_files.npy_header(size // 4)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head + bytes(1000))
        archive.filelist[0].file_size = len(head) + size  # as if a thousand to one
    with pytest.raises(BeyondBoundsError, match="of free memory"):
        npz(tmp_path / "a.npz", ["x"])
    assert npz(tmp_path / "a.npz", ["y"])["x"].shape == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY\x09\x00",
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        archive_files.npy_header(-1) + bytes(8),
        archive_files.npy_header(*[1] * 40) + bytes(4),
        archive_files.npy_header(1, kind="|O") + bytes(8),
    ],
    ids=["empty", "version", "brackets", "negative", "axes", "objects"],
)
def test_broken_headers_are_broken(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(BROKEN):
        npy(tmp_path / "a.npy", GIB)
