"""`inspect`, `techniques`, `digits`: what is in a model or file, and what there is to try."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgehone.actions import inspect as inspecting
from edgehone.actions import techniques as listing
from edgehone.actions.api import arguments, models
from edgehone.actions.api.boundary import public
from edgehone.actions.api.explained import explained
from edgehone.data import bundled_digits
from edgehone.values import Progress, silent


@public
@explained(
    {
        "model": "a Keras model, a candidate, an artifact, or a path of any of these files.",
        "require": '"int8", "no-flex", "no-custom", "no-loops", "xnnpack"; `findings` of the '
        "result says what a file lacks of them.",
    }
)
def inspect(
    model: Any,
    *,
    require: str | Sequence[str] = (),
    trust: bool = False,
    custom: str | Sequence[str] = (),
    progress: Progress = silent,
) -> inspecting.Inspection:
    """What a model costs, or what a finished file really holds.

    Returns a mapping: of a model "params", "macs" (for one sample), "layers", "groups" (channels
    that can be pruned together); of a file "operators", "layers", "precision", "delegates", ….
    Raises UsageError for what is neither, ModelError for what cannot be read.
    """
    with TemporaryDirectory(prefix="edgehone-") as folder:
        found = models.given(model, Path(folder))
        request = inspecting.Request(
            found.source,
            arguments.flag(trust, "trust") or found.in_memory,
            (*found.custom, *arguments.names(custom, "custom")),
            arguments.names(require, "require"),
        )
        return inspecting.inspect(request, progress)


@public
def digits() -> tuple[Any, Any]:
    """The bundled handwritten digits: x (1797, 8, 8) uint8 from 0 to 16, y (1797,) from 0 to 9.

    Source: UCI, Optical Recognition of Handwritten Digits, the test part (Alpaydin, Kaynak 1998).
    """
    found = bundled_digits()
    return found.x, found.y


@public
@explained({"name": 'a technique, or "python:module:Class" for an own one; None: all there are.'})
def techniques(name: str | None = None) -> list[dict[str, Any]]:
    """Every compression technique, or the one of this name ("python:module:Class" for an own one).

    [{"name", "summary", "description", "trains", "settings": [{"name", "type", "default",
    "search": values worth trying}]}]. Raises UsageError that names the known ones.
    """
    return listing.techniques(None if name is None else arguments.text(name, "name"))
