"""What many small models cost on a device: one request, one process, several passes."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from edgehone.measure.device import Device
from edgehone.measure.exchange import ask, put, runtime_for, runtime_keys
from edgehone.system.files import reading
from edgehone.values import Event, Plain, Progress, silent

PASSES = 3
PASSES_AT_ONCE = 2
"""Passes of a request where measuring goes on until the prices repeat."""
MOST_REQUESTS = 4
SETTLED = 0.02
"""How far the two least disturbed passes of a price that repeats may lie apart."""
WARMUP_S = 0.0005
MINIMUM_S = 0.002
MINIMUM_COUNT = 8


@dataclass(frozen=True)
class Price:
    """One file's typical latency, from the median of each pass, or its instructions; or an error.

    Of times, the price is the least disturbed pass's median. On a busy machine it repeated within
    2 % over 256 layers, where the median over passes repeated within 12 %.
    """

    path: Path
    passes_ms: tuple[float, ...] = ()
    error: str = ""
    instructions: int | None = None

    @property
    def p50_ms(self) -> float | None:
        """The price in milliseconds; None when the file could not be run, or was not timed."""
        return min(self.passes_ms, default=None)

    @property
    def cost(self) -> float | None:
        """The price in instructions where they were counted, else in milliseconds, if any."""
        return self.p50_ms if self.instructions is None else float(self.instructions)

    @property
    def spread(self) -> float:
        """(slowest - fastest pass) / price: how disturbed the device was."""
        price = self.p50_ms
        return (max(self.passes_ms) - min(self.passes_ms)) / price if price else 0.0

    @property
    def settled(self) -> bool:
        """Whether further passes would tell nothing new: counts and errors repeat, times do once
        the two least of them agree within SETTLED.
        """
        if self.error or self.instructions is not None:
            return True
        least = sorted(self.passes_ms)[:2]
        return len(least) == 2 and least[1] - least[0] <= SETTLED * least[0]

    def with_passes(self, more: "Price") -> "Price":
        """The price with the passes of a later request; what was timed outlives a later error."""
        if more.error:
            return self if self.passes_ms else more
        return replace(self, passes_ms=(*self.passes_ms, *more.passes_ms))


def price(
    files: Sequence[Path], device: Device, *, passes: int = PASSES, progress: Progress = silent
) -> list[Price]:
    """Price many small files on a device, in their order; one that fails carries its error.

    A device that counts instructions is asked for counts, which need no second pass. Raises
    DeviceError when the device is lost or answers nonsense.
    """
    kinds: dict[str, list[Path]] = {}
    for file in dict.fromkeys(files):
        kinds.setdefault(runtime_for(file).RUNTIME, []).append(file)
    if not kinds:
        return []

    def on_line(line: Plain) -> None:
        if line["event"] == "progress":
            progress(Event("price", f"on {device.name}", line["done"], line["total"]))

    jobs = [_job(runtime, group, device, passes) for runtime, group in kinds.items()]
    answer = ask(device, jobs, threads=device.target.threads, seed=0, on_line=on_line)
    found: dict[Path, Price] = {}
    for runtime, group in kinds.items():
        result = answer.jobs[runtime]
        refused = [{"error": str(result.get("error", ""))}] * len(group)
        entries = result.get("prices", refused)
        found |= {file: _price(file, entry) for file, entry in zip(group, entries, strict=True)}
    return [found[file] for file in files]


def settled_prices(
    files: Sequence[Path], device: Device, *, progress: Progress = silent
) -> list[Price]:
    """Price many small files as `price` does, and those that do not repeat again, until they do or
    MOST_REQUESTS have been made, or an error comes. A calm device answers all in the first.
    """
    found, failed = {file: Price(file) for file in files}, set[Path]()
    for _ in range(MOST_REQUESTS):
        waiting = [file for file, each in found.items() if not (each.settled or file in failed)]
        more = price(waiting, device, passes=PASSES_AT_ONCE, progress=progress)
        failed |= {each.path for each in more if each.error}
        found |= {each.path: _joined(found[each.path], each) for each in more}
    return [found[file] for file in files]


def _joined(before: Price, more: Price) -> Price:
    return before.with_passes(more) if before.passes_ms else more


def _job(runtime: str, files: Sequence[Path], device: Device, passes: int) -> Plain:
    """The files travel as one archive: a thousand small uploads would take longer than timing."""
    members = [f"{index}{file.suffix}" for index, file in enumerate(files)]
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        archive = Path(scratch) / "models.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for file, member in zip(files, members, strict=True):
                with reading(file):
                    packed.writestr(member, file.read_bytes())
        name = put(device, archive, "prices")
    keys = runtime_keys(device, runtime_for(files[0]))
    job = {"id": runtime, "kind": "prices", **keys, "archive": name, "models": members}
    if device.target.instructions:
        return {**job, "count": True}
    times = {"warmup_s": WARMUP_S, "minimum_s": MINIMUM_S, "minimum_count": MINIMUM_COUNT}
    return {**job, "passes": passes, **times}


def _price(file: Path, entry: Plain) -> Price:
    if entry.get("error"):
        return Price(file, error=str(entry["error"]))
    if "instructions" in entry:
        return Price(file, instructions=int(entry["instructions"]))
    return Price(file, tuple(ns / 1e6 for ns in entry["passes_ns"]))
