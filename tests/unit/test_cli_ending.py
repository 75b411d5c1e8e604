"""What ends a command that does not end by itself, and what a signal leaves as it was."""

import signal
import subprocess
import sys
import threading

import pytest
from tests import speakers

from edgehone.cli.ending import SIGNALS, signals_handled
from edgehone.system import interruption

STUBBORN = """
import sys, time
from edgehone.system import processes
from edgehone.cli import ending
ending.GRACE_S = 0.2
with ending.signals_handled(lambda: print("swept", flush=True), final=True):
    while True:
        try:
            print("ready", flush=True)
            processes.run(["sleep", "1000"], timeout_s=900)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("number", SIGNALS, ids=lambda each: str(each.name))
def test_command_that_swallows_its_signal_is_ended_all_the_same(number: signal.Signals) -> None:
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(number)
    family = speakers.started_by(child.pid)
    assert child.communicate(timeout=speakers.LIMIT_S)[0].endswith("swept\n")
    assert child.returncode == 128 + number
    assert all(speakers.ended(each) for each in family)


UNREAD = """
import sys
from edgehone.system import interruption
from edgehone.cli import ending
ending.GRACE_S = 0.2
with ending.signals_handled(None, final=True):
    with interruption.delivery(last=True):
        print("ready", flush=True)
    while True:
        print("x" * 100000, flush=True)
"""


def test_command_whose_output_nobody_reads_is_ended_though_its_work_is_done() -> None:
    with subprocess.Popen([sys.executable, "-c", UNREAD], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        try:
            child.send_signal(signal.SIGTERM)
            assert child.wait(speakers.LIMIT_S) == 128 + signal.SIGTERM
        finally:
            child.kill()


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    threads = threading.active_count()
    with signals_handled(None, final=False) as ending:
        assert signal.getsignal(signal.SIGTERM) == ending.begin
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # one is enough
        assert ending.exit_code == 128 + signal.SIGTERM
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert threading.active_count() <= threads + 1


def test_other_threads_change_nothing() -> None:
    seen: list[object] = []

    def work() -> None:
        with signals_handled(None, final=False):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_signal_waits_for_the_end_of_a_moment() -> None:
    done: list[str] = []

    def moment() -> None:
        with signals_handled(None, final=False), interruption.whole():
            signal.raise_signal(signal.SIGTERM)
            with interruption.whole():
                done.append("inner")
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        moment()
    assert done == ["inner", "outer"]
    with interruption.whole():
        done.append("nothing is left of it")
