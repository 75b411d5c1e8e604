"""runner.c under the sanitizers, put to requests and files that no honest host would send."""

import json
import os
import random
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import needs, speakers, tflite_files, tiny_models
from tests.speakers import LIMIT_S, TIMES

from edgehone import targets
from edgehone.runners import _building

pytestmark = [pytest.mark.peer, pytest.mark.slow]
SOURCE = targets.runner_source(_building.SOURCE)
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sanitized(SOURCE, tmp_path_factory.mktemp("sanitized"))


def sanitized(source: Path, folder: Path) -> Path:
    """The program of a source, with sanitizers in it."""
    gcc, built = needs.program("gcc"), folder / "runner"
    options, libraries = (*_building.OPTIONS, *SANITIZERS), _building.LIBRARIES
    words = [gcc, *options, str(source), "-o", str(built), *libraries]
    subprocess.run(words, check=True, timeout=LIMIT_S)
    return built


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return speakers.libraries(tmp_path_factory.mktemp("libraries"))


def ask(runner: Path, folder: Path, content: bytes) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and answer to a request of these bytes; a sanitizer's complaint fails."""
    (folder / "request.json").write_bytes(content)
    done = subprocess.run(
        [str(runner), "request.json"],
        cwd=folder,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )
    complaints = done.stderr.decode(errors="replace")
    assert "Sanitizer" not in complaints, complaints
    assert "runtime error" not in complaints, complaints
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def request(jobs: Any, **more: Any) -> bytes:
    return json.dumps({"protocol": 2, "jobs": jobs, **more}).encode()


def test_runner_refuses_every_request_that_is_cut_short(runner: Path, tmp_path: Path) -> None:
    job = {"id": 'ä\n\\"', "kind": "latency", "runtime": "none", "model": "m", "minimum_s": -1.5e-3}
    whole = request([job], calm=None, watch_stdin=False)
    code, lines = ask(runner, tmp_path, whole)
    assert (code, lines[-1]) == (0, {"event": "end", "jobs": 1})
    for size in range(0, len(whole), 3):
        code, (line,) = ask(runner, tmp_path, whole[:size])
        assert (code, line["event"], line["cause"]) == (2, "refused", "protocol")


@pytest.mark.parametrize(
    "content",
    [
        b'{"protocol": 2, "jobs": ' + b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"protocol": 1e999}',
        b'{"protocol": 2, "protocol2": ' + b"9" * 100_000 + b"}",
        b'{"protocol": 2, "deadline_s": nan}',
        b'{"protocol": 2, "deadline_s": Infinity}',
        b'{"protocol": 2, "deadline_s": 0x10}',
        b'{"protocol": 2, "deadline_s": 01}',
        b'{"protocol": 2, "deadline_s": 1.}',
        b'{"protocol": 2,}',
        b'{"protocol": 2} x',
        b'{"protocol": 2, "a": "\\ud800"}',
        b'{"protocol": 2, "a": "\\u0000"}',
        b'{"protocol": 2, "a": "\\x41"}',
        b'{"protocol": 2, "a": "\n"}',
        b'{"protocol": 2, 3: 4}',
        b'{"protocol": 2, "jobs": [1]}',
        b'{"protocol": 2, "jobs": {}}',
        b'{"protocol": 2, "jobs": [{"id": 1, "kind": "latency", "runtime": "litert"}]}',
        b"\x00" * 1000,
        b"\xff\xfe{",
    ],
)
def test_runner_refuses_what_is_no_request(runner: Path, content: bytes, tmp_path: Path) -> None:
    code, (line,) = ask(runner, tmp_path, content)
    assert (code, line["event"], line["cause"]) == (2, "refused", "protocol")


@pytest.mark.parametrize("number", [-1e308, -1, 0, 1e-300, 1e18, 1e308, True, "3", None, [], {}])
def test_runner_takes_any_number_for_one_in_range(
    runner: Path, number: Any, tmp_path: Path
) -> None:
    job = {"id": "", "kind": "latency", "runtime": "none", "model": "m"}
    keys = ("threads", "seed", "warmup_s", "minimum_s", "minimum_count", "passes", "runs")
    job |= dict.fromkeys((*keys, "limit_s", "delegate", "models", "cores"), number)
    around = dict.fromkeys(("sensors", "steady", "calm", "libraries", "cores", "delegate"), number)
    whole = request([job], **around, lock=None, watch_stdin=number)
    code, lines = ask(runner, tmp_path, whole)
    if number is not True:  # then standard input is watched, which is empty here
        assert (code, lines[-1]) == (0, {"event": "end", "jobs": 1})
        assert lines[-2]["cause"] in ("runtime", "time")


