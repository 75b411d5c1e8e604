"""LiteRT, which runs .tflite files."""

from edgehone.runners.runtimes._base import Runtime
from edgehone.system.settings import BLOCKS


class LiteRT(Runtime):
    """Google's LiteRT, or on old boards its predecessor tflite-runtime."""

    RUNTIME = "litert"
    SUFFIXES = (".tflite",)
    PACKAGE = "ai-edge-litert"

    def hint(self, message: str) -> str:
        """What a user can do about an error LiteRT reported."""
        if "installed" in message or "cannot be loaded" in message:
            return "Install LiteRT on the device: pip install ai-edge-litert."
        if "Flex" in message or "custom op" in message.lower():
            return "The model needs operators plain LiteRT lacks; see `edgehone inspect`."
        if "An older version of this builtin" in message:
            return (
                "The device's LiteRT is too old for the file: update it, or export int8 or float32."
            )
        if "Flatbuffer" in message or "identifier" in message:
            return "The file is damaged or no .tflite model; export it again."
        if "time limit" in message:
            return f"Measure fewer files at once, or fewer blocks ({BLOCKS})."
        return "See what is in the file with `edgehone inspect`."
