"""Files that XNNPACK cannot run, and inputs that a runtime does not take."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests import byte_files, index_files
from tests.unit.test_cli_measuring import valid

from edgehone.actions.lone_files import artifact
from edgehone.cli.app import main
from edgehone.export.execution import outputs
from edgehone.formats._interpreter import Kernels, open_interpreter
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan
from edgehone.measure.protocol import failed, measure
from edgehone.system.library_errors import parted

QUICK = MeasurePlan(blocks=1, warmup_s=0.0, minimum_s=0.001, minimum_count=3)
SHORT = "[measure]\nblocks = 1\nwarmup_s = 0.0\nminimum_s = 0.001\nminimum_count = 3\n"


def short(folder: Path, tables: str = "") -> list[str]:
    """Options for a short measurement on this machine."""
    file = folder / "short.toml"
    file.write_text(SHORT + tables)
    return ["--on", "local", "--config", str(file)]


@pytest.mark.slow
def test_a_file_beyond_xnnpack_is_measured_with_plain_kernels(tmp_path: Path) -> None:
    file = artifact(byte_files.beyond_xnnpack(tmp_path))
    (found,) = measure([file], resolve("local"), QUICK)
    assert found.latency is not None
    assert found.memory is not None
    assert found.runtime.delegate == "none"
    assert "XNNPACK" in found.runtime.fallback
    assert "runtime. Node number" in found.runtime.fallback


@pytest.mark.slow
def test_bench_says_that_plain_kernels_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = byte_files.beyond_xnnpack(tmp_path)
    assert main(["bench", str(path), *short(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert valid("bench", document)
    assert document["measurements"][0]["runtime"]["delegate"] == "none"
    assert main(["bench", str(path), *short(tmp_path)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "run with plain kernels, as XNNPACK cannot run it" in text
    assert main(["inspect", str(path)]) == 0
    assert "it cannot run this file, which runs with plain kernels" in capsys.readouterr().out


def test_outputs_are_computed_here_without_xnnpack_too(tmp_path: Path) -> None:
    path = byte_files.beyond_xnnpack(tmp_path)
    x = np.random.default_rng(0).uniform(-1e-6, 1e-6, (9, 6)).astype(np.float32)
    plain = open_interpreter(path.read_bytes(), kernels=Kernels.PLAIN)
    source, sink = plain.get_input_details()[0], plain.get_output_details()[0]
    expected = []
    for row in x:
        q = np.clip(np.rint(row / source["quantization"][0]), -128, 127).astype(np.int8)
        plain.set_tensor(source["index"], q[None].reshape(source["shape"]))
        plain.invoke()
        expected.append(plain.get_tensor(sink["index"])[0] * sink["quantization"][0])
    np.testing.assert_allclose(outputs(path, x), np.array(expected), rtol=1e-6)
    with pytest.raises(RuntimeError, match="XNNPACK"):
        open_interpreter(path.read_bytes(), kernels=Kernels.DELEGATED)


@pytest.mark.slow
def test_files_of_indices_and_slices_are_measured(tmp_path: Path) -> None:
    files = [
        index_files.table_file(tmp_path),
        index_files.table_file(tmp_path, shift=2, name="shifted"),
        index_files.slice_file(tmp_path),
        index_files.onnx_file(tmp_path / "loop.onnx", loop=True),
    ]
    found = measure([artifact(path) for path in files], resolve("local"), QUICK)
    assert [each.reason for each in found if failed(each)] == []


@pytest.mark.slow
def test_made_up_inputs_that_may_be_at_fault_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = index_files.squared_ids_file(tmp_path)
    other = index_files.table_file(tmp_path)
    assert main(["bench", str(path), *short(tmp_path)]) == 5
    text = capsys.readouterr().err
    assert "Its inputs were made up, and may be at fault: ids (int32) from 0 to 1." in text
    assert "hint: Give real samples with --data DATA" in text
    assert main(["bench", str(other), str(path), *short(tmp_path), "--json"]) == 5
    good, bad = json.loads(capsys.readouterr().out)["measurements"]
    assert good["latency_ms"] is not None
    assert "made up" in bad["reason"]


@pytest.mark.slow
def test_real_samples_take_the_place_of_made_up_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = index_files.squared_ids_file(tmp_path)
    random = np.random.default_rng(0)
    x, y = random.integers(1, 4, (60, 5)), random.random((60, 5, 3)).astype(np.float32)
    np.savez(tmp_path / "ids.npz", x=x, y=y)
    words = [*short(tmp_path, '[task]\nkind = "regression"\n'), "--data", str(tmp_path / "ids.npz")]
    assert main(["bench", str(path), *words, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["measurements"]
    assert found["latency_ms"] is not None
    assert found["accuracy"]["metric"] == "mae"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "no XNNPACK runtimeNode number 1 (X) failed.",
            "no XNNPACK runtime. Node number 1 (X) failed.",
        ),
        ("a was not true.gather out of bounds", "a was not true. gather out of bounds"),
        ("Node number 1 (ADD) failed", "Node number 1 (ADD) failed"),
    ],
)
def test_parted_puts_blanks_between_sentences(message: str, expected: str) -> None:
    assert parted(message) == expected
