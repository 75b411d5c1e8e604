"""What targets/runner/PROTOCOL.md promises of ending early and of leaving a device as it was."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests import speakers
from tests.speakers import HOSTILE, Answer, Conversation, Speaker, endless, locked, quick

from edgehone.values import Plain

pytestmark = pytest.mark.peer


# ------------------------------------------------------------ ending early


def stopped(answer: Answer) -> bool:
    """Whether the program stopped before its end, and said why."""
    return not answer.whole and answer.exit_code not in (0, 2) and bool(answer.stderr.strip())


def test_program_stops_at_once_when_standard_input_closes(program: Speaker, tmp_path: Path) -> None:
    with program.start(tmp_path, [endless(tmp_path)], {"watch_stdin": True}) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        answer = conversation.finish(close_input=True)
    assert stopped(answer)
    assert answer.jobs == []
    assert speakers.ended(job)


def test_program_stops_waiting_when_standard_input_closes(program: Speaker, tmp_path: Path) -> None:
    request = {"watch_stdin": True, "calm": {"load_per_core": 0.0, "wait_s": 3600.0}}
    with program.start(tmp_path, [endless(tmp_path)], request) as conversation:
        conversation.until("waiting")
        assert stopped(conversation.finish(close_input=True))


def test_program_passes_over_what_comes_on_standard_input(program: Speaker, tmp_path: Path) -> None:
    with program.start(tmp_path, [quick(tmp_path)], {"watch_stdin": True}) as conversation:
        assert conversation.child.stdin is not None
        conversation.child.stdin.write("what?\n" * 20000)
        conversation.child.stdin.flush()
        assert conversation.finish().whole


def test_program_does_not_mind_an_empty_input_that_is_not_watched(
    program: Speaker, tmp_path: Path
) -> None:
    jobs = [quick(tmp_path)]
    with program.start(tmp_path, jobs, stdin=subprocess.DEVNULL) as conversation:
        assert conversation.finish().whole


def test_program_watches_a_terminal(program: Speaker, tmp_path: Path) -> None:
    for closes in (False, True):
        ours, theirs = pty.openpty()
        jobs = [endless(tmp_path) if closes else quick(tmp_path)]
        request = {"watch_stdin": True}
        with program.start(tmp_path, jobs, request, stdin=theirs) as conversation:
            os.close(theirs)
            conversation.until("start")
            if closes:
                os.close(ours)
            answer = conversation.finish()
        if not closes:
            os.close(ours)
        assert stopped(answer) if closes else answer.whole


def test_program_stops_when_nobody_reads_its_answer(program: Speaker, tmp_path: Path) -> None:
    with program.start(tmp_path, [endless(tmp_path)]) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        conversation.close_output()
        assert speakers.ended(conversation.child.pid)
        assert speakers.ended(job)


# ------------------------------------------------------------ settings


def steady(folder: Path) -> Plain:
    """Two files and a command to set in `folder`; the command writes "on" and "off" to a log."""
    for name in ("one", "two"):
        (folder / name).write_text("before\n")
    log = [sys.executable, "-c", "import sys; open('log', 'a').write(sys.argv[1] + '\\n')"]
    return {
        "steady": {
            "files": {f"{folder}/o*e": "fixed", f"{folder}/two": "fixed"},
            "commands": [{"on": [*log, "on"], "off": [*log, "off"]}],
        }
    }


def is_set(folder: Path) -> bool:
    words = [(folder / name).read_text().strip() for name in ("one", "two")]
    assert set(words) in ({"before"}, {"fixed"}), words
    return words[0] == "fixed"


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().split()


def test_program_sets_what_is_asked_and_puts_it_back(program: Speaker, tmp_path: Path) -> None:
    request = steady(tmp_path)
    with program.start(tmp_path, [endless(tmp_path)], request) as conversation:
        start = conversation.until("start")
        job = conversation.job_process()
        assert is_set(tmp_path)
        record = json.loads((tmp_path / "steady.json").read_text())
        speakers.kill(job)
        answer = conversation.finish()
    assert answer.whole
    on = " ".join(request["steady"]["commands"][0]["on"])
    assert sorted(start["steadied"]) == sorted([f"{tmp_path}/one", f"{tmp_path}/two", on])
    assert start["unsteadied"] == {}
    assert record == {
        "files": {f"{tmp_path}/one": "before", f"{tmp_path}/two": "before"},
        "commands": [request["steady"]["commands"][0]["off"]],
    }
    assert not is_set(tmp_path)
    assert log(tmp_path) == ["on", "off"]
    assert not (tmp_path / "steady.json").exists()


@pytest.mark.parametrize(
    "way",
    [
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGHUP,
        "input",
        "unread",
        pytest.param("deadline", marks=pytest.mark.slow),
    ],
)
def test_program_puts_back_in_whichever_way_it_ends(
    program: Speaker, way: "signal.Signals | str", tmp_path: Path
) -> None:
    request = {**steady(tmp_path), "watch_stdin": True}
    request |= {"deadline_s": 5.0} if way == "deadline" else {}
    with program.start(tmp_path, [endless(tmp_path)] * 2, request) as conversation:
        conversation.until("start")
        if way == "deadline":
            assert conversation.finish().whole
        else:
            job = conversation.job_process()
            assert is_set(tmp_path)
            end(conversation, way)
            assert speakers.ended(job)
    assert not is_set(tmp_path)
    assert log(tmp_path) == ["on", "off"]
    assert not (tmp_path / "steady.json").exists()


def end(conversation: Conversation, way: "signal.Signals | str") -> None:
    """End a program early, and hold it to what it then says."""
    if way == "unread":
        conversation.close_output()
        assert speakers.ended(conversation.child.pid)
        return
    if isinstance(way, signal.Signals):
        conversation.child.send_signal(way)
    assert stopped(conversation.finish(close_input=way == "input"))


@pytest.mark.parametrize("again", [False, True])
def test_program_puts_back_what_a_killed_one_left(
    program: Speaker, again: bool, tmp_path: Path
) -> None:
    request = steady(tmp_path)
    with program.start(tmp_path, [endless(tmp_path)], request) as conversation:
        conversation.until("start")
        job = conversation.job_process()
        speakers.kill(conversation.child.pid)
        conversation.finish()
    assert speakers.ended(job)
    assert is_set(tmp_path)
    answer = program.ask(tmp_path, (), request if again else {"steady": None})
    assert len(answer.start["steadied"]) == (3 if again else 0)
    assert not is_set(tmp_path)
    assert log(tmp_path) == (["on", "off", "on", "off"] if again else ["on", "off"])
    assert not (tmp_path / "steady.json").exists()


def test_program_waits_for_the_lock_before_it_puts_back(program: Speaker, tmp_path: Path) -> None:
    request = {**steady(tmp_path), **locked(tmp_path / "lock", 0.0)}
    with program.start(tmp_path, [endless(tmp_path)], request) as first:
        first.until("start")
        with program.start(tmp_path, (), locked(tmp_path / "lock", 0.0)) as second:
            assert second.finish().exit_code == 2
        assert is_set(tmp_path)
        assert (tmp_path / "steady.json").exists()


def test_program_says_what_it_could_not_set(program: Speaker, tmp_path: Path) -> None:
    (tmp_path / "has-it").write_text("fixed")
    (tmp_path / "folder").mkdir()
    fails = [sys.executable, "-c", "raise SystemExit('not permitted')"]
    request = {
        "steady": {
            "files": {
                f"{tmp_path}/has-it": "fixed",
                f"{tmp_path}/no*": "fixed",
                f"{tmp_path}/folder": "fixed",
                "/dev/null": "fixed",
                "/proc/version": "fixed",
            },
            "commands": [
                {"on": fails, "off": fails},
                {"on": ["/no/program"], "off": ["/no/program"]},
            ],
        }
    }
    start = program.ask(tmp_path, (), request).start
    assert start["steadied"] == [f"{tmp_path}/has-it"]
    assert set(start["unsteadied"]) == {
        f"{tmp_path}/no*",
        f"{tmp_path}/folder",
        "/dev/null",
        "/proc/version",
        " ".join(fails),
        "/no/program",
    }
    assert all(start["unsteadied"].values())
    assert not (tmp_path / "steady.json").exists()


def test_program_sets_nothing_that_it_cannot_write_down(program: Speaker, tmp_path: Path) -> None:
    request = steady(tmp_path)
    (tmp_path / "steady.json" / "in the way").mkdir(parents=True)
    with program.start(tmp_path, (), request) as conversation:
        start = conversation.until("start")
        assert not is_set(tmp_path)
    assert start["steadied"] == []
    assert start["unsteadied"]
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 1}', '{"commands": [[]]}'])
def test_program_passes_over_a_damaged_record(
    program: Speaker, content: str, tmp_path: Path
) -> None:
    (tmp_path / "steady.json").write_text(content)
    assert program.ask(tmp_path).whole
    assert not (tmp_path / "steady.json").exists()


def test_program_gives_setting_commands_their_words_unchanged(
    program: Speaker, tmp_path: Path
) -> None:
    code = "import json, sys; open('said', 'a').write(json.dumps(sys.argv[1:]) + '\\n')"
    on, off = ([sys.executable, "-c", code, word, *HOSTILE] for word in ("on", "off"))
    program.ask(tmp_path, (), {"steady": {"commands": [{"on": on, "off": off}]}})
    said = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert said == [["on", *HOSTILE], ["off", *HOSTILE]]