def test_runner_survives_requests_with_bytes_changed(runner: Path, tmp_path: Path) -> None:
    chance = random.Random(0)
    sensors = {"clock_khz": "/proc/x", "commands": {"a": ["true"], "b": []}}
    steady = {"files": {"absent": "1"}, "commands": [{"on": ["true"], "off": ["true"]}]}
    job = {"id": "1", "kind": "prices", "runtime": "none", "models": ["a"], "archive": "p"}
    whole = request([job], sensors=sensors, steady=steady, calm={"wait_s": 0.0})
    for _ in range(150):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        code, lines = ask(runner, tmp_path, bytes(changed))
        assert (code, lines[-1]["event"]) in ((0, "end"), (2, "refused"), (3, "start"))


def archives(good: bytes) -> Iterator[bytes]:
    """Damaged in whatever way its parts lead out of the file."""
    yield b""
    yield good[:100]
    yield good[30:]
    end = good.rindex(b"PK\x05\x06")
    for place, value in ((16, 0xFFFFFFFF), (16, end), (16, end - 1), (16, 0), (10, 0xFFFF)):
        size = "<H" if place == 10 else "<I"
        yield good[: end + place] + struct.pack(size, value) + good[end + place + len(size) * 2 :]
    entry = good.index(b"PK\x01\x02")
    for place, form, value in ((24, "<I", 1 << 31), (42, "<I", 1 << 31), (28, "<H", 0xFFFF)):
        at = entry + place
        yield good[:at] + struct.pack(form, value) + good[at + struct.calcsize(form) :]


def test_runner_survives_damaged_archives(
    runner: Path, libraries: dict[str, str], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.write(tiny_models.dense(tmp_path), "m")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tiny_models.dense(tmp_path), "m")
    good, packed = ((tmp_path / name).read_bytes() for name in ("good.zip", "packed.zip"))
    contents = [good, packed, *archives(good)]
    for index, content in enumerate(contents):
        (tmp_path / f"{index}.zip").write_bytes(content)
    base = {"kind": "prices", "runtime": "litert", "models": ["m"], "passes": 1, **TIMES}
    jobs = [{**base, "id": str(i), "archive": f"{i}.zip"} for i in range(len(contents))]
    code, lines = ask(runner, tmp_path, request(jobs, libraries=libraries))
    first, second, *others = [line for line in lines if line["event"] == "job"]
    assert code == 0
    assert len(first["prices"][0]["passes_ns"]) == 1
    assert "compressed" in second["prices"][0]["error"]
    failures = [line.get("error") or line["prices"][0].get("error") for line in others]
    assert all(failures), failures
    assert not any(line.get("cause") == "crash" for line in others)


def test_runner_measures_the_other_models_of_an_archive_with_a_damaged_one(
    runner: Path, libraries: dict[str, str], tmp_path: Path
) -> None:
    content = tiny_models.dense(tmp_path).read_bytes()
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(name, content)
        place = archive.getinfo("b").header_offset + 100
    damaged = bytearray((tmp_path / "p.zip").read_bytes())
    damaged[place] ^= 1
    (tmp_path / "p.zip").write_bytes(damaged)
    job = {"id": "", "kind": "prices", "runtime": "litert", "archive": "p.zip", **TIMES}
    jobs = [{**job, "models": ["a", "b", "c"], "passes": 1}]
    code, lines = ask(runner, tmp_path, request(jobs, libraries=libraries))
    (answer,) = [line for line in lines if line["event"] == "job"]
    first, second, third = answer["prices"]
    assert code == 0
    assert second["error"] == "b is damaged in the archive"
    assert len(first["passes_ns"]) == len(third["passes_ns"]) == 1


def headers(good: bytes) -> Iterator[bytes]:
    """Heads that promise what the file does not hold."""
    yield b""
    yield good[:8]
    yield good[:40]
    yield good[:-1]
    yield b"\x93NUMPY\x03\x00\xff\xff\xff\xff" + good[10:]
    yield good.replace(b"(3, 6, 6, 3)", b"(9, 6, 6, 3)")
    yield good.replace(b"(3, 6, 6, 3)", b"(-1, 6, 6, 3)")
    yield good.replace(b"(3, 6, 6, 3), }", b"(3" + b"0" * 12 + b",")
    yield good.replace(b"(3, 6, 6, 3), }  ", b"(" + b"1," * 8)
    yield good.replace(b"'<f4'", b"'<f8'")
    yield good.replace(b"False", b"True ")
    yield good.replace(b"'shape'", b"'shade'")


