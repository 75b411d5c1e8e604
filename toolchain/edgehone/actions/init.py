"""A project file: the one that explains every key, or one that fits a model and its data."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehone import config, targets, units
from edgehone.actions.looking import Inspected, inspect_pair
from edgehone.config.fitted import Fitted
from edgehone.config.loading import WORDS
from edgehone.config.template import FINAL_EPOCHS
from edgehone.decide.budget_metrics import METRICS
from edgehone.errors import UsageError
from edgehone.measure.device import resolve
from edgehone.system.files import write_whole
from edgehone.system.places import PROJECT_FILE
from edgehone.system.user_code import is_reference
from edgehone.values import NOTHING, Plain, Progress, Task, silent

DROPS = (0.01, 0.02, 0.03, 0.05)
"""Losses of accuracy, in fractions, that a budget may allow."""

HALF_WIDTH = 0.2
"""Half of the 95 % interval of a drop, times the square root of the samples: where 1 in 100 has
another answer."""

FINAL_REASON = (
    "The best candidates are trained on once the search has ended, until the validation data gain "
    "nothing more; 0 saves that time."
)

CLASSES_REASON = (
    "Labels are texts, so the classes stand in the order of their names: the model's outputs have "
    "to be in the same order."
)

OVERHEAD_BYTES = 4096
LAYER_BYTES = 512
"""What a file has beside its weights: by itself, and for every layer."""


@dataclass(frozen=True)
class Request:
    """Which model and data a project is for. scale, offset: as they are known; None: to be found.
    on: a device by name or TARGET@ADDRESS; "": this machine. minimize: a metric; "": by the device.
    """

    model: str
    data: str
    scale: float | None = None
    offset: float | None = None
    on: str = ""
    minimize: str = ""
    trust: bool = False
    custom: tuple[str, ...] = ()

    @property
    def scaling(self) -> tuple[float, float] | None:
        """Scale and offset, where one of them is known."""
        if self.scale is None and self.offset is None:
            return None
        return (1.0 if self.scale is None else self.scale, self.offset or 0.0)


def write(folder: Path, *, replace: bool = False) -> Path:
    """Write the project file that explains every key and runs as it is; its path. Raises
    UsageError where there is one already and it is not to be replaced.
    """
    path = free(folder, replace=replace)
    write_whole(path, config.template(), last=True)
    return path


def fitted(
    folder: Path, request: Request, *, replace: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Write a project file that fits a model and its data; {"path", "saw": why the file says what
    it says, a sentence each, "warning", "scale", "offset", "task", "device"}.

    Raises UsageError where there is a file already, for an unknown device or metric; ModelError and
    DataError for a model and data that cannot be used. Then nothing is written.
    """
    path = free(folder, replace=replace)
    device, devices = _device(request.on)
    objective = _objective(request.minimize, instructions=device.instructions)
    inspected = inspect_pair(
        request.model,
        request.data,
        scaling=request.scaling,
        trust=request.trust,
        custom=request.custom,
        progress=progress,
    )
    found = _fitted(request, inspected, objective, devices, path.parent)
    document = {
        "path": str(path),
        "saw": [text for texts in found.remarks.values() for text in texts],
        "warning": inspected.warning,
        "scale": inspected.scale,
        "offset": inspected.offset,
        "task": {"kind": inspected.task.kind, "metric": inspected.task.metric},
        "device": request.on or "local",
    }
    write_whole(path, found.text, last=True)
    return document


