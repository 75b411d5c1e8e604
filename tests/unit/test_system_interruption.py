"""A command whose files are in their places has succeeded, and an interrupted one left none."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import tiny_models
from tests.kept_run import kept_run
from tests.unit.test_cli_measuring import SCRIPTED, write

from edgehone.cli.app import main
from edgehone.cli.ending import report_ending, signals_handled
from edgehone.system import interruption
from edgehone.system.files import whole_file
from edgehone.system.folders import whole_folder

Words = Callable[[Path, Path], list[str]]


def dense(folder: Path) -> str:
    return str(tiny_models.dense(folder))


def gate_words(at: Path, out: Path) -> list[str]:
    budgets = write(at / "b.toml", 'metric = "size_bytes"\nmax = "1 MiB"')
    written = ["--sarif", str(out), "--markdown", str(out.with_suffix(".md"))]
    return ["gate", str(budgets), dense(at), *written, *SCRIPTED]


def report_words(at: Path, out: Path) -> list[str]:
    return ["report", "latest", "--folder", str(kept_run(at).folder), "-o", str(out)]


COMMANDS: dict[str, tuple[str, Words]] = {
    "repack": ("out.tflite", lambda at, out: ["repack", dense(at), "-o", str(out)]),
    "bundle": ("out.zip", lambda at, out: ["bundle", dense(at), "-o", str(out)]),
    "app": ("kit", lambda at, out: ["app", dense(at), "--for", "linux", "-o", str(out)]),
    "report": ("page.html", report_words),
    "init": ("edgehone.toml", lambda at, out: ["init", str(at)]),
    "gate": ("gate.sarif", gate_words),
}


@contextmanager
def interrupted(when: Callable[[], bool]) -> Iterator[None]:
    """Ctrl-C, once, as soon as that is so; none is left for this test's own process."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if when():
                os.kill(os.getpid(), signal.SIGINT)
                return

    before = signal.signal(signal.SIGINT, lambda *_: None)
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_interrupted_once_its_file_is_there_has_succeeded(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, words = COMMANDS[name]
    out = tmp_path / place
    given = words(tmp_path, out)
    with interrupted(out.exists):
        code = main(given)
    told = capsys.readouterr().err
    assert code == 0, told
    assert "Interrupted" not in told


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_interrupted_leaves_no_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At any moment: it succeeded, or it says that it was interrupted and nothing is there."""
    place, words = COMMANDS[name]
    given = words(tmp_path, tmp_path / place)
    began = time.monotonic()
    assert main(given) == 0
    took_s = time.monotonic() - began
    for share in (0.0, 0.3, 0.6, 0.8, 0.9, 1.0):
        folder = tmp_path / f"again-{share}"
        folder.mkdir()
        out = folder / place
        given = words(folder, out)
        until = time.monotonic() + share * took_s
        with interrupted(lambda until=until: time.monotonic() >= until):  # type: ignore[misc]
            code = main(given)
        told = capsys.readouterr().err
        assert (code == 0) == out.exists() == ("Interrupted" not in told), (share, code, told)
        assert code in (0, 130)
        assert not [each for each in folder.iterdir() if each.name.startswith(".")]


def test_a_signal_within_the_last_delivery_or_after_it_comes_too_late(tmp_path: Path) -> None:
    with signals_handled(None, final=False) as ending:
        with whole_file(tmp_path / "a", last=True) as temporary:
            temporary.write_text("a")
        signal.raise_signal(signal.SIGTERM)
        assert (ending.signal, ending.exit_code) == (None, 0)
    with signals_handled(None, final=False) as ending:
        with interruption.delivery(tmp_path, last=True):
            signal.raise_signal(signal.SIGTERM)
        assert ending.signal is None
    assert (tmp_path / "a").read_text() == "a"


def test_a_signal_before_the_last_delivery_leaves_nothing(tmp_path: Path) -> None:
    def work() -> None:
        with whole_folder(tmp_path / "kit", last=True) as folder:
            (folder / "a").write_text("a")
            signal.raise_signal(signal.SIGINT)

    with signals_handled(None, final=False) as ending:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert ending.signal == signal.SIGINT
    assert list(tmp_path.iterdir()) == []


def test_what_was_finished_before_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with signals_handled(None, final=False) as ending:
        with interruption.delivery(tmp_path / "first.tflite"):
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        report_ending(ending, "export")
    told = capsys.readouterr().err
    assert told == f"Interrupted. Finished before that: {tmp_path / 'first.tflite'}.\n"
    with signals_handled(None, final=False):
        assert interruption.delivered() == ()
