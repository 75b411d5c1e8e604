"""Members of archives are read no further than they say, and than there is room for."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from tests import archive_files

from edgehone.system.archives import DAMAGED, archive, member, require_room
from edgehone.system.bounds import MIB, BeyondBoundsError
from edgehone.system.memory import free_memory


def read(path: Path, most: int | None = None) -> bytes:
    with archive(path) as found:
        return member(found, "a", most)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_a_member_comes_out_as_it_went_in(packed: bool, size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    path = archive_files.with_member(tmp_path / "a.zip", "a", content, packed=packed)
    assert read(path) == content
    assert read(path, size) == content


def test_a_member_larger_than_allowed_is_not_unpacked(tmp_path: Path) -> None:
    path = archive_files.zeros(tmp_path / "a.zip", "a", 64 * MIB)
    tracemalloc.start()
    with pytest.raises(BeyondBoundsError, match=r"unpacks to 64 MiB.*\(1 MiB\)"):
        read(path, MIB)
    assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    tracemalloc.stop()


def test_a_member_larger_than_it_says_is_read_no_further(tmp_path: Path) -> None:
    path = archive_files.zeros(tmp_path / "a.zip", "a", 64 * MIB)
    archive_files.with_member(path, "a", bytes(64 * MIB))
    archive_files.said_size(path, 1000)
    tracemalloc.start()
    with pytest.raises(DAMAGED):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    tracemalloc.stop()


def test_a_member_smaller_than_it_says_is_damaged(tmp_path: Path) -> None:
    path = archive_files.with_member(tmp_path / "a.zip", "a", bytes(1000))
    archive_files.said_size(path, 5000)
    with pytest.raises(DAMAGED):
        read(path)


def test_what_takes_more_memory_than_is_free_is_refused() -> None:
    large = zipfile.ZipInfo("a")
    large.file_size = free_memory() // 3
    require_room([large])
    with pytest.raises(BeyondBoundsError, match="free memory"):
        require_room([large, large])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as found:
        found.writestr("a", bytes(1000))
    with pytest.raises(BeyondBoundsError, match="DEFLATE"):
        read(tmp_path / "a.zip")
