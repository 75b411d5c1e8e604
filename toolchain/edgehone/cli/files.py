"""How a lone .tflite or .onnx file becomes an artifact: what it is, judged by what is in it."""

from collections.abc import Sequence
from pathlib import Path

from edgehone.errors import ModelError, UsageError
from edgehone.values import Artifact, Plain

SUFFIXES = (".tflite", ".onnx")
INPUT_WEIGHTS_OUTPUT = 3
"""Number of types an audit tells of a layer with weights; others have no weights."""


def artifact(path: Path) -> Artifact:
    """The artifact at `path`, read without TensorFlow. Raises UsageError for another kind of file,
    ModelError for one that is missing or damaged.
    """
    from edgehone.export.artifacts import make_artifact
    from edgehone.export.audit import audit

    if path.suffix.lower() not in SUFFIXES:
        hint = "Make one of it first: edgehone export MODEL -o DIR."
        raise UsageError(f"{path} is neither a .tflite nor an .onnx file.", hint)
    if not path.is_file():
        raise ModelError(f"There is no file {path}.", "Check the path.")
    return make_artifact(path, precision=precision(audit(path)))


def require_fixed(artifact: Artifact) -> None:
    """Refuse a file with an input of no fixed size (its batch apart): ModelError."""
    for port in (artifact.audit or {})["inputs"]:
        if not all(isinstance(size, int) and size > 0 for size in port["shape"][1:]):
            raise ModelError(
                f"The input of {artifact.path} has no fixed size: {port['shape'][1:]}.",
                "Make it of a model with a fixed input shape.",
            )


def precision(audit: Plain) -> str:
    """The precision of a file in a word, by what its layers with weights compute in and store;
    several are joined by "+", the commonest first.
    """
    weighted = [
        layer for layer in audit.get("layers", ()) if len(layer["types"]) == INPUT_WEIGHTS_OUTPUT
    ]
    found = [_layer_precision(layer["types"]) for layer in weighted]
    if not found:
        return "int8" if audit["integer_only"] else "float32"
    return "+".join(sorted(set(found), key=lambda name: (-found.count(name), name)))


def _layer_precision(types: Sequence[str]) -> str:
    activation, weights, _ = types
    bits = 4 if weights in ("int4", "uint4") else 8
    if activation in ("int8", "uint8"):
        return "int8x4" if bits == 4 else "int8"
    if activation == "int16":
        return "int16x8"
    if weights == "float16" or activation == "float16":
        return "float16"
    if weights in ("int8", "uint8", "int4", "uint4"):
        return f"dynamic{bits}"
    return "float32"
