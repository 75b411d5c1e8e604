"""The store: stages done once, files kept whole, runs remembered, whatever happens meanwhile."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edgehone.errors import StorageError, UsageError
from edgehone.store import Store


def file_of(folder: Path, content: bytes, name: str = "m.tflite") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


class Work:
    """A stage that counts how often it is done and keeps one file."""

    def __init__(self, store: Store, folder: Path, content: bytes = b"model") -> None:
        self.store, self.folder, self.content, self.times = store, folder, content, 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        kept = self.store.add_file(file_of(self.folder, self.content))
        return {"file": {"object": kept}, "sizes": (1, 2), "deep": [{"object": kept}]}


def test_a_stage_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    work = Work(store, tmp_path)
    first = store.stage("export", {"a": 1, "b": [2]}, work)
    again = Store(tmp_path / "store").stage("export", {"b": (2,), "a": 1}, work)
    assert first == again
    assert first["sizes"] == [1, 2]
    assert work.times == 1


def test_a_stale_value_is_made_again_and_takes_the_old_ones_place(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    work = Work(store, tmp_path)
    first = store.stage("measure", {"a": 1}, work)
    asked: list[dict[str, Any]] = []

    def stale(found: dict[str, Any]) -> bool:
        asked.append(found)
        return True

    work.content = b"another"
    second = store.stage("measure", {"a": 1}, work, stale=stale)
    assert asked == [first]
    assert second != first
    assert store.stage("measure", {"a": 1}, work) == second
    assert store.stage("measure", {"a": 1}, work, stale=lambda _: False) == second
    assert work.times == 2


def test_any_other_input_name_or_version_is_another_stage(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    work = Work(store, tmp_path)
    store.stage("export", {"a": 1}, work)
    store.stage("export", {"a": 2}, work)
    store.stage("measure", {"a": 1}, work)
    store.stage("export", {"a": 1}, work, version=2)
    assert work.times == 4


def test_the_reason_why_a_run_failed_is_kept_until_it_is_done(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    run = store.create_run({})
    store.finish_run(run, "failed", reason="the disk is full")
    assert store.run(run).summary == {"reason": "the disk is full"}
    store.finish_run(run, "running")
    store.finish_run(run, "done", {"decision": "pass"})
    assert (store.run(run).status, store.run(run).summary) == ("done", {"decision": "pass"})


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    file_of(tmp_path, b"", "runs")
    for read_only in (True, False):
        with pytest.raises(StorageError, match="is not a folder"):
            Store(tmp_path / "runs", read_only=read_only)


def test_a_stage_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")

    def fail() -> dict[str, Any]:
        raise UsageError("no")

    with pytest.raises(UsageError):
        store.stage("export", {}, fail)
    assert store.stage("export", {}, lambda: {"made": True}) == {"made": True}


@pytest.mark.parametrize("harm", ["missing", "shorter", "changed"])
def test_a_stage_whose_file_is_harmed_is_done_again(tmp_path: Path, harm: str) -> None:
    work = Work(Store(tmp_path / "store"), tmp_path)
    sha256 = work.store.stage("export", {}, work)["file"]["object"]
    path = work.store.path_of(sha256)
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"mode" if harm == "shorter" else b"modeL")
    with pytest.raises(StorageError, match=harm if harm == "missing" else "damaged"):
        Store(tmp_path / "store").path_of(sha256)
    reopened = Store(tmp_path / "store")
    assert reopened.stage("export", {}, work)["file"]["object"] == sha256
    assert work.times == 2
    assert reopened.path_of(sha256).read_bytes() == b"model"


def test_files_keep_their_suffix_and_are_kept_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first = store.add_file(file_of(tmp_path, b"x" * 1000, "a.keras"))
    assert store.add_file(file_of(tmp_path, b"x" * 1000, "b.keras")) == first
    assert store.path_of(first).suffix == ".keras"
    assert len([p for p in (tmp_path / "store/objects").rglob("*") if p.is_file()]) == 1
    file_of(tmp_path, b"y", "a.keras")
    assert store.path_of(first).read_bytes() == b"x" * 1000
    with pytest.raises(StorageError, match="missing"):
        store.path_of("0" * 64)
    with pytest.raises(StorageError, match="Cannot read"):
        store.add_file(tmp_path / "none")


def test_runs_are_listed_newest_first_and_found_by_prefix(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first, second = store.create_run({"seed": 1}), store.create_run({"seed": 2})
    assert [record.id for record in store.runs()] == [second, first]
    assert store.run("latest").id == second
    assert store.run(first).config == {"seed": 1}
    assert store.run(first).status == "running"
    assert store.document(first) is None
    with pytest.raises(UsageError, match="could be 2 runs"):
        store.run(first[:4])
    with pytest.raises(UsageError, match="Unknown run") as caught:
        store.run(first + "x")
    assert first in caught.value.hint
    with pytest.raises(UsageError, match="Unknown run ''"):
        store.run("")


def test_a_finished_run_keeps_its_document_and_a_summary(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    run = store.create_run({})
    store.finish_run(run, "done", {"decision": "pass", "winner": {"a": 1}, "winner_name": "c1"})
    reopened = Store(tmp_path / "store", read_only=True)
    assert reopened.document(run) == {
        "decision": "pass",
        "winner": {"a": 1},
        "winner_name": "c1",
    }
    record = reopened.run(run)
    assert (record.status, record.summary) == ("done", {"decision": "pass", "winner_name": "c1"})


def test_measurements_are_kept_by_run_and_artifact(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for number in range(3):
        document = {"artifact": {"sha256": f"{number}"}, "device": {"name": "pi"}, "n": number}
        store.add_measurement(document, run="r1" if number else "")
    assert [found["n"] for found in store.measurements()] == [0, 1, 2]
    assert [found["n"] for found in store.measurements(run="r1")] == [1, 2]
    assert [found["n"] for found in store.measurements(artifact="2")] == [2]


def test_read_only_store_makes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "none", read_only=True)
    assert store.runs() == []
    assert store.measurements() == []
    assert not (tmp_path / "none").exists()
    with pytest.raises(UsageError, match="Unknown run"):
        store.run("latest")
    run = Store(tmp_path / "store").create_run({})
    with pytest.raises(StorageError, match="readonly"):
        Store(tmp_path / "store", read_only=True).finish_run(run, "done")


def test_reading_leaves_no_file_behind(tmp_path: Path) -> None:
    run = Store(tmp_path / "store").create_run({})
    before = contents(tmp_path / "store")
    store = Store(tmp_path / "store", read_only=True)
    assert [each.id for each in store.runs()] == [run]
    assert store.releases.all() == []
    assert contents(tmp_path / "store") == before


def test_reading_sees_what_a_live_writer_has_committed_and_leaves_its_files(tmp_path: Path) -> None:
    first = Store(tmp_path / "store").create_run({})
    with closing(sqlite3.connect(tmp_path / "store" / "store.sqlite")) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute(AS_ANOTHER, ("second",))
        writer.commit()
        writer.execute(AS_ANOTHER, ("third",))
        store = Store(tmp_path / "store", read_only=True)
        assert {each.id for each in store.runs()} == {first, "second"}
        writer.commit()
        assert {each.id for each in store.runs()} == {first, "second", "third"}
    assert set(contents(tmp_path / "store")) == {"store.sqlite"}


AS_ANOTHER = (
    "INSERT INTO runs SELECT ?, created, status, config, summary, document FROM runs LIMIT 1"
)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_unusable_folders_and_files_are_told(tmp_path: Path) -> None:
    blocked = file_of(tmp_path, b"", "file")
    with pytest.raises(StorageError, match="Cannot use"):
        Store(blocked / "store")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "store.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Store(damaged)
    Store(tmp_path / "newer")
    with sqlite3.connect(tmp_path / "newer" / "store.sqlite") as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StorageError, match="layout 99"):
        Store(tmp_path / "newer")


FULL = """
import resource, sys
from pathlib import Path
from edgehone.errors import StorageError
from edgehone.store import Store
store = Store(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
failed = 0
for work in (
    lambda: store.add_file(Path(sys.argv[2])),
    lambda: store.stage("big", {}, lambda: {"text": "x" * 10**6}),
):
    try:
        work()
    except StorageError:
        failed += 1
print(failed)
"""


@pytest.mark.slow
def test_no_room_for_a_file_is_a_storage_error_and_leaves_nothing(tmp_path: Path) -> None:
    big = file_of(tmp_path, b"z" * 1_000_000)
    arguments = [sys.executable, "-c", FULL, str(tmp_path / "store"), str(big)]
    found = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert found.stdout.strip() == "2", found.stderr
    assert not [p for p in (tmp_path / "store" / "objects").rglob("*") if p.is_file()]
    assert Store(tmp_path / "store").stage("big", {}, lambda: {"text": ""}) == {"text": ""}


LOOP = """
import sys
from contextlib import closing
from pathlib import Path
from edgehone.store import Store
folder, name, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = Store(folder)
for number in range(stop):
    def work():
        path = folder / f"{name}-work.bin"
        path.write_bytes(str(number).encode() * 20000)
        return {"file": {"object": store.add_file(path)}, "number": number}
    store.stage("loop", {"number": number}, work)
    print(number, flush=True)
"""


def looping(folder: Path, name: str, stop: int) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", LOOP, str(folder), name, str(stop)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_process_loses_at_most_the_stage_in_hand(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    done = -1
    for lines in (1, 3, 7):
        child = looping(folder, "child", 10_000)
        assert child.stdout is not None
        for _ in range(done + 1 + lines):
            last = child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        done = max(done, int(rest[-1] if rest else last))
        store = Store(folder)
        for number in range(done + 1):
            value = store.stage("loop", {"number": number}, unexpected)
            content = store.path_of(value["file"]["object"]).read_bytes()
            assert content == str(number).encode() * 20000


def unexpected() -> dict[str, Any]:
    raise AssertionError("a stage that was reported done was not kept")


@pytest.mark.slow
def test_two_processes_may_work_at_once(tmp_path: Path) -> None:
    children = [looping(tmp_path / "store", name, 15) for name in ("first", "second")]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    for child in children:
        assert child.stdout is not None
        child.stdout.close()
    store = Store(tmp_path / "store")
    for number in range(15):
        assert store.stage("loop", {"number": number}, unexpected)["number"] == number


def test_values_are_the_same_when_made_and_when_looked_up(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    value = {"b": 1.5, "a": {"path": Path("x"), "none": None, "tuple": (1, "é")}}
    made = store.stage("any", {}, lambda: value)
    found = store.stage("any", {}, unexpected)
    assert json.dumps(made) == json.dumps(found)
