"""The programs that tests type end, print and can be ended as Python's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

SCRIPT = """
import os, signal, sys
print(sys.argv, os.getcwd(), os.environ["SAID"], sys.path[0], __name__, __file__)
print(input(), flush=True)
print("heard", file=sys.stderr)
match sys.argv[1]:
    case "raise": raise ValueError("odd")
    case "exit": sys.exit(7)
    case "say": sys.exit("no")
    case "kill": os.kill(os.getpid(), signal.SIGSEGV)
    case "wait":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
        print("waits", flush=True)
        while True: signal.pause()
"""

pytestmark = pytest.mark.slow


def begun(python: Path | str, words: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [python, *words],
        cwd=folder,
        env={**os.environ, "SAID": "\u00fc", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.mark.parametrize("how", ["", "raise", "exit", "say", "kill"])
def test_a_script_runs_as_under_python(how: str, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    ends = []
    for python in (programs / "python", sys.executable):
        child = begun(python, ["script.py", how], tmp_path)
        out, err = child.communicate("gr\u00fc\u00df\n", timeout=100)
        ends.append((child.returncode, out, err.splitlines()[0], err.splitlines()[-1]))
    assert ends[0] == ends[1]
    assert ends[0][0] == {"raise": 1, "exit": 7, "say": 1, "kill": -signal.SIGSEGV}.get(how, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_reaches_the_process(number: int, programs: Path, tmp_path: Path) -> None:
    """One that is killed leaves nothing that holds its output open."""
    (tmp_path / "script.py").write_text(SCRIPT)
    child = begun(programs / "python", ["script.py", "wait"], tmp_path)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("x\n")
    child.stdin.flush()
    assert [child.stdout.readline() for _ in range(3)][1:] == ["x\n", "waits\n"]
    child.send_signal(number)
    assert child.communicate(timeout=100) == ("", "heard\n")
    assert child.returncode == (9 if number == signal.SIGTERM else -number)


def test_what_is_typed_has_loaded_tensorflow_and_another_world_has_not(
    programs: Path, tmp_path: Path
) -> None:
    (tmp_path / "look.py").write_text("import sys; print('tensorflow' in sys.modules)")
    for more, loaded in (({}, True), ({"OMP_NUM_THREADS": "1"}, False), ({"LANG": "de"}, False)):
        done = subprocess.run(
            [programs / "python", "look.py"],
            cwd=tmp_path,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{loaded}\n"
