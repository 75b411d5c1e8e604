"""A .tflite file with other types at its inputs and outputs, by conversions before and behind."""

from typing import Any

import numpy as np

from edgehone.errors import ConversionError
from edgehone.formats import _flatbuffer, _references
from edgehone.formats._base import BORDERS
from edgehone.formats._tflite.appended import appended, with_appended
from edgehone.formats._tflite.pack import packed
from edgehone.formats._tflite.repair import take_over

_SHIFTS = {("int8", "uint8"): 128, ("uint8", "int8"): -128}
"""What the zero point moves by where the same numbers are stored with another sign."""

_SINCE = {"int8": 2, "int16": 3}
"""The version of DEQUANTIZE that reads a type; 1 reads uint8. QUANTIZE is version 1, 2 to int16."""


def with_borders(content: bytes, io: str) -> bytes:
    """The same model with values of this type at all inputs and outputs; whole numbers without a
    scale (identifiers, counts) stay what they are where floats are asked for.

    A border's tensor keeps its name and its place in signatures, and gets the scale it stands for.
    Raises ConversionError where a border cannot be of the type.
    """
    if io not in BORDERS:
        raise ConversionError(
            f"A model's borders cannot be {io!r}.", f"They are {', '.join(BORDERS)}."
        )
    flatbuffer, files = appended(content)
    model = _references.completed(_flatbuffer.tables(flatbuffer, "the file"))
    edit = _Edit(model)
    changed = [edit.border(side, place, io) for side, place in edit.borders()]
    if not any(changed):
        return content
    return with_appended(packed(model), files)


class _Edit:
    """A model whose main graph gets conversions."""

    def __init__(self, model: Any) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema, self._model, self._graph = schema, model, model.subgraphs[0]

    def borders(self) -> list[tuple[str, int]]:
        """The side and the place in its list of every input and output."""
        counts = {side: len(getattr(self._graph, side)) for side in ("inputs", "outputs")}
        return [(side, place) for side, count in counts.items() for place in range(count)]

    def border(self, side: str, place: int, io: str) -> bool:
        """Give one border the type; whether that changed anything."""
        inner = self._inner(side, place, io)
        tensor = self._graph.tensors[inner]
        kind, scaled = _flatbuffer.type_name(tensor), _is_scaled(tensor)
        if kind == io or (io == "float32" and not scaled):
            return inner != int(getattr(self._graph, side)[place]) or self._taken
        if not scaled or (io != "float32" and (kind, io) not in _SHIFTS):
            raise ConversionError(
                f"{_flatbuffer.tensor_name(tensor)!r} is {kind} at the model's border, and cannot "
                f"be {io}.",
                "Make the file with int8 layers at this border, or leave its type as it is.",
            )
        outer = self._outer(tensor, io)
        self._convert(inner, outer, side)
        self._lead_to(side, inner, outer)
        return True

    def _inner(self, side: str, place: int, io: str) -> int:
        """The tensor that is converted: behind a conversion that is there already, it is that of
        the integers.
        """
        index = int(getattr(self._graph, side)[place])
        self._taken = False
        if io != "float32" and _flatbuffer.type_name(self._graph.tensors[index]) == "float32":
            take_over(
                self._model, self._graph, index, "QUANTIZE" if side == "inputs" else "DEQUANTIZE"
            )
            self._taken = int(getattr(self._graph, side)[place]) != index
        return int(getattr(self._graph, side)[place])

    def _outer(self, tensor: Any, io: str) -> int:
        """A new tensor like this one in another type, under its name."""
        outer = self._schema.TensorT()
        outer.shape, outer.shapeSignature = tensor.shape, tensor.shapeSignature
        outer.name = tensor.name
        tensor.name = tensor.name + b"/inner" if tensor.name else None
        outer.type, outer.buffer = getattr(self._schema.TensorType, io.upper()), 0
        outer.hasRank = tensor.hasRank
        if io != "float32":
            scales, old = self._schema.QuantizationParametersT(), tensor.quantization
            shift = _SHIFTS[_flatbuffer.type_name(tensor), io]
            scales.scale = np.asarray(old.scale, np.float32)
            scales.zeroPoint = np.asarray(old.zeroPoint, np.int64) + shift
            outer.quantization = scales
        self._graph.tensors.append(outer)
        return len(self._graph.tensors) - 1

    def _convert(self, inner: int, outer: int, side: str) -> None:
        """Put the conversion between both."""
        kind = _flatbuffer.type_name(self._graph.tensors[inner])
        floats = _flatbuffer.type_name(self._graph.tensors[outer]) == "float32"
        operator = self._schema.OperatorT()
        if side == "inputs":
            operator.inputs, operator.outputs = [outer], [inner]
            operator.opcodeIndex = self._code("QUANTIZE", 2 if kind == "int16" else 1)
            self._graph.operators.insert(0, operator)
            return
        name, version = ("DEQUANTIZE", _SINCE.get(kind, 1)) if floats else ("QUANTIZE", 1)
        operator.inputs, operator.outputs = [inner], [outer]
        operator.opcodeIndex = self._code(name, version)
        self._graph.operators.append(operator)

    def _code(self, name: str, version: int) -> int:
        """The place of an operator's code among the model's, of this version at least."""
        number = getattr(self._schema.BuiltinOperator, name)
        for index, code in enumerate(self._model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                code.version = max(code.version, version)
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = number
        code.version = version
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def _lead_to(self, side: str, inner: int, outer: int) -> None:
        """Let the graph's list and its signatures name the new tensor."""
        border = [int(index) for index in getattr(self._graph, side)]
        setattr(self._graph, side, [outer if index == inner else index for index in border])
        for signature in self._model.signatureDefs or ():
            for entry in getattr(signature, side) or ():
                if not signature.subgraphIndex and int(entry.tensorIndex) == inner:
                    entry.tensorIndex = outer


def _is_scaled(tensor: Any) -> bool:
    scales = tensor.quantization
    return scales is not None and scales.scale is not None and len(scales.scale) > 0
