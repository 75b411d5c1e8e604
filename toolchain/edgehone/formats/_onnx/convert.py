"""A traced Keras model as a float .onnx file, by tf2onnx as Keras patches it."""

import tempfile
from pathlib import Path
from typing import Any

from edgehone.formats._onnx.erfc import teach_erfc
from edgehone.formats._onnx.groups import plain_convolutions
from edgehone.formats._onnx.naming import rename_onnx
from edgehone.formats._session import open_session
from edgehone.formats._traced import TracedModel

_OPSET = 15
"""tf2onnx's own choice, which onnxruntime's quantizer takes."""


def converted(source: TracedModel) -> bytes:
    """The float file, and then what onnxruntime's quantizer wants done first; its nodes are named
    after the model's layers. Raises whatever tf2onnx raises.
    """
    from keras.src.export.tf2onnx_lib import patch_tf2onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    patch_tf2onnx()
    teach_erfc()
    import tf2onnx

    # With a batch of 1 TensorFlow turns a transpose into a reshape, and tf2onnx no longer knows
    # the loop of an LSTM, which it would write as one operator.
    free = source.repeats and all(each.shape[0] is None for each in source.model.inputs)
    function = source.trace(None if free else source.batch)
    with plain_convolutions():
        signature = function.input_signature
        exported, _ = tf2onnx.convert.from_function(function, signature, opset=_OPSET)
    _embed_captured(exported, function.get_concrete_function())
    if free and source.batch is not None:
        for value in exported.graph.input:
            value.type.tensor_type.shape.dim[0].dim_value = source.batch
    with tempfile.TemporaryDirectory() as folder:
        whole, prepared = Path(folder) / "exported.onnx", Path(folder) / "prepared.onnx"
        whole.write_bytes(exported.SerializeToString())
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)
        content = rename_onnx(prepared.read_bytes(), source.names)
    open_session(content)  # tf2onnx also writes operators that no runtime has
    return content


def _embed_captured(exported: Any, function: Any) -> None:
    """Make constants of tensors that a layer holds (Normalization's mean), which tf2onnx leaves as
    inputs of the file.
    """
    from onnx import numpy_helper

    graph = exported.graph
    own = len(function.inputs) - len(function.captured_inputs)
    values = {
        inner.name: outer
        for inner, outer in zip(function.inputs[own:], function.captured_inputs, strict=True)
    }
    for value in [value for value in graph.input if value.name in values]:
        graph.initializer.append(numpy_helper.from_array(values[value.name].numpy(), value.name))
        graph.input.remove(value)
