"""Real-world shapes of trouble: how each is brought about, and what the user is then told."""

import json
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np

from edgehone.store import Store
from tests import index_files, tiny_models

Make = Callable[[Path], Sequence[str]]
"""Puts files into a folder, in which the command is then run; returns its arguments."""

SCRIPTED = ("--on", "local@scripted://")
FEATURES, CLASSES = 6, 3
"""Of `tiny_models.dense`."""


@dataclass(frozen=True)
class Trouble:
    """What a user meets. message, hint: parts of the two sentences, as documented."""

    name: str
    make: Make
    code: int
    message: str
    hint: str


def keras_zip(path: Path, config: Any, version: str = "3.15.1") -> Path:
    """A .keras archive with a description and no weights."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"0" * 3000)
    return path


def h5(path: Path, config: Any | None, version: str = "2.4.0") -> Path:
    """An .h5 file with a description, as old versions of Keras wrote it, or with weights alone."""
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(3)
        file.attrs["keras_version"] = version
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
    return path


def _gate(folder: Path) -> list[str]:
    """A gate on the time of a small file."""
    (folder / "time.toml").write_text('[[budget]]\nmetric = "latency_p50_ms"\nmax = "1 s"\n')
    return ["gate", "time.toml", tiny_models.dense(folder).name]


def described(*layers: dict[str, Any]) -> dict[str, Any]:
    """A model of these layers."""
    return {"class_name": "Functional", "config": {"name": "net", "layers": list(layers)}}


def layer(kind: str, **settings: Any) -> dict[str, Any]:
    """A layer as model files describe it."""
    return {"class_name": kind, "config": {"name": "odd", **settings}}


def _inspecting(name: str, content: bytes = b"") -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / name).write_bytes(content)
        return ["inspect", name]

    return make


def _of_zip(config: Any, version: str = "3.15.1") -> Make:
    def make(folder: Path) -> Sequence[str]:
        keras_zip(folder / "net.keras", config, version)
        return ["inspect", "net.keras"]

    return make


def _of_h5(name: str, config: Any | None) -> Make:
    def make(folder: Path) -> Sequence[str]:
        h5(folder / name, config)
        return ["inspect", name]

    return make


def _cut_keras(folder: Path) -> Sequence[str]:
    path = keras_zip(folder / "net.keras", described())
    path.write_bytes(path.read_bytes()[:900])
    return ["inspect", "net.keras"]


def _other_zip(folder: Path) -> Sequence[str]:
    with zipfile.ZipFile(folder / "net.keras", "w") as archive:
        archive.writestr("holiday.txt", "sea")
    return ["inspect", "net.keras"]


def _weights_elsewhere(folder: Path) -> Sequence[str]:
    path = h5(folder / "net.h5", described(layer("Dense", units=1)))
    with h5py.File(path, "a") as file:
        file["model_weights/odd"] = h5py.ExternalLink("/etc/passwd", "/kernel")
    return ["inspect", "net.h5"]


def _outside(folder: Path) -> Sequence[str]:
    path = keras_zip(folder / "net.keras", described(layer("Dense", units=1)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/../../words.txt", b"")
    return ["inspect", "net.keras"]


def _weights_in_npz(folder: Path) -> Sequence[str]:
    path = keras_zip(folder / "net.keras", described(layer("Dense", units=1)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model.weights.npz", b"")
    return ["inspect", "net.keras"]


def _plain_folder(folder: Path) -> Sequence[str]:
    (folder / "net").mkdir()
    return ["inspect", "net"]


def _saved_model(content: bytes | None) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "net").mkdir()
        (folder / "net" / "saved_model.pb").write_bytes(b"")
        if content is not None:
            (folder / "net" / "keras_metadata.pb").write_bytes(content)
        return ["inspect", "net"]

    return make


def _teacher(folder: Path) -> Sequence[str]:
    tiny_models.dense(folder, name="net")
    _npz(x=_X, y=_Y)(folder)
    (folder / "edgehone.toml").write_text(
        '[model]\nteacher = "net.tflite"\n[data]\nsource = "data.npz"\n'
        '[[budget]]\nmetric = "size_bytes"\nmax = 100\n'
    )
    return ["run"]


def _exporting(*options: str, precision: str = "float32") -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, precision, "net")
        return ["export", "net.tflite", "-o", "out", *options]

    return make


def _custom(source: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        keras_zip(folder / "net.keras", described())
        return ["inspect", "net.keras", "--custom", source]

    return make


def _ending(folder: Path) -> Sequence[str]:
    """A model whose layers' module ends every process that imports it."""
    keras_zip(folder / "net.keras", described())
    (folder / "layers_that_end.py").write_text("import os\nos._exit(7)\n")
    (folder / "__pycache__").touch()  # so that nothing compiled is left beside it
    return ["export", "net.keras", "-o", "out", "--custom", "python:layers_that_end"]


