"""The same samples in every kind of source: x (n, 6) whole numbers, y (n,) labels in order."""

import csv
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgehone.data import Feature, Reading

Array = NDArray[Any]

CLASSES = ("cat", "dog", "owl")
COLUMNS = tuple("abcdef")
N = 66
Y = np.repeat(np.arange(3), N // 3)
X = np.random.default_rng(0).integers(0, 256, (N, 6)).astype(np.float32)


@dataclass(frozen=True)
class Written:
    """A source in a folder. scale: makes its values those of X; damaged: a file of it."""

    source: str
    reading: Reading = field(default_factory=Reading)
    scale: float = 1.0
    damaged: Path | None = None


def archive(folder: Path) -> Written:
    np.savez(folder / "data.npz", x=X, y=Y, class_names=np.array(CLASSES))
    return Written(str(folder / "data.npz"), damaged=folder / "data.npz")


def array_folder(folder: Path) -> Written:
    np.save(folder / "x.npy", X)
    np.save(folder / "y.npy", np.array(CLASSES)[Y])
    np.save(folder / "class_names.npy", np.array(CLASSES))
    return Written(str(folder), damaged=folder / "x.npy")


def csv_table(folder: Path) -> Written:
    path = folder / "data.csv"
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream, delimiter=";")
        rows.writerow(["id", *COLUMNS, "kind"])
        rows.writerows([n, *X[n], CLASSES[Y[n]]] for n in range(N))
    how = Reading(target=("kind",), features=COLUMNS, classes=CLASSES)
    return Written(str(path), how, damaged=path)


def parquet_table(folder: Path) -> Written:
    import pyarrow
    from pyarrow import parquet

    path = folder / "data.parquet"
    columns = {name: X[:, n] for n, name in enumerate(COLUMNS)}
    names = np.array(CLASSES)[Y]
    parquet.write_table(pyarrow.table({**columns, "label": names}), path, row_group_size=7)
    return Written(str(path), Reading(classes=CLASSES), damaged=path)


def images(folder: Path) -> Written:
    """RGB images of two pixels."""
    for n in range(N):
        place = folder / CLASSES[Y[n]]
        place.mkdir(exist_ok=True)
        Image.fromarray(X[n].reshape(2, 1, 3).astype(np.uint8)).save(place / f"{n:03}.png")
    return Written(str(folder), damaged=folder / "cat" / "000.png")


def wav(path: Path, values: Array, rate: int = 16000, channels: int = 1) -> Path:
    """Whole numbers as 16 bits PCM."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(channels)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(values.astype("<i2").tobytes())
    return path


def audio(folder: Path) -> Written:
    """Waveforms of six samples, which are read as fractions of 2**15."""
    for n in range(N):
        place = folder / CLASSES[Y[n]]
        place.mkdir(exist_ok=True)
        wav(place / f"{n:03}.wav", X[n], rate=8000)
    how = Reading(audio={"sample_rate": 8000})
    return Written(str(folder), how, scale=2.0**15, damaged=folder / "cat" / "000.wav")


def record(content: bytes) -> bytes:
    """A record with its checksums, each worked out bit by bit."""
    head = struct.pack("<Q", len(content))
    return head + _masked(head) + content + _masked(content)


def _masked(content: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _field(number: int, content: bytes) -> bytes:
    """A field of a protobuf message with its length, of less than 2**14 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content


def example(**features: bytes) -> bytes:
    """A serialized tf.train.Example of features that `floats` and `texts` made."""
    entries = [_field(1, n.encode()) + _field(2, value) for n, value in features.items()]
    return _field(1, b"".join(_field(1, entry) for entry in entries))


def floats(values: Array) -> bytes:
    return _field(2, _field(1, values.astype("<f4").tobytes()))


def texts(*values: bytes) -> bytes:
    return _field(1, b"".join(_field(1, each) for each in values))


def tfrecord(folder: Path) -> Written:
    path = folder / "data.tfrecord"
    pairs = zip(X, Y, strict=True)
    contents = [example(x=floats(x), label=texts(CLASSES[y].encode())) for x, y in pairs]
    path.write_bytes(b"".join(map(record, contents)))
    described = {"x": Feature("float32", (6,)), "label": Feature("string")}
    how = Reading(target=("label",), described=described, classes=CLASSES)
    return Written(str(path), how, damaged=path)


WRITERS: dict[str, Callable[[Path], Written]] = {
    "archive": archive,
    "array_folder": array_folder,
    "csv_table": csv_table,
    "parquet_table": parquet_table,
    "images": images,
    "tfrecord": tfrecord,
    "audio": audio,
}
"""By the file in `data/sources/kinds` that reads it."""
