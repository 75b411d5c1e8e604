"""`learn`: what single layers cost on a device, measured before a run asks for it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone import formats
from edgehone.actions.api import arguments, models
from edgehone.actions.api.arguments import PathOrText
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.actions.devices import learn as learning
from edgehone.system.places import RUNS_FOLDER
from edgehone.values import Progress, silent


@public
@explained(
    {
        "device": 'a device by name, as `edgehone devices` lists them, "local" or '
        '"TARGET@ADDRESS".',
        "model": "a Keras model or its path, whose layers a search will ask for. None: layers of "
        "usual shapes.",
        "format": '"tflite" or "onnx", or "python:module:Class" of your own.',
        "precisions": "of the layers, one or a list; none: those that suit the device.",
        "folder": "of the runs that will look the costs up.",
    }
)
def learn(
    device: str,
    model: Any = None,
    *,
    format: str = formats.USUAL,  # noqa: A002 - as `export` calls it
    precisions: str | Sequence[str] = (),
    folder: PathOrText = RUNS_FOLDER,
    trust: bool = False,
    custom: str | Sequence[str] = (),
    config: PathOrText | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure what single layers cost on a device; costs that are in the folder stay as they are.

    Returns {"entries", "measured": now, "known": before, "interpolated", "refused", "overhead":
    {precision: what an inference costs beside its layers}, "unit": "ms" or "instructions",
    "seconds", …}. Raises UsageError, ConfigError, ModelError, StorageError, DeviceError.
    """
    setting = arguments.setting(
        config=config, task=None, scale=None, offset=None, progress=progress
    )
    with TemporaryDirectory(prefix="edgehone-") as scratch:
        found = None if model is None else models.given(model, Path(scratch))
        own = arguments.names(custom, "custom")
        request = learning.Request(
            "" if found is None else found.source,
            arguments.text(format, "format"),
            arguments.names(precisions, "precisions"),
            arguments.path(folder, "folder"),
            arguments.flag(trust, "trust") or (found is not None and found.in_memory),
            own if found is None else (*found.custom, *own),
        )
        return learning.learn(request, setting.device(arguments.text(device, "device")), progress)