MODELS = (
    Trouble("a missing file", lambda _: ["inspect", "net.keras"], 5, "is not there", "A model is"),
    Trouble("a folder", _plain_folder, 5, "a folder, no model file", "A model is a .keras"),
    Trouble("a pickle", _inspecting("net.pkl", b"x"), 5, "is not a Keras model file", "A model is"),
    Trouble("no suffix", _inspecting("net", b"x"), 5, "is not a Keras model file", "A model is"),
    Trouble(
        "an empty file", _inspecting("net.keras"), 5, "is damaged or cut short", "Copy the file"
    ),
    Trouble("a cut file", _cut_keras, 5, "is damaged or cut short", "Copy the file again"),
    Trouble(
        "an empty .h5 file", _inspecting("net.h5"), 5, "is damaged or cut short", "Copy the file"
    ),
    Trouble(
        "another ZIP", _other_zip, 5, "is a ZIP archive, but not of a Keras model", "save the model"
    ),
    Trouble(
        "a web page",
        _inspecting("net.h5", b"\n<!DOCTYPE html><html><body>404</body></html>"),
        5,
        "is a web page, not a model",
        "Download the file itself",
    ),
    Trouble(
        "a pointer of Git LFS",
        _inspecting("net.keras", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        5,
        "is a pointer of Git LFS",
        "git lfs pull",
    ),
    Trouble("weights alone", _of_h5("net.h5", None), 5, "holds weights only", "load_weights"),
    Trouble(
        "a .weights.h5 file", _of_h5("net.weights.h5", None), 5, "holds weights only", "model.save"
    ),
    Trouble(
        "no description", _of_zip(["nothing"]), 5, "does not describe a Keras model", "Copy the"
    ),
    Trouble(
        "a bare TensorFlow graph",
        _saved_model(None),
        5,
        "holds a bare TensorFlow graph",
        "tf.lite.TFLiteConverter",
    ),
    Trouble(
        "a damaged SavedModel",
        _saved_model(b"\x0a\xff\x01{"),
        5,
        "is damaged or cut short",
        "Copy the whole folder",
    ),
    Trouble(
        "a subclassed model",
        _of_zip({"class_name": "MyNet", "config": {"width": 3}}),
        5,
        "holds a subclassed model",
        "keras.Model(inputs, outputs)",
    ),
    Trouble(
        "a Lambda layer",
        _of_zip(described(layer("Lambda", function="4wEA"))),
        5,
        "has layers that run code of their own",
        "--trust",
    ),
    Trouble(
        "a Lambda layer in an old file",
        _of_h5("net.h5", described(layer("Lambda", function=["4wEA", None, None]))),
        5,
        "has layers that run code of their own",
        "--trust",
    ),
    Trouble(
        "a SavedModel as a layer",
        _of_zip(described(layer("TFSMLayer", filepath="elsewhere"))),
        5,
        "has layers that run code of their own",
        "--trust",
    ),
    Trouble(
        "a vocabulary in another file",
        _of_zip(described(layer("StringLookup", vocabulary="/etc/passwd"))),
        5,
        "has layers that read other files",
        "save the model with its vocabulary as a list",
    ),
    Trouble(
        "a class without a name",
        _of_zip(described({"class_name": ["Dense"], "config": {"name": "odd"}})),
        5,
        "describes an object whose class is",
        "Copy the file again",
    ),
    Trouble(
        "weights in another file",
        _weights_elsewhere,
        5,
        "does not hold all its weights",
        "save it again with model.save()",
    ),
    Trouble(
        "a member outside of the archive",
        _outside,
        5,
        "which leads out of it",
        "save it again with model.save()",
    ),
    Trouble(
        "weights as pickles may be",
        _weights_in_npz,
        5,
        "holds its weights as model.weights.npz",
        "save it again with model.save()",
    ),
    Trouble(
        "a .tflite as teacher",
        _teacher,
        5,
        "is a finished file",
        "export to other precisions",
    ),
    Trouble(
        "int8 made int8",
        _exporting("--precision", "float16", precision="int8"),
        5,
        "other precisions are made of float32",
        "the Keras model it was made from",
    ),
    Trouble(
        "a .tflite made .onnx",
        _exporting("--format", "onnx"),
        2,
        "cannot be made another format",
        "Leave out --format",
    ),
    Trouble(
        "no calibration data",
        _exporting("--precision", "int8"),
        2,
        "needs calibration data",
        "--calibration DATA",
    ),
    Trouble(
        "parity required without data",
        _exporting("--require-parity", "20dB"),
        2,
        "--require-parity needs data",
        "--calibration DATA",
    ),
    Trouble(
        "parity that is not a limit",
        _exporting("--require-parity", "98"),
        2,
        "is not a limit",
        "as 20dB, or a share of equal labels, as 0.98",
    ),
    Trouble(
        "an unknown precision",
        _exporting("--precision", "int7"),
        2,
        "Unknown precision 'int7'",
        "Known: float32",
    ),
    Trouble(
        "an unknown format",
        _exporting("--format", "coreml"),
        2,
        "Unknown format 'coreml'",
        "Known: onnx, tflite",
    ),
)
"""Troubles with models that are found out before Keras is needed."""

KERAS = (
    Trouble(
        "a module that ends the process that reads the model",
        _ending,
        5,
        "Reading or running the model ended by",
        "Check that the file is whole",
    ),
    Trouble(
        "an outermost object of any module",
        _of_zip(
            {"class_name": "Evil", "module": "evil", "config": {"name": "net", "layers": []}},
            "2.15.0",
        ),
        5,
        "has layers that Keras does not know",
        "--custom python:module",
    ),
    Trouble(
        "a function of Keras as a layer",
        _of_h5("net.h5", described({**layer("load_model"), "module": "keras.models"})),
        5,
        "has layers that Keras does not know",
        "--custom python:module",
    ),
    Trouble(
        "an unregistered layer",
        _of_zip(described({**layer("Wobble"), "module": "research"})),
        5,
        "has layers that Keras does not know",
        "--custom python:module",
    ),
    Trouble(
        "an unregistered layer in an old file",
        _of_h5("net.h5", described(layer("Wobble"))),
        5,
        "has layers that Keras does not know",
        "--custom python:module",
    ),
    Trouble(
        "a function of TensorFlow",
        _of_h5("net.h5", described(layer("TFOpLambda", function="io.write_file"))),
        5,
        "calls functions of TensorFlow that cannot be carried over",
        "Replace them by layers of Keras",
    ),
    Trouble(
        "a name of any module",
        _of_h5(
            "net.h5",
            described(
                layer(
                    "Dense",
                    activation={"class_name": "function", "config": "system", "module": "os"},
                )
            ),
        ),
        5,
        "has parts that Keras does not know",
        "--custom python:module",
    ),
    Trouble(
        "no such module",
        _custom("python:nowhere_to_be_found"),
        2,
        "cannot be imported",
        "Run from the folder",
    ),
    Trouble("no such class", _custom("python:json:Wobble"), 2, "has no 'Wobble'", "spelling"),
    Trouble(
        "a module without python:",
        _custom("my_layers"),
        2,
        "names no module with layers",
        "python:module:Class",
    ),
)
"""Troubles with models for which Keras is loaded."""


def _built(build: Callable[[Any], Any], *command: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        from edgehone.graph import backend

        build(backend.keras()).save(folder / "net.keras")
        return [*command, "net.keras", *(("-o", "out") if "export" in command else ())]

    return make


def _not_numbers(keras: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="wild")])
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    return model


