"""Microcontrollers: a C array and the operators for TFLite Micro."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from edgehone.errors import ConversionError
from edgehone.export.apps._base import Files, Kit, Platform
from edgehone.export.apps._literals import identifier
from edgehone.system.settings import EXPORT_INT8

_SPELLED = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}
"""Operators that TFLite Micro spells in its own way."""

_METHODS = """
Abs Add AddN ArgMax ArgMin AveragePool2D BatchMatMul BatchToSpaceNd BroadcastArgs BroadcastTo
CallOnce Cast Ceil Concatenation Conv2D Cos CumSum DepthToSpace DepthwiseConv2D Dequantize Div Elu
EmbeddingLookup Equal Exp ExpandDims Fill Floor FloorDiv FloorMod FullyConnected Gather GatherNd
Greater GreaterEqual HardSwish If L2Normalization L2Pool2D LeakyRelu Less LessEqual Log LogSoftmax
LogicalAnd LogicalNot LogicalOr Logistic MaxPool2D Maximum Mean Minimum MirrorPad Mul Neg NotEqual
Pack Pad PadV2 Prelu Quantize ReduceMax Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor
Round Rsqrt SelectV2 Shape Sin Slice Softmax SpaceToBatchNd SpaceToDepth Split SplitV Sqrt Square
SquaredDifference Squeeze StridedSlice Sub Sum Svdf Tanh Transpose TransposeConv
UnidirectionalSequenceLSTM Unpack While ZerosLike
"""
_KNOWN = frozenset(_METHODS.split())
"""What MicroMutableOpResolver has a method for, among TFLite's own operators."""

_BYTES_A_LINE = 16


class Micro(Platform):
    """Sources for a firmware that has TFLite Micro."""

    TITLE: ClassVar[str] = "TFLite Micro"
    DTYPES: ClassVar[tuple[str, ...]] = ("float32", "int8", "int16", "int32")

    def steps(self, kit: Kit) -> Sequence[str]:
        """The sources, and the golden test on this machine."""
        name = identifier(kit.app.name)
        return (
            f"Add `{name}_data.cc`, `{name}_data.h` and `{name}_ops.h` to the firmware. "
            f"`{name}::RegisterOperators` gives the interpreter the operators of this model alone.",
            "The golden test runs TFLite Micro's own kernels on this machine: `python -m pip "
            "install tflite-micro numpy`, then `python test_golden.py`.",
        )

    def require(self, kit: Kit) -> None:
        """TFLite Micro has no kernels with floats and integer weights."""
        super().require(kit)
        if kit.app.model.precision.startswith(("dynamic", "weights", "float16")):
            raise ConversionError(
                f"{kit.app.model.file} is {kit.app.model.precision}, and TFLite Micro computes in "
                "float32 or in integers throughout.",
                f"Export the model as int8: {EXPORT_INT8}.",
            )

    def variables(self, kit: Kit) -> Mapping[str, Any]:
        """With the operators."""
        return {**super().variables(kit), "operators": operators(kit)}

    def files(self, kit: Kit) -> Files:
        """With the model as a C array."""
        name = identifier(kit.app.name)
        made = super().files(kit)
        return {**made, f"{name}_data.cc": "\n".join(_array(kit.content, name)).encode()}


def operators(kit: Kit) -> list[str]:
    """The operators as TFLite Micro spells them. Raises ConversionError for those it lacks."""
    audit = kit.artifact.audit or {}
    own = [*audit["custom"], *audit["flex"]]
    found = {name: _spelled(name) for name in audit["operators"] if name not in own}
    missing = [*own, *(name for name, spelled in found.items() if spelled not in _KNOWN)]
    if missing:
        raise ConversionError(
            f"TFLite Micro has no operator {', '.join(missing)}, which {kit.app.model.file} needs.",
            "Replace the layers that need it, or take another platform.",
        )
    return sorted(found.values())


def _spelled(name: str) -> str:
    """CONV_2D as Conv2D."""
    if name in _SPELLED:
        return _SPELLED[name]
    return "".join(word.capitalize() for word in name.split("_")).replace("2d", "2D")


def _array(content: bytes, name: str) -> Iterator[str]:
    yield f'#include "{name}_data.h"'
    yield ""
    yield f"alignas(16) const unsigned char {name}_data[] = {{"
    for place in range(0, len(content), _BYTES_A_LINE):
        line = content[place : place + _BYTES_A_LINE]
        yield "    " + " ".join(f"0x{byte:02x}," for byte in line)
    yield "};"
    yield f"const unsigned int {name}_data_size = sizeof {name}_data;"
    yield ""
