"""The recipes of litert-quantizer, on the float file that TensorFlow makes of the teacher."""

from pathlib import Path

import child
from arena import Arena, ContestantError, Made

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
        for recipe in RECIPES:

            def work(folder: Path, recipe: str = recipe) -> list[Made]:
                order = {
                    "model": arena.teacher,
                    "calibration": child.calibration(arena, folder),
                    "folder": folder,
                }
                [whole] = child.asked("tflite", {**order, "precisions": ["float32"]}, folder)[
                    "files"
                ]
                again = {**order, "model": whole["path"], "recipes": [recipe]}
                answer = child.asked("quantizer_recipes", again, folder)
                if recipe in answer["refused"]:
                    raise ContestantError(f"{recipe}: {answer['refused'][recipe]}")
                return child.made(answer, recipe=recipe)

            arena.kept(self.name, recipe, {}, work)


CONTESTANTS = (Quantizer("litert-quantizer"),)
