"""What a child prints is heard to its end, whatever the listener makes of it."""

import sys

import pytest

from edgehone.system import processes
from edgehone.system.bounds import BeyondBoundsError

LINES = "import sys\nfor n in range(20000): print('line', n)\nprint('end', file=sys.stderr)"


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_all_that_is_printed_comes_back() -> None:
    on_line: list[str] = []
    for listener in (None, on_line.append):
        finished = processes.run(python(LINES), timeout_s=60, on_line=listener)
        assert finished.exit_code == 0
        assert finished.stdout.splitlines()[-1] == "line 19999"
        assert finished.stderr == "end\n"
    assert "".join(on_line) == finished.stdout


def test_what_a_listener_raises_ends_the_child_and_is_raised() -> None:
    endless = "while True: print('x' * 1000)"

    def fail(line: str) -> None:
        raise LookupError(line[:1])

    with pytest.raises(LookupError, match="x"):
        processes.run(python(endless), timeout_s=60, on_line=fail)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("line", ["'x' * 1000 + '\\n'", "'x' * 1000"])
def test_a_child_that_never_stops_printing_is_ended(
    stream: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ANSWER_CHARACTERS", 10**6)
    monkeypatch.setattr(processes, "LINE_CHARACTERS", 10**5)
    endless = f"import sys\nwhile True: sys.{stream}.write({line})"
    with pytest.raises(BeyondBoundsError, match="prints more than"):
        processes.run(python(endless), timeout_s=60)


def test_signals_without_a_name_are_told_by_number() -> None:
    assert processes.Finished(-9, "", "").ended_by == "signal SIGKILL"
    assert processes.Finished(-40, "", "").ended_by == "signal 40"
