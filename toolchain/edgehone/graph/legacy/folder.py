"""How the description of a Keras model is read from a SavedModel folder, without TensorFlow.

TensorFlow from 2.5 on keeps it in a file of its own, older ones inside the graph's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehone.errors import ModelError
from edgehone.graph.compilation import without_compilation
from edgehone.system import files
from edgehone.system.bounds import MODEL_BYTES
from edgehone.system.files import reading
from edgehone.system.library_errors import sentence
from edgehone.system.parsing import json_of

METADATA = "keras_metadata.pb"
GRAPH = "saved_model.pb"
VARIABLES = "variables/variables"

_NODES = 1
"""Field of tf_keras's SavedMetadata that holds its SavedObjects."""
_NODE_ID, _NODE_PATH, _METADATA = 2, 3, 5
"""Fields of a SavedObject: number, place in the tree, and its description as JSON."""

_OBJECTS = (2, 7)
"""Fields of the graph's file that lead to its tree of objects: meta graph, objects."""
_USER_OBJECT, _IDENTIFIER, _USER_METADATA = 4, 1, 3
"""Fields of an object in that tree: what a library says of it, the library's name for its kind,
and its description as JSON.
"""
_KERAS = b"_tf_keras_"

_NUMBER_BITS = 70
"""Ten bytes, seven bits each, hold 64."""

_KEPT = ("class_name", "config", "module", "registered_name", "keras_version")
"""What is used of a description; beside it stand shapes that only TensorFlow's graph needs."""
_DAMAGED = "Copy the whole folder again, or save the model again with model.save()."


def is_saved_model(folder: Path) -> bool:
    """Whether a folder is a SavedModel, of Keras or not."""
    with reading(folder):
        return (folder / GRAPH).is_file() or (folder / METADATA).is_file()


def read_config(folder: Path) -> dict[str, Any]:
    """The model in a SavedModel folder: "class_name" and "config", as tf_keras described it,
    without what compile() was given.

    Raises ModelError for SavedModels that hold TensorFlow's graph alone, and for damaged ones.
    """
    own = (folder / METADATA).is_file()
    path = folder / (METADATA if own else GRAPH)
    content = files.content(path, MODEL_BYTES, ModelError)
    try:
        found = _root(content) if own else _root_in_graph(content)
        if not own and found is None:
            raise _bare(folder)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} is damaged or cut short ({sentence(error)}).", _DAMAGED
        ) from error
    if not isinstance(found, dict) or "class_name" not in found:
        raise ModelError(f"{path} does not describe a Keras model.", _DAMAGED)
    return {key: each for key, each in without_compilation(found).items() if key in _KEPT}


def _root(content: bytes) -> Any:
    for field, node in _fields(content):
        if field == _NODES and isinstance(node, bytes):
            parts = dict(_fields(node))
            if parts.get(_NODE_PATH) == b"root" or not parts.get(_NODE_ID, 0):
                text = parts.get(_METADATA, b"")
                return _listed(json_of(text if isinstance(text, bytes) else b""))
    return None


def _root_in_graph(content: bytes) -> Any:
    """What Keras says of the first object in the graph's file; None when that is not Keras's."""
    for number in _OBJECTS:
        content = _first(content, number)
    about = _first(_first(content, _NODES), _USER_OBJECT)
    if not _first(about, _IDENTIFIER).startswith(_KERAS):
        return None
    found = _listed(json_of(_first(about, _USER_METADATA)))
    described = found.get("config")
    if "model_config" in found and not (isinstance(described, dict) and "layers" in described):
        return {**found, **found["model_config"]}
    return found


def _first(content: bytes, number: int) -> bytes:
    """The first field of a message that has this number and is a message or text; else b""."""
    fields = (value for field, value in _fields(content) if field == number)
    return next((value for value in fields if isinstance(value, bytes)), b"")


def _bare(folder: Path) -> ModelError:
    return ModelError(
        f"SavedModel {str(folder)!r} holds a bare TensorFlow graph: nothing in it, and no "
        f"{METADATA}, describes layers of Keras.",
        "Save the Keras model it came from with model.save('model.keras'); to measure the graph as "
        "it is, make a .tflite of it with tf.lite.TFLiteConverter.from_saved_model.",
    )


def _listed(value: Any) -> Any:
    """Tuples and shapes, which tf_keras marks in its JSON, as lists."""
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _listed(each) for name, each in value.items()}
    return found["items"] if found.get("class_name") in ("__tuple__", "TensorShape") else found


def _fields(content: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of one message: (number, value). Raises ValueError where it is cut short."""
    place = 0
    while place < len(content):
        tag, place = _number(content, place)
        match tag & 7:
            case 0:
                value, place = _number(content, place)
                yield tag >> 3, value
                continue
            case 1:
                size = 8
            case 2:
                size, place = _number(content, place)
            case 5:
                size = 4
            case other:
                raise ValueError(f"wire type {other}")
        if place + size > len(content):
            raise ValueError("it ends within a field")
        yield tag >> 3, content[place : place + size]
        place += size


def _number(content: bytes, place: int) -> tuple[int, int]:
    """A variable-length integer at `place`, and where the next thing begins."""
    value = shift = 0
    while shift < _NUMBER_BITS:
        byte = content[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ValueError("a number of more than 64 bits")
