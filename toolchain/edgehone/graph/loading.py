"""How a Keras model is read from a file or a function, and written so that equal models are equal
files.
"""

import warnings
from pathlib import Path
from typing import Any

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
    if is_reference(source):
        backend.keras()
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
                'Give "python:module:function", a function that builds and returns the model.',
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
    return unfold(model)


def save(model: Any, path: Path) -> values.Model:
    """Write a model to a .keras file, whole or not at all, without optimizer and date.

    Equal models make equal files, so that a hash stands for a model. Raises StorageError.
    """
    if path.suffix != ".keras":
        raise UsageError(f"{path} is no .keras file.", "Choose a name that ends in .keras.")
    with whole_file(path) as temporary:
        functional(model).save(temporary)
        saved.make_reproducible(temporary)
    return describe(model, path)


def describe(model: Any, path: Path) -> values.Model:
    """The value that stands for a model kept at `path`."""
    return values.Model(path, sha256_of(path), total_params(model), total_macs(model))
