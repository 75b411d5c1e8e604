"""Reduced builds of ONNX Runtime: an .ort file, and the operators that the build must have."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from edgehone.errors import ConversionError
from edgehone.export.apps._base import Files, Kit, Platform
from edgehone.system import processes

CONVERT_S = 600.0

REQUIRED = "required_operators.config"


class Ort(Platform):
    """The .ort file is made of the .onnx file beside it, which the contract is about."""

    TITLE: ClassVar[str] = "a reduced ONNX Runtime"
    FORMATS: ClassVar[tuple[str, ...]] = ("onnx",)
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "uint8", "int16", "int32", "int64")

    def steps(self, kit: Kit) -> Sequence[str]:
        """How ONNX Runtime is built."""
        return (
            "In a checkout of ONNX Runtime: `./build.sh --config MinSizeRel --minimal_build "
            f"--disable_exceptions --skip_tests --include_ops_by_config /path/to/{REQUIRED}`. For "
            "a phone add `--android …` or `--ios …` as its documentation says. The app loads "
            "`model.ort`.",
            "The golden test runs `model.ort` on this machine: `python -m pip install onnxruntime "
            "numpy`, then `python test_golden.py`.",
        )

    def files(self, kit: Kit) -> Files:
        """With the .ort file and the list."""
        made = super().files(kit)
        with TemporaryDirectory(prefix="edgehone-") as scratch:
            return {**made, **_converted(kit, Path(scratch))}


def _converted(kit: Kit, scratch: Path) -> Files:
    """`model.ort` and the list of operators. Raises ConversionError."""
    source, result, needed = (scratch / name for name in ("model.onnx", "model.ort", REQUIRED))
    source.write_bytes(kit.content)
    argv = [sys.executable, "-m", "edgehone.export.apps._ort_program"]
    finished = processes.run([*argv, str(source), str(result), str(needed)], timeout_s=CONVERT_S)
    if finished.exit_code or not needed.is_file():
        last = (finished.stderr.strip().splitlines() or [finished.ended_by])[-1]
        raise ConversionError(
            f"ONNX Runtime cannot write {kit.app.model.file} as .ort ({last}).",
            "Check that `edgehone bench` runs the file.",
        )
    lines = needed.read_text(encoding="utf-8").splitlines()
    operators = sorted(line for line in lines if not line.startswith("#"))
    text = "\n".join(["# Operators of model.ort: domain;version;names", *operators, ""])
    return {result.name: result.read_bytes(), REQUIRED: text.encode()}
