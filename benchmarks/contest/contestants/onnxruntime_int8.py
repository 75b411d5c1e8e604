"""ONNX Runtime's static int8 quantization of the teacher's float .onnx file."""

from pathlib import Path

import child
from arena import Arena, Made

import edgehone as eh
from contestants._base import Contestant


class OnnxRuntimeInt8(Contestant):
    """Weights by tensor and by channel; the float file, too. No training."""

    def enter(self, arena: Arena) -> None:
        """Three files."""

        def work(folder: Path) -> list[Made]:
            [whole] = eh.export(arena.teacher, folder, formats="onnx")
            order = {
                "model": whole.path,
                "calibration": child.calibration(arena, folder),
                "folder": folder,
            }
            quantized = child.made(child.asked("onnx_static", order, folder))
            return [Made("float32", whole.path, "float32", {}, {}), *quantized]

        arena.kept(self.name, "quantize", {}, work)


CONTESTANTS = (OnnxRuntimeInt8("ONNX Runtime int8"),)
