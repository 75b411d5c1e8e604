"""Which numbers the inputs of a .tflite file can take."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats import _takes as takes
from edgehone.formats._base import Array
from edgehone.formats._takes import FEW, Bounds, Demand, Shape, Step, View
from edgehone.system.bounds import AXES

_TYPES = {"int32": np.int32, "int64": np.int64, "float32": np.float32}


class TFLiteView(View):
    """The graphs of one model; names are "GRAPH:TENSOR"."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.steps = [
            Step(
                _flatbuffer.operator_name(model, operator),
                _names(number, operator.inputs),
                _names(number, operator.outputs),
                operator,
            )
            for number, graph in enumerate(model.subgraphs)
            for operator in graph.operators
        ]
        self.passing = _PASSING
        self.demands = _DEMANDS

    def tensor(self, name: str) -> Any:
        """The tensor of a name."""
        graph, _, index = name.partition(":")
        return self._model.subgraphs[int(graph)].tensors[int(index)]

    def shape(self, name: str) -> Shape | None:
        """See `View`."""
        if not name:
            return None
        tensor = self.tensor(name)
        found = tensor.shape if tensor.shapeSignature is None else tensor.shapeSignature
        return None if found is None else tuple(int(size) for size in found)

    def constant(self, name: str) -> Array | None:
        """See `View`."""
        if not name:
            return None
        tensor = self.tensor(name)
        kind = _TYPES.get(_flatbuffer.type_name(tensor))
        if kind is None or not _flatbuffer.is_constant(self._model, tensor):
            return None
        return np.frombuffer(bytes(self._model.buffers[tensor.buffer].data), kind)

    def inside(self, step: Step, place: int) -> Sequence[str]:
        """Loops hand on all inputs, choices all but the first, which chooses."""
        graphs = _flatbuffer.inner_graphs(step.node)
        at = place - (1 if step.kind == "IF" else 0)
        return [
            f"{number}:{self._model.subgraphs[number].inputs[at]}"
            for number in graphs
            if 0 <= at < len(self._model.subgraphs[number].inputs)
        ]

    def whole(self, name: str) -> bool:
        """Whether a tensor holds integers."""
        return _flatbuffer.type_name(self.tensor(name)).startswith(("int", "uint"))


def _names(graph: int, indices: Any) -> tuple[str, ...]:
    return tuple(f"{graph}:{index}" if index >= 0 else "" for index in indices)


def _option(step: Step, name: str, otherwise: int = 0) -> int:
    return int(getattr(step.node.builtinOptions, name, otherwise) or 0)


def _axis(step: Step) -> int:
    return _option(step, "axis")


def _time_axis(step: Step) -> int:
    return _option(step, "seqDim")


def _looked_up(view: TFLiteView, step: Step) -> Bounds | None:
    return takes.below(takes.size_along(view.shape(step.inputs[1]), 0), "indices of a table")


def _source(view: TFLiteView, step: Step) -> Bounds | None:
    return takes.sizes(view.shape(step.inputs[0]), "ends of a slice")


def _slice_size(view: TFLiteView, step: Step) -> Bounds | None:
    return takes.result(view, step) or _source(view, step)


def _reshaped(view: TFLiteView, step: Step) -> Bounds | None:
    """The result's shape; else one axis that takes all."""
    rank = min(takes.size_along(view.shape(step.inputs[1]), 0) or 1, AXES)
    return takes.result(view, step) or Bounds.exactly([-1, *[1] * (rank - 1)], "sizes of a tensor")


def _resized(view: TFLiteView, step: Step) -> Bounds | None:
    return takes.sizes((view.shape(step.outputs[0]) or ())[1:3], "sizes of an image")


def _update_at(view: TFLiteView, step: Step) -> Bounds | None:
    whole, part = view.shape(step.inputs[0]), view.shape(step.inputs[1])
    if whole is None or part is None or min(*whole, *part, 1) < 1 or len(whole) != len(part):
        return Bounds.one(0, 0, "the start of a slice")
    room = tuple(max(a - b, 0) for a, b in zip(whole, part, strict=True))
    return Bounds((0,) * len(room), room, "the start of a slice")


