"""Troubles with samples without labels: how each is brought about, and what the user is told."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.troubles import CLASSES, FEATURES, Make, Trouble

_X = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)


def _given(name: str, *shape: int, step: str = "", project: str = "") -> Make:
    """A model, data and a recipe, with an array of this shape beside them."""

    def make(folder: Path) -> Sequence[str]:
        from edgehone.graph import backend

        keras = backend.keras()
        layers = [keras.Input((FEATURES,)), keras.layers.Dense(CLASSES, "softmax")]
        keras.Sequential(layers).save(folder / "net.keras")
        np.savez(folder / "data.npz", x=_X, y=np.arange(90) % CLASSES)
        if shape:
            np.save(folder / "more.npy", np.zeros(shape, np.float32))
        settings = "".join(f", {each}" for each in step.split(", ") if each)
        steps = f'steps = [{{technique = "distill", epochs = 1{settings}}}]'
        (folder / "recipes.toml").write_text(f'[[recipe]]\nname = "a"\n{steps}\n')
        (folder / "edgehone.toml").write_text(project)
        data = ("--data", "data.npz", "--unlabelled", name)
        return ["compress", "net.keras", "recipes.toml", *data, "-o", "out", "--force"]

    return make


UNLABELLED = (
    Trouble(
        "no samples without labels",
        _given("no.npy"),
        2,
        "There are no samples at",
        "a .npy file, an .npz file with an array x, a folder of images",
    ),
    Trouble(
        "samples without labels in another kind of file",
        _given("net.keras"),
        2,
        "is not a .npy file, an .npz file or a folder",
        "a .npy file, an .npz file with an array x, a folder of images",
    ),
    Trouble(
        "samples without labels of a task that needs none",
        _given("more.npy", 4, FEATURES, project='[task]\nkind = "reconstruction"\n'),
        2,
        "is of no use for reconstruction",
        "Put the samples into the training data",
    ),
    Trouble(
        "samples without labels, and nothing that learns from them",
        _given("more.npy", 4, FEATURES, step="soft = 0.0"),
        2,
        "and nothing to learn from them",
        "Give soft a weight and a teacher, or leave out --unlabelled",
    ),
)
