"""Three splits of samples and targets, complete and checked against the model."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehone.data import sources, splitting
from edgehone.data.bundled import DIGITS, place_of
from edgehone.data.leakage import leaks
from edgehone.data.samples import samples_of
from edgehone.data.settings import USUAL, DataSettings, Wanted
from edgehone.data.splitting import Drawing, Marks, Rule, SplitSummary
from edgehone.data.unlabelled import load_unlabelled
from edgehone.errors import DataError, UnlabelledError
from edgehone.system.numbers import Array, Shape
from edgehone.system.rows import Rows, parts, taken
from edgehone.tasks.kinds import TaskKind, kind_of
from edgehone.values import Task

HELD_OUT = Drawing().test
"""Fraction of the samples that a missing validation or test split takes from train by default."""

SMALLEST_SPLIT = 2


@dataclass(frozen=True)
class Split:
    """Samples x (n, *shape) and targets y: labels (n, ...) int64, or numbers (n, ...) float32.
    Samples that do not fit into memory are lazy: go through them by `edgehone.system.rows`.
    group: (n,) whose each is, such as a person's, where the source says so.
    """

    x: Rows
    y: Array
    group: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def at(self, chosen: Array) -> "Split":
        """The samples that a mask chooses, in their order."""
        group = None if self.group is None else self.group[chosen]
        return Split(taken(self.x, chosen), self.y[chosen], group)


@dataclass(frozen=True)
class DataSet:
    """Splits of one source. class_count is 0 where the task has no classes; classes: what label
    0, 1, … is called, where the source says so; notes: what was left out or read in part.
    unlabelled: further samples (m, *shape) for training, without targets; None: there are none.
    splitting: how samples came into splits.
    sha256 covers all arrays, so that it changes whenever any sample, label or split does.
    """

    train: Split
    validation: Split
    test: Split
    source: str
    sha256: str
    class_count: int = 0
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unlabelled: Rows | None = None
    splitting: SplitSummary | None = None

    @property
    def taught_count(self) -> int:
        """How many samples a teacher's answers can be learned from, with labels and without."""
        return len(self.train) + (0 if self.unlabelled is None else len(self.unlabelled))

    def calibration(self, n: int, seed: int = 0) -> Array:
        """Up to n training samples, drawn without replacement: (n, *shape)."""
        count = min(n, len(self.train))
        return np.asarray(self.train.x[splitting.order(len(self.train), seed)[:count]])


def bundled_digits() -> Split:
    """The bundled handwritten digits: x (1797, 8, 8) uint8 from 0 to 16, y (1797,) from 0 to 9."""
    found = sources.read(place_of(DIGITS)).arrays
    return Split(found["x"], found["y"])


def load(source: str, settings: DataSettings = USUAL) -> DataSet:
    """Read, check, split and convert a data source: an .npz path, an image folder,
    "python:module:function", or "digits".

    Missing splits are drawn from train, in equal shares of every class. Raises DataError that says
    which array is wrong, in what, and what it should be.
    """
    name, kind = repr(source), kind_of(settings.task)
    raw = sources.read(
        place_of(source), settings.input_shape, settings.input_dtype, how=settings.reading
    )
    asked = Targets(settings.task, settings.wanted_of(raw.arrays), settings.targets_fit)
    suffixes = {"": "train", **{f"_{short}": split for short, split in sources.SPLITS.items()}}
    parts = {
        split: part_of(raw.arrays, suffix, name, asked)
        for suffix, split in suffixes.items()
        if f"x{suffix}" in raw.arrays
    }
    _same_shapes(parts, name)
    marks = {
        split: Marks.of(raw.arrays, suffix)
        for suffix, split in suffixes.items()
        if f"x{suffix}" in raw.arrays
    }
    missing = tuple(split for split in ("validation", "test") if split not in parts)
    rule = splitting.rule_of(settings.drawing, marks["train"])
    parts, marks = _complete(parts, marks, rule, name, settings)
    if settings.limit is not None:
        for split, part in parts.items():
            share = min(1.0, settings.limit / len(part))
            mask = splitting.drawn(len(part), share, settings.seed, kind.strata(part.y))
            parts[split], marks[split] = part.at(mask), marks[split].at(mask)
    parts = {split: replace(part, group=marks[split].group) for split, part in parts.items()}
    counts = {split: len(part) for split, part in parts.items()}
    summary = splitting.summary(rule, settings.seed, missing, counts, marks)
    targets = {split: part.y for split, part in parts.items()}
    found = kind.class_count(targets, raw.classes, name, settings.output_shape)
    names = raw.classes if found else ()
    splits = parts["train"], parts["validation"], parts["test"]
    notes = (*raw.notes, *splitting.shared(summary, name), *leaks(parts))
    data = DataSet(*splits, source, _sha256(parts), found, names, notes, splitting=summary)
    return data if settings.unlabelled is None else _with_unlabelled(data, settings)


