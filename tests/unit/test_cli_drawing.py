"""Progress on a terminal: drawn by a process of its own, which nothing holds up."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rich.console import Console

from edgehone.cli.drawing import SHOWN, Picture, Rounds, clock, events
from edgehone.values import BEST, NOTE, ROUND, WARNING, Event


def picture(width: int = 80) -> tuple[Picture, io.StringIO]:
    stream = io.StringIO()
    return Picture(Console(file=stream, width=width, highlight=False, markup=False)), stream


def drawn(shown: Picture) -> list[str]:
    """The lines of the picture as it is now."""
    with shown.console.capture() as capture:
        shown.console.print(shown)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_stage_has_a_bar_that_is_full_once_the_next_begins() -> None:
    shown, _ = picture()
    shown.take(Event("load the model", "teacher.keras"))
    shown.take(Event("measure", "on local", 2, 4))
    first, second = drawn(shown)
    assert first.startswith("✓ load the model")
    assert "━" * 20 in first
    assert second.endswith("on local")
    assert not second.startswith("✓")


def test_a_long_note_takes_nothing_from_the_bar_and_breaks_no_line() -> None:
    shown, _ = picture()
    shown.take(Event("export", "a very long remark about what is going on " * 5, 1, 2))
    (line,) = drawn(shown)
    assert len(line) <= 80
    assert "━" * 10 in line  # half of it
    assert line.endswith("…")


def test_the_latest_stages_are_shown() -> None:
    shown, _ = picture()
    for number in range(20):
        shown.take(Event(f"stage-{number}"))
    lines = drawn(shown)
    assert len(lines) == SHOWN
    assert "stage-19" in lines[-1]


def test_a_run_says_its_round_its_time_and_the_best_so_far() -> None:
    shown, _ = picture()
    shown.take(Event(BEST, "teacher int8: 51.0 KiB, 92 µs, accuracy 98.7 %; keeps all budgets"))
    shown.take(Event(ROUND, "2, candidate 2 of 4, looking for latency_p50_ms of 46.5 µs", 1, 4))
    shown.take(Event("train round-2", "loss 0.1", 1, 8))
    heading, best, bar = drawn(shown)
    assert heading == "candidate 2 of 4, 0:00 elapsed"
    assert best.startswith("best so far: teacher int8: 51.0 KiB, 92 µs")
    assert "train round-2" in bar


def test_what_is_left_is_told_by_the_candidates_that_are_done() -> None:
    rounds = Rounds(0.0)
    assert rounds.heading(5.0) == "0:05 elapsed"
    rounds.enter(Event(ROUND, "", 0, 4), 100.0)
    assert rounds.heading(110.0) == "candidate 1 of 4, 1:50 elapsed"
    rounds.enter(Event(ROUND, "", 1, 4), 160.0)  # one takes 60 s, and 3 are to come
    assert rounds.heading(160.0) == "candidate 2 of 4, 2:40 elapsed, at most about 3:00 left"
    assert rounds.heading(190.0) == "candidate 2 of 4, 3:10 elapsed, at most about 2:30 left"
    assert rounds.heading(1000.0).endswith("at most about 0:00 left")
    rounds.enter(Event(ROUND, "", 3, 4), 400.0)  # a round of two, 100 s each
    assert rounds.heading(400.0).endswith("candidate 4 of 4, 6:40 elapsed, at most about 1:40 left")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3723, "1:02:03")]
)
def test_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_remarks_stay_above_the_picture() -> None:
    shown, stream = picture()
    shown.take(Event(NOTE, "Left out of [data]: 2 files."))
    shown.take(Event(WARNING, "The teacher guesses."))
    assert stream.getvalue().splitlines() == [
        "note: Left out of [data]: 2 files.",
        "warning: The teacher guesses.",
    ]
    assert drawn(shown) == []


def test_a_line_that_a_killed_sender_left_half_is_the_end() -> None:
    whole = json.dumps({"stage": "a"}) + "\n"
    assert list(events(iter([whole, '{"stage": "b']))) == [Event("a")]


BUSY = """
import ctypes, sys
from edgehone.cli.progress import Bars
from edgehone.values import Event
with Bars() as bars:
    bars(Event("begin"))
    bars(Event("start TensorFlow"))
    ctypes.PyDLL(None).usleep(3_000_000)  # holds the interpreter, as an import may
    bars(Event("note", "it went on"))
print("the result")
"""


def on_a_terminal(program: str) -> tuple[subprocess.Popen[bytes], int]:
    """A program of Python on a terminal of its own; what it prints can be read."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color"}
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    return child, leader


def read(leader: int) -> Iterator[str]:
    """What comes on a terminal until its last writer has gone."""
    try:
        while chunk := os.read(leader, 4096):
            yield chunk.decode(errors="replace")
    except OSError:
        return


@pytest.mark.slow
def test_the_display_moves_while_the_interpreter_is_held() -> None:
    child, leader = on_a_terminal(BUSY)
    shown = "".join(read(leader))
    os.close(leader)
    assert child.wait() == 0
    held = shown.partition("start TensorFlow")[2].partition("it went on")[0]
    frames = {mark for mark in held if "\u2800" < mark <= "\u28ff"}  # a spinner is made of these
    assert len(frames) > 3
    assert shown.rstrip().endswith("the result")
    assert "\x1b[?25h" in shown  # the cursor is back


def test_a_killed_program_leaves_no_drawing_process_and_a_whole_terminal() -> None:
    program = BUSY.replace("usleep(3_000_000)", "pause()")
    child, leader = on_a_terminal(program)
    shown = ""
    for chunk in read(leader):  # until the drawing process has closed the terminal as well
        shown += chunk
        if "start TensorFlow" in shown and child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()
    os.close(leader)
    assert "\x1b[?25h" in shown


ALONE = """
from edgehone.cli.progress import Bars
from edgehone.values import Event
with Bars() as bars:
    bars._process.kill()
    bars._process.wait()
    bars(Event("start TensorFlow"))
    bars(Event("note", "it went on"))
"""


def test_where_the_drawing_process_is_gone_events_are_lines() -> None:
    child, leader = on_a_terminal(ALONE)
    shown = "".join(read(leader))
    os.close(leader)
    assert child.wait() == 0
    assert shown.splitlines()[-2:] == ["start TensorFlow", "note: it went on"]
