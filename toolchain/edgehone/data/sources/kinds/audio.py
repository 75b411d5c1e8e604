"""A folder of class folders of WAV files, alone or one for each split."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from edgehone.data.sources import waves
from edgehone.data.sources._base import Array, Raw
from edgehone.data.sources._files import IMAGE_SUFFIXES, folders_of
from edgehone.data.sources._splits import Content, splits_of
from edgehone.data.sources.front_ends import FrontEnd
from edgehone.data.sources.kinds._base import Request, Source
from edgehone.errors import DataError
from edgehone.system.bounds import MEMORY_SHARE, bytes_text
from edgehone.system.files import reading
from edgehone.system.memory import free_memory
from edgehone.system.settings import SAMPLE_RATE, SECONDS


class Audio(Source):
    """Waveforms, or what a front end makes of them, labelled by their folders."""

    ORDER: ClassVar[int] = 5

    def takes(self, source: str, path: Path) -> bool:
        """A folder below which the first file that is audio or an image is audio."""
        if not path.is_dir():
            return False
        with reading(path):
            suffixes = (file.suffix.lower() for file in _files(path))
            known = (each for each in suffixes if each in (*waves.SUFFIXES, *IMAGE_SUFFIXES))
            return next(known, "") in waves.SUFFIXES

    def read(self, source: str, path: Path, request: Request) -> Raw:
        """All files of all classes."""
        front_end = FrontEnd.of(request.how.front_end, request.how.audio)
        splits = {f"_{name}": place for name, place in splits_of(path, WAVES).items()} or {"": path}
        first = next(iter(splits.values()))
        classes, apart = _classes(first, request.how.classes)
        arrays: dict[str, Array] = {}
        reader = _Reader(front_end, path)
        for suffix, place in splits.items():
            _require_classes(place, classes)
            files = [_of_class(place / name) for name in classes]
            if not any(files):
                raise DataError(f"Folder {place} has no WAV files.", "Put some into its classes.")
            arrays[f"x{suffix}"] = reader.array([file for each in files for file in each])
            arrays[f"y{suffix}"] = np.repeat(np.arange(len(files)), [len(each) for each in files])
        notes = [f"Audio: {front_end.words}."]
        if apart:
            notes.append(f"Left out of {path}, as no classes: {', '.join(apart)}.")
        if reader.averaged:
            notes.append(f"Channels of {reader.averaged} files of audio were averaged to one.")
        return Raw(arrays, tuple(classes), tuple(notes))


class _Reader:
    """Reads files into arrays, and counts what it did to them."""

    def __init__(self, front_end: FrontEnd, folder: Path) -> None:
        self.front_end, self.folder = front_end, folder
        self.averaged = 0
        self.room = MEMORY_SHARE * free_memory()

    def array(self, files: Sequence[Path]) -> Array:
        """(n, ...) float32, of one length. Raises DataError."""
        found: list[Array] = []
        for file in files:
            wave = waves.wave_of(file)
            if wave.rate != self.front_end.sample_rate:
                raise DataError(
                    f"Audio {file} has {wave.rate} samples per second, and "
                    f"{self.front_end.sample_rate} are wanted.",
                    f"Set {SAMPLE_RATE.set(wave.rate)} if the model is of that rate, or resample "
                    "the files: audio is not resampled here.",
                )
            self.averaged += wave.channels > 1
            found.append(self.front_end.of_wave(self._long(wave.values), str(file)))
            self.room -= 2 * found[-1].nbytes  # and the array that is made of them
            if self.room < 0:
                raise DataError(
                    f"The audio in {self.folder} takes more memory than is free "
                    f"({bytes_text(MEMORY_SHARE * free_memory())} are used at most).",
                    f"Give fewer files, or cut them: {SECONDS}.",
                )
            if found[-1].shape != found[0].shape:
                raise DataError(
                    f"Audio {file} is of another length than {files[0]}.",
                    f"Set {SECONDS.set(1.0)} (or as long as the model needs): shorter audio is "
                    "padded with silence, longer is cut.",
                )
        return np.stack(found)

    def _long(self, values: Array) -> Array:
        """As long as is wanted: cut, or with silence behind."""
        if self.front_end.seconds is None:
            return values
        n = max(1, round(self.front_end.seconds * self.front_end.sample_rate))
        return np.pad(values[:n], (0, max(0, n - len(values))))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))


def _has_audio(folder: Path) -> bool:
    return any(file.suffix.lower() in waves.SUFFIXES for file in _files(folder))


WAVES = Content("audio", _has_audio)


def _classes(folder: Path, order: Sequence[str]) -> tuple[list[str], list[str]]:
    """The class folders, and those that are none: what begins with "_" is noise and the like."""
    found = [child.name for child in folders_of(folder)]
    classes = [name for name in found if not name.startswith("_")]
    if not classes:
        raise DataError(
            f"Folder {folder} has no class folders of audio.",
            "Put the files into folders called like their classes.",
        )
    apart = [name for name in found if name.startswith("_")]
    return list(order) if sorted(order) == sorted(classes) else classes, apart


def _require_classes(folder: Path, classes: Sequence[str]) -> None:
    for child in folders_of(folder):
        if child.name not in classes and not child.name.startswith("_"):
            raise DataError(
                f"Class folder {child} has no counterpart among the training audio.",
                f"Their classes: {', '.join(classes)}.",
            )


def _of_class(folder: Path) -> list[Path]:
    with reading(folder):
        files = [file for file in _files(folder) if file.suffix.lower() in waves.SUFFIXES]
    return files if folder.is_dir() else []
