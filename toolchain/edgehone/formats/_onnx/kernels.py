"""Which nodes of an .onnx file ONNX Runtime computes in integers: it has such kernels for some
operators, and runs the others in float between a DequantizeLinear and a QuantizeLinear.

The tables are what onnxruntime 1.20 to 1.32 fuse on a CPU at ORT_ENABLE_EXTENDED
(onnxruntime/core/optimizer/qdq_transformer); a test compares them with the optimised graph.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

_COMPUTING = (
    *("Add", "AveragePool", "Concat", "Conv", "Gemm", "GlobalAveragePool", "LeakyRelu", "MatMul"),
    *("Mul", "Sigmoid", "Softmax", "Where"),
)
"""Operators with a kernel for 8-bit integers whose result has a scale of its own."""

_TO_FLOATS = ("Gemm", "MatMul")
"""Those of them that may hand on floats."""

_ALIKE = ("Add", "Concat", "Mul")
"""Those that need one type for all they read: on x86, signed activations become unsigned ones and
constants do not.
"""

_MOVING = (
    *("DepthToSpace", "Expand", "Flatten", "Gather", "MaxPool", "ReduceMax", "ReduceMin"),
    *("Reshape", "Resize", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"),
)
"""Operators that integers pass as they are, where the scale before and behind is the same."""

_PASSED = ("MaxPool", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")
"""Those of them past which a conversion to float moves, so that none needs to follow."""

_CLIPPING = ("Clip", "Relu")
"""Operators that vanish where the integers behind them have no more values than they let pass."""

_Settings = tuple[float, int, str]
"""A scale, a zero, and the type of integers."""

_EIGHT_BITS = ("int8", "uint8")

WITH_SCALES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "QLinearAdd", "QLinearMul", "QGemm"), (0, 3)),
    **dict.fromkeys(("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"), (0,)),
    **dict.fromkeys(("QLinearAveragePool", "QLinearGlobalAveragePool"), (0,)),
    **dict.fromkeys(("QLinearReduceMean", "QLinearConcat"), (0,)),
    "QLinearConcat": (2, 5),
    "QLinearWhere": (1, 4),
    **dict.fromkeys(("ConvInteger", "MatMulInteger", "MatMulIntegerToFloat"), (0, 1)),
    "DynamicQuantizeMatMul": (0, 1),
}
"""Operators that say by their name that they compute in integers -> where they read numbers; at the
other places are scales, zeros and biases."""

BIASES: Mapping[str, int] = {"QLinearConv": 8, "QGemm": 6}
"""Where such operators read a bias of 32 bits."""

_FLOAT_RESULTS = ("MatMulIntegerToFloat", "DynamicQuantizeMatMul")


def result_of(node: Any, first: str, kinds: Mapping[str, str]) -> str:
    """The type that an operator WITH_SCALES writes; first: that of the numbers it reads."""
    if node.op_type in ("ConvInteger", "MatMulInteger"):
        return "int32"
    if node.op_type in _FLOAT_RESULTS:
        return "float32"
    if node.op_type == "QGemm":  # without a scale for its result, that is float
        return kinds.get(node.input[8], first) if len(node.input) > 8 else "float32"
    if node.op_type in ("QLinearConv", "QLinearMatMul"):
        return kinds.get(node.input[7], first)
    return first


def _numbers(node: Any) -> list[str]:
    """What an operator reads, its bias and its settings apart."""
    match node.op_type:
        case "Concat":
            return list(node.input)
        case "Where":
            return list(node.input[1:3])
        case "Add" | "Mul" | "Conv" | "Gemm" | "MatMul":
            return list(node.input[:2])
    return list(node.input[:1])


def _text(node: Any, name: str, default: str) -> str:
    found = (each.s.decode() for each in node.attribute if each.name == name)
    return next(found, default)


@dataclass(frozen=True, eq=False)
class Kernels:
    """A graph, and the type that each of its tensors stands for."""

    graph: Any
    kinds: Mapping[str, str]

    def is_integer(self, node: Any) -> bool:
        """Whether onnxruntime computes the node in integers, or without computing at all."""
        if node.op_type in WITH_SCALES:
            return True
        if node.op_type in _CLIPPING:
            return self._clips_nothing(node)
        if node.op_type in _MOVING:
            return self._moves(node)
        if node.op_type not in _COMPUTING:
            return False
        reads = _numbers(node)
        if not reads or not all(self._is_dequantized(name) for name in reads):
            return False
        types = [self.kinds.get(name, "") for name in reads]
        if any(kind not in _EIGHT_BITS for kind in types):
            return False
        if node.op_type in _ALIKE and not self._are_alike(reads, types):
            return False
        if self._is_quantized(node.output[0]):
            return True
        return node.op_type in _TO_FLOATS and not self._is_clipped(node.output[0])

    def _moves(self, node: Any) -> bool:
        """Whether integers pass a node, with the same scale behind it."""
        if not self._is_dequantized(node.input[0]):
            return False
        if node.op_type == "Resize" and _text(node, "mode", "nearest") != "nearest":
            return False
        passed = node.op_type in _PASSED  # which happens before anything vanishes
        behind = self._readers if passed else self._behind
        readers = [each for name in node.output for each in behind(name)]
        shown = self._outputs & {*node.output}
        if readers and not shown and all(each.op_type == "QuantizeLinear" for each in readers):
            after = [self._settings(each) for each in readers]
            before = self._scale_before(node.input[0])
            return before is not None and all(each == before for each in after)
        return passed

    def _are_alike(self, reads: list[str], types: list[str]) -> bool:
        signed = any(
            self.kinds.get(name) == "int8" and self._makers[name].input[0] in self._constants
            for name in reads
            if name in self._makers
        )
        return len({*types}) == 1 and not signed

    def _is_dequantized(self, name: str) -> bool:
        """Whether a tensor comes out of a DequantizeLinear, as it is or laid out anew."""
        maker = self._makers.get(name)
        if maker is None:
            return False
        if maker.op_type in _PASSED:
            return self._is_dequantized(maker.input[0])
        return bool(maker.op_type == "DequantizeLinear")

    def _is_quantized(self, name: str) -> bool:
        """Whether all that a tensor goes into is a QuantizeLinear, where need be behind operators
        that vanish.
        """
        readers = self._readers(name)
        if name in self._outputs or not readers:
            return False
        if len(readers) == 1 and readers[0].op_type in _CLIPPING:
            return self._clips_nothing(readers[0])
        return all(each.op_type == "QuantizeLinear" for each in readers)

    def _clips_nothing(self, node: Any) -> bool:
        """Whether the one QuantizeLinear behind a node has no values that the node cuts off."""
        readers = self._readers(node.output[0])
        while len(readers) == 1 and readers[0].op_type in _CLIPPING:
            readers = self._readers(readers[0].output[0])
        if len(readers) != 1 or readers[0].op_type != "QuantizeLinear":
            return False
        settings = self._settings(readers[0])
        if settings is None:
            return False
        scale, zero, kind = settings
        ends = np.iinfo(kind)
        least, most = self._limits(node)
        return bool(least <= (ends.min - zero) * scale and (ends.max - zero) * scale <= most)

    def _limits(self, node: Any) -> tuple[float, float]:
        """What a node lets pass; nothing where the file does not say so at once."""
        from onnx import numpy_helper

        if node.op_type == "Relu":
            return 0.0, math.inf
        found = [-math.inf, math.inf]
        for place, name in enumerate(node.input[1:3]):
            if name and name not in self._constants:
                return math.inf, -math.inf
            if name:
                found[place] = float(numpy_helper.to_array(self._constants[name]).ravel()[0])
        return found[0], found[1]

    def _behind(self, name: str) -> list[Any]:
        """What reads a tensor, behind operators that vanish."""
        readers = self._readers(name)
        while len(readers) == 1 and readers[0].op_type in _CLIPPING:
            if not self._clips_nothing(readers[0]):
                break
            readers = self._readers(readers[0].output[0])
        return readers

    def _is_clipped(self, name: str) -> bool:
        """Whether a tensor goes into an operator that cuts off values, and integers behind it."""
        readers = self._readers(name)
        if len(readers) != 1 or readers[0].op_type not in _CLIPPING:
            return False
        behind = self._readers(readers[0].output[0])
        return any(each.op_type == "QuantizeLinear" for each in behind)

    def _scale_before(self, name: str) -> _Settings | None:
        maker = self._makers[name]
        if maker.op_type != "DequantizeLinear":
            return self._scale_before(maker.input[0])
        return self._settings(maker)

    def _settings(self, node: Any) -> _Settings | None:
        """How a conversion does it; None where the file does not say so at once."""
        from onnx import numpy_helper

        found = [self._constants.get(name) for name in node.input[1:3]]
        if len(found) < 2 or None in found:
            return None
        scale, zero = (numpy_helper.to_array(each).ravel() for each in found)
        if scale.size != 1 or zero.size != 1 or zero.dtype.kind not in "iu":
            return None
        return float(scale[0]), int(zero[0]), str(zero.dtype)

    def _readers(self, name: str) -> list[Any]:
        return self._readers_of.get(name, [])

    @cached_property
    def _makers(self) -> dict[str, Any]:
        return {name: node for node in self.graph.node for name in node.output}

    @cached_property
    def _readers_of(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for node in self.graph.node:
            for name in node.input:
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def _constants(self) -> dict[str, Any]:
        return {each.name: each for each in self.graph.initializer}

    @cached_property
    def _outputs(self) -> frozenset[str]:
        return frozenset(value.name for value in self.graph.output)
