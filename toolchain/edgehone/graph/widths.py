"""A model scaled in width: every prunable group of channels times one factor."""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgehone.errors import UsageError
from edgehone.graph import backend
from edgehone.graph.groups import analyse
from edgehone.graph.importance import channel_importance, strongest
from edgehone.graph.rebuild import keep_channels
from edgehone.graph.rewrite import Replacement, rewrite
from edgehone.graph.wiring import is_model


def scale_widths(
    model: Any,
    factor: float,
    *,
    multiple: int = 1,
    minimum: int = 4,
    inherit: bool = False,
    seed: int = 0,
) -> Any:
    """A new model whose prunable groups have `factor` (in (0, 1]) of their channels.

    multiple, minimum: as in `scaled_channels`. inherit: keep the strongest channels with their
    weights; otherwise all weights are drawn anew, reproducibly, from `seed`.
    """
    if not 0 < factor <= 1:
        raise UsageError(f"Width {factor} is not in (0, 1].", "Give a fraction such as 0.5.")
    graph = analyse(model)
    kept: dict[str, Sequence[int]] = {
        name: strongest(importance, scaled_channels(len(importance), factor, multiple, minimum))
        for name, importance in channel_importance(model, graph).items()
    }
    narrow = keep_channels(model, graph, kept)
    return narrow if inherit else fresh_weights(narrow, seed)


def scaled_channels(channels: int, factor: float, multiple: int = 1, minimum: int = 1) -> int:
    """Channels x factor, rounded to a multiple, at least `minimum`, at most `channels`."""
    scaled = int(np.floor(channels * factor / multiple + 0.5)) * multiple
    return min(channels, max(scaled, minimum, 1))


def fresh_weights(model: Any, seed: int = 0) -> Any:
    """A new model of the same architecture, initialised as its layers say, the same for a seed.

    Layers without initialisers (statistics of the data) keep what they hold.
    """

    def replace(layer: Any) -> Replacement:
        if is_model(layer):
            return ((rewrite(layer, replace), None),)
        config = layer.get_config()
        if not layer.weights or not _reseeded(config, f"{seed}/{layer.name}"):
            return None
        return ((backend.remade(type(layer), config), None),)

    return rewrite(model, replace)


def _reseeded(config: dict[str, Any], source: str) -> bool:
    """Give all initialisers in a layer's settings a seed of their own; whether there are any."""
    found = False
    for key, value in config.items():
        settings = value.get("config") if isinstance(value, dict) else None
        if key.endswith("_initializer"):
            found = True
            if settings and "seed" in settings:
                own = zlib.crc32(f"{source}/{key}".encode()) % 2**31
                config[key] = {**value, "config": {**settings, "seed": own}}
        elif key in ("layer", "backward_layer") and settings:
            found |= _reseeded(settings, f"{source}/{key}")
    return found
