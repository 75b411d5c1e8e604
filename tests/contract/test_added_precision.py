"""A precision more is one row of the table: no other file is edited."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edgehone
from edgehone import precisions

ADDED = """
from edgehone import precisions
row = precisions.Precision("int16x4", "16-bit activations, 4-bit weights", 4, 12.5,
    activation_bits=16, computes="integer", beside=("int8",), fallback="int16x8")
precisions.TABLE = (*precisions.TABLE, row)

from pathlib import Path
from tempfile import TemporaryDirectory
from contextlib import redirect_stdout
import io, os
os.environ["COLUMNS"] = "200"
from edgehone.actions.lone_files import artifact
from edgehone.cli.app import main
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.config.recipes import RecipeTable
from edgehone.config.sections import SearchSection
from edgehone.export.artifacts import precision_label
from edgehone.export.wrecked import judged
from edgehone.formats.onnx import Onnx
from edgehone.formats.tflite import TFLite
from edgehone.search.recipes import _aware
from edgehone.search.shapes import file_bytes, memory_bytes
from edgehone.targets import Target
from edgehone.values import PrecisionPlan, LayerSpec

spec = LayerSpec("conv", 8, 8, 4, 4, (3, 3))
content = TFLite().layer_model(spec, "int16x4")
with TemporaryDirectory() as folder:
    file = Path(folder, "layer.tflite")
    file.write_bytes(content)
    print("a finished file", artifact(file).precision)
print("one layer", isinstance(content, bytes))
depthwise = LayerSpec("depthwise", 6, 6, 4, 4)
print("a layer without its kernels", TFLite().layer_model(depthwise, row.name))
print("formats", row.name in TFLite.PRECISIONS, row.name in Onnx.PRECISIONS)
print("project", SearchSection(precisions=("int16x4",)).precisions)
print("recipe", RecipeTable(name="mine", precision="int16x4").value.precision.default)
print("training", QuantizeAware(bits="int16x4").bits)
print("space", file_bytes(spec, "int16x4"), memory_bytes(spec, "int16x4"))
print("family", precisions.family("int8"))
print("search", _aware(PrecisionPlan("int8", {"a": "int16x4"}), {}, 1).settings["layers"])
worst = {"column": 0, "axis": -1, "of": 1, "snr_db": 11.0}
parity = {"agreement": None, "skill": 0.9, "worst": worst}
print("judged", judged(parity, "int16x4").verdict, judged(parity, "int8x4").verdict)
with redirect_stdout(io.StringIO()) as help:
    main(["export", "--help"])
print("help", "int16x4" in help.getvalue())
"""
SEEN = """a finished file int16x4
one layer True
a layer without its kernels 4-bit weights exist for CONV_2D and FULLY_CONNECTED only
formats True False
project ('int16x4',)
recipe int16x4
training int16x4
space 136.0 1024
family ('int8', 'int8x4', 'int16x8', 'int16x4', 'float32')
search {'a': 'int16x4'}
judged poor good
help True
"""


@pytest.mark.slow
def test_a_row_more_appears_wherever_precisions_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ADDED], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == (SEEN, 0), done.stderr


DTYPES = {"float32", "float16", "int8"}
"""Precisions that are called as a type of numbers is."""

OWN = {"formats/onnx.py", "formats/_onnx/grant.py"}
"""What a format says that it can realise."""


@pytest.mark.slow
def test_no_precision_is_named_outside_the_table_and_what_realises_it() -> None:
    package = Path(edgehone.__file__).parent
    found = set()
    for file in package.rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if texts & ({*precisions.names()} - DTYPES):
            found.add(file.relative_to(package).as_posix())
    assert found == {"precisions.py", *OWN}
