"""What targets/runner/PROTOCOL.md promises around the jobs: conditions, waiting and the lock."""

import json
import os
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests import needs, speakers
from tests.speakers import HOSTILE, Speaker, endless, locked, quick

pytestmark = pytest.mark.peer
ECHO = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"]


# ------------------------------------------------------------ conditions


def test_program_reads_the_sensors_it_is_told_of(program: Speaker, tmp_path: Path) -> None:
    for name, text in {
        "cpu0/freq": "1200000\n",
        "cpu1/freq": "1500000\n",
        "cpu2/freq": "what?\n",
        "zone0/temp": "51234\n",
        "zone1/temp": "-40000\n",
        "zone2/temp": "",
        "governor": "ondemand\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    sensors = {
        "clock_khz": f"{tmp_path}/cpu*/freq",
        "temperature_mc": f"{tmp_path}/zone*/temp",
        "governor": f"{tmp_path}/governor",
    }
    answer = program.ask(tmp_path, [quick(tmp_path)], {"sensors": sensors})
    around = answer.jobs[0]["conditions"]
    for reading in (answer.start["conditions"], around["before"], around["after"]):
        assert reading["clock_mhz"] == 1500
        assert reading["temperature_c"] == pytest.approx(51.234)
        assert reading["governor"] == "ondemand"
        assert reading["load1"] >= 0
        assert reading["reference_ms"] > 0
        assert reading["told"] == {}


