"""What is in an artifact: operators, data types, borders, and whether "int8" is int8 throughout."""

from pathlib import Path

from edgehone.errors import ModelError
from edgehone.export import _audit_onnx, _audit_tflite
from edgehone.values import Plain


def audit(file: Path) -> Plain:
    """What a .tflite or .onnx file holds, read without TensorFlow.

    Returns {"format", "size_bytes", "operators": {name: count}, "types": {dtype: tensors},
    "flex": [operator], "custom": [operator], "integer_only": whether no tensor that is computed
    is float, "float_layers": [{"name", "operator"}] for operators that compute in float,
    "inputs"/"outputs": [{"name", "shape", "dtype", "scale", "zero_point"}],
    "layers": [{"name", "operator", "types": [input, weights, output], "weight_bytes"}]}.
    Raises ModelError for a file that is damaged or neither of the two.
    """
    match file.suffix.lower():
        case ".tflite":
            return _audit_tflite.audit(file)
        case ".onnx":
            return _audit_onnx.audit(file)
    raise ModelError(
        f"{file} is neither a .tflite nor an .onnx file.", "Export the model first: edgehone export"
    )
