"""Measurements that apps took: the lines that golden tests print, read out of any log."""

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone.actions import lone_files
from edgehone.documents import measurement_json
from edgehone.documents.plain import plain
from edgehone.errors import DataError, EdgehoneError, UsageError
from edgehone.store import Store
from edgehone.system import files
from edgehone.system.parsing import json_of
from edgehone.system.settings import READ_LOG
from edgehone.values import Artifact, DeviceInfo, Latency, Measurement, Plain, RuntimeInfo

MARK = "edgehone-app "
LABEL = "app"
"""What such measurements are labelled with, as the source of their conditions."""

LOG_BYTES = 256 << 20
_FLAT = re.compile(r'\{(?:[^"{}]|"(?:[^"\\]|\\.)*+")*+\}')
"""An object of JSON that holds no other one: what a golden test prints."""

_MOST_MS = 3.6e6
_MOST_SAMPLES = 1_000_000
_MOST_TEXT = 200


@dataclass(frozen=True)
class AppLine:
    """One line: which file ran where, and how long loading and inferences took."""

    sha256: str
    platform: str
    runtime: str
    version: str
    device: str
    init_ms: float
    latency_ms: tuple[float, ...]


def read(log: Path, folder: Path, file: Path | None) -> dict[str, Any]:
    """Keep every measurement of a log in the store of `folder`; what `edgehone app --read --json`
    prints.

    A measurement that the store has already, because the log was read before, is not kept again.
    file: the model that ran, where the store does not have it. Raises DataError for a log without
    measurements or with damaged ones, UsageError for a model that is not known.
    """
    notes = list(lines(text_of(files.content(log, LOG_BYTES, DataError)), log))
    if not notes:
        raise DataError(
            f"{log} has no line that begins with {MARK.strip()!r}.",
            "Run the kit's golden test and keep all that it prints.",
        )
    store = Store(folder)
    known = {each.sha256: _artifact(each.sha256, store, file) for each in notes}
    documents = [measurement_json(measurement(each, known[each.sha256])) for each in notes]
    new = _new(documents, store)
    for document in new:
        store.add_measurement(document)
    again = len(documents) - len(new)
    warnings = [f"{again} of {len(documents)} measurements were read before."] if again else []
    return {"measurements": documents, "kits": [], "warnings": warnings}


def _new(documents: Sequence[Plain], store: Store) -> list[Plain]:
    """Those that the store does not have: no two measurements have the same samples."""
    new: list[Plain] = []
    for document in documents:
        sha256 = document["artifact"]["sha256"]
        kept = [*store.measurements(artifact=sha256), *_of_file(sha256, new)]
        if _taken(document) not in map(_taken, kept):
            new.append(document)
    return new


def _of_file(sha256: str, documents: Sequence[Plain]) -> list[Plain]:
    return [each for each in documents if each["artifact"]["sha256"] == sha256]


def _taken(document: Plain) -> Plain:
    """What tells a measurement of a file from all others."""
    return {key: plain(document[key]) for key in ("device", "runtime", "latency_ms")}


def text_of(content: bytes) -> str:
    """A log's text: UTF-8, or UTF-16 as Windows' PowerShell writes what a command prints."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8", "replace")


def lines(text: str, log: Path) -> Iterator[AppLine]:
    """What the golden tests' lines of a log say; other words may stand before and after them."""
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, rest = line.partition(MARK)
        if mark and rest.lstrip().startswith("{"):
            yield _line_of(rest.strip(), f"Line {number} of {log}")


def _line_of(text: str, where: str) -> AppLine:
    try:
        found = _FLAT.match(text)
        if found is None:
            raise ValueError("it ends too early")
        return _checked(json_of(found[0], finite=True))
    except (ValueError, TypeError, KeyError, EdgehoneError) as error:
        raise DataError(
            f"{where} is not what a golden test prints ({error}).",
            "Keep the line whole: logs may cut long lines.",
        ) from error


def _checked(found: Any) -> AppLine:
    if not isinstance(found, Mapping) or found.get("schema") != 1:
        raise ValueError("its schema is not 1")
    given = found.get("latency_ms")
    times = tuple(_ms(each) for each in given) if isinstance(given, list) else ()
    if not 0 < len(times) <= _MOST_SAMPLES:
        raise ValueError("it has no latencies")
    sha256 = str(found.get("sha256"))
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ValueError("its sha256 is not that of a file")
    platform, runtime, version, device = (
        str(found.get(key) or "")[:_MOST_TEXT]
        for key in ("platform", "runtime", "version", "device")
    )
    init = _ms(found.get("init_ms", 0))
    return AppLine(sha256, platform, runtime, version, device, init, times)


def _ms(value: Any) -> float:
    number = float(value) if isinstance(value, int | float) and value is not True else math.nan
    if not 0 <= number <= _MOST_MS:
        raise ValueError(f"{json.dumps(value)[:40]} is not a time in milliseconds")
    return number


def _artifact(sha256: str, store: Store, file: Path | None) -> Artifact:
    if file is not None:
        found = lone_files.artifact(file)
        if found.sha256 == sha256:
            store.add_file(file)  # so that the next log needs no file
            return found
    try:
        return lone_files.artifact(store.path_of(sha256))
    except EdgehoneError as error:
        raise UsageError(
            f"The app ran a model with SHA-256 {sha256[:12]}…, which is not "
            f"{'FILE, nor' if file else 'a file'} in {store.folder}.",
            f"Give the model file that the kit was made of: {READ_LOG}.",
        ) from error


def measurement(text: AppLine, artifact: Artifact) -> Measurement:
    """One line as a measurement on the device that the app names."""
    name = f"{LABEL}:{text.device or text.platform or 'unknown'}"
    return Measurement(
        artifact,
        DeviceInfo(name, text.platform or LABEL),
        RuntimeInfo(text.runtime or "unknown", text.version, "", 1),
        Latency((text.latency_ms,), text.latency_ms[:1], (text.init_ms,)),
        None,
        conditions={"source": LABEL, "platform": text.platform},
    )
