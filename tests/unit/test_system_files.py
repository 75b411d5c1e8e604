"""Files written whole, and folders that can be written to."""

import os
import zlib
from errno import EFBIG, ENOSPC
from pathlib import Path

import numpy as np
import pytest

from edgehone.errors import ConfigError, StorageError
from edgehone.system.files import (
    compressed_size,
    content,
    copy_whole,
    opened,
    require_writable,
    sha256_of,
    write_whole,
    writing,
)


def test_a_folder_that_can_be_made_is_fine_and_is_not_made(tmp_path: Path) -> None:
    require_writable(tmp_path)
    require_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below"):
        with pytest.raises(StorageError, match="Cannot write"):
            require_writable(place)


@pytest.mark.parametrize("number", [ENOSPC, EFBIG])
def test_a_full_disk_is_called_one(tmp_path: Path, number: int) -> None:
    with pytest.raises(StorageError) as caught, writing(tmp_path):
        raise OSError(number, "whatever the system says")
    assert "free some space" in caught.value.hint


def test_files_have_the_users_permissions_without_a_change_of_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(mask: int) -> int:
        raise AssertionError("the umask is every thread's: two that change it lose it")

    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", changed)
            write_whole(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def test_only_files_are_opened(tmp_path: Path) -> None:
    for path, kind in ((pipe(tmp_path), "a pipe"), (Path(os.devnull), "a device")):
        for read in (opened, sha256_of, compressed_size, lambda path: content(path, 10)):
            with pytest.raises(StorageError, match=f"is {kind}, not a file"):
                read(path)
    with pytest.raises(StorageError, match="Is a directory"):
        content(tmp_path, 10)


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(pipe(tmp_path))
    with pytest.raises(StorageError, match="a pipe"):
        copy_whole(tmp_path / "link", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_content_has_a_bound(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert content(tmp_path / "a", 5) == b"12345"
    with pytest.raises(ConfigError, match=r"has 5 bytes, more than .* \(4 bytes\)"):
        content(tmp_path / "a", 4, ConfigError)


def test_a_file_of_holes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as stream:
        stream.truncate(2**42)
    with pytest.raises(StorageError, match="4 TiB"):
        content(tmp_path / "a", 2**31)


@pytest.mark.parametrize("target", [os.devnull, "pipe"])
def test_only_files_are_replaced(target: str, tmp_path: Path) -> None:
    path = pipe(tmp_path) if target == "pipe" else Path(target)
    with pytest.raises(StorageError, match="not a file"):
        write_whole(path, "text")
    assert not path.is_file()


@pytest.mark.slow
def test_the_compressed_size_is_that_of_the_whole(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 9, 3_000_000).astype(np.uint8).tobytes()
    (tmp_path / "a").write_bytes(whole)
    assert compressed_size(tmp_path / "a") == len(zlib.compress(whole, 9))
