"""Troubles with how models are trained: how each is brought about, and what the user is told."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.troubles import CLASSES, FEATURES, Make, Trouble

_X = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)


def _trained(project: str) -> Make:
    """A model, data and a recipe, with this project file beside them."""

    def make(folder: Path) -> Sequence[str]:
        from edgehone.graph import backend

        keras = backend.keras()
        keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(CLASSES)]).save(
            folder / "net.keras"
        )
        np.savez(folder / "data.npz", x=_X, y=np.arange(90) % CLASSES)
        np.save(folder / "more.npy", _X)
        steps = 'steps = [{technique = "distill", epochs = 1}]'
        (folder / "recipes.toml").write_text(f'[[recipe]]\nname = "a"\n{steps}\n')
        (folder / "edgehone.toml").write_text(project)
        data = ("--data", "data.npz", "-o", "out", "--force")
        return ["compress", "net.keras", "recipes.toml", *data]

    return make


TRAINING = (
    Trouble(
        "an augmentation that does not exist",
        _trained('[data]\naugment = ["flop"]\n'),
        2,
        "unknown augmentation 'flop'",
        "Did you mean 'flip'?",
    ),
    Trouble(
        "an augmentation of images for rows of numbers",
        _trained('[data]\naugment = ["flip"]\n'),
        2,
        "needs images (height, width, channels)",
        "Leave it out of augment",
    ),
    Trouble(
        "mixed labels beside samples that have none",
        _trained('[data]\naugment = ["mixup"]\nunlabelled = "more.npy"\n'),
        2,
        "mix the labels of samples, and some samples have none",
        "Leave them out of augment",
    ),
)
