"""Write the seeds anew: `python -m tests.fuzz.make_seeds`. Small files, good for their readers."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from tests import onnx_files, tiny_models
from tests.fuzz.readers import SEEDS
from tests.image_files import picture
from tests.saved_model_files import field, metadata

OLD = """
import sys, tf_keras as k
layers = [k.layers.Conv2D(2, 2), k.layers.BatchNormalization(), k.layers.Flatten(), k.layers.GRU]
model = k.Sequential([k.Input((4, 4, 1)), *layers[:3], k.layers.Dense(3, "relu")])
model.save(sys.argv[1] + "/old.keras")
model.save(sys.argv[1] + "/old.h5")
"""
PROJECT = """\
[model]
teacher = "net.keras"
[data]
source = "data.npz"
calibration = 50
[task]
kind = "classification"
[[device]]
name = "local"
target = "local"
[objective]
minimize = "size_bytes"
[distill]
epochs = 2
temperature = 4.0
[search]
rounds = 2
widths = [0.5, 1.0]
precisions = ["int8", "float32"]
[measure]
blocks = 2
minimum_s = 0.01
[export]
formats = ["tflite", "onnx"]
[[budget]]
metric = "accuracy_drop"
max = "2 %"
[[budget]]
metric = "latency"
max = "1 ms"
device = "local"
"""
JSON = """\
{"a": [0, -0, 1.5, -2e3, 1E+2, 1e-7, 12345678901234567890], "b": {"": [], "x": {}},
 "c": [true, false, null], "d": "\\"\\\\ \\/ \\b\\f\\n\\r\\t \\u0041 \\u00e9 \\u20ac",
 "f": "\\ud83d\\ude00 é€😀",
 "a": "again" , "e": [[[[1]]]]}
