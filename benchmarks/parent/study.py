"""Networks cut out of a slimmable parent against cuts of the teacher, for the same bill.

Bills are passes of a network over the training images. Everything is trained with the teacher, and
judged on the test images, in Keras.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from network import network

from edgehone.compress._base import TrainingContext
from edgehone.compress._statistics import remeasure
from edgehone.compress.distill import Distill
from edgehone.compress.slimmable import Slimmable
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.compress.training.sandwich import SUBNETWORKS
from edgehone.data import DataSet, Split
from edgehone.graph.groups import analyse
from edgehone.graph.loading import load, save
from edgehone.graph.widths import scale_widths
from edgehone.values import Task

HERE = Path(__file__).parent
SHARES = (0.75, 0.5, 0.375, 0.25)
"""Of the channels of every group, kept."""

TEACHER = Schedule(epochs=16, batch_size=64, learning_rate=3e-3)
PARENT = 4
"""Epochs of the parent, each SUBNETWORKS passes."""

AFTER = 2
"""Epochs of each network that is cut out of the parent."""

EQUAL = AFTER + PARENT * SUBNETWORKS // len(SHARES)
"""Epochs of each cut of the teacher: the parent's bill is shared by all that come out of it."""


@dataclass(frozen=True)
class Row:
    """Percent of the test images answered correctly at one share, and the seconds of training."""

    seed: int
    share: float
    start: str
    epochs: int
    correct: float
    seconds: float


def main() -> None:
    """Run all seeds and write the table; what was done before is looked up in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="fashion_mnist.npz")
    parser.add_argument("--train", type=int, default=5000, help="training images")
    parser.add_argument("--test", type=int, default=4000, help="test images")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    data = data_set(asked.data, asked.train, asked.test)
    rows = [row for seed in range(asked.seeds) for row in seed_rows(data, seed, asked.work)]
    (HERE / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    text = table(rows)
    (HERE / "results.md").write_text(text)
    print(text)


def data_set(file: Path, train: int, test: int) -> DataSet:
    """The first training images to learn from, the first test images to judge by."""
    with np.load(file, allow_pickle=False) as found:
        parts = {
            name: Split(
                (found[f"x_{name}"][:count, ..., None] / 255).astype(np.float32),
                found[f"y_{name}"][:count].astype(np.int64),
            )
            for name, count in (("train", train), ("test", test))
        }
    return DataSet(parts["train"], parts["test"], parts["test"], str(file), "0" * 64, 10)


def seed_rows(data: DataSet, seed: int, work: Path) -> Iterator[Row]:
    """All rows of one seed, one after the other; those in the folder are not made again."""
    teacher = teacher_of(data, seed, work)
    context = TrainingContext(teacher, data, Task(), seed)
    yield kept(work, seed, 1.0, "teacher", lambda: (teacher, 0.0, TEACHER.epochs), data)
    for share in SHARES:
        for epochs in (AFTER, EQUAL):
            start = f"teacher, {epochs} epochs"
            yield kept(work, seed, share, start, lambda: from_teacher(context, share, epochs), data)  # noqa: B023 - called at once
        for epochs in (0, AFTER):
            start = f"parent, {epochs} epochs"
            yield kept(work, seed, share, start, lambda: from_parent(context, share, epochs), data)  # noqa: B023 - called at once


def kept(work: Path, seed: int, share: float, start: str, make: Any, data: DataSet) -> Row:
    """A row, from the folder if it is there."""
    file = work / f"{seed}-{share:g}-{start.replace(', ', '-').replace(' ', '-')}.json"
    if not file.exists():
        model, seconds, epochs = make()
        correct = float(
            100 * (model.predict(data.test.x, verbose=0).argmax(-1) == data.test.y).mean()
        )
        row = Row(seed, share, start, epochs, round(correct, 2), round(seconds, 1))
        file.write_text(json.dumps(asdict(row)))
    row = Row(**json.loads(file.read_text()))
    print(row, flush=True)
    return row


def teacher_of(data: DataSet, seed: int, work: Path) -> Any:
    """The teacher, trained on the labels; looked up where it was before."""
    file = work / f"{seed}-teacher.keras"
    if not file.exists():
        made = fit_hard(network(seed), TrainingContext(None, data, Task(), seed), TEACHER).model
        save(made, file)
    return load(str(file))


def from_teacher(context: TrainingContext, share: float, epochs: int) -> tuple[Any, float, int]:
    """The strongest channels of the teacher, distilled."""
    begun = time.monotonic()
    narrow = scale_widths(context.teacher, share, minimum=1, inherit=True)
    remeasure(narrow, context.data.train, seed=context.seed)
    done = Distill(epochs=epochs).apply(narrow, context).model
    return done, time.monotonic() - begun, epochs


def from_parent(context: TrainingContext, share: float, epochs: int) -> tuple[Any, float, int]:
    """As many channels cut out of the parent, distilled; the seconds are without the parent's."""
    step = Slimmable(ratio=1 - share, epochs=PARENT)
    key = step.key(context.teacher)
    if key not in context.parents:
        step.apply(context.teacher, context)  # trains the parent
    parent = context.parents[key][0]
    print(f"parent: {parent.epochs} passes, {parent.seconds:.0f} s", flush=True)
    begun = time.monotonic()
    widths = step.widths(analyse(context.teacher))
    narrow = parent.slice(widths, context.data.train, seed=context.seed)
    done = Distill(epochs=epochs).apply(narrow, context).model if epochs else narrow
    return done, time.monotonic() - begun, epochs


def table(rows: list[Row]) -> str:
    """Percent correct by share and start, the mean over seeds and each of them."""
    starts = list(dict.fromkeys(row.start for row in rows if row.start != "teacher"))
    whole = [row.correct for row in rows if row.start == "teacher"]
    lines = [f"Teacher: {_mean(whole)}.\n", f"| kept | {' | '.join(starts)} |"]
    lines.append("|---" * (len(starts) + 1) + "|")
    found: Mapping[tuple[float, str], list[float]] = {
        (share, start): [r.correct for r in rows if (r.share, r.start) == (share, start)]
        for share in SHARES
        for start in starts
    }
    for share in SHARES:
        cells = " | ".join(_mean(found[share, start]) for start in starts)
        lines.append(f"| {share:g} | {cells} |")
    return "\n".join(lines) + "\n"


def _mean(values: list[float]) -> str:
    return f"{fmean(values):.1f} ({', '.join(f'{value:.1f}' for value in values)})"


if __name__ == "__main__":
    main()
