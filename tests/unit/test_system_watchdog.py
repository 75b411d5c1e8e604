import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests import needs

from edgehone.system import processes
from edgehone.system.watchdog import PROGRAM

SLEEP = needs.program("sleep")
REPLACED = """
import os, signal, sys
from edgehone.system.watchdog import Watchdog
watchdog = Watchdog()
watchdog.watch(int(sys.argv[1]))
watchdog._process.kill()
watchdog._process.wait()
watchdog.watch(os.getpid())
watchdog.forget(os.getpid())
"""


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen([SLEEP, "1000"], start_new_session=True) as child:
        yield child
        child.kill()


def watched(lines: str) -> None:
    """A watchdog that is told this, and whose owner is then gone."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM]
    subprocess.run(command, input=lines, text=True, check=True, timeout=60)


def test_watched_groups_end_when_the_owner_does(sleeper: "subprocess.Popen[bytes]") -> None:
    watched(f"+{sleeper.pid}\n")
    assert sleeper.wait(60) == -signal.SIGTERM


def test_forgotten_groups_do_not(sleeper: "subprocess.Popen[bytes]") -> None:
    watched(f"+{sleeper.pid}\n-{sleeper.pid}\n")
    assert sleeper.poll() is None


def test_groups_that_are_gone_already_are_no_trouble() -> None:
    gone = subprocess.Popen(["/bin/true"], start_new_session=True)
    gone.wait()
    watched(f"+{gone.pid}\n")


def test_watchdog_that_was_ended_is_replaced(sleeper: "subprocess.Popen[bytes]") -> None:
    command = [sys.executable, "-c", REPLACED, str(sleeper.pid)]
    subprocess.run(command, check=True, timeout=60)
    assert sleeper.wait(60) == -signal.SIGTERM


def test_child_that_ends_by_itself_in_time_is_not_killed() -> None:
    program = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print(flush=True); "
    lines: list[str] = []
    found = processes.run(
        [sys.executable, "-c", program + "signal.pause()"],
        timeout_s=60.0,
        on_line=lines.append,
        overdue=lambda: bool(lines),
    )
    assert (found.exit_code, found.silent, lines) == (7, True, ["\n"])


def test_child_that_closes_its_output_and_lives_on_is_not_waited_for() -> None:
    child = subprocess.Popen(
        ["/bin/sh", "-c", "exec >&- 2>&-; trap '' TERM; sleep 1000"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    assert child.stdout.read() == ""
    assert processes.reaped(child, 0.1) == -signal.SIGKILL
    child.stdout.close()
