"""Made images of ten classes, written to a file without ever being in memory together."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

SIDE, CHANNELS, CLASSES = 96, 3, 10
CHUNK = 1000
NOISE = 60.0
"""Standard deviation of what hides a class's pattern, in grey levels."""

Images = NDArray[np.uint8]


def write(file: Path, count: int, seed: int = 0) -> None:
    """An .npz file of x (count, 96, 96, 3) uint8 and y (count,), not compressed."""
    labels = np.random.default_rng(seed).integers(0, CLASSES, count)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            _header(member, np.dtype(np.uint8), (count, SIDE, SIDE, CHANNELS))
            for part in parts(labels, seed):
                member.write(part.tobytes())
        with archive.open("y.npy", "w") as member:
            _header(member, labels.dtype, labels.shape)
            member.write(labels.tobytes())


def parts(labels: NDArray[np.int64], seed: int = 0) -> Iterator[Images]:
    """Images of these classes, so many at once: a coarse pattern for each class, and noise."""
    random = np.random.default_rng(seed + 1)
    coarse = random.integers(64, 192, (CLASSES, 8, 8, CHANNELS))
    patterns = coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2).astype(np.float32)
    for start in range(0, len(labels), CHUNK):
        of_part = patterns[labels[start : start + CHUNK]]
        noise = random.standard_normal(of_part.shape, np.float32) * np.float32(NOISE)
        yield np.clip(of_part + noise, 0, 255).astype(np.uint8)


def _header(member: IO[bytes], dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> None:
    about = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(member, about)
