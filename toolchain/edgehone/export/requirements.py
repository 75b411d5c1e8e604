"""What can be required of an artifact, and what its audit says against it."""

from collections.abc import Callable, Mapping, Sequence

from edgehone import formats
from edgehone.errors import ConversionError, UsageError
from edgehone.formats._base import Format
from edgehone.formats._exact import layer_of
from edgehone.system.settings import REQUIRE
from edgehone.values import Artifact, Plain

_NAMED = 5
"""How many layers a sentence names before it counts the rest."""

_INTEGERS = ("bool", "int2", "int4", "int8", "int32", "int64", "uint4", "uint8")

_EIGHT_BITS = ("int2", "int4", "int8", "uint4", "uint8")
_INDICES = ("int32", "int64")
_OTHER = ("uint8", "int16", "uint16")
"""Types of borders that an int8 file does not have; integers without a scale are identifiers."""


def check_known(requirements: Sequence[str]) -> None:
    """Raise UsageError for a word that is not a requirement."""
    for word in requirements:
        if word not in REQUIREMENTS:
            raise UsageError(
                f"{word!r} is not a requirement.",
                "Known: " + "; ".join(f"{name} ({why})" for name, (why, _) in REQUIREMENTS.items()),
            )


def findings(audit: Plain, requirements: Sequence[str]) -> list[dict[str, str]]:
    """What of `requirements` a file does not keep: [{"requirement", "reason"}], a sentence each
    that names the layers or operators; [] when it keeps them all. Raises UsageError.
    """
    check_known(requirements)
    found = [(word, REQUIREMENTS[word][1](audit)) for word in dict.fromkeys(requirements)]
    return [{"requirement": word, "reason": reason} for word, reason in found if reason]


def require_findings(artifact: Artifact, requirements: Sequence[str]) -> None:
    """Refuse a file that lacks what is required of it: ConversionError."""
    found = findings(artifact.audit or {}, requirements)
    if found:
        raise ConversionError(
            " ".join(f"It is not {each['requirement']}: {each['reason']}" for each in found),
            f"Choose another precision or change these layers, or leave out {REQUIRE}.",
        )


def _int8(audit: Plain) -> str:
    form = formats.load(audit["format"])
    kept = audit.get("kept_float") or {}
    floats = [layer["name"] for layer in audit["float_layers"]]
    floats += [layer["name"] for layer in audit["layers"] if layer_of(layer["name"]) in kept]
    if floats:
        named = list(dict.fromkeys(layer_of(name) for name in floats))
        return f"Layers compute in float: {_list(named)}.{_why(audit, named)}"
    borders = [_called(layer) for layer in audit["layers"] if _is_float(layer, form)]
    if borders:
        return f"Layers read or write floats: {_layers(borders)}."
    wide = [_called(layer) for layer in audit["layers"] if _is_wide(layer, form)]
    if wide:
        return f"Layers compute in more than 8 bits: {_layers(wide)}."
    unsigned = [_called(layer) for layer in audit["layers"] if _is_unsigned(layer, form)]
    if unsigned:
        return f"Layers compute in unsigned integers (uint8): {_layers(unsigned)}."
    if not any(kind in _EIGHT_BITS for layer in audit["layers"] for kind in layer["types"]):
        return "No layer computes in 8-bit integers."
    if form.FLOAT_BORDERS:
        return ""
    ports = (*audit["inputs"], *audit["outputs"])
    floats = [each["name"] for each in ports if _floats(each)]
    if floats:
        return f"Inputs or outputs are float: {_list(floats)}.{_why(audit, floats)}"
    other = [f"{each['name']} ({each['dtype']})" for each in ports if each["dtype"] in _OTHER]
    return f"Inputs or outputs are not int8: {_list(other)}." if other else ""


def _called(layer: Plain) -> str:
    """An operator's name; a file may give it none, and then its kind."""
    return str(layer["name"]).strip("/") or f"a nameless {layer['operator']}"


def _why(audit: Plain, names: Sequence[str]) -> str:
    """Why the first of these stays float, where exporting found that out."""
    kept = audit.get("kept_float") or {}
    reasons = [f" {name}: {kept[name]}." for name in names if name in kept]
    return reasons[0] if reasons else ""


def _is_float(layer: Plain, form: Format) -> bool:
    return not _is_border(layer, form) and any("float" in kind for kind in layer["types"])


def _is_wide(layer: Plain, form: Format) -> bool:
    """Whether an operator computes with other integers than 8-bit ones. Indices may have 32 bits:
    what is summed or multiplied with weights may not.
    """
    if _is_border(layer, form):
        return False
    kinds = layer["types"]
    sums = str(layer["operator"]) in form.SUMMING and kinds[0] in _INDICES
    return sums or any(kind not in _INTEGERS for kind in kinds)


def _is_unsigned(layer: Plain, form: Format) -> bool:
    """Whether an operator computes in uint8; where int8 files have uint8 activations, its weights
    must be, too.
    """
    kinds = layer["types"]
    if _is_border(layer, form):
        return False
    if form.UNSIGNED:
        return len(kinds) > 2 and kinds[0] == kinds[1] == "uint8"
    return "uint8" in kinds


def _is_border(layer: Plain, form: Format) -> bool:
    """Whether an operator only converts or lays out anew, as at a model's float borders."""
    kind = str(layer["operator"])
    return kind.upper().startswith(("QUANTIZE", "DEQUANTIZE")) or kind in form.LAYOUTS


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
        title = formats.load(audit["format"]).TITLE
        return f"{title} files have no XNNPACK delegate."
    if "reason" in found:
        return f"XNNPACK takes nothing: {found['reason']}."
    if not found["left"]:
        return ""
    kinds = ", ".join(f"{count} {name}" for name, count in found["left"].items())
    return f"XNNPACK leaves {kinds} to slower kernels: {_layers(found['left_layers'])}."


def _layers(names: Sequence[str]) -> str:
    """Operators as the layers that they are named after: "conv/Relu" and "/conv/Conv" are conv."""
    return _list(list(dict.fromkeys(name.strip("/").split("/")[0] for name in names)))


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


REQUIREMENTS: Mapping[str, tuple[str, Callable[[Plain], str]]] = {
    "int8": (
        "signed integers of at most 8 bits throughout, borders too; ONNX: int8 weights, but for "
        "borders",
        _int8,
    ),
    "no-flex": ("nothing that needs TensorFlow's Flex delegate", _no_flex),
    "no-custom": ("the runtime's own operators alone", _no_custom),
    "no-loops": ("no recurrent layer that runs a loop", _no_loops),
    "xnnpack": ("every operator is one that XNNPACK takes", _xnnpack),
}
"""Name -> what it means, and what an audit says against it in a sentence; "" for nothing."""
