"""The child process that opens a model of Keras 2 with tf_keras and hands it over as plain files.

Run as `python -m edgehone.graph.legacy.worker FOLDER`, where FOLDER/job.json says what to do; what
libraries print goes wherever the parent leads it. Writes into FOLDER: answer.json, and if that
says "done": model.json (the graph), weights.npz, and data.npz (inputs and what they give).
"""

import json
import os
import sys
from contextlib import chdir, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from edgehone.errors import EdgehoneError, ModelError
from edgehone.graph import consent
from edgehone.graph.legacy import samples, wrappers
from edgehone.graph.legacy.describe import Description
from edgehone.graph.legacy.folder import VARIABLES
from edgehone.system import confinement, interface
from edgehone.system.interface import Interface
from edgehone.system.library_errors import sentence
from edgehone.system.settings import CUSTOM

PROBED = 4096
"""Most values of a layer's output that are compared, spread evenly over it."""


def main() -> int:
    """Do the job of the folder that the command line names."""
    confinement.confine()
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    interface.switch(Interface.from_json(job["interface"]))
    try:
        _work(job, folder)
        answer: dict[str, Any] = {"done": True}
    except EdgehoneError as error:
        answer = {"error": {"message": error.message, "hint": error.hint}}
    (folder / "answer.json").write_text(json.dumps(answer))
    return 0


def _work(job: dict[str, Any], folder: Path) -> None:
    custom = _registered(job["custom"], Path(job["home"]))
    _require_consent(job, custom)
    with wrappers.scopes() if job["wrapped"] else nullcontext():
        model = _opened(job, custom)
    arrays: dict[str, Any] = {}
    wrappers.undo(model)
    inputs = samples.draw(model)
    outputs = [_computed(model, x) for x in inputs]
    described = Description(wrappers.without_clusters(model), arrays)
    probes = _probed(described, inputs[0])
    (folder / "model.json").write_text(json.dumps(described.plain, default=_json))
    np.savez(folder / "weights.npz", allow_pickle=False, **arrays)
    kept = {
        **{f"x {n} {i}": x for n, each in enumerate(inputs) for i, x in enumerate(each)},
        **{f"y {n} {i}": y for n, each in enumerate(outputs) for i, y in enumerate(each)},
        **{f"probe {i}": values for i, values in enumerate(probes)},
    }
    np.savez(folder / "data.npz", allow_pickle=False, **kept)


def _registered(custom: list[str], home: Path) -> dict[str, Any]:
    """Classes by name, of modules that may lie in the folder `home`; those of the user's that
    import Keras get tf_keras.
    """
    import tf_keras

    from edgehone.system.user_code import custom_objects

    if custom:
        for name in [name for name in sys.modules if name.partition(".")[0] == "tf_keras"]:
            sys.modules["keras" + name.removeprefix("tf_keras")] = sys.modules[name]
        sys.modules["keras"] = tf_keras
    with chdir(home):
        return custom_objects(custom)


def _require_consent(job: dict[str, Any], custom: dict[str, Any]) -> None:
    """What the parent has checked, with what is registered here: tf_keras imports the rest."""
    import tf_keras

    registered = {**tf_keras.saving.get_custom_objects(), **custom}
    here = consent.Keras(lambda: registered, lambda module, name: False)
    consent.require_consent(job["config"], Path(job["name"]), trust=job["trust"], keras=here)


def _opened(job: dict[str, Any], custom: dict[str, Any]) -> Any:
    """The model in the job's file or folder. Raises ModelError, which names what the user gave."""
    import tf_keras
    from tf_keras.src.saving import serialization_lib
    from tf_keras.src.saving.legacy.saved_model import json_utils

    path, config, trust = Path(job["path"]), job["config"], job["trust"]
    if trust:
        serialization_lib.enable_unsafe_deserialization()
    try:
        if not path.is_dir():
            settings = {"safe_mode": not trust} if path.suffix == ".keras" else {}
            return tf_keras.models.load_model(path, custom, compile=False, **settings)
        # Built from its description and filled from its checkpoint: the file's graph is never run.
        described = json_utils.decode(json.dumps({k: config[k] for k in ("class_name", "config")}))
        model = tf_keras.models.model_from_config(described, custom)
        model.load_weights(os.fspath(path / VARIABLES)).assert_existing_objects_matched()
        return model
    except Exception as error:  # tf_keras raises whatever the layers of the file raise
        raise ModelError(
            f"{job['name']} cannot be loaded, neither by Keras 3 nor by tf_keras "
            f"{tf_keras.__version__}: {sentence(error).replace(job['path'], job['name'])}",
            f"Check that the file is whole; a layer of your own is named with {CUSTOM}.",
        ) from error


def _computed(model: Any, inputs: list[Any]) -> list[Any]:
    """What the model gives for `inputs`, one array for each output."""
    import tensorflow as tf

    try:
        given = tf.nest.pack_sequence_as(model._nested_inputs, [tf.constant(x) for x in inputs])
        return [np.asarray(y) for y in tf.nest.flatten(model(given, training=False))]
    except Exception as error:  # layers raise whatever they raise
        raise ModelError(
            f"Model {model.name!r} does not run on random inputs in tf_keras: {sentence(error)}",
            "Check that it was saved whole, with a fixed input shape.",
        ) from error


def _probed(described: Description, inputs: list[Any]) -> list[Any]:
    import tensorflow as tf
    import tf_keras

    model = described.model
    tensors = [tensor for _, tensor in described.probes]
    inner = tf_keras.Model(model.inputs, tensors)
    values = inner([tf.constant(x) for x in inputs], training=False)
    return [samples.spread(np.asarray(value), PROBED) for value in tf.nest.flatten(values)]


def _json(value: Any) -> Any:
    """Values that tf_keras leaves in settings and JSON does not know."""
    import tensorflow as tf

    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, tf.TensorShape):
        return value.as_list()
    raise ModelError(
        f"A layer has a setting that cannot be written down ({type(value).__name__}).",
        "Give its class a get_config method that returns plain values.",
    )


if __name__ == "__main__":
    sys.exit(main())
