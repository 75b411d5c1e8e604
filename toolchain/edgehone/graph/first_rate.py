"""The learning rate that a model file says its training began with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehone.errors import EdgehoneError
from edgehone.graph.keras_archive import described

ADAMS = frozenset({"Adam", "AdamW", "Nadam"})
"""Optimizers whose rates mean what they mean for Adam, which trains here."""

PLAUSIBLE = (1e-4, 1e-2)
"""Rates beyond these are not taken over. A file holds the last rate of a training, and one that
was lowered on the way says little of the first."""

_FIRST = ("initial_learning_rate", "warmup_target")
"""Settings of Keras's schedules that name the rate at the start, or after a warm-up."""


def first_rate(source: str) -> float | None:
    """The first rate of the training of a .keras or .h5 file; None where the file does not say, or
    another optimizer trained it.
    """
    try:
        optimizer = _optimizer(Path(source))
    except (EdgehoneError, OSError, ValueError):
        return None  # a file that cannot be read is refused where it is loaded
    if not isinstance(optimizer, Mapping) or optimizer.get("class_name") not in ADAMS:
        return None
    rate = _rate(optimizer.get("config"))
    return rate if rate is not None and PLAUSIBLE[0] <= rate <= PLAUSIBLE[1] else None


def _optimizer(path: Path) -> Any:
    """The description of the optimizer in a file; None: there is none."""
    if path.suffix == ".keras":
        return _in(_in(described(path), "compile_config"), "optimizer")
    if path.suffix not in (".h5", ".hdf5") or not path.is_file():
        return None
    import h5py  # type: ignore[import-untyped]  # it has no types

    with h5py.File(path) as file:
        text = file.attrs.get("training_config")
    return None if text is None else _in(json.loads(text), "optimizer_config")


def _in(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, Mapping) else None


def _rate(settings: Any) -> float | None:
    """The rate in an optimizer's settings: a number, or the highest of those a schedule names."""
    rate = _in(settings, "learning_rate")
    if isinstance(rate, Mapping):
        schedule = rate.get("config")
        named = [_in(schedule, name) for name in _FIRST]
        numbers = [float(each) for each in named if isinstance(each, int | float)]
        return max(numbers, default=None)
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    return float(rate) if number else None