def test_program_tells_nothing_of_sensors_that_are_not_there(
    program: Speaker, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it
    sensors = {
        "clock_khz": f"{tmp_path}/no*",
        "temperature_mc": "/proc/self/mem",
        "governor": f"{tmp_path}/pipe",
    }
    for request in ({}, {"sensors": sensors}):
        found = program.ask(tmp_path, (), request).start["conditions"]
        assert (found["clock_mhz"], found["temperature_c"], found["governor"]) == (None,) * 3
        assert found["busiest"] == []


def test_program_gives_commands_their_words_unchanged(program: Speaker, tmp_path: Path) -> None:
    request = {"sensors": {"commands": {"echo": [*ECHO, *HOSTILE]}}}
    text = program.ask(tmp_path, (), request).start["conditions"]["told"]
    assert json.loads(text["echo"]) == HOSTILE
    assert [path.name for path in tmp_path.iterdir()] == ["request.json"]


@pytest.mark.slow
def test_program_bounds_what_commands_do(program: Speaker, tmp_path: Path) -> None:
    commands = {
        "reads": [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"],
        "much": [sys.executable, "-c", "print('x' * 100000)"],
        "floods": [sys.executable, "-c", "while True: print('x' * 100000)"],
        "fails": [sys.executable, "-c", "print('x'); raise SystemExit(3)"],
        "absent": ["/no/such/program"],
        "hangs": [
            sys.executable,
            "-c",
            f"import os, time; open({str(tmp_path / 'pid')!r}, 'w')"
            ".write(str(os.getpid())); print('x', flush=True); time.sleep(3600)",
        ],
    }
    text = program.ask(tmp_path, (), {"sensors": {"commands": commands}}).start["conditions"][
        "told"
    ]
    assert set(text) == {"reads", "much"}
    assert text["reads"] == "''"
    assert text["much"] == "x" * 4096
    assert speakers.ended(int((tmp_path / "pid").read_text()))


BESIDE = """
import subprocess, sys
bee = subprocess.Popen([sys.argv[1], "-S", "-c", "while True: pass"])
code = subprocess.call(sys.argv[2:])
bee.kill()
sys.exit(code)
"""


def test_program_names_the_processes_that_kept_a_cpu_busy(program: Speaker, tmp_path: Path) -> None:
    needs.root()
    bee = tmp_path / "busy bee) 1"
    bee.symlink_to(sys.executable)
    alone = (needs.program("unshare"), "--pid", "--fork", "--mount-proc")  # nothing else runs there
    beside = (sys.executable, "-c", BESIDE, str(bee))
    command = (*alone, *beside, *program.command)
    job = {**quick(tmp_path), "minimum_s": 0.3}
    answer = replace(program, command=command).ask(tmp_path, [job, job])
    assert answer.start["conditions"]["busiest"] == []
    for found in answer.jobs:
        ((name, share),) = found["conditions"]["after"]["busiest"]
        assert name == bee.name
        assert share >= 0.01


# ------------------------------------------------------------ waiting


def test_program_waits_for_calm_no_longer_than_it_may(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("90500\n")
    request = {
        "sensors": {"temperature_mc": str(tmp_path / "temp")},
        "calm": {"temperature_c": 80.0, "load_per_core": 1e9, "wait_s": 0.6},
    }
    answer = program.ask(tmp_path, [quick(tmp_path)], request)
    waited = answer.events("waiting")
    assert waited
    assert {line["for"] for line in waited} == {"calm"}
    assert "90.5" in waited[0]["reason"]
    assert all(line["waited_s"] <= 1 for line in waited)
    assert [line["event"] for line in answer.lines][:2] == ["start", "waiting"]
    assert answer.jobs[0]["runs"] >= 20


def test_program_goes_on_as_soon_as_it_is_calm(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("90500\n")
    request = {
        "sensors": {"temperature_mc": str(tmp_path / "temp")},
        "calm": {"temperature_c": 80.0, "wait_s": 3600.0},
    }
    with program.start(tmp_path, [quick(tmp_path)], request) as conversation:
        conversation.until("waiting")
        (tmp_path / "new").write_text("50000\n")
        (tmp_path / "new").rename(tmp_path / "temp")
        answer = conversation.finish()
    assert answer.whole
    assert answer.jobs[0]["conditions"]["before"]["temperature_c"] == 50.0


def test_program_waits_for_the_load_to_fall(program: Speaker, tmp_path: Path) -> None:
    request = {"calm": {"load_per_core": 0.0, "wait_s": 0.3}}
    waited = program.ask(tmp_path, [quick(tmp_path)], request).events("waiting")
    assert "load" in waited[0]["reason"]


def test_program_without_jobs_waits_for_nothing(program: Speaker, tmp_path: Path) -> None:
    request = {"calm": {"load_per_core": 0.0, "wait_s": 3600.0}}
    assert program.ask(tmp_path, (), request).events("waiting") == []


# ------------------------------------------------------------ the lock


def test_program_is_refused_while_another_measures(program: Speaker, tmp_path: Path) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    other.mkdir()
    with program.start(tmp_path, [endless(tmp_path)], locked(lock, 0.0)) as first:
        first.until("start")
        with program.start(other, (), locked(lock, 0.3)) as second:
            answer = second.finish()
        assert str(first.child.pid) in answer.lines[-1]["reason"]
        assert first.child.poll() is None
    waiting, refused = answer.lines
    assert (waiting["event"], waiting["for"]) == ("waiting", "lock")
    assert (refused["event"], refused["cause"]) == ("refused", "locked")
    assert answer.exit_code == 2


def test_program_has_its_turn_when_the_other_is_killed(program: Speaker, tmp_path: Path) -> None:
    lock, other = tmp_path / "lock", tmp_path / "other"
    other.mkdir()
    with program.start(tmp_path, [endless(tmp_path)], locked(lock, 0.0)) as first:
        first.until("start")
        job = first.job_process()
        with program.start(other, [quick(other)], locked(lock, 3600.0)) as second:
            second.until("waiting")
            speakers.kill(first.child.pid)
            answer = second.finish()
    assert speakers.ended(job)
    assert answer.whole
    assert answer.jobs[0]["runs"] >= 20


def test_program_shares_its_lock_file_with_every_user(program: Speaker, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        program.ask(tmp_path, (), locked(tmp_path / "lock", 0.0))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o644
    assert (tmp_path / "lock").read_text() == ""
    assert program.ask(tmp_path, (), locked(tmp_path / "lock", 0.0)).whole


def test_program_locks_a_file_of_another_user(program: Speaker, tmp_path: Path) -> None:
    needs.root()
    sticky = tmp_path / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    lock = sticky / "lock"
    lock.write_text("left by its owner\n")
    lock.chmod(0o644)
    os.chown(lock, 65534, 65534)
    assert program.ask(tmp_path, (), locked(lock, 0.0)).whole
    assert lock.read_text() == "left by its owner\n"


@pytest.mark.parametrize("trap", ["link", "folder", "socket", "nowhere"])
def test_program_refuses_a_lock_that_is_no_file(
    program: Speaker, trap: str, tmp_path: Path
) -> None:
    place, precious = tmp_path / "lock", tmp_path / "precious"
    precious.write_text("precious")
    match trap:
        case "link":
            place.symlink_to(precious)
        case "folder":
            place.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(os.path.relpath(place))
        case _:
            place = tmp_path / "no" / "folder" / "lock"
    with program.start(tmp_path, (), locked(place, 0.0)) as conversation:
        answer = conversation.finish()
    (refused,) = answer.lines
    assert (refused["event"], refused["cause"]) == ("refused", "locked")
    assert answer.exit_code == 2
    assert precious.read_text() == "precious"