def free(folder: Path, *, replace: bool) -> Path:
    """Where the project file goes. Raises UsageError where one is that must stay."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and a project lies in a folder.", "Name a folder.")
    path = folder / PROJECT_FILE
    if path.exists() and not replace:
        raise UsageError(f"{path} is there already.", "Replace it with --force, or name a folder.")
    return path


def _device(on: str) -> tuple[targets.Target, Mapping[str, Plain]]:
    """The kind of device, and the table that an address given in place of a name needs."""
    device = resolve(on or "local", config.user_devices())
    target, at, address = on.partition("@")
    if not at:
        return device.target, NOTHING
    return device.target, {"my-board": {"target": target, "address": address}}


def _objective(minimize: str, *, instructions: bool) -> str:
    if minimize and minimize not in METRICS:
        raise UsageError(f"Unknown metric {minimize!r}.", f"Known: {', '.join(METRICS)}.")
    return minimize or ("instructions" if instructions else "latency_p50_ms")


def _fitted(
    request: Request,
    inspected: Inspected,
    objective: str,
    devices: Mapping[str, Plain],
    folder: Path,
) -> Fitted:
    model: dict[str, object] = {"teacher": _named(request.model, folder)}
    if request.trust:
        model["trust"] = True
    if request.custom:
        model["custom"] = request.custom
    data: dict[str, object] = {"source": _named(request.data, folder)}
    if inspected.scale != 1.0:
        data["scale"] = inspected.scale
    if inspected.offset != 0.0:
        data["offset"] = inspected.offset
    if inspected.texts:
        data["classes"] = tuple(inspected.classes)
    tables: dict[str, Plain] = {"model": model, "data": data}
    if inspected.task.kind != Task().kind:
        tables["task"] = {"kind": inspected.task.kind, "metric": inspected.task.metric}
    key = "maximize" if objective in ("accuracy", "agreement") else "minimize"
    tables["objective"] = {key: objective}
    tables["distill"] = {"final_epochs": FINAL_EPOCHS}
    drop, drop_reason = _drop(inspected)
    size, size_reason = _size(inspected)
    return Fitted(
        tables,
        [{"metric": "accuracy_drop", "max": drop}, {"metric": "size_bytes", "max": size}],
        devices,
        {
            "model": [inspected.about_model],
            "data": [
                inspected.about_data,
                inspected.about_scaling,
                *([CLASSES_REASON] if inspected.texts else []),
            ],
            "distill": [FINAL_REASON],
            "budget accuracy_drop": [drop_reason],
            "budget size_bytes": [size_reason],
        },
    )


def _drop(inspected: Inspected) -> tuple[float | str, str]:
    """The loss of quality to allow, and why: what the test samples can prove."""
    n, metric = inspected.samples["test"], inspected.task.metric
    scored = units.quantity("accuracy", inspected.score, metric)
    about = f"The teacher has {metric} {scored} on the validation data"
    if units.kind_of("accuracy", metric) != "share":
        limit = float(f"{0.1 * abs(inspected.score):.2g}") or 0.01
        return limit, f"{about}; a tenth of it may be lost."
    half = HALF_WIDTH / math.sqrt(n)
    limit = next((drop for drop in DROPS if drop >= half), DROPS[-1])
    allowed = units.quantity("accuracy_drop", limit)
    return f"{100 * limit:g} %", (
        f"{about}; {units.plural(n, 'test sample')} can prove that no more than {allowed} "
        f"{'is' if limit == 0.01 else 'are'} lost."
    )


def _size(inspected: Inspected) -> tuple[str, str]:
    """The size to allow, and why: about that of int8 weights alone."""
    whole = 1.1 * inspected.params + LAYER_BYTES * inspected.layers + OVERHEAD_BYTES
    limit = f"{math.ceil(whole / 1024)} KiB"
    started = units.in_unit(4.0 * inspected.params, "bytes")
    return limit, f"About what int8 alone reaches; the float32 weights have {started}."


def _named(source: str, folder: Path) -> str:
    """A source as the project file names it: from its own folder, where it lies in or beside it."""
    if is_reference(source) or source in WORDS:
        return source
    path = Path(source).expanduser().resolve()
    near = Path(os.path.relpath(path, folder.resolve()))
    return str(path) if near.parts[:2] == ("..", "..") else near.as_posix()