def _order(view: TFLiteView, step: Step) -> Bounds | None:
    return Bounds.exactly(range(len(view.shape(step.inputs[0]) or ())), "an order of axes")


def _divisor(view: TFLiteView, step: Step) -> Bounds | None:
    return Bounds.one(1, 2, "divisors") if view.whole(step.inputs[1]) else None


_PASSING: Mapping[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("CAST", "QUANTIZE", "DEQUANTIZE", "FLOOR", "ROUND", "SQUEEZE"), (0,)),
    **dict.fromkeys(("RESHAPE", "EXPAND_DIMS", "TRANSPOSE", "SLICE", "STRIDED_SLICE"), (0,)),
    **dict.fromkeys(("TILE", "BROADCAST_TO", "REVERSE_V2", "UNPACK", "PAD"), (0,)),
    **dict.fromkeys(("CONCATENATION", "PACK"), None),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (1, 2)),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), None),
    "FLOOR_MOD": (0,),
    "SPLIT": (1,),
}

_AXIS = takes.always(0, 0, "an axis")
_START = takes.always(0, 0, "the start of a slice")
_ONCE = takes.always(1, 1, "repetitions")

_DEMANDS: Mapping[tuple[str, int], Demand] = {
    ("GATHER", 1): takes.indices(_axis),
    ("EMBEDDING_LOOKUP", 0): _looked_up,
    ("GATHER_ND", 1): takes.positions_in(lambda step: step.inputs[0], 1),
    ("SCATTER_ND", 0): takes.positions_in(lambda step: step.outputs[0], 0),
    ("SCATTER_ND", 2): takes.result,
    ("ONE_HOT", 0): takes.classes,
    ("ONE_HOT", 1): takes.always(FEW, FEW, "a count of classes"),
    ("SLICE", 1): _START,
    ("SLICE", 2): _slice_size,
    ("STRIDED_SLICE", 1): _START,
    ("STRIDED_SLICE", 2): _source,
    ("STRIDED_SLICE", 3): takes.always(1, 1, "the step of a slice"),
    ("DYNAMIC_UPDATE_SLICE", 2): _update_at,
    ("RESHAPE", 1): _reshaped,
    ("BROADCAST_TO", 1): takes.result,
    ("FILL", 0): takes.result,
    ("TILE", 1): _ONCE,
    ("PAD", 1): takes.always(0, 0, "padding"),
    ("PADV2", 1): takes.always(0, 0, "padding"),
    ("MIRROR_PAD", 1): takes.always(0, 0, "padding"),
    ("RANGE", 0): takes.always(0, 0, "the start of a range"),
    ("RANGE", 1): takes.always(1, FEW, "the end of a range"),
    ("RANGE", 2): takes.always(1, 1, "the step of a range"),
    ("TOPK_V2", 1): takes.counts(lambda step: -1, "a count of results"),
    ("REVERSE_SEQUENCE", 1): takes.counts(_time_axis, "lengths of sequences"),
    ("RESIZE_BILINEAR", 1): _resized,
    ("RESIZE_NEAREST_NEIGHBOR", 1): _resized,
    ("TRANSPOSE", 1): _order,
    ("EXPAND_DIMS", 1): _AXIS,
    ("SPLIT", 0): _AXIS,
    ("CUMSUM", 1): _AXIS,
    ("ARG_MAX", 1): _AXIS,
    ("ARG_MIN", 1): _AXIS,
    ("REVERSE_V2", 1): _AXIS,
    **{
        (kind, 1): _AXIS
        for kind in ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY")
    },
    ("SEGMENT_SUM", 1): takes.always(0, 0, "segments in order"),
    ("UNSORTED_SEGMENT_SUM", 1): takes.always(0, 0, "segments"),
    ("MULTINOMIAL", 1): takes.always(1, FEW, "a count of results"),
    ("NON_MAX_SUPPRESSION_V4", 2): takes.always(1, FEW, "a count of results"),
    ("NON_MAX_SUPPRESSION_V5", 2): takes.always(1, FEW, "a count of results"),
    ("DIV", 1): _divisor,
    ("FLOOR_DIV", 1): _divisor,
    ("FLOOR_MOD", 1): _divisor,
}
