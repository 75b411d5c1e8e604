"""ONNX Runtime, which runs .onnx files."""

from edgehone.runners.runtimes._base import Runtime
from edgehone.system.settings import BLOCKS


class OnnxRuntime(Runtime):
    """Microsoft's ONNX Runtime on the CPU."""

    RUNTIME = "onnxruntime"
    SUFFIXES = (".onnx",)
    PACKAGE = "onnxruntime"

    def hint(self, message: str) -> str:
        """What a user can do about an error ONNX Runtime reported."""
        if "is not installed" in message or "cannot be loaded" in message:
            return "Install ONNX Runtime on the device: pip install onnxruntime."
        if "protobuf parsing failed" in message.lower():
            return "The file is damaged or no .onnx model; export it again."
        if "opset" in message.lower() or "ir version" in message.lower():
            return "The device's ONNX Runtime is too old for the file; update it."
        if "time limit" in message:
            return f"Measure fewer files at once, or fewer blocks ({BLOCKS})."
        return "See what is in the file with `edgehone inspect`."
