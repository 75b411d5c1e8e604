"""The local device runs edgehone's own Python in a folder that goes with it."""

import sys
from pathlib import Path, PurePosixPath

from edgehone.devices.local import Local


def test_local_runs_python_in_its_folder_and_tells_lines(tmp_path: Path) -> None:
    device = Local("")
    program = tmp_path / "p.py"
    program.write_text("import os, sys\nprint(sys.argv[1])\nprint(os.path.isfile('x/p.py'))\n")
    device.put(program, PurePosixPath("x/p.py"), timeout_s=10)
    on_line: list[str] = []
    done = device.run([sys.executable, "x/p.py", "a b"], timeout_s=30, on_line=on_line.append)
    assert done.stdout == "a b\nTrue\n"
    assert on_line == ["a b\n", "True\n"]
    assert done.exit_code == 0


def test_local_stops_a_program_at_the_time_limit() -> None:
    lines: list[str] = []
    code = "import time; print('begun', flush=True); time.sleep(60)"
    done = Local("").run([sys.executable, "-c", code], timeout_s=0.7, on_line=lines.append)
    assert done.timed_out
    assert done.ended_by == "time limit"
    assert done.stdout in ("begun\n", "")


def test_local_tells_how_a_program_ended() -> None:
    done = Local("").run([sys.executable, "-c", "import os; os.abort()"], timeout_s=30)
    assert done.ended_by == "signal SIGABRT"
