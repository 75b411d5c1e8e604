"""Augmentations change samples and targets together, by the seed, in every training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.tiny_nets import CLASSES, context, dense_net, images

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.quantize_aware import QuantizeAware
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training import augmentations
from edgehone.compress.training.augmenting import Augmented, augmented
from edgehone.compress.training.fitting import Schedule, fit_hard, label_loss
from edgehone.compress.training.options import TrainingOptions
from edgehone.data import Split
from edgehone.errors import ConfigError
from edgehone.values import Task

pytestmark = pytest.mark.slow  # TensorFlow


def shown(train: Split, *names: str, task: Task | None = None) -> Augmented:
    shop = replace(context(train=train, task=task), options=TrainingOptions(augment=names))
    return augmented(shop, train.y, label_loss(shop, CLASSES), CLASSES)


def batch(found: Augmented, split: Split) -> list[Any]:
    import tensorflow as tf

    whole = tf.data.Dataset.from_tensors((split.x, split.y)).map(found.changed)
    return [np.asarray(each) for each in next(iter(whole))]


@pytest.mark.parametrize("name", augmentations.known())
def test_every_augmentation_changes_samples_alike_for_one_seed(name: str) -> None:
    split = images(12)
    first, second = (batch(shown(split, name), split)[0] for _ in range(2))
    assert (first.shape, first.dtype) == (split.x.shape, split.x.dtype)
    assert np.isfinite(first).all()
    assert not np.array_equal(first, split.x)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", [n for n in augmentations.known() if augmentations.moves(n)])
@pytest.mark.parametrize("columns", [False, True])
def test_masks_move_with_their_images(name: str, columns: bool) -> None:
    rng = np.random.default_rng(0)
    corner = rng.integers(0, 12, (24, 2))
    labels = np.zeros((24, 24, 24), np.int64)
    for mask, (top, left) in zip(labels, corner, strict=True):
        mask[top : top + 12, left : left + 12] = 1
    split = Split(labels[..., None].astype(np.float32), labels)
    if columns:
        split = Split(split.x, np.eye(2, dtype=np.float32)[labels])
    x, y = batch(shown(split, name, task=Task("segmentation", "mean_iou")), split)
    found = y.argmax(-1) if columns else y
    assert found.dtype == labels.dtype
    assert not np.array_equal(found, labels)
    # what lies between pixels is blurred in images, and one or the other in masks
    assert np.abs((x[..., 0] > 0.5) - found).mean() < 0.12
    if name == "flip":
        assert np.array_equal(x[..., 0], found)


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_labels_are_mixed_as_their_samples_are(name: str) -> None:
    labels = np.arange(12) % CLASSES
    x = np.broadcast_to(np.eye(CLASSES)[labels][:, None, None], (12, 40, 40, CLASSES))
    split = Split(x.astype(np.float32), labels)
    found, y = batch(shown(split, name), split)
    assert y.sum(-1) == pytest.approx(1)
    assert ((y > 0.01) & (y < 0.99)).any()
    # a rectangle has whole pixels: its share is right to within one row and one column
    assert y == pytest.approx(found.mean((1, 2)), abs=0.06 if name == "cutmix" else 1e-4)


def trained(shop: TrainingContext, names: Sequence[str]) -> Any:
    step = Distill(2, 32, 1e-2, soft=0.5)
    return step.apply(dense_net(6, CLASSES, "softmax"), with_augment(shop, *names))


def with_augment(shop: TrainingContext, *names: str) -> TrainingContext:
    return replace(shop, options=TrainingOptions(augment=names), teacher_outputs={})


def test_the_teacher_sees_augmented_samples_and_one_seed_gives_one_result() -> None:
    shop = context(dense_net(12, CLASSES, "softmax", seed=5))
    plain, first, second = (trained(shop, names) for names in ([], ["mixup"], ["mixup"]))
    assert (plain.detail["recorded"], first.detail["recorded"]) == (True, False)
    weights = [each.model.get_weights() for each in (plain, first, second)]
    assert all(map(np.array_equal, weights[1], weights[2]))
    assert not np.array_equal(weights[0][0], weights[1][0])


def own(name: str) -> str:
    return f"python:{Path(__file__).stem}:{name}"


SEEN: list[tuple[float, int]] = []


def shifted(x: Any, y: Any, seed: int) -> tuple[Any, Any]:
    SEEN.append((float(x.max()), seed))
    return x + np.float32(100), y


def short(x: Any, y: Any, seed: int) -> tuple[Any, Any]:
    return x[:1], y


def late(x: Any, y: Any, seed: int) -> tuple[Any, Any]:
    if len(x) > 2:
        raise ValueError("no such wind")
    return x, y


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.mark.parametrize(
    "step",
    [
        Distill(1, 32, soft=0.5),
        Distill(1, 32, soft=0.0),
        QuantizeAware(epochs=1, batch_size=32),
        Slimmable(epochs=1, batch_size=32),
    ],
    ids=["distill", "labels", "quantize_aware", "slimmable"],
)
def test_every_training_calls_a_function_of_the_users(step: Any) -> None:
    import test_compress_training_augmenting as module  # type: ignore[import-not-found]  # by name

    module.SEEN.clear()
    shop = context(dense_net(12, CLASSES, "softmax", seed=5))
    step.apply(dense_net(6, CLASSES, "softmax"), with_augment(shop, own("shifted")))
    assert len(module.SEEN) >= 1 + 3
    assert len({seed for _, seed in module.SEEN[1:]}) >= 3


@pytest.mark.parametrize(("name", "message"), [("short", "shapes"), ("late", "no such wind")])
def test_a_function_that_fails_is_named(name: str, message: str) -> None:
    shop = with_augment(context(), own(name))
    with pytest.raises(ConfigError, match=f"{name}.*{message}"):
        fit_hard(dense_net(6, CLASSES, "softmax"), shop, Schedule(1, 32))


@pytest.mark.parametrize(
    ("shape", "target", "name", "message"),
    [
        ((20, 4), (), "flip", "needs images"),
        ((20,), (), "crop", "needs images"),
        ((8, 8, 1), (10, 5), "rotate", "would not move with them"),
        ((8, 8, 1), (8, 8), "cutmix", "one label a sample"),
    ],
)
def test_what_does_not_fit_the_data_is_refused(
    shape: tuple[int, ...], target: tuple[int, ...], name: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        augmentations.require([name], shape, target, "float32")


def test_numbers_of_tokens_are_not_mixed() -> None:
    with pytest.raises(ConfigError, match="samples of fractions"):
        augmentations.require(["mixup"], (20,), (), "int32")
