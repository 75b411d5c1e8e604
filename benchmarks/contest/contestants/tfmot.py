"""TFMOT: pruning, clustering and quantization-aware training of the teacher's copy in tf_keras."""

from functools import partial
from pathlib import Path

import child
from arena import Arena, Made, weights_of
from datasets import SOURCES
from effort import shares

from contestants._base import Contestant


class Tfmot(Contestant):
    """A file for each sparsity; the bill is split among them, and half of each is pruning, a
    quarter clustering, and a quarter quantization-aware training.
    """

    def enter(self, arena: Arena) -> None:
        """A training a sparsity."""
        sparsities = arena.effort.sparsities
        bills = shares(arena.effort.bill, len(sparsities))
        for sparsity, epochs in zip(sparsities, bills, strict=True):
            settings = {"sparsity": sparsity, "epochs": stages(epochs), **_trained(arena)}
            arena.kept(
                self.name, f"sparsity {sparsity:g}", settings, partial(_made, arena, settings)
            )


def stages(epochs: int) -> tuple[int, int, int]:
    """Epochs of pruning, clustering and quantization-aware training."""
    last = epochs // 4
    return epochs - 2 * last, last, last


def _trained(arena: Arena) -> dict[str, float]:
    return {"batch_size": arena.effort.batch_size, "learning_rate": arena.effort.rate}


def _made(arena: Arena, settings: dict[str, object], folder: Path) -> list[Made]:
    source = SOURCES[arena.data.name]
    order = {
        **settings,
        "data": arena.data.path,
        "weights": weights_of(arena.teacher),
        "net": source.net,
        "shape": source.shape,
        "classes": source.classes,
        "seed": arena.seed,
        "folder": folder,
    }
    answer = child.asked("tfmot_pipeline", order, folder, legacy=True)
    [file] = child.made(answer, **settings)
    epochs = sum(settings["epochs"])  # type: ignore[call-overload] # a tuple, see `Tfmot.enter`
    return [Made(file.name, file.path, file.precision, {file.name: epochs}, file.settings)]


CONTESTANTS = (Tfmot("TFMOT", trained=True),)
