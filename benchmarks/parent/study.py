"""Networks cut out of a slimmable parent against cuts of the teacher, for the same bill.

Bills are passes of a network over the training images. Everything is trained with the teacher, and
judged on the test images, in Keras.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
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
from edgehone.graph.loading import load, save
from edgehone.graph.widths import scale_widths
from edgehone.values import Task

HERE = Path(__file__).parent
SHARES = (0.75, 0.5, 0.375, 0.25)
"""Of the channels of every group, kept."""

TEACHER = Schedule(epochs=16, batch_size=64, learning_rate=3e-3)
PARENT = 4
"""Epochs of the parent, each SUBNETWORKS passes."""

SOFT = 0.7
"""A fixed weight of the teacher's answers: one training each, so that bills are equal."""

AFTER = 2
"""Epochs of each network that is cut out of the parent."""

EQUAL = tuple(AFTER + PARENT * SUBNETWORKS // several for several in (8, 4))
"""Epochs of each cut of the teacher for the same bill, where 8 or 4 networks share the parent's."""


@dataclass(frozen=True)
class Row:
    """Percent of the test images answered correctly at one share, and the seconds of training."""

    seed: int
    rate: float
    share: float
    start: str
    epochs: int
    correct: float = 0.0
    seconds: float = 0.0


def main() -> None:
    """Run all seeds and write the table; what was done before is looked up in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="fashion_mnist.npz")
    parser.add_argument("--train", type=int, default=5000, help="training images")
    parser.add_argument("--test", type=int, default=4000, help="test images")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, TEACHER.learning_rate])
    parser.add_argument("--work", type=Path, default=HERE / "work")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    data = data_set(asked.data, asked.train, asked.test)
    rows = [
        row
        for rate in asked.rates
        for seed in range(asked.seeds)
        for row in seed_rows(data, seed, rate, asked.work)
    ]
    (HERE / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    text = tables(rows)
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


def seed_rows(data: DataSet, seed: int, rate: float, work: Path) -> Iterator[Row]:
    """All rows of one seed and rate in turn; those in the folder are not made again."""
    teacher = teacher_of(data, seed, work)
    context = TrainingContext(teacher, data, Task(), seed)
    yield kept(work, Row(seed, rate, 1.0, "teacher", TEACHER.epochs), data, lambda _: teacher)
    for share in SHARES:
        for start, make, lengths in (
            ("teacher", from_teacher, (AFTER, *EQUAL)),
            ("parent", from_parent, (0, AFTER)),
        ):
            for epochs in lengths:
                row = Row(seed, rate, share, f"{start}, {epochs} epochs", epochs)
                yield kept(work, row, data, partial(make, context))


def kept(work: Path, row: Row, data: DataSet, make: Callable[[Row], Any]) -> Row:
    """A row with its result, from the folder if it is there."""
    start = row.start.replace(", ", "-").replace(" ", "-")
    file = work / f"{row.seed}-{row.rate:g}-{row.share:g}-{start}.json"
    if not file.exists():
        begun = time.monotonic()
        model = make(row)
        seconds = time.monotonic() - begun
        answers = model.predict(data.test.x, verbose=0).argmax(-1)
        correct = float(100 * (answers == data.test.y).mean())
        file.write_text(
            json.dumps(asdict(replace(row, correct=round(correct, 2), seconds=round(seconds, 1))))
        )
    found = Row(**json.loads(file.read_text()))
    print(found, flush=True)
    return found


def teacher_of(data: DataSet, seed: int, work: Path) -> Any:
    """The teacher, trained on the labels; looked up where it was before."""
    file = work / f"{seed}-teacher.keras"
    if not file.exists():
        made = fit_hard(network(seed), TrainingContext(None, data, Task(), seed), TEACHER).model
        save(made, file)
    return load(str(file))


def from_teacher(context: TrainingContext, row: Row) -> Any:
    """The strongest channels of the teacher, distilled."""
    narrow = scale_widths(context.teacher, row.share, minimum=1, inherit=True)
    remeasure(narrow, context.data.train, seed=context.seed)
    return (
        Distill(epochs=row.epochs, learning_rate=row.rate, soft=SOFT).apply(narrow, context).model
    )


def from_parent(context: TrainingContext, row: Row) -> Any:
    """As many channels cut out of the parent, distilled."""
    step = Slimmable(ratio=1 - row.share, epochs=PARENT, learning_rate=row.rate)
    narrow = step.apply(context.teacher, context).model  # the first one trains the parent
    if not row.epochs:
        return narrow
    return (
        Distill(epochs=row.epochs, learning_rate=row.rate, soft=SOFT).apply(narrow, context).model
    )


def tables(rows: list[Row]) -> str:
    """Percent correct by share and start for each rate: the mean over seeds, and each of them."""
    starts = list(dict.fromkeys(row.start for row in rows if row.start != "teacher"))
    lines = [f"Teacher: {_mean(rows, rows[0].rate, 1.0, 'teacher')}."]
    for rate in dict.fromkeys(row.rate for row in rows):
        lines += ["", f"### Rate {rate:g}", "", f"| kept | {' | '.join(starts)} |"]
        lines.append("|---" * (len(starts) + 1) + "|")
        for share in SHARES:
            cells = " | ".join(_mean(rows, rate, share, start) for start in starts)
            lines.append(f"| {share:g} | {cells} |")
    return "\n".join(lines) + "\n"


def _mean(rows: list[Row], rate: float, share: float, start: str) -> str:
    where = (rate, share, start)
    values = [row.correct for row in rows if (row.rate, row.share, row.start) == where]
    each = ", ".join(f"{value:.1f}" for value in values)
    return f"{fmean(values):.1f}" + (f" ({each})" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
