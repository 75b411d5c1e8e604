"""Model files as others wrote them years ago or elsewhere; run as a program of its own.

`python stranger_models.py FOLDER` has tf_keras write FOLDER/list.h5, windows.keras and the
SavedModel inside, puts them as Keras 2.1, Keras 2.15 on Windows and TensorFlow 2.3 did, and writes
beside each, as list.npz and so on, inputs "x" and what the model makes of them, "y".
"""

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def recurrent(k: Any) -> Any:
    """What Keras 2.1 wrote otherwise: a Sequential in a Sequential, and GRUs."""
    layers = k.layers
    inner = k.Sequential(
        [
            k.Input((7, 5)),
            layers.Bidirectional(layers.GRU(4, reset_after=False)),
            layers.Dense(6, activation="relu"),
        ],
        name="inner",
    )
    steps = layers.GRU(5, reset_after=False, return_sequences=True)
    return k.Sequential([k.Input((7, 3)), steps, inner, layers.Dense(2)])


def nested(k: Any) -> Any:
    """Paths of weights of several parts."""
    layers = k.layers
    inner = k.Sequential([k.Input((4,)), layers.Dense(5, "relu"), layers.BatchNormalization()])
    source = k.Input((4,))
    both = layers.Concatenate()([inner(source), layers.Dense(3)(source)])
    return k.Model(source, layers.Dense(2)(both))


def reading(k: Any) -> Any:
    """Text, by a layer that Keras 3 has as well."""
    layers = k.layers
    words = layers.StringLookup(vocabulary=["good", "bad"], name="words")
    parts = [words, layers.Embedding(4, 2), layers.Flatten(), layers.Dense(2)]
    return k.Sequential([k.Input((3,), dtype="string"), *parts])


def listed(value: Any) -> Any:
    """The description with Sequentials as lists, and nothing of what later versions added."""
    if isinstance(value, list):
        return [listed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: listed(each) for key, each in value.items() if key != "reset_after"}
    if found.get("class_name") == "Sequential":
        first, *others = found["config"]["layers"]
        assert first["class_name"] == "InputLayer"
        others[0]["config"]["batch_input_shape"] = first["config"]["batch_input_shape"]
        found["config"] = others
    return found


def as_keras_2_1(path: Path) -> None:
    """Rewrite an .h5 file's attributes as Keras 2.1.6 wrote them."""
    with h5py.File(path, "r+") as file:
        description = listed(json.loads(file.attrs["model_config"]))
        assert isinstance(description["config"], list)
        file.attrs["model_config"] = json.dumps(description).encode()
        file.attrs["keras_version"] = b"2.1.6"


def as_on_windows(path: Path) -> None:
    """Rewrite a .keras archive with backslashes in its weights' paths."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    with (
        h5py.File(io.BytesIO(members["model.weights.h5"]), "r") as source,
        h5py.File(stream, "w") as file,
    ):
        source.visititems(lambda name, each: _copy(file, name, each))
    members["model.weights.h5"] = stream.getvalue()
    members["metadata.json"] = json.dumps({"keras_version": "2.15.0"}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _copy(file: Any, name: str, each: Any) -> None:
    """An array, or a layer's group for them, where Keras joined the path with backslashes: all but
    "vars" and the array's number.
    """
    parts = name.split("/")
    own = 2 if isinstance(each, h5py.Dataset) else 1
    place = "/".join(filter(None, ["\\".join(parts[:-own]), *parts[-own:]]))
    if isinstance(each, h5py.Dataset):
        file[place] = each[()]
    elif parts[-1] == "vars":
        file.create_group(place)


def as_tensorflow_2_3(folder: Path) -> None:
    """Move Keras's description from its own file into that of the graph."""
    from tensorflow.core.protobuf import saved_model_pb2
    from tf_keras.protobuf import saved_metadata_pb2

    graph, kept = saved_model_pb2.SavedModel(), saved_metadata_pb2.SavedMetadata()
    graph.ParseFromString((folder / "saved_model.pb").read_bytes())
    kept.ParseFromString((folder / "keras_metadata.pb").read_bytes())
    nodes = graph.meta_graphs[0].object_graph_def.nodes
    for node in kept.nodes:
        nodes[node.node_id].user_object.identifier = node.identifier
        nodes[node.node_id].user_object.metadata = node.metadata
    (folder / "saved_model.pb").write_bytes(graph.SerializeToString())
    (folder / "keras_metadata.pb").unlink()


def main() -> None:
    """Write the files, with samples of all but the one that reads text."""
    import tf_keras

    folder = Path(sys.argv[1])
    tf_keras.utils.set_random_seed(1)
    for name, build, rewrite in (
        ("list.h5", recurrent, as_keras_2_1),
        ("windows.keras", nested, as_on_windows),
        ("inside", nested, as_tensorflow_2_3),
    ):
        model = build(tf_keras)
        for weight in model.weights:
            weight.assign(weight + np.random.default_rng(2).uniform(0.1, 0.5, weight.shape))
        x = np.random.default_rng(3).normal(size=(5, *model.inputs[0].shape[1:])).astype("float32")
        np.savez(folder / f"{Path(name).stem}.npz", x=x, y=model(x, training=False))
        model.save(folder / name, save_format=None if "." in name else "tf")
        rewrite(folder / name)
    reading(tf_keras).save(folder / "text", save_format="tf")


if __name__ == "__main__":
    main()
