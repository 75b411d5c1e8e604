"""The classic first experiment, done right: a multilayer perceptron distilled, pruned, quantized.

The teacher has 128 hidden units. A student with 64 learns from the labels alone and, with the
same epochs and from the same start, from the teacher as well, several times over, because one
pair of trainings says little. The teacher itself is pruned to 64 units and trained on. Everything
is exported to TFLite, and measured on this machine.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
from images import Images, find
from scipy.stats import ttest_1samp

import edgehone as eh

Key = tuple[str, str]
"""A model's name and the precision of its file."""

TEACHER, STUDENT = 128, 64
"""Hidden units."""

FEWEST_PAIRS = 3
"""Fewer pairs of students are no ground for a verdict."""

EXPORTS = {
    "teacher": ("float32", "int8"),
    "student, labels": ("int8",),
    "student, taught": ("float32", "int8"),
    "teacher, pruned": ("float32", "int8"),
}
"""Which files are made of which model; the first is what all others are compared with."""


@dataclass(frozen=True)
class Trained:
    """Keras models by name, and the accuracies of both kinds of student, one pair a seed."""

    models: Mapping[str, Any]
    pairs: tuple[tuple[float, float], ...]


def main() -> None:
    """Train, export, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help='an .npz file, or "digits"; default: MNIST')
    parser.add_argument("--epochs", type=int, default=0, help="default: 10, on the digits 30")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each kind of student")
    arguments = parser.parse_args()
    images = find(arguments.data)
    many = len(images.arrays["x_train"]) > 10_000
    epochs = arguments.epochs or (10 if many else 30)
    trained = train(images, epochs, 128 if many else 32, arguments.seeds)
    with TemporaryDirectory() as folder:
        found = measured(images, trained.models, Path(folder))
        print(table(images, found))
        print(fastest(found))
    if images.note:
        print(images.note)
    print(verdict(trained.pairs))


def train(images: Images, epochs: int, batch: int, seeds: int) -> Trained:
    """The teacher, both students once a seed (the first seed's are kept), the pruned teacher."""
    distill = eh.Distill(epochs=epochs, batch_size=batch, learning_rate=2e-3)
    teacher = on_labels(perceptron(images, TEACHER, 0), images, epochs, batch)
    models, pairs = {"teacher": teacher}, []
    for number in range(1, seeds + 1):
        start = perceptron(images, STUDENT, number)
        taught = eh.compress(start, distill, images.arrays, teacher=teacher, seed=number)
        alone = on_labels(start, images, epochs, batch)
        models.setdefault("student, labels", alone)
        models.setdefault("student, taught", taught.model)
        pairs.append((_accuracy(images, alone), _accuracy(images, taught.model)))
    pruned = [eh.PruneChannels(ratio=1 - STUDENT / TEACHER), distill]
    models["teacher, pruned"] = eh.compress(teacher, pruned, images.arrays).model
    return Trained(models, tuple(pairs))


def perceptron(images: Images, hidden: int, number: int) -> Any:
    """One hidden layer; number: its seed."""
    keras.utils.set_random_seed(number)
    layers = keras.layers
    image = layers.Input(images.shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    x = layers.Dense(hidden, activation="relu", name="hidden")(x)
    scores = layers.Dense(images.classes, activation="softmax", name="digit")(x)
    return keras.Model(image, scores, name=f"mlp{hidden}")


def on_labels(model: Any, images: Images, epochs: int, batch: int) -> Any:
    """The model, trained on the labels alone; its rate falls as a cosine, as in distillation."""
    x, y = images.part("train")
    steps = epochs * -(-len(x) // batch)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    return model


def measured(images: Images, models: Mapping[str, Any], folder: Path) -> dict[Key, eh.Measurement]:
    """Every model in every precision; one interleaved measurement on this machine."""
    files: dict[Key, eh.Artifact] = {}
    for name, precisions in EXPORTS.items():
        made = eh.export(
            models[name], folder / name, precision=precisions, calibration=images.part("train")[0]
        )
        files |= {(name, key): file for key, file in zip(precisions, made, strict=True)}
    first = next(iter(files.values()))
    found = eh.bench(list(files.values()), data=images.part("test"), baseline=first)
    return dict(zip(files, found, strict=True))


def table(images: Images, found: Mapping[Key, eh.Measurement]) -> str:
    """One row a file; drop: against the first, times faster: of medians."""
    inputs, start = int(np.prod(images.shape)), next(iter(found.values()))
    rows = [
        f"{inputs}-{TEACHER}-{images.classes} and {inputs}-{STUDENT}-{images.classes} on "
        f"{images.name}, 95 % intervals",
        f"{'model':<15} {'':<7} acc. %      drop, points   bytes  p50 µs times faster",
    ]
    for (name, precision), each in found.items():
        rows.append(f"{name:<15} {precision:<7} {_cells(each, start)}")
    return "\n".join(rows)


def _cells(each: eh.Measurement, start: eh.Measurement) -> str:
    if each.accuracy is None or each.latency is None or start.latency is None:
        return each.reason
    drop = each.accuracy.drop or 0.0
    interval = _span(each.accuracy.drop_ci95 or (drop, drop))
    faster = _p50_ms(start) / _p50_ms(each)
    return (
        f"{100 * each.accuracy.value:6.2f} {f'{100 * drop:+.1f} {interval}':>17} "
        f"{each.artifact.size_bytes:>7,} {1000 * _p50_ms(each):>7.2f} {faster:>12.1f}"
    )


def fastest(found: Mapping[Key, eh.Measurement]) -> str:
    """Whether the pruned int8 file is faster than the teacher's, by pairs of blocks."""
    pruned, teacher = (found[name, "int8"].artifact for name in ("teacher, pruned", "teacher"))
    answer = eh.compare(pruned, teacher)
    if answer.ratio is None or answer.ci95 is None:
        return f"Pruned against the teacher, both int8: {answer.reason}"
    low, high = answer.ci95
    return (
        f"Pruned against the teacher, both int8: {answer.verdict}, {answer.ratio:.2f} of its time "
        f"[{low:.2f}, {high:.2f}]."
    )


def _p50_ms(each: eh.Measurement) -> float:
    """The median over blocks of their medians."""
    blocks = each.latency.blocks_ms if each.latency else ()
    return float(np.median([np.median(block) for block in blocks]))


def verdict(pairs: tuple[tuple[float, float], ...]) -> str:
    """Whether distillation helped the student, over all seeds: by Student's t over the pairs."""
    gains = [100 * (taught - alone) for alone, taught in pairs]
    mean = float(np.mean(gains))
    text = f"Student, taught by the teacher against labels alone: {mean:+.2f} points"
    if len(gains) < FEWEST_PAIRS:
        return f"{text}; from {len(gains)} pairs nothing can be concluded."
    low, high = ttest_1samp(gains, 0).confidence_interval()
    word = "helped" if low > 0 else "harmed" if high < 0 else "made no difference that shows"
    return f"{text} [{low:.1f}, {high:.1f}] over {len(gains)} pairs: distillation {word}."


def _accuracy(images: Images, model: Any) -> float:
    x, y = images.part("test")
    return float((model.predict(x, batch_size=256, verbose=0).argmax(axis=1) == y).mean())


def _span(interval: tuple[float, float]) -> str:
    low, high = (100 * each for each in interval)
    return f"[{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main()
