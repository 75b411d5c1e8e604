"""Uniform width: the teacher with the same share of every layer's channels, distilled."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from arena import Arena, Made, files_made
from effort import HARD, SOFT, Effort

import edgehone as eh
from contestants._base import Contestant


@dataclass(frozen=True)
class Uniform(Contestant):
    """Each width in int8 and in float32: which of them is better is measured.

    The strongest channels keep the teacher's weights, and edgehone's own `distill` trains them.
    parts: into how many the epochs are divided, of which one is trained: to see what the others
    still bring.
    """

    parts: int = 1

    def epochs(self, effort: Effort) -> int:
        """Of each width."""
        return effort.epochs // self.parts

    def bill(self, effort: Effort) -> int:
        """All widths' epochs."""
        return len(effort.widths) * self.epochs(effort)

    def enter(self, arena: Arena) -> None:
        """A training a width, two files each."""
        for width in arena.effort.widths:
            settings = {
                "width": width,
                "epochs": self.epochs(arena.effort),
                "batch_size": arena.effort.batch_size,
                "learning_rate": arena.effort.rate,
            }
            job = f"width {width:g}"
            arena.kept(self.name, job, settings, partial(self._made, arena, width))

    def _made(self, arena: Arena, width: float, folder: Path) -> list[Made]:
        effort = arena.effort
        training = eh.Distill(
            epochs=self.epochs(effort),
            batch_size=effort.batch_size,
            learning_rate=effort.rate,
            soft=SOFT,
            hard=HARD,
        )
        narrow = eh.compress(
            arena.teacher,
            [eh.ScaleWidth(factor=width), training],
            arena.data.path,
            seed=arena.seed,
            progress=arena.progress,
        )
        both = ["int8", "float32"]
        files = eh.export(narrow, folder, precision=both, calibration=arena.calibration)
        name = f"width {width:g}"
        return files_made(list(files), name, {name: self.epochs(effort)}, width=width)


CONTESTANTS = (
    Uniform("uniform width", trained=True),
    Uniform("uniform width, half the epochs", trained=True, ablation=True, parts=2),
)
