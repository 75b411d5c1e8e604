"""The samples of a source that a finished file is judged on, where nothing is trained."""

from dataclasses import dataclass, replace

from edgehone import units
from edgehone.data import sources
from edgehone.data.bundled import place_of
from edgehone.data.dataset import (
    SMALLEST_SPLIT,
    Split,
    Targets,
    drawn,
    part_of,
)
from edgehone.data.settings import USUAL, DataSettings
from edgehone.data.splitting import Marks
from edgehone.errors import DataError
from edgehone.tasks.kinds import kind_of

CHOICE = {"_test": "test", "_val": "validation", "": "only", "_train": "training"}
"""Suffixes of arrays, of which the first that a source has is taken, and what the split is called.
"""

NEEDED = ("x", "x_train", "x_val", "x_test")


@dataclass(frozen=True)
class Evaluation:
    """Samples to judge by: the test split, else the validation split, or all of a source that is
    not split. given: how many the split has, before a limit.
    """

    split: Split
    given: int
    notes: tuple[str, ...] = ()


def load_evaluation(source: str, settings: DataSettings = USUAL) -> Evaluation:
    """What `source` has to judge a finished file by; a source without splits is taken whole.
    Errors are those of `load`.
    """
    name, kind = repr(source), kind_of(settings.task)
    shape, dtype = settings.input_shape, settings.input_dtype
    raw = sources.read(place_of(source), shape, dtype, needed=NEEDED, how=settings.reading)
    suffix = next(each for each in CHOICE if f"x{each}" in raw.arrays)
    targets = Targets(settings.task, settings.wanted_of(raw.arrays), settings.targets_fit)
    group = Marks.of(raw.arrays, suffix).group
    split = replace(part_of(raw.arrays, suffix, name, targets), group=group)
    given = len(split)
    if given < SMALLEST_SPLIT:
        raise DataError(
            f"{source} is too small: there {'is' if given == 1 else 'are'} "
            f"{units.plural(given, 'sample')} to judge by.",
            f"Give more data: at least {SMALLEST_SPLIT}, and hundreds to prove anything.",
        )
    if settings.limit is not None and settings.limit < given:
        split = drawn(split, settings.limit / given, settings.seed, kind)[0]
    kind.class_count({CHOICE[suffix]: split.y}, raw.classes, name, settings.output_shape)
    notes = raw.notes
    if suffix == "_val":
        notes += (f"{source} has no test split, so its validation split is used.",)
    return Evaluation(split, given, notes)
