"""Kits for TFLite Micro: run by its own kernels, the C array compiled and read back."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests import app_kits, needs
from tests.app_kits import made

from edgehone.actions.app.kits import About
from edgehone.errors import ConversionError
from edgehone.formats._base import Calibration
from edgehone.formats._flatgraph import Graph
from edgehone.formats.tflite import TFLite
from edgehone.values import PrecisionPlan

pytestmark = pytest.mark.peer

STUBS = Path(__file__).parents[1] / "app_stubs/micro"

MAIN = """\
#include "{name}_data.h"
#include "{name}_ops.h"
#include <cstdio>
int main()
{{
    {name}::Operators operators;
    if ({name}::RegisterOperators(operators) != kTfLiteOk ||
        reinterpret_cast<unsigned long>({name}_data) % 16)
        return 1;
    return std::fwrite({name}_data, 1, {name}_data_size, stdout) != {name}_data_size;
}}
"""


def run(argv: list[str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(argv, capture_output=True, timeout=300, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("integers", [False, True])
def test_micro_kernels_answer_as_the_exporting_machine(tmp_path: Path, integers: bool) -> None:
    about = About(mean=(0.5, 0.4, 0.3), deviation=(0.5, 0.6, 0.7))
    file = app_kits.image_net(tmp_path, integers=integers)
    made(file, tmp_path / "kit", "micro", about=about)
    done = run([sys.executable, str(tmp_path / "kit/micro/test_golden.py")])
    assert done.returncode == 0, done.stderr.decode()
    assert b"edgehone-app {" in done.stdout


@pytest.mark.slow
def test_a_wrong_normalization_fails(tmp_path: Path) -> None:
    made(app_kits.image_net(tmp_path), tmp_path / "kit", "micro")
    contract = tmp_path / "kit/micro/model.json"
    contract.write_text(contract.read_text().replace("255.0", "250.0"))
    done = run([sys.executable, str(tmp_path / "kit/micro/test_golden.py")])
    assert done.returncode == 1
    assert b"AssertionError" in done.stderr


@pytest.mark.slow
def test_the_array_is_the_model_and_the_operators_are_registered(tmp_path: Path) -> None:
    file = app_kits.image_net(tmp_path, integers=True)
    made(file, tmp_path / "kit", "micro", about=About(name="net"))
    folder, program = tmp_path / "kit/micro", str(tmp_path / "program")
    (folder / "main.cc").write_text(MAIN.format(name="net_model"))
    words = [
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-I{STUBS}",
        f"-I{folder}",
        "-o",
        program,
    ]
    sources = [str(folder / name) for name in ("main.cc", "net_model_data.cc")]
    done = run([needs.program("g++"), *words, *sources])
    assert done.returncode == 0, done.stderr.decode()
    done = run([program])
    assert done.returncode == 0
    assert done.stdout == file.read_bytes()


def test_operators_that_micro_lacks_are_named(tmp_path: Path) -> None:
    graph = Graph()
    source = graph.tensor("x", "FLOAT32", (1, 4))
    result = graph.tensor("y", "FLOAT32", (1, 4))
    graph.operator("GELU", [source], result)
    file = tmp_path / "gelu.tflite"
    file.write_bytes(graph.content([source], [result]))
    with pytest.raises(ConversionError, match="TFLite Micro has no operator GELU"):
        made(file, tmp_path / "kit", "micro", scale=None)
    assert not (tmp_path / "kit").exists()


def test_files_that_mix_floats_and_integers_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "dynamic.tflite"
    TFLite().quantize(
        app_kits.image_net(tmp_path), PrecisionPlan("dynamic8"), Calibration(()), file
    )
    with pytest.raises(ConversionError, match="is dynamic8, and TFLite Micro computes") as caught:
        made(file, tmp_path / "kit", "micro")
    assert "--precision int8" in caught.value.hint
