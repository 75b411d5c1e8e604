"""One WAV file as a waveform: floats in [-1, 1) of the mean of its channels."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehone.data.sources._base import Array
from edgehone.errors import DataError
from edgehone.system.bounds import GIB, MEMORY_SHARE
from edgehone.system.files import content
from edgehone.system.memory import free_memory

SUFFIXES = (".wav", ".wave")

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
"""Tags of formats (RFC 2361); an extensible one names its own further on."""

_FORMAT = struct.Struct("<HHIIHH")
"""Tag, channels, samples per second, bytes per second, bytes per frame, bits per sample."""

_MOST_CHANNELS = 64


@dataclass(frozen=True)
class Wave:
    """values: (n,) float32; rate: samples per second; channels: as many as were averaged."""

    values: Array
    rate: int
    channels: int


def wave_of(file: Path) -> Wave:
    """A file of 8, 16, 24 or 32 bits PCM, or of 32 or 64 bits floating point.

    Integers are divided by 2**(bits - 1); those of 8 bits count from 128. Raises DataError for
    anything else, and for what is damaged.
    """
    data = content(file, int(min(4 * GIB, MEMORY_SHARE * free_memory())), DataError)
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _unreadable(file, "it is not a RIFF file of WAVE")
    chunks = _chunks(data, file)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise _unreadable(file, "it has no format or no data")
    form, samples = chunks[b"fmt "], chunks[b"data"]
    if len(form) < _FORMAT.size:
        raise _unreadable(file, "its format is cut short")
    tag, channels, rate, _, _, bits = _FORMAT.unpack_from(form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack_from("<H", form, 24)[0]
    if not 1 <= channels <= _MOST_CHANNELS or not rate:
        raise _unreadable(file, f"it has {channels} channels and {rate} samples per second")
    if not samples or len(samples) % (channels * max(1, bits // 8)):
        raise _unreadable(file, "its samples are cut short, or there are none")
    values = _values(samples, tag, bits, file).reshape(-1, channels)
    mono = values[:, 0] if channels == 1 else values.mean(axis=1)
    found = np.ascontiguousarray(mono, np.float32)
    if not np.isfinite(found).all():
        raise _unreadable(file, "it has NaN or infinity")
    return Wave(found, rate, channels)


def _chunks(data: bytes, file: Path) -> dict[bytes, bytes]:
    """The first chunk of each name. Raises DataError for one that is longer than the file."""
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        if place + 8 + size > len(data):
            raise _unreadable(file, "it is cut short")
        found.setdefault(name, data[place + 8 : place + 8 + size])
        place += 8 + size + size % 2
    return found


def _values(samples: bytes, tag: int, bits: int, file: Path) -> Array:
    if tag == _FLOAT and bits in (32, 64):
        return np.frombuffer(samples, f"<f{bits // 8}").astype(np.float32)
    if tag == _PCM and bits == 8:
        return (np.frombuffer(samples, np.uint8).astype(np.float32) - 128) / 128
    if tag == _PCM and bits in (16, 32):
        return np.asarray(np.frombuffer(samples, f"<i{bits // 8}") / np.float32(2 ** (bits - 1)))
    if tag == _PCM and bits == 24:
        raw = np.frombuffer(samples, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 1:] = raw  # as the upper bytes of 32 bits, which keeps the sign
        return np.asarray(wide.view("<i4")[:, 0] / np.float32(2**31))
    raise DataError(
        f"Audio {file} has samples of format {tag} with {bits} bits, which are not read.",
        "Save it as WAV with 16 bits PCM.",
    )


def _unreadable(file: Path, why: str) -> DataError:
    return DataError(f"Audio {file} cannot be read: {why}.", "Replace it or remove it.")
