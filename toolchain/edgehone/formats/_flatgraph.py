"""A .tflite file put together operator by operator, without a converter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehone.formats import _flatbuffer
from edgehone.formats._tflite import versions


@dataclass(frozen=True)
class Quantization:
    """Scales of a tensor, one or one for each slice along `axis`; zero: the zero point of all."""

    scales: Sequence[float]
    axis: int = 0
    zero: int = 0


class Graph:
    """Tensors and operators of a file as they are added; tensors are numbered from 0."""

    def __init__(self) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]

    def tensor(
        self,
        name: str,
        kind: str,
        shape: Sequence[int],
        *,
        data: bytes | None = None,
        quantization: Quantization | None = None,
    ) -> int:
        """A tensor of the schema's type `kind` ("FLOAT32"), a constant when it has data."""
        schema = self._schema
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name.encode(), [int(size) for size in shape]
        tensor.type = getattr(schema.TensorType, kind)
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            tensor.buffer = len(self._buffers)
            self._buffers.append(buffer)
        if quantization is not None:
            values = schema.QuantizationParametersT()
            values.scale = np.asarray(quantization.scales, np.float32)
            values.zeroPoint = np.full(len(quantization.scales), quantization.zero, np.int64)
            values.quantizedDimension = quantization.axis
            tensor.quantization = values
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def operator(self, name: str, inputs: Sequence[int], result: int, options: Any = None) -> None:
        """An operator that reads `inputs` and writes `result`; options: one of the schema's."""
        schema = self._schema
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._codes)
        operator.inputs, operator.outputs = list(inputs), [result]
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        self._codes.append(code)
        self._operators.append(operator)

    def dequantized(self, position: int, name: str) -> int:
        """A float copy of a tensor, made by an operator while running."""
        result = self.tensor(name, "FLOAT32", self._tensors[position].shape)
        self.operator("DEQUANTIZE", [position], result)
        return result

    def content(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The whole file; its operators state the versions that their operands need."""
        graph = self._schema.SubGraphT()
        graph.tensors, graph.operators, graph.name = self._tensors, self._operators, b"main"
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = self._schema.ModelT()
        model.version, model.description = 3, b"edgehone"
        model.subgraphs, model.buffers, model.operatorCodes = [graph], self._buffers, self._codes
        versions.state(model)
        return _flatbuffer.pack(model)
