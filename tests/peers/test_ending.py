"""How commands end when a signal ends them, and what is left of those that were killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests import keras_networks, lives, small_project
from tests.host import ended
from tests.lives import World

from edgehone.graph.loading import save

pytestmark = [pytest.mark.slow, pytest.mark.peer]

NAMES = pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda each: str(each.name)
)
GRANDPARENT = """
import sys
from edgehone.system import processes
script = "sleep 1000 & trap '' TERM; echo $$ $!; sleep 1001"
processes.run(["sh", "-c", script], timeout_s=900, on_line=lambda line: print(line, flush=True))
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@NAMES
def test_bench_ends_with_any_signal_and_leaves_nothing(
    world: World, number: signal.Signals
) -> None:
    with world.measuring() as command:
        family = lives.end(command, number)
        said = ended(command)
    assert said.exit_code == 128 + number
    assert said.document == {}
    words = "Interrupted." if number == signal.SIGINT else f"Ended by {number.name}."
    assert words in said.stderr
    assert "Traceback" not in said.stderr
    assert lives.all_ended(family)
    assert world.left() == []


def test_signal_that_comes_again_and_again_ends_it_as_cleanly(world: World) -> None:
    with world.measuring() as command:
        family = lives.end(command, signal.SIGTERM)
        for _ in range(200):
            command.send_signal(signal.SIGTERM)
            command.send_signal(signal.SIGINT)
        said = ended(command)
    assert said.exit_code in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert "Traceback" not in said.stderr
    assert lives.all_ended(family)
    assert world.left() == []


def test_signal_that_the_caller_has_ignored_stays_ignored(world: World) -> None:
    """As `nohup` does."""
    quiet = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731 # one line
    words = [sys.executable, "-m", "edgehone", "bench", str(world.model), "--on", "long"]
    command = subprocess.Popen(
        words,
        env=world.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=quiet,  # no threads are at work here
    )
    with lives.running(command):
        lives.until(lambda: len(lives.jobs(command.pid)) > 0, "a job")
        command.send_signal(signal.SIGHUP)
        command.send_signal(signal.SIGTERM)
        assert command.wait(lives.LIMIT_S) == 128 + signal.SIGTERM


def test_runner_puts_back_what_it_set_when_a_signal_ends_the_command(world: World) -> None:
    setting = world.folder / "governor"
    setting.write_text("ondemand")
    more = f'[steady.files]\n"{setting}" = "performance"\n'
    world.target("steady", minimum_s=600.0, more=more)
    world.device("board", "steady", "local")
    with lives.running(world.start("bench", world.model, "--on", "board")) as command:
        lives.until(lambda: setting.read_text().strip() == "performance", "the setting")
        lives.end(command, signal.SIGTERM)
        ended(command)
    assert setting.read_text().strip() == "ondemand"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_export_ends_with_its_worker_and_writes_no_half_file(
    world: World, number: signal.Signals
) -> None:
    model = save(keras_networks.dense_net(), world.folder / "net.keras").path
    out = world.folder / "out"
    with lives.running(world.start("export", model, "-o", out)) as command:
        lives.until(lambda: bool(lives.started(command.pid, "export.worker")), "a worker")
        family = lives.end(command, number)
        command.communicate(timeout=lives.LIMIT_S)
    assert lives.all_ended(family)
    assert list(out.glob("*")) == []
    if number == signal.SIGTERM:
        assert command.returncode == 128 + number
        assert world.left() == []


def test_run_ends_as_failed_and_goes_on_later(world: World) -> None:
    project = small_project.write(world.folder / "project", rounds=0)
    on = small_project.device(project.parent)
    with lives.running(world.start("run", project, "--on", on)) as command:
        lives.until(lambda: bool(lives.started(command.pid, "export.worker")), "a worker")
        family = lives.end(command, signal.SIGTERM)
        said = ended(command)
    assert said.exit_code == 128 + signal.SIGTERM
    assert "What was finished is kept" in said.stderr
    assert lives.all_ended(family)
    assert world.left() == []
    (record,) = world.edgehone("runs").document["runs"]
    assert (record["status"], record["reason"]) == ("interrupted", "interrupted")
    assert world.edgehone("run", "--resume", "latest").exit_code == 0


def test_all_that_a_killed_command_started_ends(world: World) -> None:
    with world.measuring() as command:
        family = lives.end(command, signal.SIGKILL)
        assert len(family) >= 3  # the runner, its job, and what watches over them
        assert lives.all_ended(family)
        command.communicate(timeout=lives.LIMIT_S)
    assert any(lives.marked(folder) for folder in world.left())


def test_grandchildren_that_ignore_requests_end_as_well() -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", GRANDPARENT], stdout=subprocess.PIPE, text=True
    )
    with lives.running(command):
        assert command.stdout is not None
        family = [int(word) for word in command.stdout.readline().split()]
        command.kill()
        assert lives.all_ended(family)


def test_next_command_sweeps_what_killed_ones_left_and_nothing_else(world: World) -> None:
    unmarked = world.temporary / "edgehone-12345678"
    unmarked.mkdir()
    foreign = world.temporary / "edgehone-abcdefgh"
    foreign.mkdir()
    (foreign / ".owner").write_text("edgehone, process 1\n")
    for place in (foreign, foreign / ".owner"):
        os.chown(place, 65534, 65534)
    with world.measuring() as killed:
        lives.end(killed, signal.SIGKILL)
        killed.communicate(timeout=lives.LIMIT_S)
    orphaned = set(world.left()) - {unmarked, foreign}
    assert orphaned
    with world.measuring() as command:
        living = set(world.left()) - {unmarked, foreign}
        assert not orphaned & living
        assert world.edgehone("targets").exit_code == 0
        assert living <= set(world.left())
        lives.end(command, signal.SIGTERM)
        ended(command)
    assert world.left() == [unmarked, foreign]
