"""The loss that a model file says its training had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehone.errors import ConfigError, EdgehoneError
from edgehone.graph.keras_archive import described

HINT = 'Name the loss instead: one of Keras\'s, or "python:module:function".'


def compiled_loss(source: str) -> tuple[str, dict[str, Any]]:
    """Name and settings of the loss that a .keras file was compiled with. Raises ConfigError where
    the file does not say, or says another than Keras's own.
    """
    try:
        found = described(Path(source)).get("compile_config")
    except (EdgehoneError, OSError, ValueError, AttributeError) as error:
        raise ConfigError(f"{source} is no .keras file, which would say its loss.", HINT) from error
    loss = found.get("loss") if isinstance(found, Mapping) else None
    if isinstance(loss, str) and loss:
        return loss, {}
    if isinstance(loss, Mapping) and str(loss.get("module", "")).startswith("keras"):
        name, settings = loss.get("class_name"), loss.get("config")
        if isinstance(name, str) and name != "function" and isinstance(settings, Mapping):
            return name, dict(settings)
        if name == "function" and isinstance(settings, str):
            return settings, {}
    raise ConfigError(f"{source} does not say what loss of Keras it was compiled with.", HINT)
