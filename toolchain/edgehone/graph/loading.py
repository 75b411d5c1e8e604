"""How a Keras model is read from a file or a function, and written so that equal models are equal
files.
"""

import logging
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgehone import values
from edgehone.errors import ModelError, UsageError
from edgehone.graph import backend, consent, registry, saved
from edgehone.graph.costs import total_macs, total_params
from edgehone.graph.free_batch import with_free_batch
from edgehone.graph.legacy import folder, origin
from edgehone.graph.legacy.carry import carry
from edgehone.graph.old_files import readable
from edgehone.graph.parts import unknown_to_keras
from edgehone.graph.precision import in_float32
from edgehone.graph.unfold import unfold
from edgehone.graph.weights_files import require_own_weights
from edgehone.graph.written import require_portable, write
from edgehone.system.files import sha256_of, whole_file
from edgehone.system.library_errors import sentence
from edgehone.system.user_code import call, custom_objects, is_reference

_log = logging.getLogger(__name__)

SUFFIXES = (".keras", ".h5", ".hdf5")


def load(
    source: str,
    *,
    trust: bool = False,
    custom: Sequence[str] = (),
    progress: values.Progress = values.silent,
) -> Any:
    """The Keras model in a .keras or .h5 file or a SavedModel folder of Keras 2, or that
    "python:module:function" returns; not compiled, in float32, and with inner models' layers laid
    open.

    trust: whether code inside the file (Lambda layers) may run. Nothing is ever unpickled.
    custom: "python:module" or "python:module:Class", where layers of the user's own come from.
    What Keras 3 cannot open is carried over from tf_keras (`edgehone.graph.legacy`). Raises
    ModelError for missing or damaged files, unknown layers, Lambda layers without trust, models
    without a graph of layers, quantized ones, old models that cannot be carried over equal, and
    what a function returns if a file does not keep it.
    """
    with backend.float32_policy():
        return _loaded(source, trust, custom, progress)


def _loaded(source: str, trust: bool, custom: Sequence[str], progress: values.Progress) -> Any:
    with backend.float32_policy():  # a module may set another one
        register(custom)
    if is_reference(source):
        with backend.float32_policy():  # so may the function
            built = registry.used(source, lambda: call(source, (), ModelError))
        model = _checked(built, source)
        require_portable(model, f"The model that {source!r} returns")
        return model
    path = Path(source).expanduser()
    is_folder = path.is_dir() and folder.is_saved_model(path)
    config = folder.read_config(path) if is_folder else saved.read_config(path)
    saved.require_graph(config, path)
    consent.require_consent(config, path, trust=trust)
    if not is_folder:
        require_own_weights(path)
    direct = None
    if not is_folder and not origin.is_wrapped(config):
        try:
            direct = _load_file(path, config, trust)
        except ModelError:
            if not origin.is_old(path, config):
                raise
        if direct is not None and not _is_to_be_compared(direct, path, config):
            return _checked(direct, source)
    origin.refuse(path, config)
    about = f"{path}, of Keras {origin.version(path, config)}"
    progress(values.Event("carry the model over to Keras 3", about))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        carried = carry(path, config, trust=trust, custom=custom, direct=direct)
    _log.debug("%s: largest relative error %.2g", about, carried.error)
    return _checked(carried.model, source)


def _is_to_be_compared(model: Any, path: Path, config: Any) -> bool:
    """Whether tf_keras is asked too; not about text, of which no samples are made."""
    takes_text = any(str(tensor.dtype) == "string" for tensor in getattr(model, "inputs", ()))
    return origin.needs_comparison(path, config) and not takes_text


def register(custom: Sequence[str]) -> None:
    """Make layers of the user's own known to Keras, until the command ends (`registry.command`).
    Raises ConfigError when they are not there.
    """
    for source in custom:
        known = backend.keras().saving.get_custom_objects()
        known.update(registry.used(source, partial(custom_objects, [source])))


def _load_file(path: Path, config: Any, trust: bool) -> Any:
    keras, read = backend.keras(), path
    try:
        with warnings.catch_warnings(), readable(path, config) as read:
            warnings.simplefilter("ignore")
            return keras.saving.load_model(read, compile=False, safe_mode=not trust)
    except Exception as error:  # Keras raises whatever the layers of the file raise
        unknown = saved.unknown_parts(config)
        if unknown:
            raise ModelError(
                f"{path} {unknown_to_keras(unknown)}.",
                consent.name_custom(),
            ) from error
        raise ModelError(
            f"{path} cannot be loaded by Keras {keras.__version__}: "
            f"{sentence(error).replace(str(read), str(path))}",
            "Check that the file is whole and was saved by Keras, or load it in Python and save it "
            "again.",
        ) from error


def _checked(model: Any, source: str) -> Any:
    if not isinstance(model, backend.keras().Model):
        raise ModelError(
            f"{source!r} gave {type(model).__name__}, not a Keras model.",
            "Return a keras.Model from Keras 3 (not tf_keras).",
        )
    _all_numbers(model, source)
    open_model = in_float32(with_free_batch(unfold(model)))
    backend.reserve(part.name for part in getattr(open_model, "operations", open_model.layers))
    return open_model


def _all_numbers(model: Any, source: str) -> None:
    for layer in model.layers:
        if any(np.isnan(np.asarray(weight)).any() for weight in layer.weights if _floats(weight)):
            raise ModelError(
                f"Layer {layer.name!r} of {source!r} has weights that are not numbers (NaN).",
                "Its training diverged; train it again with a smaller learning rate.",
            )


def _floats(weight: Any) -> bool:
    return str(weight.dtype).startswith("float")


def save(model: Any, path: Path) -> values.Model:
    """Write a model to a .keras file, whole or not at all, without optimizer and date.

    Equal models make equal files, so that a hash stands for a model. Raises StorageError, and
    ModelError for layers that no other process could read back.
    """
    if path.suffix != ".keras":
        raise UsageError(f"{path} is not a .keras file.", "Choose a name that ends in .keras.")
    with whole_file(path) as temporary:
        write(model, temporary)
    return describe(model, path)


def describe(model: Any, path: Path) -> values.Model:
    """The value that stands for a model kept at `path`."""
    return values.Model(path, sha256_of(path), total_params(model), total_macs(model))
