"""What a model and its runtime add to an app's download, and whether libraries fit its pages."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.errors import DataError, UsageError
from edgehone.system import files
from edgehone.system.archives import DAMAGED, archive, member
from edgehone.system.elf import library
from edgehone.system.library_errors import sentence

LIBRARY_BYTES = 1 << 30

_ZIPPED = (".aar", ".apk", ".aab", ".zip", ".whl")


@dataclass(frozen=True)
class Counted:
    """A runtime's part of a download. bytes, compressed_bytes: as it lies, and after DEFLATE at
    level 9. unaligned: why it does not fit pages of 16 KiB, "" where it does; None: not looked at.
    """

    abi: str
    source: str
    bytes: int
    compressed_bytes: int
    unaligned: str | None = None


TABLE = {
    ("linux", "tflite"): (
        Counted("x86_64", "libLiteRt.so of ai-edge-litert 2.3.0", 8_039_424, 3_172_391),
        Counted("arm64-v8a", "libLiteRt.so of ai-edge-litert 2.3.0", 5_991_672, 2_363_001),
    ),
    ("linux", "onnx"): (
        Counted("x86_64", "libonnxruntime.so of onnxruntime 1.32.0", 34_824_680, 13_108_645),
        Counted("arm64-v8a", "libonnxruntime.so of onnxruntime 1.32.0", 27_165_936, 10_892_236),
    ),
    ("web", "tflite"): (
        Counted("wasm", "@litertjs/core 2.5.3, script and wasm", 9_694_451, 2_913_459),
    ),
    ("web", "onnx"): (
        Counted("wasm", "onnxruntime-web 1.30.0, bundle and wasm", 14_312_951, 3_677_320),
    ),
}
"""Runtimes by platform and format, counted from their packages on the day below."""

COUNTED_ON = "2026-11-30"


def libraries(paths: Sequence[Path]) -> tuple[Counted, ...]:
    """The shared libraries that the user brings, alone or in archives. Raises UsageError,
    DataError, StorageError.
    """
    return tuple(each for path in paths for each in _of(path))


def _of(path: Path) -> Iterator[Counted]:
    if path.suffix.lower() not in _ZIPPED:
        content = files.content(path, LIBRARY_BYTES, DataError)
        yield _counted(content, path.name)
        return
    found = False
    for name, content in _members(path):
        found = True
        yield _counted(content, f"{path.name}!{name}")
    if not found:
        raise UsageError(
            f"{path} holds no shared library.", "Give the .aar or .apk that has .so files in it."
        )


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with archive(path) as found:
            for each in found.infolist():
                if each.filename.endswith(".so"):
                    yield each.filename, member(found, each.filename, LIBRARY_BYTES)
    except (OSError, *DAMAGED) as error:
        raise DataError(
            f"{path} is not an archive that can be read ({sentence(error)}).",
            "Give a whole .aar or .apk.",
        ) from error


def _counted(content: bytes, name: str) -> Counted:
    found = library(content, name)
    packed = len(zlib.compress(content, 9))
    return Counted(found.abi, name, len(content), packed, found.unaligned)


def rows(
    platform: str, form: str, model: int, given: Sequence[Counted], abis: Sequence[str]
) -> list[dict[str, Any]]:
    """What a platform's download grows by for each ABI: by the libraries given, else the table's;
    model: compressed bytes of the model file.
    """
    counted = [each for each in given if each.abi in abis or not abis]
    source = counted or TABLE.get((platform, form), ())
    known = [
        {
            "platform": platform,
            "abi": each.abi,
            "model_bytes": model,
            "runtime_bytes": each.compressed_bytes,
            "runtime_unpacked_bytes": each.bytes,
            "total_bytes": model + each.compressed_bytes,
            "source": each.source if counted else f"{each.source}, counted on {COUNTED_ON}",
            "unaligned": each.unaligned,
        }
        for each in source
    ]
    nothing = {
        "platform": platform,
        "model_bytes": model,
        "runtime_bytes": None,
        "runtime_unpacked_bytes": None,
        "total_bytes": None,
        "source": None,
        "unaligned": None,
    }
    there = {each["abi"] for each in known}
    return [*known, *({**nothing, "abi": abi} for abi in abis if abi not in there)]
