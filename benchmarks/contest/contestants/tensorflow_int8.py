"""TensorFlow's post-training quantization: int8 throughout, and of the weights alone."""

from pathlib import Path

import child
from arena import Arena, Made

from contestants._base import Contestant

NAME = "TensorFlow int8"


class TensorFlowInt8(Contestant):
    """What its guide to post-training quantization says; no training."""

    def enter(self, arena: Arena) -> None:
        """Both files."""

        def work(folder: Path) -> list[Made]:
            order = {
                "model": arena.teacher,
                "calibration": child.calibration(arena, folder),
                "folder": folder,
                "precisions": ["int8", "dynamic8"],
            }
            return child.made(child.asked("tflite", order, folder))

        arena.kept(self.name, "convert", {}, work)


CONTESTANTS = (TensorFlowInt8(NAME),)
