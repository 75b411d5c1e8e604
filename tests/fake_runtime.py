"""A stand-in for LiteRT that the runner program finds first, to play what real ones rarely do."""

from pathlib import Path

INTERPRETER = """
import ctypes, os, sys, time
import numpy

class Interpreter:
    def __init__(self, model_path=None, model_content=None, num_threads=1):
        content = model_content if model_path is None else open(model_path, "rb").read()
        print("{'event': 'noise on standard output'}")
        os.write(1, b"more noise\\\\n")
        if content == b"crash":
            os.abort()
        if content == b"refuse":
            raise RuntimeError("no such operator\\\\nin the whole library")
        self._pause = 3600 if content == b"hang" else 0
        self._value = None

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [{"index": 0, "shape": [1, 2], "dtype": numpy.float32, "quantization": (0.0, 0)}]

    get_output_details = get_input_details

    def set_tensor(self, index, value):
        self._value = value.copy()

    def get_tensor(self, index):
        return self._value

    def invoke(self):
        time.sleep(self._pause)
"""
BROKEN = "raise ImportError('not here')\n"


MODULES = {
    "ai_edge_litert": "ai_edge_litert/interpreter.py",
    "tflite_runtime": "tflite_runtime/interpreter.py",
    "tensorflow": "tensorflow/lite/python/interpreter.py",
}


def install(folder: Path, package: str = "ai_edge_litert") -> Path:
    """Put the stand-in into `folder`, which is to be on PYTHONPATH, and hide newer packages."""
    for name, module in MODULES.items():
        place = folder / module
        if name == package:
            for parent in reversed(place.relative_to(folder).parents[:-1]):
                (folder / parent).mkdir()
                (folder / parent / "__init__.py").write_text('__version__ = "0.fake"\n')
            place.write_text(INTERPRETER.replace("\\\\", "\\"))
            break
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(BROKEN)
    return folder


def uninstall(folder: Path) -> Path:
    """Put packages into `folder` that make every runtime look missing."""
    for name in ("ai_edge_litert", "tflite_runtime", "tensorflow", "onnxruntime"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(BROKEN)
    return folder
