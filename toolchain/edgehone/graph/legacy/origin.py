"""Which Keras wrote a model file, and whether an old one may be opened at all."""

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph import keras_archive, saved
from edgehone.graph.allowed import FUNCTION_LAYERS
from edgehone.graph.legacy import wrappers
from edgehone.graph.legacy.activations import KEPT
from edgehone.graph.legacy.operations import function
from edgehone.graph.parts import named

Config = Mapping[str, Any]


def version(path: Path, config: Config) -> str:
    """The version of Keras that wrote a file, "2.…" for tf_keras; "" when it does not say."""
    if path.is_dir():
        return str(config.get("keras_version", "2"))
    if path.suffix == ".keras":
        return str(keras_archive.metadata(path).get("keras_version", ""))
    import h5py  # type: ignore[import-untyped]  # it has no types

    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("keras_version", "")
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path} is damaged or cut short ({error}).",
            "Copy the file again, or save the model again with model.save().",
        ) from error
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found)


def is_old(path: Path, config: Config) -> bool:
    """Whether Keras 1 or 2 wrote a file."""
    return version(path, config).partition(".")[0] in ("0", "1", "2")


def needs_comparison(path: Path, config: Config) -> bool:
    """Whether what Keras 3 makes of a file must be compared with what tf_keras makes of it: for
    old files, if tf_keras is there, and for what is known to differ in any case.
    """
    if not is_old(path, config):
        return False
    text = json.dumps(config)
    return any(f'"{name}"' in text for name in KEPT) or bool(find_spec("tf_keras"))


def is_wrapped(config: Config) -> bool:
    """Whether layers are wrapped by TFMOT."""
    return any(part["class_name"] in wrappers.NAMES for part in saved.layer_configs(config))


def refuse(path: Path, config: Config) -> None:
    """Refuse functions of TensorFlow that nothing stands for, of which tf_keras would call any:
    ModelError.
    """
    strange = [
        f"{named(part)[:-1]}: {name})"
        for part, name in _functions(config)
        if function(name) is None
    ]
    if strange:
        raise ModelError(
            f"{path} calls functions of TensorFlow that cannot be carried over to Keras 3: "
            f"{', '.join(dict.fromkeys(strange))}.",
            "Replace them by layers of Keras, or build the model in Keras 3 and give it as "
            '"python:module:function".',
        )


def _functions(config: Config) -> Iterator[tuple[Config, str]]:
    for part in saved.layer_configs(config):
        if part["class_name"] in FUNCTION_LAYERS:
            settings = part.get("config")
            found = settings if isinstance(settings, Mapping) else {}
            yield part, str(found.get("function", "__operators__.getitem"))
        elif part["class_name"] in ("ClassMethod", "InstanceMethod", "InstanceProperty"):
            yield part, part["class_name"]
