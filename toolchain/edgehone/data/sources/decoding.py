"""Many image files as one array: in memory, or decoded once, into a file of the user's cache."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.data.sources._files import IMAGE_SUFFIXES
from edgehone.data.sources.pixels import Picture
from edgehone.errors import DataError
from edgehone.system.arrays import mapped
from edgehone.system.bounds import MEMORY_SHARE, bytes_text
from edgehone.system.files import sha256_of
from edgehone.system.kept_arrays import KEPT_FROM_BYTES, has_room, kept
from edgehone.system.memory import free_memory

_CHECKED = 64
"""After so many images each, it is seen to that they fit into memory."""

Decode = Callable[[Path], Picture]


def decoded(
    files: Sequence[Path], decode: Decode, how: str, folder: Path, marks: Counter[str]
) -> Array:
    """All images in one array (n, ...), bytes unless one is not; `marks` counts what was read in
    part. how: what decoding depends on beside the files. folder: what errors call them all.

    Raises DataError for none, for different sizes, and for more than memory or disk can hold.
    """
    if not files:
        raise DataError(f"Folder {folder} has no images.", f"Known: {', '.join(IMAGE_SUFFIXES)}.")
    size = decode(files[0]).values.nbytes * len(files)
    if size < KEPT_FROM_BYTES or not has_room(4 * size):
        return _in_memory(files, decode, folder, marks)
    key = _key(files, how)
    counted: list[Counter[str]] = []

    def write(stream: IO[bytes]) -> None:
        kind, seen = _written(stream, files, decode, folder, np.dtype(np.uint8))
        if kind != np.uint8:
            _, seen = _written(stream, files, decode, folder, kind)
        counted.append(seen)

    def write_marks(stream: IO[bytes]) -> None:
        seen = counted[0] if counted else _marks(map(decode, files))
        np.save(stream, np.array([seen["turned"], seen["several"]]))

    values = mapped(kept(key, write))
    turned, several = mapped(kept(f"{key}-marks", write_marks)).tolist()
    marks.update(turned=turned, several=several)
    return values


def _key(files: Sequence[Path], how: str) -> str:
    import PIL

    digest = hashlib.sha256(f"images {PIL.__version__} {how} ".encode())
    for file in files:
        digest.update(sha256_of(file).encode())
    return digest.hexdigest()


def _written(
    stream: IO[bytes],
    files: Sequence[Path],
    decode: Decode,
    folder: Path,
    kind: np.dtype[Any],
) -> tuple[np.dtype[Any], Counter[str]]:
    """Write all images as a .npy file of a type; the type that holds them, at the first that this
    one does not, and what was read in part.
    """
    stream.seek(0)
    stream.truncate()
    marks: Counter[str] = Counter()
    shape: tuple[int, ...] = ()
    for number, file in enumerate(files):
        picture = decode(file)
        if number == 0:
            shape = picture.values.shape
            about = {"descr": kind.str, "fortran_order": False, "shape": (len(files), *shape)}
            np.lib.format.write_array_header_1_0(stream, about)
        _require_equal((shape, picture.values.shape), folder)
        wider = np.result_type(kind, picture.values.dtype)
        if wider != kind:
            return wider, marks
        stream.write(np.ascontiguousarray(picture.values, kind).data)
        marks.update(_marks([picture]))
    return kind, marks


def _in_memory(files: Sequence[Path], decode: Decode, folder: Path, marks: Counter[str]) -> Array:
    images: list[Array] = []
    taken, room = 0, free_memory() * MEMORY_SHARE
    for file in files:
        picture = decode(file)
        images.append(picture.values)
        taken += images[-1].nbytes
        if len(images) % _CHECKED == 0:
            _require_room(taken, room, folder)
        marks.update(_marks([picture]))
    _require_equal([image.shape for image in images], folder)
    return np.stack(images)


def _marks(pictures: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for picture in pictures:
        found.update(turned=picture.turned, several=picture.several)
    return found


def _require_room(taken: int, room: float, folder: Path) -> None:
    """Refuse images that take more memory than there is for them: DataError."""
    if 2 * taken > room:  # they are put together into one array
        raise DataError(
            f"The images in {folder} take more memory than is free ({bytes_text(room)} are used "
            f"at most; so far: {bytes_text(2 * taken)}).",
            "Give a model with a smaller input, which they are resized to, or fewer images.",
        )


def _require_equal(shapes: Sequence[tuple[int, ...]], folder: Path) -> None:
    """Refuse images of several sizes: DataError."""
    different = list(dict.fromkeys(shapes))
    if len(different) > 1:
        text = " and ".join(str(shape) for shape in different[:2])
        raise DataError(
            f"The images in {folder} have different sizes ({text}), and nothing says which is "
            "wanted.",
            "Give a model whose input has a fixed size, or resize the images.",
        )
