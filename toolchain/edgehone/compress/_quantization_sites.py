"""Where an integer file rounds activations: which operator writes which tensor of which range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgehone.graph import roles
from edgehone.graph.wiring import Call, calls, consumers

Kind = Literal["own", "same", "fixed", "none", "later"]

VANISHING = frozenset(
    {
        *("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout"),
        *("GaussianNoise", "Identity"),
        *(f"SpatialDropout{n}D" for n in (1, 2, 3)),
    }
)
"""Kinds that leave nothing in a file."""

CARRYING = VANISHING.union(
    ("ExpandDims", "Flatten", "GetItem", "Permute", "RepeatVector", "Reshape", "Squeeze"),
    ("Transpose",),
    (f"{kind}{n}D" for kind in ("MaxPooling", "ZeroPadding", "Cropping") for n in (1, 2, 3)),
)
"""Kinds that hand values on as they are: the same steps, and nothing to round."""

AVERAGING = frozenset(["AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "Resizing"])
"""Kinds whose results TFLite keeps on the steps of their input."""

_FUSING = frozenset(["Add", "BatchNormalization", "Multiply", "Subtract"])
"""Kinds without a kernel whose last operator runs a ReLU too."""

FIXED: Mapping[str, tuple[float, float]] = {
    "sigmoid": (0.0, 255 / 256),
    "softmax": (0.0, 255 / 256),
    "tanh": (-1.0, 127 / 128),
}
"""Ranges that TFLite's kernels prescribe."""

OPERATORS: Mapping[str, str] = {
    "elu": "ELU",
    "gelu": "GELU",
    "hard_silu": "HARD_SWISH",
    "leaky_relu": "LEAKY_RELU",
    "silu": "MUL",
}
"""The operator that ends an activation which no kernel fuses."""


@dataclass(frozen=True)
class Site:
    """What becomes of a call's result: "own": rounded to the range of the tensor called `name`;
    "same": to the range of its input; "fixed": to `range`; "none": it is on the steps already;
    "later": by a ReLU that runs in the same operator. layer: whose precision the call has.
    """

    kind: Kind
    layer: str
    name: str = ""
    range: tuple[float, float] | None = None


def sites(model: Any, owners: Mapping[str, str]) -> Sequence[Site]:
    """One for every call of a model, in the order of `calls`, inputs left out.

    owners: activations that were part of a layer, and that layer.
    """
    readers = consumers(model)
    fused: dict[int, str] = {}
    found = []
    for call in calls(model):
        if not call.inputs:
            continue
        follower = _fused_relu(call, readers)
        if follower is not None:
            fused[id(follower.operation)] = call.name
            found.append(Site("later", call.name))
        elif id(call.operation) in fused:
            layer = fused[id(call.operation)]
            found.append(Site("own", layer, layer))
        else:
            found.append(_alone(call, owners))
    return tuple(found)


def _alone(call: Call, owners: Mapping[str, str]) -> Site:
    layer = owners.get(call.name, call.name)
    activation = activation_of(call.operation)
    idle = call.kind == "Activation" and activation == "linear"
    if call.kind in CARRYING or idle or _is_nearest(call):
        return Site("none", layer)
    if call.kind in AVERAGING or call.kind == "UpSampling2D":
        return Site("same", layer, call.name)
    if activation in FIXED and call.kind in ("Activation", "Softmax", "Sigmoid", "Tanh"):
        return Site("fixed", layer, range=FIXED[activation])
    name = call.name
    if name in owners:
        name = f"{layer}/{OPERATORS.get(activation, activation.upper())}"
    return Site("own", layer, name if call.times == 1 else "")


def activation_of(operation: Any) -> str:
    """The name of the activation an operation is or ends in; "" when it has none."""
    found = getattr(getattr(operation, "activation", None), "__name__", "")
    return found or {"Softmax": "softmax", "Sigmoid": "sigmoid", "Tanh": "tanh"}.get(
        type(operation).__name__, ""
    )


def fuses(activation: str) -> bool:
    """Whether kernels run this activation themselves."""
    return activation in ("", "linear", "relu", "relu6")


def _is_nearest(call: Call) -> bool:
    plain = call.kind in ("UpSampling1D", "UpSampling3D")
    return plain or getattr(call.operation, "interpolation", "") == "nearest"


def _fused_relu(call: Call, readers: Mapping[int, tuple[Call, ...]]) -> Call | None:
    """The ReLU that the call's operator runs at its end, when it is a call of its own."""
    kernel = "bias" in roles.AXES.get(call.kind, ())
    if not kernel and call.kind not in _FUSING:
        return None
    if call.times > 1 or not roles.is_linear(call.operation):
        return None
    after = readers.get(id(call.outputs[0]), ())
    while len(after) == 1 and after[0].kind in VANISHING and after[0].times == 1:
        after = readers.get(id(after[0].outputs[0]), ())
    if len(after) == 1 and after[0].times == 1 and _is_relu(after[0]):
        return after[0]
    return None


def _is_relu(call: Call) -> bool:
    operation = call.operation
    if call.kind == "ReLU":
        plain = operation.negative_slope == 0 and operation.threshold == 0
        return plain and operation.max_value in (None, 6)
    if call.kind == "Activation":
        return activation_of(operation) in ("relu", "relu6")
    return call.kind in ("Relu", "Relu6")
