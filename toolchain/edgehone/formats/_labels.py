"""What a finished file is called: its precision, judged by what its layers store and compute in."""

from edgehone import precisions
from edgehone.formats._finding import load
from edgehone.precisions import FLOAT32
from edgehone.values import Plain

_INPUT_WEIGHTS_OUTPUT = 3
"""Number of types an audit gives of a layer with weights; others have no weights."""

_WHOLE = ("int64", "int32", "uint16", "int16", "uint8")
"""Integers that are called what they are, the widest first."""

_BITS = {"int4": 4, "uint4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "float16": 16}
"""Bits of stored weights, by type."""


def precision(audit: Plain) -> str:
    """The precision of a file in a word, by what its layers with weights compute in and store;
    several are joined by "+", the commonest first. Integers that are not int8 are called what they
    are: uint8, int16x8, int16, int32.

    Files of a format with unsigned activations (`Format.UNSIGNED`) are int8 where their weights
    are, and uint8 where these are unsigned as well.
    """
    unsigned = "format" in audit and load(audit["format"]).UNSIGNED
    weighted = [layer for layer in audit.get("layers", ()) if _has_weights(layer)]
    if not weighted:
        return _computed(audit) if audit["integer_only"] else FLOAT32
    # TFLite files that compute in float with integer weights turn each of these into floats first.
    unpacked = audit["operators"].get("DEQUANTIZE", 0) >= len(weighted)
    found = [_layer_precision(layer, unpacked=unpacked, unsigned=unsigned) for layer in weighted]
    words = sorted(set(found), key=lambda name: (-found.count(name), name))
    integers = (*precisions.static(), *_WHOLE)
    if words[0] in integers and FLOAT32 not in words and audit.get("float_layers"):
        words.append(FLOAT32)  # as export calls it: operators without weights count, too
    return "+".join(words)


def _computed(audit: Plain) -> str:
    """The widest integers of a file without weights: "uint8", "int16", "int32"."""
    types = {kind for layer in audit["layers"] for kind in layer["types"][-1:]}
    types |= {port["dtype"] for port in audit.get("outputs", ())}
    return next((kind for kind in _WHOLE if kind in types), "int8")


_SCALING = ("ADD", "SUB", "MUL", "DIV", "QUANTIZELINEAR", "DEQUANTIZELINEAR")
"""Operators whose constants are a bias or a scale."""

_DYNAMIC = ("ConvInteger", "MatMulInteger")

_SHAPES = ("bool", "int32", "int64")
"""Types of constants that say how to lay something out."""


def _has_weights(layer: Plain) -> bool:
    types = layer["types"]
    if len(types) != _INPUT_WEIGHTS_OUTPUT or types[1] in _SHAPES:
        return False
    return layer["operator"].upper() not in _SCALING


def _layer_precision(layer: Plain, *, unpacked: bool, unsigned: bool) -> str:
    activation, weights, _ = layer["types"]
    bits = _BITS.get(weights, 32)
    if layer["operator"] in _DYNAMIC:  # their input is quantized just before
        return _called("dynamic", min(bits, 8))
    if activation == weights == "uint8" or (activation == "uint8" and not unsigned):
        return "uint8"
    if activation in ("int8", "uint8"):
        return _called("integer", min(bits, 8), 8)
    if activation in ("int16", "uint16"):
        wide = weights in ("int16", "uint16")
        sign = activation.removesuffix("int16")
        return str(activation) if wide else sign + _called("integer", min(bits, 8), 16)
    if activation in ("int32", "int64"):
        return str(activation)
    if "float16" in (weights, activation):
        return _called("float", 16)
    if bits <= 8:
        alone = unpacked or layer["operator"] == "MatMulNBits"
        return _called("float" if alone else "dynamic", bits)
    return FLOAT32


def _called(computes: str, weights: int, activations: int = 32) -> str:
    """The precision with these bits by its name, or, where there is none, by the names' grammar."""
    words = {"float": f"weights{weights}", "dynamic": f"dynamic{weights}"}
    found = precisions.matching(computes, weights, activations)
    return found or words.get(computes, f"int{activations}x{weights}")
