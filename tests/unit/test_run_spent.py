"""Where a run's time went: each second counted once, by the outermost stage."""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgehone.run.cache import MemoryCache
from edgehone.run.spent import KINDS, Spent, TimedCache


class Clock:
    """A clock that is moved on by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(tmp_path: Path, clock: Clock) -> TimedCache:
    return TimedCache(MemoryCache(tmp_path), Spent(clock))


def work(clock: Clock, seconds: float, **value: Any) -> Any:
    def make() -> dict[str, Any]:
        clock.now += seconds
        return value

    return make


def test_seconds_are_counted_by_kind_and_the_rest_is_other(timed: TimedCache, clock: Clock) -> None:
    timed.stage("cost table", {}, work(clock, 3))
    timed.stage("sensitivity", {}, work(clock, 2))
    timed.stage("compress", {}, work(clock, 40))
    timed.stage("export", {}, work(clock, 5))
    timed.stage("import", {}, work(clock, 1))
    found = timed.spent.seconds(60.0)
    assert found == {
        "starting": 1.0,
        "tables": 5.0,
        "training": 40.0,
        "export": 5.0,
        "measuring": 0.0,
        "waiting": 0.0,
        "other": 9.0,
    }
    assert timed.spent.seconds(1.0)["other"] == 0.0


def test_what_is_looked_up_takes_no_time(timed: TimedCache, clock: Clock) -> None:
    for _ in range(3):
        timed.stage("compress", {"a": 1}, work(clock, 4))
    assert timed.spent.seconds(4.0)["training"] == 4.0


def test_a_stage_inside_another_counts_as_that(timed: TimedCache, clock: Clock) -> None:
    def probed() -> dict[str, Any]:
        clock.now += 1
        timed.stage("convert", {}, work(clock, 2))
        clock.now += 1
        return {}

    timed.stage("sensitivity", {}, probed)
    timed.stage("convert", {"another": 1}, work(clock, 3))
    found = timed.spent.seconds(7.0)
    assert (found["tables"], found["export"]) == (4.0, 3.0)


def test_waiting_is_told_apart_from_measuring(timed: TimedCache, clock: Clock) -> None:
    waits = {"lock": {"waited_s": 2.0, "reason": "busy"}, "calm": {"waited_s": 3.0}}
    each = {"conditions": {"waits": waits}}
    timed.stage("measure", {}, work(clock, 12, measurements=[each, each]))
    timed.stage("measure", {"b": 1}, work(clock, 1, measurements=[{"conditions": {}}]))
    found = timed.spent.seconds(13.0)
    assert (found["measuring"], found["waiting"]) == (8.0, 5.0)


def test_devices_measured_at_once_count_once(timed: TimedCache, clock: Clock) -> None:
    inside, leave = threading.Barrier(3), threading.Event()

    def measuring() -> dict[str, Any]:
        inside.wait()
        leave.wait()
        return {"measurements": []}

    threads = [
        threading.Thread(target=timed.stage, args=("measure", {"device": n}, measuring))
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    inside.wait()
    clock.now += 6
    leave.set()
    for thread in threads:
        thread.join()
    assert timed.spent.seconds(6.0)["measuring"] == 6.0


def test_a_stage_that_fails_is_counted_and_ends(timed: TimedCache, clock: Clock) -> None:
    def failing() -> dict[str, Any]:
        clock.now += 2
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        timed.stage("compress", {}, failing)
    timed.stage("export", {}, work(clock, 1))
    found = timed.spent.seconds(3.0)
    assert (found["training"], found["export"]) == (2.0, 1.0)


def stages_of(path: Path, call: str) -> Iterator[str]:
    """What a module names in such calls: stages that it looks up, or what else it has timed."""
    tree = ast.parse(path.read_text())
    named: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            text = ast.unparse(node)
            if text.startswith(("STAGE = ", "STAGE, VERSION = ", "(STAGE, VERSION) = ")):
                value = ast.literal_eval(node.value)
                named["STAGE"] = value if isinstance(value, str) else value[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            whose = ast.unparse(node.func)
            if whose.endswith(call) and path.name != "spent.py":
                name = node.args[0]
                yield named["STAGE"] if isinstance(name, ast.Name) else ast.literal_eval(name)


def test_every_stage_of_a_run_has_a_kind() -> None:
    folder = Path(__file__).parents[2] / "toolchain/edgehone/run"
    looked_up, timed = (
        [stage for path in folder.rglob("*.py") for stage in stages_of(path, call)]
        for call in ("cache.stage", "spent.at")
    )
    assert len(looked_up) == len(set(looked_up))
    assert {*looked_up, *timed} == {*KINDS}
