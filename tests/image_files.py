"""Image files of every kind that archives hold, and small folders of them."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 9, 11


def picture(channels: int, seed: int = 0) -> Any:
    """(9, 11, channels) bytes, smooth with some noise."""
    ramp = np.linspace(0, 255, HEIGHT * WIDTH * channels).reshape(HEIGHT, WIDTH, channels)
    noise = np.random.default_rng(seed).normal(0, 20, ramp.shape)
    return np.clip(ramp + noise, 0, 255).astype(np.uint8)


def wide(values: Any, seed: int = 1) -> Any:
    """16 bits a channel, whose high bytes are these."""
    low = np.random.default_rng(seed).integers(0, 256, values.shape)
    return values.astype(np.uint16) << 8 | low.astype(np.uint16)


def png16(path: Path, values: Any) -> Path:
    """A PNG of 16 bits a channel, (h, w, 1 to 4): Pillow writes those of one channel alone."""
    height, width, channels = values.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def tiff(path: Path, data: bytes, bits: int, *, kind: int = 1, photometric: int = 1) -> Path:
    """A grey TIFF of one row of four. kind: 1 unsigned, 2 signed, 3 floating-point numbers."""
    short, long = 3, 4
    tags = [
        (256, short, 4),
        (257, short, 1),
        (258, short, bits),
        (259, short, 1),
        (262, short, photometric),
        (273, long, 8 + 2 + 10 * 12 + 4),
        (277, short, 1),
        (278, short, 1),
        (279, long, len(data)),
        (339, short, kind),
    ]
    entries = b"".join(struct.pack("<HHII", tag, form, 1, value) for tag, form, value in tags)
    start = b"II*\0" + struct.pack("<IH", 8, len(tags))
    path.write_bytes(start + entries + struct.pack("<I", 0) + data)
    return path


def folders(place: Path, *classes: str, count: int = 6, suffix: str = ".png") -> Path:
    """Class folders of grey 4x4 images, each of a shade of its own."""
    for number, name in enumerate(classes):
        (place / name).mkdir(parents=True, exist_ok=True)
        for each in range(count):
            shade = np.full((4, 4), 40 * number + each, np.uint8)
            Image.fromarray(shade).save(place / name / f"{each}{suffix}")
    return place
