import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgehone.system import scratch
from edgehone.system.scratch import OWNER, Folder

LEFT = """
import os, signal, sys
from pathlib import Path
from edgehone.system.scratch import Folder
folder = Folder(Path(sys.argv[1]))
(folder.path / "model").write_text("large")
os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_a_killed_process(parent: Path) -> Path:
    before = set(parent.iterdir())
    subprocess.run([sys.executable, "-c", LEFT, str(parent)], check=False, timeout=60)
    (folder,) = set(parent.iterdir()) - before
    return folder


def test_folder_is_private_marked_and_removed(tmp_path: Path) -> None:
    with Folder(tmp_path) as place:
        assert place.stat().st_mode & 0o777 == 0o700
        assert scratch.owner_of(place) == f"process {os.getpid()}"
        (place / "below").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_folder_goes_with_the_last_reference(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.path.is_dir()
    del folder
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    folder = left_by_a_killed_process(tmp_path)
    assert (folder / "model").is_file()
    assert scratch.owner_of(folder) == ""
    with Folder(tmp_path) as living:
        scratch.sweep(tmp_path)
        assert list(tmp_path.iterdir()) == [living]


@pytest.mark.parametrize(
    "name", ["edgehone-results", "edgehone-1234567", "edgehone-abcdefgh.old", "other-12345678"]
)
def test_folder_of_another_name_is_nobodys_to_sweep(tmp_path: Path, name: str) -> None:
    left_by_a_killed_process(tmp_path).rename(tmp_path / name)
    scratch.sweep(tmp_path)
    assert (tmp_path / name / "model").is_file()


def test_folder_without_a_mark_is_nobodys_to_sweep(tmp_path: Path) -> None:
    folder = tmp_path / "edgehone-projects"
    folder.mkdir()
    scratch.sweep(tmp_path)
    assert folder.is_dir()
    assert scratch.owner_of(folder) is None
    assert not scratch.remove_dead(folder)


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = left_by_a_killed_process(tmp_path)
    precious = tmp_path / "precious"
    folder.rename(precious)
    (tmp_path / "edgehone-12345678").symlink_to(precious)
    marked = tmp_path / "edgehone-abcdefgh"
    marked.mkdir()
    (marked / OWNER).symlink_to(precious / OWNER)
    scratch.sweep(tmp_path)
    assert (precious / "model").is_file()
    assert marked.is_dir()


def test_pipe_in_the_place_of_a_mark_is_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "edgehone-12345678"
    folder.mkdir()
    os.mkfifo(folder / OWNER)
    scratch.sweep(tmp_path)
    assert folder.is_dir()


def test_all_temporary_files_lie_in_one_folder_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch.opened() as folder:
        assert folder is not None
        assert Path(tempfile.gettempdir()) == folder.path
        assert scratch.outer() == tmp_path
        tempfile.mkstemp()
        with scratch.opened() as inner:  # a command that calls another
            assert inner is not None
            assert inner.path.parent == tmp_path
        assert folder.path.is_dir()
    assert tempfile.tempdir == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with scratch.opened() as folder:
        assert folder is None
    assert tempfile.tempdir == str(tmp_path / "none")
