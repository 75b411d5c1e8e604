"""Which numbers the inputs of an .onnx file can take."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgehone.formats import _takes as takes
from edgehone.formats._base import Array
from edgehone.formats._takes import FEW, Bounds, Demand, Shape, Step, View


class OnnxView(View):
    """One graph with those inside it, whose nodes read names of the outer ones."""

    def __init__(self, model: Any) -> None:
        nodes = list(_nodes(model.graph))
        self.steps = [Step(n.op_type, tuple(n.input), tuple(n.output), n) for n in nodes]
        self.passing = _PASSING
        self.demands = _DEMANDS
        self._constants = {each.name: each for each in model.graph.initializer}
        self._constants |= {
            node.output[0]: attribute.t
            for node in nodes
            for attribute in node.attribute
            if node.op_type == "Constant" and attribute.name == "value"
        }
        self._shapes = {name: tuple(each.dims) for name, each in self._constants.items()}
        self._shapes |= _inferred(model)

    def shape(self, name: str) -> Shape | None:
        """See `View`."""
        return self._shapes.get(name)

    def constant(self, name: str) -> Array | None:
        """See `View`."""
        from onnx import numpy_helper

        found = self._constants.get(name)
        return None if found is None else np.asarray(numpy_helper.to_array(found))


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def _inferred(model: Any) -> dict[str, Shape]:
    """The shapes of tensors that ONNX can tell."""
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(model).graph
    except Exception:  # its errors share no base; what the file itself says is left
        graph = model.graph
    found = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        if value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            found[value.name] = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in dims)
    return found


def _attribute(step: Step, name: str, otherwise: int = 0) -> int:
    return next((int(each.i) for each in step.node.attribute if each.name == name), otherwise)


def _read(view: OnnxView, step: Step, place: int) -> Array | None:
    return view.constant(step.inputs[place]) if len(step.inputs) > place else None


def _axis(step: Step) -> int:
    return _attribute(step, "axis")


def _time_axis(step: Step) -> int:
    return _attribute(step, "time_axis")


def _time_of_layout(step: Step) -> int:
    return 1 if _attribute(step, "layout") else 0


def _table(place: int) -> Demand:
    """Rows of the table at a place (EmbedLayerNormalization)."""
    return lambda view, step: takes.below(
        takes.size_along(view.shape(step.inputs[place]), 0) if len(step.inputs) > place else None,
        "indices of a table",
    )


def _ends(view: OnnxView, step: Step) -> Bounds | None:
    shape, axes = view.shape(step.inputs[0]), _read(view, step, 3)
    if shape is not None and axes is not None:
        shape = tuple(shape[int(axis)] for axis in axes.flat)
    return takes.sizes(shape, "ends of a slice")


def _length(view: OnnxView, step: Step) -> int:
    """How many numbers the operator's second input has."""
    return takes.size_along(view.shape(step.inputs[1]), 0) or 1


def _reshaped(view: OnnxView, step: Step) -> Bounds | None:
    others = [1] * (_length(view, step) - 1)
    return takes.result(view, step) or Bounds.exactly([-1, *others], "sizes of a tensor")


def _expanded(view: OnnxView, step: Step) -> Bounds | None:
    return takes.result(view, step) or Bounds.one(1, 1, "sizes of a tensor")


def _filled(view: OnnxView, step: Step) -> Bounds | None:
    return takes.result(view, step) or Bounds.one(1, FEW, "sizes of a tensor")


_PASSING: Mapping[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("Cast", "Identity", "Floor", "Round", "Ceil", "Flatten", "Transpose"), (0,)),
    **dict.fromkeys(("Reshape", "Squeeze", "Unsqueeze", "Expand", "Tile", "Slice", "Split"), (0,)),
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear", "Pad"), (0,)),
    "Concat": None,
    "Where": (1, 2),
    **dict.fromkeys(("Max", "Min"), None),
    **dict.fromkeys(("Mod", "Clip"), (0,)),
}

_LENGTHS = "lengths of sequences"
_AXIS = takes.always(0, 0, "an axis")
_NONE = takes.always(0, 0, "padding")

_DEMANDS: Mapping[tuple[str, int], Demand] = {
    ("Gather", 1): takes.indices(_axis),
    ("GatherElements", 1): takes.indices(_axis),
    ("ScatterElements", 1): takes.indices(_axis),
    ("GatherND", 1): takes.positions_in(lambda step: step.inputs[0], 1),
    ("ScatterND", 1): takes.positions_in(lambda step: step.inputs[0], 1),
    ("OneHot", 0): takes.classes,
    ("OneHot", 1): takes.always(FEW, FEW, "a count of classes"),
    ("EmbedLayerNormalization", 0): _table(2),
    ("EmbedLayerNormalization", 1): _table(4),
    ("Slice", 1): takes.always(0, 0, "the start of a slice"),
    ("Slice", 2): _ends,
    ("Slice", 4): takes.always(1, 1, "the step of a slice"),
    ("Reshape", 1): _reshaped,
    ("Expand", 1): _expanded,
    ("ConstantOfShape", 0): _filled,
    ("Tile", 1): takes.always(1, 1, "repetitions"),
    ("Pad", 1): _NONE,
    ("Range", 0): takes.always(0, 0, "the start of a range"),
    ("Range", 1): takes.always(1, FEW, "the end of a range"),
    ("Range", 2): takes.always(1, 1, "the step of a range"),
    ("TopK", 1): takes.counts(lambda step: _attribute(step, "axis", -1), "a count of results"),
    ("Loop", 0): takes.always(1, FEW, "a count of loops"),
    **{(kind, 4): takes.counts(_time_of_layout, _LENGTHS) for kind in ("LSTM", "GRU", "RNN")},
    ("ReverseSequence", 1): takes.counts(_time_axis, _LENGTHS),
    ("Resize", 2): takes.always(1, 1, "scales of an image"),
    ("Resize", 3): takes.result,
    ("NonMaxSuppression", 2): takes.always(1, FEW, "a count of results"),
    ("Unsqueeze", 1): _AXIS,
    ("Squeeze", 1): _AXIS,
    ("CumSum", 1): _AXIS,
    ("Trilu", 1): takes.always(0, 0, "a diagonal"),
    ("Div", 1): takes.always(1, 2, "divisors"),
    ("Mod", 1): takes.always(1, 2, "divisors"),
    **{(kind, 1): _AXIS for kind in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")},
}
