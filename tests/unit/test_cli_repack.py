"""`edgehone repack` and `edgehone.repack`: what is written, said, and refused."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from tests import repack_troubles, tflite_files, tiny_models

import edgehone as eh
from edgehone.cli.app import main
from edgehone.documents import schema
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan


def quantized(folder: Path) -> Path:
    file = folder / "net.tflite"
    source, form = tflite_files.float_file(folder), TFLite()
    form.quantize(source, PrecisionPlan("int8"), tflite_files.calibration(), file)
    return file


def repack(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["repack", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_a_file_is_written_smaller_and_the_document_says_what_proves_it_equal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, small = quantized(tmp_path), tmp_path / "small.tflite"
    before = file.read_bytes()
    code, found = repack(capsys, str(file), "-o", str(small))
    assert code == 0
    jsonschema.validate(found, schema("repack"))
    assert found["before"]["size_bytes"] == len(before)
    assert found["artifact"]["size_bytes"] == small.stat().st_size < len(before)
    assert found["artifact"]["precision"] == "int8"
    assert found["proof"]["kernels"] == ["XNNPACK", "plain kernels"]
    assert found["proof"]["runs"] >= 5
    assert file.read_bytes() == before


@pytest.mark.slow
def test_a_repacked_file_is_copied_and_said_to_have_nothing_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = quantized(tmp_path)
    assert main(["repack", str(file), "-o", str(file)]) == 0
    assert "proven:" in capsys.readouterr().out
    once = file.read_bytes()
    folder = tmp_path / "out"
    folder.mkdir()
    assert main(["repack", str(file), "-o", str(folder)]) == 0
    assert "It has nothing to leave out" in capsys.readouterr().out
    assert (folder / "net.tflite").read_bytes() == once


@pytest.mark.slow
def test_free_batches_are_proven_with_several_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "free.tflite"
    file.write_bytes(tflite_files.free_batch(tflite_files.float_content()))
    code, found = repack(capsys, str(file), "-o", str(tmp_path / "small.tflite"))
    assert (code, found["reason"]) == (0, "")
    x = tflite_files.samples(3)
    small = (tmp_path / "small.tflite").read_bytes()
    assert TFLite().computed(small, [[x]]) == TFLite().computed(file.read_bytes(), [[x]])


@pytest.mark.slow
def test_the_python_function_returns_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, small = quantized(tmp_path), tmp_path / "small.tflite"
    _, printed = repack(capsys, str(file), "-o", str(small))
    found = eh.repack(file, small)
    assert {**found} == {key: value for key, value in printed.items() if key != "schema"}
    assert found.path == small
    assert f"{small.stat().st_size:,}" in repr(found)
    with pytest.raises(eh.errors.UsageError, match="must be a path"):
        eh.repack(3, small)
    file.write_bytes(repack_troubles.drawn())
    with pytest.raises(eh.errors.ConversionError, match="each time it runs"):
        eh.repack(file, tmp_path / "never.tflite")
    assert not (tmp_path / "never.tflite").exists()


@pytest.mark.slow
def test_files_of_indices_are_proven_within_their_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehone.formats._flatgraph import Graph

    graph = Graph()
    source = graph.tensor("token", "INT32", (1, 4))
    table = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    rows = graph.tensor("table", "FLOAT32", (7, 3), data=table.tobytes())
    result = graph.tensor("found", "FLOAT32", (1, 4, 3))
    graph.operator("GATHER", [rows, source], result, options())
    file = tmp_path / "words.tflite"
    file.write_bytes(graph.content([source], [result]))
    code, found = repack(capsys, str(file), "-o", str(tmp_path / "small.tflite"))
    assert (code, found["reason"]) == (0, "")
    assert tiny_models.dense(tmp_path).exists()


def options() -> Any:
    from ai_edge_litert import schema_py_generated as tables

    found = tables.GatherOptionsT()
    found.axis = 0
    return found


def test_a_folder_that_is_not_there_yet_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = repack(capsys, str(quantized(tmp_path)), "-o", f"{tmp_path / 'new'}/")
    assert code == 0
    assert found["artifact"]["path"] == str(tmp_path / "new/net.tflite")
    assert (tmp_path / "new/net.tflite").is_file()
