"""TFRecord files of examples whose features are described: one file, or a folder of them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.data.sources._base import Array, Feature, Raw, Reading
from edgehone.data.sources._splits import split_named
from edgehone.data.sources.described import array_of
from edgehone.data.sources.examples import features_of, values_of
from edgehone.data.sources.folders import Look
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.data.sources.records import records
from edgehone.errors import DataError
from edgehone.system.bounds import MEMORY_SHARE, bytes_text
from edgehone.system.files import reading
from edgehone.system.memory import free_memory
from edgehone.system.settings import FEATURES, TARGET

_MARK = ".tfrecord"
"""In names: data.tfrecord, data.tfrecords, train.tfrecord-00000-of-00008, data.tfrecord.gz."""


class TFRecord(Source):
    """Features as `[data.features]` describes them; the target is one of them."""

    ORDER = 4

    def takes(self, source: str, path: Path) -> bool:
        """A file, or a folder with files, of that name."""
        if path.is_dir():
            with reading(path):
                return any(map(_is_records, path.iterdir()))
        return _MARK in path.name

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """All records; files of a folder by the split that they are called after."""
        files = {"": [path]} if path.is_file() else _by_split(path)
        _require_described(request.how, next(iter(files.values()))[0])
        arrays: dict[str, Array] = {}
        for suffix, several in files.items():
            found = _arrays(several, request, source)
            arrays |= {f"{name}{suffix}": values for name, values in found.items()}
        return Raw(arrays)


def _is_records(file: Path) -> bool:
    return _MARK in file.name and file.is_file() and not file.name.startswith(".")


def _by_split(folder: Path) -> dict[str, list[Path]]:
    """Files by suffix of arrays: those of no split where none is called after one."""
    with reading(folder):
        files = sorted(file for file in folder.iterdir() if _is_records(file))
    found: dict[str, list[Path]] = {}
    for file in files:
        split = split_named(file.name.partition(_MARK)[0].partition("-")[0])
        found.setdefault(f"_{split}" if split else "", []).append(file)
    if "" in found and len(found) > 1:
        named = next(files[0] for suffix, files in found.items() if suffix)
        raise DataError(
            f"{found[''][0]} is not called after a split, beside {named.name}.",
            "Call files train, validation or test, with what follows behind a hyphen.",
        )
    return found


def _require_described(how: Reading, file: Path) -> None:
    """Refuse records of which nothing is said: DataError, with what the first one has."""
    if how.described and how.target and set(how.target) <= set(how.described):
        return
    first = next(records(file), None)
    held: Mapping[str, Any] = {} if first is None else features_of(first, f"Record 1 of {file}")
    listed = ", ".join(f"{n} ({values_of(held[n])[0]})" for n in sorted(held)[:12])
    missing = "its features are not described" if not how.described else "none is the target"
    raise DataError(
        f"{file} is of records, and {missing}; the first record has {listed or 'none'}.",
        f'Describe each, such as x = {{dtype = "float32", shape = [8]}}, in {FEATURES}, and '
        f"name the target: {TARGET}.",
    )


def _arrays(files: Sequence[Path], request: Request, source: str) -> dict[str, Array]:
    """x, y, group and time of the records of files, in their order."""
    how, look = request.how, Look.of(request.shape, request.dtype)
    room = MEMORY_SHARE * free_memory()
    kept: dict[str, list[Array]] = {"x": [], "y": []}
    for found in _examples(files, how.described, look):
        samples = [v for n, v in found.items() if n not in (*how.target, how.group, how.time)]
        if not samples:
            raise DataError(f"{source} describes no feature beside the target.", f"See {FEATURES}.")
        kept["x"].append(_joined(samples))
        kept["y"].append(_joined([found[name] for name in how.target]))
        for what, name in (("group", how.group), ("time", how.time)):
            if name in found:
                kept.setdefault(what, []).append(found[name].reshape(()))
        room -= 2 * sum(values[-1].nbytes + 100 for values in kept.values())
        if room < 0:
            raise DataError(
                f"The records of {source} take more memory than is free "
                f"({bytes_text(MEMORY_SHARE * free_memory())} are used at most).",
                "Give fewer records.",
            )
        if kept["x"][-1].shape != kept["x"][0].shape:
            raise DataError(
                f"The records of {source} have samples of different shapes "
                f"({kept['x'][0].shape} and {kept['x'][-1].shape}).",
                "Give a model whose input has a fixed size, or write them in one.",
            )
    if not kept["x"]:
        raise DataError(f"{source} has no records.", "Give at least a few samples.")
    return {name: np.stack(values) for name, values in kept.items()}


def _examples(
    files: Sequence[Path], described: Mapping[str, Feature], look: Look
) -> Iterator[dict[str, Array]]:
    for file in files:
        for number, content in enumerate(records(file), 1):
            where = f"Record {number} of {file}"
            held = features_of(content, where)
            yield {n: array_of(held[n], n, each, look, where) for n, each in described.items()}


def _joined(values: Sequence[Array]) -> Array:
    """One array as it is; several as one vector of float32, in their order."""
    if len(values) == 1:
        return values[0]
    return np.concatenate([each.reshape(-1).astype(np.float32) for each in values])
