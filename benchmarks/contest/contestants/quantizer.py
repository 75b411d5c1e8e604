"""The recipes of litert-quantizer, on the float file that TensorFlow makes of the teacher."""

from pathlib import Path

import child
from arena import Arena, Made
from rows import Row

from contestants._base import Contestant

RECIPES = (
    "static_wi8_ai8",
    "dynamic_wi8_afp32",
    "weight_only_wi8_afp32",
    "dynamic_wi4_afp32",
    "static_wi8_ai16",
)


class Quantizer(Contestant):
    """Each recipe a file, in a process of its own; no training."""

    def enter(self, arena: Arena) -> None:
        """A file a recipe."""

        def work(folder: Path) -> list[Made | Row]:
            order = {
                "model": arena.teacher,
                "calibration": child.calibration(arena, folder),
                "folder": folder,
            }
            [whole] = child.asked("tflite", {**order, "precisions": ["float32"]}, folder)["files"]
            again = {**order, "model": whole["path"], "recipes": RECIPES}
            answer = child.asked("quantizer_recipes", again, folder)
            refused = answer["refused"].items()
            return [
                *child.made(answer),
                *(arena.failed(self.name, recipe, reason) for recipe, reason in refused),
            ]

        arena.kept(self.name, "recipes", {"recipes": RECIPES}, work)


CONTESTANTS = (Quantizer("litert-quantizer"),)
