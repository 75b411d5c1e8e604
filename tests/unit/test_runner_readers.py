"""The readers of runner.c, put to small inputs whose meaning is plain."""

import io
import json
import shutil
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import needs
from tests.fuzz import native
from tests.fuzz.native import Process

from edgehone import targets
from edgehone.runners import _building


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    needs.program("cc")
    folder = tmp_path_factory.mktemp("readers")
    programs = {kind: native.built(folder, kind) for kind in native.READERS}
    started = {kind: Process(program, kind) for kind, program in programs.items() if program}
    yield started
    for process in started.values():
        process.end()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"a": [1, -0.5e1, "\\u00e9\\ud83d\\ude00\\n"]}', '{"a":[1,-5,"é😀\\u000a"]}'),
        (b'{"a": 1, "a": 2}', '{"a":1,"a":2}'),
        (b" [ ] \n", "[]"),
        (b'"\xff"', '"\\ufffd"'),
        (b"[" * 64 + b"]" * 64, "[" * 64 + "]" * 64),
        (b"[" * 65 + b"]" * 65, "refused: nested too deeply"),
        (b"1" * 64, "refused: a malformed number, or one of too many digits"),
        (b"[1,]", "refused: an unknown word"),
        (b"", "refused: it ends too early"),
        (b"{} {}", "refused: something follows its end"),
        (b'"\\u0000"', "refused: an unknown escape"),
    ],
)
def test_json_is_read_as_the_standard_says(
    readers: dict[str, Process], content: bytes, line: str
) -> None:
    assert readers["json"].read(content) == line
    assert native.compared("json", content, line) == ""


def npy(header: str, *, numbers: int = 6, version: int = 1) -> bytes:
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    values = np.arange(numbers, dtype="<f4").tobytes()
    return b"\x93NUMPY" + bytes((version, 0)) + size + header.encode() + values


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        f"{HEADER}   \n",
        "{'shape':(3,2),'fortran_order':False,'descr':'<f4'}",
        "{'descr': '<f4' , 'fortran_order' : False, 'shape' : ( 3 , 2 , ) , }",
    ],
)
def test_npy_is_read_however_its_header_is_laid_out(
    readers: dict[str, Process], header: str, version: int
) -> None:
    content = npy(header, version=version)
    line = readers["npy"].read(content)
    assert json.loads(line)["shape"] == [3, 2]
    assert native.compared("npy", content, line) == ""


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (HEADER.replace("<f4", "<f8"), "must hold float32"),
        (HEADER.replace("False", "True"), "must hold float32"),
        (HEADER.replace("(3, 2)", "(3 2)"), "no shape"),
        (HEADER.replace("(3, 2)", "(3)"), "no shape"),
        (HEADER.replace("(3, 2)", "()"), "no shape"),
        (HEADER.replace("(3, 2)", "(,3)"), "no shape"),
        (HEADER.replace("(3, 2)", "(03, 2)"), "no shape"),
        (HEADER.replace("(3, 2)", "(-3, 2)"), "no shape"),
        (HEADER.replace("(3, 2)", f"({', '.join('1' * 10)})"), "no shape"),
        (HEADER.replace("(3, 2)", f"({2**63}, 2)"), "no shape"),
        (HEADER.replace("(3, 2)", f"(1, {2**62}, {2**62})"), "larger than any memory"),
        (HEADER.replace("(3, 2)", "(4, 2)"), "cut short"),
        (HEADER.replace("'shape'", "'shade'"), "no .npy file"),
        (HEADER.replace("False, ", "False "), "no .npy file"),
        (HEADER[:-1], "no .npy file"),
        (f"{HEADER} + 1", "no .npy file"),
        (f"{HEADER}\0", "no .npy file"),
        (HEADER.replace("'shape'", "'descr': '<f4', 'shape'"), "no .npy file"),
    ],
)
def test_npy_is_refused_for_what_its_header_says(
    readers: dict[str, Process], header: str, why: str
) -> None:
    assert why in readers["npy"].read(npy(header))


@pytest.mark.parametrize(
    "shape", [f"({2**32 + 3}, 2)", f"(1, {2**32})", f"(3, {2**32 + 2})", f"({2**31}, 0)"]
)
def test_npy_is_refused_for_sides_that_32_bits_do_not_hold(
    readers: dict[str, Process], shape: str
) -> None:
    """2**32 is 0 there, and 2**32 + 3 is 3."""
    content = npy(HEADER.replace("(3, 2)", shape))
    assert readers["npy"].read(npy(HEADER)) == readers["npy-32"].read(npy(HEADER))
    assert readers["npy-32"].read(content).endswith("is larger than any memory")


def test_npy_of_another_version_is_refused(readers: dict[str, Process]) -> None:
    good = npy(HEADER)
    for start in (b"\x93NUMPY\x00\x00", b"\x93NUMPY\x04\x00", b"\x93NUMPY\x01\x01"):
        assert "no .npy file" in readers["npy"].read(start + good[8:])


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in members.items():
            file.writestr(f"{name}.tflite", content)
    return stream.getvalue()


def elsewhere() -> bytes:
    """An archive whose list of members is said to begin just before its end."""
    good = archive(a=b"first")
    return good[:-6] + struct.pack("<I", len(good) - 2) + good[-2:]


@pytest.mark.parametrize("kind", ["zip", "zip-32"])
@pytest.mark.parametrize("place", [b"first", b"PK\3\4", b"a.tflitefirst"])
def test_a_member_is_read_only_as_it_was_stored(
    readers: dict[str, Process], place: bytes, kind: str
) -> None:
    good = archive(a=b"first", b=b"second")
    assert set(json.loads(readers[kind].read(good))) == {"a.tflite", "b.tflite"}
    at = good.index(place) + len(place) - 1
    damaged = good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :]
    assert set(json.loads(readers[kind].read(damaged))) == {"b.tflite"}


def test_a_list_of_members_beyond_the_end_is_refused(readers: dict[str, Process]) -> None:
    assert readers["zip"].read(elsewhere()) == "{}"


def test_members_are_found_before_a_comment_and_only_there(readers: dict[str, Process]) -> None:
    good = archive(a=b"first")
    size = len(good) - 2
    commented = good[:size] + struct.pack("<H", 70_000 & 0xFFFF)
    assert "a.tflite" in readers["zip"].read(commented + b"x" * 65_535)
    assert readers["zip"].read(commented + b"x" * 65_537) == "refused: the input is no archive"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "check", "kind", "content"),
    [
        ("zip", "archive->size - at < (size_t)bytes", "zip", elsewhere()),
        ("json", "reader->at < reader->end && *reader->at != '\"'", "json", b'"no end'),
        ("npy", "data->rank > MOST_DIMENSIONS", "npy", npy(HEADER.replace("3,", "1, " * 40))),
    ],
)
def test_a_missing_check_is_found(
    part: str, check: str, kind: str, content: bytes, tmp_path: Path
) -> None:
    """The fuzz target itself: it ends where a reader lacks one of its checks."""
    needs.program("gcc")
    source = targets.runner_source(_building.SOURCE)
    shutil.copytree(source.parent, tmp_path / "runner")
    file = tmp_path / "runner" / _building.PARTS / f"{part}.c"
    text = file.read_text()
    without = {"zip": "false", "json": "*reader->at != '\"'", "npy": "false"}[part]
    assert text.count(check) == 1
    file.write_text(text.replace(check, without))
    built = native.built(tmp_path, kind, tmp_path / "runner" / source.name)
    assert built is not None
    process = Process(built, kind)
    with pytest.raises(AssertionError, match=r"Sanitizer|runtime error"):
        process.read(content)
    process.end()
