"""The classic first experiment, done right: a multilayer perceptron distilled, pruned, quantized.

The teacher has 128 hidden units. A student with 64 learns from the labels alone and, with the
same epochs and from the same start, from the teacher as well, several times over, because one
pair of trainings says little. The teacher itself is pruned to 64 units and trained on. Everything
is exported to TFLite, and measured on this machine.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from images import Images, find
from rich.console import Console
from rich.table import Table

from edgehone.compress._base import Workshop
from edgehone.compress.distill import Distill
from edgehone.compress.prune_channels import PruneChannels
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.export.artifacts import export
from edgehone.export.conversion import Converter
from edgehone.formats._base import Calibration
from edgehone.formats.tflite import TFLite
from edgehone.graph.backend import keras, seed
from edgehone.graph.loading import save
from edgehone.measure.device import resolve
from edgehone.measure.plan import MeasurePlan, Shard
from edgehone.measure.protocol import measure
from edgehone.stats import mean_ci, percentile, ratio_ci, summarize
from edgehone.values import Artifact, BitPlan, Measurement, Task

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
    epochs = arguments.epochs or (10 if len(images.data.train) > 10_000 else 30)
    screen = Console()
    with screen.status("training"):
        trained = train(images, epochs, arguments.seeds)
    with screen.status("exporting and measuring"), TemporaryDirectory() as folder:
        found = measured(images, trained.models, Path(folder))
    screen.print(table(images, found))
    if images.note:
        screen.print(images.note)
    screen.print(verdict(trained.pairs))


def train(images: Images, epochs: int, seeds: int) -> Trained:
    """The teacher, both students once a seed (the first seed's are kept), the pruned teacher."""
    batch = 32 if len(images.data.train) < 10_000 else 128
    schedule = Schedule(epochs, batch, 2e-3)
    distill = Distill(epochs, batch, 2e-3)
    labels_only = Workshop(None, images.data, Task())
    teacher = fit_hard(perceptron(images, TEACHER, 0), labels_only, schedule).model
    models, pairs = {"teacher": teacher}, []
    for number in range(seeds):
        start = perceptron(images, STUDENT, number + 1)
        alone = fit_hard(start, Workshop(None, images.data, Task(), number), schedule).model
        taught = distill.apply(start, Workshop(teacher, images.data, Task(), number)).model
        models.setdefault("student, labels", alone)
        models.setdefault("student, taught", taught)
        pairs.append((_accuracy(images, alone), _accuracy(images, taught)))
    with_teacher = Workshop(teacher, images.data, Task())
    pruned = PruneChannels(ratio=1 - STUDENT / TEACHER).apply(teacher, with_teacher).model
    models["teacher, pruned"] = distill.apply(pruned, with_teacher).model
    return Trained(models, tuple(pairs))


def perceptron(images: Images, hidden: int, number: int) -> Any:
    """One hidden layer; number: its seed."""
    seed(number)
    layers = keras().layers
    image = layers.Input(images.shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    x = layers.Dense(hidden, activation="relu", name="hidden")(x)
    scores = layers.Dense(images.data.class_count, activation="softmax", name="digit")(x)
    return keras().Model(image, scores, name=f"mlp{hidden}")


def measured(images: Images, models: Mapping[str, Any], folder: Path) -> dict[Key, Measurement]:
    """Every model in every precision; one interleaved measurement on this machine."""
    with Converter() as converter:
        artifacts = dict(_exported(images, models, converter, folder))
    test = images.data.test
    teacher = models["teacher"].predict(test.x, verbose=0)
    baseline = next(iter(artifacts.values())).sha256
    shards = {"test": Shard(test.x, test.y, teacher)}
    plan = MeasurePlan(shards, Task(), baseline=baseline)
    found = measure(list(artifacts.values()), resolve("local", {}), plan)
    return dict(zip(artifacts, found, strict=True))


def _exported(
    images: Images, models: Mapping[str, Any], converter: Converter, folder: Path
) -> Iterator[tuple[Key, Artifact]]:
    form, calibration = TFLite(), Calibration((images.data.calibration(200),))
    for index, (name, precisions) in enumerate(EXPORTS.items()):
        kept = save(models[name], folder / f"{index}.keras")
        source = converter.convert(kept, "tflite", folder / f"{index}.tflite")
        for precision in precisions:
            file = folder / f"{index}-{precision}.tflite"
            made = export(source, form, BitPlan(precision), calibration, file)
            yield (name, precision), made


def table(images: Images, found: Mapping[Key, Measurement]) -> Table:
    """One row a file; drop and times faster: against the first."""
    inputs, start = int(np.prod(images.shape)), next(iter(found.values()))
    shown = Table(
        title=f"{inputs}-{TEACHER}-{images.data.class_count} and {inputs}-{STUDENT}-"
        f"{images.data.class_count} on {images.name}, 95 % intervals",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for head in ("model", "", "acc. %", "drop, points", "bytes", "p50 µs", "times faster"):
        shown.add_column(head, justify="left" if head in ("model", "") else "right", no_wrap=True)
    for (name, precision), each in found.items():
        shown.add_row(name, precision, *_cells(each, start))
    return shown


def _cells(each: Measurement, start: Measurement) -> list[str]:
    if each.accuracy is None or each.latency is None or start.latency is None:
        return [each.reason]
    drop = each.accuracy.drop or 0.0
    pairs = zip(start.latency.blocks_ms, each.latency.blocks_ms, strict=True)
    ratio, interval = ratio_ci([(percentile(a, 50), percentile(b, 50)) for a, b in pairs])
    return [
        f"{100 * each.accuracy.value:.2f}",
        f"{100 * drop:+.1f} {_span(each.accuracy.drop_ci95 or (drop, drop), 100)}",
        f"{each.artifact.size_bytes:,}",
        f"{1000 * summarize(each.latency)['p50']:.2f}",
        f"{ratio:.1f} {_span(interval, 1)}",
    ]


def verdict(pairs: tuple[tuple[float, float], ...]) -> str:
    """Whether distillation helped the student, over all seeds: by Student's t over the pairs."""
    gains = [100 * (taught - alone) for alone, taught in pairs]
    mean = float(np.mean(gains))
    text = f"Student, taught by the teacher against labels alone: {mean:+.2f} points"
    if len(gains) < FEWEST_PAIRS:
        return f"{text}; from {len(gains)} pairs nothing can be told."
    low, high = mean_ci(gains)
    word = "helped" if low > 0 else "harmed" if high < 0 else "made no difference that shows"
    return f"{text} {_span((low, high), 1)} over {len(gains)} pairs: distillation {word}."


def _accuracy(images: Images, model: Any) -> float:
    scores = model.predict(images.data.test.x, batch_size=256, verbose=0)
    return float((scores.argmax(axis=1) == images.data.test.y).mean())


def _span(interval: tuple[float, float], scale: float) -> str:
    low, high = interval
    return f"\\[{scale * low:.1f}, {scale * high:.1f}]"


if __name__ == "__main__":
    main()
