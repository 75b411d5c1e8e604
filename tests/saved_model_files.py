"""SavedModel folders that hold nothing but Keras's description, as tf_keras wrote it."""

import json
from pathlib import Path
from typing import Any


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    size, length = len(content), b""
    while size > 127:
        size, length = size >> 7, length + bytes([size & 127 | 128])
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def metadata(*nodes: tuple[int, bytes, Any]) -> bytes:
    """A keras_metadata.pb of (number, path, description)."""
    found = b""
    for number, path, description in nodes:
        version = field(6, bytes([1 << 3, 2]))
        text = field(5, json.dumps(description).encode())
        found += field(1, bytes([2 << 3, number]) + field(3, path) + text + version)
    return found


def saved_model(path: Path, content: bytes) -> Path:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")
    (path / "keras_metadata.pb").write_bytes(content)
    return path


def saved_model_of_2_3(path: Path, description: Any) -> Path:
    """A folder as TensorFlow before 2.5 wrote it, with the description inside the graph's file."""
    path.mkdir()
    about = field(1, b"_tf_keras_network") + field(3, json.dumps(description).encode())
    graph = field(2, field(7, field(1, field(4, about))))
    (path / "saved_model.pb").write_bytes(graph)
    return path