def _free(keras: Any) -> Any:
    return keras.Sequential([keras.Input((None, 3)), keras.layers.Conv1D(2, 3)])


def _doubling(keras: Any) -> Any:
    return keras.Sequential([keras.Input((8,)), keras.layers.Lambda(lambda x: x * 2, name="twice")])


def _quantized(keras: Any) -> Any:
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, name="whole")])
    model.quantize("int8")
    return model


def _stubborn(keras: Any) -> Any:
    from tests.half_layer import Stubborn

    return keras.Sequential([keras.Input((8,)), Stubborn(name="half"), keras.layers.Dense(2)])


def _of_text(keras: Any) -> Any:
    words = keras.layers.StringLookup(vocabulary=["good", "bad"], name="words")
    parts = [words, keras.layers.Embedding(4, 2), keras.layers.Flatten(), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((3,), dtype="string"), *parts])


def _hashing(keras: Any) -> Any:
    parts = [keras.layers.Hashing(8), keras.layers.Embedding(8, 2), keras.layers.Flatten()]
    return keras.Sequential([keras.Input((3,), dtype="int64"), *parts])


def _stateful(keras: Any) -> Any:
    steps = keras.layers.GRU(4, stateful=True)
    return keras.Sequential([keras.Input(batch_shape=(4, 5, 3)), steps])