"""
DEVICES = """\
[devices.bench-pi]
target = "raspberry-pi-5"
address = "ssh://pi@bench"
[devices.here]
target = "local"
address = ""
"""
REQUEST = {
    "protocol": 2,
    "deadline_s": 5.0,
    "threads": 1,
    "delegate": "none",
    "seed": 0,
    "cores": [0],
    "watch_stdin": False,
    "sensors": {"clock_khz": "/sys/none", "temperature_mc": "/sys/none", "governor": "/sys/none"},
    "libraries": {"litert": "lib/none.so"},
    "jobs": [
        {
            "id": "0/latency/0",
            "kind": "latency",
            "runtime": "litert",
            "model": "dense.tflite",
            "warmup_s": 0.001,
            "minimum_s": 0.001,
            "minimum_count": 3,
            "ranges": [{"name": "input", "low": [0], "high": [1]}],
        },
        {"id": "0/memory", "kind": "memory", "runtime": "litert", "model": "dense.tflite"},
        {
            "id": "n",
            "kind": "instructions",
            "runtime": "litert",
            "model": "dense.tflite",
            "runs": 2,
        },
    ],
}
PRICES = {
    "id": "p",
    "kind": "prices",
    "runtime": "litert",
    "archive": "prices.zip",
    "models": ["a.tflite", "b.tflite"],
    "passes": 2,
    "warmup_s": 0.001,
    "minimum_s": 0.001,
    "minimum_count": 2,
}


def main() -> None:
    """Write all of them."""
    SEEDS.mkdir(exist_ok=True)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    _keras()
    _old()
    _artifacts()
    _data()
    _texts()
    _bundle()


def _keras() -> None:
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    dense = layers.Dense(3, "relu", kernel_regularizer="l2")
    net = keras.Sequential([keras.Input((5,)), dense, layers.Dense(2)])
    net.save(SEEDS / "net.keras")
    net.save(SEEDS / "net.h5")
    image = keras.Input((6, 6, 1))
    x = layers.BatchNormalization()(layers.Conv2D(2, 3, use_bias=False)(image))
    x = layers.Flatten()(layers.ReLU()(x) + 1.0)
    keras.Model(image, layers.Dense(2, "softmax")(x)).save(SEEDS / "conv.keras")


def _old() -> None:
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1"}
    subprocess.run([sys.executable, "-c", OLD, str(SEEDS)], check=True, env=environment)
    with zipfile.ZipFile(SEEDS / "old.keras") as archive:
        config = json.loads(archive.read("config.json"))
    described = {key: config[key] for key in ("class_name", "config")}
    (SEEDS / "keras_metadata.pb").write_bytes(metadata((0, b"root", described)))
    about = field(1, b"_tf_keras_sequential") + field(3, json.dumps(described).encode())
    graph = field(2, field(7, field(1, field(4, about))))
    (SEEDS / "saved_model.pb").write_bytes(graph)


def _artifacts() -> None:
    tiny_models.net(SEEDS)
    tiny_models.dense(SEEDS, name="dense")
    tiny_models.dense(SEEDS, "int8", name="int8")
    (SEEDS / "about.tflite").write_bytes(_described())
    onnx_files.float_file(SEEDS).rename(SEEDS / "net.onnx")
    with zipfile.ZipFile(SEEDS / "prices.zip", "w") as archive:
        for name in ("a.tflite", "b.tflite"):
            archive.writestr(zipfile.ZipInfo(name), (SEEDS / "dense.tflite").read_bytes())


def _described() -> bytes:
    """A file that says of itself all that one can say."""
    from edgehone.formats._metadata import About, InputAbout, OutputAbout
    from edgehone.formats.tflite import TFLite

    source = InputAbout("x", "", "image", (1.0,), (2.0,), "RGB", low=(0.0,), high=(9.0,))
    result = OutputAbout("y", "", ("a", "b", "c"))
    about = About("net", "a net", "1", "Ann", "MIT", (source,), (result,))
    return TFLite().with_metadata((SEEDS / "dense.tflite").read_bytes(), about)


def _data() -> None:
    random = np.random.default_rng(0)
    x = random.random((20, 6, 6, 3)).astype(np.float32)
    y = np.arange(20) % 5
    np.savez(SEEDS / "data.npz", x=x, y=y, class_names=np.array(list("abcde")))
    image = Image.fromarray(picture(3))
    np.save(SEEDS / "samples.npy", x[:3, :2, 0])
    with zipfile.ZipFile(SEEDS / "members.zip", "w") as archive:
        for name in ("a.tflite", "b.tflite"):
            archive.writestr(zipfile.ZipInfo(name), name * 3)
        archive.comment = b"PK\1\2 comment"
    for kind in ("png", "jpg", "bmp", "gif", "webp", "tiff"):
        image.save(SEEDS / f"plain.{kind}")


def _bundle() -> None:
    """A release of one file, with what a store has measured of it."""
    from edgehone.actions.release.bundle import Request, bundle
    from edgehone.store import Store
    from tests import kept_run
    from tests.run_document import measurement

    file = SEEDS / "dense.tflite"
    with TemporaryDirectory() as folder:
        store, found = Store(Path(folder)), measurement("dense", 0.1, 700, 0.9)
        found["artifact"] |= kept_run.described(store, file)
        found["latency_ms"]["samples"] = [each[:9] for each in found["latency_ms"]["samples"]]
        store.add_measurement(found)
        bundle(Request((str(file),), SEEDS / "release.zip", Path(folder), "Apache-2.0"))


def _texts() -> None:
    (SEEDS / "edgehone.toml").write_text(PROJECT)
    (SEEDS / "devices.toml").write_text(DEVICES)
    board = Path(__file__).parents[2] / "targets" / "raspberry-pi-5.toml"
    (SEEDS / "board.toml").write_bytes(board.read_bytes())
    (SEEDS / "text.json").write_text(JSON)
    (SEEDS / "request.json").write_text(json.dumps(REQUEST))
    (SEEDS / "prices-request.json").write_text(json.dumps({**REQUEST, "jobs": [PRICES]}))
    (SEEDS / "answer.jsonl").write_text(_answer())


def _answer() -> str:
    """What the program of this machine says about a model."""
    from edgehone.cli.app import main as edgehone

    record = SEEDS / "record.json"
    words = ["bench", str(SEEDS / "dense.tflite"), "--on", "local", "--record", str(record)]
    assert edgehone([*words, "--blocks", "2"]) in (0, 3)
    text = json.loads(record.read_text())
    record.unlink()
    lines = [json.loads(line) for line in text["answers"][0]["stdout"].splitlines()]
    return "".join(json.dumps(_plain(line)) + "\n" for line in lines)


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what only this machine would say, and with few samples."""
    found = {**line, "features": line["features"][:3]} if "features" in line else dict(line)
    if "samples_ns" in line:
        found["samples_ns"] = line["samples_ns"][:20]
    for reading in line.get("conditions", {}).values():
        if isinstance(reading, dict):
            reading["busiest"] = []
    return found


if __name__ == "__main__":
    main()
