"""Equal samples in two splits, found by their hashes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from edgehone.system.numbers import Array
from edgehone.system.rows import Changed, Rows
from edgehone.system.rows import parts as parts_of


class Part(Protocol):
    """A split: samples x (n, ...)."""

    @property
    def x(self) -> Rows:
        """Samples."""


PAIRS = (("train", "test"), ("train", "validation"), ("validation", "test"))


def leaks(parts: Mapping[str, Part]) -> tuple[str, ...]:
    """A sentence on each two splits that share samples, with how many and the first of them;
    samples that are all of one value, such as silence, do not count.
    """
    hashes = _hashes({name: part.x for name, part in parts.items()})
    notes = []
    for first, second in PAIRS:
        if first not in hashes or second not in hashes:
            continue
        where = {digest: number for number, digest in reversed(list(enumerate(hashes[first])))}
        equal = [n for n, digest in enumerate(hashes[second]) if digest and digest in where]
        if equal:
            n, total = len(equal), len(hashes[second])
            example = f"sample {equal[0]} of {second} is sample {where[hashes[second][equal[0]]]}"
            notes.append(
                f"Leakage: {n:,} of {total:,} {second} samples {'is' if n == 1 else 'are'} equal "
                f"to {first} samples ({example} of {first}), which makes the {second} score too "
                "good."
            )
    return tuple(notes)


def _hashes(splits: Mapping[str, Rows]) -> dict[str, list[bytes]]:
    """By split. What is converted batch by batch is looked at as it was read, where all splits are
    of one type: fewer bytes, and equal where the samples are.
    """
    lazy = {name: x for name, x in splits.items() if isinstance(x, Changed)}
    if len(lazy) == len(splits) and len({x.base.dtype for x in lazy.values()}) == 1:
        read = {
            name: replace(x, change=np.asarray, sample=x.base.shape[1:], kind=x.base.dtype)
            for name, x in lazy.items()
        }
        return {name: hashes_of(parts_of(x)) for name, x in read.items()}
    return {name: hashes_of(parts_of(x)) for name, x in splits.items()}


def hashes_of(x: Iterable[Array]) -> list[bytes]:
    """A hash of 16 bytes for each sample in parts (k, ...) of samples, equal for equal ones; empty
    for one whose numbers are all equal.
    """
    found = []
    for part in x:
        piece = np.ascontiguousarray(part)
        rows = piece.reshape(len(piece), -1)
        plain = (
            (rows == rows[:, :1]).all(axis=1) if rows.shape[1] > 1 else np.zeros(len(rows), bool)
        )
        for row, same in zip(rows, plain, strict=True):
            found.append(b"" if same else hashlib.blake2b(row.data, digest_size=16).digest())
    return found
