"""Children that open files of strangers: what they import from, and what they are denied."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgehone.system import confinement, processes

CODE = """
import errno, json, os, resource, socket, sys
from edgehone.system import confinement
confinement.confine()
try:
    import lying_in_wait
    found = True
except ImportError:
    found = False
try:
    socket.create_connection(("192.0.2.1", 9), 0.2)
    network = "connected"
except OSError as error:
    network = errno.errorcode.get(error.errno, "timeout")
try:
    bytearray(1 << 46)
    memory = "taken"
except MemoryError:
    memory = "denied"
bound = resource.getrlimit(resource.RLIMIT_DATA)[0]
user = [os.getuid(), os.stat(".").st_uid]
open("mine", "w").close()
print(json.dumps([found, network, memory, bound, user, sys.path]))
"""


def child(folder: Path) -> list[object]:
    done = processes.run(
        [sys.executable, "-c", CODE],
        timeout_s=60,
        environment=confinement.environment(),
        folder=folder,
    )
    assert done.exit_code == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_a_child_imports_from_no_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, its = tmp_path / "ours", tmp_path / "its"
    for folder in (ours, its):
        folder.mkdir()
        (folder / "lying_in_wait.py").write_text("")
    (tmp_path / "link").symlink_to(ours)
    monkeypatch.chdir(ours)
    monkeypatch.setattr(sys, "path", ["", ".", str(ours), str(tmp_path / "link"), *sys.path])
    found, *_, path = child(its)
    assert found is False
    assert isinstance(path, list)
    assert not {"", ".", str(ours), str(its)} & set(path)


def test_a_child_still_imports_where_this_program_lies_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(confinement.__file__).parents[2]
    monkeypatch.chdir(own)
    assert str(own) in confinement.environment()["PYTHONPATH"].split(os.pathsep)
    assert child(tmp_path)[0] is False


def test_a_child_has_bounded_memory_and_keeps_its_user(tmp_path: Path) -> None:
    _, _, memory, bound, user, _ = child(tmp_path)
    assert memory == "denied"
    assert bound == confinement.memory_bytes() >= confinement.LEAST_BYTES
    assert user == [os.getuid(), os.getuid()]
    assert (tmp_path / "mine").stat().st_uid == os.getuid()


def test_a_child_has_no_network_where_the_system_can_deny_it(tmp_path: Path) -> None:
    allowed = (["unshare", "--net", "true"], ["unshare", "--user", "--net", "true"])
    can = [subprocess.run(each, capture_output=True, check=False).returncode for each in allowed]
    network = child(tmp_path)[1]
    if 0 in can:
        assert network == "ENETUNREACH"
    else:
        assert network != "connected"


def test_a_removed_working_folder_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert confinement.working_folder() == Path("/")
    assert child(tmp_path)[0] is False
    monkeypatch.chdir(tmp_path)
