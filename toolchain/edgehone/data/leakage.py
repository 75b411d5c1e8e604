"""Equal samples in two splits, found by their hashes."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from edgehone.system.rows import Rows
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
    hashes = {name: hashes_of(part.x) for name, part in parts.items()}
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


def hashes_of(x: Rows) -> list[bytes]:
    """A hash of 16 bytes for each sample (n, ...) of an array, equal for equal samples; empty for
    one whose numbers are all equal.
    """
    found = []
    for part in parts_of(x):
        piece = np.ascontiguousarray(part)
        rows = piece.reshape(len(piece), -1)
        plain = (
            (rows == rows[:, :1]).all(axis=1) if rows.shape[1] > 1 else np.zeros(len(rows), bool)
        )
        for row, same in zip(rows, plain, strict=True):
            found.append(b"" if same else hashlib.blake2b(row.data, digest_size=16).digest())
    return found
