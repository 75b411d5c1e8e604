"""The last tflite-runtime, as a device that has no newer LiteRT runs it."""

from pathlib import Path

from tests.fake_runtime import BROKEN
from tests.machines.python_packages import packages


def search_path(folder: Path) -> str:
    """A PYTHONPATH on which programs find tflite-runtime 2.14, its numpy, and no other LiteRT."""
    for name in ("ai_edge_litert", "tensorflow"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(BROKEN)
    old = packages("tflite-runtime", "tflite-runtime==2.14.0", "numpy<2")
    return f"{folder}:{old}"
