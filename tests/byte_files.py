"""Files with byte inputs, data in bytes, and a file that XNNPACK cannot run."""

from pathlib import Path

import numpy as np

from edgehone.formats import _flatbuffer
from tests import tiny_models


def byte_file(folder: Path, scale: float, zero_point: int) -> Path:
    """A dense layer of 6 features and 3 classes with an int8 input of this scale and zero."""
    path = tiny_models.dense(folder, "int8", "byte")
    model = _flatbuffer.parse(path.read_bytes(), "the int8 file")
    main = model.subgraphs[0]
    source = main.tensors[main.inputs[0]].quantization
    source.scale = np.array([scale], np.float32)
    source.zeroPoint = np.array([zero_point], np.int64)
    path.write_bytes(_flatbuffer.pack(model))
    return path


def unsigned_file(folder: Path, zero_point: int = 0, scale: float = 1 / 255) -> Path:
    """The same layer behind an input of uint8: an operator turns its bytes into int8."""
    path = byte_file(folder, scale, zero_point - 128)
    from ai_edge_litert import schema_py_generated as schema

    model = _flatbuffer.parse(path.read_bytes(), "the int8 file")
    main = model.subgraphs[0]
    inner = main.tensors[main.inputs[0]]
    outer = schema.TensorT()
    outer.name, outer.shape, outer.type = b"bytes", inner.shape, schema.TensorType.UINT8
    outer.buffer = 0
    outer.quantization = schema.QuantizationParametersT()
    outer.quantization.scale = np.array([scale], np.float32)
    outer.quantization.zeroPoint = np.array([zero_point], np.int64)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
    code.version = 1
    first = schema.OperatorT()
    first.opcodeIndex, first.inputs = len(model.operatorCodes), [len(main.tensors)]
    first.outputs = [int(main.inputs[0])]
    model.operatorCodes.append(code)
    main.tensors.append(outer)
    main.operators.insert(0, first)
    main.inputs = np.array(first.inputs, np.int32)
    path.write_bytes(_flatbuffer.pack(model))
    return path


def byte_data(folder: Path, samples: int = 90) -> Path:
    """Bytes (n, 6), and labels of three classes."""
    random = np.random.default_rng(4)
    path = folder / "bytes.npz"
    x = random.integers(0, 256, (samples, 6)).astype(np.uint8)
    np.savez(path, allow_pickle=False, x=x, y=np.arange(samples) % 3)
    return path


def beyond_xnnpack(folder: Path) -> Path:
    """An int8 file that LiteRT's own kernels run and XNNPACK does not: its output's scale is so
    small that what a product is multiplied by is above 256.
    """
    path = tiny_models.dense(folder, "int8", "beyond")
    model = _flatbuffer.parse(path.read_bytes(), "the int8 file")
    main = model.subgraphs[0]
    found = main.tensors[main.outputs[0]].quantization
    found.scale = np.asarray(found.scale, np.float32) * np.float32(1e-5)
    path.write_bytes(_flatbuffer.pack(model))
    return path
