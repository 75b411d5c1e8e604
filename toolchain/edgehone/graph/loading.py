"""How a Keras model is read from a file or a function, and written so that equal models are equal
files.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from edgehone import values
from edgehone.errors import ModelError, UsageError
from edgehone.files import sha256_of, whole_file
from edgehone.graph import backend, saved
from edgehone.graph.costs import total_macs, total_params
from edgehone.graph.unfold import unfold
from edgehone.graph.wiring import functional
from edgehone.references import call, is_reference

SUFFIXES = (".keras", ".h5", ".hdf5")


def load(source: str, *, trust: bool = False) -> Any:
    """The Keras model in a .keras or .h5 file, or that "python:module:function" returns; not
    compiled, and with the layers of inner models laid open.

    trust: whether code inside the file (Lambda layers) may run. Nothing is ever unpickled.
    Raises ModelError for missing or damaged files, unknown layers, Lambda layers without trust,
    and models without a graph of layers.
    """
    if trust or is_reference(source):
        # Keras refuses even to copy a layer that runs code in memory, unless it is told once.
        # Files that are not trusted never come that far: check_layers refuses them.
        backend.keras().config.enable_unsafe_deserialization()
    if is_reference(source):
        return _checked(call(source, (), ModelError), source)
    path = Path(source).expanduser()
    config = saved.read_config(path)
    saved.check_layers(config, path, trust=trust)
    with saved.readable(path, config) as readable:
        return _checked(_load_file(readable, path, config, trust), source)


def _load_file(readable: Path, path: Path, config: Any, trust: bool) -> Any:
    keras = backend.keras()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.saving.load_model(readable, compile=False, safe_mode=not trust)
    except Exception as error:  # Keras raises whatever the layers of the file raise
        strangers = saved.unknown_layers(config)
        if strangers:
            raise ModelError(
                f"{path} has layers that Keras does not know: {', '.join(strangers)}.",
                'Give "python:module:function", a function that builds and returns the model, and '
                "register the classes there with @keras.saving.register_keras_serializable().",
            ) from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"{path} cannot be loaded by Keras {keras.__version__}: {reason[0][:300]}",
            "Check that the file is whole and was saved by Keras, or load it in Python and save it "
            "anew.",
        ) from error


def _checked(model: Any, source: str) -> Any:
    if not isinstance(model, backend.keras().Model):
        raise ModelError(
            f"{source!r} gave {type(model).__name__}, not a Keras model.",
            "Return a keras.Model from Keras 3 (not tf_keras).",
        )
    _all_numbers(model, source)
    return unfold(model)


def _all_numbers(model: Any, source: str) -> None:
    for layer in model.layers:
        if any(np.isnan(np.asarray(weight)).any() for weight in layer.weights if _floats(weight)):
            raise ModelError(
                f"Layer {layer.name!r} of {source!r} has weights that are not numbers (NaN).",
                "Its training diverged; train it anew with a smaller learning rate.",
            )


def _floats(weight: Any) -> bool:
    return str(weight.dtype).startswith("float")


def save(model: Any, path: Path) -> values.Model:
    """Write a model to a .keras file, whole or not at all, without optimizer and date.

    Equal models make equal files, so that a hash stands for a model. Raises StorageError, and
    ModelError for layers that no other process could read back.
    """
    if path.suffix != ".keras":
        raise UsageError(f"{path} is no .keras file.", "Choose a name that ends in .keras.")
    with whole_file(path) as temporary:
        functional(model).save(temporary)
        strangers = saved.unregistered(saved.read_config(temporary))
        if strangers:
            raise ModelError(
                f"Keras cannot read these layers back: {', '.join(strangers)}.",
                "Put @keras.saving.register_keras_serializable() above their classes, at the top "
                "level of the module that is named.",
            )
        saved.make_reproducible(temporary)
    return describe(model, path)


def describe(model: Any, path: Path) -> values.Model:
    """The value that stands for a model kept at `path`."""
    return values.Model(path, sha256_of(path), total_params(model), total_macs(model))