def _with_unlabelled(data: DataSet, settings: DataSettings) -> DataSet:
    """The same with the samples without targets. Raises DataError where their shape differs."""
    source = str(settings.unlabelled)
    x, notes = load_unlabelled(source, settings)
    wanted = data.train.x.shape[1:]
    if x.shape[1:] != wanted:
        raise DataError(
            f"The samples without labels in {source!r} have shape {x.shape[1:]}, those of "
            f"{data.source!r} {wanted}.",
            "Give samples of one shape.",
        )
    both = hashlib.sha256(data.sha256.encode())
    both.update(f"unlabelled {x.shape} {x.dtype}".encode())
    _update(both, x)
    return replace(data, unlabelled=x, sha256=both.hexdigest(), notes=(*data.notes, *notes))


@dataclass(frozen=True)
class Targets:
    """What targets are for: the task, how samples look, and the output they must fit, if known."""

    task: Task
    wanted: Wanted
    output: Shape | None

    def of(self, y: Array, name: str) -> Array:
        """Labels or numbers, as the kind of task has them."""
        return kind_of(self.task).targets(y, name, self.output)


def part_of(raw: Mapping[str, Array], suffix: str, where: str, targets: Targets) -> Split:
    """One split as read, converted to what model and task take."""
    name = f"x{suffix} in {where}"
    x = samples_of(raw[f"x{suffix}"], name, targets.wanted)
    y = raw.get(f"y{suffix}")
    if kind_of(targets.task).TARGETS_ARE_SAMPLES:
        if y is None or y.shape != raw[f"x{suffix}"].shape:
            return Split(x, targets.of(np.asarray(x), name))  # labels are of no use here
        name = f"y{suffix} in {where}"
        return Split(x, targets.of(np.asarray(samples_of(y, name, targets.wanted)), name))
    if y is None:
        raise UnlabelledError(f"{where} has x{suffix} but no y{suffix}.", "Add the targets.")
    if y.ndim == 0 or len(y) != len(x):
        given = len(y) if y.ndim else "one number"
        raise DataError(f"{name} has {len(x)} samples, y{suffix} has {given}.", "Make them equal.")
    return Split(x, targets.of(y, f"y{suffix} in {where}"))


def _same_shapes(parts: Mapping[str, Split], source: str) -> None:
    for axis in ("x", "y"):
        shapes = {name: getattr(part, axis).shape[1:] for name, part in parts.items()}
        if len(set(shapes.values())) > 1:
            each = ", ".join(f"{name}: {shape}" for name, shape in shapes.items())
            raise DataError(f"The splits of {source} differ in the shape of {axis} ({each}).")


def _complete(
    parts: Mapping[str, Split],
    marks: Mapping[str, Marks],
    rule: Rule,
    source: str,
    settings: DataSettings,
) -> tuple[dict[str, Split], dict[str, Marks]]:
    """All three splits, and the marks of each; a missing one is drawn from train."""
    found, beside, kind = dict(parts), dict(marks), kind_of(settings.task)
    total = len(found["train"])
    for name in ("test", "validation"):
        if name not in found:
            part, own = found["train"], beside["train"]
            share = settings.drawing.share(name) * total / len(part)
            strata = kind.strata(part.y)
            mask = splitting.chosen(rule, share, settings.seed, strata, own, len(part), source)
            found[name], found["train"] = part.at(mask), part.at(~mask)
            beside[name], beside["train"] = own.at(mask), own.at(~mask)
    for name, part in found.items():
        if len(part) < SMALLEST_SPLIT:
            raise DataError(
                f"{source} is too small: its {name} split has {len(part)} samples.",
                f"Every split needs at least {SMALLEST_SPLIT}; give more data.",
            )
    return found, beside


def drawn(part: Split, share: float, seed: int, kind: TaskKind) -> tuple[Split, Split]:
    """A share of the samples drawn at random, and the rest, both in their old order."""
    mask = splitting.drawn(len(part), share, seed, kind.strata(part.y))
    return part.at(mask), part.at(~mask)


def _sha256(parts: Mapping[str, Split]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        group = parts[name].group
        if group is not None:
            digest.update("\0".join(map(str, group.tolist())).encode())
        for values in (parts[name].x, parts[name].y):
            digest.update(f"{name} {values.shape} {values.dtype}".encode())
            _update(digest, values)
    return digest.hexdigest()


def _update(digest: Any, values: Rows) -> None:
    for part in parts(values):
        digest.update(np.ascontiguousarray(part).data)
