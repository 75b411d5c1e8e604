"""The child process that turns Keras models into float .tflite and .onnx files, job by job.

Run as `python -m edgehone.export.worker`: one JSON job a line on standard input, one JSON answer a
line on standard output. Whatever libraries print goes to standard error.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from edgehone import files
from edgehone.errors import ConversionError, EdgehoneError, ModelError
from edgehone.export._naming import INPUT_PREFIX, KerasLayer, KerasNames, rename_tflite, token
from edgehone.references import function, is_reference


def main() -> int:
    """Answer {"ready": true} once TensorFlow is loaded, then one line for each job."""
    answers = _own_stdout()
    from edgehone.graph import backend

    backend.keras()
    _answer(answers, {"ready": True})
    for line in sys.stdin:
        _answer(answers, _reply(json.loads(line)))
        backend.keras().backend.clear_session()
    return 0


def _own_stdout() -> TextIO:
    """A stream to the parent; file descriptor 1 itself then leads to standard error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _answer(stream: TextIO, message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _reply(job: dict[str, Any]) -> dict[str, Any]:
    """{"done": true}, or {"error": {"kind", "message", "hint"}}; never an exception."""
    try:
        for source in filter(is_reference, job.get("sources", ())):
            function(source, ModelError)  # its module registers the layers of its own
        convert(job["model"], job["format"], Path(job["destination"]), trust=job["trust"])
    except EdgehoneError as error:
        kind = type(error).__name__
        return {"error": {"kind": kind, "message": error.message, "hint": error.hint}}
    return {"done": True}


def convert(source: str, form: str, destination: Path, *, trust: bool = False) -> None:
    """Write a Keras model as a float file with batch 1; `form` is "tflite" or "onnx".

    Batch norms are folded first. Raises ModelError and ConversionError.
    """
    from edgehone.graph.fold import fold_batch_norms
    from edgehone.graph.loading import load

    model = fold_batch_norms(load(source, trust=trust))
    names = keras_names(model)
    for index, layer in enumerate(_flat_layers(model)):
        layer.name = token(index)
    _fixed_shapes(model)
    try:
        content = _tflite(model) if form == "tflite" else _onnx(model, names)
    except Exception as error:  # converters raise whatever their many parts raise
        raise ConversionError(
            f"The converter to {form} gave up: {_reason(error)}",
            "Replace the layer or operation it names by one the format has.",
        ) from error
    files.write_whole(destination, rename_tflite(content, names) if form == "tflite" else content)


def keras_names(model: Any) -> KerasNames:
    """Layers with their kernels, inputs in order, and the layers that make the outputs."""
    return KerasNames(
        tuple(KerasLayer(layer.name, _kernels(layer)) for layer in _flat_layers(model)),
        tuple(tensor._keras_history.operation.name for tensor in model.inputs),
        tuple(tensor._keras_history.operation.name for tensor in model.outputs),
    )


def _flat_layers(model: Any) -> list[Any]:
    """All layers, those inside nested models too, in a fixed order."""
    found = []
    for layer in model.layers:
        found += [layer, *(_flat_layers(layer) if hasattr(layer, "layers") else [])]
    return found


def _kernels(layer: Any) -> tuple[Any, ...]:
    if getattr(layer, "layers", None):
        return ()
    arrays = [np.asarray(weight) for weight in layer.get_weights()]
    return tuple(array for array in arrays if array.ndim >= 2)


def _fixed_shapes(model: Any) -> list[tuple[int, ...]]:
    """The inputs' shapes with batch 1."""
    shapes = [(1, *tensor.shape[1:]) for tensor in model.inputs]
    for tensor, shape in zip(model.inputs, shapes, strict=True):
        if None in shape:
            raise ConversionError(
                f"Input {tensor.name!r} has no fixed size: {tuple(tensor.shape[1:])}.",
                "Build the model with a fixed input shape; devices run one shape.",
            )
    return shapes


def _traced(model: Any) -> Any:
    """The model as one TensorFlow function of numbered inputs."""
    import tensorflow as tf

    signature = [
        tf.TensorSpec(shape, tensor.dtype, name=f"{INPUT_PREFIX}{number}")
        for number, (shape, tensor) in enumerate(
            zip(_fixed_shapes(model), model.inputs, strict=True)
        )
    ]

    def run(*tensors: Any) -> Any:
        return model(list(tensors) if len(tensors) > 1 else tensors[0], training=False)

    return tf.function(run, input_signature=signature, autograph=False)


def _tflite(model: Any) -> bytes:
    """Float conversion with TFLite's own operators only.

    `experimental_lower_to_saved_model` is off: writing and reading back a SavedModel, which makes
    the same file, took 1.9 of the converter's 2.2 s for a net of 78,000 parameters.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [_traced(model).get_concrete_function()], model
    )
    converter.experimental_lower_to_saved_model = False
    return bytes(converter.convert())


def _onnx(model: Any, names: KerasNames) -> bytes:
    """Keras's own exporter, what onnxruntime's quantizer wants done first, layers' names."""
    import tensorflow as tf
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from edgehone.export._onnx_naming import rename_onnx

    specs = [
        tf.TensorSpec(shape, tensor.dtype, name=name)
        for tensor, shape, name in zip(
            model.inputs, _fixed_shapes(model), names.inputs, strict=True
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        exported, prepared = Path(folder) / "exported.onnx", Path(folder) / "prepared.onnx"
        model.export(str(exported), format="onnx", verbose=False, input_signature=specs)
        quant_pre_process(exported, prepared, skip_symbolic_shape=True)
        return rename_onnx(prepared.read_bytes(), names)


def _reason(error: Exception) -> str:
    """The line of a converter's long message that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line] or lines or [type(error).__name__]
    return telling[0].split("error:")[-1].strip()[:300]


if __name__ == "__main__":
    sys.exit(main())
