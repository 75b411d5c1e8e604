"""A Keras model written as the content of a float .tflite or .onnx file, by the converters."""

import tempfile
from pathlib import Path
from typing import Any

from edgehone.errors import ConversionError
from edgehone.export._blame import blamed
from edgehone.export._recurrent import recurrent_layers
from edgehone.export._tracing import tokens, traced, without_training
from edgehone.formats._naming import KerasNames, rename_tflite
from edgehone.formats._onnx_erfc import teach_erfc
from edgehone.formats._onnx_groups import plain_convolutions
from edgehone.formats._onnx_naming import rename_onnx
from edgehone.formats._session import open_session

_OPSET = 15
"""tf2onnx's own choice, which onnxruntime's quantizer takes."""


def written(model: Any, form: str, batch: int | None) -> bytes:
    """The flattened model as a float file whose operators are named after its layers.

    form: "tflite" or "onnx"; batch: of every input, None for any. Raises ConversionError, which
    names the layer that the converter stumbled over where its message tells.
    """
    with without_training(model), tokens(model) as names:
        try:
            if form == "tflite":
                return rename_tflite(_tflite(model, names, batch), names)
            return _onnx(model, names, batch)
        except ConversionError:
            raise
        except Exception as error:  # converters raise whatever their many parts raise
            raise blamed(error, form, names) from error


def _tflite(model: Any, names: KerasNames, batch: int | None) -> bytes:
    """Float conversion with TFLite's own operators only.

    `experimental_lower_to_saved_model` is off: writing and reading back a SavedModel, which makes
    the same file, took 1.9 of the converter's 2.2 s for a net of 78,000 parameters.
    """
    import tensorflow as tf

    function = traced(model, batch).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.experimental_lower_to_saved_model = False
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter raises whatever its many parts raise
        operations = {each.type: each.name for each in function.graph.get_operations()}
        raise blamed(error, "tflite", names, operations) from error


def _onnx(model: Any, names: KerasNames, batch: int | None) -> bytes:
    """By tf2onnx, as Keras patches it; then what onnxruntime's quantizer wants done first."""
    from keras.src.export.tf2onnx_lib import patch_tf2onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    patch_tf2onnx()
    teach_erfc()
    import tf2onnx

    # With a batch of 1 TensorFlow turns a transpose into a reshape, and tf2onnx no longer knows
    # the loop of an LSTM, which it would write as one operator.
    recurrent = bool(recurrent_layers(model)) and all(t.shape[0] is None for t in model.inputs)
    function = traced(model, None if recurrent else batch)
    with plain_convolutions():
        signature = function.input_signature
        exported, _ = tf2onnx.convert.from_function(function, signature, opset=_OPSET)
    _embed_captured(exported, function.get_concrete_function())
    if recurrent and batch is not None:
        for value in exported.graph.input:
            value.type.tensor_type.shape.dim[0].dim_value = batch
    with tempfile.TemporaryDirectory() as folder:
        whole, prepared = Path(folder) / "exported.onnx", Path(folder) / "prepared.onnx"
        whole.write_bytes(exported.SerializeToString())
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)
        content = rename_onnx(prepared.read_bytes(), names)
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
