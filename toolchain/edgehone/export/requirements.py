"""What can be required of an artifact, and what its audit says against it."""

from collections.abc import Callable, Mapping, Sequence

from edgehone.errors import UsageError
from edgehone.values import Plain

_NAMED = 5
"""How many layers a sentence names before it counts the rest."""

_LAYOUTS = ("Flatten", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
"""ONNX operators that lay values out anew; before the first conversion they move floats."""

_INTEGERS = ("bool", "int2", "int4", "int8", "int32", "int64", "uint4", "uint8")


def check_known(requirements: Sequence[str]) -> None:
    """Raise UsageError for a word that is no requirement."""
    for word in requirements:
        if word not in REQUIREMENTS:
            raise UsageError(
                f"{word!r} is no requirement.",
                "Known: " + "; ".join(f"{name} ({why})" for name, (why, _) in REQUIREMENTS.items()),
            )


def findings(audit: Plain, requirements: Sequence[str]) -> list[dict[str, str]]:
    """What of `requirements` a file does not keep: [{"requirement", "reason"}], a sentence each
    that names the layers or operators; [] when it keeps them all. Raises UsageError.
    """
    check_known(requirements)
    found = [(word, REQUIREMENTS[word][1](audit)) for word in dict.fromkeys(requirements)]
    return [{"requirement": word, "reason": reason} for word, reason in found if reason]


def _int8(audit: Plain) -> str:
    floats = [layer["name"] for layer in audit["float_layers"]]
    if floats:
        return f"Layers compute in float: {_layers(floats)}."
    wide = [
        layer["name"]
        for layer in audit["layers"]
        if any(kind not in _INTEGERS for kind in layer["types"]) and not _is_border(layer)
    ]
    if wide:
        return f"Layers compute in more than 8 bits: {_layers(wide)}."
    if audit["format"] == "onnx":
        return ""
    borders = [each["name"] for each in (*audit["inputs"], *audit["outputs"]) if _floats(each)]
    return f"Inputs or outputs are float: {_list(borders)}." if borders else ""


def _is_border(layer: Plain) -> bool:
    """Whether an operator only converts or lays out anew, as at a model's float borders."""
    kind = str(layer["operator"])
    return kind.upper().startswith(("QUANTIZE", "DEQUANTIZE")) or kind in _LAYOUTS


def _floats(border: Plain) -> bool:
    return "float" in border["dtype"]


def _no_flex(audit: Plain) -> str:
    return f"Operators need the Flex delegate: {_list(audit['flex'])}." if audit["flex"] else ""


def _no_custom(audit: Plain) -> str:
    own = [*audit["custom"], *audit["flex"]]
    return f"Operators are not the runtime's own: {_list(own)}." if own else ""


def _no_loops(audit: Plain) -> str:
    return f"Layers run a loop: {_list(audit['loops'])}." if audit["loops"] else ""


def _xnnpack(audit: Plain) -> str:
    found = audit["delegates"].get("xnnpack")
    if found is None:
        return "XNNPACK is for .tflite files; this is none."
    if "reason" in found:
        return f"XNNPACK takes nothing: {found['reason']}."
    if not found["left"]:
        return ""
    kinds = ", ".join(f"{count} {name}" for name, count in found["left"].items())
    return f"XNNPACK leaves {kinds} to slower kernels: {_layers(found['left_layers'])}."


def _layers(names: Sequence[str]) -> str:
    """Operators as the layers that they are named after."""
    return _list(list(dict.fromkeys(name.split("/")[0] for name in names)))


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


REQUIREMENTS: Mapping[str, tuple[str, Callable[[Plain], str]]] = {
    "int8": ("integers of at most 8 bits throughout, borders too; ONNX: but for borders", _int8),
    "no-flex": ("nothing that needs TensorFlow's Flex delegate", _no_flex),
    "no-custom": ("the runtime's own operators alone", _no_custom),
    "no-loops": ("no recurrent layer that runs a loop", _no_loops),
    "xnnpack": ("every operator is one that XNNPACK takes", _xnnpack),
}
"""Name -> what it means, and what an audit says against it in a sentence; "" for nothing."""
