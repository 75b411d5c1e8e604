"""What an artifact computes on this machine, sample by sample, from floats to floats."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone import files
from edgehone.errors import ExecutionError
from edgehone.export._base import Array
from edgehone.export._interpreter import open_interpreter

_RUNTIME_ERRORS = (RuntimeError, ValueError, TypeError)


def outputs(file: Path, x: Array) -> Array:
    """The first output of a .tflite or .onnx file for each sample: (n, *output_shape) float32.

    x: (n, *input_shape), as the model takes it. Integer inputs and outputs that have a scale are
    quantized and dequantized: q = round(x / scale) + zero_point, clipped to the type's range.
    Raises ExecutionError when the file cannot be loaded, or a sample does not fit or fails.
    """
    with files.reading(file):
        content = file.read_bytes()
    if not len(x):
        raise ExecutionError(f"There is no sample to run {file} with.", "Give at least one sample.")
    try:
        run = _tflite(content) if file.suffix.lower() == ".tflite" else _onnx(content)
        return np.stack([run(sample) for sample in x]).astype(np.float32)
    except _RUNTIME_ERRORS as error:
        raise _failed(file, x, error) from error


def _tflite(content: bytes) -> Callable[[Array], Array]:
    interpreter = open_interpreter(content)
    source = _only(interpreter.get_input_details())
    result = interpreter.get_output_details()[0]

    def run(sample: Array) -> Array:
        interpreter.set_tensor(source["index"], _quantized(sample[None], source))
        interpreter.invoke()
        return _dequantized(interpreter.get_tensor(result["index"])[0], result)

    return run


def _onnx(content: bytes) -> Callable[[Array], Array]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base
        raise RuntimeError(str(error)) from error
    source = _only(session.get_inputs())
    dtype = _onnx_dtype(source.type)

    def run(sample: Array) -> Array:
        try:
            return np.asarray(session.run(None, {source.name: sample[None].astype(dtype)})[0][0])
        except Exception as error:  # onnxruntime's errors share no other base
            raise RuntimeError(str(error)) from error

    return run


def _only(inputs: Sequence[Any]) -> Any:
    if len(inputs) != 1:
        raise ValueError(f"it has {len(inputs)} inputs, and only models with one are run")
    return inputs[0]


def _onnx_dtype(name: str) -> Any:
    """The NumPy type of an onnxruntime type such as "tensor(float)"."""
    short = name.removeprefix("tensor(").removesuffix(")")
    return np.dtype({"float": "float32", "double": "float64"}.get(short, short))


def _quantized(x: Array, detail: Any) -> Array:
    scale, zero_point = detail["quantization"]
    if scale and np.issubdtype(detail["dtype"], np.integer):
        limits = np.iinfo(detail["dtype"])
        x = np.clip(np.round(x / scale) + zero_point, limits.min, limits.max)
    return np.asarray(x, detail["dtype"])


def _dequantized(y: Array, detail: Any) -> Array:
    scale, zero_point = detail["quantization"]
    if scale and np.issubdtype(detail["dtype"], np.integer):
        return np.asarray((y.astype(np.float32) - zero_point) * np.float32(scale))
    return np.asarray(y)


def _failed(file: Path, x: Array, error: Exception) -> ExecutionError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ExecutionError(
        f"Cannot run {file} on samples of shape {tuple(x.shape[1:])}: {reason}",
        "Check the model's input with `edgehone inspect`, and that the file has one input.",
    )
