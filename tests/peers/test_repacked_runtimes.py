"""Repacked files compute the same bits in the last tflite-runtime and in tflite-micro.

LiteRT itself is what the export stage proves them with.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import tflite_files
from tests.machines.python_packages import packages, run
from tflite_micro.python.tflite_micro import runtime

from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

pytestmark = [pytest.mark.slow, pytest.mark.peer]

COUNT = 12
INTERPRETED = """
import sys, numpy as np
from tflite_runtime.interpreter import Interpreter
file, inputs, outputs = sys.argv[1:]
interpreter = Interpreter(file, num_threads=1)
interpreter.allocate_tensors()
source, result = (d[0] for d in (interpreter.get_input_details(), interpreter.get_output_details()))
found = []
for x in np.load(inputs):
    interpreter.set_tensor(source["index"], x)
    interpreter.invoke()
    found.append(interpreter.get_tensor(result["index"]).copy())
np.save(outputs, np.stack(found))
"""
PRECISIONS = ("float32", "int8", "int16x8", "dynamic8")


@pytest.fixture(scope="module", params=PRECISIONS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Path]:
    """A precision, its file and the same repacked; with the borders of its layers."""
    folder, precision = tmp_path_factory.mktemp(request.param), str(request.param)
    before, after = folder / "before.tflite", folder / "after.tflite"
    source, form = tflite_files.float_file(folder), TFLite()
    form.quantize(source, PrecisionPlan(precision), tflite_files.calibration(), before)
    after.write_bytes(form.repack(before.read_bytes()))
    assert after.stat().st_size < before.stat().st_size
    return precision, before, after


def inputs(file: Path) -> Any:
    """Random numbers of all that the input takes, (COUNT, *shape)."""
    (port,) = TFLite().audit(file)["inputs"]
    random, shape = np.random.default_rng(5), (COUNT, *port["shape"])
    if port["dtype"] == "float32":
        return random.normal(size=shape).astype(np.float32)
    limits = np.iinfo(port["dtype"])
    return random.integers(limits.min, limits.max + 1, shape).astype(port["dtype"])


def require_equal(before: Any, after: Any) -> None:
    assert len({each.tobytes() for each in before}) > COUNT / 2, "the outputs do not vary"
    np.testing.assert_array_equal(before, after)


def test_the_last_tflite_runtime_computes_the_same(pair: tuple[str, Path, Path]) -> None:
    precision, before, after = pair
    if precision == "dynamic8":  # which it refuses (test_old_runtime)
        return
    folder = packages("tflite-runtime", "tflite-runtime==2.14.0", "numpy<2")
    x = before.with_name(f"{precision}.npy")
    np.save(x, inputs(before))
    found = []
    for file in (before, after):
        results = file.with_suffix(".npy")
        run(folder, INTERPRETED, str(file), str(x), str(results))
        found.append(np.load(results))
    require_equal(*found)


def test_tflite_micro_computes_the_same(pair: tuple[str, Path, Path]) -> None:
    precision, before, after = pair
    if precision == "dynamic8":  # which tflite-micro has no kernels for
        with pytest.raises(RuntimeError):
            micro(before, inputs(before))
        return
    require_equal(*(micro(file, inputs(before)) for file in (before, after)))


def micro(file: Path, x: Any) -> list[Any]:
    interpreter = runtime.Interpreter.from_file(str(file))
    found = []
    for each in x:
        interpreter.set_input(each, 0)
        interpreter.invoke()
        found.append(np.array(interpreter.get_output(0)))
    return found


@pytest.mark.parametrize("io", ["uint8", "int8", "float32"])
def test_both_run_files_with_other_borders(tmp_path: Path, io: str) -> None:
    source, form = tflite_files.float_file(tmp_path), TFLite()
    file, plain = tmp_path / "io.tflite", tmp_path / "plain.tflite"
    form.quantize(source, PrecisionPlan("int8", io=io), tflite_files.calibration(), plain)
    file.write_bytes(form.repack(plain.read_bytes()))
    x = inputs(file)
    np.save(tmp_path / "x.npy", x)
    folder = packages("tflite-runtime", "tflite-runtime==2.14.0", "numpy<2")
    run(folder, INTERPRETED, str(file), str(tmp_path / "x.npy"), str(tmp_path / "y.npy"))
    old, small = np.load(tmp_path / "y.npy"), np.stack(micro(file, x))
    assert old.dtype == small.dtype == np.dtype(io)
    scale = 0.05 * float(np.abs(old.astype(np.float64)).max()) + 2
    assert np.abs(old.astype(np.float64) - small.astype(np.float64)).max() <= scale
