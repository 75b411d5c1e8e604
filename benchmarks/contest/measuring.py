"""One interleaved batch of all files of a data set and seed, and its instructions by emulation."""

import platform
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from arena import TEACHER, Arena, ContestantError
from rows import FileRow, MeasuredRow, Row, key_of

import edgehone as eh
from edgehone.stats import percentile

EMULATED = {
    "cortex-a72": "arm-emulated@qemu://cortex-a72",
    "cortex-a76": "arm-emulated@qemu://cortex-a76",
}
"""Devices that count instructions."""

COUNTED = "tflite"
"""The format of the files whose instructions are counted."""

LOCAL = "local"
"""The device that is timed."""

BATCH = "batch"
"""What the rows of a batch have in the place of a contestant."""


def files(arena: Arena) -> list[FileRow]:
    """A row for each different file of this data set and seed, the float teacher first."""
    rows = [row for row in arena.rows if isinstance(row, FileRow) and row.path]
    ordered = sorted(rows, key=lambda row: (row.contestant != TEACHER, row.precision != "float32"))
    return list({row.sha256: row for row in reversed(ordered)}.values())[::-1]


def measured(arena: Arena, *, instructions: bool) -> None:
    """Measure all files, unless just these were measured together before."""
    several = files(arena)
    if not several or several[0].contestant != TEACHER:
        raise ContestantError(f"{arena.data.name}, seed {arena.seed}: the teacher has no file.")
    batch = key_of({"files": sorted(row.sha256 for row in several), "place": arena.data.name})
    said = {"batch": batch, "blocks": arena.effort.blocks}
    arena.kept(BATCH, LOCAL, said, lambda _: _batch(arena, several, batch))
    for device in EMULATED if instructions else ():
        order = {"batch": batch, "device": device}
        arena.kept(BATCH, device, order, partial(_counted, arena, several, batch, device))


def _batch(arena: Arena, several: Sequence[FileRow], batch: str) -> list[Row]:
    paths = [arena.work / row.path for row in several]
    x, y = arena.data.split("test")
    found = eh.bench(
        paths,
        data={"x_test": x, "y_test": y, "x_train": x[:1], "y_train": y[:1]},
        baseline=paths[0],
        blocks=arena.effort.blocks,
        memory=False,
        seed=arena.seed,
        progress=arena.progress,
    )
    return [_row(arena, row.sha256, batch, one) for row, one in zip(several, found, strict=True)]


def _counted(
    arena: Arena, several: Sequence[FileRow], batch: str, device: str, _: Path
) -> list[Row]:
    """Instructions of an emulated processor, of .tflite files."""
    counted = [row for row in several if row.format == COUNTED]
    found = eh.bench(
        [arena.work / row.path for row in counted],
        on=EMULATED[device],
        memory=False,
        seed=arena.seed,
        progress=arena.progress,
    )
    pairs = zip(counted, found, strict=True)
    rows: list[Row] = [_row(arena, row.sha256, batch, one, device) for row, one in pairs]
    place = (arena.data.name, arena.seed, BATCH)
    reason = f"instructions are counted of .{COUNTED} files"
    others = [row.sha256 for row in several if row.format != COUNTED]
    rows += [
        MeasuredRow("", *place, batch=batch, sha256=each, device=device, reason=reason)
        for each in others
    ]
    return rows


def processor() -> str:
    """What this machine's processor is called."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _row(
    arena: Arena, sha256: str, batch: str, one: eh.Measurement, device: str = LOCAL
) -> MeasuredRow:
    latency, accuracy = one.latency, one.accuracy
    blocks = () if latency is None else tuple(percentile(b, 50) for b in latency.blocks_ms)
    return MeasuredRow(
        "",
        arena.data.name,
        arena.seed,
        BATCH,
        batch,
        sha256,
        device,
        "" if one.device.emulated else processor(),
        f"{one.runtime.name} {one.runtime.version}",
        0.0 if accuracy is None else accuracy.value,
        0 if accuracy is None else accuracy.n,
        percentile(blocks, 50) if blocks and not one.device.emulated else None,
        () if one.device.emulated else blocks,
        tuple(one.conditions.get("rounds", ())),
        one.instructions,
        one.verdict,
        one.reason,
    )
