"""Model files that old or other systems' versions of Keras wrote, put as Keras reads them today."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph import keras_archive
from edgehone.graph.compilation import without_compilation
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.parsing import json_of

Config = dict[str, Any]

_WEIGHTS = ".weights.h5"
_H5_DAMAGED = (OSError, KeyError, RuntimeError, TypeError, ValueError)
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")


def renewed_description(value: Any) -> Any:
    """A model's description as versions of Keras 2 from 2.2 on would have written it.

    Before, a Sequential's config was the list of its layers, and a GRU without the setting
    `reset_after` had no such thing, where today's default is to have it.
    """
    if isinstance(value, list):
        return [renewed_description(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: renewed_description(each) for key, each in value.items()}
    settings = found.get("config")
    if found.get("class_name") == "Sequential" and isinstance(settings, list):
        found["config"] = {"name": found.get("name", "sequential"), "layers": settings}
    if found.get("class_name") == "GRU" and isinstance(settings, dict):
        settings.setdefault("reset_after", False)
    return found


@contextmanager
def readable(path: Path, config: Config, *, keras_3: bool = True) -> Iterator[Path]:
    """A file that today's Keras reads: `path`, or a copy of it with another description, without
    what compile() was given to inner models, or with slashes in its weights' paths.

    config: what the file is to say of its model. keras_3: without settings of old depthwise
    convolutions that Keras 3 has dropped.
    """
    content = None
    if path.suffix == ".keras":
        content = _archived(path)
    elif path.is_file():
        content = _described(path, _without_groups(config) if keras_3 else config)
    if content is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="edgehone-") as folder:
        copy = Path(folder, path.name)
        copy.write_bytes(content)
        yield copy


def _described(path: Path, config: Config) -> bytes | None:
    """The content of an .h5 file with this description; None when it has it already."""
    import h5py  # type: ignore[import-untyped]  # it has no types

    with h5py.File(path, "r") as file:
        if json_of(file.attrs["model_config"]) == config:
            return None
    content = io.BytesIO(files.content(path, MODEL_BYTES, ModelError))
    with h5py.File(content, "r+") as file:
        file.attrs["model_config"] = json.dumps(config)
    return content.getvalue()


def _without_groups(value: Any) -> Any:
    """The description without the "groups" that old versions wrote for depthwise convolutions."""
    if isinstance(value, list):
        return [_without_groups(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _without_groups(each) for key, each in value.items()}
    if found.get("class_name") in _DEPTHWISE and isinstance(found.get("config"), dict):
        found["config"].pop("groups", None)
    return found


def _archived(path: Path) -> bytes | None:
    """The content of a .keras archive with slashes in the paths of weights, which versions of Keras
    before 3 joined with backslashes on Windows, and without what compile() was given, which Keras
    reads for inner models although it is asked not to compile; None when that is as it is.
    """
    members = keras_archive.members(path)
    mended = {name.replace("\\", "/"): _member(name, each) for name, each in members.items()}
    if mended == members:
        return None
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in mended.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _member(name: str, content: bytes) -> bytes:
    """One file of a .keras archive as today's Keras reads it."""
    if name.endswith(_WEIGHTS):
        return _weights(content)
    if name != "config.json":
        return content
    described = json_of(content)
    without = without_compilation(described)
    return content if without == described else json.dumps(without).encode()


def _weights(content: bytes) -> bytes:
    """An .h5 file with slashes where the names of its groups have backslashes."""
    import h5py

    stream = io.BytesIO(content)
    try:
        with h5py.File(stream, "r") as file:
            names = list[str]()
            file.visit(names.append)
        if not any("\\" in str(name) for name in names):
            return content
        with h5py.File(stream, "r+") as file:
            _straighten(file)
    except _H5_DAMAGED:  # Keras says so when it reads it
        return content
    return stream.getvalue()


def _straighten(group: Any) -> None:
    """Put what lies under a name with backslashes where the path leads, outer ones first."""
    import h5py

    for name in sorted(group, key=len):
        if "\\" in name:
            place = name.replace("\\", "/")
            if place not in group:
                group.move(name, place)
            else:
                for child in list(group[name]):
                    group.move(f"{name}/{child}", f"{place}/{child}")
                del group[name]
    for name in group:
        if isinstance(group[name], h5py.Group):
            _straighten(group[name])
