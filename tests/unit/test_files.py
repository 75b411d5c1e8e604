"""Files written whole, and folders that can be written to."""

import os
from errno import EFBIG, ENOSPC
from pathlib import Path

import pytest

from edgehone.errors import StorageError
from edgehone.files import require_writable, write_whole, writing


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
