import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgehone.system import unfinished
from edgehone.system.files import whole_file, write_whole
from edgehone.system.unfinished import DAY_S

LEFT = """
import os, signal, sys
from pathlib import Path
from edgehone.system.files import whole_file
with whole_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_a_killed_process(file: Path) -> Path:
    subprocess.run([sys.executable, "-c", LEFT, str(file)], check=False, timeout=60)
    (left,) = file.parent.glob(".*")
    return left


@pytest.mark.parametrize("name", ["net.tflite", "net", "a.b.c.json", "x" * 80 + ".onnx"])
def test_next_file_sweeps_what_a_killed_process_left(tmp_path: Path, name: str) -> None:
    left = left_by_a_killed_process(tmp_path / name)
    assert left.read_text() == "half"
    write_whole(tmp_path / "other", "whole")
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


def test_file_of_a_living_process_stays(tmp_path: Path) -> None:
    with whole_file(tmp_path / "slow") as temporary:
        write_whole(tmp_path / "quick", "whole")
        assert temporary.is_file()
        temporary.write_text("whole too")
    assert (tmp_path / "slow").read_text() == "whole too"


def test_number_that_has_come_to_mean_another_process_is_noticed(tmp_path: Path) -> None:
    name = unfinished.name_for("net.tflite", ".tflite")
    (tmp_path / re.sub(r"-(\d+)-\d+-", r"-\1-7-", name)).touch()
    unfinished.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_file_of_another_machine_goes_when_it_is_old(tmp_path: Path) -> None:
    name = unfinished.name_for("net.tflite", ".tflite")
    place = tmp_path / re.sub(r"\.[0-9a-f]{8}-", ".00000000-", name)
    place.touch()
    unfinished.sweep(tmp_path)
    assert place.is_file()
    before = place.stat().st_mtime - DAY_S - 60
    os.utime(place, (before, before))
    unfinished.sweep(tmp_path)
    assert not place.exists()


def test_other_hidden_files_stay(tmp_path: Path) -> None:
    names = [".env", ".net.0123456789abcdef.tflite", ".x.01234567-1-2-89.tflite", "a.b"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / unfinished.name_for("folder", "")).mkdir()
    unfinished.sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(names) + 1
