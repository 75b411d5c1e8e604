"""How a lone .tflite or .onnx file becomes an artifact: what it is, judged by what is in it."""

from pathlib import Path

from edgehone.errors import ModelError, UsageError
from edgehone.values import STATIC, Artifact, Plain

SUFFIXES = (".tflite", ".onnx")
INPUT_WEIGHTS_OUTPUT = 3
"""Number of types an audit tells of a layer with weights; others have no weights."""

INTEGERS = (*STATIC, "uint8", "int16", "uint16", "int32", "int64")
"""Precisions in which activations are integers."""


def artifact(path: Path) -> Artifact:
    """The artifact at `path`, read without TensorFlow. Raises UsageError for another kind of file,
    ModelError for one that is missing or damaged.
    """
    from edgehone.export.artifacts import make_artifact
    from edgehone.export.trial import require_survival
    from edgehone.formats._audit import audit

    if path.suffix.lower() not in SUFFIXES:
        hint = "Make one of it first: edgehone export MODEL -o DIR."
        raise UsageError(f"{path} is neither a .tflite nor an .onnx file.", hint)
    if not path.is_file():
        raise ModelError(f"There is no file {path}.", "Check the path.")
    if path.suffix.lower() == ".tflite":  # whose audit lets the runtime prepare it
        require_survival(path, run=True)
    audited = audit(path)
    return make_artifact(path, precision=precision(audited), audited=audited)


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
    several are joined by "+", the commonest first. Integers that are not int8 are called what they
    are: uint8 (activations in TFLite; in ONNX, weights as well), int16x8, int16, int32.
    """
    weighted = [layer for layer in audit.get("layers", ()) if _has_weights(layer)]
    if not weighted:
        return _computed(audit) if audit["integer_only"] else "float32"
    # TFLite files that compute in float with integer weights turn each of these into floats first.
    unpacked = audit["operators"].get("DEQUANTIZE", 0) >= len(weighted)
    onnx = audit.get("format") == "onnx"  # its int8 files have unsigned activations
    found = [_layer_precision(layer, unpacked=unpacked, onnx=onnx) for layer in weighted]
    words = sorted(set(found), key=lambda name: (-found.count(name), name))
    if words[0] in INTEGERS and "float32" not in words and audit.get("float_layers"):
        words.append("float32")  # as export calls it: operators without weights count, too
    return "+".join(words)


def _computed(audit: Plain) -> str:
    """The widest integers of a file without weights: "uint8", "int16", "int32"."""
    types = {kind for layer in audit["layers"] for kind in layer["types"][-1:]}
    types |= {port["dtype"] for port in audit.get("outputs", ())}
    known = ("int64", "int32", "uint16", "int16", "uint8")
    return next((kind for kind in known if kind in types), "int8")


_SCALING = ("ADD", "SUB", "MUL", "DIV", "QUANTIZELINEAR", "DEQUANTIZELINEAR")
"""Operators whose constants are a bias or a scale."""

_SHAPES = ("bool", "int32", "int64")
"""Types of constants that say how to lay something out."""


def _has_weights(layer: Plain) -> bool:
    types = layer["types"]
    if len(types) != INPUT_WEIGHTS_OUTPUT or types[1] in _SHAPES:
        return False
    return layer["operator"].upper() not in _SCALING


def _layer_precision(layer: Plain, *, unpacked: bool, onnx: bool) -> str:
    activation, weights, _ = layer["types"]
    bits = 4 if weights in ("int4", "uint4") else 8
    if layer["operator"] in (
        "ConvInteger",
        "MatMulInteger",
    ):  # their input is quantized just before
        return f"dynamic{bits}"
    if activation == weights == "uint8" or (activation == "uint8" and not onnx):
        return "uint8"
    if activation in ("int8", "uint8"):
        return "int8x4" if bits == 4 else "int8"
    if activation in ("int16", "uint16"):
        wide = weights in ("int16", "uint16")
        return str(activation) if wide else f"{activation}x{bits}"
    if activation in ("int32", "int64"):
        return str(activation)
    if weights == "float16" or activation == "float16":
        return "float16"
    if weights in ("int8", "uint8", "int4", "uint4"):
        alone = unpacked or layer["operator"] == "MatMulNBits"
        return f"weights{bits}" if alone else f"dynamic{bits}"
    return "float32"
