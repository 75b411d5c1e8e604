"""Boards with Linux: a header-only C++ wrapper and a Python one."""

from collections.abc import Sequence
from typing import ClassVar

from edgehone.export.apps._base import Kit, Platform

_LIBRARIES = {"tflite": "libLiteRt.so", "onnx": "libonnxruntime.so"}
_PACKAGES = {"tflite": "ai-edge-litert", "onnx": "onnxruntime"}


class Linux(Platform):
    """LiteRT's or ONNX Runtime's C interface, opened at run time, and their Python packages."""

    TITLE: ClassVar[str] = "Linux"
    FORMATS: ClassVar[tuple[str, ...]] = ("tflite", "onnx")
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "uint8", "int16", "int32", "int64")
    ABIS: ClassVar[tuple[str, ...]] = ("arm64-v8a", "x86_64")

    def steps(self, kit: Kit) -> Sequence[str]:
        """CMake for C++, one file for Python."""
        form = kit.app.model.format
        return (
            f"C++: `cmake -S cpp -B build -DRUNTIME=/path/to/{_LIBRARIES[form]} && cmake --build "
            f"build && ctest --test-dir build --verbose`. {_LIBRARIES[form]} is opened at run "
            f"time; the Python package {_PACKAGES[form]} holds one for each processor.",
            f"Python: `python -m pip install {_PACKAGES[form]} numpy`, then `python "
            "python/test_golden.py`.",
        )

    def leaves_out(self, kit: Kit) -> Sequence[str]:
        """The other format's runtime."""
        return ("cpp/onnxruntime.hpp" if kit.app.model.format == "tflite" else "cpp/litert.hpp",)