def _of_four(keras: Any) -> Any:
    source = keras.Input(batch_shape=(4, 3))
    return keras.Model(source, source - keras.ops.mean(source, axis=0, keepdims=True))


def _counting(keras: Any) -> Any:
    return keras.Sequential([keras.Input((3,)), keras.layers.CategoryEncoding(4)])


def _singular(keras: Any) -> Any:
    source = keras.Input((3, 3))
    return keras.Model(source, keras.ops.cholesky(-keras.ops.abs(source)))


def _guessing(folder: Path) -> Sequence[str]:
    from edgehone.graph import backend

    layers = backend.keras().layers
    model = backend.keras().Sequential(
        [backend.keras().Input((FEATURES,)), layers.Rescaling(1 / 255), layers.Dense(CLASSES)]
    )
    model.save(folder / "net.keras")
    x = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=np.arange(90) % CLASSES)
    project = WHOLE.replace("t.keras", "net.keras").replace('"digits"', '"data.npz"')
    (folder / "edgehone.toml").write_text(project)
    return ["run"]


BUILT = (
    Trouble(
        "a model that Keras quantized",
        _built(_quantized, "export"),
        5,
        "has quantized these layers of the model",
        "before model.quantize()",
    ),
    Trouble(
        "a layer that is half precision whatever its policy",
        _built(_stubborn, "export", "--custom", "python:tests.half_layer"),
        5,
        "do not compute in float32, whatever their dtype policy",
        "self.compute_dtype",
    ),
    Trouble(
        "a layer whose state no file keeps",
        lambda folder: ["inspect", "python:tests.stateful_layers:gained"],
        5,
        "is not what its file holds",
        "Let the layer keep its state in weights",
    ),
    Trouble(
        "a teacher that guesses",
        _guessing,
        2,
        "than a constant answer on the validation data",
        "seems to expect 0 to 255",
    ),
    Trouble(
        "weights that are NaN",
        _built(_not_numbers, "inspect"),
        5,
        "has weights that are not numbers",
        "smaller learning rate",
    ),
    Trouble(
        "an input of no fixed size",
        _built(_free, "export"),
        5,
        "has no fixed size",
        "fixed input shape",
    ),
    Trouble(
        "text as an input",
        _built(_of_text, "export"),
        5,
        "takes text",
        "Cut the model behind 'words'",
    ),
    Trouble(
        "text from numbers",
        _built(_hashing, "export"),
        5,
        "works on text",
        "leave the layer out",
    ),
    Trouble(
        "a layer that keeps its state",
        _built(_stateful, "export"),
        5,
        "keeps its state from one call to the next",
        "stateful=False",
    ),
    Trouble(
        "a batch that layers need",
        _built(_of_four, "export"),
        5,
        "was built for a batch of",
        "exported with --batch 4",
    ),
    Trouble(
        "a layer that no format holds",
        _built(_counting, "export"),
        5,
        "cannot become tflite",
        "begins after the layer",
    ),
    Trouble(
        "samples that the model cannot take",
        _built(_singular, "export"),
        5,
        "The model cannot be run on the samples",
        "their shape and range",
    ),
    Trouble(
        "a real Lambda layer",
        _built(_doubling, "export"),
        5,
        "has layers that run code of their own",
        "--trust",
    ),
)
"""Troubles with models that Keras has built and saved."""


def _files(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / name).write_bytes(content)
        return ["bench", name, *SCRIPTED]

    return make


def _cut_tflite(folder: Path) -> Sequence[str]:
    path = tiny_models.net(folder)
    path.write_bytes(path.read_bytes()[:-700])
    return ["bench", path.name, *SCRIPTED]


