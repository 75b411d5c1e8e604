"""How an onnxruntime session is opened on an .onnx file's content and fed, without its chatter."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.formats._base import Array
from edgehone.formats._interpreter import require_count


def open_session(content: bytes, *, fuse: bool = True) -> Any:
    """A session with one thread on the CPU. Raises RuntimeError when the content is not a model.

    fuse: whether the runtime may rewrite the graph, as it does where models are used.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    if not fuse:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.graph_optimization_level = level
    try:
        return onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no other base
        raise RuntimeError(str(error)) from error


def run(session: Any, batch: Sequence[Array]) -> list[Array]:
    """Every output for one batch: an array (batch, *input_shape) for each input, in order.

    Raises ValueError when arrays and inputs differ in number, RuntimeError when they do not fit.
    """
    sources = session.get_inputs()
    require_count(len(sources), len(batch))
    feed = {
        source.name: np.asarray(array, _dtype(source.type))
        for source, array in zip(sources, batch, strict=True)
    }
    try:
        return [np.asarray(result) for result in session.run(None, feed)]
    except Exception as error:  # onnxruntime's errors share no other base
        raise RuntimeError(str(error)) from error


def batch_size(session: Any) -> int:
    """How many samples one run takes: the first input's first size, 1 when it is free."""
    shape = session.get_inputs()[0].shape
    return int(shape[0]) if shape and isinstance(shape[0], int) else 1


def _dtype(name: str) -> Any:
    """The NumPy type of an onnxruntime type such as "tensor(float)"."""
    short = name.removeprefix("tensor(").removesuffix(")")
    return np.dtype({"float": "float32", "double": "float64"}.get(short, short))
