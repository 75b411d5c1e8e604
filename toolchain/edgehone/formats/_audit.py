"""What is in an artifact: operators, data types, borders, and whether "int8" is int8 throughout."""

from pathlib import Path

from edgehone.errors import ModelError
from edgehone.formats import _audit_onnx, _audit_tflite
from edgehone.formats._flatbuffer import MALFORMED, damaged
from edgehone.system.library_errors import sentence
from edgehone.values import Plain


def audit(file: Path) -> Plain:
    """What a .tflite or .onnx file holds, read without TensorFlow.

    Returns {"format", "size_bytes", "operators": {name: count}, "types": {dtype: tensors},
    "flex": [operator], "custom": [operator], "integer_only": whether no tensor that is computed
    is float, "float_layers": [{"name", "operator"}] for operators that compute in float,
    "inputs"/"outputs": [{"name": as the signature calls it, "shape": null for a free size,
    "dtype", "scale", "zero_point", and of inputs "quantized_as": what a float one is quantized to
    at once, {"dtype", "scale", "zero_point"} or null, and "takes": {"low": [number], "high":
    [number], "why"}, which repeat over its elements, where operators bound what it can be}],
    "loops": [layer] that run a loop, or one operator that loops (ONNX's LSTM),
    "roles": {role: {dtype: tensors}}, roles being inputs, weights, biases, shapes (plain integers
    that say how to compute), activations, outputs,
    "quantization": {role: {"tensors", "per_channel", "per_tensor": how many are quantized so,
    "scale": [least, most], "zero_point": [least, most], "symmetric": every zero point is 0}},
    "constant_bytes": {layer: bytes}, what operators share counted once,
    "delegates": {"xnnpack": {"delegated", "nodes", "partitions", "macs": {"delegated", "total"},
    "left": {operator: count}, "left_layers": [name]} or {"reason"}}, found by letting XNNPACK take
    what it takes on this machine, in the main graph; {} for ONNX, which has none of it,
    "layers": [{"name", "operator", "types": [input, weights, output], "weight_bytes"}]}.
    Raises ModelError for a file that is damaged or neither of the two.
    """
    readers = {".tflite": _audit_tflite.audit, ".onnx": _audit_onnx.audit}
    if file.suffix.lower() not in readers:
        raise ModelError(
            f"{file} is neither a .tflite nor an .onnx file.",
            "Export the model first: edgehone export",
        )
    try:
        return readers[file.suffix.lower()](file)
    except MALFORMED as error:  # what fits together by itself may yet make no sense as a whole
        raise damaged(str(file), f"what is in it makes no sense ({sentence(error)})") from error
