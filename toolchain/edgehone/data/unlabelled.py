"""Samples without targets, beside the data: from an array file, images, or a function."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgehone.data import sources
from edgehone.data.samples import samples_of
from edgehone.data.settings import DataSettings
from edgehone.data.sources import Raw
from edgehone.data.sources.functions import array_of, by_name
from edgehone.errors import DataError
from edgehone.system.arrays import BROKEN, mapped, npy
from edgehone.system.bounds import MEMORY_SHARE, BeyondBoundsError
from edgehone.system.files import reading
from edgehone.system.kept_arrays import KEPT_FROM_BYTES
from edgehone.system.library_errors import sentence
from edgehone.system.memory import free_memory
from edgehone.system.numbers import Array
from edgehone.system.rows import Rows, taken
from edgehone.system.settings import UNLABELLED
from edgehone.system.user_code import call, is_reference
from edgehone.tasks.kinds import kind_of

_HINT = (
    "Samples without labels are a .npy file, an .npz file with an array x, a folder of images, or "
    '"python:module:function".'
)


def load_unlabelled(source: str, settings: DataSettings) -> tuple[Rows, tuple[str, ...]]:
    """Samples (m, *shape) as the model takes them, at most `limit` drawn from them, and what was
    left out or read in part. Labels that the source has are not looked at.

    Raises DataError for what cannot be read or does not fit the model, and where the task learns
    from its samples anyway.
    """
    if kind_of(settings.task).TARGETS_ARE_SAMPLES:
        raise DataError(
            f"{UNLABELLED} is of no use for {settings.task.kind}, which needs no labels.",
            "Put the samples into the training data.",
        )
    raw = _read(source, settings)
    name = next((each for each in ("x", "x_train") if each in raw.arrays), None)
    if name is None:
        raise DataError(f"{source!r} has no array 'x'.", _HINT)
    x = samples_of(raw.arrays[name], f"{name} in {source!r}", settings.wanted_of(raw.arrays))
    if settings.limit is not None and settings.limit < len(x):
        picked = np.random.default_rng(settings.seed).permutation(len(x))[: settings.limit]
        x = taken(x, np.sort(picked))
    return x, raw.notes


def _read(source: str, settings: DataSettings) -> Raw:
    wanted = settings.wanted
    if is_reference(source):
        found = call(source, (), DataError)
        named = {"x": found} if hasattr(found, "__array__") else by_name(found, source)
        return Raw(_arrays(named, source))
    path = Path(source).expanduser()
    with reading(path):
        folder, there = path.is_dir(), path.exists()
    if folder:
        return sources.read_images(path, wanted.shape, wanted.dtype)
    if not there:
        raise DataError(f"There are no samples at {source!r}.", _HINT)
    if path.suffix == ".npy":
        return Raw({"x": _array(path)})
    if path.suffix != ".npz":
        raise DataError(f"{source!r} is not a .npy file, an .npz file or a folder.", _HINT)
    return sources.read(source, wanted.shape, wanted.dtype, how=settings.reading)


def _arrays(found: Mapping[str, object], source: str) -> dict[str, Array]:
    return {
        name: array_of(found[name], name, source)
        for name in ("x", "x_train")
        if found.get(name) is not None
    }


def _array(path: Path) -> Array:
    try:
        with reading(path):
            if path.stat().st_size >= KEPT_FROM_BYTES:
                return mapped(path)
            return npy(path, int(free_memory() * MEMORY_SHARE))
    except BeyondBoundsError as error:
        raise DataError(
            f"{path} cannot be read: {error}.", "Free some memory, or keep fewer samples."
        ) from error
    except ValueError as error:
        raise DataError(
            f"{path} does not hold a plain array of numbers ({sentence(error)}).",
            "Save it with numpy.save.",
        ) from error
    except BROKEN as error:
        raise DataError(
            f"{path} is damaged or cut short ({sentence(error)}).",
            "Copy the file again, or save it again with numpy.save.",
        ) from error