def test_runner_survives_damaged_data(
    runner: Path, libraries: dict[str, str], tmp_path: Path
) -> None:
    model = tiny_models.net(tmp_path)
    np.save(tmp_path / "good.npy", tflite_files.samples(3))
    good = (tmp_path / "good.npy").read_bytes()
    contents = [good, *headers(good)]
    for index, content in enumerate(contents):
        (tmp_path / f"{index}.npy").write_bytes(content)
    base = {"kind": "outputs", "runtime": "litert", "model": model.name}
    jobs = [
        {**base, "id": str(i), "inputs": f"{i}.npy", "outputs": f"o/{i}.npy"}
        for i in range(len(contents))
    ]
    code, lines = ask(runner, tmp_path, request(jobs, libraries=libraries))
    first, *others = [line for line in lines if line["event"] == "job"]
    assert code == 0
    assert first["n"] == 3
    assert [line["cause"] for line in others] == ["model"] * len(others)
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["0.npy"]


def test_runner_runs_every_kind_of_job_cleanly(
    runner: Path, libraries: dict[str, str], tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", tflite_files.samples(3))
    model = tiny_models.net(tmp_path)
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(model, "m")
    base = {"id": "", "runtime": "litert", "model": model.name, **TIMES}
    jobs: list[dict[str, Any]] = [
        {**base, "kind": "latency"},
        {**base, "kind": "memory"},
        {**base, "kind": "outputs", "inputs": "x.npy", "outputs": "y.npy"},
        {**base, "kind": "prices", "archive": "p.zip", "models": ["m"], "passes": 2},
    ]
    steady = {"files": {f"{tmp_path}/one": "2"}, "commands": [{"on": ["true"], "off": ["true"]}]}
    (tmp_path / "one").write_text("1\n")
    sensors = {"clock_khz": f"{tmp_path}/o*", "commands": {"id": ["id"]}}
    around = {"sensors": sensors, "steady": steady, "lock": {"path": "lock", "wait_s": 0}}
    code, lines = ask(runner, tmp_path, request(jobs, libraries=libraries, **around))
    assert (code, lines[-1]) == (0, {"event": "end", "jobs": 4})
    assert not any("error" in line for line in lines)
    assert (tmp_path / "one").read_text() == "1"


def test_runner_says_how_many_marks_an_emulator_counted(
    runner: Path, libraries: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_models.dense(tmp_path)
    job = {"id": "", "kind": "instructions", "runtime": "litert", "model": model.name, "runs": 2}
    monkeypatch.setenv("EDGEHONE_COUNTS", str(tmp_path / "counts"))
    for content in ("", "\n", "1 0 10\n", "x"):
        (tmp_path / "counts").write_text(content)
        _, lines = ask(runner, tmp_path, request([job], libraries=libraries))
        (answer,) = [line for line in lines if line["event"] == "job"]
        assert answer["cause"] == "runtime"
        assert answer["error"] == "the emulator counted 0 of 4 marks"


def test_long_measurements_keep_a_bounded_number_of_samples_evenly_spread(
    libraries: dict[str, str], tmp_path: Path
) -> None:
    """At 64 samples every second one goes: of 1,000 inferences every sixteenth is left."""
    shutil.copytree(SOURCE.parent, tmp_path / "source")
    part = tmp_path / "source" / "native" / "latency.c"
    small = part.read_text().replace("MOST_SAMPLES = 1 << 20", "MOST_SAMPLES = 64")
    assert small != part.read_text()
    part.write_text(small)
    runner = sanitized(tmp_path / "source" / "runner.c", tmp_path)
    model = tiny_models.dense(tmp_path)
    job = {"id": "", "kind": "latency", "runtime": "litert", "model": model.name, **TIMES}
    jobs = [{**job, "minimum_s": 0, "minimum_count": 1000}]
    code, lines = ask(runner, tmp_path, request(jobs, libraries=libraries))
    (answer,) = [line for line in lines if line["event"] == "job"]
    assert code == 0
    assert (len(answer["samples_ns"]), answer["runs"]) == (63, 1000)
