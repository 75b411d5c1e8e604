"""Tiny models to measure, made without any converter."""

from pathlib import Path

from edgehone.formats.tflite import TFLite
from edgehone.system.files import sha256_of
from edgehone.values import Artifact, LayerSpec
from tests.tflite_files import float_content


def dense(folder: Path, precision: str = "float32", name: str = "") -> Path:
    """One dense layer, 6 to 3."""
    return layer(folder, LayerSpec("dense", 1, 1, 6, 3), precision, name or f"dense-{precision}")


def layer(folder: Path, spec: LayerSpec, precision: str, name: str) -> Path:
    """One layer as a .tflite file."""
    content = TFLite().layer_model(spec, precision)
    assert isinstance(content, bytes), content
    path = folder / f"{name}.tflite"
    path.write_bytes(content)
    return path


def net(folder: Path) -> Path:
    """A convolution, a depthwise one and a dense layer; input (6, 6, 3), output (5,)."""
    path = folder / "net.tflite"
    path.write_bytes(float_content())
    return path


def artifact(path: Path) -> Artifact:
    """The file as an artifact."""
    size = path.stat().st_size
    return Artifact(path, path.suffix[1:], "float32", size, size, sha256_of(path))
