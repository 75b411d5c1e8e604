"""Models as callers hold them, made into files that actions read: paths, or objects of Keras."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from typing import Any

from edgehone.actions.api.arguments import artifact_in, is_path
from edgehone.actions.api.references import kind
from edgehone.errors import ModelError, UsageError
from edgehone.system.user_code import PREFIX
from edgehone.values import Model

_HINT = 'Give a keras.Model, the path of a .keras or .h5 file, or "python:module:function".'


@dataclass(frozen=True)
class Given:
    """A model as actions take it. source: a path or "python:module:function"; custom: where its
    own layers come from; in_memory: it was an object, whose code runs in this process already.
    """

    source: str
    custom: tuple[str, ...] = ()
    in_memory: bool = False


def given(model: Any, folder: Path, what: str = "model") -> Given:
    """A model as actions take it; an object is written to a file in `folder`, named after itself.

    Raises UsageError for what is not a model, ModelError for one that no file can hold: subclassed,
    without an input shape, or with layers of classes that only this process knows.
    """
    held = getattr(model, "model", None)
    artifact = artifact_in(model)
    if artifact is not None:
        return Given(str(artifact.path))
    if isinstance(model, Model):
        return Given(str(model.path))
    if is_path(model):
        return Given(fspath(model))
    if _is_of(held, "keras"):  # a Candidate
        return given(held, folder, what)
    if _is_of(model, "keras"):
        return _keras(model, folder)
    if _is_of(model, "tf_keras"):
        return _keras_2(model, folder)
    if callable(model):
        raise UsageError(f"{what} is a function, not a model.", f"Call it, or: {_HINT}")
    raise UsageError(f"{what} is {kind(model)}, which is not a model.", _HINT)


def _is_of(model: Any, package: str) -> bool:
    """Whether a value is a model of a package that is already imported, as it must be for that."""
    found = getattr(sys.modules.get(package), "Model", None)
    return isinstance(found, type) and isinstance(model, found)


def _keras(model: Any, folder: Path) -> Given:
    from edgehone.graph import loading

    custom = _custom(model)
    loading.register(custom)
    path = folder / f"{_name(model)}.keras"
    loading.save(model, path)
    return Given(str(path), custom, in_memory=True)


def _keras_2(model: Any, folder: Path) -> Given:
    """A model of tf_keras, as the .h5 file that Keras 2 would leave."""
    if not hasattr(model, "_nodes_by_depth") and not hasattr(model, "layers"):
        raise _subclassed(model)
    path = folder / f"{_name(model)}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        model.save(path, save_format="h5")
    except (NotImplementedError, ValueError, TypeError) as error:
        raise _subclassed(model) from error
    return Given(str(path), in_memory=True)


def _subclassed(model: Any) -> ModelError:
    return ModelError(
        f"Model {model.name!r} ({type(model).__name__}, of tf_keras) cannot be written to a file: "
        "it is a subclassed model.",
        "Build it with Sequential or as Model(inputs, outputs), or rebuild it in Keras 3.",
    )


def _custom(model: Any) -> tuple[str, ...]:
    """Where classes of the caller's own layers come from, as another process can import them."""
    layers: Sequence[Any] = list(model._flatten_layers(include_self=False))
    kinds = dict.fromkeys(type(layer) for layer in layers)
    return tuple(_place(each) for each in kinds if not _is_from_keras(each))


def _is_from_keras(found: type) -> bool:
    return found.__module__.partition(".")[0] == "keras"


def _place(layer: type) -> str:
    """Where a layer's class comes from. Raises ModelError where nobody else could import it."""
    module, name = layer.__module__, layer.__qualname__
    if "." in name or module == "__main__" or importlib.util.find_spec(module) is None:
        raise ModelError(
            f"Layers of the class {name!r} are made in {module!r}, where the process that converts "
            "models cannot import it.",
            "Put the class at the top level of a module of its own, a file beside this one, and "
            "import it from there.",
        )
    return f"{PREFIX}{module}:{name}"


def _name(model: Any) -> str:
    """What the model's files are called: its own name, as a file name."""
    name = "".join(mark if mark.isalnum() or mark in "-_" else "_" for mark in model.name)
    return name.strip("_") or "model"
