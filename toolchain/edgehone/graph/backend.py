"""How Keras on TensorFlow is brought up: once, quietly, and with everything random seeded."""

import gc
import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from edgehone.errors import UsageError
from edgehone.graph.legacy import activations
from edgehone.system import installing
from edgehone.system.quiet_stderr import quiet_stderr

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    # Off by default on some CPUs; measured 15-20 % less CPU time per training epoch with it.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
"""Read by the libraries while they are imported, never again."""

_SAFE = "safe_mode_saving"
"""Where Keras keeps what `enable_unsafe_deserialization` says, which has no opposite."""


@cache
def keras() -> Any:
    """The keras module, on TensorFlow; the first call imports it, which takes seconds.

    Raises UsageError when TensorFlow is not installed.
    """
    os.environ.update(ENVIRONMENT)
    try:
        with quiet_stderr(), _kept_for_good():
            importlib.import_module("tensorflow").get_logger().setLevel("ERROR")
            found = importlib.import_module("keras")
            activations.register(found)
            return found
    except ImportError as error:
        raise UsageError(
            f"This command needs TensorFlow with Keras 3, and they cannot be imported ({error}).",
            f"Install them: {installing.command('compress')}.",
        ) from error


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """Keep the garbage collector from what is made inside, which lives as long as this process.

    TensorFlow makes nearly a million objects as it is loaded. Collections meanwhile took a fifth
    of the loading's CPU time, and visiting these objects later a seventh of small trainings'.
    """
    if "tensorflow" in sys.modules:  # the caller's, with what they have made since
        yield
        return
    collecting = gc.isenabled()
    gc.collect()  # what is garbage now would be kept, too
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def seed(number: int) -> None:
    """Seed Python, NumPy and TensorFlow, and make operations repeat bit by bit on one machine."""
    keras().utils.set_random_seed(number)
    tensorflow = importlib.import_module("tensorflow")
    tensorflow.config.experimental.enable_op_determinism()


@contextmanager
def float32_policy() -> Iterator[None]:
    """Inside the block layers are made in float32 unless they say otherwise, whatever policy the
    process or the user's keras.json has; after it Keras's settings, and whether it opens files
    that hold code, are as they were, whatever was set inside.
    """
    config = keras().config
    state = importlib.import_module("keras.src.backend.common.global_state")
    policy, kind, safe = config.dtype_policy(), config.floatx(), state.get_global_attribute(_SAFE)
    smallest, layout = config.epsilon(), config.image_data_format()
    try:
        config.set_floatx("float32")
        config.set_dtype_policy("float32")
        yield
    finally:
        config.set_floatx(kind)
        config.set_dtype_policy(policy)
        config.set_epsilon(smallest)
        config.set_image_data_format(layout)
        state.set_global_attribute(_SAFE, safe)


def remade(kind: Any, settings: Mapping[str, Any]) -> Any:
    """A layer or operation of a class of Keras from its settings, which may hold code.

    What is in memory has been consented to, or has no code. Keras cannot tell settings in memory
    from those in a file; what is registered here ends with the call, and holds for no file.
    """
    keras()
    scope = importlib.import_module("keras.src.saving.serialization_lib").SafeModeScope
    with scope(safe_mode=False):
        return kind.from_config(settings)


def reserve(names: Iterable[str]) -> None:
    """Let Keras give none of these names ("dense", "add_3") to what is built from now on.

    It counts what it has named in this process, and not what came out of files: beside a loaded
    layer "add", the first addition built here would be "add" too, and no model may hold both.
    """
    get_uid = keras().backend.get_uid
    for name in names:
        kind, number = _NUMBERED.fullmatch(name).groups()  # type: ignore[union-attr] # always fits
        if int(number or 0) <= _LAST_RESERVED:
            while get_uid(kind) <= int(number or 0):
                pass


_NUMBERED = re.compile(r"(.*?)(?:_(\d+))?", re.DOTALL)
_LAST_RESERVED = 10_000
"""Keras counts one by one, and so do we; names with larger numbers are out of its reach."""
