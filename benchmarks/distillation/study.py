"""Which settings of `distill` are better than labels alone, on small nets of several data sets.

Every row is kept as soon as it is there, and not made again.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from data_sets import SOURCES, load, with_few_labels
from nets import STUDENT, TEACHER, network
from settings import SITUATIONS, TURNS, Setting, Situation, settings
from tables import Row, report

from edgehone.compress._base import TrainingContext
from edgehone.compress.distill import Distill
from edgehone.compress.prune_channels import PruneChannels
from edgehone.compress.training.fitting import Schedule, fit_hard
from edgehone.data import DataSet, Split
from edgehone.graph import loading
from edgehone.values import Task

HERE = Path(__file__).parent
USUAL = ("fashion_mnist", "spoken_digits", "mnist1d")
RATE = 1e-2
BATCH, FEW_BATCH = 64, 16
LONGER_TEACHER = 2
"""Times the epochs of a student."""


@dataclass(frozen=True)
class Plan:
    """What is done. epochs: of a student; few labels are passed over twice as often."""

    data: Path
    names: tuple[str, ...]
    seeds: tuple[int, ...]
    work: Path
    rows: Path
    quick: bool = False

    def epochs(self, name: str, *, few: bool) -> int:
        """Passes of a student over the training samples."""
        usual = 1 if self.quick else SOURCES[name].epochs
        return 2 * usual if few else usual


def main() -> None:
    """Make the rows that are missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the .npz files")
    parser.add_argument("--sets", default=",".join(USUAL), help=f"of {', '.join(SOURCES)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where teachers are kept")
    parser.add_argument("--rows", type=Path, default=HERE / "rows.jsonl")
    parser.add_argument("--quick", action="store_true", help="one epoch, one seed, one data set")
    parser.add_argument("--table", action="store_true", help="write the tables alone")
    asked = parser.parse_args()
    names = tuple(asked.sets.split(","))
    plan = Plan(asked.data, names, tuple(range(asked.seeds)), asked.work, asked.rows, asked.quick)
    if asked.quick:
        quick = {"names": names[:1], "seeds": (0,), "work": asked.work / "quick"}
        plan = replace(plan, **quick, rows=asked.work / "quick" / "rows.jsonl")
    plan.work.mkdir(parents=True, exist_ok=True)
    if not asked.table:
        for row in missing(plan):
            with plan.rows.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            print(row, flush=True)
    text = report(kept(plan.rows), plan.names, plan.seeds)
    (plan.rows.parent / "results.md").write_text(text)
    print(text)


def kept(file: Path) -> list[Row]:
    """The rows that are there."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [Row(**json.loads(line)) for line in lines]


def missing(plan: Plan) -> Iterator[Row]:
    """The rows that are not there, those that say most first."""
    done = {row.key for row in kept(plan.rows)}
    for turn in range(TURNS):
        for seed in plan.seeds:
            for name in plan.names:
                asked = [
                    (situation, setting)
                    for situation in SITUATIONS
                    for setting in settings()
                    if setting.turn == turn
                    and (situation.few or not setting.unlabelled)
                    and (name, seed, situation.name, setting.name) not in done
                ]
                if asked:
                    trainings = Trainings(plan, name, seed)
                    yield from (trainings.row(*each) for each in asked)


class Trainings:
    """All trainings of one data set and seed; contexts keep what a teacher answered."""

    def __init__(self, plan: Plan, name: str, seed: int) -> None:
        self.plan, self.name, self.seed = plan, name, seed
        whole = load(plan.data, name, seed)
        self.data = {
            "all": whole,
            "few": with_few_labels(whole, unlabelled=False),
            "few and others": with_few_labels(whole, unlabelled=True),
        }
        self.contexts: dict[tuple[str, bool], TrainingContext] = {}

    def row(self, situation: Situation, setting: Setting) -> Row:
        """Train, and judge on validation and test samples."""
        samples = "few" if situation.few else "all"
        if setting.unlabelled:
            samples = "few and others"
        context = self.context(samples, weak=situation.weak)
        start = self.start(situation, context)
        epochs = self.plan.epochs(self.name, few=situation.few)
        batch = FEW_BATCH if situation.few else BATCH
        if setting.unlabelled:  # as many steps, of as many samples, as with all labels
            epochs, batch = self.plan.epochs(self.name, few=False), BATCH
        epochs *= 2 if setting.longer else 1
        step = Distill(epochs, batch, RATE, **setting.settings)
        begun = time.process_time()
        model = step.apply(start, context).model
        seconds = time.process_time() - begun
        scores = [correct(each, context.data) for each in (model, context.teacher)]
        return Row(
            *(self.name, self.seed, situation.name, setting.name, epochs),
            *scores[0],
            *scores[1],
            seconds=round(seconds, 1),
        )

    def start(self, situation: Situation, context: TrainingContext) -> Any:
        """The model that is trained."""
        if situation.start == "cut":
            return PruneChannels(ratio=0.5).apply(context.teacher, context).model
        return self._network(STUDENT)

    def context(self, samples: str, *, weak: bool) -> TrainingContext:
        """The teacher, which learned from all labels or from few, and what is trained on."""
        key = samples, weak
        if key not in self.contexts:
            teacher = self._teacher("few" if weak else "all")
            self.contexts[key] = TrainingContext(teacher, self.data[samples], Task(), self.seed)
        return self.contexts[key]

    def _teacher(self, samples: str) -> Any:
        file = self.plan.work / f"{self.name}-{self.seed}-{samples}.keras"
        if not file.exists():
            few = samples == "few"
            epochs = LONGER_TEACHER * self.plan.epochs(self.name, few=few)
            schedule = Schedule(epochs, FEW_BATCH if few else BATCH, RATE)
            untaught = TrainingContext(None, self.data[samples], Task(), self.seed)
            loading.save(fit_hard(self._network(TEACHER), untaught, schedule).model, file)
        return loading.load(str(file))

    def _network(self, widths: tuple[int, ...]) -> Any:
        data = self.data["all"]
        return network(widths, data.train.x.shape[1:], data.class_count, self.seed)


def correct(model: Any, data: DataSet) -> tuple[float, float]:
    """Percent of the validation and of the test samples that are answered right."""

    def percent(split: Split) -> float:
        answers = np.asarray(model(split.x, training=False)).argmax(-1)
        return round(100 * float((answers == split.y).mean()), 3)

    return percent(data.validation), percent(data.test)


if __name__ == "__main__":
    main()
