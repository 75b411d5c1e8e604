"""Troubles with how models are trained: how each is brought about, and what the user is told."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.troubles import CLASSES, FEATURES, Make, Trouble

_X = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)


def _trained(project: str, columns: int = 0) -> Make:
    """A model, data and a recipe, with this project file beside them. columns: of targets that
    are numbers; 0: they are labels.
    """

    def make(folder: Path) -> Sequence[str]:
        from edgehone.graph import backend

        keras = backend.keras()
        keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(CLASSES)]).save(
            folder / "net.keras"
        )
        y = _X[:, :columns] if columns else np.arange(90) % CLASSES
        np.savez(folder / "data.npz", x=_X, y=y)
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
        "an optimizer that does not exist",
        _trained('[training]\noptimizer = "sgd"\n'),
        2,
        "There is no optimizer called 'sgd'",
        "Known: ",
    ),
    Trouble(
        "gradients clipped in two ways",
        _trained("[training]\nclipnorm = 1\nclipvalue = 1\n"),
        2,
        "clipnorm and clipvalue are both set",
        "leave one",
    ),
    Trouble(
        "a loss that does not exist",
        _trained('[training]\nloss = "crossentropy"\n'),
        2,
        "Keras has no loss 'crossentropy'",
        "categorical_focal_crossentropy",
    ),
    Trouble(
        "the loss of a model that has none",
        _trained('[training]\nloss = "compiled"\n'),
        2,
        "does not say what loss of Keras it was compiled with",
        "Name the loss instead",
    ),
    Trouble(
        "weights of a class that does not exist",
        _trained("[data]\nclass_weights = {9 = 2.0}\n"),
        2,
        "class_weights have a class '9'",
        "Known: 0, 1, 2.",
    ),
    Trouble(
        "weights of classes where there are none",
        _trained('[data]\nclass_weights = "balanced"\n[task]\nkind = "regression"\n', 3),
        2,
        "class_weights need one class for each sample",
        "Leave them out",
    ),
    Trouble(
        "mixed labels beside samples that have none",
        _trained('[data]\naugment = ["mixup"]\nunlabelled = "more.npy"\n'),
        2,
        "mix the labels of samples, and some samples have none",
        "Leave them out of augment",
    ),
)
