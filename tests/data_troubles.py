"""Shapes of trouble with labels, folders of images, and what functions return as data."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests import tiny_models
from tests.troubles import CLASSES, FEATURES, SCRIPTED, Make, Trouble

_X = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)
_Y = np.arange(90) % CLASSES


def _npz(**arrays: Any) -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        np.savez(folder / "data.npz", **arrays)
        return ["bench", "net.tflite", "--data", "data.npz", *SCRIPTED]

    return make


def _task(task: str, **arrays: Any) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "edgehone.toml").write_text(f"[task]\n{task}\n")
        return _npz(**arrays)(folder)

    return make


KINDS = (
    Trouble(
        "a misspelt kind of task",
        _task('kind = "multi-label"', x=_X, y=_Y),
        2,
        "kind 'multi-label' is unknown",
        "multilabel",
    ),
    Trouble(
        "a kind of task that is nowhere",
        _task('kind = "python:no_such_module_of_mine:Kind"', x=_X, y=_Y),
        2,
        "The module of 'python:no_such_module_of_mine:Kind' cannot be imported",
        "Run from the folder",
    ),
    Trouble(
        "a class that is not a kind of task",
        _task('kind = "python:pathlib:Path"', x=_X, y=_Y),
        2,
        "python:pathlib:Path is not a TaskKind",
        "Derive the class from edgehone.tasks.kinds._base.TaskKind",
    ),
    Trouble(
        "a metric of another kind",
        _task('kind = "segmentation"\nmetric = "accuracy"', x=_X, y=_Y),
        2,
        "metric 'accuracy' does not belong to segmentation",
        "edgehone init",
    ),
    Trouble(
        "classes where labels do not exclude each other",
        _task('kind = "multilabel"', x=_X, y=_Y),
        2,
        "has shape (90,), but labels that do not exclude each other need (n, 3)",
        'kind = "classification"',
    ),
    Trouble(
        "shares where labels do not exclude each other",
        _task('kind = "multilabel"', x=_X, y=np.full((90, 3), 0.5)),
        2,
        "has 0.5 as a target",
        'kind = "regression"',
    ),
    Trouble(
        "no label anywhere",
        _task('kind = "multilabel"', x=_X, y=np.zeros((90, 3))),
        2,
        "has no label in every sample",
        "check the labels",
    ),
    Trouble(
        "one class a sample where each place needs one",
        _task('kind = "segmentation"', x=_X, y=_Y),
        2,
        "A segmentation gives scores for each place",
        'kind = "classification"',
    ),
    Trouble(
        "one question where the model tells classes apart",
        _task('kind = "binary"', x=_X, y=_Y % 2),
        2,
        "A binary task has one output",
        'kind = "classification"',
    ),
    Trouble(
        "a score of anomaly from a model of classes",
        _task('kind = "anomaly"', x=_X, y=_Y % 2),
        2,
        "Anomaly detection takes one score a sample",
        "Let the model end in the score",
    ),
    Trouble(
        "boxes without a decoder",
        _task('kind = "detection"', x=_X, y=np.tile([0.0, 0.0, 1.0, 1.0, 0.0], (90, 1, 1))),
        2,
        "A detection needs a function that reads boxes",
        "detection(decoder='python:module:function')",
    ),
    Trouble(
        "targets that are no boxes",
        _task('kind = "detection"', x=_X, y=_Y),
        2,
        "but boxes need (n, m, 5)",
        "x1, y1, x2, y2 and the class of each box",
    ),
    Trouble(
        "a setting that a kind of task does not have",
        _task('kind = "segmentation(ignore=255)"', x=_X, y=_Y),
        2,
        "segmentation cannot be built",
        "Settings it takes: void",
    ),
    Trouble(
        "a setting of a metric that is out of range",
        _task('metric = "topk(k=0)"', x=_X, y=_Y),
        2,
        "topk has k = 0, which is out of range",
        "topk(k=3)",
    ),
)
"""Troubles with what the model is for."""

LABELS = (
    Trouble(
        "texts as labels",
        _npz(x=_X, y=np.array(["cat", "dog", "owl"])[_Y]),
        2,
        "has texts ('cat', 'dog', 'owl') as labels",
        "class_names, y = numpy.unique(y, return_inverse=True)",
    ),
    Trouble(
        "complex numbers", _npz(x=_X + 1j, y=_Y), 2, "has complex numbers", "astype('float32')"
    ),
    Trouble(
        "several labels a sample",
        _npz(x=_X, y=np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]])[_Y]),
        2,
        "has multi-label targets of shape (90, 3)",
        'kind = "multilabel"',
    ),
    Trouble(
        "shares of classes",
        _npz(x=_X, y=np.array([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8], [1.0, 0.0, 0.0]])[_Y]),
        2,
        "has shares of classes of shape (90, 3)",
        "argmax",
    ),
    Trouble(
        "one-hot rows of other classes",
        _npz(x=_X, y=np.eye(5)[_Y]),
        2,
        "has shape (90, 5), but the model's outputs have (n, 3)",
        "one-hot rows (n, 3)",
    ),
    Trouble(
        "labels that count from 1",
        _npz(x=_X, y=_Y + 1),
        2,
        "Label 3 in the",
        "seem to count from 1: subtract 1",
    ),
    Trouble(
        "a void class",
        _npz(x=_X, y=np.where(_Y == 1, 255, _Y)),
        2,
        "Label 255 in the",
        'kind = "segmentation(void=255)"',
    ),
    Trouble(
        "names of other classes",
        _npz(x=_X, y=_Y, class_names=np.array(["cat", "dog"])),
        2,
        "has 2 classes (cat, dog), but the model has 3",
        "in the order of training",
    ),
    Trouble(
        "two classes of one name",
        _npz(x=_X, y=_Y, class_names=np.array(["cat", "dog", "cat"])),
        2,
        "has 'cat' twice",
        "a name of its own",
    ),
)
"""Troubles with targets and the names of classes."""


def _draw(path: Path, size: int) -> None:
    Image.new("L", (size, size), 90).save(path)


def _of_floats(path: Path) -> None:
    Image.fromarray(np.ones((6, 6), np.float32)).save(path)


def _images(*names: str, spoil: Callable[[Path], Any] | None = None) -> Make:
    """Images (or empty files of other kinds), the last one spoilt."""

    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if name.endswith((".png", ".tif")):
                _draw(folder / name, 6)
            else:
                (folder / name).write_bytes(b"")
        if spoil:
            spoil(folder / names[-1])
        return ["bench", "net.tflite", "--data", "data", *SCRIPTED]

    return make


def _function(start: str, value: str) -> Make:
    """Data that a function returns."""

    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        module = f"data_of_{folder.name}".replace("-", "_")
        text = f"import sys\nsys.dont_write_bytecode = True\n{start}def load(): return {value}\n"
        (folder / f"{module}.py").write_text(text)
        return ["bench", "net.tflite", "--data", f"python:{module}:load", *SCRIPTED]

    return make


IMAGES = (
    Trouble(
        "a class without images",
        _images("data/a/1.png", "data/b/list.txt"),
        2,
        "has no images that are read",
        ".tiff",
    ),
    Trouble(
        "photos of a phone",
        _images("data/a/1.png", "data/b/1.HEIC"),
        2,
        "is of a kind that is not read",
        "Convert it to .png",
    ),
    Trouble(
        "an empty image",
        _images("data/a/1.png", "data/b/1.png", spoil=lambda path: path.write_bytes(b"")),
        2,
        "1.png cannot be read",
        "Replace it or remove it",
    ),
    Trouble(
        "images of real numbers",
        _images("data/a/1.png", "data/b/1.tif", spoil=_of_floats),
        2,
        "has floating-point numbers (mode F)",
        "8 or 16 bits a channel",
    ),
    Trouble(
        "images of many sizes",
        _images("data/a/1.png", "data/b/1.png", spoil=lambda path: _draw(path, 7)),
        2,
        "have different sizes",
        "resize the images",
    ),
    Trouble(
        "a split that is not known",
        _images("data/train/a/1.png", "data/holdout/a/1.png"),
        2,
        "is not a split that is known, beside train",
        "Rename it",
    ),
    Trouble(
        "two folders for one split",
        _images("data/train/a/1.png", "data/val/a/1.png", "data/valid/a/1.png"),
        2,
        "both hold validation images",
        "Join them",
    ),
    Trouble(
        "a split without classes",
        _images("data/train/a/1.png", "data/test/1.png"),
        2,
        "has no class folders of images, beside train",
        "folders called like their classes",
    ),
    Trouble(
        "no training images",
        _images("data/valid/a/1.png", "data/test/a/1.png"),
        2,
        "no training images beside",
        "itself as data",
    ),
    Trouble(
        "a class that training lacks",
        _images("data/train/a/1.png", "data/test/b/1.png"),
        2,
        "has no counterpart among the training images",
        "Their classes: a",
    ),
    Trouble(
        "splits one folder down",
        _images("data/archive/train/a/1.png", "data/archive/test/a/1.png"),
        2,
        "stands where classes are looked for",
        "itself as data",
    ),
)
"""Troubles with folders of images."""

LOADERS = (
    Trouble(
        "a generator with weights",
        _function("", "((x, x, 1) for x in range(3))"),
        2,
        "gives 3 values (int, int, int), not (x, y)",
        "as `Model.fit` of Keras takes them",
    ),
    Trouble(
        "an object that is not an array",
        _function("", "(object(), [0, 1])"),
        2,
        "is a object, not an array",
        "Return a dict of x, y",
    ),
    Trouble(
        "masked arrays",
        _function("import numpy as np\n", "(np.ma.masked_less([[1], [2]], 2), [0, 1])"),
        2,
        "is a masked array",
        "Fill them in",
    ),
)
"""Troubles with what functions return."""

_QUIETLY = "from edgehone.graph import backend\nbackend.keras()\nimport tensorflow as tf\n"

DATASETS = (
    Trouble(
        "a tf.data.Dataset without an end",
        _function(_QUIETLY, "tf.data.Dataset.from_tensor_slices(([1], [1])).repeat()"),
        2,
        "is a data set that never ends",
        "dataset.take(n)",
    ),
)
"""Troubles for which TensorFlow is loaded."""
