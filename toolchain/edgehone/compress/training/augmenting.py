"""Training batches with their augmentations: samples and targets changed together, by the seed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone.compress._base import TrainingContext
from edgehone.compress._views import bare
from edgehone.compress.training import augmentations
from edgehone.compress.training.augmentations import Augmentation, Numbers
from edgehone.compress.training.own_augmentation import FEW, OwnFunction
from edgehone.compress.training.weighting import ClassWeighted
from edgehone.data import Array
from edgehone.errors import EdgehoneError
from edgehone.graph import backend
from edgehone.system import user_code

Change = Callable[[Any, Any], tuple[Any, Any]]
"""(samples (b, *shape), targets (b, ...)) -> the same, changed; symbolic tensors."""

LOOKED_AT = 512
"""Training samples that the range of the data is taken from."""

SEEDS = 2**31


@dataclass(frozen=True)
class Augmented:
    """How batches are changed, and the loss of their targets: another one where labels are mixed.
    failures: of the user's functions, in the order in which they came.
    """

    loss: Any
    changes: tuple[Change, ...] = ()
    failures: tuple[list[EdgehoneError], ...] = ()

    def changed(self, x: Any, y: Any) -> tuple[Any, Any]:
        """A batch, of whose targets the first are changed."""
        first, *others = y if isinstance(y, tuple) else (y,)
        for change in self.changes:
            x, first = change(x, first)
        return x, bare((first, *others))

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Raise what a user's function raised within the block, not what TensorFlow made of it."""
        try:
            yield
        except Exception:
            for error in (each for found in self.failures for each in found):
                raise error from None
            raise


def augmented(context: TrainingContext, targets: Array, loss: Any, classes: int) -> Augmented:
    """What the context's options ask for. targets: (n, ...), as the loss takes them; classes:
    columns of the model's outputs. Raises ConfigError for what does not fit the data.
    """
    names, train = context.options.augment, context.data.train
    if not names:
        return Augmented(loss)
    some, shape = np.asarray(train.x[:LOOKED_AT]), train.y.shape[1:]
    augmentations.require_data(names, context.data)
    changes: list[Change] = []
    if augmentations.mixes(names):
        loss, soften = _softened(loss, classes)
        changes.append(soften)
        targets = np.asarray(soften(None, targets[:FEW])[1])
    functions = []
    for place, name in enumerate(names):
        seed = (context.seed * 1000 + 10 * place) % SEEDS
        if user_code.is_reference(name):
            functions.append(OwnFunction(name, seed))
            functions[-1].tried(some[:FEW], targets[:FEW])
            changes.append(functions[-1])
        else:
            kind, numbers = augmentations.augmentation(name), _numbers(some, seed)
            changes.append(_Layers(kind, tuple(kind.layers(backend.keras(), numbers)), shape))
    return Augmented(loss, tuple(changes), tuple(each.failures for each in functions))


def _numbers(samples: Array, seed: int) -> Numbers:
    return Numbers(float(samples.min()), float(samples.max()), seed)


def _softened(loss: Any, classes: int) -> tuple[Any, Change]:
    """A loss for targets that are mixed, and what makes them of the usual ones: of labels, one
    column for each of so many classes.
    """
    keras = backend.keras()
    if isinstance(loss, ClassWeighted):
        inner, soften = _softened(loss.loss, classes)
        return replace(loss, loss=inner), soften
    if not isinstance(loss, keras.losses.SparseCategoricalCrossentropy):
        return loss, lambda x, y: (x, keras.ops.cast(y, "float32"))
    # What is no class, such as a label that is ignored, becomes zeros and costs nothing.
    columns = keras.losses.CategoricalCrossentropy(from_logits=True)
    return columns, lambda x, y: (x, keras.ops.one_hot(y, classes, dtype="float32"))


@dataclass(frozen=True)
class _Layers:
    """An augmentation's Keras layers on a batch. spatial: targets have the height and width of
    their samples; shape: of one target.
    """

    kind: Augmentation
    layers: tuple[Any, ...]
    shape: tuple[int, ...]

    def __call__(self, x: Any, y: Any) -> tuple[Any, Any]:
        keras = backend.keras()
        found, targets = keras.ops.cast(x, "float32"), y
        for layer in self.layers:
            if self.kind.MIXES:
                found, targets = self._mixed(layer, found, targets)
            elif self.kind.MOVES and len(self.shape) > 1:
                found, targets = self._moved(layer, found, targets)
            else:
                found = layer(found, training=True)
        if not x.dtype.is_floating:
            found = keras.ops.round(keras.ops.clip(found, x.dtype.min, x.dtype.max))
        found = keras.ops.cast(found, x.dtype)
        found.set_shape(x.shape)
        return found, targets

    def _moved(self, layer: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """Images, and masks (b, h, w) or (b, h, w, k) that move with them."""
        ops = backend.keras().ops
        masks = ops.cast(y, "float32")
        masks = masks[..., None] if len(self.shape) == 2 else masks
        data = layer({"images": x, "segmentation_masks": masks}, training=True)
        moved = data["segmentation_masks"]
        moved = moved[..., 0] if len(self.shape) == 2 else moved
        if not y.dtype.is_floating:
            moved = ops.round(moved)
        return data["images"], ops.reshape(ops.cast(moved, y.dtype), ops.shape(y))

    def _mixed(self, layer: Any, x: Any, y: Any) -> tuple[Any, Any]:
        ops = backend.keras().ops
        images = x if self.kind.IMAGES else ops.reshape(x, (ops.shape(x)[0], -1, 1, 1))
        labels = ops.reshape(y, (ops.shape(y)[0], -1))
        data = layer({"images": images, "labels": labels}, training=True)
        found = ops.reshape(data["labels"], ops.shape(y))
        return ops.reshape(data["images"], ops.shape(x)), found