def _onnx_without_data(folder: Path) -> Sequence[str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in ("x", "y")]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "net", ports[:1], ports[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(
        model,
        str(folder / "net.onnx"),
        save_as_external_data=True,
        location="net.data",
        size_threshold=0,
    )
    (folder / "net.data").unlink()
    return ["bench", "net.onnx", *SCRIPTED]


def _locked(folder: Path) -> Sequence[str]:
    refused = {"event": "refused", "cause": "locked", "reason": "locked by process 7"}
    answers = [{"stdout": json.dumps(refused) + "\n", "exit_code": 2}]
    (folder / "script.json").write_text(json.dumps({"answers": answers}))
    model = tiny_models.dense(folder).name
    return ["bench", model, "--on", "arm-cpu@scripted://script.json"]


def _silent(folder: Path) -> Sequence[str]:
    sign = {"event": "alive", "job": "0/latency/3", "within_s": 5.0}
    ending = {"exit_code": -9, "timed_out": True, "silent": True}
    answers = [{"stdout": json.dumps(sign) + "\n", **ending}]
    (folder / "script.json").write_text(json.dumps({"answers": answers}))
    model = tiny_models.dense(folder).name
    return ["bench", model, "--on", "arm-cpu@scripted://script.json"]


def _harmed(statement: str, command: str) -> Make:
    """A store of one run without a result, in which somebody then changes something."""

    def make(folder: Path) -> Sequence[str]:
        store = Store(folder / "runs")
        store.finish_run(store.create_run({}), "done", {"run": "x"})
        with closing(sqlite3.connect(folder / "runs" / "store.sqlite")) as database:
            database.execute(statement)
            database.commit()
            database.execute("PRAGMA journal_mode=DELETE")  # what is written stands in one file
        return [command, "--folder", "runs"]

    return make


def _looked_up(folder: Path) -> Sequence[str]:
    (folder / "short.toml").write_text("[measure]\nblocks = 1\nminimum_s = 0.001\n")
    path = index_files.squared_ids_file(folder)
    return ["bench", path.name, "--config", "short.toml", "--no-memory"]


FILES = (
    Trouble(
        "made-up inputs that the file does not take",
        _looked_up,
        5,
        "Its inputs were made up, and may be at fault",
        "Give real samples with --data",
    ),
    Trouble(
        "a missing file to measure",
        lambda _: ["bench", "net.tflite", *SCRIPTED],
        5,
        "File not found: net.tflite",
        "Check the path",
    ),
    Trouble(
        "a Keras model to measure",
        _files("net.keras", b"x"),
        2,
        "is neither a .tflite nor an .onnx file",
        "edgehone export MODEL",
    ),
    Trouble(
        "a damaged .tflite",
        _files("net.tflite", b"no model"),
        5,
        "it does not start like a TFLite file",
        "Export the model again",
    ),
    Trouble(
        "an empty .tflite",
        _files("net.tflite", b""),
        5,
        "it does not start like a TFLite file",
        "Export the model again",
    ),
    Trouble("a cut .tflite", _cut_tflite, 5, "it is truncated or damaged", "Export the model"),
    Trouble(
        "a damaged .onnx",
        _files("net.onnx", b"no model"),
        5,
        "it is truncated or no ONNX file",
        "Export the model again",
    ),
    Trouble(
        "an .onnx without its weights",
        _onnx_without_data,
        5,
        "keeps weights in another file",
        "onnx.save(onnx.load('model.onnx'), 'whole.onnx')",
    ),
    Trouble(
        "a name that begins with a dash",
        _files("-net.tflite", b""),
        2,
        "No such option",
        "edgehone bench --help",
    ),
)
"""Troubles with files that are measured."""


def _project(text: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "edgehone.toml").write_text(text)
        return ["run"]

    return make


def _gating(table: str) -> Make:
    def make(folder: Path) -> Sequence[str]:
        (folder / "budgets.toml").write_text(f"[[budget]]\n{table}\n")
        return ["gate", "budgets.toml", tiny_models.dense(folder).name]

    return make


BUDGET = '[[budget]]\nmetric = "size_bytes"\nmax = 100\n'

WHOLE = '[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n' + BUDGET


def _measuring(*options: str, project: str = "") -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        if project:
            (folder / "edgehone.toml").write_text(project)
        return ["bench", "net.tflite", *options, *SCRIPTED]

    return make


PROJECTS = (
    Trouble(
        "a scale that is not a number",
        _measuring("--scale", "1/0"),
        2,
        "--scale must be a number",
        "such as 0.5 or 1/255",
    ),
    Trouble(
        "a scale of 0", _measuring("--scale", "0"), 2, "which makes all samples equal", "1/255"
    ),
    Trouble(
        "a table of an unknown name",
        _measuring(project="[dta]\nscale = 0.5\n"),
        2,
        "unknown section [dta]",
        "Did you mean 'data'?",
    ),
    Trouble(
        "costs of a finished file's layers",
        lambda folder: [
            *("devices", "learn", "local@scripted://"),
            *("--model", tiny_models.dense(folder).name),
        ],
        2,
        "is a finished file, and a search begins with a Keras model",
        "Give the .keras or .h5 file",
    ),
    Trouble(
        "costs in a precision that a format lacks",
        lambda _: [
            *("devices", "learn", "local@scripted://"),
            *("--format", "onnx", "--precision", "int8x4"),
        ],
        2,
        "ONNX has no precision 'int8x4'",
        "Known: ",
    ),
    Trouble("no project", lambda _: ["run"], 2, "File not found", "edgehone init"),
    Trouble("damaged TOML", _project("[model\n"), 2, "is not valid TOML", "Correct the file"),
    Trouble(
        "an unknown key",
        _project('[model]\nteacher = "t.keras"\nstudnet = "same"\n' + BUDGET),
        2,
        "studnet",
        "Did you mean 'student'?",
    ),
    Trouble(
        "no budget",
        _project('[model]\nteacher = "t.keras"\n[data]\nsource = "digits"\n'),
        2,
        "has no budget",
        "[[budget]]",
    ),
    Trouble(
        "a section of the report that is not a class of the user's",
        _project(WHOLE + '[report]\nsections = ["budgets"]\n'),
        2,
        "'budgets' names no class of yours",
        'Write it as "python:module:Class"',
    ),
    Trouble(
        "an unknown metric",
        _project(WHOLE.replace("size_bytes", "sizebytes").replace("100", '"48 KiB"')),
        2,
        "metric 'sizebytes' is unknown",
        "Did you mean 'size_bytes'?",
    ),
    Trouble(
        "two limits in one budget",
        _project(WHOLE + "min = 3\n"),
        2,
        "max and min are both given",
        "one [[budget]] for each",
    ),
    Trouble(
        "a text without its unit",
        _project(WHOLE.replace("100", '"100"')),
        2,
        "'100' has no unit",
        '"100 KiB"',
    ),
    Trouble(
        "memory that holds no batch",
        _project(WHOLE.replace("[data]\n", '[data]\nmemory = "1 kB"\n')),
        2,
        "'1 kB' is not between 1 MiB and 1 PiB",
        '"2 GiB"',
    ),
    Trouble(
        "a fraction without its unit",
        _project(WHOLE + '[[budget]]\nmetric = "accuracy_drop"\nmax = 1\n'),
        2,
        "lacks its unit",
        'max = "1 point"',
    ),
    Trouble(
        "a limit from the wrong side",
        _project(WHOLE + '[[budget]]\nmetric = "accuracy"\nmax = 0.9\n'),
        2,
        "but higher is better",
        "min = 0.9",
    ),
    Trouble(
        "a limit that the worst file keeps",
        _project(
            WHOLE + '[[budget]]\nmetric = "accuracy"\nmin = 0.9\n[task]\nkind = "regression"\n'
        ),
        2,
        "but lower is better",
        "max = 0.9",
    ),
    Trouble(
        "a budget called like the task's metric",
        _project(WHOLE.replace("size_bytes", "mae")),
        2,
        "metric 'mae' is unknown",
        'metric = "accuracy" with a max',
    ),
    Trouble(
        "an unknown strategy",
        _project(WHOLE + '[search]\nstrategy = "radnom"\n'),
        2,
        "unknown strategy 'radnom'",
        "Did you mean 'random'?",
    ),
    Trouble(
        "a parent of which nothing may be cut",
        _project(WHOLE + '[search]\nparent = "always"\ntechniques = ["factorize"]\n'),
        2,
        'parent = "always" needs "prune_channels" among the techniques',
        'Add it to techniques, or set parent = "auto".',
    ),
    Trouble(
        "an unknown technique in the search",
        _project(WHOLE + '[search]\ntechniques = ["factorise"]\n'),
        2,
        "unknown technique in the search 'factorise'",
        "Did you mean 'factorize'?",
    ),
    Trouble(
        "a strategy of the user's that is none",
        _project(WHOLE + '[search]\nstrategy = "python:json:dumps"\n'),
        2,
        "python:json:dumps is not a Strategy",
        "Derive the class",
    ),
    Trouble(
        "a technique of the user's that cannot be searched",
        _project(WHOLE + '[search]\ntechniques = ["python:json:loads"]\n'),
        2,
        "python:json:loads is not a Decision",
        "Derive the class",
    ),
    Trouble(
        "a metric of the user's that is none",
        _project(WHOLE.replace("size_bytes", "python:json:load")),
        2,
        "python:json:load is not a BudgetMetric",
        "Derive the class",
    ),
    Trouble(
        "a gate without a baseline",
        _gating('metric = "accuracy_drop"\nmax = "1 point"'),
        2,
        "needs a file to compare with",
        "--baseline FILE",
    ),
    Trouble(
        "a gate without data",
        _gating('metric = "accuracy"\nmin = "90 %"'),
        2,
        "needs data with labels",
        "--data DATA",
    ),
    Trouble(
        "an unknown device",
        lambda folder: ["bench", tiny_models.dense(folder).name, "--on", "my-phone"],
        2,
        "my-phone",
        "Known:",
    ),
    Trouble(
        "a baseline that is not measured",
        lambda folder: [
            *("bench", tiny_models.dense(folder).name, "--data", "data.npz"),
            *("--baseline", tiny_models.dense(folder, "int8").name, *SCRIPTED),
        ],
        2,
        "is not one of the files to measure",
        "among the files as well",
    ),
    Trouble(
        "a CPU that is not emulated",
        lambda folder: ["bench", tiny_models.dense(folder).name, "--on", "arm-emulated@qemu://max"],
        2,
        "is emulated.",
        "qemu://cortex-a72",
    ),
    Trouble(
        "calibrating an emulated device",
        lambda folder: [*_gate(folder), "--calibrate", "3", *SCRIPTED],
        2,
        "its times are no device's latency",
        "Calibrate on a real device",
    ),
    Trouble(
        "calibrating with no file",
        lambda folder: [*_gate(folder)[:2], "--calibrate", "3"],
        2,
        "Neither files nor a run to check were given",
        "Give one or more files",
    ),
    Trouble(
        "fewer pairs than support a comparison",
        lambda folder: ["compare", *[tiny_models.dense(folder).name] * 2, "--pairs", "6"],
        2,
        "Invalid value for '--pairs'",
        "edgehone compare --help",
    ),
    Trouble(
        "emulated time as an objective",
        lambda folder: [*_project(WHOLE)(folder), "--on", "arm-emulated"],
        2,
        "its times say nothing about a real device",
        'minimize = "instructions"',
    ),
    Trouble(
        "counts where none are taken",
        _project(f'{WHOLE}[objective]\nminimize = "instructions"\n'),
        2,
        "does not count instructions",
        "on another device",
    ),
    Trouble(
        "an unknown kind of device",
        lambda _: ["devices", "add", "pi", "raspberry-pi-6", "ssh://pi@board"],
        2,
        "Unknown target",
        "Did you mean 'raspberry-pi-",
    ),
    Trouble(
        "an address without a scheme",
        lambda _: ["devices", "add", "pi", "raspberry-pi-5", "pi@board"],
        2,
        "No way to reach a device",
        "SCHEME://",
    ),
    Trouble(
        "a name with a space",
        lambda _: ["devices", "add", "my pi", "raspberry-pi-5", "ssh://pi@board"],
        2,
        "cannot be called",
        "Letters, digits",
    ),
    Trouble(
        "another host that measures",
        _locked,
        4,
        "Another host is measuring on",
        "Wait until it has finished",
    ),
    Trouble(
        "a device that falls silent",
        _silent,
        4,
        "no sign of life for",
        "check the device, end the runner",
    ),
    Trouble(
        "a store of another version",
        _harmed("PRAGMA user_version=7", "runs"),
        2,
        "has layout 7",
        "Use the version of edgehone that made it",
    ),
    Trouble(
        "a store with damaged settings",
        _harmed("UPDATE runs SET config = '[]'", "runs"),
        2,
        "is not a table",
        "Move the folder away",
    ),
    Trouble(
        "a store with a damaged entry",
        _harmed("UPDATE runs SET document = '{'", "report"),
        2,
        "an entry is not valid JSON",
        "Move the folder away",
    ),
    Trouble(
        "a result of another version",
        _harmed("UPDATE runs SET status = 'done'", "report"),
        2,
        "is damaged or of another version",
        "edgehone run --resume",
    ),
    Trouble(
        "a result of a newer version",
        _harmed('UPDATE runs SET document = \'{"schema": 9, "run": 1}\'', "report"),
        2,
        "and this edgehone reads up to version 1",
        "update this one",
    ),
)
"""Troubles with project files and devices."""

_X = np.random.default_rng(0).random((90, FEATURES)).astype(np.float32)
_Y = np.arange(90) % CLASSES


def _npz(**arrays: Any) -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        np.savez(folder / "data.npz", **arrays)
        return ["bench", "net.tflite", "--data", "data.npz", *SCRIPTED]

    return make


def _data(name: str, content: bytes | None = None) -> Make:
    def make(folder: Path) -> Sequence[str]:
        tiny_models.dense(folder, name="net")
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return ["bench", "net.tflite", "--data", name.split("/")[0], *SCRIPTED]

    return make


def _with(values: Any, place: Any, new: Any) -> Any:
    changed = np.array(values)
    changed[place] = new
    return changed


def _parity_of_numbers(folder: Path) -> Sequence[str]:
    tiny_models.dense(folder, name="net")
    _npz(x=_X)(folder)
    data = ("--calibration", "data.npz", "--require-parity", "0.98")
    return ["export", "net.tflite", "-o", "out", *data]


DATA = (
    Trouble(
        "labels required of a model that gives none",
        _parity_of_numbers,
        2,
        "this model gives none",
        "--require-parity 20dB",
    ),
    Trouble("no data", _data("data.npz"), 2, "There is no data at", "Data is an .npz file"),
    Trouble(
        "a file of another kind",
        _data("data.xyz", b"1,2,3"),
        2,
        "is neither a file that is known as data nor a folder",
        "Data is an .npz file",
    ),
    Trouble(
        "a damaged .npz",
        _data("data.npz", b"PK no archive"),
        2,
        "is not an .npz file, or is damaged or cut short",
        "numpy.savez_compressed",
    ),
    Trouble(
        "Python objects (a pickle)",
        _npz(x=np.array([{"a": 1}] * 90, object), y=_Y),
        2,
        "holds something else than plain arrays",
        "arrays of Python objects are not read",
    ),
    Trouble("other names", _npz(images=_X, labels=_Y), 2, "has neither an array 'x'", "x_train"),
    Trouble(
        "another shape", _npz(x=_X[:, :4], y=_Y), 2, "has samples of shape", "Reshape or resize"
    ),
    Trouble("texts", _npz(x=_X.astype(str), y=_Y), 2, "not numbers", "Save numbers"),
    Trouble("NaN", _npz(x=_with(_X, (7, 2), np.nan), y=_Y), 2, "has NaN or infinity", "Clean"),
    Trouble(
        "a label beyond the classes",
        _npz(x=_X, y=_with(_Y, slice(0, 80, 4), 9)),
        2,
        "out of range",
        "Labels are integers from 0",
    ),
    Trouble("a label below 0", _npz(x=_X, y=_with(_Y, 3, -1)), 2, "has label -1", "start at 0"),
    Trouble(
        "labels between classes",
        _npz(x=_X, y=_Y + 0.5),
        2,
        "has a label that is not an integer",
        "regression",
    ),
    Trouble("one class", _npz(x=_X, y=_Y * 0), 2, "has one class only", "check the labels"),
    Trouble("too few samples", _npz(x=_X[:1], y=_Y[:1]), 2, "is too small", "Give more data"),
    Trouble("no samples", _npz(x=_X[:0], y=_Y[:0]), 2, "is empty", "at least a few samples"),
    Trouble("no labels", _npz(x=_X), 2, "has x but no y", "Add the targets"),
    Trouble("fewer labels than samples", _npz(x=_X, y=_Y[:50]), 2, "y has 50", "Make them equal"),
    Trouble(
        "ragged images in no class folders",
        _data("data/readme.txt", b"images"),
        2,
        "has no class folders of images",
        "a folder of class folders",
    ),
)
"""Troubles with data."""
