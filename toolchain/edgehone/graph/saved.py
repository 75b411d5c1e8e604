"""What a saved Keras file says before anything in it is run: its layers, and who knows them."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehone import formats
from edgehone.errors import ModelError
from edgehone.graph import keras_archive
from edgehone.graph.compilation import without_compilation
from edgehone.graph.old_files import renewed_description
from edgehone.graph.parts import Part, is_from_keras, is_known, parts
from edgehone.system.files import opened, reading
from edgehone.system.parsing import json_of

Config = dict[str, Any]

_DAMAGED = "Copy the file again, or save the model again with model.save()."
_WRONG_KIND = (
    'A model is a .keras or .h5 file, a SavedModel folder of Keras 2, or "python:module:function".'
)
_H5_DAMAGED = (KeyError, RuntimeError, TypeError, ValueError)
"""What h5py raises for damaged files, beside OSError."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date a ZIP archive can hold."""


def read_config(path: Path) -> Config:
    """A file's description of its model: "class_name" and "config", without what compile() was
    given, which is never used. Loads no layer.

    Raises ModelError for files that are missing, of another kind, damaged, or weights only.
    """
    with reading(path):
        there = path.is_file()
    if not there:
        state = "a folder, no model file" if path.is_dir() else "not there"
        state = "no regular file" if path.exists() and not path.is_dir() else state
        raise ModelError(f"Model {str(path)!r} is {state}.", _WRONG_KIND)
    match path.suffix:
        case ".keras":
            found = _keras_config(path)
        case ".h5" | ".hdf5":
            found = _h5_config(path)
        case _ if formats.of_suffix(path):
            raise ModelError(
                f"{path} is a finished file, which can be neither trained nor pruned any more.",
                "Give the Keras model it was made from. What can be done with the file: bench, "
                "compare, gate, inspect, and export to other precisions if it is float32.",
            )
        case _:
            raise ModelError(f"{path} is not a Keras model file.", _WRONG_KIND)
    if found is None:
        raise ModelError(
            f"{path} holds weights only, and no description of the model they belong to.",
            "Build the model in Python, give it the weights with load_weights, and save all of it "
            "with model.save('model.keras').",
        )
    if not isinstance(found, dict) or "class_name" not in found:
        raise ModelError(f"{path} does not describe a Keras model.", _DAMAGED)
    return {**without_compilation(found)}


def _keras_config(path: Path) -> Any:
    _require_content(path)
    keras_archive.metadata(path)  # without it, Keras knows not how to read the file
    return keras_archive.described(path)


def _h5_config(path: Path) -> Any:
    import h5py  # type: ignore[import-untyped]  # it has no types

    _require_content(path)
    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            return None if text is None else renewed_description(json_of(text))
    except (OSError, *_H5_DAMAGED) as error:
        raise ModelError(f"{path} is damaged or cut short ({error}).", _DAMAGED) from error


def _require_content(path: Path) -> None:
    """Refuse what often lies in the place of a model file: web pages, pointers of Git LFS."""
    with reading(path), opened(path) as stream:
        start = stream.read(64).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ModelError(
            f"{path} is a web page, not a model.",
            "Download the file itself; the page often has a button for it.",
        )
    if start.startswith(b"version https://git-lfs"):
        raise ModelError(
            f"{path} is a pointer of Git LFS, not the model.", "Fetch the file with: git lfs pull"
        )


def layer_configs(value: Any) -> Iterator[Config]:
    """Every described object that has a class name, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value
        for part in value.values():
            yield from layer_configs(part)
    elif isinstance(value, list):
        for part in value:
            yield from layer_configs(part)


def require_graph(config: Config, path: Path) -> None:
    """Refuse subclassed models."""
    settings = config.get("config")
    if not isinstance(settings, dict) or "layers" not in settings:
        raise ModelError(
            f"{path} holds a subclassed model ({config['class_name']}), which has no graph of "
            "layers.",
            'Give it as "python:module:function", built as keras.Model(inputs, outputs).',
        )


def unknown_parts(config: Config) -> list[Part]:
    """Layers, and what they are made with, of classes that neither Keras nor the user's registered
    ones have; an optimizer beside the model is never loaded.
    """
    return [part for part in parts(config["config"]) if not is_known(part)]


def unregistered(config: Config) -> list[str]:
    """Layers, and what they are made with, that nothing but this process knows."""
    found = (part for part in unknown_parts(config) if not _is_readable(part))
    return list(dict.fromkeys(part.text for part in found))


def _is_readable(part: Part) -> bool:
    return is_from_keras(part.config) and part.class_name != "function"


def make_reproducible(path: Path) -> None:
    """Write a .keras archive anew so that equal models make equal files.

    Without dates and what compile() was given, members in order of name, and numbers of shared
    objects counted from 1 instead of being addresses in memory; a shared dtype policy needs none.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata, sort_keys=True).encode()
    config = without_compilation(json.loads(members["config.json"]))
    _renumber(config, {})
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _renumber(config: Config, numbers: dict[int, int]) -> None:
    for part in layer_configs(config):
        if "shared_object_id" in part:
            shared = part.pop("shared_object_id")
            if part["class_name"] != "DTypePolicy":
                part["shared_object_id"] = numbers.setdefault(shared, len(numbers) + 1)
